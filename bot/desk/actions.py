"""What flows may ask of the clinic: each action of :mod:`bot.core.actions`, carried out in the turn's transaction.

An action runs in a savepoint of its own. It answers with one of its declared outcomes; a time that somebody else has
just taken is the outcome ``taken``, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bot.core import safety
from bot.core.actions import ACTIONS
from bot.core.calendar import Slot, Wanted, bookable_days, bounds, busy_around, free_slots, who_offers
from bot.core.conversation import Conversation
from bot.core.effects import DoAction
from bot.core.events import Outcome
from bot.core.flow import Value
from bot.core.names import label
from bot.core.reference import SPACE, reference
from bot.desk.clinic_time import day_label, short_label, time_label, when_label
from bot.desk.follow_ups import drafts
from bot.ports import Appointment, BookAway, Booking, Desk, Ledger, NewTime, SlotTaken


@dataclass(frozen=True, slots=True)
class Doing:
    """Everything an action needs: the desk, the open transaction, whose turn it is, what was passed in, and when."""

    desk: Desk
    ledger: Ledger
    conversation: Conversation
    inputs: Mapping[str, Value]
    now: datetime
    by: str = "bot"
    """``bot``, or the account of whoever does it at the desk."""

    @property
    def language(self) -> str:
        return self.conversation.language

    @property
    def stamp(self) -> int:
        return int(self.now.timestamp())

    def id(self, name: str) -> str:
        """The id behind an input: of an option, or the plain value."""
        value = self.inputs.get(name)
        if isinstance(value, Mapping):
            value = value.get("id")
        return "" if value is None else str(value)

    def text(self, name: str) -> str:
        """An input as words: an option's label, or the plain value."""
        value = self.inputs.get(name)
        if isinstance(value, Mapping):
            return label(value, self.language)
        return "" if value is None else str(value)

    def local(self, stamp: int) -> datetime:
        return datetime.fromtimestamp(stamp, self.desk.diary.zone)


def carry_out(  # noqa: PLR0913 - what, by whom, for whom
    desk: Desk, ledger: Ledger, conversation: Conversation, asked: DoAction, now: datetime, by: str = "bot"
) -> Outcome:
    """Do what a flow asked for. What fails for any other reason than the database being away is undone, told to the
    operator, and comes out as ``failed`` where the action declares it, so that the flow's own words are said."""
    act = _ACTIONS[asked.action]
    name: str
    value: Value
    try:
        with ledger.savepoint():
            name, value = act(Doing(desk, ledger, conversation, asked.inputs, now, by))
    except SlotTaken:
        name, value = "taken", None
    except BookAway:
        raise
    except Exception as error:
        if "failed" not in ACTIONS[asked.action].gives:
            raise
        ids = {"action": asked.action, "conversation": conversation.id, "error": type(error).__name__}
        desk.report("action_failed", ids)
        name, value = "failed", None
    if asked.action == "language.set":
        return Outcome(asked.action, name, value, language=str(value))
    if name == "requested":
        return Outcome(asked.action, name, value, for_staff="Wants an appointment: confirm a time")
    if asked.action in ("contact.stop", "contact.start"):
        return Outcome(asked.action, name, opted_out=asked.action == "contact.stop")
    return Outcome(asked.action, name, value)


Came = tuple[str, Value]


def _practitioners(doing: Doing) -> Came:
    people = who_offers(doing.desk.diary, Wanted(doing.id("service")))
    options = tuple({"id": person.id, "label": person.name} for person in people)
    return ("one", options[0]) if len(options) == 1 else ("choice", options)


def _free(doing: Doing, days: tuple[date, ...]) -> dict[date, tuple[Slot, ...]]:
    diary, wanted = doing.desk.diary, Wanted(doing.id("service"), doing.id("practitioner"))
    if not days:
        return {}
    people = [person.id for person in who_offers(diary, wanted)]
    start, end = bounds(diary, days)
    busy = doing.ledger.busy(people, start, end, doing.stamp, doing.conversation.id)
    return free_slots(diary, wanted, days, busy, doing.now)


def _find_days(doing: Doing) -> Came:
    free = _free(doing, bookable_days(doing.desk.diary, doing.now))
    options = tuple(
        {"id": day.isoformat(), "label": day_label(day, doing.language), "date": day.isoformat()} for day in free
    )
    return ("found", options) if options else ("none", None)


def _find_slots(doing: Doing) -> Came:
    day = date.fromisoformat(doing.id("day"))
    if day not in bookable_days(doing.desk.diary, doing.now):
        return "none", None
    slots = _free(doing, (day,)).get(day, ())
    options = tuple(_slot_option(doing, slot) for slot in slots)
    return ("found", options) if options else ("none", None)


def _slot_option(doing: Doing, slot: Slot) -> Mapping[str, Value]:
    local = slot.local(doing.desk.diary.zone)
    return {
        "id": f"{slot.practitioner}@{slot.start}",
        "label": time_label(local),
        "time": time_label(local),
        "when": when_label(local, doing.language),
        "practitioner": doing.desk.diary.practitioners[slot.practitioner].name,
    }


def _slot(doing: Doing, service: str) -> Slot:
    practitioner, _, start = doing.id("slot").rpartition("@")
    return Slot(practitioner, int(start), int(start) + doing.desk.diary.services[service].minutes * 60)


def _hold(doing: Doing) -> Came:
    service = doing.id("service")
    slot = _slot(doing, service)
    until = doing.stamp + doing.desk.diary.hold_minutes * 60
    doing.ledger.hold(doing.conversation.id, busy_around(slot, doing.desk.diary.services[service]), until, doing.stamp)
    when = when_label(slot.local(doing.desk.diary.zone), doing.language)
    return "held", {"until": time_label(doing.local(until)), "when": when}


def _release(doing: Doing) -> Came:
    doing.ledger.release(doing.conversation.id)
    return "released", None


def _book(doing: Doing) -> Came:
    diary, service = doing.desk.diary, doing.id("service")
    slot = _slot(doing, service)
    local = slot.local(diary.zone)
    made = doing.ledger.book(
        Booking(
            number=reference(doing.desk.chance.below(SPACE)),
            conversation=doing.conversation.id,
            patient=doing.text("name"),
            phone=doing.text("phone") or doing.conversation.phone,
            whom=doing.id("whom"),
            service=service,
            slot=slot,
            busy=busy_around(slot, diary.services[service]),
            local_start=f"{local:%Y-%m-%dT%H:%M}",
            zone=str(diary.zone),
            follow_ups=drafts(diary, slot.start, doing.stamp),
            made_by=doing.by,
        ),
        doing.stamp,
    )
    return "booked", _told(doing, made)


def _told(doing: Doing, appointment: Appointment) -> Mapping[str, Value]:
    diary = doing.desk.diary
    return {
        "number": appointment.number,
        "when": when_label(doing.local(appointment.starts_at), doing.language),
        "practitioner": diary.practitioners[appointment.practitioner].name
        if appointment.practitioner in diary.practitioners
        else "",
    }


def _request(doing: Doing) -> Came:
    number = reference(doing.desk.chance.below(SPACE))
    wishes = {name: doing.text(name) for name in ("service", "practitioner", "wishes", "name", "phone")}
    wishes["phone"] = wishes["phone"] or doing.conversation.phone
    doing.ledger.request(number, doing.conversation.id, wishes, doing.stamp)
    return "requested", {"number": number}


def _move(doing: Doing) -> Came:
    diary = doing.desk.diary
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    if appointment is None or appointment.status != "booked":
        return "gone", None
    slot = _slot(doing, appointment.service)
    moved = doing.ledger.move(
        appointment.id,
        NewTime(
            slot,
            busy_around(slot, diary.services[appointment.service]),
            f"{slot.local(diary.zone):%Y-%m-%dT%H:%M}",
            drafts(diary, slot.start, doing.stamp),
        ),
        doing.stamp,
    )
    return ("moved", _told(doing, moved)) if moved else ("gone", None)


def _cancel(doing: Doing) -> Came:
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    cancelled = doing.ledger.cancel(appointment.id, doing.stamp) if appointment else None
    return ("cancelled", _told(doing, cancelled)) if cancelled else ("gone", None)


def _appointments(doing: Doing) -> Came:
    found = tuple(_appointment_option(doing, one) for one in _coming(doing))
    return ("found", found) if found else ("none", None)


def _coming(doing: Doing) -> tuple[Appointment, ...]:
    return doing.ledger.appointments(doing.conversation.id, doing.stamp)


def _appointment_option(doing: Doing, appointment: Appointment) -> Mapping[str, Value]:
    diary, local = doing.desk.diary, doing.local(appointment.starts_at)
    service = diary.services.get(appointment.service)
    name = service.names.get(doing.language, service.name) if service else appointment.service
    return {
        "id": str(appointment.id),
        "label": short_label(local, doing.language),
        "description": name,
        "number": appointment.number,
        "service": name,
        "service_id": appointment.service,
        "practitioner_id": appointment.practitioner,
        "patient": appointment.patient,
        "when": when_label(local, doing.language),
        "date": local.date().isoformat(),
    }


def _faq_questions(doing: Doing) -> Came:
    options = tuple(
        {"id": one.id, "label": one.short.in_language(doing.language), "name": one.question.in_language(doing.language)}
        for one in doing.desk.clinic.questions.values()
        if one.topic == doing.id("topic")
    )
    return ("found", options) if options else ("none", None)


def _faq_answer(doing: Doing) -> Came:
    question = doing.desk.clinic.questions.get(doing.id("question"))
    if question is None:
        return "none", None
    return "found", {"text": safety.faq_answer(question, doing.language)}


def _stop(doing: Doing) -> Came:
    return "stopped", None


def _start(doing: Doing) -> Came:
    return "started", None


def _set_language(doing: Doing) -> Came:
    return "set", doing.id("language")


_ACTIONS: Mapping[str, Callable[[Doing], Came]] = {
    "calendar.practitioners": _practitioners,
    "calendar.find_days": _find_days,
    "calendar.find_slots": _find_slots,
    "calendar.hold": _hold,
    "calendar.release": _release,
    "calendar.book": _book,
    "calendar.request": _request,
    "calendar.move": _move,
    "calendar.cancel": _cancel,
    "appointments.list": _appointments,
    "faq.questions": _faq_questions,
    "faq.answer": _faq_answer,
    "contact.stop": _stop,
    "contact.start": _start,
    "language.set": _set_language,
}
CARRIED_OUT = _ACTIONS.keys()
"""The names of the actions that can be done."""
