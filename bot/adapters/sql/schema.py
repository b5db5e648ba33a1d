"""The tables, one schema for SQLite and PostgreSQL. Instants are UTC epoch seconds; 0 means never.

What no two appointments may ever do, overlap, is no check of ours: PostgreSQL's exclusion constraint and SQLite's
triggers (both in the first migration) refuse it whoever writes. Every row of ``occupancy`` is therefore time that is
taken now; a hold given back or an appointment cancelled deletes its rows.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
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


def _id() -> Column[int]:
    # Only a column of exactly this type counts up by itself on SQLite.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


def _text(name: str, default: str = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=default)


def _integer(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default="0")


def _conversation(nullable: bool = False) -> Column[str]:
    return Column("conversation", Text, ForeignKey("conversation.id"), nullable=nullable)


def word(value: str) -> ColumnElement[str]:
    """A status written out in a statement: a partial index is not found through a parameter."""
    return literal_column(f"'{value}'", Text)


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, postgresql_where=text(where), sqlite_where=text(where))


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
    _text("address"),
    _text("control", "bot"),
    _text("holder"),
    _text("reason"),
    Column("urgent", Boolean, nullable=False),
    Column("look", Boolean, nullable=False),
    Column("opted_out", Boolean, nullable=False),
    _integer("waiting_since"),
    _integer("last_inbound_at"),
    _integer("silence_due"),
    _integer("held_at"),
    _text("folder", "bot"),
    _integer("rank"),
    _integer("sort_at"),
    _integer("lines"),
    _integer("about"),
    _integer("seq"),
    _integer("arrived"),
    _text("state"),
    _integer("created_at"),
    _integer("changed_at"),
    CheckConstraint("control IN ('bot', 'waiting', 'held', 'closed')", name="control"),
    _partial("ix_conversation_silence_due", "silence_due", where="silence_due > 0"),
    _partial("ix_conversation_control", "control", where=NEEDS_A_PERSON),
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
    _conversation(),
    _integer("arrival"),
    _text("event"),
    _integer("received_at"),
    _text("status"),
    _integer("attempts"),
    _integer("line"),
    CheckConstraint("status IN ('waiting', 'done', 'person')", name="status"),
    Index("ix_inbound_conversation_line", "conversation", "line"),
    _partial("ix_inbound_waiting", "conversation", "arrival", where="status = 'waiting'"),
    _partial("ix_inbound_person", "conversation", where="status = 'person'"),
    comment="Messages of patients, kept once each",
)

journal = Table(
    "journal",
    metadata,
    _id(),
    _conversation(),
    _integer("seq"),
    _integer("at"),
    _text("event"),
    _text("trace"),
    _integer("line"),
    Index("ix_journal_conversation_id", "conversation", "id"),
    _partial("ix_journal_line", "conversation", "line", where="line > 0"),
    comment="What happened, turn by turn. line is 0 where the thread tells nothing of it",
)

UNFINISHED = "outbox.status IN ('queued', 'sending', 'unknown')"
UNDELIVERED = "outbox.status IN ('failed', 'needs_person')"

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _conversation(),
    _text("speech"),
    _text("speaker"),
    _text("text"),
    _text("choices"),
    _text("list_button"),
    _text("hint"),
    Column("key", Text, unique=True),
    _text("status", "queued"),
    _text("note"),
    _integer("due_at"),
    _integer("expires_at"),
    _integer("tries"),
    Column("attempt", Text),
    _integer("look_at"),
    _integer("line"),
    _integer("created_at"),
    _integer("changed_at"),
    CheckConstraint(
        "status IN ('queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', 'suppressed', 'expired', "
        "'needs_person')",
        name="status",
    ),
    Index("ix_outbox_conversation_line", "conversation", "line"),
    _partial("ix_outbox_unfinished", "conversation", "id", where=UNFINISHED),
    _partial("ix_outbox_undelivered", "conversation", where=UNDELIVERED),
    _partial("ix_outbox_undelivered_changed_at", "changed_at", "id", where=UNDELIVERED),
    comment="Every word that leaves, or was kept back, in order of id within a conversation",
)
"""``attempt`` is the latest one; ``look_at`` is when an unknown row is to be looked for at Twilio."""

send_attempt = Table(
    "send_attempt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("outbox_id", BigInteger, ForeignKey("outbox.id"), nullable=False, index=True),
    _text("claimer"),
    _integer("started_at"),
    _text("outcome"),
    Column("sid", Text, unique=True),
    Column("error", Integer),
    comment="One attempt to post a message, written down before it is posted",
)

patient = Table(
    "patient",
    metadata,
    _id(),
    _text("name"),
    _text("phone"),
    _text("born"),
    _text("remarks"),
    _integer("merged_into"),
    _integer("created_at"),
    Index("ix_patient_phone", "phone"),
    comment="A person who is treated. Several may share an address, and one may change it",
)

patient_of_conversation = Table(
    "patient_of_conversation",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("folded_name", Text, primary_key=True),
    Column("patient_id", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    comment="Who is spoken of in a conversation: the same name there is the same patient",
)

appointment = Table(
    "appointment",
    metadata,
    _id(),
    Column("number", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    _conversation(),
    Column("patient_id", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    _text("whom"),
    _text("service"),
    _text("practitioner"),
    _integer("starts_at"),
    _integer("ends_at"),
    _text("local_start"),
    _text("zone"),
    _text("status", "booked"),
    _text("created_by"),
    _integer("created_at"),
    _integer("changed_at"),
    CheckConstraint(
        "status IN ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow', 'entered-in-error')", name="status"
    ),
    Index("ix_appointment_conversation_starts_at", "conversation", "starts_at"),
    Index("ix_appointment_starts_at", "starts_at"),
    sqlite_autoincrement=True,
    comment="What was promised. local_start and zone are the promise, starts_at is its instant",
)

resource = Table(
    "resource",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    comment="Something that can be in one place only: a practitioner, later a room or a machine",
)

occupancy = Table(
    "occupancy",
    metadata,
    _id(),
    Column("resource_id", BigInteger, ForeignKey("resource.id"), nullable=False),
    Column("seat", Integer, nullable=False, server_default="1"),
    Column("busy_from", BigInteger, nullable=False),
    Column("busy_to", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("appointment_id", BigInteger, ForeignKey("appointment.id"), index=True),
    _conversation(nullable=True),
    Column("hold_expires_at", BigInteger),
    Column("block_id", BigInteger, ForeignKey("block.id"), index=True),
    CheckConstraint("busy_from < busy_to", name="forward"),
    CheckConstraint(
        "(state = 'held' AND conversation IS NOT NULL AND hold_expires_at IS NOT NULL AND appointment_id IS NULL)"
        " OR (state = 'booked' AND appointment_id IS NOT NULL) OR (state = 'blocked' AND block_id IS NOT NULL)",
        name="state",
    ),
    Index("ix_occupancy_resource_id_busy_to", "resource_id", "busy_to"),
    _partial("uq_occupancy_held", "conversation", where="state = 'held'", unique=True),
    comment="Time that is taken now, buffers included: held for a conversation, booked, or blocked by staff",
)

block = Table(
    "block",
    metadata,
    _id(),
    _text("practitioner"),
    _integer("starts_at"),
    _integer("ends_at"),
    _text("reason"),
    _text("made_by"),
    _integer("made_at"),
    _integer("lifted_at"),
    Index("ix_block_practitioner_ends_at", "practitioner", "ends_at"),
    comment="Time in which a practitioner sees nobody. It takes what is free now, and what comes free later",
)

wish = Table(
    "wish",
    metadata,
    _id(),
    Column("number", Text, nullable=False, unique=True),
    _conversation(),
    _text("wishes"),
    _text("status", "open"),
    _integer("created_at"),
    Index("ix_wish_conversation", "conversation"),
    comment="An appointment a patient would like, for staff to confirm",
)

follow_up = Table(
    "follow_up",
    metadata,
    _id(),
    Column("appointment_id", BigInteger, ForeignKey("appointment.id"), nullable=False),
    _text("kind"),
    Column("made_for_version", Integer, nullable=False),
    _integer("due_at"),
    _integer("expires_at"),
    _text("status", "pending"),
    _text("why"),
    _integer("changed_at"),
    UniqueConstraint("appointment_id", "kind", "made_for_version"),
    CheckConstraint("status IN ('pending', 'queued', 'skipped', 'expired', 'needs_person')", name="status"),
    _partial("ix_follow_up_due_at", "due_at", where="status = 'pending'"),
    sqlite_autoincrement=True,
    comment="Something to say at a moment that depends on an appointment",
)

staff_account = Table(
    "staff_account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    _text("name"),
    Column("role", Text, nullable=False),
    _text("status", "invited"),
    _text("password"),
    _text("second_factor"),
    Column("second_factor_on", Boolean, nullable=False),
    _integer("second_factor_step"),
    Column("shortcuts", Boolean, nullable=False),
    Column("enter_sends", Boolean, nullable=False),
    _integer("created_at"),
    _integer("signed_in_at"),
    CheckConstraint("role IN ('reception', 'lead', 'admin', 'read_only')", name="role"),
    CheckConstraint("status IN ('invited', 'active', 'disabled')", name="status"),
    _partial("ix_staff_account_admin", "role", where="role = 'admin' AND status = 'active'"),
    comment="A member of staff. Never deleted: the audit names them",
)

staff_link = Table(
    "staff_link",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    _text("account"),
    _integer("expires_at"),
    _integer("made_at"),
    _text("made_by"),
    Index("ix_staff_link_account", "account"),
    CheckConstraint("kind IN ('first', 'invitation', 'rescue')", name="kind"),
    comment="A way in that works once: the first admin's, an invitation, a rescue",
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, ForeignKey("staff_account.id"), nullable=False, index=True),
    _integer("started_at"),
    _integer("seen_at"),
    Column("waits_for_code", Boolean, nullable=False),
    _integer("tries"),
    comment="A signed-in browser",
)

staff_recovery_code = Table(
    "staff_recovery_code",
    metadata,
    Column("account", Text, ForeignKey("staff_account.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    comment="A code that stands in once for a lost second factor",
)

staff_browser = Table(
    "staff_browser",
    metadata,
    Column("account", Text, ForeignKey("staff_account.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    _integer("known_at"),
    comment="A browser that an account has signed in from: others' wrong passwords do not make it wait",
)

staff_wait = Table(
    "staff_wait",
    metadata,
    Column("key", Text, primary_key=True),
    _integer("tries"),
    _integer("last_at"),
    _integer("until"),
    Index("ix_staff_wait_last_at", "last_at"),
    comment="Wrong passwords in a row, by browser, name and network address",
)

audit = Table(
    "audit",
    metadata,
    _id(),
    _integer("at"),
    _text("staff"),
    _text("action"),
    _text("subject"),
    _text("note"),
    Index("ix_audit_at_id", "at", "id"),
    Index("ix_audit_staff_id", "staff", "id"),
    Index("ix_audit_action_id", "action", "id"),
    Index("ix_audit_subject_id", "subject", "id"),
    Index("ix_audit_staff_subject_at", "staff", "subject", "at"),
    sqlite_autoincrement=True,
    comment="Who viewed, sent, changed and exported what. The database refuses to change or delete a line",
)

note = Table(
    "note",
    metadata,
    _id(),
    _conversation(),
    _text("staff"),
    _text("text"),
    _integer("at"),
    _integer("line"),
    Index("ix_note_conversation_line", "conversation", "line"),
    comment="What staff tell each other about a conversation. It never leaves",
)

draft = Table(
    "draft",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("staff", Text, primary_key=True),
    Column("mode", Text, primary_key=True),
    _text("text"),
    _integer("saved_at"),
    CheckConstraint("mode IN ('reply', 'note')", name="mode"),
    comment="What somebody has begun to write",
)

label = Table(
    "label",
    metadata,
    Column("conversation", Text, ForeignKey("conversation.id"), primary_key=True),
    Column("name", Text, primary_key=True),
    _text("staff"),
    _integer("at"),
    Index("ix_label_name", "name"),
    comment="Words by which staff sort conversations",
)

quick_reply = Table(
    "quick_reply",
    metadata,
    Column("shortcut", Text, primary_key=True),
    _text("text"),
    _integer("used"),
    _text("changed_by"),
    _integer("changed_at"),
    comment="Words staff use often, found by a short word behind a slash",
)

hand_over = Table(
    "hand_over",
    metadata,
    _id(),
    _conversation(),
    _integer("asked_at"),
    _text("reason"),
    Column("urgent", Boolean, nullable=False),
    _integer("claimed_at"),
    _text("claimed_by"),
    _integer("answered_at"),
    _integer("ended_at"),
    _text("ended"),
    Index("ix_hand_over_asked_at", "asked_at"),
    _partial("ix_hand_over_open", "conversation", where="ended_at = 0"),
    comment="Each stretch in which a person was needed or had a conversation: what the numbers are counted from",
)

patient_merge = Table(
    "patient_merge",
    metadata,
    _id(),
    Column("kept", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    Column("gone", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    _text("moved"),
    _text("staff"),
    _integer("at"),
    _integer("undone_at"),
    comment="Two records that were one person, and what was moved, so that it can be undone",
)

standing_order = Table(
    "standing_order",
    metadata,
    Column("name", Text, primary_key=True),
    _text("value"),
    _text("staff"),
    _integer("at"),
    comment="What holds for the whole clinic now: the bot is silenced, a notice with an end",
)
