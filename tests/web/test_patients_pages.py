"""Patients on the screen: found without their name in an address, told apart, merged and taken apart again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from bot.desk import patients
from bot.ports.reception import Patient as Record
from tests.desk.test_turns import Patient
from tests.web.desk_pages import ANA, ROS, Front, Visitor, open_front
from tests.web.diary_scene import at, booked, entry, words_of, writes


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def ana(front: Front) -> Visitor:
    return front.at_desk(ANA)


@pytest.fixture
def conversation(front: Front) -> str:
    """Mei Ling Tan writes, and is booked at ten on Tuesday."""
    conversation = writes(front)
    booked(front, conversation=conversation)
    return conversation


def patient_of(front: Front, appointment: int) -> int:
    return entry(front, appointment).patient_id


@pytest.mark.usefixtures("conversation")
@pytest.mark.parametrize("typed", ["mei", "TAN", "4567"])
def test_a_patient_is_found_by_a_part_of_the_name_or_the_end_of_the_number(ana: Visitor, typed: str) -> None:
    assert "Mei Ling Tan" in words_of(ana.posts("/desk/patients", {"q": typed}).text)


@pytest.mark.usefixtures("conversation")
def test_looking_for_nobody_finds_nobody(ana: Visitor) -> None:
    assert "Nobody of that name or number" in ana.posts("/desk/patients", {"q": "%"}).text
    assert "Whom are you looking for?" in ana.gets("/desk/patients?q=mei").text


def test_what_is_typed_into_the_search_is_shown_as_words(ana: Visitor) -> None:
    found = ana.posts("/desk/patients", {"q": '"><script>alert(1)</script>'})
    assert "<script>alert" not in found.text


def test_a_patient_is_shown_with_appointments_reminders_and_where_she_writes(
    front: Front, ana: Visitor, conversation: str
) -> None:
    page = ana.gets(f"/desk/patients/{patient_of(front, 1)}")
    text = words_of(page.text)
    assert "Tue 3 Mar 2026, 10:00 First consultation · Dr Colum Nolan Booked" in text
    assert "Reminder, 24 hours before Mon 2 Mar, 10:00 Will go out" in text
    assert "WhatsApp +65 9123 4567" in text
    assert f"/desk/patients/in/{conversation}" in page.text


def test_looking_at_a_patient_is_written_down_by_id(front: Front, ana: Visitor) -> None:
    booked(front)
    ana.gets(f"/desk/patients/{patient_of(front, 1)}")
    (line,) = front.audit(action="viewed")
    assert (line.staff, line.subject) == (front.ids[ANA], f"patient:{patient_of(front, 1)}")


def test_a_reminder_that_will_not_go_out_says_why(front: Front, ana: Visitor, conversation: str) -> None:
    with front.desk.book.begin() as ledger:
        coming = [one for one in ledger.follow_ups_of(conversation) if one.status == "pending"]
    front.clock.pass_seconds(25 * 3600)
    again = front.at_desk(ANA)
    assert coming
    text = words_of(again.gets(f"/desk/patients/in/{conversation}").text)
    assert "Will not go out, because" in text


def test_what_is_known_of_a_patient_is_changed_and_audited(front: Front, ana: Visitor) -> None:
    booked(front)
    id = patient_of(front, 1)
    form = {"name": "Tan Mei Ling", "phone": "+65 6123 4567", "born": "1958-03-21", "remarks": "Wheelchair"}
    assert ana.posts(f"/desk/patients/{id}", form).status_code == 303
    assert patients.patient(front.desk, id) == Record(id, "Tan Mei Ling", "+6561234567", "1958-03-21", "Wheelchair")
    assert front.audit(action="changed")[0].subject == f"patient:{id}"


@pytest.mark.parametrize("wrong", [{"name": ""}, {"phone": "123"}, {"born": "2031-01-01"}, {"born": "tomorrow"}])
def test_what_cannot_be_is_refused_and_what_was_typed_stays(front: Front, ana: Visitor, wrong: dict[str, str]) -> None:
    booked(front)
    id = patient_of(front, 1)
    refused = ana.posts(f"/desk/patients/{id}", {"name": "Mei", "phone": "", "born": "", "remarks": "kept", **wrong})
    assert refused.status_code == 422
    assert ">kept</textarea>" in refused.text
    assert patients.patient(front.desk, id) != Record(id, "Mei", "", "", "kept")


def test_two_records_are_made_one_and_two_again(front: Front, ana: Visitor) -> None:
    booked(front, "Mei Ling Tan")
    booked(front, "Tan Mei Ling", at(11, 30))
    kept, gone = patient_of(front, 1), patient_of(front, 2)
    look = words_of(ana.gets(f"/desk/patients/{kept}/merge?with={gone}").text)
    assert look.count("1 appointment and 1 conversation would come here.") == 2
    made = ana.posts(f"/desk/patients/{kept}/merge", {"other": str(gone), "keep": str(kept)})
    assert patient_of(front, 2) == kept
    done = ana.gets(made.headers["Location"])
    undo = re.search(r'action="(/desk/patients/merges/\d+/undo)"', done.text)
    assert undo
    assert "This record was merged into" in ana.gets(f"/desk/patients/{gone}").text
    ana.posts(undo[1], {"patient": str(kept)})
    assert patient_of(front, 2) == gone
    again = ana.posts(undo[1], {"patient": str(kept)})
    assert "was undone already" in ana.gets(again.headers["Location"]).text


def test_a_record_is_not_merged_with_itself_or_with_nobody(front: Front, ana: Visitor) -> None:
    booked(front)
    id = patient_of(front, 1)
    for other in (id, 999):
        refused = ana.posts(f"/desk/patients/{id}/merge", {"other": str(other), "keep": str(id)})
        assert "Choose two different patients." in ana.gets(refused.headers["Location"]).text


def test_where_several_share_a_phone_the_page_asks_whom_it_is_about(
    front: Front, ana: Visitor, conversation: str
) -> None:
    booked(front, "Old Mrs Tan", at(11), conversation)
    panel = f"/desk/patients/in/{conversation}"
    assert "Several patients write from here" in ana.gets(panel).text
    ana.posts(f"{panel}/about", {"patient": str(patient_of(front, 2))})
    text = ana.gets(panel).text
    assert "Several patients write from here" not in text
    assert f'value="{patient_of(front, 2)}" checked' in text
    refused = ana.posts(f"{panel}/about", {"patient": "999"})
    assert "Add this patient to the conversation first." in ana.gets(refused.headers["Location"]).text


def test_labels_notes_and_people_are_added_beside_a_thread(ana: Visitor, conversation: str) -> None:
    panel = f"/desk/patients/in/{conversation}"
    ana.posts(f"{panel}/label", {"put": "Insurance"})
    ana.posts(f"{panel}/note", {"text": "Brings her <b>MRI</b>"})
    ana.posts(f"{panel}/add", {"name": "Her son", "phone": "+6581234567"})
    text = ana.gets(panel).text
    assert 'value="insurance"' in text
    assert "Brings her &lt;b&gt;MRI&lt;/b&gt;" in text
    assert "Her son" in text
    ana.posts(f"{panel}/label", {"drop": "insurance"})
    assert 'value="insurance"' not in ana.gets(panel).text


def test_who_only_reads_changes_nothing_beside_a_thread(front: Front, conversation: str) -> None:
    ros = front.at_desk(ROS)
    text = ros.gets(f"/desk/patients/in/{conversation}").text
    assert "Mei Ling Tan" in text
    assert 'method="post" action="/desk/patients' not in text
    assert ros.posts(f"/desk/patients/in/{conversation}/note", {"text": "x"}).status_code == 403


def test_whoever_wants_no_reminders_is_listed(front: Front, ana: Visitor) -> None:
    assert "Everybody may be reminded" in ana.gets("/desk/patients/opted-out").text
    mei_ling = Patient(front.desk)
    mei_ling.says("hello")
    booked(front, conversation=mei_ling.conversation)
    mei_ling.says("STOP")
    assert "Mei Ling Tan" in ana.gets("/desk/patients/opted-out").text
    assert "because the patient does not want follow-ups" in ana.gets(f"/desk/patients/in/{mei_ling.conversation}").text


@pytest.mark.parametrize("id", ["999", "0", "-1", "nobody", "9" * 30, "١"])
def test_a_patient_who_does_not_exist_is_not_there(ana: Visitor, id: str) -> None:
    assert ana.gets(f"/desk/patients/{id}").status_code == 404
    assert ana.gets(f"/desk/patients/{id}/merge").status_code == 404
    assert ana.gets(f"/desk/patients/in/{id}").status_code == 404
