"""A front desk of which everything but the database is in memory."""

from collections.abc import Iterator

import pytest

from bot.adapters.sql import SqlBook
from tests.desk.front import Front


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    """A desk on a fresh SQLite database; what differs between databases is tested with the book of record."""
    front = Front(sqlite_url)
    yield front
    assert isinstance(front.desk.book, SqlBook)
    front.desk.book.dispose()
