"""The diary: holds and appointments. The database itself refuses two that overlap.

Whoever takes a time first locks its practitioner's row. That is only for speed: two inserts into PostgreSQL's exclusion
constraint would otherwise wait for each other and end as a deadlock after a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, insert, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql.follow_ups import FollowUps
from bot.adapters.sql.part import to_json
from bot.adapters.sql.patients import Patients
from bot.adapters.sql.reading_appointments import READ
from bot.adapters.sql.schema import appointment, block, conversation, occupancy, resource, wish, word
from bot.adapters.sql.waiting_list import WaitingList
from bot.core.calendar import Busy
from bot.ports import Appointment, Booking, FollowUpDraft, NewTime

_HELD = occupancy.c.state == word("held")
_OVERLAPS = and_(occupancy.c.busy_from < bindparam("end"), occupancy.c.busy_to > bindparam("start"))
_OWN = occupancy.c.conversation == bindparam("conversation")
_RAN_OUT = and_(_HELD, occupancy.c.hold_expires_at <= bindparam("now"))

_BUSY = (
    select(resource.c.key, occupancy.c.busy_from, occupancy.c.busy_to)
    .join_from(occupancy, resource)
    .where(
        resource.c.key.in_(bindparam("keys", expanding=True)),
        _OVERLAPS,
        or_(occupancy.c.state != "held", and_(occupancy.c.hold_expires_at > bindparam("now"), ~_OWN)),
    )
    .order_by(occupancy.c.busy_from)
)
_LOCK_CONVERSATION = (
    select(conversation.c.id).where(conversation.c.id == bindparam("conversation")).with_for_update(key_share=True)
)
_LOCK_RESOURCE = select(resource.c.id).where(resource.c.key == bindparam("key")).with_for_update(key_share=True)
_MAKE_RESOURCE = insert_or_leave(resource).on_conflict_do_nothing(index_elements=["key"])
_TIDY_HERE = delete(occupancy).where(occupancy.c.resource_id == bindparam("resource"), _RAN_OUT, _OVERLAPS)
_TIDY = delete(occupancy).where(_RAN_OUT)
_RELEASE = delete(occupancy).where(_HELD, _OWN)
_OCCUPY = insert(occupancy)
_OCCUPY_ANEW = update(occupancy).where(occupancy.c.appointment_id == bindparam("appointment"))
_VACATE = delete(occupancy).where(occupancy.c.appointment_id == bindparam("appointment"))

_OF_CONVERSATION = appointment.c.conversation == bindparam("conversation")
_BOOKED = appointment.c.status == "booked"
_THIS = appointment.c.id == bindparam("appointment")
_ONE = READ.where(_THIS, _OF_CONVERSATION)
_BY_ID = READ.where(_THIS)
_LOCKED = READ.where(_THIS, _BOOKED).with_for_update(of=appointment, key_share=True)
_SAME = READ.where(
    _OF_CONVERSATION,
    _BOOKED,
    appointment.c.service == bindparam("service"),
    appointment.c.practitioner == bindparam("practitioner"),
    appointment.c.starts_at == bindparam("starts_at"),
)
_COMING = READ.where(_OF_CONVERSATION, _BOOKED, appointment.c.starts_at > bindparam("after")).order_by(
    appointment.c.starts_at
)
_MAKE = insert(appointment).returning(appointment.c.id)
_CHANGE = update(appointment).where(_THIS)
_CONFIRM = (
    update(appointment)
    .where(_THIS, _BOOKED, appointment.c.version == bindparam("this_version"))
    .values(confirmed_at=bindparam("now"))
)
_HOLDS = select(occupancy.c.id).where(_HELD, _OWN, occupancy.c.hold_expires_at > bindparam("now"))
_ALL_HELD = (
    select(resource.c.key, occupancy.c.busy_from, occupancy.c.busy_to)
    .join_from(occupancy, resource)
    .where(_HELD, occupancy.c.hold_expires_at > bindparam("now"))
)
_WISH = insert(wish)
_IN_FORCE = block.c.lifted_at == 0
_BLOCK = select(block).where(block.c.id == bindparam("block"), _IN_FORCE)
_BLOCKS = select(block.c.id).where(
    block.c.practitioner == bindparam("practitioner"),
    block.c.ends_at > bindparam("start"),
    block.c.starts_at < bindparam("end"),
    _IN_FORCE,
)
_TAKEN = (
    select(occupancy.c.busy_from, occupancy.c.busy_to)
    .where(occupancy.c.resource_id == bindparam("resource"), _OVERLAPS)
    .order_by(occupancy.c.busy_from)
)
_OCCUPY_BLOCKED = insert(occupancy)


class Appointments(Patients, FollowUps, WaitingList):
    """The diary's part of :class:`bot.ports.Ledger`. What raises SlotTaken is undone by the savepoint around it."""

    def busy(self, practitioners: Sequence[str], start: int, end: int, now: int, conversation: str) -> tuple[Busy, ...]:
        where = {"keys": list(practitioners), "start": start, "end": end, "now": now, "conversation": conversation}
        return tuple(Busy(*row) for row in self._connection.execute(_BUSY, where))

    def hold(self, conversation: str, busy: Busy, until: int, now: int) -> None:
        place = self._make_room(conversation, busy, now)
        hold = {"state": "held", "conversation": conversation, "hold_expires_at": until, "appointment_id": None}
        self._connection.execute(_OCCUPY, {**place, **hold})

    def release(self, conversation: str) -> None:
        self._connection.execute(_RELEASE, {"conversation": conversation})

    def book(self, booking: Booking, now: int) -> Appointment:
        self._connection.execute(_LOCK_CONVERSATION, {"conversation": booking.conversation})
        slot = booking.slot
        same = {
            "conversation": booking.conversation,
            "service": booking.service,
            "practitioner": slot.practitioner,
            "starts_at": slot.start,
        }
        first = self._connection.execute(_SAME, same).first()
        if first is not None:
            return Appointment(**first._mapping)
        place = self._make_room(booking.conversation, booking.busy, now)
        row = {
            **same,
            "number": booking.number,
            "patient_id": booking.patient_id
            or self._patient(booking.conversation, booking.patient, booking.phone, now),
            "whom": booking.whom,
            "ends_at": slot.end,
            "local_start": booking.local_start,
            "zone": booking.zone,
            "created_by": booking.made_by,
            "created_at": now,
            "changed_at": now,
        }
        made: Any = self._connection.scalar(_MAKE, row)
        booked = {"state": "booked", "conversation": None, "hold_expires_at": None, "appointment_id": made}
        self._connection.execute(_OCCUPY, {**place, **booked})
        self._remake_follow_ups(made, 1, booking.follow_ups, "", now)
        return self._appointment(made)

    def move(self, appointment: int, to: NewTime, now: int) -> Appointment | None:
        old = self._connection.execute(_LOCKED, {"appointment": appointment}).first()
        if old is None:
            return None
        place = self._make_room(old.conversation, to.busy, now)
        self._connection.execute(_OCCUPY_ANEW, {"appointment": appointment, **place})
        change = {
            "version": old.version + 1,
            "practitioner": to.slot.practitioner,
            "starts_at": to.slot.start,
            "ends_at": to.slot.end,
            "local_start": to.local_start,
            "confirmed_at": 0,
            "changed_at": now,
        }
        self._leaves(old, now)
        self._connection.execute(_CHANGE, {"appointment": appointment, **change})
        self._remake_follow_ups(appointment, old.version + 1, to.follow_ups, "the appointment was moved", now)
        self._came_free(old.practitioner, old.starts_at, old.ends_at, now)
        return self._appointment(appointment)

    def cancel(self, appointment: int, now: int) -> Appointment | None:
        old = self._connection.execute(_LOCKED, {"appointment": appointment}).first()
        if old is None:
            return None
        change = {"version": old.version + 1, "status": "cancelled", "changed_at": now}
        self._connection.execute(_CHANGE, {"appointment": appointment, **change})
        self._connection.execute(_VACATE, {"appointment": appointment})
        self._leaves(old, now)
        self._remake_follow_ups(appointment, old.version + 1, (), "the appointment was cancelled", now)
        self._came_free(old.practitioner, old.starts_at, old.ends_at, now)
        return self._appointment(appointment)

    def confirm(self, appointment: int, version: int, now: int) -> bool:
        said = {"appointment": appointment, "this_version": version, "now": now}
        return self._connection.execute(_CONFIRM, said).rowcount == 1

    def not_theirs(self, appointment: int, now: int) -> None:
        self._connection.execute(_CHANGE, {"appointment": appointment, "not_theirs_at": now, "changed_at": now})
        self._close_follow_ups(appointment, "whoever was asked says it is not theirs", now)

    def missed(self, appointment: int, follow_ups: Sequence[FollowUpDraft], now: int) -> Appointment | None:
        if self._connection.execute(_LOCKED, {"appointment": appointment}).first() is None:
            return None
        self._connection.execute(_CHANGE, {"appointment": appointment, "status": "noshow", "changed_at": now})
        self._close_follow_ups(appointment, "the patient did not come", now)
        self.add_follow_ups(appointment, follow_ups, now)
        return self._appointment(appointment)

    def holds(self, conversation: str, now: int) -> bool:
        return self._connection.scalar(_HOLDS, {"conversation": conversation, "now": now}) is not None

    def times_held(self, now: int) -> tuple[Busy, ...]:
        return tuple(Busy(*row) for row in self._connection.execute(_ALL_HELD, {"now": now}))

    def appointments(self, conversation: str, after: int) -> tuple[Appointment, ...]:
        rows = self._connection.execute(_COMING, {"conversation": conversation, "after": after})
        return tuple(Appointment(**row._mapping) for row in rows)

    def appointment(self, id: int, conversation: str) -> Appointment | None:
        row = self._connection.execute(_ONE, {"appointment": id, "conversation": conversation}).first()
        return Appointment(**row._mapping) if row else None

    def request(self, number: str, conversation: str, wishes: Mapping[str, str], now: int) -> None:
        row = {"number": number, "conversation": conversation, "wishes": to_json(wishes), "created_at": now}
        self._connection.execute(_WISH, row)

    def expire_holds(self, now: int) -> int:
        return self._connection.execute(_TIDY, {"now": now}).rowcount

    def _make_room(self, conversation: str, busy: Busy, now: int) -> dict[str, int]:
        """Give back what the conversation holds, tidy holds in the way that ran out, and name the place to occupy."""
        place = self._resource(busy.practitioner)
        self.release(conversation)
        self._connection.execute(_TIDY_HERE, {"resource": place, "start": busy.start, "end": busy.end, "now": now})
        return {"resource_id": place, "busy_from": busy.start, "busy_to": busy.end}

    def _came_free(self, practitioner: str, start: int, end: int, now: int) -> None:
        """A time is not taken any more: if staff have blocked it, nobody may have it."""
        blocks = self._connection.scalars(_BLOCKS, {"practitioner": practitioner, "start": start, "end": end}).all()
        for id in blocks:
            self.fill_block(id, now)

    def fill_block(self, block: int, now: int) -> None:
        """Take what has come free in a block."""
        found = self._connection.execute(_BLOCK, {"block": block}).first()
        if found is None:
            return
        place = self._resource(found.practitioner)
        where = {"resource": place, "start": found.starts_at, "end": found.ends_at}
        taken = self._connection.execute(_TAKEN, where).all()
        rows = [
            {"resource_id": place, "busy_from": start, "busy_to": end, "state": "blocked", "block_id": block}
            for start, end in _gaps(found.starts_at, found.ends_at, ((row.busy_from, row.busy_to) for row in taken))
        ]
        if rows:
            self._connection.execute(_OCCUPY_BLOCKED, rows)

    def _resource(self, practitioner: str) -> int:
        """The practitioner's row, locked; made when she is booked for the first time."""
        found: int | None = self._connection.scalar(_LOCK_RESOURCE, {"key": practitioner})
        if found is None:
            self._connection.execute(_MAKE_RESOURCE, {"key": practitioner})
            found = self._connection.scalar(_LOCK_RESOURCE, {"key": practitioner})
        assert found is not None
        return found

    def _appointment(self, id: int) -> Appointment:
        return Appointment(**self._connection.execute(_BY_ID, {"appointment": id}).one()._mapping)


def _gaps(start: int, end: int, taken: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The stretches between two instants that nothing takes; ``taken`` in order of its beginnings."""
    for busy_from, busy_to in taken:
        if start < busy_from:
            yield start, min(busy_from, end)
        start = max(start, busy_to)
    if start < end:
        yield start, end
