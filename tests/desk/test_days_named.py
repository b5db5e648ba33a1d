"""What a patient is told about a day that is not among the free ones. It is Monday 2 March 2026."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.desk.reading import reader
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Desk
from tests.universe import MEI_LING, SINGAPORE, Sayings, open_desk, shipped, shipped_clinic

CLOSED = {date(2026, 3, 20): "Good Friday"}


class Booking:
    """Mei Ling books a first consultation, and has just been asked for a day."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._said = Sayings(desk, conversation_id(desk.conversation_key, MEI_LING))
        for words in ("book", "first consultation"):
            self.says(words)

    def says(self, words: str) -> list[str]:
        """Mei Ling writes; what she reads then."""
        before = len(self._said.lines())
        receive(self.desk, Arrived(f"SM{self.desk.chance.token()}", MEI_LING, text=words))
        return self._said.lines()[before:]


@pytest.fixture
def booking(sqlite_url: str) -> Iterator[Booking]:
    diary = shipped().diary
    assert diary is not None
    read = reader(shipped_clinic(), SINGAPORE, CLOSED)
    with open_desk(sqlite_url, diary=replace(diary, closed=CLOSED), read=read) as desk:
        yield Booking(desk)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("on good friday", "We are closed on Fri 20 Mar."),
        ("sunday", "We are closed on Sun 8 Mar."),
        ("saturday", "Nothing is free on Sat 7 Mar."),
        (
            "25 december",
            "Appointments can be booked until Wed 1 Apr. For Fri 25 Dec write HUMAN, and our staff will help.",
        ),
        ("the weekend", "Nothing is free then."),
        ("31 april", "There is no 31 April."),
    ],
)
def test_a_patient_is_told_why_a_day_is_not_offered(booking: Booking, words: str, why: str) -> None:
    told, question = booking.says(words)
    assert told == why
    assert question.startswith("Which day suits you?")


def test_naming_days_that_are_not_free_never_ends_with_a_person(booking: Booking) -> None:
    for _ in range(5):
        assert booking.says("sunday")[0] == "We are closed on Sun 8 Mar."
    assert booking.says("tomorrow")[0].startswith("These times are free on Tue 3 Mar.")


def test_tomorrow_evening_is_one_answer(booking: Booking) -> None:
    assert booking.says("tomorrow evening")[0].startswith("I am keeping Tuesday 3 March 2026, 17:00 for you")


def test_friday_at_ten_is_not_ten_of_the_day_that_is_looked_at(booking: Booking) -> None:
    booking.says("tomorrow")
    assert booking.says("friday 10am")[0].startswith("I am keeping Friday 6 March 2026, 10:00 for you")


def test_another_mind_gives_the_kept_time_back_and_keeps_the_new_one(booking: Booking) -> None:
    booking.says("tomorrow 10am")
    assert booking.says("no wait, thursday 11am")[0].startswith("I am keeping Thursday 5 March 2026, 11:00 for you")
    booking.says("for me")
    assert booking.says("actually change to 3pm")[0].startswith("I am keeping Thursday 5 March 2026, 15:00 for you")


def test_a_day_that_is_not_free_costs_nobody_the_time_that_is_kept(booking: Booking) -> None:
    booking.says("tomorrow 10am")
    told, question = booking.says("or sunday?")
    assert told == "We are closed on Sun 8 Mar."
    assert question.startswith("I am keeping Tuesday 3 March 2026, 10:00 for you")


def test_no_eleven_is_no_refusal_of_the_appointment(booking: Booking) -> None:
    for words in ("tomorrow 10am", "for me", "Mei Ling Tan"):
        booking.says(words)
    assert booking.says("no, 11am")[0].startswith("I am keeping Tuesday 3 March 2026, 11:00 for you")


@pytest.mark.parametrize("words", ["born 12 march 1970", "Mei Ling Tan 12/3/1970", "born 5 march"])
def test_a_date_of_birth_beside_a_name_is_no_other_day(booking: Booking, words: str) -> None:
    booking.says("tomorrow 10am")
    booking.says("for me")
    assert booking.says(words)[-1] == "What is the patient's full name?"
    assert "Tuesday 3 March 2026, 10:00" in booking.says("Mei Ling Tan")[0]


def test_a_day_of_the_past_is_no_day_to_explain(booking: Booking) -> None:
    assert booking.says("12/3/1970")[0].startswith("That is not one of the free days.")


def test_of_the_week_that_is_shown_and_the_coming_one_a_weekday_is_asked_back(booking: Booking) -> None:
    booking.says("the week after")
    assert booking.says("wednesday") == ["Did you mean Wed 18 Mar or Wed 4 Mar?"]
    assert booking.says("18 mar")[0].startswith("These times are free on Wed 18 Mar.")
