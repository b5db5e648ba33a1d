"""The shapes the desk needs from outside, and :class:`Desk`, the frozen bundle of them that every use case takes.

A port exists only where something is really swapped: databases, Redis, Twilio, the queue, the clock and chance.
Instants are UTC epoch seconds unless a name says ``now: datetime`` (aware, UTC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.calendar import Diary
from bot.core.events import Reading
from bot.core.flow import Clinic
from bot.ports.ledger import (
    Appointment,
    Book,
    Booking,
    FollowUp,
    FollowUpDraft,
    FollowUpEnd,
    Freed,
    Head,
    Inbound,
    Ledger,
    Line,
    NewTime,
    Outgoing,
    Result,
    Waiting,
    Words,
)
from bot.ports.outside import (
    BookAway,
    Carrier,
    CarrierAway,
    CarrierRefused,
    CarrierUnclear,
    Chance,
    Clock,
    Listed,
    Live,
    LiveAway,
    Queue,
    SlotTaken,
    Spool,
    Taken,
)

__all__ = [
    "Appointment",
    "Book",
    "BookAway",
    "Booking",
    "Carrier",
    "CarrierAway",
    "CarrierRefused",
    "CarrierUnclear",
    "Chance",
    "Clock",
    "Desk",
    "FollowUp",
    "FollowUpDraft",
    "FollowUpEnd",
    "Freed",
    "Head",
    "Inbound",
    "Ledger",
    "Line",
    "Listed",
    "Live",
    "LiveAway",
    "NewTime",
    "Outgoing",
    "Queue",
    "Result",
    "SlotTaken",
    "Spool",
    "Taken",
    "Waiting",
    "Words",
]


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything outside, in one frozen value."""

    clinic: Clinic
    diary: Diary
    clock: Clock
    chance: Chance
    live: Live
    book: Book
    queue: Queue
    carrier: Callable[[], Carrier]
    """Made when first needed: Twilio's client costs 100 ms and the webhook never posts."""
    read: Callable[[str, datetime], Reading]
    """Reads a patient's words (:func:`bot.desk.reading.reader`)."""
    spool: Spool
    conversation_key: bytes = b""
    callback_base: str = ""
    """Public URL that status callbacks come back to, without a slash at the end."""
    report: Callable[[str, Mapping[str, object]], None] = field(default=lambda event, ids: None)
    """Tell the operator what happened, with ids only: ``report("turn_failed", {"conversation": id})``."""
