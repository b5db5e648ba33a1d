"""A turn: something happened to a conversation, and this decides what follows. Pure, total, deterministic.

Theory of operation
-------------------
A conversation is a stack of running flows (frames); the last one speaks. A frame stands at a step. Steps are walked
until one has to wait: a question waits for the patient (``open`` is set), an action waits for its outcome (the turn
ends with ``asked`` set, and the desk calls :func:`take_turn` again with the :class:`Outcome`), a hand-over waits for
a person.

What a patient's message means is tried in a fixed order: a red flag (before everything else, whoever has the
conversation), stop and the safety list, who has the conversation, a button or option that was actually shown, words
that work anywhere, the value the question asks for, a question the FAQ answers (the open question is then asked
again), and otherwise "not understood"; after the last try a person is called. An answer to a follow-up is heard
whatever flow is open: a tap at any time, words when the follow-up was the last thing said.

Words of a turn that hands over are notices: they must reach the patient although the bot may not speak any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from bot.core import following, hearing, new_times, other_days, staffing
from bot.core.actions import DAY_NAMED, FOLLOW_UP_ANSWER, NEW_TIME
from bot.core.conversation import Conversation, changed
from bot.core.effects import DoAction, Effect, Note, PassToPerson, Say, Trod
from bot.core.events import DeliveryFailed, Event, FollowUpFellDue, Message, Outcome, SilenceRanOut
from bot.core.flow import Clinic, Do
from bot.core.walk import Walk


@dataclass(frozen=True, slots=True)
class Turn:
    """What was decided: the conversation afterwards, what to do in order, what happened, and what is still asked."""

    conversation: Conversation
    effects: tuple[Effect, ...] = ()
    trace: tuple[Trod, ...] = ()
    asked: DoAction | None = None
    """An action whose outcome must come back as the next event of the same turn."""
    outcomes: tuple[Outcome, ...] = ()
    """What the actions came out as that the turn asked for, in order."""
    clinic: str = ""
    """Version of the files that decided it."""

    def then(self, rest: Turn) -> Turn:
        """This part of a turn and the rest of it, after an outcome, as one."""
        effects = _notices_if_passed_on((*self.effects, *rest.effects))
        outcomes = (*self.outcomes, *rest.outcomes)
        return Turn(rest.conversation, effects, (*self.trace, *rest.trace), rest.asked, outcomes, self.clinic)


def take_turn(clinic: Clinic, conversation: Conversation, event: Event, now: datetime) -> Turn:
    """Decide what follows from ``event`` at ``now`` (aware, UTC).

    Raises :class:`bot.core.place.Stranded` when a flow leads nowhere; the desk then apologises and calls a person.
    """
    if not isinstance(event, Outcome):
        conversation = changed(conversation, turn=conversation.turn + 1)
    walk = Walk(clinic, conversation, int(now.timestamp()))
    match event:
        case Message():
            hearing.hear(walk, event)
        case Outcome():
            _outcome(walk, event)
        case FollowUpFellDue():
            following.say(walk, event)
        case SilenceRanOut():
            _silence(walk)
        case DeliveryFailed():
            _delivery_failed(walk, event)
        case _:
            staffing.happened(walk, event)
    effects = _notices_if_passed_on(tuple(walk.effects))
    outcomes = (event,) if isinstance(event, Outcome) else ()
    return Turn(walk.conversation, effects, tuple(walk.trace), walk.asked, outcomes, clinic.version)


def _outcome(walk: Walk, outcome: Outcome) -> None:
    if outcome.language:
        walk.change(language=outcome.language, language_chosen=True)
    if outcome.opted_out is not None:
        walk.change(opted_out=outcome.opted_out, agreed_at=0 if outcome.opted_out else walk.conversation.agreed_at)
    if outcome.agreed:
        walk.change(agreed_at=walk.now)
    if outcome.for_staff:
        walk.change(look=True, reason=outcome.for_staff)
        walk.effects.append(Note("left_for_staff", outcome.for_staff))
    if outcome.action == FOLLOW_UP_ANSWER:
        following.came_out(walk, outcome)
        return
    if outcome.action == NEW_TIME:
        new_times.came_out(walk, outcome)
        return
    if outcome.action == DAY_NAMED:
        other_days.came_out(walk, outcome)
        return
    step = walk.step
    if not isinstance(step.body, Do) or step.body.action != outcome.action:
        raise LookupError(f"{outcome.action} came out although {walk.frame.flow}.{step.name} did not ask for it")
    walk.came_out(step.body, outcome)


def _silence(walk: Walk) -> None:
    if walk.conversation.control == "bot" and walk.conversation.open is not None:
        if walk.gives_up:
            following.nudge_later(walk)
        walk.silence_ran_out()


def _delivery_failed(walk: Walk, failed: DeliveryFailed) -> None:
    """Nobody is told in words: they would fail too. Staff see it, and can telephone."""
    if failed.mark == "opted_out":
        walk.change(opted_out=True)
    else:
        walk.change(unreachable=failed.why)
    walk.change(look=True, reason=failed.why)
    walk.effects.append(Note("delivery_failed", failed.why))


def _notices_if_passed_on(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    if not any(isinstance(effect, PassToPerson) for effect in effects):
        return effects
    return tuple(
        replace(effect, speech="notice") if isinstance(effect, Say) and effect.speech == "reply" else effect
        for effect in effects
    )
