"""How columns are written here: instants are UTC epoch seconds, and 0 means never."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    literal_column,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_id() -> Column[int]:
    # Only a column of exactly this type counts up by itself on SQLite.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def words(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def number(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def of_conversation(nullable: bool = False) -> Column[str]:
    return Column("conversation", Text, ForeignKey("conversation.id"), nullable=nullable)


def word(value: str) -> ColumnElement[str]:
    """A status written out in a statement: a partial index is not found through a parameter."""
    return literal_column(f"'{value}'", Text)


def partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where))
