"""How a message of ours fares on its way, and what an error code means for it. Data that a reader scans.

Statuses of an outbox row: ``queued -> sending -> sent -> delivered -> read``, or ``failed``, ``unknown`` (posted, and
nobody knows whether it was taken), ``suppressed`` (the bot may not speak), ``expired``, ``needs_person``.

Callbacks arrive late, twice and in any order (https://www.twilio.com/docs/messaging/guides/outbound-message-logging):
rank only ever rises.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

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

RETRY_SECONDS_MAX = 120
"""No retry is put off for longer. One that is due later than that says that the clock was set back: it is due now."""
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

Remedy = Literal["again", "settle", "template", "permanent", "stop", "admin"]
"""``again``: never processed, retry later. ``settle``: find out first. ``template``: once more as a template.
``permanent``: never to this patient. ``stop``: she does not want us to write. ``admin``: our set-up is wrong."""

ERRORS: Mapping[int, tuple[Remedy, str]] = MappingProxyType(
    {
        20003: ("admin", "Twilio refuses our credentials"),
        20404: ("admin", "the Twilio account or endpoint does not exist"),
        20429: ("again", "Twilio asks us to slow down"),
        20500: ("settle", "Twilio had an error of its own"),
        20503: ("settle", "Twilio was unavailable"),
        21211: ("permanent", "the address is not valid"),
        21408: ("admin", "this region is not enabled in the Twilio account"),
        21602: ("admin", "the message had no words"),
        21603: ("admin", "the message had no sender"),
        21604: ("admin", "the message had no recipient"),
        21610: ("stop", "the patient unsubscribed"),
        21611: ("again", "the sender's queue at Twilio is full"),
        21614: ("permanent", "the address cannot receive messages"),
        21617: ("admin", "the message was too long"),
        21655: ("admin", "the content template does not exist"),
        21656: ("admin", "the content variables are not valid"),
        63001: ("admin", "the WhatsApp channel is not set up"),
        63003: ("permanent", "the number is not on WhatsApp"),
        63005: ("permanent", "WhatsApp refused the content"),
        63007: ("admin", "our WhatsApp sender is unknown"),
        63009: ("again", "WhatsApp had an error of its own"),
        63010: ("again", "Twilio had an error of its own"),
        63012: ("again", "WhatsApp was unavailable"),
        63013: ("permanent", "WhatsApp's policy refused the content"),
        63014: ("stop", "the patient blocked us"),
        63016: ("template", "the 24-hour window is closed"),
        63018: ("again", "WhatsApp asks us to slow down"),
        63019: ("permanent", "the media could not be fetched"),
        63020: ("admin", "the Meta business account needs attention"),
        63021: ("permanent", "WhatsApp refused the content"),
        63024: ("permanent", "the recipient is not valid"),
        63026: ("admin", "WhatsApp takes our messages for spam"),
        63027: ("admin", "the template does not exist in this language"),
        63028: ("admin", "the template's variables do not match"),
        63032: ("permanent", "Meta does not deliver to this person now"),
        63038: ("again", "the account's daily limit is reached"),
        63040: ("admin", "the template was rejected"),
        63041: ("admin", "the template is paused"),
        63049: ("permanent", "Meta chose not to deliver"),
        63051: ("admin", "the sender is locked"),
    }
)


def rises(now: str, then: str) -> bool:
    """Whether a callback's status is news: it ranks above what we know. ``failed`` after ``read`` is not."""
    if then == "failed":
        return RANK.get(now, 9) < RANK["delivered"]
    return RANK.get(then, -1) > RANK.get(now, 9)


def remedy(code: int | None) -> tuple[Remedy, str]:
    """What an error code means. An unknown one is permanent: repeating it blindly helps nobody."""
    if code is None:
        return "permanent", "the message failed without a reason"
    return ERRORS.get(code, ("permanent", f"Twilio error {code}"))
