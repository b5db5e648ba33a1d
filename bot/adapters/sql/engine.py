"""Opening the database, and saying in our words what it refuses.

SQLite takes its write lock when a transaction begins, so that nothing read in it can change before it commits.
PostgreSQL stays at READ COMMITTED: the row of the conversation is locked, and that is all a turn reads and writes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError

from bot.ports import BookAway, SlotTaken

PATIENCE_SECONDS = 0.5
"""How long to wait for a lock or a free connection, each: the carrier is answered within a second."""
STEP_SECONDS = 0.002
"""Between two looks whether SQLite's write lock is free; about half a small transaction."""
POSTGRESQL = {
    "statement_timeout": 3000,
    "lock_timeout": int(PATIENCE_SECONDS * 1000),
    "idle_in_transaction_session_timeout": 10_000,
}
"""Milliseconds. The last frees what a stopped process has locked."""
EXCLUSION_VIOLATION = "23P01"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
ONLY_READS = "postgresql_readonly"
"""The option of a connection that will not write. PostgreSQL then refuses to; SQLite then takes no lock."""
SQLITE_OUT_OF_ORDER = frozenset({5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26})
"""busy, locked, nomem, readonly, interrupt, ioerr, corrupt, full, cantopen, protocol, notadb:
https://www.sqlite.org/rescode.html. Any other code means that our statement is wrong."""


def open_engine(url: str, patience_seconds: float = PATIENCE_SECONDS) -> Engine:
    """An engine that connects when it is first used, and raises BookAway and SlotTaken where they are meant.

    Its errors show statements without their values: those are patients' words.
    """
    target = make_url(url)
    if target.get_backend_name() == "sqlite":
        engine = create_engine(
            target,
            hide_parameters=True,
            pool_timeout=patience_seconds,
            connect_args={"timeout": patience_seconds, "isolation_level": None},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", partial(_begin_immediate, patience_seconds))
    else:
        engine = create_engine(
            target.set(drivername="postgresql+psycopg"),
            hide_parameters=True,
            pool_timeout=patience_seconds,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 1,
                "tcp_user_timeout": 1000,
                "options": " ".join(f"-c {name}={value}" for name, value in POSTGRESQL.items()),
            },
        )
    event.listen(engine, "handle_error", _in_our_words)
    return engine


@contextmanager
def in_line(line: threading.Lock) -> Iterator[None]:
    """One thread at a time, woken when it is its turn. Raises BookAway when the wait is too long."""
    if not line.acquire(timeout=PATIENCE_SECONDS):
        raise BookAway("too many others are writing")
    try:
        yield
    finally:
        line.release()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=0"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(patience_seconds: float, connection: Connection) -> None:
    """Wait for the write lock in short steps: SQLite's own waiting backs off to 100 ms and starves whoever is late."""
    if connection.get_execution_options().get(ONLY_READS):
        connection.exec_driver_sql("BEGIN")
        return
    give_up = time.monotonic() + patience_seconds
    plain: Any = connection.connection.dbapi_connection
    while time.monotonic() < give_up:
        try:
            plain.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                break
        time.sleep(STEP_SECONDS)
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _in_our_words(context: ExceptionContext) -> BaseException | None:
    """BookAway when the database is out of order, SlotTaken for its overlap rule; None leaves an error as it is."""
    error, original = context.sqlalchemy_exception, context.original_exception
    if isinstance(error, IntegrityError):
        overlap = getattr(original, "sqlstate", None) == EXCLUSION_VIOLATION or str(original) == "overlap"
        return SlotTaken() if overlap else None
    if context.is_disconnect or _out_of_order(error, original):
        return BookAway(type(original).__name__)
    return None


def _out_of_order(error: Any, original: BaseException) -> bool:
    code = getattr(original, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in SQLITE_OUT_OF_ORDER
    return isinstance(error, OperationalError | InterfaceError)
