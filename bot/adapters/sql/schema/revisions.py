"""Revisions of the flow files, and when each was published."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, LargeBinary, Table, Text, false

from bot.adapters.sql.schema.columns import metadata, number, words

flow_file = Table(
    "flow_file",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    comment="Flow files as they were published, each content once",
)

revision = Table(
    "revision",
    metadata,
    Column("id", Text, primary_key=True),
    words("files"),
    number("made_at"),
    comment="A set of flow files, named by its content: files maps each path to a digest",
)

published = Table(
    "published",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("revision", Text, ForeignKey("revision.id"), nullable=False),
    words("base"),
    words("staff"),
    number("at"),
    words("note"),
    Column("moves", Boolean, nullable=False, server_default=false()),
    comment="Every publishing of a revision, counted from 1; the newest is what the bot says",
)
