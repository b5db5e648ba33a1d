"""What an edit of hours, closed days or services does to the times that patients are offered.

Theory of operation
-------------------
Recorded turns cannot tell it: what the calendar answered then is taken as it was. So both diaries are asked which times
they offer from now on, whoever has them, and the two lists are laid side by side. An appointment or a hold at a time
that only the old one offers is nobody's mistake and stays as it is; how many there are is told before it is published.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.core.calendar import Busy, Diary, Slot, Wanted, bookable_days, bounds, busy_around, free_slots, who_offers
from bot.desk.clinic_time import short_label
from bot.ports import Desk

LANGUAGE = "en"
"""What is told at the terminal is English."""


@dataclass(frozen=True, slots=True)
class TimesChange:
    """Of one service with one practitioner, how many times are ``gone`` and ``new``, each with the first of them in
    clinic time: ``TimesChange("First consultation", "Dr Nolan", 12, 0, "Wed 4 Mar 16:30")``."""

    service: str
    practitioner: str
    gone: int
    new: int
    first_gone: str = ""
    first_new: str = ""

    def __str__(self) -> str:
        parts = [_counted(self.gone, "gone", self.first_gone), _counted(self.new, "new", self.first_new)]
        return f"{self.service} with {self.practitioner}: {', '.join(part for part in parts if part)}."


@dataclass(frozen=True, slots=True)
class ChangedTimes:
    """What becomes of the times of the coming ``days``. ``appointments`` and ``held`` are booked, or kept for somebody
    who is just booking, at times that are gone."""

    days: int
    changes: tuple[TimesChange, ...] = ()
    appointments: int = 0
    held: int = 0

    def as_data(self) -> dict[str, Any]:
        """For another program."""
        return asdict(self)

    def __str__(self) -> str:
        if not self.changes:
            return f"The times offered in the coming {self.days} days stay the same."
        head = f"Times that patients are offered in the coming {self.days} days:"
        return "\n".join([head, *(f"  {change}" for change in self.changes), *self._taken()])

    def _taken(self) -> Iterator[str]:
        if self.appointments:
            are = "1 appointment is" if self.appointments == 1 else f"{self.appointments} appointments are"
            yield f"  {are} booked at a time that is gone. Nothing is moved or cancelled: see to them in the calendar."
        if self.held:
            hold = "1 conversation holds" if self.held == 1 else f"{self.held} conversations hold"
            yield f"  {hold} a time that is gone, and can still book it."


Key = tuple[str, str, int]
"""A time by its service, its practitioner and its start."""


def changed_times(desk: Desk, edit: Diary) -> ChangedTimes:
    """Lay the times of an edited diary beside those of the one in use. Changes nothing."""
    now, running = desk.clock.now(), desk.diary
    before, after = _offered(running, now), _offered(edit, now)
    gone, new = before.keys() - after.keys(), after.keys() - before.keys()
    days = max(running.horizon_days, edit.horizon_days)
    if not gone and not new:
        return ChangedTimes(days)
    appointments, held = _taken(desk, running, {key: before[key] for key in gone}, after, now)
    return ChangedTimes(days, tuple(_changes(running, edit, gone, new)), appointments, held)


def _offered(diary: Diary, now: datetime) -> dict[Key, Slot]:
    """Every time that would be offered if nobody had booked anything."""
    days = bookable_days(diary, now)
    return {
        (service, person.id, slot.start): slot
        for service in diary.services
        for person in who_offers(diary, Wanted(service))
        for slots in free_slots(diary, Wanted(service, person.id), days, (), now).values()
        for slot in slots
    }


def _taken(
    desk: Desk, running: Diary, gone: Mapping[Key, Slot], after: Mapping[Key, Slot], now: datetime
) -> tuple[int, int]:
    """How many appointments, and how many holds, are at times that are gone."""
    today = now.astimezone(running.zone).date()
    start, end = bounds(running, [today, today + timedelta(days=running.horizon_days)])
    kept = {_around(running, key, slot) for key, slot in after.items() if key[0] in running.services}
    left = {_around(running, key, slot) for key, slot in gone.items()} - kept
    with desk.book.look() as ledger:
        entries = ledger.entries(start, end)
        held = ledger.times_held(int(now.timestamp()))
    booked = sum((one.service, one.practitioner, one.starts_at) in gone for one in entries if one.status == "booked")
    return booked, sum(one in left for one in held)


def _around(diary: Diary, key: Key, slot: Slot) -> Busy:
    return busy_around(slot, diary.services[key[0]])


def _changes(running: Diary, edit: Diary, gone: Iterable[Key], new: Iterable[Key]) -> Iterator[TimesChange]:
    found: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for place, keys in enumerate((gone, new)):
        for service, person, start in keys:
            found[service, person][place].append(start)

    def first(starts: list[int]) -> str:
        return short_label(datetime.fromtimestamp(min(starts), edit.zone), LANGUAGE) if starts else ""

    for (service, person), (lost, won) in sorted(found.items()):
        offers = edit if service in edit.services else running
        who = edit.practitioners.get(person) or running.practitioners[person]
        name = offers.services[service].name
        yield TimesChange(name, who.name, len(lost), len(won), first(lost), first(won))


def _counted(times: int, what: str, first: str) -> str:
    if not times:
        return ""
    return f"{'1 time is' if times == 1 else f'{times} times are'} {what} (the first: {first})"
