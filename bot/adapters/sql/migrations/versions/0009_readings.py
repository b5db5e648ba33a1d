"""A turn keeps what it was decided on, so that its journal can be replayed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("journal", sa.Column("grounds", sa.Text(), server_default="", nullable=False))


def downgrade() -> None:
    op.drop_column("journal", "grounds")
