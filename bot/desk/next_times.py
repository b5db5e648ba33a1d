"""The next free times of a service, as patients are offered them when something else fell through."""

from __future__ import annotations

from bot.core.calendar import Slot, Wanted, bookable_days, bounds, free_slots
from bot.ports import Desk, Ledger

OFFERED_SLOTS = 3


def next_free(desk: Desk, ledger: Ledger, service: str, practitioner: str, count: int) -> tuple[Slot, ...]:
    """The next free times with a practitioner, else with anybody who offers it: one of each day before two of one."""
    if service not in desk.diary.services:
        return ()
    now = desk.clock.now()
    coming = bookable_days(desk.diary, now)
    people = desk.diary.services[service].practitioners
    busy = ledger.busy(people, *bounds(desk.diary, coming), int(now.timestamp()), "")
    found = free_slots(desk.diary, Wanted(service, practitioner), coming, busy, now)
    found = found or free_slots(desk.diary, Wanted(service), coming, busy, now)
    firsts = [slots[0] for slots in found.values()]
    others = [slot for slots in found.values() for slot in slots[1:]]
    return tuple(sorted((*firsts, *others)[:count], key=lambda slot: slot.start))
