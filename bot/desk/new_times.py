"""A tap under the news that an appointment fell through (:mod:`bot.core.new_times`): book that time, or find others."""

from __future__ import annotations

from bot.core.calendar import Slot, Wanted, bookable_days, bounds, free_slots
from bot.desk.clinic_time import short_label
from bot.desk.doing import Came, Doing, book_slot, coming, slot_of, told
from bot.desk.next_times import OFFERED_SLOTS, next_free
from bot.desk.telling import told_of
from bot.ports import Appointment, SlotTaken


def new_time(doing: Doing) -> Came:
    """Book a time instead of an appointment that fell through, or find the ones that are free. Whoever has another one
    already keeps that: a second tap is no second appointment."""
    fell = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    if fell is None or fell.status != "cancelled" or fell.service not in doing.desk.diary.services:
        return "gone", None
    had = next((one for one in coming(doing) if (one.service, one.patient) == (fell.service, fell.patient)), None)
    if had is not None:
        return "kept", told_of(doing.desk.diary, had, doing.language)
    if not doing.id("slot"):
        return _times_instead(doing, fell, "found")
    slot = slot_of(doing, fell.service)
    if slot not in _free_with(doing, fell.service, slot):
        return _times_instead(doing, fell, "taken")
    try:
        with doing.ledger.savepoint():
            return "booked", told(doing, book_slot(doing, fell.service, slot, fell.patient, ""))
    except SlotTaken:
        return _times_instead(doing, fell, "taken")


def _free_with(doing: Doing, service: str, slot: Slot) -> tuple[Slot, ...]:
    """What is free on the day of a slot with its practitioner: only that can be taken, whatever a button says."""
    diary, day = doing.desk.diary, slot.local(doing.desk.diary.zone).date()
    busy = doing.ledger.busy([slot.practitioner], *bounds(diary, (day,)), doing.stamp, doing.conversation.id)
    days = [one for one in bookable_days(diary, doing.now) if one == day]
    return free_slots(diary, Wanted(service, slot.practitioner), days, busy, doing.now).get(day, ())


def _times_instead(doing: Doing, fell: Appointment, outcome: str) -> Came:
    free = next_free(doing.desk, doing.ledger, fell.service, fell.practitioner, OFFERED_SLOTS)
    times = {
        f"{slot.practitioner}@{slot.start}": short_label(slot.local(doing.desk.diary.zone), doing.language)
        for slot in free
    }
    return (outcome, {"appointment": str(fell.id), "times": times}) if times else ("none", None)
