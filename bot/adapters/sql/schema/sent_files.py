"""Files that staff send."""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, Table, Text

from bot.adapters.sql.schema.columns import metadata, number, of_conversation, words

sent_file = Table(
    "sent_file",
    metadata,
    Column("id", Text, primary_key=True),
    of_conversation(),
    words("staff"),
    words("name"),
    words("content_type"),
    number("size"),
    Column("key", LargeBinary, nullable=False),
    number("at"),
    Index("ix_sent_file_conversation_at", "conversation", "at"),
    Index("ix_sent_file_at", "at"),
    comment="Files that staff chose for patients. The file itself lies in DATA_DIR, readable with its row's key alone",
)
"""A file that is forgotten has no row any more."""
