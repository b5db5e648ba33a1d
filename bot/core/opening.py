"""The clinic's opening hours as a clock: how much of a wait fell into them. Pure.

Reception waits are judged by this clock: who writes at night has not been kept waiting until the doors open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from bot.core.calendar import Diary, instant

LOOK_AHEAD_DAYS = 30
"""A clinic that is closed for longer has no next opening that anybody could promise."""


def _stretches(diary: Diary, first: date, days: int) -> Iterator[tuple[int, int]]:
    for day in (first + timedelta(days=ahead) for ahead in range(days)):
        if day in diary.closed:
            continue
        for opening in diary.hours.get(day.weekday(), ()):
            opens = instant(diary.zone, day, opening.opens)
            if opens is not None:
                yield opens, opens + (opening.closes - opening.opens) * 60


def open_seconds(diary: Diary, start: int, end: int) -> int:
    """How many of the seconds between two instants the clinic was open. Epoch seconds; 0 when ``end`` is earlier."""
    if end <= start:
        return 0
    first = datetime.fromtimestamp(start, UTC).astimezone(diary.zone).date()
    last = datetime.fromtimestamp(end, UTC).astimezone(diary.zone).date()
    stretches = _stretches(diary, first, (last - first).days + 1)
    return sum(max(0, min(end, closes) - max(start, opens)) for opens, closes in stretches)


def is_open(diary: Diary, now: int) -> bool:
    """Whether reception is there now."""
    return open_seconds(diary, now, now + 1) == 1


def opens_next(diary: Diary, now: int) -> int:
    """When reception is there again (now, if it is); 0 when it is closed for longer than a month."""
    first = datetime.fromtimestamp(now, UTC).astimezone(diary.zone).date()
    for opens, closes in _stretches(diary, first, LOOK_AHEAD_DAYS):
        if now < closes:
            return max(now, opens)
    return 0


def closings(diary: Diary, start: int, end: int) -> tuple[int, ...]:
    """When reception closed for the day, each day between two instants."""
    first = datetime.fromtimestamp(start, UTC).astimezone(diary.zone).date()
    last = datetime.fromtimestamp(end, UTC).astimezone(diary.zone).date()
    found: dict[date, int] = {}
    for _, closes in _stretches(diary, first, (last - first).days + 1):
        found[datetime.fromtimestamp(closes - 1, diary.zone).date()] = closes
    return tuple(closes for closes in found.values() if start <= closes <= end)
