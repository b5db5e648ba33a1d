"""Where a morning takes place: a database emptied for each seed, and stand-ins for what is not ours to schedule."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

from bot.adapters.sql import SqlBook, migrate
from bot.core.events import Reading
from bot.ports import LiveAway
from tests.universe import SINGAPORE, shipped_reader

KEY = b"the key of a simulated clinic..."


class InTurn:
    """Stands in for the pool of posting threads: threads of its own would not be ours to schedule."""

    def __init__(self, threads: int) -> None: ...

    def __enter__(self) -> InTurn:
        return self

    def __exit__(self, *_: object) -> None: ...

    def map(self, do: Callable[[Any], Any], each: Any) -> list[Any]:
        return [do(one) for one in each]


class Once:
    """A stop signal that lets a loop run once; waiting passes no time."""

    def __init__(self) -> None:
        self._asked = False

    def is_set(self) -> bool:
        asked, self._asked = self._asked, True
        return asked

    def wait(self, seconds: float) -> bool:
        return False


class SeededChance:
    """Tokens and numbers from the seed."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance

    def token(self) -> str:
        return f"{self._chance.getrandbits(128):032x}"

    def below(self, limit: int) -> int:
        return self._chance.randrange(limit)


class Jobs:
    """RQ's queue: ids only, taken up in any order."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, tuple[int | str, ...]]] = []
        self.away = False

    def enqueue(self, job: str, *ids: int | str) -> None:
        if self.away:
            raise LiveAway("Redis is away")
        self.waiting.append((job, ids))


class Reader:
    """The shipped clinic's reader, which reads the same words on the same day once."""

    def __init__(self) -> None:
        self._read: dict[tuple[str, str], Reading] = {}

    def __call__(self, text: str, now: datetime) -> Reading:
        key = (text, f"{now.astimezone(SINGAPORE):%d}")
        if key not in self._read:
            self._read[key] = shipped_reader()(text, now)
        return self._read[key]


class Room:
    """A database file in memory where there is such a place; emptied, not made, for each seed."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self.folder = Path(tempfile.mkdtemp(prefix="simulation-", dir=memory if memory.is_dir() else None))
        path = self.folder / "clinic.sqlite"
        migrate(f"sqlite:///{path}")
        self.book = SqlBook(f"sqlite:///{path}")
        self.reader = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        tables = self.reader.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        self.read = Reader()
        self._tables = [name for (name,) in tables if name != "alembic_version"]

    def empty(self) -> None:
        self.reader.execute("BEGIN IMMEDIATE")
        for table in self._tables:
            self.reader.execute(f"DELETE FROM {table}")
        self.reader.execute("INSERT INTO installation (name, value) VALUES ('conversation_key', ?)", (KEY,))
        self.reader.execute("COMMIT")

    def digest(self) -> str:
        """Everything that is written down, as one line."""
        rows = [self.reader.execute(f"SELECT * FROM {table}").fetchall() for table in self._tables]
        return hashlib.sha256(repr(rows).encode()).hexdigest()

    def close(self) -> None:
        self.reader.close()
        self.book.dispose()
        shutil.rmtree(self.folder)


@contextmanager
def room() -> Iterator[Room]:
    with closing(Room()) as made:
        yield made
