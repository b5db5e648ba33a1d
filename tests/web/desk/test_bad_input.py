"""What goes wrong at a desk, by accident or on purpose: a bad line, a colleague, a pasted novel, another site.

``case-n`` is the number that a bad input has in the list of them which these tests go through; 87 to 93 are walked
through in a browser, with two hundred texts (``python -m tests.pages``).
"""

from __future__ import annotations

import csv
import importlib
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from bot.desk import inbox, patients, reception, replying, staff
from bot.ports import BookAway
from bot.ports.reception import Patient as Person
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ADA, ANA, LEE, ROS, Front, Visitor, open_front

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
EVERYTHING_SEEN = "999"
LIVE = importlib.import_module("bot.web.desk.live_room")


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def mei_ling(front: Front) -> Patient:
    """She waits for a person."""
    mei_ling = Patient(front.desk)
    mei_ling.says("human")
    return mei_ling


def there(patient: Patient, action: str = "") -> str:
    return f"/desk/inbox/{patient.conversation}" + (f"/{action}" if action else "")


def writes(visitor: Visitor, patient: Patient, text: str, click: str = "click-0001") -> int:
    form = {"text": text, "token": click, "seen": EVERYTHING_SEEN}
    return visitor.posts(there(patient, "reply"), form, **PART).status_code


def said_by_staff(front: Front, patient: Patient) -> list[str]:
    """What staff wrote that may leave."""
    lines = inbox.newer(front.desk, patient.conversation, 0, 500)
    return [line.text for line in lines if line.kind == "staff" and line.status != "suppressed"]


def test_a_name_that_turns_its_line_round_leaves_the_number_as_it_is(
    front: Front, mei_ling: Patient
) -> None:  # case-94
    name = "\u202eנטאן +65 9000 1111"
    patients.add(front.desk, mei_ling.conversation, ANA, Person(0, name, "", "", ""))
    page = front.at_desk().gets(there(mei_ling)).text
    assert f'<h1 dir="auto">{name}</h1>' in page
    assert '<span class="in-panel">+65\xa09123\xa04567</span>' in page


def test_a_click_that_arrives_again_and_again_sends_once(front: Front, mei_ling: Patient) -> None:  # case-97, case-98
    ana = front.at_desk()
    assert {writes(ana, mei_ling, "Come at ten.") for _ in range(4)} == {200}
    # The line was so bad that she reloaded, and the browser sent its form once more.
    form = {"text": "Come at ten.", "token": "click-0001", "seen": EVERYTHING_SEEN}
    assert ana.posts(there(mei_ling, "reply"), form).status_code == 303
    assert said_by_staff(front, mei_ling) == ["Come at ten."]


def test_of_two_who_reply_at_once_one_is_heard_and_the_other_keeps_her_words(
    front: Front, mei_ling: Patient
) -> None:  # case-99
    desks = {name: front.at_desk(name) for name in (ANA, LEE)}
    answers: dict[str, int] = {}
    at_once = threading.Barrier(len(desks))

    def reply(name: str) -> None:
        token = desks[name].token()
        at_once.wait()
        form = {"text": f"This is {name}", "token": f"click-{name[:3]}1", "seen": EVERYTHING_SEEN, "form_token": token}
        answers[name] = desks[name].posts(there(mei_ling, "reply"), form, **PART).status_code

    people = [threading.Thread(target=reply, args=(name,)) for name in desks]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(answers.values()) == [200, 409]
    (winner,) = (name for name, status in answers.items() if status == 200)
    (loser,) = set(desks) - {winner}
    assert said_by_staff(front, mei_ling) == [f"This is {winner}"]
    assert replying.drafts(front.desk, mei_ling.conversation, front.ids[loser]) == {"reply": f"This is {loser}"}


def test_a_reply_that_comes_after_a_colleague_took_over_is_not_sent(
    front: Front, mei_ling: Patient
) -> None:  # case-100
    ana, desk = front.at_desk(), front.desk
    ana.posts(there(mei_ling, "take"))
    reception.take_over(desk, mei_ling.conversation, front.ids[LEE], from_holder=front.ids[ANA])
    assert writes(ana, mei_ling, "Too late") == 409
    assert said_by_staff(front, mei_ling) == []
    assert "Too late" in ana.gets(there(mei_ling)).text


def test_what_was_typed_when_a_session_ended_is_there_after_signing_in(
    front: Front, mei_ling: Patient
) -> None:  # case-101
    ana = front.at_desk()
    token = ana.token()
    ana.posts(there(mei_ling, "draft"), {"mode": "reply", "text": "Dear Mei"})
    front.clock.pass_seconds(3 * 3600)
    form = {"text": "Dear Mei Ling", "token": "click-0001", "seen": EVERYTHING_SEEN, "form_token": token}
    over = ana.posts(there(mei_ling, "reply"), form, **PART)
    assert over.status_code == 401
    assert over.headers["HX-Retarget"] == "#notices"
    assert said_by_staff(front, mei_ling) == []
    ana.signs_in("ana")
    assert "Dear Mei</textarea>" in ana.gets(there(mei_ling)).text
    assert ana.posts(there(mei_ling, "reply"), form, **PART).status_code == 200


def test_no_page_is_kept_by_a_browser_for_whoever_comes_next(front: Front, mei_ling: Patient) -> None:  # case-102
    ana = front.at_desk()
    for path in ("/desk/inbox", there(mei_ling), "/desk/patients", "/desk/diary"):
        assert ana.gets(path).headers["Cache-Control"] == "no-store", path
    ana.posts("/desk/sign-out")
    assert ana.gets(there(mei_ling)).status_code == 303


def test_whose_role_is_taken_away_hears_no_more(front: Front, monkeypatch: pytest.MonkeyPatch) -> None:  # case-103
    monkeypatch.setattr(LIVE, "BEAT_SECONDS", 0.01)
    with front.at_desk(LEE).gets("/live") as stream:
        told = stream.iter_encoded()
        next(told)
        staff.change_role(front.desk, front.ids[ADA], front.ids[LEE], "read_only")
        assert list(told)[-1] == b"event: out\ndata: \n\n"


def test_while_nobody_can_tell_who_is_signed_in_a_stream_goes_on(
    front: Front, monkeypatch: pytest.MonkeyPatch
) -> None:  # case-103
    def away(*_: object) -> None:
        raise BookAway("gone for a moment")

    with front.at_desk().gets("/live") as stream:
        told = stream.iter_encoded()
        next(told)
        monkeypatch.setattr(LIVE, "BEAT_SECONDS", 0.01)
        monkeypatch.setattr(LIVE.sessions, "still_signed_in", away)
        assert any(b"event: beat" in one for one, _ in zip(told, range(4), strict=False))


@pytest.mark.parametrize("id", ["nobody", "a" * 20, "x" * 3000, "%00", "..%2f..%2fetc", "'--", "\u202e"])
def test_a_conversation_of_nobody_is_nothing(front: Front, id: str) -> None:  # case-104
    for path in (f"/desk/inbox/{id}", f"/desk/patients/in/{id}"):
        assert front.at_desk(ADA).gets(path).status_code == 404


@pytest.mark.parametrize(
    "words", ["%_\\", "%", "_", "' OR 1=1--", '"; DROP TABLE patient', "x" * 10_240, "(a+)+$", "[", "\x00", "*", "\\"]
)
def test_words_that_are_looked_for_are_words(front: Front, mei_ling: Patient, words: str) -> None:  # case-105
    patients.add(front.desk, mei_ling.conversation, ANA, Person(0, "Mei Ling Tan", "", "", ""))
    ana = front.at_desk()
    for answer in (ana.posts("/desk/search", {"q": words}), ana.posts("/desk/patients", {"q": words})):
        assert answer.status_code == 200
        assert "Mei Ling Tan" not in answer.text


def test_a_spreadsheet_computes_nothing_of_what_is_exported(front: Front, mei_ling: Patient) -> None:  # case-106
    formulas = ('=HYPERLINK("x")', "@SUM(1)", "-2+3", "+1", "\t=1", "\x00=1", "a\n=1", '"a",=1')
    for formula in formulas:
        front.desk.report("x", {})
        reception.release(front.desk, mei_ling.conversation, front.ids[ANA], formula)
        reception.take_over(front.desk, mei_ling.conversation, front.ids[ANA])
    for path in ("/desk/audit.csv", "/desk/numbers.csv"):
        text = front.at_desk(ADA).posts(path, {"from": "2026-03-01", "to": "2026-03-02"}).text
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert [cell for cell in cells if cell.lstrip("\x00")[:1] in ("=", "+", "-", "@", "\t", "\r")] == []


def test_a_pasted_novel_is_refused_in_words_and_a_draft_of_it_is_cut(
    front: Front, mei_ling: Patient
) -> None:  # case-107
    ana, novel = front.at_desk(), "word " * 100_000
    assert writes(ana, mei_ling, novel) == 409
    assert ana.posts(there(mei_ling, "note"), {"note": novel}, **PART).status_code == 409
    assert ana.posts(there(mei_ling, "draft"), {"mode": "reply", "text": novel}).status_code == 204
    assert len(replying.drafts(front.desk, mei_ling.conversation, front.ids[ANA])["reply"]) <= 10_000
    assert said_by_staff(front, mei_ling) == []
    assert ana.posts(there(mei_ling, "reply"), {"text": "x" * 2_000_000}).status_code == 413


def test_no_field_of_any_form_breaks_the_desk(postgres_url: str) -> None:  # case-105, case-107
    templates = Path(str(LIVE.__file__)).parents[1] / "templates" / "desk"
    says = re.compile(r'(?:\bname=|(?:field|select)\()"(\w+)"')
    names = {name for one in templates.glob("*.html") for name in says.findall(one.read_text())}
    assert {"reason", "text", "login", "patient", "shortcut"} <= names - {"form_token"}
    with open_front(postgres_url) as front:
        mei_ling = Patient(front.desk)
        mei_ling.says("human")
        ids = {"conversation": mei_ling.conversation, "account": front.ids[ROS]}
        ada = front.at_desk(ADA)
        for rule in front.app.url_map.iter_rules():
            if "POST" not in (rule.methods or ()):
                continue
            built = rule.build({name: ids.get(name, "1") for name in rule.arguments})
            assert built is not None
            for strange in ("a\x00b", "9" * 30):
                # One who signs out, or ends her sessions, must be let in again for the next form.
                ada = ada if ada.is_signed_in() else front.at_desk(ADA)
                with ada.posts(built[1], dict.fromkeys(names - {"form_token"}, strange)) as answer:
                    assert answer.status_code < 500, (built[1], strange)
        assert front.reports == []


def test_a_file_is_taken_nowhere_that_did_not_ask_for_one(front: Front, mei_ling: Patient) -> None:  # case-108
    ana = front.at_desk()
    for name in ("page.html", "page.png", "../../etc/passwd", "photo.jpg\r\nX: y"):
        form = {
            "form_token": ana.token(),
            "token": "click-0001",
            "text": (io.BytesIO(b"<script>alert(1)</script>"), name),
        }
        answer = ana.client.post(
            there(mei_ling, "reply"), data=form, base_url="https://localhost", headers={"Sec-Fetch-Site": "same-origin"}
        )
        assert answer.status_code < 500
    assert said_by_staff(front, mei_ling) == []


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "/desk/../..//evil"])
def test_no_address_leads_to_another_site(front: Front, wanted: str) -> None:  # case-109
    visitor = front.visitor()
    answer = visitor.posts("/desk/sign-in", {"login": "ana", "password": "four unrelated words", "next": wanted})
    shift = front.at_desk().posts("/desk/inbox/shift", {"on": "1", "back": wanted})
    for location in (answer.headers["Location"], shift.headers["Location"]):
        assert location.startswith("/desk")
        assert urlsplit(urljoin("https://localhost/desk", location)).netloc == "localhost"


def test_a_reply_of_another_site_is_not_ours(front: Front, mei_ling: Patient) -> None:  # case-110
    ana = front.at_desk()
    form = {"text": "Pay here", "token": "click-0001", "seen": EVERYTHING_SEEN}
    assert ana.posts(there(mei_ling, "reply"), form, **{"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert ana.posts(there(mei_ling, "reply"), {**form, "form_token": "0" * 64}).status_code == 403
    assert ana.gets(there(mei_ling, "reply") + "?text=Pay&token=click-0001").status_code in (404, 405)
    assert said_by_staff(front, mei_ling) == []


def test_no_page_is_shown_within_another_site(front: Front, mei_ling: Patient) -> None:  # case-111
    for path in ("/desk/sign-in", "/desk/inbox", there(mei_ling), "/desk/nowhere"):
        headers = front.at_desk(ROS).gets(path).headers
        assert headers["X-Frame-Options"] == "DENY", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path


def test_a_thousand_who_come_within_a_minute_are_all_counted_and_shown_page_by_page(front: Front) -> None:  # case-96
    ana = front.at_desk()
    Patient(front.desk, RAVI).says("human")
    for number in range(120):
        one = Patient(front.desk, "whatsapp:SG." + "A" * (number + 1))
        one.says("human")
    seen, path = 0, "/desk/inbox"
    while path:
        text = ana.gets(path).text
        seen += text.count("data-row")
        path = (
            text.partition('">More</a>')[0].rpartition('href="')[2].replace("&amp;", "&") if ">More</a>" in text else ""
        )
    assert seen == 121
    assert 'data-needs="121"' in ana.gets("/desk/inbox").text
