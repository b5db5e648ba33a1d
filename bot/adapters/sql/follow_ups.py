"""Follow-ups: rows made in their appointment's own transaction, closed when it changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, cast, func, literal_column, not_, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import appointment, follow_up, outbox, word
from bot.core.follow_up import ASK_AGAIN_SECONDS
from bot.ports import FollowUp, FollowUpDraft, FollowUpEnd

_PENDING = follow_up.c.status == word("pending")
_THIS = follow_up.c.id == bindparam("follow_up")

_now = bindparam("now", type_=BigInteger)
_WAS_ASKED = or_(follow_up.c.why != "", follow_up.c.tries > 0)
# What was asked later than now was asked by a clock that was set back since: it is asked again.
_ASKED_JUST_NOW = _WAS_ASKED & follow_up.c.changed_at.between(_now - ASK_AGAIN_SECONDS + 1, _now)

# Those asked longest ago come first: one that may not leave yet never keeps another from being asked.
_DUE = (
    select(follow_up.c.id)
    .where(_PENDING, follow_up.c.due_at <= _now, not_(_ASKED_JUST_NOW))
    .order_by(follow_up.c.changed_at, follow_up.c.due_at, follow_up.c.id)
    .limit(bindparam("rows_max"))
)


def _known(column: Any, otherwise: str = "") -> Any:
    """A column of an appointment that may not be there, or the appointment-less row's own."""
    return func.coalesce(column, literal_column(otherwise or "''")).label(column.name)


WHAT_IT_IS_ABOUT = (
    follow_up.c.kind,
    follow_up.c.made_for_version,
    func.coalesce(appointment.c.version, follow_up.c.made_for_version).label("appointment_version"),
    func.coalesce(appointment.c.status, "").label("appointment_status"),
    _known(appointment.c.not_theirs_at, "0"),
    _known(appointment.c.starts_at, "0"),
    follow_up.c.made_at,
    follow_up.c.due_at,
    follow_up.c.expires_at,
)
"""What :func:`bot.core.follow_up.would_send` asks."""

_FIELDS = (
    follow_up.c.id,
    func.coalesce(follow_up.c.conversation, appointment.c.conversation).label("conversation"),
    func.coalesce(appointment.c.id, 0).label("appointment"),
    *WHAT_IT_IS_ABOUT,
    _known(appointment.c.service),
    _known(appointment.c.practitioner),
    _known(appointment.c.number),
    follow_up.c.offered_by,
    follow_up.c.offered_at,
    follow_up.c.status,
    follow_up.c.why,
)
_READ = select(*_FIELDS).join_from(follow_up, appointment, isouter=True).where(_THIS)
_READ_PENDING = _READ.where(_PENDING).with_for_update(of=follow_up, key_share=True)
_LISTED = (
    select(*_FIELDS, func.coalesce(outbox.c.status, "").label("said"))
    .join_from(follow_up, appointment, isouter=True)
    .join(outbox, outbox.c.key == "follow-up:" + cast(follow_up.c.id, String), isouter=True)
    .order_by(follow_up.c.due_at, follow_up.c.id)
)
_OF_APPOINTMENT = _LISTED.where(follow_up.c.appointment_id == bindparam("appointment"))
_OF_CONVERSATION = (
    _LISTED.where(appointment.c.conversation == bindparam("conversation")),
    _LISTED.where(follow_up.c.conversation == bindparam("conversation")),
)

_CHANGE = update(follow_up).where(_PENDING, _THIS)
_FAILED = (
    update(follow_up)
    .where(_PENDING, _THIS)
    .values(tries=follow_up.c.tries + 1, changed_at=bindparam("now"))
    .returning(follow_up.c.tries)
)
_CLOSE = update(follow_up).where(_PENDING, follow_up.c.appointment_id == bindparam("appointment"))
_CLOSE_NUDGE = update(follow_up).where(_PENDING, follow_up.c.conversation == bindparam("about"))
_VERSION = select(appointment.c.version).where(appointment.c.id == bindparam("appointment"))
_MAKE = insert(follow_up).on_conflict_do_nothing(index_elements=["appointment_id", "kind", "made_for_version"])


class FollowUps(Part):
    """The follow-ups' part of :class:`bot.ports.Ledger`."""

    def follow_ups_due(self, now: int, limit: int) -> tuple[int, ...]:
        return tuple(self._connection.scalars(_DUE, {"now": now, "rows_max": limit}))

    def follow_up(self, id: int) -> FollowUp | None:
        row = self._connection.execute(_READ_PENDING, {"follow_up": id}).first()
        return FollowUp(**row._mapping) if row else None

    def offer(self, follow_up: int) -> FollowUp | None:
        row = self._connection.execute(_READ, {"follow_up": follow_up}).first()
        return FollowUp(**row._mapping) if row else None

    def follow_up_done(self, id: int, status: FollowUpEnd, why: str, now: int) -> None:
        self._connection.execute(_CHANGE, {"follow_up": id, "status": status, "why": why, "changed_at": now})

    def follow_up_waits(self, id: int, why: str, now: int) -> None:
        self._connection.execute(_CHANGE, {"follow_up": id, "why": why, "changed_at": now})

    def follow_up_failed(self, id: int, now: int) -> int:
        return self._connection.scalar(_FAILED, {"follow_up": id, "now": now}) or 0

    def follow_ups_of(self, conversation: str, appointment: int = 0) -> tuple[FollowUp, ...]:
        if appointment:
            found = self._connection.execute(_OF_APPOINTMENT, {"appointment": appointment}).all()
            return tuple(one for row in found if (one := FollowUp(**row._mapping)).conversation == conversation)
        rows = [
            row for part in _OF_CONVERSATION for row in self._connection.execute(part, {"conversation": conversation})
        ]
        return tuple(sorted((FollowUp(**row._mapping) for row in rows), key=lambda one: (one.due_at, one.id)))

    def add_follow_ups(self, appointment: int, drafts: Sequence[FollowUpDraft], now: int) -> None:
        version = self._connection.scalar(_VERSION, {"appointment": appointment})
        if drafts and version is not None:
            self._connection.execute(_MAKE, [_row(draft, now, appointment, version) for draft in drafts])

    def add_nudge(self, conversation: str, draft: FollowUpDraft, zone: str, now: int) -> None:
        closed = {"about": conversation, "status": "skipped", "why": "a later one takes its place", "changed_at": now}
        self._connection.execute(_CLOSE_NUDGE, closed)
        self._connection.execute(_MAKE, {**_row(draft, now), "conversation": conversation, "zone": zone})

    def _remake_follow_ups(
        self, appointment: int, version: int, drafts: Sequence[FollowUpDraft], why: str, now: int
    ) -> None:
        """Close what was pending for an appointment, with the reason, and make what its new version needs."""
        if version > 1:
            self._close_follow_ups(appointment, why, now)
        if drafts:
            self._connection.execute(_MAKE, [_row(draft, now, appointment, version) for draft in drafts])

    def _close_follow_ups(self, appointment: int, why: str, now: int) -> None:
        closed = {"appointment": appointment, "status": "skipped", "why": why, "changed_at": now}
        self._connection.execute(_CLOSE, closed)


def _row(draft: FollowUpDraft, now: int, appointment: int | None = None, version: int = 1) -> dict[str, Any]:
    return {
        "appointment_id": appointment,
        "made_for_version": version,
        "kind": draft.kind,
        "due_at": draft.due_at,
        "expires_at": draft.expires_at,
        "offered_by": draft.offered.practitioner if draft.offered else "",
        "offered_at": draft.offered.start if draft.offered else 0,
        "made_at": now,
        "changed_at": now,
    }
