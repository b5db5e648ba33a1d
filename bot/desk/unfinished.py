"""The booking a patient had begun when a person took over, as a form that the receptionist can finish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from bot.core.calendar import Slot, Wanted, bounds, busy_around, free_slots, who_offers
from bot.core.conversation import Conversation, Frame
from bot.core.effects import DoAction
from bot.core.events import Event, StaffDid
from bot.core.flow import Value
from bot.core.names import label
from bot.core.progress import standing
from bot.core.staffing import FINISHED
from bot.desk.actions import carry_out
from bot.desk.diary import Clash
from bot.desk.diary_words import ring_days, words
from bot.desk.reception import NotPossible, NotYours
from bot.desk.speaking import wake
from bot.desk.turns import happen
from bot.ports import Desk, Ledger
from bot.ports.reception import Holder
from bot.ports.staff import Audited

FIELDS = ("service", "practitioner", "day", "slot", "name", "phone", "whom")
"""What the shipped flows save while somebody books, by the inputs of ``calendar.book``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer the patient gave: the id behind it, and how it read to her."""

    name: str
    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Where she stopped, and what she had said so far. ``keeps_slot``: the time she chose is kept for her now."""

    flow: str
    step: str
    answers: tuple[Answer, ...]
    keeps_slot: bool

    def said(self, name: str) -> Answer:
        """What she answered to one question; empty when she was not asked yet."""
        return next((one for one in self.answers if one.name == name), Answer(name, "", ""))


@dataclass(frozen=True, slots=True)
class Finished:
    """The form as the receptionist sends it; what she left alone stays what the patient said. ``slot`` is
    ``practitioner@start`` with the start in epoch seconds."""

    service: str
    slot: str
    name: str
    phone: str = ""


def unfinished(desk: Desk, conversation: str) -> Unfinished | None:
    """What a patient had answered when her booking stopped; None when she was not booking."""
    with desk.book.look() as ledger:
        state = ledger.read(conversation)
    frame = _booking(state)
    where = standing(desk.clinic, state) if state else None
    if state is None or frame is None or where is None:
        return None
    said = tuple(_answer(name, frame.saved[name], state.language) for name in FIELDS if frame.saved.get(name))
    return Unfinished(where.title, where.step, said, "hold" in frame.opened)


def times(desk: Desk, conversation: str, wanted: Wanted, day: date) -> tuple[Slot, ...]:
    """What is free for a patient on a day, the time that is kept for her included. Staff are not bound by notice."""
    if wanted.service not in desk.diary.services:
        return ()
    now, people = desk.clock.now(), [one.id for one in who_offers(desk.diary, wanted)]
    with desk.book.look() as ledger:
        busy = ledger.busy(people, *bounds(desk.diary, (day,)), int(now.timestamp()), conversation)
    return free_slots(replace(desk.diary, notice_minutes=0), wanted, (day,), busy, now).get(day, ())


def book_this(desk: Desk, conversation: str, staff: str, form: Finished) -> str:
    """Book what the form says, through the same action the bot books with; the appointment's number.

    The patient is told, her flow is over, and the time she held becomes the appointment or is free again. Raises
    NotYours, Clash naming who has the time, and NotPossible.
    """
    number, taken = "", False

    def booked(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal number, taken
        if state.control != "held" or state.holder != staff:
            raise NotYours("Take the conversation over first.", state.holder, state.control_since)
        _slot(desk, form)
        inputs: Mapping[str, Value] = {
            "service": form.service, "slot": form.slot, "name": form.name, "phone": form.phone, "whom": "",
        }  # fmt: skip
        outcome = carry_out(desk, ledger, state, DoAction("calendar.book", inputs), desk.clock.now(), by=staff)
        taken = outcome.name == "taken"
        if taken:
            return None
        if outcome.name != "booked" or not isinstance(outcome.value, Mapping):
            raise NotPossible("It could not be booked. It was reported; try again in a moment.")
        number = str(outcome.value["number"])
        made = next(one for one in ledger.appointments(conversation, 0) if one.number == number)
        now, key = int(desk.clock.now().timestamp()), f"appointment_booked:{made.id}:{made.version}"
        ledger.queue(conversation, [words(desk, state, made, "appointment_booked", key)], now)
        ledger.audit(Audited(now, staff, "changed", f"appointment:{made.id}", "booked"))
        return StaffDid(staff, FINISHED, number)

    happen(desk, conversation, booked)
    slot = _slot(desk, form)
    if taken:
        raise Clash(_who_has(desk, form.service, slot))
    wake(desk, (conversation,))
    ring_days(desk, slot.start, slot.end)
    return number


def _slot(desk: Desk, form: Finished) -> Slot:
    practitioner, _, start = form.slot.rpartition("@")
    service = desk.diary.services.get(form.service)
    if service is None or not form.name.strip() or not (start.isascii() and start.isdigit() and len(start) < 12):
        raise NotPossible("A service, a time and a name are needed.")
    if practitioner not in service.practitioners or practitioner not in desk.diary.practitioners:
        raise NotPossible("This practitioner does not offer this service.")
    slot = Slot(practitioner, int(start), int(start) + service.minutes * 60)
    if slot.end <= int(desk.clock.now().timestamp()):
        raise NotPossible("This time has passed.")
    return slot


def _who_has(desk: Desk, service: str, slot: Slot) -> Holder | None:
    wants = busy_around(slot, desk.diary.services[service])
    with desk.book.look() as ledger:
        return ledger.who_has(wants.practitioner, wants.start, wants.end, int(desk.clock.now().timestamp()))


def _booking(state: Conversation | None) -> Frame | None:
    frames = state.stack if state else ()
    return next((frame for frame in reversed(frames) if frame.saved.get("service")), None)


def _answer(name: str, value: Value, language: str) -> Answer:
    if isinstance(value, Mapping):
        return Answer(name, str(value.get("id", "")), label(value, language))
    return Answer(name, str(value), str(value))
