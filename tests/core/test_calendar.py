"""Which times are free: hours, buffers, notice, closed days, clocks that change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.calendar import (
    ANY,
    Busy,
    Diary,
    Opening,
    Practitioner,
    Service,
    Slot,
    Wanted,
    bookable_days,
    bounds,
    busy_around,
    free_slots,
    instant,
    who_offers,
)
from tests.universe import NOW, SINGAPORE

MORNING = {day: (Opening(9 * 60, 12 * 60),) for day in range(5)}
TUESDAY = date(2026, 3, 3)
TEN = int(datetime(2026, 3, 3, 10, 0, tzinfo=SINGAPORE).timestamp())
DIARY = Diary(
    zone=SINGAPORE,
    practitioners={
        "nolan": Practitioner("nolan", "Dr Nolan", MORNING),
        "nurse": Practitioner("nurse", "Nurse", MORNING),
    },
    services={
        "first": Service("first", "First", 60, ("nolan",), buffer_after=30),
        "check": Service("check", "Check", 30, ("nolan", "nurse")),
    },
    notice_minutes=120,
    horizon_days=14,
    slot_minutes=30,
)


def times(found: dict[date, tuple[Slot, ...]], day: date = TUESDAY) -> list[str]:
    return [f"{slot.local(DIARY.zone):%H:%M}" for slot in found.get(day, ())]


def free(service: str, *busy: Busy, practitioner: str = ANY, now: datetime = NOW) -> dict[date, tuple[Slot, ...]]:
    return free_slots(DIARY, Wanted(service, practitioner), [TUESDAY], busy, now)


def test_a_free_morning_offers_every_start_that_ends_in_time() -> None:
    assert times(free("first")) == ["09:00", "09:30", "10:00", "10:30", "11:00"]


def test_buffers_of_both_neighbours_count() -> None:
    taken = busy_around(Slot("nolan", TEN, TEN + 3600), DIARY.services["first"])
    assert taken.end == TEN + 3600 + 1800
    assert times(free("check", taken, practitioner="nolan")) == ["09:00", "09:30", "11:30"]
    assert times(free("first", Busy("nolan", TEN, TEN + 1800))) == ["10:30", "11:00"]


def test_what_one_has_taken_another_may_still_offer_and_each_start_is_offered_once() -> None:
    found = free("check", Busy("nolan", TEN, TEN + 1800))
    assert times(found) == ["09:00", "09:30", "10:00", "10:30", "11:00", "11:30"]
    assert next(slot for slot in found[TUESDAY] if slot.start == TEN).practitioner == "nurse"


def test_whoever_is_least_busy_that_day_is_offered() -> None:
    found = free("check", Busy("nolan", TEN, TEN + 1800))
    assert {slot.practitioner for slot in found[TUESDAY]} == {"nurse"}


def test_nothing_is_offered_without_notice() -> None:
    at_nine = datetime(2026, 3, 3, 9, 0, tzinfo=SINGAPORE).astimezone(UTC)
    assert times(free("check", now=at_nine)) == ["11:00", "11:30"]


def test_closed_days_and_days_off_offer_nothing() -> None:
    closed = Diary(**{**{name: getattr(DIARY, name) for name in DIARY.__dataclass_fields__}, "closed": {TUESDAY}})
    assert free_slots(closed, Wanted("check"), [TUESDAY], (), NOW) == {}
    assert TUESDAY not in bookable_days(closed, NOW)
    assert free_slots(DIARY, Wanted("check"), [date(2026, 3, 7)], (), NOW) == {}


def test_the_horizon_is_the_last_day_that_can_be_booked() -> None:
    days = bookable_days(DIARY, NOW)
    assert (days[0], days[-1]) == (date(2026, 3, 2), date(2026, 3, 16))


def test_today_is_the_clinics_day_and_not_the_servers() -> None:
    late = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)
    assert bookable_days(DIARY, late)[0] == TUESDAY


def test_a_practitioner_who_does_not_offer_a_service_is_not_meant() -> None:
    assert who_offers(DIARY, Wanted("first", "nurse")) == ()
    assert [one.id for one in who_offers(DIARY, Wanted("check"))] == ["nolan", "nurse"]


@pytest.mark.parametrize(
    ("zone", "day", "minute", "exists"),
    [
        ("Europe/London", date(2026, 3, 29), 90, False),
        ("Europe/London", date(2026, 3, 29), 150, True),
        ("Europe/London", date(2026, 10, 25), 90, True),
        ("Asia/Singapore", date(2026, 3, 29), 90, True),
    ],
)
def test_a_time_that_clocks_skip_is_no_time(zone: str, day: date, minute: int, exists: bool) -> None:
    assert (instant(ZoneInfo(zone), day, minute) is not None) is exists


def test_a_time_that_happens_twice_means_the_first() -> None:
    stamp = instant(ZoneInfo("Europe/London"), date(2026, 10, 25), 90)
    assert stamp == int(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp())


def test_bounds_reach_past_the_days_for_buffers_over_midnight() -> None:
    start, end = bounds(DIARY, [TUESDAY])
    midnight = int(datetime(2026, 3, 3, tzinfo=SINGAPORE).timestamp())
    assert (start, end) == (midnight - 86400, midnight + 2 * 86400)


@given(st.lists(st.tuples(st.integers(-8, 20), st.integers(1, 12)), max_size=8), st.sampled_from(["first", "check"]))
def test_no_offered_slot_ever_meets_what_is_taken(taken: list[tuple[int, int]], service: str) -> None:
    nine = TEN - 3600
    busy = [Busy("nolan", nine + at * 900, nine + (at + long) * 900) for at, long in taken]
    for slot in free(service, *busy).get(TUESDAY, ()):
        needs = busy_around(slot, DIARY.services[service])
        assert all(
            one.end <= needs.start or one.start >= needs.end for one in busy if one.practitioner == slot.practitioner
        )
        assert slot.end - slot.start == timedelta(minutes=DIARY.services[service].minutes).total_seconds()
