"""What a patient says before she is asked for it: "a first consultation next week in the evening?".

Days and times are kept with the running flow until the question comes that they answer. What fits them alone is taken,
and shown back by the next question; of several, those come first. They choose among what is free and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.core.answers import fold, negates
from bot.core.conversation import Wish
from bot.core.events import Message
from bot.core.flow import Value
from bot.core.names import label

Values = Mapping[str, Mapping[str, Value]]

DAY_SECONDS = 86_400
_OF_THE_PAST = re.compile(
    r"\b(?:since|ago|last|yesterday|started|born|dob|birth\w*|sejak|semalam|lahir)\b|以来|自从|开始|昨天|出生|生日"
)
"""Days of a story and not of a wish: "pain since Monday, can I come?"."""
_ANOTHER_MIND = re.compile(r"(?:(?:no|nope|nah|oh|wait|sorry|actually|tidak|tak|maaf|不|不是|等等) )+")
"""A "no" to what was said before, in front of what is wished for instead."""


def wish_of(message: Message, now: int) -> Wish | None:
    """The days and times a message wishes for; None when it has none, or speaks of them otherwise ("not tomorrow",
    "born 12 March 1970"). ``now`` in epoch seconds."""
    reading, folded = message.reading, fold(message.text)
    # Wherever the clinic is, its today is no earlier than this.
    earliest = datetime.fromtimestamp(now - DAY_SECONDS, UTC).date().isoformat()
    dates = tuple(day for day in reading.dates if day >= earliest)
    if not (dates or reading.times or reading.part_of_day) or _OF_THE_PAST.search(folded):
        return None
    before = _ANOTHER_MIND.match(folded)
    if negates(folded[before.end() :] if before else folded):
        return None
    return Wish(dates, reading.times, reading.part_of_day)


def is_another_mind(message: Message) -> bool:
    """Whether a message takes something back before it wishes: "no, 11am", "actually Friday"."""
    return _ANOTHER_MIND.match(fold(message.text)) is not None


def decides(value: Mapping[str, Value]) -> str:
    """Whether an option is a ``date`` or a ``time`` that can be chosen; empty when it is neither. An appointment has
    both, and is another matter."""
    return "" if value.get("number") else next((kind for kind in ("date", "time") if value.get(kind)), "")


def fitting(wish: Wish | None, values: Values) -> Sequence[str]:
    """Ids of the options that fit a wish."""
    return [id for id, value in values.items() if _fits(wish, value)] if wish else []


def _fits(wish: Wish, value: Mapping[str, Value]) -> bool:
    match decides(value):
        case "date":
            return value["date"] in wish.dates
        case "time":
            time = str(value["time"])
            return time in wish.times or (len(wish.part) == 2 and wish.part[0] <= time < wish.part[1])
        case _:
            return False


def called(message: Message, values: Values, language: str) -> Sequence[str]:
    """Ids of the options whose whole name stands in a message: "book a first consultation for my mother"."""
    said = f" {fold(message.text)} "
    if message.kind != "text" or negates(said):
        return []
    names = {id: fold(label(value, language)) for id, value in values.items()}
    # Chinese stands without spaces.
    return [id for id, name in names.items() if name and (name if name > "\u2e7f" else f" {name} ") in said]


def left_of(wish: Wish | None, answer: Value) -> Wish | None:
    """What is still wished for once a question was answered: its day or its time is decided."""
    kind = decides(answer) if wish and isinstance(answer, Mapping) else ""
    if wish is None or not kind:
        return wish
    left = replace(wish, dates=()) if kind == "date" else replace(wish, times=(), part=())
    return left if left != Wish() else None


def joined(before: Wish | None, now: Wish | None) -> Wish | None:
    """Both, and where both speak of days, or of times, what was said now."""
    if before is None or now is None:
        return now or before
    at = (now.times, now.part) if now.times or now.part else (before.times, before.part)
    return Wish(now.dates or before.dates, *at)
