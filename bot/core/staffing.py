"""What staff do to a conversation, and what the desk's own rules do to it: who may speak afterwards, and what is said.

Whether somebody may do it is decided before, on the locked row (:mod:`bot.desk.reception`); here it has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from bot.core.conversation import Closed
from bot.core.effects import Choice, Say
from bot.core.events import (
    Escalated,
    Returned,
    StaffBlocked,
    StaffDid,
    StaffEvent,
    StaffHandedBack,
    StaffHandedOn,
    StaffLooked,
    StaffMarked,
    StaffPutOff,
    StaffReleased,
    StaffReopened,
    StaffReplied,
    StaffTookOver,
)
from bot.core.names import Names
from bot.core.patience import escalation_of
from bot.core.sent_file import CAPTION_CHARACTERS_MAX
from bot.core.walk import Walk
from bot.core.window import window_open

_REOPENED = (
    "control", "holder", "introduced", "reason", "urgent", "look", "waiting_since", "later_until", "stack", "open",
)  # fmt: skip
"""What comes back when "done" is taken back."""
FINISHED = "booking_finished"
"""Staff booked what a patient had begun: the flow she was in is over, or she could go on in it and book again."""
_CLEARED: Mapping[str, Any] = MappingProxyType(
    {"holder": "", "introduced": "", "reason": "", "urgent": False, "look": False, "waiting_since": 0, "later_until": 0}
)
"""What nobody needs to know any more once a conversation is the bot's again, or closed."""


def happened(walk: Walk, event: StaffEvent) -> None:
    """Take up what staff, or a rule of the desk, did."""
    _DOES[type(event)](walk, event)


def _took_over(walk: Walk, event: StaffTookOver) -> None:
    _held_by(walk, event.by)
    walk.trod("staff took over")
    _introduce(walk, event.called)


def _handed_on(walk: Walk, event: StaffHandedOn) -> None:
    _held_by(walk, event.to)
    walk.trod("handed on")


def _held_by(walk: Walk, holder: str) -> None:
    walk.change(control="held", holder=holder, silence_due=0, look=False, later_until=0, staff_at=walk.now, closed=None)
    walk.raise_control()


def _introduce(walk: Walk, called: str) -> None:
    """Tell the patient who answers her now, where the clinic wants it: again only when it is another one."""
    holder, clinic, conversation = walk.conversation.holder, walk.clinic, walk.conversation
    told = conversation.introduced == holder or not (called and clinic.says_who_answers)
    # Where no words of ours arrive now, her first ones that do are what introduces her.
    reached = window_open(conversation.last_inbound_at, walk.now) and not conversation.unreachable
    if told or not reached or conversation.blocked:
        return
    words = Names(clinic, conversation, {"staff": called}).render(walk.text("who answers"))
    walk.say(words, "introduction")
    walk.change(introduced=holder)


def _replied(walk: Walk, event: StaffReplied) -> None:
    # Whoever was given it, or took it while the window was closed, is introduced by her first words.
    _introduce(walk, event.called)
    # No flow waits for these buttons: a tap is told to whoever has the conversation, in its own words.
    owner = walk.conversation.id[:8]
    choices = tuple(Choice(f"{owner}.staff.{place}", label) for place, label in enumerate(event.buttons))
    walk.effects += _said(event, choices)
    walk.change(staff_at=walk.now, waiting_since=0, look=False)


def _said(event: StaffReplied, choices: tuple[Choice, ...]) -> tuple[Say, ...]:
    """Her words: under their file where phones show them there, else after it."""
    under = event.captioned and len(event.text) <= CAPTION_CHARACTERS_MAX
    if not event.file or under or not event.text:
        return (Say(event.text, "staff", choices, file=event.file),)
    return Say("", "staff", file=event.file), Say(event.text, "staff", choices)


def _handed_back(walk: Walk, event: StaffHandedBack) -> None:
    walk.raise_control()
    walk.trod(f"handed back: {event.mode}")
    if event.mode == "silent":
        before = {name: getattr(walk.conversation, name) for name in _REOPENED}
        _close(walk, "handed back")
        walk.change(closed=Closed(walk.conversation.turn, **before))
        return
    walk.change(control="bot", holding_texts=0, **_CLEARED)
    walk.say_text("back again", speech="notice")
    if event.mode == "continue" and walk.conversation.stack:
        walk.ask_again()
    else:
        walk.drop_all("handed back")
        walk.start(walk.clinic.otherwise)


def _reopened(walk: Walk, event: StaffReopened) -> None:
    closed = walk.conversation.closed
    walk.raise_control()
    walk.trod("reopened")
    if closed is not None:
        walk.change(closed=None, **{name: getattr(closed, name) for name in _REOPENED})


def _released(walk: Walk, event: StaffReleased) -> None:
    _to_the_queue(walk, event.reason)
    walk.trod("released")


def _put_off(walk: Walk, event: StaffPutOff) -> None:
    walk.change(later_until=event.until, look=False)
    walk.trod("put off")


def _marked(walk: Walk, event: StaffMarked) -> None:
    walk.change(urgent=event.urgent)
    walk.trod("marked")


def _blocked(walk: Walk, event: StaffBlocked) -> None:
    walk.raise_control()
    walk.change(blocked=event.blocked)
    walk.trod("blocked" if event.blocked else "unblocked")
    if event.blocked:
        _close(walk, "blocked")


def _looked(walk: Walk, event: StaffLooked) -> None:
    walk.change(look=False)
    walk.trod("looked")


def _did(walk: Walk, event: StaffDid) -> None:
    walk.trod(event.what)
    if event.what == FINISHED:
        walk.drop_all("finished by staff")


def _escalated(walk: Walk, event: Escalated) -> None:
    walk.change(escalated=escalation_of(walk.conversation, event.level))
    walk.trod(f"escalated: {event.level}")


def _returned(walk: Walk, event: Returned) -> None:
    walk.trod(f"returned: {event.rule}")
    if event.rule == "later_over":
        walk.change(later_until=0, waiting_since=walk.conversation.waiting_since or walk.now)
    elif event.rule == "no_answer":
        walk.raise_control()
        _close(walk, "no answer")
    else:
        _to_the_queue(walk, walk.conversation.reason)


def _to_the_queue(walk: Walk, reason: str) -> None:
    walk.raise_control()
    since = walk.conversation.waiting_since or walk.now
    walk.change(control="waiting", holder="", reason=reason, waiting_since=since, silence_due=0, later_until=0)


def _close(walk: Walk, way: str) -> None:
    walk.drop_all(way)
    walk.change(control="closed", **_CLEARED)


_DOES: Mapping[type, Callable[[Walk, Any], None]] = MappingProxyType(
    {
        StaffTookOver: _took_over,
        StaffReplied: _replied,
        StaffHandedBack: _handed_back,
        StaffHandedOn: _handed_on,
        StaffReleased: _released,
        StaffPutOff: _put_off,
        StaffMarked: _marked,
        StaffBlocked: _blocked,
        StaffLooked: _looked,
        StaffReopened: _reopened,
        StaffDid: _did,
        Returned: _returned,
        Escalated: _escalated,
    }
)
