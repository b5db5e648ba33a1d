"""What staff closed a conversation as is kept with the stretch that ended."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("hand_over", sa.Column("closed_as", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("hand_over", "closed_as")
