"""The book of record, a noun at a time: what one open transaction can be asked and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from bot.core.calendar import Busy, Slot
from bot.core.conversation import Conversation
from bot.core.delivery import RowStatus
from bot.core.effects import Choice, Speech
from bot.ports.reception import ReceptionPart
from bot.ports.staff import StaffPart


@dataclass(frozen=True, slots=True)
class Head:
    """The locked row of a conversation: turns taken, messages arrived, and who has it."""

    seq: int
    arrived: int
    orders: str = ""
    """What holds for the whole clinic now (:class:`bot.core.orders.Orders` as data); empty when nothing does."""


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
class Words:
    """Words on their way into the outbox. ``speaker`` is ``bot`` or a receptionist's name."""

    text: str
    speech: Speech
    choices: tuple[Choice, ...] = ()
    list_button: str = ""
    hint: str = ""
    speaker: str = "bot"
    due_at: int = 0
    expires_at: int = 0
    key: str = ""
    """Unique when set: the same key is queued only once (a follow-up's id)."""
    status: RowStatus = "queued"
    note: str = ""
    """Why a row was suppressed or needs a person."""
    template: str = ""
    """The approved template these words leave as when the 24-hour window is closed."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What fills the template."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed outbox row, ready to be posted or settled."""

    id: int
    conversation: str
    address: str
    attempt: str
    """Id of this attempt; travels in the status callback's URL as ``?m=``."""
    tries: int
    """Attempts made so far, this one included."""
    speech: Speech
    text: str
    choices: tuple[Choice, ...]
    list_button: str
    hint: str
    started_at: int = 0
    sid: str = ""
    last_inbound_at: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt. ``again_at`` puts the row back in the queue for that moment."""

    id: int
    attempt: str
    status: RowStatus
    sid: str = ""
    error: int | None = None
    note: str = ""
    again_at: int = 0


@dataclass(frozen=True, slots=True)
class FollowUpDraft:
    """A follow-up to make together with an appointment."""

    kind: str
    due_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up that is due, with what its predicate and its words need."""

    id: int
    kind: str
    conversation: str
    appointment: int
    made_for_version: int
    appointment_version: int
    appointment_status: str
    starts_at: int
    service: str
    practitioner: str
    number: str
    due_at: int
    expires_at: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booked appointment as patients and staff see it."""

    id: int
    number: str
    version: int
    conversation: str
    patient: str
    service: str
    practitioner: str
    starts_at: int
    ends_at: int
    status: str


@dataclass(frozen=True, slots=True)
class Booking:
    """What is needed to write an appointment down. ``busy`` includes the service's buffers."""

    number: str
    conversation: str
    patient: str
    phone: str
    whom: str
    service: str
    slot: Slot
    busy: Busy
    local_start: str
    zone: str
    follow_ups: tuple[FollowUpDraft, ...] = ()
    made_by: str = "bot"
    """``bot``, or the account of whoever booked it at the desk."""
    patient_id: int = 0
    """The patient, when staff chose one; otherwise the conversation's patient of this name."""


@dataclass(frozen=True, slots=True)
class NewTime:
    """Where an appointment moves to, and the follow-ups it has there."""

    slot: Slot
    busy: Busy
    local_start: str
    follow_ups: tuple[FollowUpDraft, ...] = ()


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


FollowUpEnd = Literal["queued", "skipped", "expired", "needs_person"]


class ConversationsPart(Protocol):
    """Conversations as last written down."""

    def head(self, conversation: str) -> Head | None:
        """Lock the conversation's row and read its counters; None when there is no such conversation."""

    def create(self, conversation: Conversation, now: int) -> Head:
        """Add a conversation (or find that somebody just did), locked."""

    def read(self, conversation: str) -> Conversation | None:
        """The conversation as last written down."""

    def save(self, conversation: Conversation, seq: int, arrived: int, now: int) -> None:
        """Write the conversation down, with its counters."""

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

    def journal(self, conversation: str, seq: int, now: int, event: Mapping[str, Any], trace: Sequence[Any]) -> None:
        """Keep what happened in a turn, for replay, analytics and the thread."""


class OutboxPart(Protocol):
    """Words on their way to patients."""

    def queue(self, conversation: str, words: Sequence[Words], now: int) -> int:
        """Put words into the outbox, in order; how many were new (a known ``key`` is left alone)."""

    def claim(
        self, conversations: Sequence[str], claimer: str, attempts: Sequence[str], now: int
    ) -> tuple[Outgoing, ...]:
        """Claim the oldest unfinished row of each conversation that is due and may speak (safety text waits behind
        nothing), writing its attempt before anything is posted. Rows that may not speak any more are suppressed,
        expired ones expire. ``attempts`` are fresh tokens to use."""

    def conclude(self, results: Sequence[Result], now: int) -> tuple[str, ...]:
        """Write down what became of attempts; conversations that have more to say now."""

    def callback(self, attempt: str, sid: str, status: RowStatus, error: int | None, now: int) -> str | None:
        """A status callback: rank only rises. The conversation if its next row may go now."""

    def with_unsent(self, now: int, limit: int) -> tuple[str, ...]:
        """Conversations whose oldest unfinished row is queued and due."""

    def left_behind(self, limit: int) -> tuple[tuple[int, str], ...]:
        """Rows in ``sending``: (id, attempt). A claimer that is seen unchanged for its whole lease is dead."""

    def to_settle(self, now: int, limit: int) -> tuple[Outgoing, ...]:
        """Rows in ``unknown`` whose next look is due."""

    def sid_known(self, sid: str) -> bool:
        """Whether a Twilio sid belongs to one of our rows."""


class DiaryPart(Protocol):
    """Appointments, and holds on times."""

    def busy(self, practitioners: Sequence[str], start: int, end: int, now: int, conversation: str) -> tuple[Busy, ...]:
        """What is taken between two instants. Expired holds and this conversation's own hold are free to it."""

    def hold(self, conversation: str, busy: Busy, until: int, now: int) -> None:
        """Hold a time for a conversation, giving back any other it held. Raises :class:`SlotTaken`."""

    def release(self, conversation: str) -> None:
        """Give back whatever the conversation holds."""

    def book(self, booking: Booking, now: int) -> Appointment:
        """Write an appointment down, turning the conversation's hold on that time into it or taking the time anew.

        Raises :class:`SlotTaken`. The same conversation, slot and service booked twice gives the first one back.
        """

    def move(self, appointment: int, to: NewTime, now: int) -> Appointment | None:
        """Move an appointment, raising its version and remaking its follow-ups. The old time is kept when the new one
        is taken (:class:`SlotTaken`). None when the appointment is not booked any more."""

    def cancel(self, appointment: int, now: int) -> Appointment | None:
        """Cancel an appointment and its follow-ups; None when it is not booked any more."""

    def appointments(self, conversation: str, after: int) -> tuple[Appointment, ...]:
        """The booked appointments made from a conversation that start after an instant, soonest first."""

    def appointment(self, id: int, conversation: str) -> Appointment | None:
        """One appointment, if it belongs to the conversation."""

    def request(self, number: str, conversation: str, wishes: Mapping[str, str], now: int) -> None:
        """Keep a wish for an appointment that staff will confirm."""

    def expire_holds(self, now: int) -> int:
        """Tidy holds that ran out; how many."""


class FollowUpsPart(Protocol):
    """What is to be said later."""

    def follow_ups_due(self, now: int, limit: int) -> tuple[int, ...]:
        """Ids of pending follow-ups that are due."""

    def pending_follow_ups(self, conversation: str) -> tuple[FollowUp, ...]:
        """What is still to be said about a conversation's appointments, by when it is due."""

    def follow_up(self, id: int) -> FollowUp | None:
        """A pending follow-up, locked, or None when it is pending no more."""

    def follow_up_done(self, id: int, status: FollowUpEnd, why: str, now: int) -> None:
        """Close a follow-up with the reason staff will read."""


class Ledger(ConversationsPart, InboxPart, OutboxPart, DiaryPart, FollowUpsPart, ReceptionPart, StaffPart, Protocol):
    """One open transaction on the book of record. It commits when its ``with`` block ends well."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo only what happens inside when it raises."""


class Book(Protocol):
    """The database. Both SQLite and PostgreSQL enforce that no two appointments overlap."""

    def begin(self) -> AbstractContextManager[Ledger]:
        """Open a transaction (SQLite: IMMEDIATE). Raises :class:`BookAway` within a second when it cannot."""

    def look(self) -> AbstractContextManager[Ledger]:
        """Open a transaction that only reads: on SQLite it waits for no writer and no writer waits for it."""

    def conversation_key(self) -> bytes:
        """The installation's own key from which conversation ids are made, so that an id says nothing of a number."""

    def healthy(self) -> bool:
        """Whether the database answers now. Never raises."""
