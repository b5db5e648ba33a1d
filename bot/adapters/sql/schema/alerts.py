"""What staff are told off the screen, and where."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Table, Text

from bot.adapters.sql.schema.columns import metadata, number, partial, row_id, words

alert = Table(
    "alert",
    metadata,
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    words("conversation"),
    number("since"),
    words("status", "pending"),
    words("mail"),
    Column("tries", Integer, nullable=False, server_default="0"),
    words("trouble"),
    number("made_at"),
    number("due_at"),
    number("changed_at"),
    words("staff"),
    CheckConstraint("status IN ('pending', 'sent', 'over', 'given_up')", name="status"),
    partial("ix_alert_due_at", "due_at", where="status = 'pending'"),
    partial("ix_alert_given_up", "changed_at", where="status = 'given_up'"),
    comment="Something staff are told by e-mail. mail names the letter it leaves with, the same at every try",
)
"""``staff`` is who alone is told; empty, everybody who wants to be."""

alert_address = Table(
    "alert_address",
    metadata,
    Column("staff", Text, ForeignKey("staff_account.id"), primary_key=True),
    words("address"),
    words("wants", "urgent"),
    number("changed_at"),
    CheckConstraint("wants IN ('urgent', 'all')", name="wants"),
    comment="Where a member of staff is told off the screen, and of what",
)
