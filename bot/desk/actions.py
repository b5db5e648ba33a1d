"""What flows may ask of the clinic: each action of :mod:`bot.core.actions`, carried out in the turn's transaction.

An action runs in a savepoint of its own. It answers with one of its declared outcomes; a time that somebody else has
just taken is the outcome ``taken``, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime

from bot.core import safety
from bot.core.actions import ACTIONS, DAY_NAMED, ENGINES_OWN, FOLLOW_UP_ANSWER, FOLLOW_UP_NUDGE, NEW_TIME
from bot.core.calendar import Slot, Wanted, bookable_days, bounds, busy_around, free_slots, who_offers
from bot.core.conversation import Conversation
from bot.core.effects import DoAction
from bot.core.events import Outcome
from bot.core.flow import Value
from bot.core.follow_up_words import NOT_ME
from bot.core.reference import SPACE, reference
from bot.desk.clinic_time import day_label, time_label, when_label
from bot.desk.days_named import day_named
from bot.desk.doing import Came, Doing, book_slot, coming, slot_of, told
from bot.desk.new_times import new_time
from bot.desk.planning import drafts, nudge
from bot.desk.telling import option_of, told_of
from bot.ports import Appointment, BookAway, Desk, Ledger, NewTime, SlotTaken


def carry_out(  # noqa: PLR0913 - what, by whom, for whom
    desk: Desk, ledger: Ledger, conversation: Conversation, asked: DoAction, now: datetime, by: str = "bot"
) -> Outcome:
    """Do what a flow asked for. What fails for any other reason than the database being away is undone, told to the
    operator, and comes out as ``failed`` where the action declares it, so that the flow's own words are said."""
    act = _ACTIONS.get(asked.action) or _ENGINES_OWN[asked.action]
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
        if "failed" not in (ACTIONS.get(asked.action) or ENGINES_OWN[asked.action]).gives:
            raise
        ids = {"action": asked.action, "conversation": conversation.id, "error": type(error).__name__}
        desk.report("action_failed", ids)
        name, value = "failed", None
    if asked.action == "language.set":
        return Outcome(asked.action, name, value, language=str(value))
    if name == "requested":
        return Outcome(asked.action, name, value, for_staff="Wants an appointment: confirm a time")
    if name == "not_theirs":
        return Outcome(asked.action, name, for_staff="Says that an appointment asked about is not theirs")
    if asked.action == "contact.agree":
        return Outcome(asked.action, name, agreed=name == "agreed")
    if asked.action in ("contact.stop", "contact.start"):
        return Outcome(asked.action, name, opted_out=asked.action == "contact.stop")
    return Outcome(asked.action, name, value)


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


def _hold(doing: Doing) -> Came:
    service = doing.id("service")
    slot = slot_of(doing, service)
    until = doing.stamp + doing.desk.diary.hold_minutes * 60
    doing.ledger.hold(doing.conversation.id, busy_around(slot, doing.desk.diary.services[service]), until, doing.stamp)
    when = when_label(slot.local(doing.desk.diary.zone), doing.language)
    return "held", {"until": time_label(doing.local(until)), "when": when}


def _release(doing: Doing) -> Came:
    doing.ledger.release(doing.conversation.id)
    return "released", None


def _book(doing: Doing) -> Came:
    service = doing.id("service")
    made = book_slot(doing, service, slot_of(doing, service), doing.text("name"), doing.text("phone"))
    return "booked", told(doing, made)


def _request(doing: Doing) -> Came:
    number = reference(doing.desk.chance.below(SPACE))
    wishes = {name: doing.text(name) for name in ("service", "practitioner", "wishes", "name", "phone")}
    wishes["phone"] = wishes["phone"] or doing.conversation.phone
    doing.ledger.request(number, doing.conversation.id, wishes, doing.stamp)
    return "requested", {"number": number}


def _move(doing: Doing) -> Came:
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    if appointment is None or appointment.status != "booked":
        return "gone", None
    moved = _moved(doing, appointment, slot_of(doing, appointment.service))
    return ("moved", told(doing, moved)) if moved else ("gone", None)


def _moved(doing: Doing, appointment: Appointment, slot: Slot) -> Appointment | None:
    diary = doing.desk.diary
    return doing.ledger.move(
        appointment.id,
        NewTime(
            slot,
            busy_around(slot, diary.services[appointment.service]),
            f"{slot.local(diary.zone):%Y-%m-%dT%H:%M}",
            drafts(diary, slot.start, doing.stamp, appointment.service),
        ),
        doing.stamp,
    )


def _cancel(doing: Doing) -> Came:
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    cancelled = doing.ledger.cancel(appointment.id, doing.stamp) if appointment else None
    return ("cancelled", told(doing, cancelled)) if cancelled else ("gone", None)


def _appointments(doing: Doing) -> Came:
    found: Value = tuple(option_of(doing.desk.diary, one, doing.language) for one in coming(doing))
    return ("found", found) if found else ("none", None)


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


def _agree(doing: Doing) -> Came:
    return "agreed", None


def _join_waiting_list(doing: Doing) -> Came:
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    if appointment is None or appointment.status != "booked":
        return "gone", None
    doing.ledger.join_waiting_list(appointment.id, doing.stamp)
    return "joined", None


# ---- answers to follow-ups


def _nudge(doing: Doing) -> Came:
    draft = nudge(doing.desk.diary, doing.conversation.last_inbound_at, doing.stamp)
    if draft is None:
        return "none", None
    doing.ledger.add_nudge(doing.conversation.id, draft, str(doing.desk.diary.zone), doing.stamp)
    return "made", None


def _answer(doing: Doing) -> Came:
    """What an answer does. It counts only for the version of the appointment that was asked about."""
    answer = doing.text("answer")
    appointment = doing.ledger.appointment(int(doing.id("appointment")), doing.conversation.id)
    if appointment is not None and answer == NOT_ME:
        doing.ledger.not_theirs(appointment.id, doing.stamp)
        return "not_theirs", None
    if appointment is None or appointment.status != "booked" or appointment.starts_at <= doing.stamp:
        return "gone", None
    told = option_of(doing.desk.diary, appointment, doing.language)
    if appointment.version != int(doing.id("version")):
        return "changed", told
    match answer:
        case "confirm":
            confirmed = doing.ledger.confirm(appointment.id, appointment.version, doing.stamp)
            return ("confirmed" if confirmed else "changed"), told
        case "take":
            return _take(doing, appointment, told)
        case "keep":
            doing.ledger.release(doing.conversation.id)
            return "kept", told
        case _:
            return answer, told


def _take(doing: Doing, appointment: Appointment, told: Mapping[str, Value]) -> Came:
    """Move an appointment to the time it was offered, if that is still free."""
    diary, offer = doing.desk.diary, doing.ledger.offer(int(doing.id("follow_up")))
    service = diary.services.get(appointment.service)
    if offer is None or service is None or offer.appointment != appointment.id or offer.offered_at <= doing.stamp:
        return "taken", told
    slot = Slot(offer.offered_by, offer.offered_at, offer.offered_at + service.minutes * 60)
    try:
        with doing.ledger.savepoint():
            moved = _moved(doing, appointment, slot)
            doing.ledger.leave_waiting_list(appointment.id)
    except SlotTaken:
        return "taken", told
    return ("moved", told_of(diary, moved, doing.language)) if moved else ("gone", None)


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
    "contact.agree": _agree,
    "waiting_list.join": _join_waiting_list,
    "language.set": _set_language,
}
_ENGINES_OWN: Mapping[str, Callable[[Doing], Came]] = {
    FOLLOW_UP_ANSWER: _answer,
    FOLLOW_UP_NUDGE: _nudge,
    NEW_TIME: new_time,
    DAY_NAMED: day_named,
}
CARRIED_OUT = _ACTIONS.keys() | _ENGINES_OWN.keys()
"""The names of the actions that can be done."""
