"""Which folder of the inbox a conversation lies in, and where in it.

Each folder is read in the order of (rank, sort_at): what is urgent first, then by waiting time. Both are stored with
the conversation, so that a page of ten thousand is as quick as a page of ten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.conversation import Conversation

Folder = Literal["needs", "held", "bot", "later", "done"]
"""``needs``: nobody has it yet, or nobody has seen something in it. ``held``: somebody's. ``bot``: the bot copes.
``later``: put off. ``done``: closed."""

AFTER_ALL_WAITING = 1 << 40
"""Added to where we spoke last: behind everybody who waits, and still in order. Later than any real instant."""


@dataclass(frozen=True, slots=True)
class Filed:
    """Where a conversation lies. ``sort_at`` is in epoch seconds."""

    folder: Folder
    rank: int
    sort_at: int


def filed(conversation: Conversation) -> Filed:
    """Where a conversation lies in the inbox."""
    rank = 0 if conversation.urgent else 1
    if conversation.later_until:
        return Filed("later", 1, conversation.later_until)
    if conversation.control == "held":
        return Filed("held", rank, conversation.waiting_since or AFTER_ALL_WAITING + conversation.staff_at)
    if conversation.control == "waiting" or conversation.look:
        return Filed("needs", rank, conversation.waiting_since or conversation.last_inbound_at)
    if conversation.control == "closed":
        return Filed("done", 1, conversation.control_since)
    return Filed("bot", 1, conversation.last_inbound_at)
