"""What is left of a conversation when its patient was erased."""

from __future__ import annotations

import hmac

from bot.core.conversation import Conversation

NOBODY_HERE = "this patient's data were erased"


def emptied(before: Conversation, turn: int, now: int) -> Conversation:
    """The conversation as if nobody had ever written, but for what she forbade us: that goes on to hold.

    Without an address nothing can be written to it, until she writes again.
    """
    return Conversation(
        before.id,
        "",
        control="closed",
        control_version=before.control_version + 1,
        control_since=now,
        opted_out=before.opted_out,
        blocked=before.blocked,
        unreachable=NOBODY_HERE,
        turn=turn,
    )


def erased_digest(key: bytes, mark: str) -> str:
    """What the list of erasures beside the database has of one: nobody can tell from it whose it was."""
    return hmac.digest(key, f"erased {mark}".encode(), "sha256").hex()
