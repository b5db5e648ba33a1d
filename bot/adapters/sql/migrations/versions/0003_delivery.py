"""Templates, marks of addresses that cannot be written to, trouble of the whole channel, how far was looked."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("conversation", _text("unreachable"))
    for column in (_text("content_sid"), _text("media")):
        op.add_column("outbox", column)
    op.add_column("outbox", sa.Column("as_template", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_table(
        "channel",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _integer("code"),
        _text("why"),
        _integer("since"),
        _integer("until"),
        sa.PrimaryKeyConstraint("id", name="pk_channel"),
        comment="One row while the account or the sender is out of order",
    )
    op.create_table(
        "template",
        sa.Column("key", sa.Text(), nullable=False),
        _text("name"),
        _text("language"),
        _integer("place"),
        sa.Column("sid", sa.Text(), nullable=False),
        _text("status", "made"),
        _text("reason"),
        _text("body"),
        _text("variables"),
        _integer("buttons"),
        _integer("made_at"),
        _integer("looked_at"),
        sa.PrimaryKeyConstraint("key", name="pk_template"),
        sa.UniqueConstraint("sid", name="uq_template_sid"),
        comment="Content templates at Twilio that may start a conversation, once approved",
    )
    op.create_index("ix_template_name", "template", ["name"])
    op.create_table(
        "looked",
        sa.Column("what", sa.Text(), nullable=False),
        _integer("until"),
        sa.PrimaryKeyConstraint("what", name="pk_looked"),
        comment="How far something of Twilio's was looked through",
    )


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)
