"""Colleagues named in notes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text

from bot.adapters.sql.schema.columns import metadata, number, partial

mention = Table(
    "mention",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("line", BigInteger, primary_key=True),
    Column("staff", Text, ForeignKey("staff_account.id"), primary_key=True),
    number("at"),
    number("seen_at"),
    partial("ix_mention_unseen", "staff", "conversation", where="seen_at = 0"),
    comment="A colleague named in a note, and when she opened the conversation afterwards",
)
