"""Would this follow-up still be sent? One function decides, and its reason is what the receptionist reads.

The table of kinds says what each follow-up asks, whom it may still be sent to, and what becomes of it when it cannot
leave. When each falls due is the clinic's :class:`bot.core.calendar.Plan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from types import MappingProxyType
from typing import Literal, Protocol

from bot.core.window import window_open

WAKING_FROM = time(8, 0)
WAKING_UNTIL = time(20, 0)
"""Follow-ups are due within these hours, clinic time."""
QUIET_FROM = time(20, 30)
"""One due at the last moment may still leave a little later."""
LAST_CALL_SECONDS = 2 * 3600
"""A reminder that comes later than this before the appointment helps nobody: somebody should call."""
ASK_AGAIN_SECONDS = 60
"""One that is due and may not leave yet is asked so often."""
AS_TEMPLATE = "as an approved template: the 24-hour window is closed"

Answer = Literal["yes", "later", "no", "person"]
"""``later``: it stays due and is asked again. ``no``: not needed any more. ``person``: staff should do it by hand."""
Purpose = Literal["service", "safety", "promotion"]
"""What patients opt out of. Service ends with STOP. Promotion needs a consent of its own. Safety always may."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of follow-up.

    ``text`` names the sentence it says, ``options`` its buttons (each a text ``"<text> <option>"``), ``template`` the
    approved template it becomes outside the 24-hour window.
    """

    text: str
    options: tuple[str, ...] = ()
    template: str = ""
    statuses: frozenset[str] = frozenset({"booked"})
    """What the appointment must still be; empty when there is none."""
    purpose: Purpose = "service"
    unsent: Literal["no", "person"] = "no"
    """Whether a person should do it when it could not leave."""


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "reminder": Kind("reminder", ("confirm", "move", "cancel"), "reminder", unsent="person"),
        "preparation": Kind("preparation", (), "preparation", unsent="person"),
        "check-in": Kind("check in", ("well", "call"), "check_in", frozenset({"booked", "arrived", "fulfilled"})),
        "rebook": Kind("rebook", ("book", "no"), "rebook", frozenset({"noshow"})),
        "offer": Kind("offer", ("take", "keep"), "waiting_list"),
        "nudge": Kind("nudge", ("book", "no"), "", frozenset()),
    }
)
"""By the first part of a row's kind: ``reminder-24h`` is a reminder."""


class Due(Protocol):
    """What is asked of a follow-up; instants are UTC epoch seconds."""

    @property
    def kind(self) -> str: ...
    @property
    def made_for_version(self) -> int: ...
    @property
    def appointment_version(self) -> int: ...
    @property
    def appointment_status(self) -> str: ...
    @property
    def not_theirs_at(self) -> int: ...
    @property
    def starts_at(self) -> int: ...
    @property
    def made_at(self) -> int: ...
    @property
    def due_at(self) -> int: ...
    @property
    def expires_at(self) -> int: ...


class Addressee(Protocol):
    """What is asked of the conversation it would be said in."""

    @property
    def control(self) -> str: ...
    @property
    def opted_out(self) -> bool: ...
    @property
    def agreed_at(self) -> int: ...
    @property
    def last_inbound_at(self) -> int: ...


def kind_of(name: str) -> Kind | None:
    """The kind of a row, or None when this version knows of none."""
    return next((kind for known, kind in KINDS.items() if name.startswith(known)), None)


def may_be_told(purpose: Purpose, opted_out: bool, agreed_at: int) -> str:
    """Why an address may not be sent this, or nothing when it may. ``agreed_at`` is the consent to promotion."""
    match purpose:
        case "safety":
            return ""
        case "service":
            return "the patient does not want follow-ups" if opted_out else ""
        case "promotion":
            return "" if agreed_at and not opted_out else "the patient has not agreed to promotion"


def would_send(follow_up: Due, conversation: Addressee, now: datetime) -> tuple[Answer, str]:
    """Whether a pending follow-up may leave now, and why not. ``now`` is aware, in clinic time."""
    kind, stamp = kind_of(follow_up.kind), int(now.timestamp())
    if kind is None:
        return "person", "nobody knows this kind of follow-up"
    why = _not_wanted(kind, follow_up) or may_be_told(kind.purpose, conversation.opted_out, conversation.agreed_at)
    if why:
        return "no", why
    if not kind.statuses and conversation.last_inbound_at >= follow_up.made_at:
        return "no", "the patient has written since"
    if stamp >= follow_up.expires_at:
        return _too_late(kind, follow_up, stamp)
    why = _not_now(follow_up, conversation, now)
    if why:
        return "later", why
    if not window_open(conversation.last_inbound_at, stamp):
        return ("yes", AS_TEMPLATE) if kind.template else (kind.unsent, "the 24-hour window is closed")
    return "yes", ""


def _not_wanted(kind: Kind, follow_up: Due) -> str:
    """What has happened to the appointment since."""
    if not kind.statuses:
        return ""
    if follow_up.appointment_status not in kind.statuses:
        booked = "booked" in kind.statuses
        return "the appointment is not booked any more" if booked else "the patient was not missed"
    if follow_up.made_for_version != follow_up.appointment_version:
        return "the appointment was moved"
    return "the appointment is not theirs, says who was asked" if follow_up.not_theirs_at else ""


def _not_now(follow_up: Due, conversation: Addressee, now: datetime) -> str:
    # Also of what is due tomorrow: whoever holds the conversation is to know that she keeps it back.
    if conversation.control in ("waiting", "held"):
        return "a person has the conversation"
    if int(now.timestamp()) < follow_up.due_at:
        return "it is not due yet"
    return "" if WAKING_FROM <= now.time() < QUIET_FROM else "it is too late or too early in the day"


def _too_late(kind: Kind, follow_up: Due, stamp: int) -> tuple[Answer, str]:
    if kind.unsent == "no":
        return "no", "its time has passed"
    left = follow_up.starts_at - stamp
    if left <= 0:
        return "no", "the appointment has begun"
    if left > LAST_CALL_SECONDS:
        return "no", "a later one takes its place"
    return "person", "it could not leave in time"
