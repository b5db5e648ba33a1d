"""Who may sign in, and what they did."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Table, Text

from bot.adapters.sql.schema.columns import metadata, number, partial, row_id, words

staff_account = Table(
    "staff_account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    words("name"),
    Column("role", Text, nullable=False),
    words("status", "invited"),
    words("password"),
    words("second_factor"),
    Column("second_factor_on", Boolean, nullable=False),
    number("second_factor_step"),
    Column("shortcuts", Boolean, nullable=False),
    Column("enter_sends", Boolean, nullable=False),
    number("created_at"),
    number("signed_in_at"),
    CheckConstraint("role IN ('reception', 'lead', 'admin', 'read_only')", name="role"),
    CheckConstraint("status IN ('invited', 'active', 'disabled')", name="status"),
    partial("ix_staff_account_admin", "role", where="role = 'admin' AND status = 'active'"),
    comment="A member of staff. Never deleted: the audit names them",
)

staff_link = Table(
    "staff_link",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    words("account"),
    number("expires_at"),
    number("made_at"),
    words("made_by"),
    Index("ix_staff_link_account", "account"),
    CheckConstraint("kind IN ('first', 'invitation', 'rescue')", name="kind"),
    comment="A way in that works once: the first admin's, an invitation, a rescue",
)

staff_session = Table(
    "staff_session",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, ForeignKey("staff_account.id"), nullable=False, index=True),
    number("started_at"),
    number("seen_at"),
    Column("waits_for_code", Boolean, nullable=False),
    number("tries"),
    comment="A signed-in browser",
)

staff_recovery_code = Table(
    "staff_recovery_code",
    metadata,
    Column("account", Text, ForeignKey("staff_account.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    comment="A code that stands in once for a lost second factor",
)

staff_browser = Table(
    "staff_browser",
    metadata,
    Column("account", Text, ForeignKey("staff_account.id"), primary_key=True),
    Column("digest", Text, primary_key=True),
    number("known_at"),
    comment="A browser that an account has signed in from: others' wrong passwords do not make it wait",
)

staff_wait = Table(
    "staff_wait",
    metadata,
    Column("key", Text, primary_key=True),
    number("tries"),
    number("last_at"),
    number("until"),
    Index("ix_staff_wait_last_at", "last_at"),
    comment="Wrong passwords in a row, by browser, name and network address",
)

audit = Table(
    "audit",
    metadata,
    row_id(),
    number("at"),
    words("staff"),
    words("action"),
    words("subject"),
    words("note"),
    Index("ix_audit_at_id", "at", "id"),
    Index("ix_audit_staff_id", "staff", "id"),
    Index("ix_audit_action_id", "action", "id"),
    Index("ix_audit_subject_id", "subject", "id"),
    Index("ix_audit_staff_subject_at", "staff", "subject", "at"),
    sqlite_autoincrement=True,
    comment="Who viewed, sent, changed and exported what. The database refuses to change or delete a line",
)
