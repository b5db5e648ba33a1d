"""How a day of the diary is laid out: a table of quarter hours with a column for each practitioner, and a list.

The table is real: every cell belongs to one time and one practitioner, and what lasts longer spans rows. Two
appointments that share a quarter hour (10:00 to 10:20, 10:20 to 10:40) stand in one cell, each with its own time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Literal

from bot.core.calendar import Diary, Practitioner, Slot
from bot.core.opening import LOOK_AHEAD_DAYS
from bot.desk.diary import Day
from bot.ports.reception import Entry

STEP_MINUTES = 15
DAY_MINUTES = 24 * 60

STATUS: Mapping[str, tuple[str, str]] = {
    "booked": ("Booked", "info"),
    "arrived": ("Arrived", "good"),
    "fulfilled": ("Seen", "plain"),
    "noshow": ("Did not come", "warn"),
    "cancelled": ("Cancelled", "plain"),
    "entered-in-error": ("Entered by mistake", "plain"),
    "blocked": ("Blocked", "plain"),
}
"""Each status in words, and the kind of its badge. A colour never says anything that the words do not."""
GONE = ("cancelled", "entered-in-error")

CellKind = Literal["booked", "blocked", "free", "gap", "off"]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of the table: what is in it, and how many quarter hours it spans. ``gap`` is working time that is neither
    taken nor free (kept by a patient who is choosing, a buffer, the past), ``off`` is no working time."""

    kind: CellKind
    rows: int
    entries: tuple[Entry, ...] = ()
    slot: Slot | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A quarter hour: the cells that begin in it, and whether it is now."""

    minute: int
    cells: tuple[tuple[Practitioner, Cell], ...]
    is_now: bool

    @property
    def label(self) -> str:
        """``09:15``."""
        return f"{self.minute // 60:02}:{self.minute % 60:02}"


@dataclass(frozen=True, slots=True)
class Grid:
    """A day as a table."""

    people: tuple[Practitioner, ...]
    rows: tuple[Row, ...]


def staying(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """Those that still take place, or did."""
    return tuple(one for one in entries if one.status not in GONE)


def grid(diary: Diary, day: Day, now: datetime) -> Grid | None:
    """A day as a table; None when nobody works and nothing is booked."""
    people = tuple(
        one
        for one in diary.practitioners.values()
        if (one.hours.get(day.day.weekday()) and not day.closed)
        or any(entry.practitioner == one.id for entry in staying(day.entries))
    )
    if not people:
        return None
    columns = {one.id: _Column(diary, day, one) for one in people}
    first = min(column.first for column in columns.values())
    last = max(column.last for column in columns.values())
    laid = {id: dict(column.cells(first, last)) for id, column in columns.items()}
    local = now.astimezone(diary.zone)
    now_step = (local.hour * 60 + local.minute) // STEP_MINUTES if local.date() == day.day else -1
    rows = tuple(
        Row(
            step * STEP_MINUTES,
            tuple((one, laid[one.id][step]) for one in people if step in laid[one.id]),
            step == now_step,
        )
        for step in range(first, last)
    )
    return Grid(people, rows)


class _Column:
    """A practitioner's day in quarter hours. What is booked goes before what is blocked, then what is free."""

    def __init__(self, diary: Diary, day: Day, person: Practitioner) -> None:
        self._zone, self._day = diary.zone, day.day
        self._step: dict[int, CellKind | Entry | Slot] = {}
        openings = () if day.closed else person.hours.get(day.day.weekday(), ())
        for opening in openings:
            self._fill(opening.opens // STEP_MINUTES, -(-opening.closes // STEP_MINUTES), "gap")
        mine = [one for one in staying(day.entries) if one.practitioner == person.id]
        self._booked = [one for one in mine if one.kind == "appointment"]
        for slot in day.free.get(person.id, ()):
            self._fill(*self._steps(slot.start, slot.end), slot)
        inside = (min(self._step, default=None), max(self._step, default=None))
        for block in (one for one in mine if one.kind == "block"):
            start, end = self._steps(block.starts_at, block.ends_at)
            # A block may last all night: of that only the working day is shown, if there is one.
            self._fill(
                start if inside[0] is None else max(start, inside[0]),
                end if inside[1] is None else min(end, inside[1] + 1),
                block,
            )
        for one in self._booked:
            self._fill(*self._steps(one.starts_at, one.ends_at), one)
        self.first = min(self._step, default=DAY_MINUTES // STEP_MINUTES)
        self.last = max(self._step, default=0) + 1

    def _fill(self, start: int, end: int, what: CellKind | Entry | Slot) -> None:
        for step in range(start, end):
            self._step[step] = what

    def _steps(self, start: int, end: int) -> tuple[int, int]:
        return self._minute(start) // STEP_MINUTES, max(
            self._minute(start) // STEP_MINUTES + 1, -(-self._minute(end) // STEP_MINUTES)
        )

    def _minute(self, instant: int) -> int:
        """Minutes of the wall clock after midnight, within this day."""
        local = datetime.fromtimestamp(instant, self._zone)
        if local.date() != self._day:
            return 0 if local.date() < self._day else DAY_MINUTES
        return local.hour * 60 + local.minute

    def cells(self, first: int, last: int) -> Iterator[tuple[int, Cell]]:
        """The cells from one step to another, by the step they begin in."""
        step = first
        while step < last:
            end = self._together_until(step, last)
            yield step, self._cell(step, end)
            step = end

    def _together_until(self, step: int, last: int) -> int:
        if self._at(step):
            end = step + 1
            # Whatever reaches into a step that is taken already belongs to the same cell.
            while end < last and any(one in self._at(end) for one in self._at(end - 1)):
                end += 1
            return end
        what = self._step.get(step, "off")
        end = step + 1
        while end < last and not self._at(end) and self._step.get(end, "off") == what:
            end += 1
        return end

    def _at(self, step: int) -> list[Entry]:
        return [one for one in self._booked if step in range(*self._steps(one.starts_at, one.ends_at))]

    def _cell(self, step: int, end: int) -> Cell:
        rows = end - step
        booked = {one.id: one for at in range(step, end) for one in self._at(at)}
        what = self._step.get(step, "off")
        if booked:
            return Cell("booked", rows, tuple(booked.values()))
        if isinstance(what, Entry):
            return Cell("blocked", rows, (what,))
        if isinstance(what, Slot):
            return Cell("free", rows, slot=what)
        return Cell(what, rows)


def next_open(diary: Diary, day: date) -> date | None:
    """The next day after one on which somebody works; None within a month."""
    for ahead in range(1, LOOK_AHEAD_DAYS + 1):
        coming = day + timedelta(days=ahead)
        if coming not in diary.closed and any(one.hours.get(coming.weekday()) for one in diary.practitioners.values()):
            return coming
    return None


def times_on(zone: tzinfo, entry: Entry, day: date) -> tuple[str, str]:
    """When an entry begins and ends on one day, for a list: ``("10:00", "10:30")``. What goes over midnight, as a block
    of several days, is ``("All day", "")``, ``("From 12:00", "")`` or ``("Until 12:00", "")``."""
    begins, ends = (datetime.fromtimestamp(at, zone) for at in (entry.starts_at, entry.ends_at))
    before, after = begins <= _midnight(zone, day), ends >= _midnight(zone, day + timedelta(days=1))
    if before and after:
        return "All day", ""
    if after:
        return f"From {begins:%H:%M}", ""
    if before and begins.date() < day:
        return f"Until {ends:%H:%M}", ""
    return f"{begins:%H:%M}", f"{ends:%H:%M}"


def stretch(zone: tzinfo, starts_at: int, ends_at: int) -> str:
    """From when until when, as one would say it: ``Tue 3 Mar, all day``, ``Tue 3 Mar to Thu 5 Mar, all day``, ``Tue 3
    Mar, 09:00 to 12:00``, ``Tue 3 Mar, 12:00 to end of day``. Nothing ends at 00:00 of the day after."""
    begins, ends = (datetime.fromtimestamp(at, zone) for at in (starts_at, ends_at))
    whole, to_end = begins == _midnight(zone, begins.date()), ends == _midnight(zone, ends.date())
    last = ends.date() - timedelta(days=1) if to_end else ends.date()
    to = "end of day" if to_end else f"{ends:%H:%M}"
    if begins.date() == last:
        return f"{begins:%a %-d %b}, " + ("all day" if whole and to_end else f"{begins:%H:%M} to {to}")
    if whole and to_end:
        return f"{begins:%a %-d %b} to {last:%a %-d %b}, all day"
    return f"{begins:%a %-d %b}, {begins:%H:%M} to {last:%a %-d %b}, {to}"


def _midnight(zone: tzinfo, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def why_closed(diary: Diary, day: date) -> str:
    """Why a day is closed, in words: ``Closed on Sundays``, ``Closed on Friday, 3 April: Good Friday``."""
    if day not in diary.closed:
        return f"Closed on {day:%A}s"
    return f"Closed on {day:%A, %-d %B}" + (f": {diary.closed[day]}" if diary.closed[day] else "")
