"""What patients send and staff write, and what holds for all."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from bot.adapters.sql.schema.columns import metadata, number, of_conversation, partial, row_id, words

media = Table(
    "media",
    metadata,
    Column("id", Text, primary_key=True),
    of_conversation(),
    Column("inbound", Text, ForeignKey("inbound.sid"), nullable=False),
    Column("place", Integer, nullable=False),
    words("url"),
    words("declared_type"),
    words("content_type"),
    words("status", "pending"),
    words("note"),
    number("size"),
    Column("key", LargeBinary, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    number("due_at"),
    number("received_at"),
    number("changed_at"),
    UniqueConstraint("inbound", "place"),
    CheckConstraint("status IN ('pending', 'kept', 'refused', 'failed', 'forgotten')", name="status"),
    Index("ix_media_conversation_received_at", "conversation", "received_at"),
    partial("ix_media_due_at", "due_at", where="due_at > 0"),
    partial("ix_media_received_at", "received_at", where="status <> 'forgotten'"),
    comment="Files that came with messages. The file itself lies in DATA_DIR, readable with its row's key alone",
)
"""``due_at`` is when the file is fetched, or, once it is dealt with here, deleted at Twilio; 0 when Twilio has none."""

note = Table(
    "note",
    metadata,
    row_id(),
    of_conversation(),
    words("staff"),
    words("text"),
    number("at"),
    number("line"),
    Index("ix_note_conversation_line", "conversation", "line"),
    comment="What staff tell each other about a conversation. It never leaves",
)

draft = Table(
    "draft",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("staff", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    words("text"),
    number("saved_at"),
    words("file"),
    CheckConstraint("mode IN ('reply', 'note')", name="mode"),
    comment="What somebody has begun to write",
)

label = Table(
    "label",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    words("staff"),
    number("at"),
    Index("ix_label_name", "name"),
    comment="Words by which staff sort conversations",
)

quick_reply = Table(
    "quick_reply",
    metadata,
    Column("shortcut", Text, primary_key=True),
    words("text"),
    number("used"),
    words("changed_by"),
    number("changed_at"),
    comment="Words staff use often, found by a short word behind a slash",
)

hand_over = Table(
    "hand_over",
    metadata,
    row_id(),
    of_conversation(),
    number("asked_at"),
    words("reason"),
    Column("urgent", Boolean, nullable=False),
    number("claimed_at"),
    words("claimed_by"),
    number("answered_at"),
    number("ended_at"),
    words("ended"),
    words("closed_as"),
    Index("ix_hand_over_asked_at", "asked_at"),
    Index("ix_hand_over_conversation_asked_at", "conversation", "asked_at"),
    partial("ix_hand_over_open", "conversation", where="ended_at = 0"),
    comment="Each stretch in which a person was needed or had a conversation: what the numbers are counted from",
)

patient_merge = Table(
    "patient_merge",
    metadata,
    row_id(),
    Column("kept", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    Column("gone", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    words("moved"),
    words("staff"),
    number("at"),
    number("undone_at"),
    comment="Two records that were one person, and what was moved, so that it can be undone",
)

standing_order = Table(
    "standing_order",
    metadata,
    Column("name", Text, primary_key=True),
    words("value"),
    words("staff"),
    number("at"),
    comment="What holds for the whole clinic now: the bot is silenced, a notice with an end",
)
