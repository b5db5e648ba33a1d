"""The database itself: its shape, its key, and what happens when it is away."""

import multiprocessing
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from bot.adapters.sql import SqlBook, migrate
from bot.adapters.sql.schema import metadata
from bot.core.conversation import Conversation
from bot.ports import BookAway, Head, SlotTaken
from tests.sql.clinic import MEI_LING, NOW, RAVI, book_one, booking, message

ANSWER_SECONDS_MAX = 15.0
"""A second, on a machine that is busy with much else."""
"""One second is promised; more than this is no busy machine but a wait without end."""


def migrate_and_begin(url: str) -> None:
    migrate(url)
    book = SqlBook(url)
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    book.conversation_key()
    book.dispose()


def test_several_processes_may_migrate_at_once_and_again(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=migrate_and_begin, args=(empty_url,)) for _ in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    book = SqlBook(empty_url)
    with book.begin() as ledger:
        assert ledger.read("meiling") == MEI_LING
    book.dispose()


def test_the_migrations_lead_to_the_schema_that_the_code_uses(book: SqlBook) -> None:
    with book._engine.begin() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_overlap_rule_holds_for_statements_of_anybody(book: SqlBook) -> None:
    book_one(book)
    second = text(
        "INSERT INTO occupancy (resource_id, seat, busy_from, busy_to, state, appointment_id)"
        " SELECT resource_id, seat, busy_from + 1, busy_to + 1, state, appointment_id FROM occupancy"
    )
    with pytest.raises(SlotTaken), book.begin() as ledger:
        ledger._connection.execute(second)


def test_the_conversation_key_is_made_once_and_kept(book: SqlBook, database_url: str) -> None:
    key = book.conversation_key()
    assert len(key) == 32
    other = SqlBook(database_url)
    assert other.conversation_key() == key
    other.dispose()


def test_an_error_of_ours_is_not_taken_for_a_database_that_is_away(book: SqlBook) -> None:
    with pytest.raises(IntegrityError), book.begin() as ledger:
        ledger.record(message(conversation="nobody"), "done")
    with pytest.raises(DBAPIError), book.begin() as ledger:
        ledger._connection.execute(text("SELECT nothing FROM FROM"))
    book_one(book)
    with pytest.raises(IntegrityError), book.begin() as ledger:
        ledger.book(booking(start=NOW), NOW)
    assert book.healthy()


def test_a_database_without_tables_is_not_healthy(empty_url: str) -> None:
    book = SqlBook(empty_url)
    assert not book.healthy()
    migrate(empty_url)
    assert book.healthy()
    book.dispose()


def refused_within_a_second(book: SqlBook) -> None:
    started = time.monotonic()
    with pytest.raises(BookAway), book.begin() as ledger:
        ledger.head("meiling")
    assert time.monotonic() - started < ANSWER_SECONDS_MAX
    assert not book.healthy()


def test_sqlite_locked_by_another_is_away_and_comes_back(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused_within_a_second(book)
        other.execute("ROLLBACK")
        with book.begin() as ledger:
            ledger.create(RAVI, NOW)
    book.dispose()


def test_sqlite_that_cannot_be_opened_is_away(tmp_path: Path) -> None:
    refused_within_a_second(SqlBook(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.sqlite'}"))


def test_a_file_that_is_no_database_is_away(tmp_path: Path) -> None:
    (tmp_path / "clinic.sqlite").write_bytes(b"not a database, but long enough to look like a file of some kind" * 20)
    book = SqlBook(f"sqlite:///{tmp_path / 'clinic.sqlite'}")
    refused_within_a_second(book)
    book.dispose()


def test_sqlite_is_durable_and_keeps_its_references(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    with book._engine.connect() as connection:
        pragmas = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    assert pragmas == ["wal", 2, 1]
    book.dispose()


def test_postgresql_that_nobody_listens_for_is_away(postgres: Any) -> None:
    refused_within_a_second(SqlBook("postgresql+psycopg://postgres@127.0.0.1:1/clinic"))
    refused_within_a_second(SqlBook(postgres.url("no_such_database")))


def end_sessions(postgres: Any, url: str) -> None:
    name = url.rpartition("/")[2]
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def test_a_broken_connection_writes_nothing_and_the_next_one_works(postgres: Any, postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    with pytest.raises(BookAway), book.begin() as ledger:  # noqa: PT012 - what is raised, and where, is the point
        ledger.create(MEI_LING, NOW)
        end_sessions(postgres, postgres_url)
        ledger.create(RAVI, NOW)
    end_sessions(postgres, postgres_url)
    with book.begin() as ledger:
        assert ledger.read("meiling") is None
        ledger.create(MEI_LING, NOW)
    book.dispose()


def test_a_connection_cut_off_while_it_rested_is_replaced_unnoticed(postgres: Any, postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    event.listen(book._engine, "checkin", lambda _, record: record.info.update(rested_since=time.monotonic() - 60))
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    end_sessions(postgres, postgres_url)
    with book.begin() as ledger:
        assert ledger.head("meiling") == Head(0, 0)
    book.dispose()


def test_a_connection_that_breaks_before_the_commit_is_away(postgres: Any, postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    with pytest.raises(BookAway), book.begin() as ledger:  # noqa: PT012 - the commit raises
        ledger.create(MEI_LING, NOW)
        end_sessions(postgres, postgres_url)
    with book.begin() as ledger:
        assert ledger.read("meiling") is None
    book.dispose()


def test_a_conversation_locked_for_long_is_away_within_a_second(postgres_url: str) -> None:
    book = SqlBook(postgres_url)
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    with book.begin() as ledger:
        ledger.head("meiling")
        started = time.monotonic()
        with pytest.raises(BookAway), book.begin() as other:
            other.head("meiling")
        assert time.monotonic() - started < ANSWER_SECONDS_MAX
        with book.begin() as other:
            other.create(Conversation("siti", "whatsapp:+6580000003"), NOW)
            other.record(message(conversation="siti"), "waiting")
            assert other.claim(["meiling"], "sender", ["b1"], NOW) == ()
    book.dispose()


def test_too_many_at_once_are_told_so(database_url: str) -> None:
    book = SqlBook(database_url)
    connections = [book._engine.connect() for _ in range(15)]
    refused_within_a_second(book)
    for connection in connections:
        connection.close()
    assert book.healthy()
    book.dispose()
