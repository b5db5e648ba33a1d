"""Counting the stretches in which people were needed: what the lead's numbers are made of. Nothing is written for a
turn that neither begins nor ends one."""

from __future__ import annotations

from bot.core.conversation import Conversation
from bot.core.events import Event, Returned, StaffBlocked, StaffHandedBack, StaffReopened, StaffReplied
from bot.ports import Ledger

_WITH_PEOPLE = ("waiting", "held")


def count_stretch(ledger: Ledger, before: Conversation, after: Conversation, event: Event, now: int) -> None:
    """Write down what a turn changed about a person being needed, in the turn's own transaction."""
    id = after.id
    if isinstance(event, StaffReopened) and after.control in _WITH_PEOPLE and ledger.hand_over_goes_on(id):
        return
    if after.control in _WITH_PEOPLE and (before.control not in _WITH_PEOPLE or (after.urgent and not before.urgent)):
        ledger.hand_over_asked(id, after.reason, after.urgent, now)
    if after.control == "held" and before.holder != after.holder:
        ledger.hand_over_claimed(id, after.holder, now)
    if isinstance(event, StaffReplied):
        ledger.hand_over_answered(id, now)
    if before.control in _WITH_PEOPLE and after.control not in _WITH_PEOPLE:
        ledger.hand_over_ended(id, _how(event), now, event.closed_as if isinstance(event, StaffHandedBack) else "")


def _how(event: Event) -> str:
    match event:
        case StaffHandedBack(mode=mode):
            return mode
        case Returned(rule=rule):
            return rule
        case StaffBlocked():
            return "blocked"
        case _:
            return ""
