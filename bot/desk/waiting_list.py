"""A time came free: it is offered to whoever waits for one, to one patient at a time, and kept for her meanwhile.

The offer is a follow-up of her appointment; its hold and it end at the same moment. Who takes it moves there; who
does not answer, or keeps her time, makes room for the next on the list.
"""

from __future__ import annotations

from bot.core.calendar import Slot, Wanted, bounds, busy_around, free_slots
from bot.desk import planning
from bot.desk.apart import apart
from bot.ports import Appointment, Desk, Freed, Ledger

ROWS_MAX = 50


def offer_freed_times(desk: Desk) -> None:
    """Offer every time that came free to the next patient who would like it. At night nobody is asked."""
    now = desk.clock.now()
    with desk.book.begin() as ledger:
        freed = ledger.freed(int(now.timestamp()), ROWS_MAX)
    if not planning.awake(now, desk.diary.zone):
        return
    for one in freed:
        with apart(desk, "offering_failed", freed=one.id), desk.book.begin() as ledger:
            _offer(desk, ledger, one)


def _offer(desk: Desk, ledger: Ledger, freed: Freed) -> None:
    stamp = int(desk.clock.now().timestamp())
    services = [one.id for one in desk.diary.services.values() if freed.slot.practitioner in one.practitioners]
    waiting = ledger.who_would_like(freed.slot, services)
    if not waiting:
        ledger.settled(freed.id)
        return
    for appointment in waiting:
        slot = _fitting(desk, ledger, appointment, freed)
        if slot is not None and not ledger.holds(appointment.conversation, stamp):
            _make(desk, ledger, appointment, slot)
            return


def _make(desk: Desk, ledger: Ledger, appointment: Appointment, slot: Slot) -> None:
    stamp, service = int(desk.clock.now().timestamp()), desk.diary.services[appointment.service]
    kept = desk.diary.plan_of(service).offer
    if not kept:
        return
    until = min(stamp + kept, slot.start)
    ledger.hold(appointment.conversation, busy_around(slot, service), until, stamp)
    ledger.add_follow_ups(appointment.id, (planning.offer(slot, stamp, until),), stamp)


def _fitting(desk: Desk, ledger: Ledger, appointment: Appointment, freed: Freed) -> Slot | None:
    """The free time of this service that starts where the other appointment did; none while it is kept for another."""
    diary, now = desk.diary, desk.clock.now()
    day = freed.slot.local(diary.zone).date()
    practitioner = freed.slot.practitioner
    start, end = bounds(diary, (day,))
    busy = ledger.busy([practitioner], start, end, int(now.timestamp()), appointment.conversation)
    free = free_slots(diary, Wanted(appointment.service, practitioner), (day,), busy, now)
    return next((slot for slot in free.get(day, ()) if slot.start == freed.slot.start), None)
