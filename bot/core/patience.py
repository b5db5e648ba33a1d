"""How long a patient may wait for a person before somebody else is told, or the conversation goes back to the queue.

All of it is judged by the clinic's opening hours, except how long a patient may leave our answer unanswered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.calendar import Diary
from bot.core.conversation import Conversation
from bot.core.events import Escalation, ReturnRule
from bot.core.opening import is_open, open_seconds
from bot.core.window import window_open

MINUTE = 60
WATCHERS_MIN = 3
"""With fewer on shift everybody is told from the first minute: nobody may assume that another watches."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds of opening hours."""

    tell_again: int = 5 * MINUTE
    tell_everybody: int = 15 * MINUTE
    holder_silent: int = 20 * MINUTE
    back_to_queue: int = 40 * MINUTE


PATIENCE = Patience()
Alarm = Literal["none", "again", "everybody"]


class Waits(Protocol):
    """What is asked of somebody who may be waiting; a whole conversation tells it as well."""

    @property
    def control(self) -> str: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def waiting_since(self) -> int: ...
    @property
    def later_until(self) -> int: ...


def alarm(diary: Diary, conversation: Waits, now: int, watchers: int, patience: Patience = PATIENCE) -> Alarm:
    """Whom a waiting conversation should be brought before now. Nobody is woken at night, but for a red flag."""
    if conversation.control != "waiting" or conversation.later_until:
        return "none"
    if conversation.urgent:
        return "everybody"
    if not is_open(diary, now):
        return "none"
    waited = open_seconds(diary, conversation.waiting_since, now)
    if watchers < WATCHERS_MIN or waited >= patience.tell_everybody:
        return "everybody"
    return "again" if waited >= patience.tell_again else "none"


def escalates(
    diary: Diary, conversation: Conversation, now: int, watchers: int, patience: Patience = PATIENCE
) -> Escalation | None:
    """Whom the thread should say was told now that somebody waits; None while nobody new is.

    That few are on shift is no news of a patient: it is told once she has waited.
    """
    level = alarm(diary, conversation, now, watchers, patience)
    if level == "none":
        return None
    waited = open_seconds(diary, conversation.waiting_since, now)
    wanted: Escalation
    if conversation.urgent:
        wanted = "urgent"
    elif waited >= patience.tell_everybody or (level == "everybody" and waited >= patience.tell_again):
        wanted = "everybody"
    elif waited >= patience.tell_again:
        wanted = "again"
    else:
        return None
    return None if conversation.escalated == escalation_of(conversation, wanted) else wanted


def escalation_of(conversation: Conversation, level: Escalation) -> str:
    """An escalation as a conversation remembers it: it counts for the stretch it was told in."""
    return f"{level} {conversation.control_version}"


def silent_seconds(diary: Diary, conversation: Conversation, drafted_at: int, now: int) -> int:
    """How long, in opening hours, the holder has left the patient without an answer and did not write on one."""
    if conversation.control != "held" or not conversation.waiting_since:
        return 0
    since = max(conversation.waiting_since, conversation.staff_at, drafted_at)
    return open_seconds(diary, since, now)


def returns(
    diary: Diary, conversation: Conversation, drafted_at: int, now: int, patience: Patience = PATIENCE
) -> ReturnRule | None:
    """The rule by which a held conversation is taken from its holder now. Never to the bot: to the queue, or closed."""
    if conversation.control != "held" or conversation.later_until:
        return None
    if conversation.waiting_since:
        silent = silent_seconds(diary, conversation, drafted_at, now)
        return "holder_silent" if silent >= patience.back_to_queue else None
    # We spoke last. Once free words are not allowed any more, nobody is about to say some.
    idle = conversation.staff_at and not window_open(conversation.staff_at, now)
    return "no_answer" if idle and not window_open(conversation.last_inbound_at, now) else None
