"""What the desk needs from outside, the database apart: clock, chance, Redis, Twilio, the queue, the spool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.ports.ledger import Outgoing
from bot.ports.reception import Doorbell


class BookAway(Exception):
    """The database cannot be used now. Nothing was written; the sender must try again."""


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
        self, conversation: str, token: str, seq: int, arrived: int, state: str, wake: bool
    ) -> bool:
        """Store the state if its ``seq`` is higher, free our own hold, and wake a sender when ``wake``.

        When messages were parked meanwhile the hold is kept (with a fresh lease) and True is returned: take them up.
        """

    def wake(self, conversations: Sequence[str]) -> None:
        """Put conversations on the wake list, so that senders look at their outbox at once."""

    def forget(self, conversation: str) -> None:
        """Drop the state of a conversation, so that the next turn reads it from the database."""

    def next_awake(self, timeout_seconds: float, limit: int) -> tuple[str, ...]:
        """Wait for conversations whose words should leave, at most ``limit``, and take them off the list."""

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


class Carrier(Protocol):
    """Twilio's messages: the one door through which words leave."""

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        """Post a message; its sid. Raises CarrierRefused, CarrierAway or CarrierUnclear."""

    def listed(self, to: str, since: int) -> tuple[Listed, ...]:
        """Messages to an address made since an instant. Raises CarrierAway when Twilio cannot be asked."""

    def words_of(self, outgoing: Outgoing) -> str:
        """What Twilio will show as the body of this row, to recognise it in the list."""


# ---- the queue


class Queue(Protocol):
    """RQ: what has a clock or takes long. Losing or doubling a job is harmless; the tick finds what was forgotten."""

    def enqueue(self, job: str, *ids: int | str) -> None:
        """Run a job of :mod:`bot.jobs` by name with ids only. Raises :class:`LiveAway`."""


class Spool(Protocol):
    """Red flags answered while the database was away, kept on disk until they can be written down."""

    def keep(self, sid: str, message: Mapping[str, str]) -> None:
        """Keep a message durably under its sid. Keeping it again changes nothing. Raises OSError."""

    def kept(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """Everything kept, as (sid, message), oldest first."""

    def drop(self, sid: str) -> None:
        """It is written down now."""
