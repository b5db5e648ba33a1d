"""The devices that staff are told on, and by which ways a letter was told already."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Table, Text

from bot.adapters.sql.schema.columns import metadata, number, words

alert_device = Table(
    "alert_device",
    metadata,
    Column("id", Text, primary_key=True),
    Column("staff", Text, ForeignKey("staff_account.id"), nullable=False, index=True),
    words("name"),
    words("wants", "urgent"),
    Column("endpoint", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("secret", Text, nullable=False),
    number("made_at"),
    number("told_at"),
    words("trouble"),
    CheckConstraint("wants IN ('urgent', 'all')", name="wants"),
    comment="A browser in which a member of staff is told off the screen, and the keys that only it reads with",
)

alert_told = Table(
    "alert_told",
    metadata,
    Column("letter", Text, primary_key=True),
    Column("way", Text, primary_key=True),
    comment="By which ways (mail, a device) a letter was told while others still wait; gone when all were",
)
