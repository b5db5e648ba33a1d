"""Statements of every turn, written in SQLAlchemy's language and run on the driver's own connection.

SQLAlchemy's execution of a statement costs more than the database's, and a turn has half a dozen of them. Here each is
compiled once for a dialect and the columns it is given, with SQLAlchemy's compiler, and afterwards only looked up. The
connection, its transaction and its savepoints stay SQLAlchemy's, so both ways mix freely.

What is given up is SQLAlchemy's handling of values: only text, integers, booleans written and None pass here, and rows
come back as tuples.
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
    commit: PostgreSQL then takes all of them in one round trip. A turn has three, the last with its commit.

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
    waiting = connection.info.get(_WAITING)
    found: Sequence[tuple[Any, ...]]
    if waiting is None:
        found = _run(connection, statement, (row,)).fetchall()
    else:
        waiting.append((statement, (row,)))
        found = _send(connection)
    return found[0] if found else None


def _nothing_waits(connection: Connection) -> None:
    connection.info[_WAITING] = []


def _send_before(connection: Connection, *_statement: object) -> None:
    _send(connection)


def _send(connection: Connection, and_commit: bool = False) -> Sequence[tuple[Any, ...]]:
    """Send what waits in one round trip, with the commit if this is the end: SQLAlchemy's own then has no work. The
    rows that the last statement gives."""
    waiting = connection.info.get(_WAITING)
    if not waiting:
        return ()
    _nothing_waits(connection)
    driver: Any = connection.connection.driver_connection
    sent = [one for statement, rows in waiting for one in _in_order(connection.dialect, statement, rows)]
    with _in_our_words(connection, sent[-1][0]):
        found: Sequence[tuple[Any, ...]] = driver.together(sent, and_commit)
    return found


def _run(connection: Connection, statement: Executable, rows: Sequence[Row]) -> Any:
    sent = _in_order(connection.dialect, statement, rows)
    words = sent[0][0]
    cursor = _cursor(connection, words)
    with _in_our_words(connection, words):
        if len(sent) > 1:
            cursor.executemany(words, [values for _, values in sent])
        else:
            cursor.execute(words, sent[0][1])
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
    """One for each statement and for as long as the database's connection lives."""
    cursors = connection.info.setdefault(_CURSORS, {})
    if words not in cursors:
        cursors[words] = connection.connection.cursor()
    return cursors[words]


def _in_order(dialect: Dialect, statement: Executable, rows: Sequence[Row]) -> list[tuple[str, list[Any]]]:
    """The statement in the dialect's SQL with the values of each row in the order it wants them."""
    words, names, fixed = _compiled(statement, dialect, tuple(rows[0]))
    named = [{**fixed, **row} for row in rows] if fixed else rows
    return [(words, [row[name] for name in names]) for row in named]


@lru_cache(maxsize=256)
def _compiled(
    statement: Any, dialect: Dialect, columns: tuple[str, ...]
) -> tuple[str, Sequence[str], Mapping[str, Any]]:
    """The statement in the dialect's SQL, the names of its values in order, and the values that are written in it."""
    if dialect.name == "postgresql":
        # $1, $2 …: what PostgreSQL itself understands.
        kind: Any = type(dialect)
        dialect = kind(paramstyle="numeric_dollar")
    # What SQLAlchemy adds to a single insert, to tell the new row's key, is left out of one for many.
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=columns, for_executemany=True)
    fixed = {name: value for name, value in compiled.params.items() if name not in columns}
    return compiled.string, compiled.positiontup or (), fixed
