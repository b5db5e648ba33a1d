"""Words on their way out, what becomes of them, and the channel they take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.delivery import RowStatus
from bot.core.effects import Choice, Speech
from bot.core.template import Content, Wording


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
    file: str = ""
    """Id of the file that goes with them (:mod:`bot.ports.sent_files`). Choices do not."""


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
    file: str = ""
    """Id of the file that goes with it."""
    media: str = ""
    """Where Twilio fetches that file from: a public URL, which whoever posts it makes."""
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
class Usable:
    """An approved template in one language, as a patient who speaks it would be sent it now. ``body`` has numbers
    (``{{1}}``) where ``variables`` go, in order; ``buttons`` is how many it has."""

    name: str
    language: str
    sid: str
    body: str
    variables: tuple[str, ...]
    buttons: int


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

    def conversation_of(self, attempt: str, sid: str) -> str | None:
        """Where the words were said that a status callback is about."""

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

    def usable_templates(self, language: str) -> tuple[Usable, ...]:
        """Every approved template by name, in this language, else in the first of the clinic's that it is approved
        in."""

    def template_made(self, wording: Wording, sid: str, now: int) -> None:
        """Keep a template that exists at Twilio. Keeping it again takes its sid anew."""

    def template_status(self, sid: str, status: str, reason: str, now: int) -> None:
        """Keep what WhatsApp says of a template."""

    def looked_until(self, what: str) -> int:
        """How far something was looked through, in epoch seconds; 0 when it never was."""

    def look_until(self, what: str, at: int) -> None:
        """Keep how far it was looked through."""
