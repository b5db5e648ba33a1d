"""The lead's numbers: how long patients wait for a person, why they need one, what failed, and what was booked by whom.

Waits are counted in opening hours, from the moment a person was needed to the first answer. Nothing is told of single
people on purpose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.core.calendar import Diary
from bot.core.opening import closings, open_seconds
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.ports.reception import HandOver
from bot.ports.staff import Audited

DAYS_MAX = 366


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a period. Seconds are of opening hours; a percentile of nothing is None."""

    first: date
    last: date
    needed: int
    """Stretches in which a person was needed."""
    answered: int
    waiting_p50: int | None
    waiting_p90: int | None
    unanswered_at_closing: int
    """How often a patient was still without an answer when the clinic closed for the day, each day counted."""
    by_hour: Mapping[tuple[int, int], int]
    """Stretches by (weekday, hour) in clinic time, Monday 0."""
    reasons: Mapping[str, int]
    closed_as: Mapping[str, int]
    """Stretches that staff closed, by what they said it was: ids of the clinic's list, empty where they did not say."""
    failed: Mapping[str, int]
    no_shows: int
    held: int
    """Appointments that took place or should have: neither cancelled nor still to come."""
    booked_by_bot: int
    booked_by_people: int


def numbers(desk: Desk, first: date, last: date) -> Numbers:
    """The numbers from one day to another, both included, in clinic time; at most a year. Raises NotPossible."""
    if not 0 <= (last - first).days < DAYS_MAX:
        raise NotPossible("Choose a period of at most a year.")
    zone = desk.diary.zone
    start = int(datetime.combine(first, datetime.min.time(), zone).timestamp())
    end = int(datetime.combine(last + timedelta(days=1), datetime.min.time(), zone).timestamp())
    with desk.book.look() as ledger:
        stretches = ledger.hand_overs(start, end)
        tally = ledger.tally(start, end)
    now = int(desk.clock.now().timestamp())
    waits = sorted(_waited(desk.diary, one) for one in stretches if one.answered_at)
    by_hour = Counter(_hour(one.asked_at, desk) for one in stretches)
    came = {status: sum(count for (is_, _), count in tally.appointments.items() if is_ == status) for status in _CAME}
    return Numbers(
        first=first,
        last=last,
        needed=len(stretches),
        answered=len(waits),
        waiting_p50=percentile(waits, 50),
        waiting_p90=percentile(waits, 90),
        unanswered_at_closing=sum(_closings_waited(desk.diary, one, now) for one in stretches),
        by_hour=dict(by_hour),
        reasons=dict(Counter(one.reason for one in stretches).most_common()),
        closed_as=_closed_as(stretches),
        failed=dict(sorted(tally.failed.items(), key=lambda pair: -pair[1])),
        no_shows=came["noshow"],
        held=sum(came.values()),
        booked_by_bot=tally.booked.get("bot", 0),
        booked_by_people=tally.booked.get("staff", 0),
    )


def export(desk: Desk, staff: str, first: date, last: date) -> Numbers:
    """The numbers to be taken out of the house; that they were is written down first. Raises NotPossible."""
    found = numbers(desk, first, last)
    with desk.book.begin() as ledger:
        ledger.audit(Audited(int(desk.clock.now().timestamp()), staff, "exported", "numbers"))
    return found


_CAME = ("arrived", "fulfilled", "noshow")


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The smallest of the ordered values that at least so many per cent do not exceed; None of nothing."""
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else None


def _closed_as(stretches: Sequence[HandOver]) -> Mapping[str, int]:
    """The most frequent first, and last where nobody said it."""
    counts = Counter(one.closed_as for one in stretches if one.ended == "silent")
    return dict(sorted(counts.items(), key=lambda pair: (not pair[0], -pair[1], pair[0])))


def _waited(diary: Diary, one: HandOver) -> int:
    return open_seconds(diary, one.asked_at, one.answered_at)


def _closings_waited(diary: Diary, one: HandOver, now: int) -> int:
    until = one.answered_at or one.ended_at or now
    return len(closings(diary, one.asked_at, until))


def _hour(at: int, desk: Desk) -> tuple[int, int]:
    local = datetime.fromtimestamp(at, desk.diary.zone)
    return local.weekday(), local.hour
