"""Alerts off the screen, consents with their words, and erasures."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_alerts()
    _create_consents()
    _create_erasures()


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _own_id() -> sa.Column[Any]:
    return sa.Column("id", _ID, nullable=False)


def _create_alerts() -> None:
    op.create_table(
        "alert",
        _own_id(),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        _text("conversation"),
        _integer("since"),
        _text("status", "pending"),
        _text("mail"),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _text("trouble"),
        _integer("made_at"),
        _integer("due_at"),
        _integer("changed_at"),
        sa.CheckConstraint("status IN ('pending', 'sent', 'over', 'given_up')", name=op.f("ck_alert_status")),
        sa.PrimaryKeyConstraint("id", name="pk_alert"),
        sa.UniqueConstraint("key", name="uq_alert_key"),
        comment="Something staff are told by e-mail. mail names the letter it leaves with, the same at every try",
    )
    for name, column, condition in (
        ("ix_alert_due_at", "due_at", "status = 'pending'"),
        ("ix_alert_given_up", "changed_at", "status = 'given_up'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "alert", [column], postgresql_where=where, sqlite_where=where)
    op.create_table(
        "alert_address",
        sa.Column("staff", sa.Text(), nullable=False),
        _text("address"),
        _text("wants", "urgent"),
        _integer("changed_at"),
        sa.CheckConstraint("wants IN ('urgent', 'all')", name=op.f("ck_alert_address_wants")),
        sa.ForeignKeyConstraint(["staff"], ["staff_account.id"], name="fk_alert_address_staff"),
        sa.PrimaryKeyConstraint("staff", name="pk_alert_address"),
        comment="Where a member of staff is told off the screen, and of what",
    )


def _create_consents() -> None:
    op.create_table(
        "consent",
        _own_id(),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        _integer("at"),
        _text("sid"),
        _text("words"),
        sa.CheckConstraint("purpose IN ('promotion', 'follow-ups')", name=op.f("ck_consent_purpose")),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_consent_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_consent"),
        comment="Each time a patient agreed to something or took it back, and by which words",
    )
    op.create_index("ix_consent_conversation_id", "consent", ["conversation", "id"])
    # What was said before this was kept: that it was is known, and mostly when; the words stand in the thread.
    op.execute(
        "INSERT INTO consent (conversation, purpose, given, at)"
        " SELECT id, 'promotion', TRUE, agreed_at FROM conversation WHERE agreed_at > 0"
    )
    op.execute(
        "INSERT INTO consent (conversation, purpose, given, at)"
        " SELECT id, 'follow-ups', FALSE, 0 FROM conversation WHERE opted_out"
    )


def _create_erasures() -> None:
    op.create_table(
        "erasure",
        _own_id(),
        _integer("patient"),
        _text("staff"),
        _integer("asked_at"),
        _integer("finished_at"),
        sa.PrimaryKeyConstraint("id", name="pk_erasure"),
        comment="A patient, or a conversation of nobody in particular, whose data were erased",
    )
    unfinished = sa.text("finished_at = 0")
    op.create_index(
        "ix_erasure_unfinished", "erasure", ["asked_at"], postgresql_where=unfinished, sqlite_where=unfinished
    )
    op.create_table(
        "erasure_of",
        sa.Column("erasure", sa.BigInteger(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        _text("address"),
        _integer("asked_at"),
        _integer("lines"),
        _integer("seq"),
        _integer("emptied_at"),
        sa.ForeignKeyConstraint(["erasure"], ["erasure.id"], name="fk_erasure_of_erasure"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_erasure_of_conversation"),
        sa.PrimaryKeyConstraint("erasure", "conversation", name="pk_erasure_of"),
        comment="A conversation of an erasure, and up to where it goes: what is written afterwards stays",
    )
    op.create_index("ix_erasure_of_conversation_asked_at", "erasure_of", ["conversation", "asked_at"])
    where = sa.text("emptied_at = 0")
    columns = ["erasure", "conversation"]
    op.create_index("ix_erasure_of_open", "erasure_of", columns, postgresql_where=where, sqlite_where=where)
    op.create_index("ix_hand_over_conversation_asked_at", "hand_over", ["conversation", "asked_at"])
    op.create_table(
        "leftover",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("erasure", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        _integer("due_at"),
        sa.CheckConstraint(
            "kind IN ('listed', 'state', 'file', 'look', 'message', 'scrub')", name=op.f("ck_leftover_kind")
        ),
        sa.ForeignKeyConstraint(["erasure"], ["erasure.id"], name="fk_leftover_erasure"),
        sa.PrimaryKeyConstraint("kind", "id", name="pk_leftover"),
        comment="What an erasure still has to do outside of this database: a row is gone when it is done",
    )
    op.create_index("ix_leftover_erasure", "leftover", ["erasure"])
    op.create_index("ix_leftover_due_at", "leftover", ["due_at"])
