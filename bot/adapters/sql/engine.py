"""Opening the database, and saying in our words what it refuses.

SQLite takes its write lock when a transaction begins, so that nothing read in it can change before it commits.
PostgreSQL stays at READ COMMITTED: the row of the conversation is locked, and that is all a turn reads and writes.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from bot.adapters.sql.refusals import readable, refusal
from bot.ports import BookAway, SlotTaken

PATIENCE_SECONDS = 0.5
"""How long to wait for a lock or a free connection, each: the carrier is answered within a second."""
STEP_SECONDS = 0.0005
"""Between two looks whether SQLite's write lock is free; a quarter of a small transaction. With 2 ms it often was free
while everybody slept, and a second process added a third less."""
IDLE_SECONDS = 1.0
"""A connection that rested for longer is asked whether it still lives before it is used."""
POSTGRESQL = {
    "statement_timeout": 3000,
    "lock_timeout": int(PATIENCE_SECONDS * 1000),
    "idle_in_transaction_session_timeout": 10_000,
}
"""Milliseconds. The last frees what a stopped process has locked."""
EXCLUSION_VIOLATION = "23P01"
"""https://www.postgresql.org/docs/current/errcodes-appendix.html"""
POSTGRESQL_OUT_OF_ORDER = ("25006", "XX")
"""A replica, which only reads, as after a failover; and what PostgreSQL finds wrong with itself. The rest of what is
out of order comes as an operational error."""
POSTGRESQL_FULL = "53100"
ONLY_READS = "postgresql_readonly"
"""The option of a connection that will not write. PostgreSQL then refuses to; SQLite then takes no lock."""
SQLITE_OUT_OF_ORDER = frozenset({5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26})
"""busy, locked, nomem, readonly, interrupt, ioerr, corrupt, full, cantopen, protocol, notadb:
https://www.sqlite.org/rescode.html. Any other code means that our statement is wrong."""


def open_engine(url: str, patience_seconds: float = PATIENCE_SECONDS, prompt: bool = True) -> Engine:
    """An engine that connects when it is first used, and raises BookAway and SlotTaken where they are meant. Unless it
    is ``prompt`` it waits for a PostgreSQL that stands still.

    Its errors show statements without their values: those are patients' words.
    """
    target = readable(url)
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
            connect_args={
                "connect_timeout": 1,
                "tcp_user_timeout": 1000,
                "client_encoding": "utf8",
                "options": " ".join(f"-c {name}={value}" for name, value in POSTGRESQL.items()),
            },
        )
        if prompt:
            event.listen(engine, "do_connect", _connect_promptly)
        event.listen(engine, "checkout", partial(_ping_if_idle, engine.dialect))
        event.listen(engine, "checkin", _rests)
    event.listen(engine, "handle_error", _told)
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
    # secure_delete: what is erased or written over is not left in the file for whoever reads its bytes.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=0", "secure_delete=ON"):
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


def in_our_words(dialect: Dialect, error: BaseException) -> Exception | None:
    """What an error of the driver means: BookAway when the database is out of order, BookRefused when it stays so,
    SlotTaken for its overlap rule, None when our statement is wrong."""
    driver: Any = dialect.loaded_dbapi
    if isinstance(error, driver.IntegrityError):
        overlap = getattr(error, "sqlstate", None) == EXCLUSION_VIOLATION or str(error) == "overlap"
        return SlotTaken() if overlap else None
    if refused := refusal(error):
        return refused
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        out_of_order = code & 0xFF in SQLITE_OUT_OF_ORDER
    elif str(getattr(error, "sqlstate", None)).startswith(POSTGRESQL_OUT_OF_ORDER):
        out_of_order = True
    else:
        out_of_order = isinstance(error, driver.OperationalError | driver.InterfaceError)
    return BookAway(_why(error)) if out_of_order else None


def _why(error: BaseException) -> str:
    """What an operator can do something about by its name, else the kind of error; never a word of the statement's."""
    full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return "its disk is full" if full or getattr(error, "sqlstate", None) == POSTGRESQL_FULL else type(error).__name__


def _told(context: ExceptionContext) -> BaseException | None:
    """SQLAlchemy's errors in our words; None leaves an error as it is."""
    error = context.original_exception
    return BookAway(_why(error)) if context.is_disconnect else in_our_words(context.dialect, error)


def _connect_promptly(_dialect: Dialect, _record: object, words: Sequence[Any], options: Mapping[str, Any]) -> Any:
    # Imported here: psycopg is there only where it is used.
    from bot.adapters.sql.prompt_postgresql import PromptConnection

    return PromptConnection.connect(*words, **options)


def _ping_if_idle(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """A connection that rested may have been cut off meanwhile. Asking each time would cost every turn a round trip."""
    if time.monotonic() - record.info.get("rested_since", 0.0) < IDLE_SECONDS:
        return
    try:
        alive = dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error:
        alive = False
    if not alive:
        raise DisconnectionError("cut off while it rested")


def _rests(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["rested_since"] = time.monotonic()
