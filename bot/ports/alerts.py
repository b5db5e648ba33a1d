"""Telling staff off the screen: what the book of record keeps of it, and the letters themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.alerts import AlertKind, Wants

AlertStatus = Literal["pending", "sent", "over", "given_up"]


class MailAway(Exception):
    """The mail server cannot be used now. Some may have been told: try again with the same letter.

    The message says why, in words that name nobody.
    """


class MailRefused(MailAway):
    """The mail server will not take our letters as things are: a wrong password, a sender or everybody refused."""


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail. ``id`` is the same at every try, so that a mailbox shows it once; ``at`` is in epoch seconds."""

    id: str
    to: tuple[str, ...]
    subject: str
    text: str
    at: int


class Mail(Protocol):
    """Our way out by e-mail."""

    def send(self, letter: Letter) -> int:
        """Send a letter; how many were refused while others were told. Raises MailAway or MailRefused."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something staff are told. ``key`` names it for good: it is told once. ``since`` is when it began, ``staff`` who
    alone is told of it (empty: everybody who wants to be)."""

    key: str
    kind: AlertKind
    conversation: str = ""
    since: int = 0
    id: int = 0
    status: AlertStatus = "pending"
    mail: str = ""
    tries: int = 0
    trouble: str = ""
    made_at: int = 0
    staff: str = ""


@dataclass(frozen=True, slots=True)
class MailTrouble:
    """Alerts that did not leave: how many wait after a try that failed, how many were given up, and the last reason."""

    waiting: int
    given_up: int
    why: str


class AlertsPart(Protocol):
    """The book of record's part."""

    def raise_alert(self, alert: Alert, now: int) -> bool:
        """Write down that staff are to be told, from ``now`` on. False when that was written down before; nothing
        changes then."""

    def unseen_failures(self, limit: int) -> tuple[tuple[str, int, int], ...]:
        """Conversations with words that could not be delivered and that nobody has seen to: (id, the first such row,
        when it failed)."""

    def alerts_due(self, now: int) -> bool:
        """Whether a letter is to be sent now."""

    def take_alerts(self, letter: str, limit: int, now: int) -> tuple[Alert, ...]:
        """Take alerts that are due, all of one letter, counting the try and putting off the next: those of a letter
        that was tried before, or else new ones, which become ``letter``. A letter is for all, or for one."""

    def alerts_over(self, ids: Sequence[int], status: AlertStatus, now: int) -> None:
        """They were told, have nothing to tell any more, or are given up."""

    def alerts_wait(self, ids: Sequence[int], why: str) -> None:
        """They could not leave, and why."""

    def newest_alerts(self, limit: int) -> tuple[Alert, ...]:
        """The newest first."""

    def mail_trouble(self, since: int) -> MailTrouble | None:
        """What did not leave: waiting now, or given up since an instant. None when all is well."""

    def alarming(self) -> str:
        """When and where the clinic is told, as data; empty for the defaults."""

    def set_alarming(self, data: str, staff: str, now: int) -> None:
        """Write it down anew."""

    def alert_addresses(self) -> Mapping[str, tuple[str, Wants]]:
        """Where each account that is in use is told, and of what."""

    def set_alert_address(self, staff: str, address: str, wants: Wants, now: int) -> None:
        """Tell a member of staff there; an empty address or ``wants`` tells her nothing."""
