"""Fits words into what WhatsApp takes: long text in parts, and choices as numbered lines where they cannot be tapped.

Lengths are characters as Python and Twilio count them (code points).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from bot.core.effects import Choice

TEXT_CHARACTERS_MAX = 1600
"""What Twilio takes as the body of a message (error 21617)."""
QUESTION_CHARACTERS_MAX = 1024
"""What WhatsApp takes as the body of a message with choices."""

# Where a text may be cut, the best place first. A match ends where the first part ends.
_PLACES = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    re.compile(r"[.!?…][\"'”’)\]]*\s|[。！？]+[”’」』）]*"),
)
_SPACE = re.compile(r"\s")
_JOINER = "\u200d"


def split(text: str, limit: int) -> tuple[str, ...]:
    """The text in parts of at most ``limit`` characters, in order; none when there are no words.

    It is cut at the end of a paragraph, a line or a sentence in the part's second half, else between words, else
    between two visible characters: never within an emoji or between a letter and its accents.
    """
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        at = _cut(rest, limit)
        parts.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return (*parts, rest) if rest else tuple(parts)


def numbered(text: str, choices: Sequence[Choice], hint: str) -> str:
    """The question with its choices as numbered lines and how to answer: for phones and moments without buttons.

    Descriptions are left out when the whole would be longer than one message.
    """
    full = _lines(text, [_with_description(choice) for choice in choices], hint)
    if len(full) <= TEXT_CHARACTERS_MAX:
        return full
    return _lines(text, [choice.label for choice in choices], hint)


def _lines(text: str, labels: Sequence[str], hint: str) -> str:
    options = "\n".join(f"{number}. {label}" for number, label in enumerate(labels, 1))
    return "\n\n".join(part for part in (text, options, hint) if part)


def _with_description(choice: Choice) -> str:
    return f"{choice.label} – {choice.description}" if choice.description else choice.label


def _cut(text: str, limit: int) -> int:
    """Where the first part ends: between 1 and ``limit``."""
    # One character more than fits: a space may stand just behind the last word.
    window = text[: limit + 1]
    for place in _PLACES:
        ends = [found.end() for found in place.finditer(window)]
        at = max((end for end in ends if len(text[:end].rstrip()) <= limit), default=0)
        if at > limit // 2:
            return at
    spaces = [found.start() for found in _SPACE.finditer(window)]
    return spaces[-1] if spaces and spaces[-1] > limit // 2 else _between_characters(text, limit)


def _between_characters(text: str, limit: int) -> int:
    at = limit
    while at > 0 and _belong_together(text, at):
        at -= 1
    # A single character longer than the limit (accents piled up without end) is cut all the same.
    return at or limit


def _belong_together(text: str, at: int) -> bool:
    """Whether what stands before and after ``at`` is one visible character."""
    before, after = text[at - 1], text[at]
    if _JOINER in (before, after) or unicodedata.category(after) in ("Mn", "Mc", "Me"):
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True  # Skin tones, and the letters of a flag such as Scotland's.
    if _is_flag_half(before) and _is_flag_half(after):
        halves = at
        while halves > 0 and _is_flag_half(text[halves - 1]):
            halves -= 1
        return (at - halves) % 2 == 1
    return before + after == "\r\n"


def _is_flag_half(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
