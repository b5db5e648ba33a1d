"""What a turn reads and writes of a conversation, and what a person reads of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.core.conversation import Conversation


@dataclass(frozen=True, slots=True)
class Head:
    """The locked row of a conversation: turns taken, messages arrived, and who has it."""

    seq: int
    arrived: int
    orders: str = ""
    """What holds for the whole clinic now (:class:`bot.core.orders.Orders` as data); empty when nothing does."""
    edition: int = 0
    """The newest edition of the flows; 0 before the first was published."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message of a patient as it is kept. ``event`` is the journal form of :class:`bot.core.events.Message`."""

    sid: str
    conversation: str
    arrival: int
    event: Mapping[str, Any]
    received_at: int
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Waiting:
    """A conversation that needs a person, as the desk lists it."""

    conversation: str
    control: str
    holder: str
    reason: str
    urgent: bool
    look: bool
    waiting_since: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation's thread, oldest first. ``who``: patient, bot, staff or event."""

    at: int
    who: Literal["patient", "bot", "staff", "event"]
    text: str
    status: str = ""
    speaker: str = ""


class ConversationsPart(Protocol):
    """Conversations as last written down."""

    def head(self, conversation: str) -> Head | None:
        """Lock the conversation's row and read its counters; None when there is no such conversation."""

    def create(self, conversation: Conversation, now: int) -> Head:
        """Add a conversation (or find that somebody just did), locked."""

    def read(self, conversation: str) -> Conversation | None:
        """The conversation as last written down."""

    def save(self, conversation: Conversation, seq: int, arrived: int, now: int, state: str = "") -> None:
        """Write the conversation down, with its counters, and as ``state`` (:func:`bot.core.grounds.written`) if that
        is at hand."""

    def silences_due(self, now: int, limit: int) -> tuple[str, ...]:
        """Conversations whose silence has run out."""

    def needing_a_person(self) -> tuple[Waiting, ...]:
        """Everybody who waits, is held, or sent something nobody has seen: urgent first, then by waiting time."""

    def thread(self, conversation: str, limit: int) -> tuple[Line, ...]:
        """The last lines of a conversation, oldest first."""


class InboxPart(Protocol):
    """Messages as they arrived, and what happened in each turn."""

    def record(self, inbound: Inbound, status: Literal["waiting", "done"]) -> bool:
        """Keep a message. False when this sid is known already; nothing changes then."""

    def unknown(self, sids: Sequence[str]) -> frozenset[str]:
        """Those of the sids under which no message was kept."""

    def inbound_status(self, sid: str) -> str | None:
        """``waiting``, ``done`` or ``person``; None when the sid is unknown."""

    def arrived_at(self, conversation: str, arrived: int) -> None:
        """Raise the conversation's count of arrived messages."""

    def oldest_waiting(self, conversation: str) -> Inbound | None:
        """The oldest parked message of a conversation."""

    def taken_up(self, sid: str, status: Literal["done", "person"]) -> None:
        """A parked message was taken up (or, after five failures, put before a person)."""

    def count_attempt(self, sid: str) -> int:
        """Count an attempt to take up a parked message; the new count."""

    def conversations_with_waiting(self, limit: int) -> tuple[tuple[str, int], ...]:
        """Conversations with parked messages and the newest arrival among them."""
