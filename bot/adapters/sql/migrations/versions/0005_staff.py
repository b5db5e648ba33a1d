"""Staff, their sessions and ways in, and an audit that the database itself keeps from being changed."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

POSTGRESQL_RULE = """
    CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit is only ever added to'; END $$;
    CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_is_kept();
"""
SQLITE_RULE = """
    CREATE TRIGGER audit_is_kept_{event} BEFORE {event} ON audit BEGIN
        SELECT RAISE(ABORT, 'the audit is only ever added to');
    END
"""


def upgrade() -> None:
    _create_staff()
    _create_ways_in()
    _create_audit()
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL_RULE)
    else:
        for event in ("update", "delete"):
            op.execute(SQLITE_RULE.format(event=event))


def _text(name: str, default: str | None = "") -> Any:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _integer(name: str) -> Any:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _boolean(name: str) -> Any:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _create_staff() -> None:
    op.create_table(
        "staff_account",
        _text("id", None),
        _text("login", None),
        _text("name"),
        _text("role", None),
        _text("status", "invited"),
        _text("password"),
        _text("second_factor"),
        _boolean("second_factor_on"),
        _integer("second_factor_step"),
        _boolean("shortcuts"),
        _boolean("enter_sends"),
        _integer("created_at"),
        _integer("signed_in_at"),
        sa.CheckConstraint("role IN ('reception', 'lead', 'admin', 'read_only')", name="ck_staff_account_role"),
        sa.CheckConstraint("status IN ('invited', 'active', 'disabled')", name="ck_staff_account_status"),
        sa.PrimaryKeyConstraint("id", name="pk_staff_account"),
        sa.UniqueConstraint("login", name="uq_staff_account_login"),
        comment="A member of staff. Never deleted: the audit names them",
    )
    admins = sa.text("role = 'admin' AND status = 'active'")
    op.create_index("ix_staff_account_admin", "staff_account", ["role"], postgresql_where=admins, sqlite_where=admins)
    op.create_table(
        "staff_session",
        _text("digest", None),
        _text("account", None),
        _integer("started_at"),
        _integer("seen_at"),
        _boolean("waits_for_code"),
        _integer("tries"),
        sa.ForeignKeyConstraint(["account"], ["staff_account.id"], name="fk_staff_session_account"),
        sa.PrimaryKeyConstraint("digest", name="pk_staff_session"),
        comment="A signed-in browser",
    )
    op.create_index("ix_staff_session_account", "staff_session", ["account"])


def _create_ways_in() -> None:
    op.create_table(
        "staff_link",
        _text("digest", None),
        _text("kind", None),
        _text("account"),
        _integer("expires_at"),
        _integer("made_at"),
        _text("made_by"),
        sa.CheckConstraint("kind IN ('first', 'invitation', 'rescue')", name="ck_staff_link_kind"),
        sa.PrimaryKeyConstraint("digest", name="pk_staff_link"),
        comment="A way in that works once: the first admin's, an invitation, a rescue",
    )
    op.create_index("ix_staff_link_account", "staff_link", ["account"])
    for name, extra, comment in (
        ("staff_recovery_code", (), "A code that stands in once for a lost second factor"),
        (
            "staff_browser",
            (_integer("known_at"),),
            "A browser that an account has signed in from: others' wrong passwords do not make it wait",
        ),
    ):
        op.create_table(
            name,
            _text("account", None),
            _text("digest", None),
            *extra,
            sa.ForeignKeyConstraint(["account"], ["staff_account.id"], name=f"fk_{name}_account"),
            sa.PrimaryKeyConstraint("account", "digest", name=f"pk_{name}"),
            comment=comment,
        )
    op.create_table(
        "staff_wait",
        _text("key", None),
        _integer("tries"),
        _integer("last_at"),
        _integer("until"),
        sa.PrimaryKeyConstraint("key", name="pk_staff_wait"),
        comment="Wrong passwords in a row, by browser, name and network address",
    )
    op.create_index("ix_staff_wait_last_at", "staff_wait", ["last_at"])


def _create_audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        _integer("at"),
        _text("staff"),
        _text("action"),
        _text("subject"),
        _text("note"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        comment="Who viewed, sent, changed and exported what. The database refuses to change or delete a line",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_at_id", "audit", ["at", "id"])
    for column in ("staff", "action", "subject"):
        op.create_index(f"ix_audit_{column}_id", "audit", [column, "id"])
    op.create_index("ix_audit_staff_subject_at", "audit", ["staff", "subject", "at"])
