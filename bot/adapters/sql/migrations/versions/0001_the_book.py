"""The tables, and the rule that no two appointments overlap."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# Whole numbers as ranges of one: this needs no extension, where comparing them with "=" would need btree_gist.
POSTGRESQL_RULE = """
    ALTER TABLE occupancy ADD CONSTRAINT no_overlap EXCLUDE USING gist (
        int8range(resource_id, resource_id, '[]') WITH &&,
        int4range(seat, seat, '[]') WITH &&,
        int8range(busy_from, busy_to) WITH &&)
"""
SQLITE_RULE = """
    CREATE TRIGGER no_overlap_{when} BEFORE {event} ON occupancy BEGIN
        SELECT RAISE(ABORT, 'overlap') WHERE EXISTS (
            SELECT 1 FROM occupancy AS other
            WHERE other.resource_id = NEW.resource_id AND other.seat = NEW.seat
              AND other.busy_from < NEW.busy_to AND other.busy_to > NEW.busy_from
              AND other.id IS NOT {itself});
    END
"""


def upgrade() -> None:
    _create_tables()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_RULE)
    else:
        # A new row has no id yet that could be its own.
        op.execute(SQLITE_RULE.format(when="insert", event="INSERT", itself="NULL"))
        op.execute(
            SQLITE_RULE.format(when="update", event="UPDATE OF resource_id, seat, busy_from, busy_to", itself="OLD.id")
        )


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _create_tables() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("control", sa.Text(), server_default="bot", nullable=False),
        sa.Column("holder", sa.Text(), server_default="", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("look", sa.Boolean(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column("waiting_since", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_inbound_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("silence_due", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("held_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("arrived", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("control IN ('bot', 'waiting', 'held', 'closed')", name="ck_conversation_control"),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        comment="One address we talk with. state is the whole conversation; the other columns are read from it",
    )
    op.create_index(
        "ix_conversation_control", "conversation", ["control"], **_where("control IN ('waiting', 'held') OR look")
    )
    op.create_index("ix_conversation_silence_due", "conversation", ["silence_due"], **_where("silence_due > 0"))
    op.create_table(
        "installation",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_installation"),
        comment="What belongs to this installation alone, such as the key conversation ids are made with",
    )
    op.create_table(
        "patient",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_patient"),
        comment="A person who is treated. Several may share an address, and one may change it",
    )
    op.create_table(
        "resource",
        sa.Column("id", _ID, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_resource"),
        sa.UniqueConstraint("key", name="uq_resource_key"),
        comment="Something that can be in one place only: a practitioner, later a room or a machine",
    )
    op.create_table(
        "appointment",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.Column("whom", sa.Text(), server_default="", nullable=False),
        sa.Column("service", sa.Text(), server_default="", nullable=False),
        sa.Column("practitioner", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("ends_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("local_start", sa.Text(), server_default="", nullable=False),
        sa.Column("zone", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="booked", nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('booked', 'arrived', 'fulfilled', 'cancelled', 'noshow', 'entered-in-error')",
            name="ck_appointment_status",
        ),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_appointment_conversation"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_appointment_patient_id"),
        sa.PrimaryKeyConstraint("id", name="pk_appointment"),
        sa.UniqueConstraint("number", name="uq_appointment_number"),
        comment="What was promised. local_start and zone are the promise, starts_at is its instant",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_appointment_conversation_starts_at", "appointment", ["conversation", "starts_at"])
    op.create_index("ix_appointment_patient_id", "appointment", ["patient_id"])
    op.create_index("ix_appointment_starts_at", "appointment", ["starts_at"])
    op.create_table(
        "inbound",
        sa.Column("sid", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("arrival", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("status IN ('waiting', 'done', 'person')", name="ck_inbound_status"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_inbound_conversation"),
        sa.PrimaryKeyConstraint("sid", name="pk_inbound"),
        comment="Messages of patients, kept once each",
    )
    op.create_index("ix_inbound_conversation_arrival", "inbound", ["conversation", "arrival"])
    op.create_index("ix_inbound_person", "inbound", ["conversation"], **_where("status = 'person'"))
    op.create_index("ix_inbound_waiting", "inbound", ["conversation", "arrival"], **_where("status = 'waiting'"))
    op.create_table(
        "journal",
        sa.Column("id", _ID, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("event", sa.Text(), server_default="", nullable=False),
        sa.Column("trace", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_journal_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_journal"),
        comment="What happened, turn by turn",
    )
    op.create_index("ix_journal_conversation_id", "journal", ["conversation", "id"])
    op.create_table(
        "outbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("speech", sa.Text(), server_default="", nullable=False),
        sa.Column("speaker", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("choices", sa.Text(), server_default="", nullable=False),
        sa.Column("list_button", sa.Text(), server_default="", nullable=False),
        sa.Column("hint", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="queued", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("attempt", sa.Text(), nullable=True),
        sa.Column("look_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('queued', 'sending', 'unknown', 'sent', 'delivered', 'read', 'failed', "
            "'suppressed', 'expired', 'needs_person')",
            name="ck_outbox_status",
        ),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_outbox_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        comment="Every word that leaves, or was kept back, in order of id within a conversation",
    )
    op.create_index("ix_outbox_conversation_id", "outbox", ["conversation", "id"])
    op.create_index(
        "ix_outbox_undelivered", "outbox", ["conversation"], **_where("outbox.status IN ('failed', 'needs_person')")
    )
    op.create_index(
        "ix_outbox_unfinished",
        "outbox",
        ["conversation", "id"],
        **_where("outbox.status IN ('queued', 'sending', 'unknown')"),
    )
    op.create_table(
        "patient_of_conversation",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("folded_name", sa.Text(), nullable=False),
        sa.Column("patient_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_patient_of_conversation_conversation"),
        sa.ForeignKeyConstraint(["patient_id"], ["patient.id"], name="fk_patient_of_conversation_patient_id"),
        sa.PrimaryKeyConstraint("conversation", "folded_name", name="pk_patient_of_conversation"),
        comment="Who is spoken of in a conversation: the same name there is the same patient",
    )
    op.create_index("ix_patient_of_conversation_patient_id", "patient_of_conversation", ["patient_id"])
    op.create_table(
        "wish",
        sa.Column("id", _ID, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("wishes", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("created_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_wish_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_wish"),
        sa.UniqueConstraint("number", name="uq_wish_number"),
        comment="An appointment a patient would like, for staff to confirm",
    )
    op.create_index("ix_wish_conversation", "wish", ["conversation"])
    op.create_table(
        "follow_up",
        sa.Column("id", _ID, nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), server_default="", nullable=False),
        sa.Column("made_for_version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("expires_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'queued', 'skipped', 'expired', 'needs_person')", name="ck_follow_up_status"
        ),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name="fk_follow_up_appointment_id"),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up"),
        sa.UniqueConstraint(
            "appointment_id", "kind", "made_for_version", name="uq_follow_up_appointment_id_kind_made_for_version"
        ),
        comment="Something to say at a moment that depends on an appointment",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_follow_up_due_at", "follow_up", ["due_at"], **_where("status = 'pending'"))
    op.create_table(
        "occupancy",
        sa.Column("id", _ID, nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), server_default="1", nullable=False),
        sa.Column("busy_from", sa.BigInteger(), nullable=False),
        sa.Column("busy_to", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("hold_expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'held' AND conversation IS NOT NULL AND hold_expires_at IS NOT NULL AND appointment_id IS NULL)"
            " OR (state = 'booked' AND appointment_id IS NOT NULL)",
            name="ck_occupancy_state",
        ),
        sa.CheckConstraint("busy_from < busy_to", name="ck_occupancy_forward"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name="fk_occupancy_appointment_id"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_occupancy_conversation"),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_occupancy_resource_id"),
        sa.PrimaryKeyConstraint("id", name="pk_occupancy"),
        comment="Time that is taken now, buffers included: held for a conversation, or booked",
    )
    op.create_index("ix_occupancy_appointment_id", "occupancy", ["appointment_id"])
    op.create_index("ix_occupancy_resource_id_busy_to", "occupancy", ["resource_id", "busy_to"])
    op.create_index("uq_occupancy_held", "occupancy", ["conversation"], unique=True, **_where("state = 'held'"))
    op.create_table(
        "send_attempt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("outbox_id", sa.BigInteger(), nullable=False),
        sa.Column("claimer", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("outcome", sa.Text(), server_default="", nullable=False),
        sa.Column("sid", sa.Text(), nullable=True),
        sa.Column("error", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name="fk_send_attempt_outbox_id"),
        sa.PrimaryKeyConstraint("id", name="pk_send_attempt"),
        sa.UniqueConstraint("sid", name="uq_send_attempt_sid"),
        comment="One attempt to post a message, written down before it is posted",
    )
    op.create_index("ix_send_attempt_outbox_id", "send_attempt", ["outbox_id"])
