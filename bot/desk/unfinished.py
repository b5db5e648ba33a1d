"""The booking a patient had begun when a person took over, as a form that the receptionist can finish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.core.conversation import Conversation, Frame
from bot.core.effects import DoAction
from bot.core.events import Event, StaffDid
from bot.core.flow import Value
from bot.core.names import label
from bot.core.progress import standing
from bot.desk.actions import carry_out
from bot.desk.diary_words import words
from bot.desk.reception import NotPossible, NotYours
from bot.desk.speaking import wake
from bot.desk.turns import happen
from bot.ports import Desk, Ledger

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


def book_this(desk: Desk, conversation: str, staff: str, form: Finished) -> str:
    """Book what the form says, through the same action the bot books with; the appointment's number. The patient is
    told, and the time she held becomes the appointment or is free again. Raises NotYours and NotPossible."""
    number = ""

    def booked(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal number
        if state.control != "held" or state.holder != staff:
            raise NotYours("Take the conversation over first.", state.holder, state.control_since)
        inputs: Mapping[str, Value] = {
            "service": form.service, "slot": form.slot, "name": form.name, "phone": form.phone, "whom": "",
        }  # fmt: skip
        if (
            form.service not in desk.diary.services
            or not form.slot.rpartition("@")[2].isdigit()
            or not form.name.strip()
        ):
            raise NotPossible("A service, a time and a name are needed.")
        outcome = carry_out(desk, ledger, state, DoAction("calendar.book", inputs), desk.clock.now(), by=staff)
        if outcome.name != "booked" or not isinstance(outcome.value, Mapping):
            raise NotPossible("Somebody else has this time." if outcome.name == "taken" else "It could not be booked.")
        number = str(outcome.value["number"])
        made = next(one for one in ledger.appointments(conversation, 0) if one.number == number)
        key = f"appointment_booked:{made.id}:{made.version}"
        ledger.queue(
            conversation, [words(desk, state, made, "appointment_booked", key)], int(desk.clock.now().timestamp())
        )
        return StaffDid(staff, "appointment_booked", number)

    happen(desk, conversation, booked)
    wake(desk, (conversation,))
    return number


def _booking(state: Conversation | None) -> Frame | None:
    frames = state.stack if state else ()
    return next((frame for frame in reversed(frames) if frame.saved.get("service")), None)


def _answer(name: str, value: Value, language: str) -> Answer:
    if isinstance(value, Mapping):
        return Answer(name, str(value.get("id", "")), label(value, language))
    return Answer(name, str(value), str(value))
