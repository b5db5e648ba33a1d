"""What the desk needs from outside, the database apart: clock, chance, Redis, Twilio, the queue, the spool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.template import Wording
from bot.ports.outbox import Outgoing
from bot.ports.reception import Doorbell


class BookAway(Exception):
    """The database cannot be used now. Nothing was written; the sender must try again."""


class BookRefused(BookAway):
    """The database cannot be used until somebody puts right what the message says, in whole sentences."""


class LiveAway(Exception):
    """Redis cannot be used now. Everything goes on with the database alone, slower."""


class SlotTaken(Exception):
    """Somebody else has this time. Raised by the database's own rule; the savepoint is rolled back."""


class CarrierRefused(Exception):
    """Twilio answered, and it was no. ``code`` is Twilio's, ``status`` HTTP's; the message was certainly not taken.

    ``retry_after`` (seconds) is set when Twilio asked us to slow down.
    """

    def __init__(self, status: int, code: int | None, retry_after: float | None = None) -> None:
        super().__init__(f"refused: HTTP {status}, code {code}")
        self.status, self.code, self.retry_after = status, code, retry_after


class CarrierAway(Exception):
    """Twilio could not be reached at all: the connection was refused, nothing was posted. Safe to try again."""


class CarrierUnclear(Exception):
    """Posted, and nobody knows whether Twilio took it: a time-out, a reset, a 5xx. Never repeated blindly."""


# ---- clock and chance


class Clock(Protocol):
    """Time, passed in everywhere else."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, for leases and deadlines inside one process."""

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""


class Chance(Protocol):
    """Everything that must not be guessed or repeated."""

    def token(self) -> str:
        """A fresh unguessable token, 32 hex digits."""

    def below(self, limit: int) -> int:
        """A random integer in ``0 .. limit-1``."""


# ---- Redis: the live state machine


@dataclass(frozen=True, slots=True)
class Taken:
    """What Redis says of a conversation: whether the hold is ours now, and the state as of ``seq`` and ``arrived``."""

    held: bool
    seq: int = -1
    arrived: int = -1
    state: str = ""


class Live(Doorbell, Protocol):
    """Holds and states of conversations, and the wake list. All methods raise :class:`LiveAway`.

    Everything in it may vanish at any moment; correctness never rests on it.
    """

    def take(self, conversation: str, token: str) -> Taken:
        """Take the hold (4 s lease) if it is free, and read the state, in one call."""

    def note_more(self, conversation: str, token: str) -> Taken:
        """Say that a message was parked for the holder; takes the hold if it has come free meanwhile."""

    def give_back(  # noqa: PLR0913 - one round trip does all of it
        self, conversation: str, token: str, seq: int, arrived: int, state: str, wake: bool, goes_on: bool = True
    ) -> bool:
        """Store the state if its ``seq`` is higher, free our own hold, and wake a sender when ``wake``.

        When messages were parked meanwhile True is returned. The hold is then kept (with a fresh lease) by whoever
        ``goes_on`` and takes them up; from anybody else it goes all the same.
        """

    def wake(self, conversations: Sequence[str]) -> None:
        """Put conversations on the wake list, so that senders look at their outbox at once."""

    def forget(self, conversation: str) -> None:
        """Drop the state of a conversation, so that the next turn reads it from the database."""

    def scrub(self) -> None:
        """Take what was dropped out of Redis's own file as well, where it lets us."""

    def pace(self, lane: str, seconds_each: float, burst: int, patience_seconds: float) -> float:
        """Take the next place in a lane in which, after ``burst`` at once, one message leaves every ``seconds_each``.

        In how many seconds it may leave. When that is longer than ``patience_seconds`` no place was taken.
        """

    def next_awake(self, timeout_seconds: float, limit: int) -> tuple[str, ...]:
        """Wait for conversations whose words should leave, at most ``limit``, and take them off the list."""

    def beat(self, kind: str) -> None:
        """Say that this process works at ``kind`` (``senders``); believed for 20 s."""

    def alive(self) -> Mapping[str, int]:
        """How many processes have said so of late, by kind."""

    def healthy(self) -> bool:
        """Whether Redis answers now. Never raises."""


# ---- Twilio


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as Twilio lists it."""

    sid: str
    to: str
    body: str
    created_at: int
    status: str
    error: int | None = None


@dataclass(frozen=True, slots=True)
class ListedInbound:
    """A patient's message as Twilio lists it: without the id of a tapped button, and without what a photo shows."""

    sid: str
    address: str
    body: str
    media: int
    sent_at: int


class Contents(Protocol):
    """Twilio's content templates. All methods raise CarrierRefused, CarrierAway or CarrierUnclear."""

    def contents(self) -> Mapping[str, str]:
        """The templates of the account: sid by name."""

    def make_content(self, wording: Wording) -> str:
        """Make a template; its sid."""

    def submit_content(self, sid: str, wording: Wording) -> None:
        """Ask WhatsApp to approve a template as UTILITY."""

    def content_status(self, sid: str) -> tuple[str, str]:
        """What WhatsApp says of a template, and why it refused it: ``("approved", "")``, ``("unsubmitted", "")`` …"""

    def make_question_contents(self) -> int:
        """Make what questions with buttons and lists need and the account does not have yet; how many."""


class Carrier(Contents, Protocol):
    """Twilio's messages: the one door through which words leave."""

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        """Post a message; its sid. Raises CarrierRefused, CarrierAway or CarrierUnclear."""

    def listed(self, to: str, since: int) -> tuple[Listed, ...]:
        """Messages to an address made since an instant. Raises CarrierAway when Twilio cannot be asked."""

    def inbound(self, since: int, limit: int) -> tuple[ListedInbound, ...]:
        """The newest messages of patients since an instant, oldest first. Raises CarrierAway."""

    def exchanged(self, address: str, limit: int) -> tuple[tuple[str, int], ...]:
        """At most ``limit`` messages from an address and to it, as (sid, when it was made). Raises CarrierAway."""

    def delete(self, sid: str) -> None:
        """Have Twilio forget a message; one that is gone already is fine. Raises CarrierRefused, CarrierAway or
        CarrierUnclear."""

    def words_of(self, outgoing: Outgoing) -> str:
        """What Twilio will show as the body of this row, to recognise it in the list."""


# ---- who is posting


class Claim(Protocol):
    """Rows that somebody took to post them."""

    @property
    def name(self) -> str:
        """Under which the rows are claimed; no other claim ever has it."""

    def begins(self, attempt: str) -> None:
        """Note that an attempt is about to be posted; what was not noted was certainly not posted."""


class Claims(Protocol):
    """Whether somebody still works on a claim: known for certain on the machine where it was made, and only there."""

    def making(self, claimer: str) -> AbstractContextManager[Claim]:
        """A claim that is worked on while the ``with`` block lasts, and over however the process ends."""

    def over(self) -> Mapping[str, frozenset[str]]:
        """The claims that ended without being done, by name, each with the attempts that were begun under it. Those
        made elsewhere, or before this machine was started, are not among them: nothing is known of those."""

    def forget(self, names: Iterable[str]) -> None:
        """Drop claims that are over. Nothing is known of them any more."""


# ---- the queue


class Queue(Protocol):
    """RQ: what has a clock or takes long. Losing or doubling a job is harmless; the tick finds what was forgotten."""

    def enqueue(self, job: str, *ids: int | str) -> None:
        """Run a job of :mod:`bot.jobs` by name with ids only; what the tick asks for again waits in line once. Raises
        :class:`LiveAway`."""

    def workers(self) -> int:
        """How many processes do the queue's jobs now; one that was killed is believed for 20 s. Raises LiveAway."""


class Spool(Protocol):
    """Red flags answered while the database was away, kept on disk until they can be written down."""

    def keep(self, sid: str, message: Mapping[str, str]) -> None:
        """Keep a message durably under its sid. Keeping it again changes nothing. Raises OSError."""

    def kept(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """Everything kept, as (sid, message), oldest first. What cannot be read any more is an empty message."""

    def drop(self, sid: str) -> None:
        """It is written down now."""
