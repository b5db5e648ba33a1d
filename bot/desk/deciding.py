"""Deciding a turn with the clinic's system at hand: the pure core decides, its actions are carried out in between."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from bot.core.conversation import Conversation, from_data
from bot.core.effects import DoAction, Effect, Note, PassToPerson, Say
from bot.core.events import Event, Message
from bot.core.flow import Clinic
from bot.core.grounds import TURN_FAILED
from bot.core.safety import words_for
from bot.core.turn import Turn, take_turn
from bot.desk.actions import carry_out
from bot.ports import Desk, Ledger, Taken

ACTIONS_MAX = 20
"""Actions in one turn; a flow that asks for more runs in a circle."""


class TooManyActions(Exception):
    """A flow kept asking for actions without ever asking the patient."""


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A conversation as Redis had it at (``seq``, ``arrived``), and what the core decides by ``clinic`` if it still is
    so: the ``turn`` of the moment ``now``."""

    seq: int
    arrived: int
    clinic: Clinic
    state: Conversation
    now: datetime
    turn: Turn


def foresee(clinic: Clinic, taken: Taken | None, event: Event, now: datetime) -> Foreseen | None:
    """What will be decided, worked out before anything is locked: a database with one writer has all others wait for
    whoever thinks while he writes. None when Redis knows nothing, or deciding fails: it then fails under the lock too,
    where that is told."""
    if taken is None or not taken.state:
        return None
    try:
        state = from_data(json.loads(taken.state))
        return Foreseen(taken.seq, taken.arrived, clinic, state, now, take_turn(clinic, state, event, now))
    except Exception:  # noqa: BLE001 - nothing is lost yet
        return None


def decide(desk: Desk, ledger: Ledger, turn: Turn, now: datetime) -> Turn:
    """The whole turn: what the core decided, with the outcome of each action as its next event."""
    if turn.asked is None and not any(isinstance(effect, DoAction) for effect in turn.effects):
        return turn
    with ledger.savepoint():
        return _with_actions(desk, ledger, turn, now)


def _with_actions(desk: Desk, ledger: Ledger, turn: Turn, now: datetime) -> Turn:
    whole = turn
    for _ in range(ACTIONS_MAX):
        for effect in turn.effects:
            if isinstance(effect, DoAction) and effect.quiet:
                carry_out(desk, ledger, turn.conversation, effect, now)
        if turn.asked is None:
            return whole
        outcome = carry_out(desk, ledger, turn.conversation, turn.asked, now)
        turn = take_turn(desk.clinic, turn.conversation, outcome, now)
        whole = whole.then(turn)
    raise TooManyActions(f"more than {ACTIONS_MAX} actions in one turn of {turn.conversation.id}")


def apology(clinic: Clinic, conversation: Conversation, event: Event, now: datetime) -> Turn:
    """What follows when deciding failed: safety text if it was a red flag, an apology, and a person. Cannot fail."""
    stamp = int(now.timestamp())
    flags = event.reading.red_flags if isinstance(event, Message) else ()
    wrote_at = (event.sent_at or stamp) if isinstance(event, Message) else 0
    held = conversation.control == "held"
    after = replace(
        conversation,
        turn=conversation.turn + 1,
        greeted=True,
        control="held" if held else "waiting",
        control_version=conversation.control_version + (0 if held else 1),
        control_since=conversation.control_since if held else stamp,
        later_until=0,
        reason="Something failed while answering",
        urgent=conversation.urgent or bool(flags),
        waiting_since=conversation.waiting_since or stamp,
        last_inbound_at=max(conversation.last_inbound_at, wrote_at),
        silence_due=0,
    )
    safety = [Say(words, "safety") for words in words_for(flags, conversation.language)]
    words = clinic.texts["apology"].in_language(conversation.language)
    passed_on: tuple[Effect, ...] = (PassToPerson(after.reason, after.urgent), Note(TURN_FAILED))
    return Turn(after, (*safety, Say(words, "notice"), *passed_on), clinic=clinic.version)
