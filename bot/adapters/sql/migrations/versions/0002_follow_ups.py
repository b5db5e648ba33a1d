"""Follow-ups of every kind, what was answered to them, the waiting list, and words that have a template."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("conversation", _integer("agreed_at"))
    op.add_column("appointment", _integer("confirmed_at"))
    op.add_column("appointment", _integer("not_theirs_at"))
    op.add_column("outbox", _text("template"))
    op.add_column("outbox", _text("variables"))
    _remake_follow_up()
    op.create_table(
        "waiting_list",
        sa.Column("appointment_id", sa.BigInteger(), autoincrement=False, nullable=False),
        _integer("since"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name="fk_waiting_list_appointment_id"),
        sa.PrimaryKeyConstraint("appointment_id", name="pk_waiting_list"),
        comment="Appointments whose patient would like to come sooner",
    )
    op.create_table(
        "freed_time",
        sa.Column("id", _ID, nullable=False),
        _text("practitioner"),
        _integer("starts_at"),
        _integer("ends_at"),
        sa.PrimaryKeyConstraint("id", name="pk_freed_time"),
        comment="Times that appointments left, while somebody on the waiting list may be offered them",
    )
    op.create_index("ix_waiting_list_since", "waiting_list", ["since"])
    op.create_index("ix_freed_time_starts_at", "freed_time", ["starts_at"])


def _remake_follow_up() -> None:
    """A follow-up may be about no appointment now. SQLite changes no column, so the rows move to a new table."""
    op.execute("CREATE TABLE moved AS SELECT * FROM follow_up")
    op.drop_table("follow_up")
    op.create_table(
        "follow_up",
        sa.Column("id", _ID, nullable=False),
        sa.Column("appointment_id", sa.BigInteger()),
        sa.Column("conversation", sa.Text()),
        _text("zone"),
        _text("kind"),
        sa.Column("made_for_version", sa.Integer(), nullable=False),
        _integer("due_at"),
        _integer("expires_at"),
        _text("offered_by"),
        _integer("offered_at"),
        _text("status", "pending"),
        _text("why"),
        _integer("tries"),
        _integer("made_at"),
        _integer("changed_at"),
        sa.CheckConstraint(
            "status IN ('pending', 'queued', 'skipped', 'expired', 'needs_person')", name="ck_follow_up_status"
        ),
        sa.CheckConstraint("appointment_id IS NOT NULL OR conversation IS NOT NULL", name="ck_follow_up_about"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name="fk_follow_up_appointment_id"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_follow_up_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_follow_up"),
        sa.UniqueConstraint(
            "appointment_id", "kind", "made_for_version", name="uq_follow_up_appointment_id_kind_made_for_version"
        ),
        comment="Something to say at a moment that depends on an appointment",
        sqlite_autoincrement=True,
    )
    kept = "id, appointment_id, kind, made_for_version, due_at, expires_at, status, why, changed_at"
    op.execute(f"INSERT INTO follow_up ({kept}) SELECT {kept} FROM moved")  # noqa: S608 - the names are our own
    op.execute("DROP TABLE moved")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT setval(pg_get_serial_sequence('follow_up', 'id'), (SELECT max(id) FROM follow_up))")
    op.create_index("ix_follow_up_due_at", "follow_up", ["due_at"], **_where("status = 'pending'"))
    op.create_index("ix_follow_up_needs_person", "follow_up", ["changed_at"], **_where("status = 'needs_person'"))
    op.create_index("ix_follow_up_conversation", "follow_up", ["conversation"])


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
