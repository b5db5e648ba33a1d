"""Patients, appointments, and what follows from them."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from bot.adapters.sql.schema.columns import metadata, number, of_conversation, partial, row_id, words

patient = Table(
    "patient",
    metadata,
    row_id(),
    words("name"),
    words("phone"),
    words("born"),
    words("remarks"),
    number("merged_into"),
    number("created_at"),
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
    row_id(),
    Column("number", Text, nullable=False, unique=True),
    Column("version", Integer, nullable=False, server_default="1"),
    of_conversation(),
    Column("patient_id", BigInteger, ForeignKey("patient.id"), nullable=False, index=True),
    words("whom"),
    words("service"),
    words("practitioner"),
    number("starts_at"),
    number("ends_at"),
    words("local_start"),
    words("zone"),
    words("status", "booked"),
    words("created_by"),
    number("created_at"),
    number("changed_at"),
    number("confirmed_at"),
    number("not_theirs_at"),
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
    row_id(),
    Column("key", Text, nullable=False, unique=True),
    comment="Something that can be in one place only: a practitioner, later a room or a machine",
)

occupancy = Table(
    "occupancy",
    metadata,
    row_id(),
    Column("resource_id", BigInteger, ForeignKey("resource.id"), nullable=False),
    Column("seat", Integer, nullable=False, server_default="1"),
    Column("busy_from", BigInteger, nullable=False),
    Column("busy_to", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("appointment_id", BigInteger, ForeignKey("appointment.id"), index=True),
    of_conversation(nullable=True),
    Column("hold_expires_at", BigInteger),
    Column("block_id", BigInteger, ForeignKey("block.id"), index=True),
    CheckConstraint("busy_from < busy_to", name="forward"),
    CheckConstraint(
        "(state = 'held' AND conversation IS NOT NULL AND hold_expires_at IS NOT NULL AND appointment_id IS NULL)"
        " OR (state = 'booked' AND appointment_id IS NOT NULL) OR (state = 'blocked' AND block_id IS NOT NULL)",
        name="state",
    ),
    Index("ix_occupancy_resource_id_busy_to", "resource_id", "busy_to"),
    partial("uq_occupancy_held", "conversation", where="state = 'held'", unique=True),
    comment="Time that is taken now, buffers included: held for a conversation, booked, or blocked by staff",
)

block = Table(
    "block",
    metadata,
    row_id(),
    words("practitioner"),
    number("starts_at"),
    number("ends_at"),
    words("reason"),
    words("made_by"),
    number("made_at"),
    number("lifted_at"),
    Index("ix_block_ends_at", "ends_at", "practitioner"),
    comment="Time in which a practitioner sees nobody. It takes what is free now, and what comes free later",
)

wish = Table(
    "wish",
    metadata,
    row_id(),
    Column("number", Text, nullable=False, unique=True),
    of_conversation(),
    words("wishes"),
    words("status", "open"),
    number("created_at"),
    Index("ix_wish_conversation", "conversation"),
    comment="An appointment a patient would like, for staff to confirm",
)

LEFT_TO_A_PERSON = "status = 'needs_person'"

follow_up = Table(
    "follow_up",
    metadata,
    row_id(),
    Column("appointment_id", BigInteger, ForeignKey("appointment.id")),
    of_conversation(nullable=True),
    words("zone"),
    words("kind"),
    Column("made_for_version", Integer, nullable=False),
    number("due_at"),
    number("expires_at"),
    words("offered_by"),
    number("offered_at"),
    words("status", "pending"),
    words("why"),
    number("tries"),
    number("made_at"),
    number("changed_at"),
    UniqueConstraint("appointment_id", "kind", "made_for_version"),
    CheckConstraint("status IN ('pending', 'queued', 'skipped', 'expired', 'needs_person')", name="status"),
    CheckConstraint("appointment_id IS NOT NULL OR conversation IS NOT NULL", name="about"),
    partial("ix_follow_up_due_at", "due_at", where="status = 'pending'"),
    partial("ix_follow_up_needs_person", "changed_at", where=LEFT_TO_A_PERSON),
    Index("ix_follow_up_conversation", "conversation"),
    sqlite_autoincrement=True,
    comment="Something to say at a moment that depends on an appointment",
)
"""``conversation`` and ``zone`` are set when there is no appointment that has them."""

waiting_list = Table(
    "waiting_list",
    metadata,
    Column("appointment_id", BigInteger, ForeignKey("appointment.id"), primary_key=True, autoincrement=False),
    number("since"),
    Index("ix_waiting_list_since", "since"),
    comment="Appointments whose patient would like to come sooner",
)

freed_time = Table(
    "freed_time",
    metadata,
    row_id(),
    words("practitioner"),
    number("starts_at"),
    number("ends_at"),
    Index("ix_freed_time_starts_at", "starts_at"),
    comment="Times that appointments left, while somebody on the waiting list may be offered them",
)
