"""What every action of the clinic is given, and what several of them do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.calendar import Slot, busy_around
from bot.core.conversation import Conversation
from bot.core.flow import Value
from bot.core.names import label
from bot.core.reference import SPACE, reference
from bot.desk.clinic_time import when_label
from bot.desk.planning import drafts
from bot.ports import Appointment, Booking, Desk, Ledger

Came = tuple[str, Value]
"""How an action came out: one of its declared outcomes, and that one's value."""


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


def slot_of(doing: Doing, service: str) -> Slot:
    """The time behind the input ``slot``: ``practitioner@start``, as long as a service takes."""
    practitioner, _, start = doing.id("slot").rpartition("@")
    return Slot(practitioner, int(start), int(start) + doing.desk.diary.services[service].minutes * 60)


def book_slot(doing: Doing, service: str, slot: Slot, patient: str, phone: str) -> Appointment:
    """Book a time. Raises SlotTaken."""
    diary = doing.desk.diary
    local = slot.local(diary.zone)
    return doing.ledger.book(
        Booking(
            number=reference(doing.desk.chance.below(SPACE)),
            conversation=doing.conversation.id,
            patient=patient,
            phone=phone or doing.conversation.phone,
            whom=doing.id("whom"),
            service=service,
            slot=slot,
            busy=busy_around(slot, diary.services[service]),
            local_start=f"{local:%Y-%m-%dT%H:%M}",
            zone=str(diary.zone),
            follow_ups=drafts(diary, slot.start, doing.stamp, service),
            made_by=doing.by,
        ),
        doing.stamp,
    )


def told(doing: Doing, appointment: Appointment) -> Mapping[str, Value]:
    """What an outcome tells of an appointment, in the patient's language."""
    diary = doing.desk.diary
    return {
        "number": appointment.number,
        "when": when_label(doing.local(appointment.starts_at), doing.language),
        "practitioner": diary.practitioners[appointment.practitioner].name
        if appointment.practitioner in diary.practitioners
        else "",
    }


def coming(doing: Doing) -> tuple[Appointment, ...]:
    """The appointments of the conversation that are still to come."""
    return doing.ledger.appointments(doing.conversation.id, doing.stamp)
