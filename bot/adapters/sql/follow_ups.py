"""Follow-ups: rows made in their appointment's own transaction, closed when it changes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import appointment, follow_up, word
from bot.ports import FollowUp, FollowUpDraft, FollowUpEnd

_PENDING = follow_up.c.status == word("pending")

_DUE = (
    select(follow_up.c.id)
    .where(_PENDING, follow_up.c.due_at <= bindparam("now"))
    .order_by(follow_up.c.due_at, follow_up.c.id)
    .limit(bindparam("rows_max"))
)
_PENDING_ONES = (
    select(
        follow_up.c.id,
        follow_up.c.kind,
        appointment.c.conversation,
        appointment.c.id.label("appointment"),
        follow_up.c.made_for_version,
        appointment.c.version.label("appointment_version"),
        appointment.c.status.label("appointment_status"),
        appointment.c.starts_at,
        appointment.c.service,
        appointment.c.practitioner,
        appointment.c.number,
        follow_up.c.due_at,
        follow_up.c.expires_at,
    )
    .join_from(follow_up, appointment)
    .where(_PENDING)
)
_READ = _PENDING_ONES.where(follow_up.c.id == bindparam("follow_up")).with_for_update(of=follow_up, key_share=True)
_OF_CONVERSATION = _PENDING_ONES.where(appointment.c.conversation == bindparam("conversation")).order_by(
    follow_up.c.due_at, follow_up.c.id
)
_DONE = update(follow_up).where(_PENDING, follow_up.c.id == bindparam("follow_up"))
_CLOSE = update(follow_up).where(_PENDING, follow_up.c.appointment_id == bindparam("appointment"))
_MAKE = insert(follow_up)


class FollowUps(Part):
    """The follow-ups' part of :class:`bot.ports.Ledger`."""

    def follow_ups_due(self, now: int, limit: int) -> tuple[int, ...]:
        return tuple(self._connection.scalars(_DUE, {"now": now, "rows_max": limit}))

    def pending_follow_ups(self, conversation: str) -> tuple[FollowUp, ...]:
        rows = self._connection.execute(_OF_CONVERSATION, {"conversation": conversation})
        return tuple(FollowUp(**row._mapping) for row in rows)

    def follow_up(self, id: int) -> FollowUp | None:
        row = self._connection.execute(_READ, {"follow_up": id}).first()
        return FollowUp(**row._mapping) if row else None

    def follow_up_done(self, id: int, status: FollowUpEnd, why: str, now: int) -> None:
        self._connection.execute(_DONE, {"follow_up": id, "status": status, "why": why, "changed_at": now})

    def _remake_follow_ups(
        self, appointment: int, version: int, drafts: Sequence[FollowUpDraft], why: str, now: int
    ) -> None:
        """Close what was pending for an appointment, with the reason, and make what its new version needs."""
        if version > 1:
            closed = {"appointment": appointment, "status": "skipped", "why": why, "changed_at": now}
            self._connection.execute(_CLOSE, closed)
        if drafts:
            rows = [
                {
                    "appointment_id": appointment,
                    "kind": draft.kind,
                    "made_for_version": version,
                    "due_at": draft.due_at,
                    "expires_at": draft.expires_at,
                    "changed_at": now,
                }
                for draft in drafts
            ]
            self._connection.execute(_MAKE, rows)
