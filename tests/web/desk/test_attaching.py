"""Files that staff send, on the screen: chosen beside the field for a reply, in the thread, on paper."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from bot.core.sent_file import UPLOAD_BYTES_MAX
from bot.desk import reception, sent_files
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ADDRESS, ANA, ROS, Front, Visitor, open_front

PDF = b"%PDF-1.7 how to prepare"
PNG = b"\x89PNG\r\n\x1a\n the way to the clinic"
FRAGMENT = {"HX-Request": "true"}
HOSTILE = "<img src=x onerror=alert(1)>\u202efdp.exe.pdf"


@dataclass
class Desk:
    """Ana at her desk, who has Mei Ling's conversation."""

    front: Front
    visitor: Visitor
    mei: str

    @property
    def page(self) -> str:
        return f"/desk/inbox/{self.mei}"

    def attaches(self, content: bytes, called: str = "letter.pdf", **headers: str) -> TestResponse:
        # By itself the client would put what is large into a file, and leave it open.
        boundary, body = encode_multipart({"file": FileStorage(io.BytesIO(content), called)})
        return self.visitor.client.post(
            f"{self.page}/attach",
            base_url=ADDRESS,
            data=body,
            content_type=f"multipart/form-data; boundary={boundary}",
            headers={"Sec-Fetch-Site": "same-origin", "X-Form-Token": self.visitor.token(), **headers},
        )

    def sees(self, path: str = "") -> str:
        return self.visitor.gets(f"{self.page}{path}").text

    def chosen(self) -> str:
        """The id of the file in her draft; empty without one."""
        found = sent_files.chosen(self.front.desk, self.mei, self.front.ids[ANA])
        return found.id if found else ""

    def replies(self, text: str = "", **headers: str) -> TestResponse:
        form = {"text": text, "file": self.chosen(), "token": "click-0001", "seen": "99"}
        return self.visitor.posts(f"{self.page}/reply", form, **headers)


@pytest.fixture
def ana(sqlite_url: str) -> Iterator[Desk]:
    with open_front(sqlite_url) as front:
        patient = Patient(front.desk)
        patient.says("human")
        reception.take_over(front.desk, patient.conversation, front.ids[ANA])
        yield Desk(front, front.at_desk(), patient.conversation)


def test_a_file_that_was_chosen_stands_beside_the_field_and_does_so_after_a_reload(ana: Desk) -> None:
    strip = ana.attaches(PDF, **FRAGMENT).text
    assert "letter.pdf" in strip
    assert f'name="file" value="{ana.chosen()}"' in strip
    assert strip.strip() in ana.sees()
    assert not re.search(r'<textarea id="reply-text"[^>]+required', ana.sees()), "there need be no words"


def test_a_photo_shows_itself_before_it_is_sent(ana: Desk) -> None:
    shown = re.search(r'<img class="chosen-picture" src="([^"]+)"', ana.attaches(PNG, "map.png", **FRAGMENT).text)
    assert shown
    answer = ana.visitor.gets(shown[1])
    assert (answer.data, answer.mimetype) == (PNG, "image/png")
    assert answer.headers["Content-Disposition"] == "inline; filename=map.png"


def test_what_is_taken_away_is_gone(ana: Desk) -> None:
    ana.attaches(PDF)
    assert ana.visitor.posts(f"{ana.page}/detach", {"file": ana.chosen()}, **FRAGMENT).status_code == 204
    assert ana.chosen() == ""
    assert "letter.pdf" not in ana.sees()


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"<svg onload=alert(1)>", "JPEG or PNG"), (b"%PDF-" + bytes(16_000_000), "up to 16 MB")],
)
def test_what_is_wrong_with_a_file_is_said_in_plain_words(ana: Desk, content: bytes, words: str) -> None:
    refused = ana.attaches(content, **FRAGMENT)
    assert (refused.status_code, refused.mimetype) == (422, "text/plain")
    assert words in refused.text
    assert "Traceback" not in refused.text


def test_only_this_form_may_be_large_and_only_from_whoever_may_write(ana: Desk) -> None:
    much = b"%PDF-" + bytes(UPLOAD_BYTES_MAX + 100_000)
    assert ana.attaches(much, **FRAGMENT).status_code == 413
    large = {"text": "x" * 2_000_000, "token": "click-0001"}
    assert ana.visitor.posts(f"{ana.page}/reply", large).status_code == 413
    ros = Desk(ana.front, ana.front.at_desk(ROS), ana.mei)
    assert ros.attaches(PDF).status_code == 403
    nobody = Desk(ana.front, ana.front.visitor(), ana.mei)
    assert nobody.attaches(PDF).status_code == 401
    assert ana.chosen() == ""


def test_without_a_script_one_comes_back_to_the_conversation(ana: Desk) -> None:
    assert ana.attaches(PDF).headers["Location"] == ana.page
    assert ana.attaches(b"MZ").headers["Location"] == ana.page
    assert "JPEG or PNG" in ana.sees()
    assert ana.visitor.posts(f"{ana.page}/detach", {"file": ana.chosen()}).headers["Location"] == ana.page


def test_what_was_sent_stands_in_the_thread_with_its_name_and_how_it_fares(ana: Desk) -> None:
    ana.attaches(PDF)
    file = ana.chosen()
    assert ana.replies("Please read this", **FRAGMENT).status_code == 200
    thread = ana.sees()
    assert re.search(rf'<a class="sent-file"[^>]+{file}\?save=yes"[^>]+download>', thread)
    assert '<strong dir="auto">letter.pdf</strong>' in thread
    assert 'class="chosen"' not in thread, "it is in the draft no more"
    saved = ana.visitor.gets(f"{ana.page}/files/{file}?save=yes")
    assert (saved.data, saved.headers["Content-Disposition"]) == (PDF, "attachment; filename=letter.pdf")
    assert saved.headers["Content-Security-Policy"].endswith("sandbox")
    assert "[Document: letter.pdf]" in ana.sees("/print")


def test_what_is_taken_back_comes_back_with_its_file(ana: Desk) -> None:
    ana.attaches(PDF)
    file = ana.chosen()
    ana.replies(**FRAGMENT)
    undone = ana.visitor.posts(f"{ana.page}/undo", {"token": "click-0001"}, **FRAGMENT).text
    assert f'name="file" value="{file}"' in undone
    assert "letter.pdf" in ana.sees()


def test_a_file_belongs_to_its_conversation_alone(ana: Desk) -> None:
    ravi = Patient(ana.front.desk, RAVI)
    ravi.says("human")
    ana.attaches(PDF)
    assert ana.visitor.gets(f"/desk/inbox/{ravi.conversation}/files/{ana.chosen()}").status_code == 404
    there = {"file": ana.chosen(), "token": "click-0001", "text": "", "seen": "99"}
    refused = ana.visitor.posts(f"/desk/inbox/{ravi.conversation}/reply", there, **FRAGMENT)
    assert refused.status_code == 409
    assert "Choose it again" in refused.text


def test_a_hostile_name_is_only_ever_text(ana: Desk) -> None:
    ana.attaches(PNG, HOSTILE)
    ana.replies(**FRAGMENT)
    for path in ("", "/print"):
        page = ana.sees(path)
        assert "&lt;img src=x onerror=alert(1)&gt; fdp.exe.png" in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_that_a_file_is_forgotten_is_said_in_its_place(ana: Desk) -> None:
    ana.attaches(PDF)
    ana.replies(**FRAGMENT)
    with ana.front.desk.book.begin() as ledger:
        ledger.forget_media("", ana.front.clock.epoch + 1, 10, ana.front.clock.epoch)
    assert sent_files.GONE in ana.sees()
    assert sent_files.GONE in ana.sees("/print")


def test_a_file_without_words_is_quoted_in_the_list_as_what_it_is(ana: Desk) -> None:
    ana.attaches(PDF)
    ana.replies(**FRAGMENT)
    assert "Sent a file" in ana.visitor.gets("/desk/inbox?folder=mine").text
