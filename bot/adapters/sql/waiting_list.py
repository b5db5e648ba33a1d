"""The waiting list: who would like to come sooner, and the times that appointments left."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql.part import Part
from bot.adapters.sql.reading_appointments import READ
from bot.adapters.sql.schema import appointment, follow_up, freed_time, waiting_list
from bot.core.calendar import Slot
from bot.ports import Appointment, Freed

_JOIN = insert_or_leave(waiting_list).on_conflict_do_nothing(index_elements=["appointment_id"])
_LEAVE = delete(waiting_list).where(waiting_list.c.appointment_id == bindparam("appointment"))
_ANYBODY = select(waiting_list.c.appointment_id).limit(1)
_FREED = insert(freed_time)
_FORGET = delete(freed_time).where(freed_time.c.starts_at <= bindparam("now"))
_AHEAD = select(freed_time).order_by(freed_time.c.starts_at).limit(bindparam("rows_max"))
_SETTLED = delete(freed_time).where(freed_time.c.id == bindparam("freed"))

_was_offered = exists().where(
    follow_up.c.appointment_id == appointment.c.id,
    follow_up.c.offered_at == bindparam("start"),
    follow_up.c.offered_by == bindparam("practitioner"),
)
_LIKE = (
    READ.join(waiting_list, waiting_list.c.appointment_id == appointment.c.id)
    .where(
        appointment.c.status == "booked",
        appointment.c.service.in_(bindparam("services", expanding=True)),
        appointment.c.starts_at > bindparam("start"),
        ~_was_offered,
    )
    .order_by(waiting_list.c.since, appointment.c.id)
)


class WaitingList(Part):
    """The waiting list's part of :class:`bot.ports.Ledger`."""

    def join_waiting_list(self, appointment: int, now: int) -> None:
        self._connection.execute(_JOIN, {"appointment_id": appointment, "since": now})

    def leave_waiting_list(self, appointment: int) -> None:
        self._connection.execute(_LEAVE, {"appointment": appointment})

    def freed(self, now: int, limit: int) -> tuple[Freed, ...]:
        rows = self._connection.execute(_AHEAD, {"rows_max": limit}).all()
        if any(row.starts_at <= now for row in rows):
            self._connection.execute(_FORGET, {"now": now})
        return tuple(
            Freed(row.id, Slot(row.practitioner, row.starts_at, row.ends_at)) for row in rows if row.starts_at > now
        )

    def who_would_like(self, slot: Slot, services: Sequence[str]) -> tuple[Appointment, ...]:
        where = {"start": slot.start, "practitioner": slot.practitioner, "services": list(services)}
        return tuple(Appointment(**row._mapping) for row in self._connection.execute(_LIKE, where))

    def settled(self, freed: int) -> None:
        self._connection.execute(_SETTLED, {"freed": freed})

    def _leaves(self, old: Any, now: int) -> None:
        """An appointment leaves its time: worth remembering while somebody waits for one."""
        if old.starts_at > now and self._connection.scalar(_ANYBODY) is not None:
            row = {"practitioner": old.practitioner, "starts_at": old.starts_at, "ends_at": old.ends_at}
            self._connection.execute(_FREED, row)
