"""How a message of ours fares on its way, and what an error code means for it. Data that a reader scans.

Statuses of an outbox row: ``queued -> sending -> sent -> delivered -> read``, or ``failed``, ``unknown`` (posted, and
nobody knows whether it was taken), ``suppressed`` (the bot may not speak), ``expired``, ``needs_person``.

Callbacks arrive late, twice and in any order (https://www.twilio.com/docs/messaging/guides/outbound-message-logging):
rank only ever rises.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, Protocol

from bot.core.window import WINDOW_CLOSED

RowStatus = Literal[
    "queued",
    "sending",
    "unknown",
    "sent",
    "delivered",
    "read",
    "failed",
    "suppressed",
    "expired",
    "needs_person",
]

FINISHED = frozenset({"sent", "delivered", "read", "failed", "suppressed", "expired", "needs_person"})
"""Statuses in which a row no longer holds back the next one of its conversation."""

RETRY_AFTER_SECONDS_MAX = 3600
"""Twilio may ask us to wait; not for ever."""
FIRST_LOOK_SECONDS, LOOK_AGAIN_SECONDS = 10, 60
"""How long after an unclear attempt Twilio's list is looked into, and how long after that again."""

RANK: Mapping[str, int] = MappingProxyType(
    {"queued": 0, "sending": 1, "unknown": 1, "sent": 2, "delivered": 3, "read": 4, "failed": 5}
)

FROM_TWILIO: Mapping[str, RowStatus] = MappingProxyType(
    {
        "accepted": "sent",
        "scheduled": "sent",
        "queued": "sent",
        "sending": "sent",
        "sent": "sent",
        "delivered": "delivered",
        "read": "read",
        "undelivered": "failed",
        "failed": "failed",
        "canceled": "failed",
    }
)
"""MessageStatus words. Unknown words change nothing and are answered 200."""

Remedy = Literal["again", "settle", "template", "permanent", "stop", "unreachable", "channel", "content", "admin"]
"""``again``: never processed, retry later. ``settle``: find out first. ``template``: once more as a template.
``permanent``: never with these words. ``stop``: she does not want us to write. ``unreachable``: nothing can be written
to this address. ``channel``: nobody can be written to now; everything waits and is tried again. ``content``: the
template is not usable. ``admin``: our set-up is wrong for this message."""
Mark = Literal["", "opted_out", "unreachable"]
"""What a failure says of the address it was for."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an error code means: what to do, what staff read, and how long the first try again waits.

    Every further try waits twice as long, up to an hour where the first wait was more than a second.
    """

    remedy: Remedy
    why: str
    wait_seconds: int = 1


MINUTE, HOUR = 60, 3600
TRIES_MAX = 8
"""Attempts to say the same words; then a person should know."""
BACKOFF_SECONDS_MAX = 60
CHANNEL_SECONDS = MINUTE
"""While the channel is out of order it is tried so often."""

ERRORS: Mapping[int, Trouble] = MappingProxyType(
    {
        11751: Trouble("permanent", "the file is too large for WhatsApp"),
        12300: Trouble("permanent", "Twilio did not take the file for what it is"),
        20003: Trouble("channel", "Twilio refuses our credentials", CHANNEL_SECONDS),
        20404: Trouble("channel", "the Twilio account or endpoint does not exist", CHANNEL_SECONDS),
        20429: Trouble("again", "Twilio asks us to slow down"),
        20500: Trouble("settle", "Twilio had an error of its own"),
        20503: Trouble("settle", "Twilio was unavailable"),
        21211: Trouble("unreachable", "the address is not valid"),
        21408: Trouble("admin", "this region is not enabled in the Twilio account"),
        21602: Trouble("admin", "the message had no words"),
        21603: Trouble("admin", "the message had no sender"),
        21604: Trouble("admin", "the message had no recipient"),
        21610: Trouble("stop", "the patient unsubscribed"),
        21611: Trouble("again", "the sender's queue at Twilio is full", 15 * MINUTE),
        21614: Trouble("unreachable", "the address cannot receive messages"),
        21617: Trouble("admin", "the message was too long"),
        21620: Trouble("admin", "Twilio cannot use the address of the file"),
        21655: Trouble("content", "the content template does not exist"),
        21656: Trouble("content", "the content variables are not valid"),
        63001: Trouble("channel", "the WhatsApp channel is not set up", CHANNEL_SECONDS),
        63003: Trouble("unreachable", "the number is not on WhatsApp"),
        63005: Trouble("permanent", "WhatsApp refused the content"),
        63006: Trouble("permanent", "WhatsApp could not show the content"),
        63007: Trouble("channel", "our WhatsApp sender is unknown", CHANNEL_SECONDS),
        63008: Trouble("channel", "the WhatsApp channel is not set up right", CHANNEL_SECONDS),
        63009: Trouble("again", "WhatsApp had an error of its own", 5),
        63010: Trouble("again", "Twilio had an error of its own", 5),
        63012: Trouble("again", "WhatsApp was unavailable", 5),
        63013: Trouble("permanent", "WhatsApp's policy refused the content"),
        63014: Trouble("stop", "the patient blocked us"),
        63015: Trouble("unreachable", "the patient has not joined the sandbox"),
        63016: Trouble("template", WINDOW_CLOSED),
        63017: Trouble("again", "WhatsApp limits how much we send", MINUTE),
        63018: Trouble("again", "WhatsApp asks us to slow down", MINUTE),
        63019: Trouble("permanent", "WhatsApp could not fetch the file"),
        63020: Trouble("channel", "the Meta business account needs attention", CHANNEL_SECONDS),
        63021: Trouble("permanent", "WhatsApp refused the content"),
        63022: Trouble("channel", "the WhatsApp sender's certificate is not valid", CHANNEL_SECONDS),
        63024: Trouble("unreachable", "the recipient is not valid"),
        63026: Trouble("admin", "WhatsApp takes our messages for spam"),
        63027: Trouble("content", "the template does not exist in this language"),
        63028: Trouble("content", "the template's variables do not match"),
        63032: Trouble("permanent", "Meta does not deliver to this person now"),
        63034: Trouble("permanent", "the file is too large for WhatsApp"),
        63038: Trouble("channel", "the account's daily limit is reached", HOUR),
        63040: Trouble("content", "the template was rejected"),
        63041: Trouble("content", "the template is paused"),
        63049: Trouble("permanent", "Meta chose not to deliver"),
        63051: Trouble("channel", "the sender is locked", CHANNEL_SECONDS),
        92006: Trouble("content", "the content template cannot be used"),
        92007: Trouble("content", "the content variables are not valid"),
    }
)
"""Codes of Twilio (https://www.twilio.com/docs/api/errors), at once in its answer or later in a status callback."""

DAILY_LIMIT = 63038

CONTENT_STATUS: Mapping[int, str] = MappingProxyType({63040: "rejected", 63041: "paused"})
"""What a failure says of the template that was used; any other is ``unusable`` until its status is read again."""


class Failed(Protocol):
    """What is asked of the words that failed."""

    @property
    def tries(self) -> int: ...
    @property
    def template(self) -> str: ...
    @property
    def as_template(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of words that failed.

    When they are ``queued`` again they wait ``wait_seconds``, which chance makes up to twice as long, at most
    ``wait_seconds_max``.
    """

    status: RowStatus
    why: str
    wait_seconds: int = 0
    wait_seconds_max: int = 0
    as_template: bool = False
    mark: Mark = ""
    remedy: Remedy = "permanent"

    @property
    def loud(self) -> bool:
        """Whether somebody who runs the clinic's account has to do something."""
        return self.remedy in ("channel", "content", "admin")


def verdict(code: int | None, words: Failed, later: bool = False) -> Verdict:
    """What follows from an error code: of Twilio's answer, or ``later`` of a status callback, which leaves no doubt."""
    trouble = trouble_of(code)
    what, why = trouble.remedy, trouble.why
    match what:
        case "settle" if not later:
            return Verdict("unknown", why, remedy=what)
        case "again" | "settle":
            if words.tries >= TRIES_MAX:
                return Verdict("needs_person", why, remedy=what)
            longest = BACKOFF_SECONDS_MAX if trouble.wait_seconds == 1 else HOUR
            wait = min(longest, trouble.wait_seconds * 2 ** (words.tries - 1))
            return Verdict("queued", why, wait, longest, words.as_template, remedy=what)
        case "channel":
            wait = trouble.wait_seconds
            return Verdict("queued", why, wait, wait, words.as_template, remedy=what)
        case "template" if words.template and not words.as_template:
            return Verdict("queued", why, as_template=True, remedy=what)
        case "template" | "content":
            return Verdict("needs_person", why, as_template=words.as_template, remedy=what)
        case "stop":
            return Verdict("failed", why, mark="opted_out", remedy=what)
        case "unreachable":
            return Verdict("failed", why, mark="unreachable", remedy=what)
        case _:
            return Verdict("failed", why, remedy=what)


def trouble_of(code: int | None) -> Trouble:
    """What an error code means. An unknown one is permanent: repeating it blindly helps nobody."""
    if code is None:
        return Trouble("permanent", "the message failed without a reason")
    return ERRORS.get(code, Trouble("permanent", f"Twilio error {code}"))


def channel_waits(code: int | None, known: bool, now: int) -> int:
    """How long nothing is posted after an error of the whole channel, in seconds.

    A daily limit ends with the day, in UTC; when it did not (``known``), it is tried every hour.
    """
    if code == DAILY_LIMIT and not known:
        return 24 * HOUR - now % (24 * HOUR)
    return trouble_of(code).wait_seconds


def rises(now: str, then: str) -> bool:
    """Whether a callback's status is news: it ranks above what we know. ``failed`` after ``read`` is not."""
    if then == "failed":
        return RANK.get(now, 9) < RANK["delivered"]
    return RANK.get(then, -1) > RANK.get(now, 9)
