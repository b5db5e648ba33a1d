"""Exports with something wrong in them: parts replaced, left out, doubled and out of order."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

SHAPES: tuple[Any, ...] = (
    None, True, "", "x", "@results.x", "{{widgets.a.inbound.Body}}", "9" * 20, -1, 1.5, [], {}, [[]], ["a", 1],
    {"a": {}}, "two\nlines", "a" * 3_000, "\u202e\x00\x1b[31m", "next", "{", "yes",
)  # fmt: skip


def spoilt(value: Any, chance: random.Random, rate: float) -> Any:
    """The same with some of its parts replaced, left out or doubled."""
    if chance.random() < rate:
        return deepcopy(chance.choice(SHAPES))
    if isinstance(value, dict):
        return {key: spoilt(part, chance, rate) for key, part in value.items() if chance.random() > rate / 2}
    if isinstance(value, list):
        parts = [spoilt(part, chance, rate) for part in value for _ in range(2 if chance.random() < rate else 1)]
        return parts if chance.random() > rate else chance.sample(parts, len(parts))
    return value
