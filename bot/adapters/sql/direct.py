"""Statements of every turn, written in SQLAlchemy's language and run on the driver's own cursor.

SQLAlchemy's execution of a statement costs more than the database's, and a turn has half a dozen of them. Here each is
compiled once for a dialect and the columns it is given, with SQLAlchemy's compiler, and afterwards only looked up. The
connection, its transaction and its savepoints stay SQLAlchemy's, so both ways mix freely.

What is given up is SQLAlchemy's handling of values: only text, integers, booleans written and None pass here, which the
drivers take as they are, and rows come back as tuples.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import Executable

from bot.adapters.sql.engine import in_our_words

Row = Mapping[str, Any]


def execute(connection: Connection, statement: Executable, *rows: Row) -> None:
    """Run a statement that gives nothing back, once for each row of values; all have the same names."""
    _run(connection, statement, rows)


def first(connection: Connection, statement: Executable, row: Row) -> tuple[Any, ...] | None:
    """The first row that a statement gives, or None."""
    found: Sequence[tuple[Any, ...]] = _run(connection, statement, (row,)).fetchall()
    return found[0] if found else None


def _run(connection: Connection, statement: Executable, rows: Sequence[Row]) -> Any:
    dialect = connection.dialect
    words, names, fixed = _compiled(statement, dialect, tuple(rows[0]))
    named = [{**fixed, **row} for row in rows] if fixed else rows
    values: Sequence[Any] = named if names is None else [tuple([row[name] for name in names]) for row in named]
    cursor = _cursor(connection)
    driver: Any = dialect.loaded_dbapi
    try:
        if len(values) > 1:
            cursor.executemany(words, values)
        else:
            cursor.execute(words, values[0])
    except driver.Error as error:
        ours = in_our_words(dialect, error)
        raise ours or DBAPIError.instance(words, None, error, driver.Error, hide_parameters=True) from error
    return cursor


def _cursor(connection: Connection) -> Any:
    """One for as long as the database's connection lives: making a cursor of psycopg's is a sixth of a statement."""
    kept = connection.info
    if "cursor" not in kept:
        kept["cursor"] = connection.connection.cursor()
    return kept["cursor"]


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
