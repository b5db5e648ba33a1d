"""What the reception desk needs: one order for everything in a thread, folders, notes, drafts, blocks, numbers."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OCCUPANCY_STATE = (
    "(state = 'held' AND conversation IS NOT NULL AND hold_expires_at IS NOT NULL AND appointment_id IS NULL)"
    " OR (state = 'booked' AND appointment_id IS NOT NULL) OR (state = 'blocked' AND block_id IS NOT NULL)"
)
_OCCUPANCY_COMMENT = "Time that is taken now, buffers included: held for a conversation, booked, or blocked by staff"
_JOURNAL_COMMENT = "What happened, turn by turn. line is 0 where the thread tells nothing of it"
_SQLITE_RULE = """
    CREATE TRIGGER no_overlap_{when} BEFORE {event} ON occupancy BEGIN
        SELECT RAISE(ABORT, 'overlap') WHERE EXISTS (
            SELECT 1 FROM occupancy AS other
            WHERE other.resource_id = NEW.resource_id AND other.seat = NEW.seat
              AND other.busy_from < NEW.busy_to AND other.busy_to > NEW.busy_from
              AND other.id IS NOT {itself});
    END
"""
# Within a second the patient comes first, then what happened, then what was said: the best that older rows can tell.
_IN_ORDER = """
    WITH told AS (
        SELECT conversation, 0 AS kind, sid AS ref, received_at AS at, arrival AS nth FROM inbound
        UNION ALL SELECT conversation, 1, CAST(id AS TEXT), at, id FROM journal
            WHERE event LIKE '%"event":"Staff%' OR event LIKE '%"event":"SilenceRanOut%' OR trace LIKE '%"note":%'
        UNION ALL SELECT conversation, 2, CAST(id AS TEXT), created_at, id FROM outbox
    ), numbered AS (
        SELECT conversation, kind, ref, row_number() OVER (PARTITION BY conversation ORDER BY at, kind, nth) AS line
        FROM told
    )
"""


def upgrade() -> None:
    _add_columns()
    _create_tables()
    if op.get_bind().dialect.name == "postgresql":
        _allow_blocks_on_postgresql()
    else:
        _allow_blocks_on_sqlite()
    op.create_index("ix_occupancy_block_id", "occupancy", ["block_id"])
    _number_lines()
    _file()


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), server_default="0", nullable=False)


def _text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text(), server_default=default, nullable=False)


def _where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def _add_columns() -> None:
    added: tuple[tuple[str, list[sa.Column[Any]]], ...] = (
        ("conversation", [_text("folder", "bot"), *map(_integer, ("rank", "sort_at", "lines", "about"))]),
        ("inbound", [_integer("line")]),
        ("journal", [_integer("line")]),
        ("outbox", [_integer("line")]),
        ("patient", [_text("born"), _text("remarks"), _integer("merged_into")]),
    )
    for table, columns in added:
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_conversation_folder", "conversation", ["folder", "rank", "sort_at", "id"])
    op.create_index("ix_patient_phone", "patient", ["phone"])
    op.create_index("ix_journal_line", "journal", ["conversation", "line"], **_where("line > 0"))
    op.drop_index("ix_inbound_conversation_arrival", "inbound")
    op.create_index("ix_inbound_conversation_line", "inbound", ["conversation", "line"])
    op.drop_index("ix_outbox_conversation_id", "outbox")
    op.create_index("ix_outbox_conversation_line", "outbox", ["conversation", "line"])
    undelivered = _where("outbox.status IN ('failed', 'needs_person')")
    op.create_index("ix_outbox_undelivered_changed_at", "outbox", ["changed_at", "id"], **undelivered)


def _create_tables() -> None:
    op.create_table(
        "block",
        sa.Column("id", _ID, nullable=False),
        _text("practitioner"),
        _integer("starts_at"),
        _integer("ends_at"),
        _text("reason"),
        _text("made_by"),
        _integer("made_at"),
        _integer("lifted_at"),
        sa.PrimaryKeyConstraint("id", name="pk_block"),
        comment="Time in which a practitioner sees nobody. It takes what is free now, and what comes free later",
    )
    op.create_index("ix_block_practitioner_ends_at", "block", ["practitioner", "ends_at"])
    _create_what_staff_write()
    op.create_table(
        "hand_over",
        sa.Column("id", _ID, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        _integer("asked_at"),
        _text("reason"),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        _integer("claimed_at"),
        _text("claimed_by"),
        _integer("answered_at"),
        _integer("ended_at"),
        _text("ended"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_hand_over_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_hand_over"),
        comment="Each stretch in which a person was needed or had a conversation: what the numbers are counted from",
    )
    op.create_index("ix_hand_over_asked_at", "hand_over", ["asked_at"])
    op.create_index("ix_hand_over_open", "hand_over", ["conversation"], **_where("ended_at = 0"))
    op.create_table(
        "patient_merge",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kept", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.BigInteger(), nullable=False),
        _text("moved"),
        _text("staff"),
        _integer("at"),
        _integer("undone_at"),
        sa.ForeignKeyConstraint(["kept"], ["patient.id"], name="fk_patient_merge_kept"),
        sa.ForeignKeyConstraint(["gone"], ["patient.id"], name="fk_patient_merge_gone"),
        sa.PrimaryKeyConstraint("id", name="pk_patient_merge"),
        comment="Two records that were one person, and what was moved, so that it can be undone",
    )
    op.create_index("ix_patient_merge_kept", "patient_merge", ["kept"])
    op.create_index("ix_patient_merge_gone", "patient_merge", ["gone"])
    op.create_table(
        "standing_order",
        sa.Column("name", sa.Text(), nullable=False),
        _text("value"),
        _text("staff"),
        _integer("at"),
        sa.PrimaryKeyConstraint("name", name="pk_standing_order"),
        comment="What holds for the whole clinic now: the bot is silenced, a notice with an end",
    )


def _create_what_staff_write() -> None:
    op.create_table(
        "note",
        sa.Column("id", _ID, nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        _text("staff"),
        _text("text"),
        _integer("at"),
        _integer("line"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_note_conversation"),
        sa.PrimaryKeyConstraint("id", name="pk_note"),
        comment="What staff tell each other about a conversation. It never leaves",
    )
    op.create_index("ix_note_conversation_line", "note", ["conversation", "line"])
    op.create_table(
        "draft",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("staff", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        _text("text"),
        _integer("saved_at"),
        sa.CheckConstraint("mode IN ('reply', 'note')", name="ck_draft_mode"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_draft_conversation"),
        sa.PrimaryKeyConstraint("conversation", "staff", "mode", name="pk_draft"),
        comment="What somebody has begun to write",
    )
    op.create_table(
        "label",
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        _text("staff"),
        _integer("at"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_label_conversation"),
        sa.PrimaryKeyConstraint("conversation", "name", name="pk_label"),
        comment="Words by which staff sort conversations",
    )
    op.create_index("ix_label_name", "label", ["name"])
    op.create_table(
        "quick_reply",
        sa.Column("shortcut", sa.Text(), nullable=False),
        _text("text"),
        _integer("used"),
        _text("changed_by"),
        _integer("changed_at"),
        sa.PrimaryKeyConstraint("shortcut", name="pk_quick_reply"),
        comment="Words staff use often, found by a short word behind a slash",
    )


def _allow_blocks_on_postgresql() -> None:
    op.add_column("occupancy", sa.Column("block_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key("fk_occupancy_block_id", "occupancy", "block", ["block_id"], ["id"])
    op.drop_constraint("ck_occupancy_state", "occupancy", type_="check")
    op.create_check_constraint("ck_occupancy_state", "occupancy", _OCCUPANCY_STATE)
    op.create_table_comment("occupancy", _OCCUPANCY_COMMENT)
    op.create_table_comment("journal", _JOURNAL_COMMENT)


def _allow_blocks_on_sqlite() -> None:
    """SQLite cannot change a CHECK: the table is made anew, and with it the triggers that keep the rule."""
    op.execute("ALTER TABLE occupancy RENAME TO occupancy_before")
    for index in ("ix_occupancy_appointment_id", "ix_occupancy_resource_id_busy_to", "uq_occupancy_held"):
        op.execute(f"DROP INDEX {index}")
    op.create_table(
        "occupancy",
        sa.Column("id", _ID, nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=False),
        sa.Column("seat", sa.Integer(), server_default="1", nullable=False),
        sa.Column("busy_from", sa.BigInteger(), nullable=False),
        sa.Column("busy_to", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("appointment_id", sa.BigInteger(), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("hold_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("block_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(_OCCUPANCY_STATE, name="ck_occupancy_state"),
        sa.CheckConstraint("busy_from < busy_to", name="ck_occupancy_forward"),
        sa.ForeignKeyConstraint(["appointment_id"], ["appointment.id"], name="fk_occupancy_appointment_id"),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name="fk_occupancy_block_id"),
        sa.ForeignKeyConstraint(["conversation"], ["conversation.id"], name="fk_occupancy_conversation"),
        sa.ForeignKeyConstraint(["resource_id"], ["resource.id"], name="fk_occupancy_resource_id"),
        sa.PrimaryKeyConstraint("id", name="pk_occupancy"),
    )
    columns = "id, resource_id, seat, busy_from, busy_to, state, appointment_id, conversation, hold_expires_at"
    op.execute(f"INSERT INTO occupancy ({columns}) SELECT {columns} FROM occupancy_before")  # noqa: S608 - our own names
    op.execute("DROP TABLE occupancy_before")
    op.create_index("ix_occupancy_appointment_id", "occupancy", ["appointment_id"])
    op.create_index("ix_occupancy_resource_id_busy_to", "occupancy", ["resource_id", "busy_to"])
    op.create_index("uq_occupancy_held", "occupancy", ["conversation"], unique=True, **_where("state = 'held'"))
    op.execute(_SQLITE_RULE.format(when="insert", event="INSERT", itself="NULL"))
    changed = "UPDATE OF resource_id, seat, busy_from, busy_to"
    op.execute(_SQLITE_RULE.format(when="update", event=changed, itself="OLD.id"))


def _number_lines() -> None:
    """Give what was told before today its place in the thread."""
    for kind, table, key in (
        (0, "inbound", "sid"),
        (1, "journal", "CAST(id AS TEXT)"),
        (2, "outbox", "CAST(id AS TEXT)"),
    ):
        theirs = f"numbered.kind = {kind} AND numbered.ref = {key}"
        op.execute(f"{_IN_ORDER} UPDATE {table} SET line = numbered.line FROM numbered WHERE {theirs}")  # noqa: S608
    op.execute(
        f"{_IN_ORDER} UPDATE conversation SET lines = counted.lines FROM"  # noqa: S608 - nothing from outside
        " (SELECT conversation, max(line) AS lines FROM numbered GROUP BY conversation) AS counted"
        " WHERE counted.conversation = conversation.id"
    )


def _file() -> None:
    op.execute(
        "UPDATE conversation SET rank = CASE WHEN urgent AND control IN ('waiting', 'held') THEN 0 ELSE 1 END,"
        " folder = CASE WHEN control = 'held' THEN 'held' WHEN control = 'waiting' OR look THEN 'needs'"
        " WHEN control = 'closed' THEN 'done' ELSE 'bot' END,"
        " sort_at = CASE WHEN control IN ('waiting', 'held') AND waiting_since > 0 THEN waiting_since"
        " WHEN control = 'closed' THEN changed_at ELSE last_inbound_at END"
    )
