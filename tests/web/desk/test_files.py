"""What patients send besides words, on the screen: photos, voice notes, letters, and why something cannot be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.desk.media import forget_media, tend_media
from bot.desk.turns import receive
from bot.ports import Attachment, Fetched, MediaRefused
from tests.desk.test_turns import Patient
from tests.fakes import FakeLive, FakeMediaSource
from tests.universe import RAVI
from tests.web.desk_pages import ANA, ROS, Front, open_front

STATIC = Path(__file__).parents[3] / "bot" / "web" / "static"
PHOTO = Fetched((STATIC / "phone-photo.jpg").read_bytes(), "image/jpeg")
VOICE = Fetched((STATIC / "phone-voice.ogg").read_bytes(), "audio/ogg")
LETTER = Fetched(b"%PDF-1.7 a letter", "application/pdf")
TWILIO = "https://api.twilio.com/2010-04-01/Accounts/AC" + "1" * 32 + "/Messages/MM" + "2" * 32 + "/Media/ME"


@dataclass
class Sender:
    """Mei Ling, who sends files."""

    front: Front
    source: FakeMediaSource
    patient: Patient
    count: int = 0

    def sends(self, *files: Fetched, text: str = "") -> None:
        """A message with files, which are fetched (or refused) at once."""
        urls = []
        for file in files:
            self.count += 1
            urls.append(f"{TWILIO}{self.count:032x}")
            self.source.files[urls[-1]] = file
        attachments = tuple(Attachment(url) for url in urls)
        receive(self.front.desk, self.patient.message(text, kind="media", attachments=attachments))
        with self.front.desk.book.begin() as ledger:
            due = ledger.media_due(int(self.front.clock.now().timestamp()), 10)
        for id in due:
            tend_media(self.front.desk, id)

    @property
    def page(self) -> str:
        return f"/desk/inbox/{self.patient.conversation}"

    def file(self) -> str:
        """The address of the last file in the thread."""
        return re.findall(r'(?:href|src)="([^"?]+/files/[^"?]+)', self.front.at_desk().gets(self.page).text)[-1]


@pytest.fixture
def mei_ling(sqlite_url: str) -> Iterator[Sender]:
    source = FakeMediaSource()
    with open_front(sqlite_url, media_source=lambda: source) as front:
        yield Sender(front, source, Patient(front.desk))


def test_a_photo_stands_in_the_thread_and_is_fetched_when_it_comes_into_view(mei_ling: Sender) -> None:
    mei_ling.sends(PHOTO, text="My MRI")
    text = mei_ling.front.at_desk().gets(mei_ling.page).text
    assert "My MRI" in text
    assert re.search(r'<img src="[^"]+/files/[^"]+" loading="lazy"', text)


def test_a_file_is_shown_as_what_it_is_and_can_run_nothing(mei_ling: Sender) -> None:
    ana = mei_ling.front.at_desk()
    for file, where in ((PHOTO, "inline; filename=photo-"), (VOICE, "inline"), (LETTER, "attachment")):
        mei_ling.sends(file)
        answer = ana.gets(mei_ling.file())
        assert (answer.status_code, answer.data, answer.mimetype) == (200, file.content, file.content_type)
        assert answer.headers["Content-Disposition"].startswith(where)
        assert answer.headers["Content-Security-Policy"].endswith("sandbox")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
    assert ana.gets(mei_ling.file() + "?save=yes").headers["Content-Disposition"].startswith("attachment")


def test_a_voice_note_plays_from_where_the_player_wants_it(mei_ling: Sender) -> None:
    mei_ling.sends(VOICE)
    part = mei_ling.front.at_desk().gets(mei_ling.file(), Range="bytes=100-199")
    assert (part.status_code, part.data) == (206, VOICE.content[100:200])
    assert "<audio controls" in mei_ling.front.at_desk().gets(mei_ling.page).text


def test_nobody_sees_a_file_without_signing_in_and_a_reader_may(mei_ling: Sender) -> None:
    mei_ling.sends(PHOTO)
    stranger = mei_ling.front.visitor().gets(mei_ling.file())
    assert (stranger.status_code, PHOTO.content in stranger.data) == (303, False)
    assert mei_ling.front.at_desk(ROS).gets(mei_ling.file()).data == PHOTO.content


def test_a_file_is_found_in_its_own_conversation_alone(mei_ling: Sender) -> None:
    mei_ling.sends(PHOTO)
    ravi = Patient(mei_ling.front.desk, RAVI)
    ravi.says("hello")
    elsewhere = mei_ling.file().replace(mei_ling.patient.conversation, ravi.conversation)
    assert mei_ling.front.at_desk().gets(elsewhere).status_code == 404
    assert mei_ling.front.at_desk().gets(f"{mei_ling.page}/files/unknown").status_code == 404


def test_that_a_file_was_looked_at_is_in_the_audit_by_its_id(mei_ling: Sender) -> None:
    mei_ling.sends(PHOTO)
    file = mei_ling.file()
    mei_ling.front.at_desk().gets(file)
    lines = [line for line in mei_ling.front.audit(action="viewed") if line.subject.startswith("file:")]
    assert [(line.staff, line.subject) for line in lines] == [
        (mei_ling.front.ids[ANA], f"file:{file.rpartition('/')[2]}")
    ]


def test_what_was_refused_or_forgotten_says_why(mei_ling: Sender) -> None:
    mei_ling.source.troubles = [MediaRefused("films are not kept")]
    mei_ling.sends(PHOTO)
    ana = mei_ling.front.at_desk()
    assert "The file is not kept: films are not kept." in ana.gets(mei_ling.page).text
    mei_ling.sends(PHOTO)
    file = mei_ling.file()
    forget_media(mei_ling.front.desk)
    assert "deleted after the clinic" in ana.gets(mei_ling.page).text
    gone = ana.gets(file)
    assert (gone.status_code, "deleted after" in gone.text) == (404, True)


def test_an_open_page_hears_of_a_file_as_soon_as_it_is_there(mei_ling: Sender) -> None:
    live = mei_ling.front.desk.live
    assert isinstance(live, FakeLive)
    receive(
        mei_ling.front.desk,
        mei_ling.patient.message("", kind="media", attachments=(Attachment(TWILIO + "9" * 32),)),
    )
    mei_ling.source.files[TWILIO + "9" * 32] = PHOTO
    live.rung.clear()
    with mei_ling.front.desk.book.begin() as ledger:
        (row,) = ledger.media_of(mei_ling.patient.conversation, 5)
    tend_media(mei_ling.front.desk, row.id)
    assert live.rung == [("conv", mei_ling.patient.conversation)]
