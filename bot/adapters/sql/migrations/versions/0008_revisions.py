"""What the bot says is published: revisions of the flow files are kept, with who published each, and when."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "flow_file",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_flow_file"),
        comment="Flow files as they were published, each content once",
    )
    op.create_table(
        "revision",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("files", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_revision"),
        comment="A set of flow files, named by its content: files maps each path to a digest",
    )
    op.create_table(
        "published",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), server_default="", nullable=False),
        sa.Column("staff", sa.Text(), server_default="", nullable=False),
        sa.Column("at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("moves", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(["revision"], ["revision.id"], name="fk_published_revision"),
        sa.PrimaryKeyConstraint("number", name="pk_published"),
        comment="Every publishing of a revision, counted from 1; the newest is what the bot says",
    )


def downgrade() -> None:
    for table in ("published", "revision", "flow_file"):
        op.drop_table(table)
