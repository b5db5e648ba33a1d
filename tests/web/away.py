"""A database that is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.ports import BookAway, Desk


class AwayBook:
    """The database is away."""

    def __init__(self, desk: Desk) -> None:
        self.conversation_key = desk.book.conversation_key

    @contextmanager
    def begin(self) -> Iterator[Any]:
        raise BookAway("away")
        yield

    look = begin

    def healthy(self) -> bool:
        return False
