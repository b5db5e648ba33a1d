"""The clinic's hours and services, and which times are free. Pure: what is busy is passed in.

Wall-clock times belong to the clinic's zone; instants are UTC epoch seconds. A local time that does not exist because
clocks go forward is no slot; one that exists twice means the first.

The grid is kept: a slot starts at ``opens + n * slot_minutes`` however the day is filled. Buffers of both neighbours
count, so two appointments need ``buffer_after`` of the first plus ``buffer_before`` of the second between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo

ANY = "any"
"""The practitioner option that means whoever is free first."""

HOLD_MINUTES = 10
"""How long a chosen time is kept where the clinic does not say."""


@dataclass(frozen=True, slots=True)
class Opening:
    """One stretch of a working day, in minutes after midnight: ``Opening(540, 750)`` is 09:00 to 12:30."""

    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Practitioner:
    """Somebody who sees patients. ``hours`` by weekday, Monday 0."""

    id: str
    name: str
    hours: Mapping[int, tuple[Opening, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """When follow-ups fall due, in seconds. 0 or nothing: never."""

    preparation: int = 48 * 3600
    """Before the start, for services that have notes to prepare with."""
    check_in: int = 0
    """After the end."""
    rebook: int = 0
    """After staff marked a patient as missed."""
    nudge: int = 0
    """After a booking was left unfinished."""
    offer: int = 30 * 60
    """How long a time that came free is kept for whom it is offered to."""


@dataclass(frozen=True, slots=True)
class Service:
    """What can be booked, and who offers it. Buffers are kept free before and after."""

    id: str
    name: str
    minutes: int
    practitioners: tuple[str, ...]
    buffer_before: int = 0
    buffer_after: int = 0
    names: Mapping[str, str] = field(default_factory=dict)
    """Name by language code."""
    reminders: tuple[int, ...] | None = None
    plan: Plan | None = None
    """Its own reminders and other follow-ups; None: the clinic's."""
    preparation: Mapping[str, str] = field(default_factory=dict)
    """What to bring or to do before, by language code."""


@dataclass(frozen=True, slots=True)
class Diary:
    """Everything needed to say which times can be offered. Days in ``closed`` offer nothing; with
    each stands what it is called ("Good Friday"), or nothing."""

    zone: tzinfo
    practitioners: Mapping[str, Practitioner]
    services: Mapping[str, Service]
    closed: Mapping[date, str] = field(default_factory=dict)
    hours: Mapping[int, tuple[Opening, ...]] = field(default_factory=dict)
    """When reception is there, by weekday, Monday 0."""
    notice_minutes: int = 120
    horizon_days: int = 30
    slot_minutes: int = 30
    hold_minutes: int = HOLD_MINUTES
    reminders: tuple[int, ...] = (72 * 3600, 24 * 3600)
    """How long before an appointment a reminder goes out, in seconds, unless its service says otherwise."""
    plan: Plan = field(default_factory=Plan)
    """The other follow-ups."""

    def reminders_of(self, service: Service | None) -> tuple[int, ...]:
        """How long before an appointment for a service reminders go out, in seconds."""
        return self.reminders if service is None or service.reminders is None else service.reminders

    def plan_of(self, service: Service | None) -> Plan:
        """When the other follow-ups of a service fall due."""
        return self.plan if service is None or service.plan is None else service.plan


@dataclass(frozen=True, slots=True)
class Busy:
    """A stretch of one practitioner's time that is taken, buffers included. UTC epoch seconds, end excluded."""

    practitioner: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Slot:
    """A time that can be offered. UTC epoch seconds, without buffers."""

    practitioner: str
    start: int
    end: int

    def local(self, zone: tzinfo) -> datetime:
        """When it starts, in clinic time."""
        return datetime.fromtimestamp(self.start, zone)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a patient looks for: a service, and a practitioner's id or :data:`ANY`."""

    service: str
    practitioner: str = ANY


def who_offers(diary: Diary, wanted: Wanted) -> tuple[Practitioner, ...]:
    """The practitioners meant: the one named, or everybody who offers the service. KeyError for an unknown service."""
    ids = diary.services[wanted.service].practitioners
    chosen = ids if wanted.practitioner in (ANY, "") else tuple(id for id in ids if id == wanted.practitioner)
    return tuple(diary.practitioners[id] for id in chosen if id in diary.practitioners)


def bookable_days(diary: Diary, now: datetime) -> tuple[date, ...]:
    """The days on which something may be offered, in order: today up to the horizon, without closed days."""
    today = now.astimezone(diary.zone).date()
    days = (today + timedelta(days=ahead) for ahead in range(diary.horizon_days + 1))
    return tuple(day for day in days if day not in diary.closed)


def bounds(diary: Diary, days: Sequence[date]) -> tuple[int, int]:
    """The instants from the first day's midnight to the last one's end, a day wider for buffers over midnight."""
    first = datetime.combine(days[0], datetime.min.time(), diary.zone) - timedelta(days=1)
    last = datetime.combine(days[-1], datetime.min.time(), diary.zone) + timedelta(days=2)
    return int(first.timestamp()), int(last.timestamp())


def free_slots(
    diary: Diary, wanted: Wanted, days: Iterable[date], busy: Iterable[Busy], now: datetime
) -> dict[date, tuple[Slot, ...]]:
    """The free slots of each day that has any. With several practitioners each start is offered once, to the one who
    is least busy that day."""
    offered = diary.services[wanted.service]
    taken: dict[str, list[Busy]] = {}
    for one in busy:
        taken.setdefault(one.practitioner, []).append(one)
    earliest = int(now.timestamp()) + diary.notice_minutes * 60
    found: dict[date, tuple[Slot, ...]] = {}
    for day in days:
        if day in diary.closed:
            continue
        by_start: dict[int, Slot] = {}
        for person in _least_busy_first(diary, wanted, taken, day):
            for slot in _slots_of(diary, offered, person, day):
                if slot.start >= earliest and slot.start not in by_start and _fits(slot, offered, taken):
                    by_start[slot.start] = slot
        if by_start:
            found[day] = tuple(by_start[start] for start in sorted(by_start))
    return found


def busy_around(slot: Slot, service: Service) -> Busy:
    """The time an appointment takes up, buffers included."""
    return Busy(slot.practitioner, slot.start - service.buffer_before * 60, slot.end + service.buffer_after * 60)


def _least_busy_first(
    diary: Diary, wanted: Wanted, taken: Mapping[str, Sequence[Busy]], day: date
) -> list[Practitioner]:
    midnight = int(datetime.combine(day, datetime.min.time(), diary.zone).timestamp())

    def seconds_taken(person: Practitioner) -> int:
        of_day = (one for one in taken.get(person.id, ()) if midnight <= one.start < midnight + 86400)
        return sum(one.end - one.start for one in of_day)

    return sorted(who_offers(diary, wanted), key=seconds_taken)


def _fits(slot: Slot, service: Service, taken: Mapping[str, Sequence[Busy]]) -> bool:
    needs = busy_around(slot, service)
    return all(one.end <= needs.start or one.start >= needs.end for one in taken.get(slot.practitioner, ()))


def _slots_of(diary: Diary, service: Service, person: Practitioner, day: date) -> Iterable[Slot]:
    for opening in person.hours.get(day.weekday(), ()):
        minute = opening.opens
        while minute + service.minutes <= opening.closes:
            start = instant(diary.zone, day, minute)
            if start is not None:
                yield Slot(person.id, start, start + service.minutes * 60)
            minute += diary.slot_minutes


def instant(zone: tzinfo, day: date, minute: int) -> int | None:
    """The instant of a wall-clock time (minutes after midnight), or None where clocks skip it."""
    local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=zone)
    stamp = int(local.timestamp())
    back = datetime.fromtimestamp(stamp, UTC).astimezone(zone)
    return stamp if (back.hour, back.minute) == (local.hour, local.minute) else None
