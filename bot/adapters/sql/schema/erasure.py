"""What patients agreed to, and what was erased of them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from bot.adapters.sql.schema.columns import metadata, number, of_conversation, partial, row_id, words

consent = Table(
    "consent",
    metadata,
    row_id(),
    of_conversation(),
    Column("purpose", Text, nullable=False),
    Column("given", Boolean, nullable=False),
    number("at"),
    words("sid"),
    words("words"),
    CheckConstraint("purpose IN ('promotion', 'follow-ups')", name="purpose"),
    Index("ix_consent_conversation_id", "conversation", "id"),
    comment="Each time a patient agreed to something or took it back, and by which words",
)

erasure = Table(
    "erasure",
    metadata,
    row_id(),
    number("patient"),
    words("staff"),
    number("asked_at"),
    number("finished_at"),
    partial("ix_erasure_unfinished", "asked_at", where="finished_at = 0"),
    partial("ix_erasure_age", "finished_at", where="staff = 'age'"),
    comment="A patient, or a conversation of nobody in particular, whose data were erased",
)
"""``patient`` is 0 when only conversations were erased. Who it was is told nowhere any more. ``staff`` is ``age`` when
nobody asked for it: words were older than the clinic keeps them."""

erasure_of = Table(
    "erasure_of",
    metadata,
    Column("erasure", BigInteger, ForeignKey("erasure.id"), primary_key=True, autoincrement=False),
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    words("address"),
    number("asked_at"),
    number("lines"),
    number("seq"),
    number("emptied_at"),
    Index("ix_erasure_of_conversation_asked_at", "conversation", "asked_at"),
    partial("ix_erasure_of_open", "erasure", "conversation", where="emptied_at = 0"),
    comment="A conversation of an erasure, and up to where it goes: what is written afterwards stays",
)
"""``address`` stays until Twilio was asked for everything exchanged with it, and is then emptied."""

leftover = Table(
    "leftover",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("erasure", BigInteger, ForeignKey("erasure.id"), nullable=False, index=True),
    Column("tries", Integer, nullable=False, server_default="0"),
    number("due_at"),
    CheckConstraint("kind IN ('listed', 'state', 'file', 'look', 'message', 'scrub')", name="kind"),
    Index("ix_leftover_due_at", "due_at"),
    comment="What an erasure still has to do outside of this database: a row is gone when it is done",
)
