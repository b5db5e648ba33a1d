"""The diary at the desk: read days, book, move, cancel and mark, for patients with or without WhatsApp.

The database decides who has a time; whoever loses is told who won. Each change raises the appointment's version, so
that old reminders and old pages can do no harm, and is told in the patient's thread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from bot.core.calendar import Diary, Service, Slot, Wanted, busy_around, free_slots
from bot.core.conversation import Conversation
from bot.core.reference import SPACE, reference
from bot.desk.diary_words import reachable, tell, tell_thread
from bot.desk.next_times import OFFERED_SLOTS, next_free
from bot.desk.planning import after_visit, drafts, invitation
from bot.desk.reception import NotPossible, Refused
from bot.ports import Appointment, Booking, Desk, FollowUpDraft, Ledger, NewTime, SlotTaken
from bot.ports.reception import Entry, Holder
from bot.ports.staff import Audited

DAYS_MAX = 31
ALL_SLOTS = 2_000
"""More than a month of any grid has."""
NOBODY = "desk:"
"""Begins the address of a patient without WhatsApp: a conversation in which nothing can be said."""

Outcome = Literal["arrived", "fulfilled", "noshow"]
_MARKS: Mapping[Outcome, tuple[str, tuple[str, ...]]] = {
    "arrived": ("the patient has arrived", ("booked",)),
    "fulfilled": ("the visit is over", ("booked", "arrived")),
    "noshow": ("the patient did not come", ("booked",)),
}
"""How an appointment can come out: why nothing more is said about it, and from which states."""


class Clash(Refused):
    """Somebody else has this time; ``holder`` is who (None: it was free again a moment later)."""

    def __init__(self, holder: Holder | None) -> None:
        super().__init__("Somebody else has this time.")
        self.holder = holder


class Changed(Refused):
    """The appointment was changed since she looked; ``entry`` is how it is now (None: it is gone)."""

    def __init__(self, entry: Entry | None) -> None:
        super().__init__("This appointment was changed meanwhile.")
        self.entry = entry


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the diary. ``free`` are the steps of the grid in her hours that nothing takes, by practitioner."""

    day: date
    closed: bool
    entries: tuple[Entry, ...]
    free: Mapping[str, tuple[Slot, ...]]


@dataclass(frozen=True, slots=True)
class New:
    """An appointment to make. ``conversation`` is the patient's, or empty for somebody without WhatsApp. ``start`` is
    in epoch seconds; any free time will do, on the grid or not. ``patient_id`` when she was chosen, else ``patient``.
    ``tell``: tell the patient, if she has WhatsApp. ``wish`` is the request that this answers."""

    service: str
    practitioner: str
    start: int
    patient: str
    phone: str = ""
    conversation: str = ""
    patient_id: int = 0
    tell: bool = True
    wish: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """An appointment as her page showed it."""

    appointment: int
    version: int


@dataclass(frozen=True, slots=True)
class To:
    """Where an appointment moves to: an instant in epoch seconds, and another practitioner when one is named."""

    start: int
    practitioner: str = ""
    tell: bool = True


# ---- reading


def days(desk: Desk, first: date, count: int = 1, practitioner: str = "") -> tuple[Day, ...]:
    """Days of the diary, at most 31: a day is 1, a week 7. Past days show what was; free times are those to come."""
    wanted = [first + timedelta(days=ahead) for ahead in range(max(1, min(count, DAYS_MAX)))]
    start, end = midnight(desk, wanted[0]), midnight(desk, wanted[-1] + timedelta(days=1))
    people = [id for id in desk.diary.practitioners if practitioner in ("", id)]
    now = desk.clock.now()
    with desk.book.look() as ledger:
        entries = ledger.entries(start, end, practitioner)
        busy = ledger.busy(people, start, end, int(now.timestamp()), "")
    grid = _grid(desk.diary)
    free = {id: free_slots(grid, Wanted(_STEP, id), wanted, busy, now) for id in people}
    return tuple(
        Day(
            day,
            _closed(desk.diary, day),
            tuple(
                one
                for one in entries
                if one.starts_at < midnight(desk, day + timedelta(days=1)) and one.ends_at > midnight(desk, day)
            ),
            {id: slots[day] for id, slots in free.items() if day in slots},
        )
        for day in wanted
    )


def free_times(desk: Desk, service: str, practitioner: str, count: int = OFFERED_SLOTS) -> tuple[Slot, ...]:
    """The next free times of a service, as a patient would be offered them: with notice, on the grid."""
    with desk.book.look() as ledger:
        return next_free(desk, ledger, service, practitioner, count)


def free_near(desk: Desk, service: str, practitioner: str, wanted: int) -> tuple[Slot, ...]:
    """The free times of a service nearest to an instant that was wanted, earliest first."""
    free = free_times(desk, service, practitioner, ALL_SLOTS)
    nearest = sorted(free, key=lambda slot: abs(slot.start - wanted))[:OFFERED_SLOTS]
    return tuple(sorted(nearest, key=lambda slot: slot.start))


def appointment(desk: Desk, id: int) -> Entry | None:
    """One appointment as the diary has it now; None when there is none of that id."""
    with desk.book.look() as ledger:
        return ledger.entry(id, locked=False)


def wishes(desk: Desk, conversation: str) -> tuple[tuple[int, str, Mapping[str, str]], ...]:
    """Appointments the patient asked for that nobody has confirmed: (id, number, what was asked)."""
    with desk.book.look() as ledger:
        return ledger.wishes_of(conversation)


# ---- changing


def book(desk: Desk, staff: str, new: New) -> Appointment:
    """Book a time for a patient. Raises Clash naming who has it, or NotPossible."""
    if new.service not in desk.diary.services or new.practitioner not in desk.diary.practitioners:
        raise NotPossible("This service or practitioner is not in the clinic's files.")
    if not new.patient.strip() and not new.patient_id:
        raise NotPossible("Whose appointment is it?")
    service, now = desk.diary.services[new.service], _stamp(desk)
    slot = Slot(new.practitioner, new.start, new.start + service.minutes * 60)
    if slot.end <= now:
        raise NotPossible("This time has passed.")
    with _clash_named(desk, slot, service), desk.book.begin() as ledger:
        conversation = new.conversation or _nobody(desk, ledger)
        state = ledger.read(conversation) if ledger.head(conversation) else None
        if state is None:
            raise NotPossible("There is no such conversation.")
        made = ledger.book(_booking(desk, staff, new, slot, state), now)
        ledger.audit(_changed(now, staff, made.id, "booked"))
        if new.wish:
            ledger.wish_done(new.wish)
    tell(desk, staff, made, "appointment_booked", aloud=new.tell)
    return made


def _booking(desk: Desk, staff: str, new: New, slot: Slot, state: Conversation) -> Booking:
    return Booking(
        number=reference(desk.chance.below(SPACE)),
        conversation=state.id,
        patient=" ".join(new.patient.split()),
        phone=new.phone or state.phone,
        whom="",
        service=new.service,
        slot=slot,
        busy=busy_around(slot, desk.diary.services[new.service]),
        local_start=f"{slot.local(desk.diary.zone):%Y-%m-%dT%H:%M}",
        zone=str(desk.diary.zone),
        follow_ups=drafts(desk.diary, slot.start, _stamp(desk), new.service) if reachable(state) else (),
        made_by=staff,
        patient_id=new.patient_id,
    )


def move(desk: Desk, staff: str, seen: Seen, to: To) -> Appointment:
    """Move an appointment. Raises Clash or Changed (the old time is kept then), or NotPossible."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        entry = _current(ledger, seen)
    service = desk.diary.services.get(entry.service)
    if service is None:
        raise NotPossible("This service is not in the clinic's files any more.")
    if to.start <= now:
        raise NotPossible("This time has passed.")
    slot = Slot(to.practitioner or entry.practitioner, to.start, to.start + service.minutes * 60)
    local_start = f"{slot.local(desk.diary.zone):%Y-%m-%dT%H:%M}"
    with _clash_named(desk, slot, service), desk.book.begin() as ledger:
        entry = _current(ledger, seen)
        state = ledger.read(entry.conversation)
        follow_ups = drafts(desk.diary, slot.start, now, entry.service) if state and reachable(state) else ()
        new_time = NewTime(slot, busy_around(slot, service), local_start, follow_ups)
        moved = ledger.move(seen.appointment, new_time, now)
        if moved is None:
            raise Changed(None)
        ledger.audit(_changed(now, staff, moved.id, "moved"))
    tell(desk, staff, moved, "appointment_moved", aloud=to.tell)
    return moved


def cancel(desk: Desk, staff: str, seen: Seen, aloud: bool = True) -> Appointment:
    """Cancel an appointment; what was to be said about it is not said. Raises Changed."""
    with desk.book.begin() as ledger:
        _current(ledger, seen)
        cancelled = ledger.cancel(seen.appointment, _stamp(desk))
        if cancelled is None:
            raise Changed(None)
        ledger.audit(_changed(_stamp(desk), staff, cancelled.id, "cancelled"))
    tell(desk, staff, cancelled, "appointment_cancelled", aloud=aloud)
    return cancelled


def mark(desk: Desk, staff: str, seen: Seen, outcome: Outcome) -> None:
    """Say how an appointment came out. Raises Changed, or NotPossible when it cannot have come out so."""
    why, from_states = _MARKS[outcome]
    with desk.book.begin() as ledger:
        entry = _current(ledger, seen, from_states)
        if outcome == "noshow" and entry.starts_at > _stamp(desk):
            raise NotPossible("It has not begun yet.")
        state = ledger.read(entry.conversation)
        follow_ups = _after(desk, outcome, entry) if state and reachable(state) else ()
        ledger.mark(seen.appointment, outcome, follow_ups, why, _stamp(desk))
        ledger.audit(_changed(_stamp(desk), staff, seen.appointment, outcome))
    tell_thread(desk, staff, f"patient_{outcome}", entry)


def _after(desk: Desk, outcome: Outcome, entry: Entry) -> tuple[FollowUpDraft, ...]:
    if outcome == "noshow":
        return invitation(desk.diary, entry.service, _stamp(desk))
    return after_visit(desk.diary, entry.service, entry.starts_at)


# ---- parts

_STEP = "\n"
"""The name of a service nobody has: one step of the grid with anybody, to show what is free."""


def _grid(diary: Diary) -> Diary:
    step = Service(_STEP, "", diary.slot_minutes, tuple(diary.practitioners))
    return replace(diary, notice_minutes=0, services={**diary.services, _STEP: step})


def _closed(diary: Diary, day: date) -> bool:
    return day in diary.closed or not any(one.hours.get(day.weekday()) for one in diary.practitioners.values())


def _current(ledger: Ledger, seen: Seen, states: tuple[str, ...] = ("booked",)) -> Entry:
    entry = ledger.entry(seen.appointment)
    if entry is None or entry.version != seen.version or entry.status not in states:
        raise Changed(entry)
    return entry


def _changed(now: int, staff: str, appointment: int, how: str) -> Audited:
    return Audited(now, staff, "changed", f"appointment:{appointment}", how)


def _nobody(desk: Desk, ledger: Ledger) -> str:
    """A conversation for a patient without WhatsApp: nothing can be said in it, and no follow-up is ever made."""
    id = f"desk-{desk.chance.token()[:20]}"
    ledger.create(Conversation(id, f"{NOBODY}{id}", control="closed", opted_out=True), _stamp(desk))
    return id


@contextmanager
def _clash_named(desk: Desk, slot: Slot, service: Service) -> Iterator[None]:
    """Say who has the time when the database refuses it: asked apart, after the transaction that lost."""
    try:
        yield
    except SlotTaken as taken:
        wants = busy_around(slot, service)
        with desk.book.look() as ledger:
            holder = ledger.who_has(wants.practitioner, wants.start, wants.end, _stamp(desk))
        raise Clash(holder) from taken


def midnight(desk: Desk, day: date) -> int:
    """When a day begins at the clinic, in epoch seconds."""
    return int(datetime.combine(day, datetime.min.time(), desk.diary.zone).timestamp())


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
