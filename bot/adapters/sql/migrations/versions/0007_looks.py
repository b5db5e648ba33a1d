"""Looks into Twilio's list are counted, not told from an attempt's age, which a clock that is set changes."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("send_attempt", sa.Column("looks", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("send_attempt", "looks")
