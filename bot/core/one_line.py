"""Foreign words that stand beside ours in one line: a place's name, a contact's, what somebody replied to."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Invisible, and yet letters of some scripts and most emoji need them."""
_LEFT_OUT = frozenset({"Cc", "Cf", "Cs", "Cn", "Co"})


def one_line(text: str, characters_max: int) -> str:
    """The text in one line of at most so many characters, without what is no writing: control characters, marks that
    turn the direction of what follows, halves of characters."""
    # What is far too long is not read to its end.
    words = "".join(_shown(c) for c in text[: 4 * characters_max]).split()
    return " ".join(words)[:characters_max].strip()


def _shown(c: str) -> str:
    if c.isspace():
        return " "
    return c if c in _JOINERS or unicodedata.category(c) not in _LEFT_OUT else ""
