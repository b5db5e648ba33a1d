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
from bot.core.template import Content, Wording
from bot.ports.media import MediaPart
from bot.ports.pulse import PulsePart
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
    """The template that says the same outside the 24-hour window, by its name in ``templates.yaml``."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the template's names stand for, as patients read it."""
    media: str = ""
    """Where Twilio fetches a picture or file from: a public URL. Its words go with it, choices do not."""


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
    template: str = ""
    as_template: bool = False
    content: Content | None = None
    """Set when it leaves as its template."""
    media: str = ""
    probing: bool = False
    """The channel was out of order: what becomes of this tells whether it still is."""
    looks: int = 0
    """How often Twilio's list was looked into for this attempt."""
    look_at: int = 0
    """When the next look is due."""


@dataclass(frozen=True, slots=True)
class Failing:
    """Words that were posted and could not be delivered, whose conversation is locked now."""

    id: int
    conversation: str
    attempt: str
    sid: str
    speech: Speech
    tries: int
    template: str
    as_template: bool
    content_sid: str


@dataclass(frozen=True, slots=True)
class ChannelTrouble:
    """Nothing but safety text is posted until an instant: the account or the sender is out of order."""

    code: int
    why: str
    since: int
    until: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A template as Twilio has it. ``status`` is WhatsApp's word (``approved``, ``pending``, ``rejected``, ``paused``),
    ``made`` before it was submitted, or ``unusable`` after a message failed with it."""

    key: str
    name: str
    language: str
    sid: str
    status: str
    reason: str = ""
    looked_at: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt. ``again_at`` puts the row back in the queue for that moment, to leave as its template
    if ``as_template``."""

    id: int
    attempt: str
    status: RowStatus
    sid: str = ""
    error: int | None = None
    note: str = ""
    again_at: int = 0
    as_template: bool = False
    counts: bool = True
    """Whether this was a try. It was none when nothing was posted, or when nobody could have been written to."""
    looks: int = 0
    """How often Twilio's list was looked into before this was known."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A row in ``sending``: either somebody is just posting it, or whoever claimed it is dead."""

    id: int
    attempt: str
    claimer: str
    speech: Speech
    started_at: int


@dataclass(frozen=True, slots=True)
class FollowUpDraft:
    """A follow-up to make together with an appointment."""

    kind: str
    due_at: int
    expires_at: int
    offered: Slot | None = None
    """The time that a waiting list's offer is about."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up with what its predicate and its words need. ``appointment`` is 0 when there is none."""

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
    made_at: int = 0
    not_theirs_at: int = 0
    """When whoever was asked said that the appointment is not theirs."""
    offered_by: str = ""
    offered_at: int = 0
    """The time that an offer is about: whose it is, and when it starts."""
    status: str = "pending"
    why: str = ""
    said: str = ""
    """How its words fared: the status of their row in the outbox, or empty."""


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
    confirmed_at: int = 0
    """When the patient said that she comes, at this time; 0 when she has not."""


@dataclass(frozen=True, slots=True)
class Freed:
    """A time that an appointment left, while somebody on the waiting list may still be offered it."""

    id: int
    slot: Slot


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

    def save(self, conversation: Conversation, seq: int, arrived: int, now: int) -> str:
        """Write the conversation down, with its counters; the JSON it is kept as, for Redis to hold as well."""

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
        expired ones expire. ``attempts`` are fresh tokens to use. While the channel is out of order only safety text
        is claimed."""

    def conclude(self, results: Sequence[Result], now: int) -> tuple[str, ...]:
        """Write down what became of attempts; conversations that have more to say now."""

    def callback(self, attempt: str, sid: str, status: RowStatus, now: int) -> str | None:
        """A status callback that is no failure: rank only rises. The conversation if its next row may go now."""

    def failing(self, attempt: str, sid: str, error: int | None) -> Failing | None:
        """A status callback that is a failure: the words it is about, locked, if it is news. It is none when they
        arrived, failed or were taken up again already, however often it is told."""

    def fail(self, result: Result, now: int) -> tuple[str, ...]:
        """Write down what becomes of words that failed; conversations that have more to say now."""

    def with_unsent(self, now: int, limit: int) -> tuple[str, ...]:
        """Conversations whose oldest unfinished row is queued and due. A retry that is due further ahead than any can
        be is due now: the clock was set back."""

    def left_behind(self, limit: int) -> tuple[LeftBehind, ...]:
        """Rows in ``sending``. One that is seen unchanged for its claimer's whole lease was left behind."""

    def to_settle(self, now: int, limit: int) -> tuple[Outgoing, ...]:
        """Rows in ``unknown`` whose next look is due, or further ahead than any can be: then the clock was set back."""

    def sid_known(self, sid: str) -> bool:
        """Whether a Twilio sid belongs to one of our rows."""


class ChannelPart(Protocol):
    """The way to all patients: whether it is open, which templates may be used, how far it was looked through."""

    def channel(self) -> ChannelTrouble | None:
        """Why nothing is posted, if so."""

    def stop_channel(self, trouble: ChannelTrouble) -> bool:
        """Post nothing but safety text until an instant. True when the channel was in order until now."""

    def open_channel(self) -> bool:
        """Something was posted again. True when the channel was out of order."""

    def templates(self) -> tuple[Standing, ...]:
        """Every template that was made, by name and language, the newest of each first."""

    def template_made(self, wording: Wording, sid: str, now: int) -> None:
        """Keep a template that exists at Twilio. Keeping it again takes its sid anew."""

    def template_status(self, sid: str, status: str, reason: str, now: int) -> None:
        """Keep what WhatsApp says of a template."""

    def looked_until(self, what: str) -> int:
        """How far something was looked through, in epoch seconds; 0 when it never was."""

    def look_until(self, what: str, at: int) -> None:
        """Keep how far it was looked through."""


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

    def holds(self, conversation: str, now: int) -> bool:
        """Whether a time is held for a conversation."""

    def confirm(self, appointment: int, version: int, now: int) -> bool:
        """Note that the patient comes at this version's time; False when it is no longer that, or not booked."""

    def not_theirs(self, appointment: int, now: int) -> None:
        """Note that whoever is asked about an appointment says it is not theirs, and close its follow-ups."""

    def missed(self, appointment: int, follow_ups: Sequence[FollowUpDraft], now: int) -> Appointment | None:
        """Note that the patient did not come, and make what follows; None unless it was booked."""


class FollowUpsPart(Protocol):
    """What is to be said later."""

    def follow_ups_due(self, now: int, limit: int) -> tuple[int, ...]:
        """Ids of pending follow-ups that are due."""

    def follow_up(self, id: int) -> FollowUp | None:
        """A pending follow-up, locked, or None when it is pending no more."""

    def follow_up_done(self, id: int, status: FollowUpEnd, why: str, now: int) -> None:
        """Close a follow-up with the reason staff will read."""

    def follow_up_waits(self, id: int, why: str, now: int) -> None:
        """Note why a follow-up that is due may not leave yet. Those asked longest ago are asked again first."""

    def follow_up_failed(self, id: int, now: int) -> int:
        """Count a failure to put a follow-up into words; the new count."""

    def follow_ups_of(self, conversation: str, appointment: int = 0) -> tuple[FollowUp, ...]:
        """Everything said later in a conversation, or about one appointment: pending, said and closed, by due time."""

    def add_follow_ups(self, appointment: int, drafts: Sequence[FollowUpDraft], now: int) -> None:
        """More follow-ups of an appointment as it is now. One of a kind it had in this version changes nothing."""

    def add_nudge(self, conversation: str, draft: FollowUpDraft, zone: str, now: int) -> None:
        """A follow-up that belongs to no appointment, in the clinic's time zone; the pending one before is closed."""

    def offer(self, follow_up: int) -> FollowUp | None:
        """A follow-up whatever has become of it."""


class WaitingListPart(Protocol):
    """Who would like another time, and which times came free."""

    def join_waiting_list(self, appointment: int, now: int) -> None:
        """Remember that its patient would like to come sooner. Joining twice changes nothing."""

    def leave_waiting_list(self, appointment: int) -> None:
        """Its patient has what she wanted."""

    def freed(self, now: int, limit: int) -> tuple[Freed, ...]:
        """Times still ahead that appointments left, the soonest first; those that have passed are forgotten."""

    def who_would_like(self, slot: Slot, services: Sequence[str]) -> tuple[Appointment, ...]:
        """Booked appointments on the waiting list for one of these services that start after the slot and were not
        offered it yet, longest on the list first."""

    def settled(self, freed: int) -> None:
        """Nobody else has to be offered this time."""


class Ledger(
    ConversationsPart,
    InboxPart,
    OutboxPart,
    ChannelPart,
    DiaryPart,
    FollowUpsPart,
    WaitingListPart,
    MediaPart,
    PulsePart,
    ReceptionPart,
    StaffPart,
    Protocol,
):
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
