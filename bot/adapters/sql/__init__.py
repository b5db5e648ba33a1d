"""The book of record in SQL: SQLite on one machine, PostgreSQL past it."""

from bot.adapters.sql.book import SqlBook, SqlLedger
from bot.adapters.sql.migrations import migrate

__all__ = ["SqlBook", "SqlLedger", "migrate"]
