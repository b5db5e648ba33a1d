"""Conversations, what came in, what goes out, and the channel it takes."""

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
    false,
)

from bot.adapters.sql.schema.columns import metadata, number, of_conversation, partial, row_id, words

installation = Table(
    "installation",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
    comment="What belongs to this installation alone, such as the key conversation ids are made with",
)

NEEDS_A_PERSON = "control IN ('waiting', 'held') OR look"

conversation = Table(
    "conversation",
    metadata,
    Column("id", Text, primary_key=True),
    words("address"),
    words("control", "bot"),
    words("holder"),
    words("reason"),
    Column("urgent", Boolean, nullable=False),
    Column("look", Boolean, nullable=False),
    Column("opted_out", Boolean, nullable=False),
    number("agreed_at"),
    number("waiting_since"),
    words("unreachable"),
    number("last_inbound_at"),
    number("silence_due"),
    number("held_at"),
    words("folder", "bot"),
    number("rank"),
    number("sort_at"),
    number("lines"),
    number("about"),
    number("seq"),
    number("arrived"),
    words("state"),
    number("created_at"),
    number("changed_at"),
    CheckConstraint("control IN ('bot', 'waiting', 'held', 'closed')", name="control"),
    partial("ix_conversation_silence_due", "silence_due", where="silence_due > 0"),
    partial("ix_conversation_control", "control", where=NEEDS_A_PERSON),
    Index("ix_conversation_folder", "folder", "rank", "sort_at", "id"),
    comment="One address we talk with. state is the whole conversation; the other columns are read from it",
)
"""``held_at`` is when a receptionist last had it: what failed before that, she has seen. ``lines`` counts what its
thread tells, in ``line`` of every table that tells something. ``about`` is the patient staff say it is about; 0 when
nobody said."""

inbound = Table(
    "inbound",
    metadata,
    Column("sid", Text, primary_key=True),
    of_conversation(),
    number("arrival"),
    words("event"),
    number("received_at"),
    words("status"),
    number("attempts"),
    number("line"),
    CheckConstraint("status IN ('waiting', 'done', 'person')", name="status"),
    Index("ix_inbound_conversation_line", "conversation", "line"),
    partial("ix_inbound_waiting", "conversation", "arrival", where="status = 'waiting'"),
    partial("ix_inbound_person", "conversation", where="status = 'person'"),
    comment="Messages of patients, kept once each",
)

journal = Table(
    "journal",
    metadata,
    row_id(),
    of_conversation(),
    number("seq"),
    number("at"),
    words("event"),
    words("trace"),
    number("line"),
    words("grounds"),
    Index("ix_journal_conversation_id", "conversation", "id"),
    partial("ix_journal_line", "conversation", "line", where="line > 0"),
    comment="What happened, turn by turn. line is 0 where the thread tells nothing of it",
)
"""``grounds`` is what a turn was decided on besides its event."""

UNFINISHED = "outbox.status IN ('queued', 'sending', 'unknown')"

UNDELIVERED = "outbox.status IN ('failed', 'needs_person')"

outbox = Table(
    "outbox",
    metadata,
    row_id(),
    of_conversation(),
    words("speech"),
    words("speaker"),
    words("text"),
    words("choices"),
    words("list_button"),
    words("hint"),
    Column("key", Text, unique=True),
    words("status", "queued"),
    words("note"),
    number("due_at"),
    number("expires_at"),
    number("tries"),
    Column("attempt", Text),
    number("look_at"),
    number("line"),
    number("created_at"),
    number("changed_at"),
    words("template"),
    words("variables"),
    Column("as_template", Boolean, nullable=False, server_default=false()),
    words("content_sid"),
    words("media"),
    CheckConstraint(
        "status IN ('queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', 'suppressed', 'expired', "
        "'needs_person')",
        name="status",
    ),
    Index("ix_outbox_conversation_line", "conversation", "line"),
    partial("ix_outbox_unfinished", "conversation", "id", where=UNFINISHED),
    partial("ix_outbox_undelivered", "conversation", where=UNDELIVERED),
    partial("ix_outbox_undelivered_changed_at", "changed_at", "id", where=UNDELIVERED),
    comment="Every word that leaves, or was kept back, in order of id within a conversation",
)
"""``attempt`` is the latest one; ``look_at`` is when an unknown row is to be looked for at Twilio; ``content_sid`` is
the template it last left as."""

channel = Table(
    "channel",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    number("code"),
    words("why"),
    number("since"),
    number("until"),
    comment="One row while the account or the sender is out of order",
)

template = Table(
    "template",
    metadata,
    Column("key", Text, primary_key=True),
    words("name"),
    words("language"),
    number("place"),
    Column("sid", Text, nullable=False, unique=True),
    words("status", "made"),
    words("reason"),
    words("body"),
    words("variables"),
    number("buttons"),
    number("made_at"),
    number("looked_at"),
    Index("ix_template_name", "name"),
    comment="Content templates at Twilio that may start a conversation, once approved",
)

looked = Table(
    "looked",
    metadata,
    Column("what", Text, primary_key=True),
    number("until"),
    comment="How far something of Twilio's was looked through",
)

send_attempt = Table(
    "send_attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False, index=True),
    words("claimer"),
    number("started_at"),
    words("outcome"),
    Column("sid", Text, unique=True),
    Column("error", Integer),
    Column("looks", Integer, nullable=False, server_default="0"),
    comment="One attempt to post a message, written down before it is posted",
)
