"""Standing orders: what holds for the whole clinic at a moment, whatever its files say. Staff give and lift them.

One switch silences the bot: safety texts, the sentence that passes a patient to a person, and staff still speak. A
notice ("closed today") is told once to each patient who writes, until it ends.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace

from bot.core.control import Verdict
from bot.core.conversation import Conversation
from bot.core.effects import Say, Speech
from bot.core.events import Event, Message
from bot.core.turn import Turn

SILENCED_REASON = "The assistant is switched off"


@dataclass(frozen=True, slots=True)
class Orders:
    """``notice_id`` names one wording of the notice; ``notice_until`` is in epoch seconds."""

    silenced: bool = False
    notice: str = ""
    notice_id: str = ""
    notice_until: int = 0
    silenced_since: int = 0
    """When the bot was silenced; 0 while it is not."""

    def notice_now(self, now: int) -> str:
        """The notice, while it holds."""
        return self.notice if now < self.notice_until else ""


NONE = Orders()


def orders_from(data: str) -> Orders:
    """The orders as :func:`orders_to` wrote them; no data, no orders."""
    return Orders(**json.loads(data)) if data else NONE


def orders_to(orders: Orders) -> str:
    """The orders as data; empty when nothing is ordered."""
    return "" if orders == NONE else json.dumps(asdict(orders), ensure_ascii=False)


def while_silenced(speech: Speech, verdict: Verdict) -> Verdict:
    """What becomes of words while the bot is silenced, given what would have become of them."""
    if verdict != "speak":
        return verdict
    return {"reply": "suppress", "follow-up": "keep"}.get(speech, "speak")  # type: ignore[return-value]


def before(orders: Orders, conversation: Conversation, event: Event, now: int) -> Conversation:
    """The conversation a turn begins with: while the bot is silenced, whoever writes waits for a person."""
    theirs = isinstance(event, Message) and conversation.control in ("bot", "closed") and not conversation.blocked
    if not orders.silenced or not theirs:
        return conversation
    return replace(
        conversation,
        control="waiting",
        control_version=conversation.control_version + 1,
        control_since=now,
        reason=SILENCED_REASON,
        waiting_since=now,
        silence_due=0,
        holding_texts=0,
    )


def after(orders: Orders, turn: Turn, event: Event, now: int) -> Turn:
    """The turn with the clinic's notice in it, if the patient who wrote has not been told it yet."""
    notice, conversation = orders.notice_now(now), turn.conversation
    due = notice and isinstance(event, Message) and conversation.told != orders.notice_id
    if not due or conversation.control == "held" or conversation.blocked:
        return turn
    first = [effect for effect in turn.effects if isinstance(effect, Say) and effect.speech == "safety"]
    rest = [effect for effect in turn.effects if effect not in first]
    effects = (*first, Say(notice, "notice"), *rest)
    return replace(turn, conversation=replace(conversation, told=orders.notice_id), effects=effects)
