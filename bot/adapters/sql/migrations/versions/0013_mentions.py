"""Colleagues named in notes; an alert may be for one member of staff alone."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.create_table(
        "mention",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("seen_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_mention_conversation"),
        sa.ForeignKeyConstraint(["staff"], ["staff_account.id"], name="fk_mention_staff"),
        sa.PrimaryKeyConstraint("conversation", "line", "staff", name="pk_mention"),
        comment="A colleague named in a note, and when she opened the conversation afterwards",
    )
    unseen = sa.text("seen_at = 0")
    op.create_index(
        "ix_mention_unseen", "mention", ["staff", "conversation"], postgresql_where=unseen, sqlite_where=unseen
    )
    op.add_column("alert", sa.Column("staff", sa.Text(), server_default="", nullable=False))
