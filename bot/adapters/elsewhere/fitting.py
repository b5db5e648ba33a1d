"""Texts cut to what WhatsApp shows: messages, labels, and lengths of time in words."""

from __future__ import annotations

from bot.adapters.elsewhere.joining import joined
from bot.core.flow import Text

SPARE_CHARACTERS = 100
"""Kept free in every message for what its names stand for."""


def messages(texts: list[Text], most: int) -> list[Text]:
    """The texts as few messages; one that is too long by itself is cut at a line, a sentence or a word."""
    room = most - SPARE_CHARACTERS
    found: list[Text] = []
    for one in texts:
        together = joined([found[-1], one]) if found else one
        if found and len(together.source) <= room:
            found[-1] = together
        else:
            found += _pieces(one, room)
    return found


def _pieces(text: Text, room: int) -> list[Text]:
    """A text in parts. Only a text that is whole keeps its translations."""
    if len(text.source) <= room:
        return [text]
    rest, pieces = text.source, []
    while len(rest) > room:
        ends = (rest.rfind("\n", 0, room), rest.rfind(". ", 0, room) + 1, rest.rfind(" ", 0, room))
        at = next((end for end in ends if end > room // 4), room)
        pieces.append(Text(rest[:at].strip()))
        rest = rest[at:].strip()
    return [*pieces, Text(rest)] if rest else pieces


def cut(label: str, most: int) -> str:
    """A label no longer than ``most``, cut at a word where one ends late enough."""
    if len(label) <= most:
        return label
    at = label.rfind(" ", 0, most + 1)
    return (label[:at] if at > most // 2 else label[: most - 1] + "…").rstrip(" ,;:-")


def duration(seconds: int) -> str:
    """``"15 minutes"``: a length of time as flow files write it."""
    for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds % size == 0 and 0 < seconds // size < 10_000:
            count = seconds // size
            return f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return f"{max(1, min(seconds // 60, 9_999))} minutes"
