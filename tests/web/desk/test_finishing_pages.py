"""Book this: a patient stopped in the middle of booking, and the receptionist finishes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from bot.desk import blocking, inbox, reception, unfinished
from bot.ports.reception import Blocking
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ANA, LEE, ROS, Front, Visitor, open_front
from tests.web.diary_scene import at, booked, words_of

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def ana(front: Front) -> Visitor:
    return front.at_desk(ANA)


@pytest.fixture
def mei_ling(front: Front) -> Patient:
    """She has chosen ten on Tuesday, and then wants a person."""
    mei_ling = Patient(front.desk)
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00", "human"):
        mei_ling.says(words)
    return mei_ling


def form_of(page: str) -> dict[str, str]:
    """The form of a page as it stands."""
    form = dict(re.findall(r'<input[^>]*name="(day|name|phone|seen)"[^>]*value="([^"]*)"', page))
    form |= dict(re.findall(r'<select[^>]*name="(\w+)".*?value="(\w+)" selected', page))
    slot = re.search(r'name="slot" value="([^"]+)" required checked', page)
    return {**form, "slot": slot[1] if slot else "", "then": "keep"}


def there(patient: Patient) -> str:
    return f"/desk/inbox/{patient.conversation}"


def test_what_she_had_answered_is_offered_to_be_finished(ana: Visitor, mei_ling: Patient) -> None:
    text = words_of(ana.gets(there(mei_ling)).text)
    assert "A booking was begun. First consultation" in text
    form = form_of(ana.gets(f"{there(mei_ling)}/book").text)
    assert (form["service"], form["day"]) == ("first", "2026-03-03")
    assert form["slot"].endswith(f"@{at(10)}")


def test_the_time_that_is_kept_for_her_is_free_for_her_and_for_nobody_else(ana: Visitor, mei_ling: Patient) -> None:
    assert "being kept for" in ana.gets(f"{there(mei_ling)}/book").text


def test_it_is_booked_in_one_go_and_the_patient_is_told(front: Front, ana: Visitor, mei_ling: Patient) -> None:
    form = form_of(ana.gets(f"{there(mei_ling)}/book").text)
    answer = ana.posts(f"{there(mei_ling)}/book", {**form, "name": "Mei Ling Tan"})
    assert answer.status_code == 303
    assert "Booked for you: Tuesday 3 March 2026, 10:00" in mei_ling.reads()[-1]
    page = ana.gets(there(mei_ling)).text
    assert "Ana finished the booking: appointment" in page
    assert "A booking was begun" not in page
    with front.desk.book.begin() as ledger:
        (made,) = ledger.appointments(mei_ling.conversation, 0)
    assert (made.patient, made.starts_at) == ("Mei Ling Tan", at(10))
    assert [line.note for line in front.audit(action="changed", subject=f"appointment:{made.id}")] == ["booked"]
    card = inbox.card(front.desk, mei_ling.conversation)
    assert card is not None
    assert card.holder == front.ids[ANA], "she kept it"
    assert reception.ways_back(front.desk, mei_ling.conversation).step == "", "nobody can go on and book it again"


def test_what_the_patient_wrote_while_it_was_being_booked_is_not_closed_over(
    front: Front, ana: Visitor, mei_ling: Patient
) -> None:
    form = form_of(ana.gets(f"{there(mei_ling)}/book").text)
    mei_ling.says("And may my mother come along?")
    ana.posts(f"{there(mei_ling)}/book", {**form, "name": "Mei Ling Tan", "then": "silent"})
    text = words_of(ana.gets(there(mei_ling)).text)
    assert "Booked, number" in text
    assert "It is still yours: The patient has just written." in text


@pytest.mark.parametrize(("then", "control"), [("menu", "bot"), ("silent", "closed")])
def test_afterwards_it_goes_where_she_says(
    front: Front, ana: Visitor, mei_ling: Patient, then: str, control: str
) -> None:
    form = form_of(ana.gets(f"{there(mei_ling)}/book").text)
    ana.posts(f"{there(mei_ling)}/book", {**form, "name": "Mei Ling Tan", "then": then})
    card = inbox.card(front.desk, mei_ling.conversation)
    assert card is not None
    assert card.control == control


def test_of_a_time_that_is_gone_the_winner_is_named_and_others_are_offered(
    front: Front, ana: Visitor, mei_ling: Patient
) -> None:
    form = {**form_of(ana.gets(f"{there(mei_ling)}/book").text), "name": "Mei Ling Tan"}
    front.clock.pass_seconds(3600)
    booked(front, "Ravi Kumar", practitioner=form["slot"].partition("@")[0])
    answer = ana.posts(f"{there(mei_ling)}/book", form)
    assert answer.status_code == 409
    assert "Ravi Kumar is booked from 10:00" in words_of(answer.text)
    assert 'value="Mei Ling Tan"' in answer.text
    other = re.search(r'name="take" value="([^"]+)"', answer.text)
    assert other
    assert ana.posts(f"{there(mei_ling)}/book", {**form, "take": other[1]}).status_code == 303
    assert "Booked for you" in mei_ling.reads()[-1]


def test_of_a_time_that_was_blocked_meanwhile_it_is_said(front: Front, ana: Visitor, mei_ling: Patient) -> None:
    form = {**form_of(ana.gets(f"{there(mei_ling)}/book").text), "name": "Mei Ling Tan"}
    front.clock.pass_seconds(3600)
    blocking.block(front.desk, Blocking(form["slot"].partition("@")[0], at(9), at(12), "ill", front.ids[ANA]))
    answer = ana.posts(f"{there(mei_ling)}/book", form)
    assert answer.status_code == 409
    assert "It is blocked: Tue 3 Mar, 09:00 to 12:00." in words_of(answer.text)


def test_another_day_shows_its_own_times_and_no_name_travels_in_an_address(ana: Visitor, mei_ling: Patient) -> None:
    form = {**form_of(ana.gets(f"{there(mei_ling)}/book").text), "name": "Mei Ling Tan", "day": "2026-03-05"}
    part = ana.posts(f"{there(mei_ling)}/book/times", form, **PART).text
    assert f'@{at(10, day=date(2026, 3, 5))}"' in part
    assert "Mei Ling" not in part


def test_who_does_not_hold_it_books_nothing(front: Front, ana: Visitor, mei_ling: Patient) -> None:
    form = {**form_of(ana.gets(f"{there(mei_ling)}/book").text), "name": "Mei Ling Tan"}
    reception.take_over(front.desk, mei_ling.conversation, front.ids[LEE])
    answer = ana.posts(f"{there(mei_ling)}/book", form)
    assert answer.status_code == 422
    assert "Lee Lead has had this conversation" in answer.text
    assert front.at_desk(ROS).gets(f"{there(mei_ling)}/book").status_code == 403


@pytest.mark.parametrize(
    "wrong", [{"slot": ""}, {"slot": "nolan@x"}, {"slot": "nobody@1772503200"}, {"name": " "}, {"service": "none"}]
)
def test_what_is_missing_is_said_and_nothing_is_booked(
    front: Front, ana: Visitor, mei_ling: Patient, wrong: dict[str, str]
) -> None:
    form = {**form_of(ana.gets(f"{there(mei_ling)}/book").text), "name": "Mei Ling Tan"}
    assert ana.posts(f"{there(mei_ling)}/book", {**form, **wrong}).status_code == 422
    with front.desk.book.begin() as ledger:
        assert ledger.appointments(mei_ling.conversation, 0) == ()


def test_who_was_not_booking_is_booked_in_the_calendar(front: Front, ana: Visitor) -> None:
    ravi = Patient(front.desk, RAVI)
    ravi.says("human")
    assert unfinished.unfinished(front.desk, ravi.conversation) is None
    assert "/desk/diary/new" in ana.gets(f"{there(ravi)}/book").location
