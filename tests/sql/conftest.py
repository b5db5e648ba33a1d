"""A book of record with one conversation in it, once on each database."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.sql import SqlBook
from tests.sql.clinic import MEI_LING, NOW


@pytest.fixture
def book(database_url: str) -> Iterator[SqlBook]:
    """The book of record, in which Mei Ling has just begun to write."""
    book = SqlBook(database_url)
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)
    yield book
    book.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with nothing in it."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.sqlite'}"
    return str(request.getfixturevalue("empty_postgres_url"))
