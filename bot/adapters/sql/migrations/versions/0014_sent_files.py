"""Files that staff send to patients; a draft may have one."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "sent_file",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.Text(), server_default="", nullable=False),
        sa.Column("size", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_sent_file_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_sent_file"),
        comment=(
            "Files that staff chose for patients. The file itself lies in DATA_DIR, readable with its row's key alone"
        ),
    )
    op.create_index("ix_sent_file_conversation_at", "sent_file", ["conversation", "at"])
    op.create_index("ix_sent_file_at", "sent_file", ["at"])
    op.add_column("draft", sa.Column("file", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("draft", "file")
    op.drop_table("sent_file")
