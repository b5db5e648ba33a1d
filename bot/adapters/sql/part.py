"""What every part of a ledger shares: the open connection, and how values become columns."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from bot.adapters.sql.schema import conversation

_LINES = (
    select(conversation.c.lines).where(conversation.c.id == bindparam("conversation")).with_for_update(key_share=True)
)
_COUNT_LINES = update(conversation).where(conversation.c.id == bindparam("conversation"))


class Part:
    """The statements of one noun, run on one open transaction. Statements are built once, when the module is imported,
    so that SQLAlchemy compiles each of them once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lines: dict[str, int] = {}
        """Lines that the threads of the conversations locked in this transaction have."""
        self._uncounted: set[str] = set()
        """Conversations whose row does not know yet how many lines they have now."""

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside when it raises."""
        with self._connection.begin_nested():
            yield

    def _next_line(self, conversation: str) -> int:
        """The place of one more line in a conversation's thread. Its row is locked, so nobody else takes the same."""
        if conversation not in self._lines:
            self._lines[conversation] = self._connection.scalar(_LINES, {"conversation": conversation}) or 0
        self._lines[conversation] += 1
        self._uncounted.add(conversation)
        return self._lines[conversation]

    def _counted(self, conversation: str) -> dict[str, int]:
        """The count of lines, for a statement that writes the conversation's row anyway."""
        self._uncounted.discard(conversation)
        return {"lines": self._lines[conversation]} if conversation in self._lines else {}

    def finish(self) -> None:
        """Write down what is still uncounted; the last thing before a commit."""
        for id in sorted(self._uncounted):
            self._connection.execute(_COUNT_LINES, {"conversation": id, **self._counted(id)})


def to_json(value: Any) -> str:
    """Compact JSON that keeps every script readable."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
