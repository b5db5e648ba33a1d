"""Taking out and erasing a patient's data, and consents, on the screen: admins alone, confirmed, never in a cache."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator

import pytest

from bot.desk import patients
from bot.ports.erasure import ERASED
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ADA, ANA, LEE, Front, Visitor, open_front
from tests.web.diary_scene import booked, entry, words_of, writes


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def ada(front: Front) -> Visitor:
    return front.at_desk(ADA)


@pytest.fixture
def mei(front: Front) -> int:
    """Mei Ling's record. She wrote, and her appointment is over."""
    booked(front, conversation=writes(front))
    front.clock.pass_seconds(3 * 24 * 3600)
    return entry(front, 1).patient_id


def test_what_is_kept_is_counted_before_anything_is_done(mei: int, front: Front) -> None:
    text = words_of(front.at_desk(ADA).gets(f"/desk/patients/{mei}/data").text)
    assert "1 message from the patient" in text
    assert "1 appointment " in text
    assert "Type “Mei Ling Tan” to confirm it" in text


def test_her_data_leave_in_one_file_that_nothing_keeps(mei: int, front: Front) -> None:
    ada = front.at_desk(ADA)
    taken = ada.posts(f"/desk/patients/{mei}/export")
    assert (taken.status_code, taken.mimetype) == (200, "application/zip")
    assert taken.headers["Cache-Control"] == "no-store"
    assert f"data-{mei}.zip" in taken.headers["Content-Disposition"]
    assert "hello" in zipfile.ZipFile(io.BytesIO(taken.data)).read("conversations.txt").decode()
    (line,) = front.audit(action="exported")
    assert (line.staff, line.subject) == (front.ids[ADA], f"patient:{mei}")


def test_erasing_is_confirmed_by_typing_and_then_told_without_a_name(mei: int, front: Front) -> None:
    ada = front.at_desk(ADA)
    refused = ada.posts(f"/desk/patients/{mei}/erase", {"typed": "yes"})
    assert refused.status_code == 422
    assert "Type “Mei Ling Tan” to confirm it." in words_of(refused.text)
    done = ada.posts(f"/desk/patients/{mei}/erase", {"typed": "mei ling  TAN"})
    told = ada.gets(done.headers["Location"])
    assert "Gone here" in told.text
    assert "Mei Ling" not in told.text
    assert ERASED in ada.gets(f"/desk/patients/{mei}").text
    assert {line.subject.partition(":")[0] for line in front.audit(action="erased")} == {"patient", "conversation"}


def test_a_conversation_shared_with_others_is_ticked_by_hand(mei: int, front: Front) -> None:
    conversation = patients.conversations_of(front.desk, mei)[0]
    ana = front.at_desk(ANA)
    ana.posts(f"/desk/patients/in/{conversation}/add", {"name": "Her son"})
    ada = front.at_desk(ADA)
    page = ada.gets(f"/desk/patients/{mei}/data").text
    assert "shared with Her son" in page
    assert not re.search(rf'value="{conversation}" checked', page)
    taken = ada.posts(f"/desk/patients/{mei}/export")
    assert "hello" not in zipfile.ZipFile(io.BytesIO(taken.data)).read("conversations.txt").decode()
    ticked = ada.posts(f"/desk/patients/{mei}/export", {"conversation": conversation})
    assert "hello" in zipfile.ZipFile(io.BytesIO(ticked.data)).read("conversations.txt").decode()


def test_who_gave_no_name_is_erased_from_her_conversation(front: Front, ada: Visitor) -> None:
    conversation = writes(front, RAVI)
    assert f"/desk/patients/in/{conversation}/data" in ada.gets(f"/desk/patients/in/{conversation}").text
    assert ada.posts(f"/desk/patients/in/{conversation}/erase", {"typed": "ERASE"}).status_code == 303
    text = words_of(ada.gets(f"/desk/inbox/{conversation}").text)
    assert "Ada Admin erased everything before this" in text
    assert "hello" not in text


def test_an_appointment_to_come_stands_in_the_way_in_words(front: Front, ada: Visitor) -> None:
    booked(front, conversation=writes(front))
    id = entry(front, 1).patient_id
    assert "still to come" in ada.gets(f"/desk/patients/{id}/data").text
    assert ada.posts(f"/desk/patients/{id}/erase", {"typed": "Mei Ling Tan"}).status_code == 422


@pytest.mark.parametrize("id", ["0", "999", "nobody", "9" * 30])
def test_nobody_is_erased_by_an_id_that_is_nobodys(ada: Visitor, id: str) -> None:
    assert ada.gets(f"/desk/patients/{id}/data").status_code == 404
    assert ada.posts(f"/desk/patients/{id}/erase", {"typed": ""}).status_code in (404, 422)
    assert ada.posts(f"/desk/patients/in/{id}/erase", {"typed": "ERASE"}).status_code in (404, 422)
    assert ada.gets(f"/desk/patients/erasures/{id}").status_code == 404


def test_what_patients_agreed_to_is_listed_with_their_words(front: Front) -> None:
    mei = Patient(front.desk)
    mei.says("hello")
    booked(front, conversation=mei.conversation)
    mei.says("STOP")
    mei.says("START")
    lee = front.at_desk(LEE)
    text = words_of(lee.gets("/desk/patients/consents").text)
    assert "Wants reminders again “START”" in text
    assert "Mei Ling Tan +65 9123 4567 Wants no reminders “STOP”" in text
    with front.desk.book.look() as ledger:
        (her,) = ledger.patients_of(mei.conversation)
    assert "“STOP”" in words_of(lee.gets(f"/desk/patients/{her.id}").text)
    assert "Agreed to" not in front.at_desk(ANA).gets(f"/desk/patients/{her.id}").text
    taken = lee.posts("/desk/patients/consents.csv").text.splitlines()
    assert len(taken) == 3
    assert '"follow-ups","no","STOP"' in taken[2]
    assert front.audit(action="exported")[0].subject == "consents"


def test_hostile_words_are_no_markup_and_no_formula(front: Front) -> None:
    from bot.ports.consents import Consent

    conversation = writes(front)
    with front.desk.book.begin() as ledger:
        ledger.note_consent(
            Consent(conversation, "promotion", True, 1, "SM1", "=HYPERLINK(1)<script>alert(1)</script>")
        )
    lee = front.at_desk(LEE)
    assert "<script>alert" not in lee.gets("/desk/patients/consents").text
    assert "\"'=HYPERLINK" in lee.posts("/desk/patients/consents.csv").text


def test_the_desk_can_be_put_on_a_home_screen_under_the_clinics_name(front: Front) -> None:
    visitor = front.visitor()
    assert 'rel="manifest" href="/desk/manifest.webmanifest"' in visitor.gets("/desk/sign-in").text
    manifest = visitor.gets("/desk/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    told = manifest.get_json(force=True)
    assert (told["start_url"], told["display"]) == ("/desk", "standalone")
    assert {icon["purpose"] for icon in told["icons"]} == {"any", "maskable"}
    for icon in told["icons"]:
        with visitor.gets(icon["src"]) as picture:
            assert picture.mimetype == "image/png"
