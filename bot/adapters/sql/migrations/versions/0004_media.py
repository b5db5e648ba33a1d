"""Files that patients send."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "media",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("inbound", sa.Text(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), server_default="", nullable=False),
        sa.Column("declared_type", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("due_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("received_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("changed_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'kept', 'refused', 'failed', 'forgotten')", name=op.f("ck_media_status")
        ),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_media_conversation"),
        sa.ForeignKeyConstraint(["inbound"], ["inbound.sid"], name="fk_media_inbound"),
        sa.PrimaryKeyConstraint("id", name="pk_media"),
        sa.UniqueConstraint("inbound", "place", name="uq_media_inbound_place"),
        comment="Files that came with messages. The file itself lies in DATA_DIR, readable with its row's key alone",
    )
    op.create_index("ix_media_conversation_received_at", "media", ["conversation", "received_at"])
    for name, column, condition in (
        ("ix_media_due_at", "due_at", "due_at > 0"),
        ("ix_media_received_at", "received_at", "status <> 'forgotten'"),
    ):
        where = sa.text(condition)
        op.create_index(name, "media", [column], postgresql_where=where, sqlite_where=where)
