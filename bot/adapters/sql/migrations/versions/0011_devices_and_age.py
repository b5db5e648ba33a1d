"""Devices that staff are told on, beside e-mail; and words forgotten by their age are found apart."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.create_table(
        "alert_device",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("wants", sa.Text(), server_default="urgent", nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("told_at", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("trouble", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("wants IN ('urgent', 'all')", name=op.f("ck_alert_device_wants")),
        sa.ForeignKeyConstraint(["staff"], ["staff_account.id"], name="fk_alert_device_staff"),
        sa.PrimaryKeyConstraint("id", name="pk_alert_device"),
        comment="A browser in which a member of staff is told off the screen, and the keys that only it reads with",
    )
    op.create_index("ix_alert_device_staff", "alert_device", ["staff"])
    op.create_table(
        "alert_told",
        sa.Column("letter", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("letter", "way", name="pk_alert_told"),
        comment="By which ways (mail, a device) a letter was told while others still wait; gone when all were",
    )
    by_age = sa.text("staff = 'age'")
    op.create_index("ix_erasure_age", "erasure", ["finished_at"], postgresql_where=by_age, sqlite_where=by_age)
