"""Would this follow-up still be sent? One function decides, and its reason is what the receptionist reads."""

from __future__ import annotations

from datetime import datetime, time
from typing import Literal, Protocol

from bot.core.conversation import Conversation
from bot.core.window import window_open

WAKING_FROM = time(8, 0)
WAKING_UNTIL = time(20, 0)
"""Follow-ups are due within these hours, clinic time."""
QUIET_FROM = time(20, 30)
"""One due at the last moment may still leave a little later."""
LAST_CALL_SECONDS = 2 * 3600
"""A reminder that comes later than this before the appointment helps nobody: somebody should call."""

Answer = Literal["yes", "later", "no", "person"]
"""``later``: it stays due and is asked again. ``no``: not needed any more. ``person``: staff should do it by hand."""


class Due(Protocol):
    """What is asked of a follow-up; instants are UTC epoch seconds."""

    @property
    def made_for_version(self) -> int: ...
    @property
    def appointment_version(self) -> int: ...
    @property
    def appointment_status(self) -> str: ...
    @property
    def starts_at(self) -> int: ...
    @property
    def due_at(self) -> int: ...
    @property
    def expires_at(self) -> int: ...


def would_send(follow_up: Due, conversation: Conversation, now: datetime) -> tuple[Answer, str]:
    """Whether a pending follow-up may leave now, and why not. ``now`` is aware, in clinic time."""
    stamp = int(now.timestamp())
    if follow_up.appointment_status != "booked":
        return "no", "the appointment is not booked any more"
    if follow_up.made_for_version != follow_up.appointment_version:
        return "no", "the appointment was moved"
    if conversation.opted_out:
        return "no", "the patient does not want follow-ups"
    if stamp >= follow_up.expires_at:
        return _too_late(follow_up, stamp)
    if stamp < follow_up.due_at:
        return "later", "it is not due yet"
    if conversation.control in ("waiting", "held"):
        return "later", "a person has the conversation"
    if not window_open(conversation.last_inbound_at, stamp):
        return "person", "the 24-hour window is closed"
    if not WAKING_FROM <= now.time() < QUIET_FROM:
        return "later", "it is too late or too early in the day"
    return "yes", ""


def _too_late(follow_up: Due, stamp: int) -> tuple[Answer, str]:
    left = follow_up.starts_at - stamp
    if left <= 0:
        return "no", "the appointment has begun"
    if left > LAST_CALL_SECONDS:
        return "no", "a later one takes its place"
    return "person", "it could not leave in time"
