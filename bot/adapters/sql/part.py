"""What every part of a ledger shares: the open connection, and how values become columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection


class Part:
    """The statements of one noun, run on one open transaction. Statements are built once, when the module is imported,
    so that SQLAlchemy compiles each of them once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undo only what happens inside when it raises."""
        with self._connection.begin_nested():
            yield


to_json: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""Compact JSON that keeps every script readable."""
