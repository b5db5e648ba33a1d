"""Statements of every turn, written in SQLAlchemy's language and run on the driver's own cursor.

SQLAlchemy's execution of a statement costs more than the database's, and a turn has half a dozen of them. Here each is
compiled once for a dialect and the columns it is given, with SQLAlchemy's compiler, and afterwards only looked up. The
connection, its transaction and its savepoints stay SQLAlchemy's, so both ways mix freely.

What is given up is SQLAlchemy's handling of values: only text, integers, booleans written and None pass here, which the
drivers take as they are, and rows come back as tuples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable

from bot.adapters.sql.engine import in_our_words

Row = Mapping[str, Any]

_WAITING, _CURSORS = "waiting", "cursors"
"""What a connection of the pool carries along: statements that wait to be sent, and its own cursors."""


def send_together(engine: Engine) -> None:
    """Let statements that give nothing back wait on this engine's connections for the next one that does, or for the
    commit: PostgreSQL then takes all of them in one round trip. A turn has three, and its commit.

    What PostgreSQL refuses of them is raised there too, and nothing of the transaction is kept.
    """
    event.listen(engine, "begin", _nothing_waits)
    event.listen(engine, "before_cursor_execute", _send_before)
    event.listen(engine, "commit", partial(_send, and_commit=True))


def execute(connection: Connection, statement: Executable, *rows: Row) -> None:
    """Run a statement that gives nothing back, once for each row of values; all have the same names."""
    waiting = connection.info.get(_WAITING)
    if waiting is None:
        _run(connection, statement, rows)
    else:
        waiting.append((statement, rows))


def first(connection: Connection, statement: Executable, row: Row) -> tuple[Any, ...] | None:
    """The first row that a statement gives, or None."""
    _send(connection)
    found: Sequence[tuple[Any, ...]] = _run(connection, statement, (row,)).fetchall()
    return found[0] if found else None


def _nothing_waits(connection: Connection) -> None:
    connection.info[_WAITING] = []


def _send_before(connection: Connection, *_statement: object) -> None:
    _send(connection)


def _send(connection: Connection, and_commit: bool = False) -> None:
    """Send what waits in one round trip, with the commit if this is the end: SQLAlchemy's own then has no work."""
    waiting = connection.info.get(_WAITING)
    if not waiting:
        return
    _nothing_waits(connection)
    driver: Any = connection.connection.driver_connection
    with _in_our_words(connection, "several statements at once"), driver.pipeline():
        for statement, rows in waiting:
            words, _, fixed = _compiled(statement, connection.dialect, tuple(rows[0]))
            cursor = _cursor(connection, words)
            for row in rows:
                cursor.execute(words, {**fixed, **row})
        if and_commit:
            driver.commit()


def _run(connection: Connection, statement: Executable, rows: Sequence[Row]) -> Any:
    words, names, fixed = _compiled(statement, connection.dialect, tuple(rows[0]))
    named = [{**fixed, **row} for row in rows] if fixed else rows
    values: Sequence[Any] = named if names is None else [tuple([row[name] for name in names]) for row in named]
    cursor = _cursor(connection, words)
    with _in_our_words(connection, words):
        if len(values) > 1:
            cursor.executemany(words, values)
        else:
            cursor.execute(words, values[0])
    return cursor


@contextmanager
def _in_our_words(connection: Connection, words: str) -> Iterator[None]:
    dialect = connection.dialect
    driver: Any = dialect.loaded_dbapi
    try:
        yield
    except driver.Error as error:
        ours = in_our_words(dialect, error)
        raise ours or DBAPIError.instance(words, None, error, driver.Error, hide_parameters=True) from error


def _cursor(connection: Connection, words: str) -> Any:
    """One for each statement and for as long as the database's connection lives: making one of psycopg's, and having it
    learn the types of a statement's values, is a third of a statement."""
    cursors = connection.info.setdefault(_CURSORS, {})
    if words not in cursors:
        cursors[words] = connection.connection.cursor()
    return cursors[words]


@lru_cache(maxsize=256)
def _compiled(
    statement: Any, dialect: Dialect, columns: tuple[str, ...]
) -> tuple[str, Sequence[str] | None, Mapping[str, Any]]:
    """The statement in the dialect's SQL, the names of its values in order where the dialect goes by order, and the
    values that are written in it."""
    # What SQLAlchemy adds to a single insert, to tell the new row's key, is left out of one for many.
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
    fixed = {name: value for name, value in compiled.params.items() if name not in columns}
    return compiled.string, compiled.positiontup, fixed
