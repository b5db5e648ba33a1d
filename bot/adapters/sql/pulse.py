"""How the front desk is doing, in numbers: what waits and for how long, and what became of the last hour's words.

Asked at every scrape, so each statement is bounded: what waits has an index of its own, and of what was done only the
newest rows are looked at.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, case, func, select, text

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import (
    NEEDS_A_PERSON,
    UNFINISHED,
    alert,
    conversation,
    erasure,
    follow_up,
    inbound,
    journal,
    media,
    outbox,
    word,
)
from bot.ports import Backlog, Pulse

HOUR_SECONDS = 3600
NEWEST_ROWS_MAX = 5_000
WINDOW_CLOSED = "the 24-hour window is closed"

_NOW: BindParameter[int] = bindparam("now")
_SINCE: BindParameter[int] = bindparam("since")

_WAITS_SINCE = case((outbox.c.due_at > outbox.c.created_at, outbox.c.due_at), else_=outbox.c.created_at)
_UNSENT = select(func.count(), func.min(_WAITS_SINCE)).where(
    outbox.c.status == word("queued"), text(UNFINISHED), outbox.c.due_at <= _NOW, outbox.c.speech != "follow-up"
)
_UNCLEAR = select(func.count(), func.min(outbox.c.changed_at)).where(
    outbox.c.status == word("unknown"), text(UNFINISHED)
)
_PARKED = select(func.count(), func.min(inbound.c.received_at)).where(inbound.c.status == word("waiting"))
_PEOPLE = select(func.count(), func.min(conversation.c.waiting_since)).where(
    conversation.c.control == "waiting", text(f"({NEEDS_A_PERSON})")
)
_OVERDUE = select(func.count(), func.min(follow_up.c.due_at)).where(
    # Of one that may not leave yet the reason is known, and staff see it.
    follow_up.c.status == word("pending"),
    follow_up.c.due_at <= _NOW,
    follow_up.c.why == "",
)
_MEDIA = select(func.count(), func.min(media.c.received_at)).where(
    media.c.due_at > 0, media.c.due_at <= _NOW, media.c.status == word("pending")
)
# What is told in the morning does not wait at night.
_ALERTS = select(func.count(), func.min(alert.c.made_at)).where(
    alert.c.status == word("pending"), alert.c.made_at <= _NOW
)
_ERASURES = select(func.count(), func.min(erasure.c.asked_at)).where(text("finished_at = 0"))
_NEWEST_WORDS = outbox.c.id > select(func.max(outbox.c.id) - NEWEST_ROWS_MAX).scalar_subquery()
_IN_THE_HOUR = and_(_NEWEST_WORDS, outbox.c.created_at > _SINCE)
_SENDS = select(outbox.c.status, func.count().label("how_many")).where(_IN_THE_HOUR).group_by(outbox.c.status)
_MISSED = select(func.count()).where(_IN_THE_HOUR, outbox.c.status == "needs_person", outbox.c.note == WINDOW_CLOSED)
_FOLLOW_UPS = select(outbox.c.key, outbox.c.created_at).where(
    _IN_THE_HOUR, outbox.c.speech == "follow-up", outbox.c.key.like("follow-up:%")
)
_DUE = select(follow_up.c.id, follow_up.c.due_at).where(follow_up.c.id.in_(bindparam("ids", expanding=True)))
_TURNS = select(func.count()).where(
    journal.c.id > select(func.max(journal.c.id) - NEWEST_ROWS_MAX).scalar_subquery(), journal.c.at > _SINCE
)


class Pulses(Part):
    """The part of :class:`bot.ports.Ledger` that operators ask."""

    def pulse(self, now: int) -> Pulse:
        asked = {"now": now, "since": now - HOUR_SECONDS}
        return Pulse(
            unsent=self._backlog(_UNSENT, now),
            unclear=self._backlog(_UNCLEAR, now),
            parked=self._backlog(_PARKED, now),
            people=self._backlog(_PEOPLE, now),
            follow_ups=self._backlog(_OVERDUE, now),
            media=self._backlog(_MEDIA, now),
            sends={row.status: row.how_many for row in self._connection.execute(_SENDS, asked)},
            window_missed=self._connection.scalar(_MISSED, asked) or 0,
            lateness_seconds=self._lateness(asked),
            alerts=self._backlog(_ALERTS, now),
            erasures=self._backlog(_ERASURES, now),
            turns=self._connection.scalar(_TURNS, asked) or 0,
        )

    def _backlog(self, statement: Any, now: int) -> Backlog:
        count, oldest = self._connection.execute(statement, {"now": now}).one()
        return Backlog(count, max(0, now - oldest) if count else 0)

    def _lateness(self, asked: dict[str, int]) -> int:
        """How late the latest follow-up of the last hour was put into the outbox."""
        made = {key.partition(":")[2]: at for key, at in self._connection.execute(_FOLLOW_UPS, asked)}
        ids = [int(id) for id in made if id.isdecimal()]
        due = self._connection.execute(_DUE, {"ids": ids}).all() if ids else []
        return max((made[str(id)] - due_at for id, due_at in due), default=0)
