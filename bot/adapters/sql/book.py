"""The book of record: opens transactions, and puts the nouns of a ledger together."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolExhausted

from bot.adapters.sql import direct, schema
from bot.adapters.sql.alerts import Alerts
from bot.adapters.sql.consents import Consents
from bot.adapters.sql.desk_diary import DeskDiary
from bot.adapters.sql.desk_numbers import DeskNumbers
from bot.adapters.sql.desk_patients import DeskPatients
from bot.adapters.sql.desk_thread import DeskThread
from bot.adapters.sql.desk_writing import DeskWriting
from bot.adapters.sql.devices import Devices
from bot.adapters.sql.engine import ONLY_READS, in_line, open_engine
from bot.adapters.sql.forgetting import Forgetting
from bot.adapters.sql.inbox import Inbox
from bot.adapters.sql.journal import Journal
from bot.adapters.sql.media import MediaFiles
from bot.adapters.sql.mentions import Mentions
from bot.adapters.sql.outbox import Outbox
from bot.adapters.sql.pulse import Pulses
from bot.adapters.sql.revisions import Revisions
from bot.adapters.sql.staff import Staff
from bot.ports import BookAway

ROOM_BYTES_MIN = 1024**2
"""A turn writes some pages of 4 KiB; with less than this the next one may find none."""
_KEY = select(schema.installation.c.value).where(schema.installation.c.name == "conversation_key")
_MAKE_KEY = insert(schema.installation).on_conflict_do_nothing()


class SqlLedger(
    Forgetting,
    Inbox,
    Journal,
    Outbox,
    DeskPatients,
    DeskDiary,
    Mentions,
    DeskThread,
    DeskWriting,
    DeskNumbers,
    MediaFiles,
    Pulses,
    Staff,
    Revisions,
    Alerts,
    Consents,
    Devices,
):
    """One open transaction: every noun's part of :class:`bot.ports.Ledger` on one connection."""


class SqlBook:
    """SQLite or PostgreSQL behind :class:`bot.ports.Book`. It connects when it is first used, so forks come first."""

    def __init__(self, url: str) -> None:
        self._engine = open_engine(url)
        self._reading = self._engine.execution_options(**{ONLY_READS: True})
        # SQLite has one writer. Threads that poll for its lock starve each other; in a line nobody does.
        one_writer = self._engine.dialect.name == "sqlite"
        if not one_writer:
            direct.send_together(self._engine)
        self._line: Callable[[], AbstractContextManager[None]] = partial(in_line, Lock()) if one_writer else nullcontext

    @contextmanager
    def begin(self) -> Iterator[SqlLedger]:
        """Open a transaction; it commits when the block ends well.

        When the connection breaks during the commit itself nobody knows whether it was written: BookAway then means
        "try again", and every write is keyed so that a second one changes nothing.
        """
        with self._transaction() as connection:
            ledger = SqlLedger(connection)
            yield ledger
            ledger.finish()

    @contextmanager
    def look(self) -> Iterator[SqlLedger]:
        """Open a transaction that only reads."""
        try:
            with self._reading.begin() as connection:
                yield SqlLedger(connection)
        except PoolExhausted as error:
            raise BookAway("no connection is free") from error

    def conversation_key(self) -> bytes:
        """32 random bytes, made by whoever asks first and kept for good."""
        with self._transaction() as connection:
            kept: bytes | None = connection.scalar(_KEY)
            if kept is None:
                connection.execute(_MAKE_KEY, {"name": "conversation_key", "value": secrets.token_bytes(32)})
                kept = connection.scalar(_KEY)
        assert kept is not None
        return bytes(kept)

    def scrub(self) -> bool:
        """Take what was erased out of the database's own files; False when others keep us from it now.

        On SQLite it may still stand in the file beside the database. On PostgreSQL this is its vacuum's work.
        """
        if self._engine.dialect.name != "sqlite":
            return True
        with self._line(), closing(self._engine.raw_connection()) as connection:
            busy, _, _ = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not busy

    def healthy(self) -> bool:
        """Whether a transaction can be opened now, the tables are there, and SQLite has room for what is written."""
        try:
            with self.begin() as ledger:
                ledger.inbound_status("")
        except (BookAway, SQLAlchemyError):
            return False
        return self._has_room()

    def _has_room(self) -> bool:
        if self._engine.dialect.name != "sqlite":
            return True
        return shutil.disk_usage(Path(self._engine.url.database or "").parent).free >= ROOM_BYTES_MIN

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._line(), self._engine.begin() as connection:
                yield connection
        except PoolExhausted as error:
            raise BookAway("no connection is free") from error

    def dispose(self) -> None:
        """Close every pooled connection; the next use opens new ones."""
        self._engine.dispose()
