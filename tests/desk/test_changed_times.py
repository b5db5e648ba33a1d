"""What an edit of hours and services does to the times patients are offered is told before anybody publishes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from bot.core.calendar import Diary, Opening
from bot.desk.changed_times import ChangedTimes, changed_times
from bot.desk.turns import Arrived, receive
from bot.ports import Desk
from tests.universe import MEI_LING, RAVI, open_desk


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    """Mei Ling has booked tomorrow at ten with Dr Nolan; Ravi is asked who it is for, and nine is kept."""
    with open_desk(database_url) as made:
        talk(made, MEI_LING, "book", "first consultation", "tomorrow", "10:00", "1", "Mei Ling Tan", "yes")
        talk(made, RAVI, "book", "first consultation", "tomorrow", "9:00")
        yield made


def talk(desk: Desk, address: str, *texts: str) -> None:
    for text in texts:
        receive(desk, Arrived(f"SM{desk.chance.token()}", address, "text", text))


def from_eleven(diary: Diary) -> Diary:
    """Dr Nolan begins at eleven on Tuesdays."""
    nolan = diary.practitioners["nolan"]
    late = tuple(Opening(max(one.opens, 11 * 60), one.closes) for one in nolan.hours[1] if one.closes > 11 * 60)
    hours = {**nolan.hours, 1: late}
    return replace(diary, practitioners={**diary.practitioners, "nolan": replace(nolan, hours=hours)})


def told(found: ChangedTimes) -> list[str]:
    return str(found).split("\n")


def test_the_same_hours_change_nothing(desk: Desk) -> None:
    found = changed_times(desk, replace(desk.diary))
    assert (found.changes, found.appointments, found.held) == ((), 0, 0)
    assert told(found) == ["The times offered in the coming 30 days stay the same."]


def test_hours_that_begin_later_take_times_away_that_one_has_and_another_is_just_booking(desk: Desk) -> None:
    found = changed_times(desk, from_eleven(desk.diary))
    [first] = [one for one in found.changes if one.service == "First consultation"]
    assert (first.practitioner, first.new, first.first_gone) == ("Dr Colum Nolan", 0, "Tue 3 Mar 09:00")
    assert first.gone > 4, "every Tuesday of the month"
    assert (found.appointments, found.held) == (1, 1)
    assert told(found)[-2:] == [
        "  1 appointment is booked at a time that is gone. Nothing is moved or cancelled: see to them in the calendar.",
        "  1 conversation holds a time that is gone, and can still book it.",
    ]


def test_a_day_that_is_closed_takes_its_times_and_a_longer_horizon_brings_new_ones(desk: Desk) -> None:
    closed = replace(desk.diary, closed={**desk.diary.closed, date(2026, 3, 3): ""})
    assert changed_times(desk, closed).appointments == 1
    longer = changed_times(desk, replace(desk.diary, horizon_days=desk.diary.horizon_days + 7))
    assert all(one.gone == 0 < one.new for one in longer.changes)
    assert (longer.appointments, longer.held) == (0, 0)


def test_a_service_that_is_gone_is_told_by_its_name_and_one_with_other_minutes_by_its_times(desk: Desk) -> None:
    services = {id: one for id, one in desk.diary.services.items() if id != "first"}
    gone = changed_times(desk, replace(desk.diary, services=services))
    assert {(one.service, one.new) for one in gone.changes} == {("First consultation", 0)}
    first = desk.diary.services["first"]
    longer = replace(first, minutes=first.minutes + 90)
    found = changed_times(desk, replace(desk.diary, services={**desk.diary.services, "first": longer}))
    assert all(one.gone and not one.new for one in found.changes), "the last ones of a day do not fit any more"
    assert found.appointments == 0
