"""A database as it was a while ago: what it would do next may have been done since, and must not be done twice.

Words that waited to leave are looked for in Twilio's own list before they are sent, like every attempt of which nobody
knows what became of it. What cannot be looked for (a message whose answer was never decided, a reminder that fell due
meanwhile, words older than the 24-hour window) is put before a person.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from time import monotonic, sleep
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, inspect, select, union_all, update

from bot.adapters.sql.engine import open_engine
from bot.adapters.sql.schema import appointment, conversation, follow_up, inbound, journal, outbox, send_attempt
from bot.core.window import window_open

MAYBE_SENT = "it may have been sent before the database was restored"
RESTORED = "restored"
"""Who made the attempts that stand for whatever was attempted after the backup."""

_CHANGED = union_all(
    select(func.max(conversation.c.changed_at).label("at")),
    select(func.max(outbox.c.changed_at)),
    select(func.max(appointment.c.changed_at)),
).subquery()
_WAITING = select(outbox).where(
    outbox.c.status.in_(["queued", "sending", "unknown"]), outbox.c.due_at <= bindparam("now")
)
_FELL_DUE = (
    select(
        follow_up.c.id,
        follow_up.c.kind,
        func.coalesce(follow_up.c.conversation, appointment.c.conversation).label("conversation"),
    )
    .join_from(follow_up, appointment, isouter=True)
    .where(follow_up.c.status == "pending", follow_up.c.due_at <= bindparam("now"))
)

_OTHERS = """SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""
"""The server's own (autovacuum) are at work whenever they like, and give way."""
_LOOK_SECONDS = 0.1


def mark(url: str) -> Mapping[str, int]:
    """How far a database is: its newest change in epoch seconds, and how much it has taken in. Empty when it is new."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(conversation.name):
                return {}
            return {
                "changed_at": connection.scalar(select(func.max(_CHANGED.c.at))) or 0,
                "messages": connection.scalar(select(func.count()).select_from(inbound)) or 0,
                "turns": connection.scalar(select(func.count()).select_from(journal)) or 0,
            }
    finally:
        engine.dispose()


def others_connected(url: str, leave_seconds: float) -> bool:
    """Whether other programs are connected to a PostgreSQL database, and stay so.

    Those that have just been stopped get ``leave_seconds``: their connections end a moment after them.
    """
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            until = monotonic() + leave_seconds
            while connection.exec_driver_sql(_OTHERS).scalar_one():
                if monotonic() >= until:
                    return True
                connection.rollback()
                sleep(_LOOK_SECONDS)
            return False
    finally:
        engine.dispose()


def nothing_twice(url: str, now: int) -> None:
    """Make a database that was just restored, and has today's schema, safe to start at ``now``."""
    engine = open_engine(url)
    try:
        with engine.begin() as connection:
            for row in connection.execute(_WAITING, {"now": now}).all():
                _look_for(connection, row, now)
            _to_a_person(connection, now)
            # Whatever the silence rules say may have been said. They begin anew with the next question.
            connection.execute(update(conversation).where(conversation.c.silence_due <= now).values(silence_due=0))
    finally:
        engine.dispose()


def _look_for(connection: Connection, row: Row[Any], now: int) -> None:
    this = update(outbox).where(outbox.c.id == row.id)
    if not window_open(row.created_at, now):
        connection.execute(this.values(status="needs_person", note=MAYBE_SENT, changed_at=now))
        return
    # It may have been attempted at any moment since it was queued.
    attempt = {"id": secrets.token_hex(16), "outbox_id": row.id, "claimer": RESTORED, "started_at": row.created_at}
    connection.execute(insert(send_attempt).values(**attempt, outcome="unknown"))
    tried = {"status": "unknown", "attempt": attempt["id"], "tries": max(row.tries, 1)}
    connection.execute(this.values(**tried, look_at=now, changed_at=now))


def _to_a_person(connection: Connection, now: int) -> None:
    connection.execute(update(inbound).where(inbound.c.status == "waiting").values(status="person"))
    for row in connection.execute(_FELL_DUE, {"now": now}).all():
        this = update(follow_up).where(follow_up.c.id == row.id)
        connection.execute(this.values(status="needs_person", why=MAYBE_SENT, changed_at=now))
        words = {"speech": "follow-up", "speaker": "bot", "text": f"[{row.kind}]", "status": "needs_person"}
        stamps = {"created_at": now, "changed_at": now}
        one_more = update(conversation).where(conversation.c.id == row.conversation)
        told = one_more.values(lines=conversation.c.lines + 1).returning(conversation.c.lines)
        place = {"conversation": row.conversation, "line": connection.scalar(told)}
        connection.execute(insert(outbox).values(**words, **stamps, **place, note=MAYBE_SENT))
