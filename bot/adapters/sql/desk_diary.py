"""The diary as staff see and change it. Blocked time is taken like any other: the database itself keeps it apart.

A block takes what is free of its stretch. Appointments that lie in it stay until they are moved or cancelled; what
comes free then is taken at once (:meth:`fill_block`), in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import bindparam, delete, insert, literal, select, text, update

from bot.adapters.sql.appointments import Appointments
from bot.adapters.sql.schema import appointment, block, occupancy, patient, resource, wish
from bot.ports import FollowUpDraft
from bot.ports.reception import Blocking, Entry, Holder

_APPOINTMENTS = select(
    literal("appointment").label("kind"),
    appointment.c.id,
    appointment.c.practitioner,
    appointment.c.starts_at,
    appointment.c.ends_at,
    appointment.c.status,
    appointment.c.number,
    appointment.c.version,
    appointment.c.conversation,
    patient.c.name.label("patient"),
    appointment.c.patient_id,
    patient.c.phone,
    appointment.c.service,
    appointment.c.created_by.label("made_by"),
).join_from(appointment, patient)
LONGEST_SECONDS = 24 * 3600
"""No appointment is longer: what touches a stretch starts no earlier than this before it."""
_IN = _APPOINTMENTS.where(
    appointment.c.starts_at > bindparam("earliest"),
    appointment.c.starts_at < bindparam("end"),
    appointment.c.ends_at > bindparam("start"),
)
_ONE = _APPOINTMENTS.where(appointment.c.id == bindparam("appointment"))
_ONE_LOCKED = _ONE.with_for_update(of=appointment, key_share=True)
_OF_PATIENT = (
    _APPOINTMENTS.where(appointment.c.patient_id == bindparam("patient"))
    .order_by(appointment.c.starts_at.desc(), appointment.c.id)
    .limit(bindparam("rows_max"))
)
_BLOCKS = select(block).where(
    block.c.ends_at > bindparam("start"), block.c.starts_at < bindparam("end"), block.c.lifted_at == 0
)
_MAKE_BLOCK = insert(block).returning(block.c.id)
_LIFT = (
    update(block)
    .where(block.c.id == bindparam("block"), block.c.lifted_at == 0)
    .returning(block.c.practitioner, block.c.starts_at, block.c.ends_at)
)
_VACATE = delete(occupancy).where(occupancy.c.block_id == bindparam("block"))
_HOLDS_IN = delete(occupancy).where(
    occupancy.c.resource_id == bindparam("resource"),
    text("occupancy.state = 'held'"),
    occupancy.c.busy_from < bindparam("end"),
    occupancy.c.busy_to > bindparam("start"),
)
_WHO = (
    select(
        occupancy.c.state,
        occupancy.c.busy_from,
        occupancy.c.busy_to,
        occupancy.c.conversation,
        occupancy.c.hold_expires_at,
        appointment.c.starts_at,
        appointment.c.ends_at,
        appointment.c.number,
        appointment.c.conversation.label("booked_by"),
        patient.c.name,
    )
    .join_from(occupancy, resource)
    .join(appointment, appointment.c.id == occupancy.c.appointment_id, isouter=True)
    .join(patient, patient.c.id == appointment.c.patient_id, isouter=True)
    .where(
        resource.c.key == bindparam("practitioner"),
        occupancy.c.busy_from < bindparam("end"),
        occupancy.c.busy_to > bindparam("start"),
    )
    .order_by(occupancy.c.busy_from)
)
_MARK = update(appointment).where(appointment.c.id == bindparam("appointment"))
_WISHES = (
    select(wish.c.id, wish.c.number, wish.c.wishes)
    .where(wish.c.conversation == bindparam("conversation"), wish.c.status == "open")
    .order_by(wish.c.id)
)
_WISH_DONE = update(wish).where(wish.c.id == bindparam("wish"))


class DeskDiary(Appointments):
    """The desk's diary, a part of :class:`bot.ports.Ledger`."""

    def entries(self, start: int, end: int, practitioner: str = "") -> tuple[Entry, ...]:
        within = {"start": start, "end": end}
        appointments = self._connection.execute(_IN, {**within, "earliest": start - LONGEST_SECONDS})
        blocks = self._connection.execute(_BLOCKS, within)
        found = [*(Entry(**row._mapping) for row in appointments), *map(_blocked, blocks)]
        return tuple(
            sorted(
                (one for one in found if practitioner in ("", one.practitioner)),
                key=lambda one: (one.starts_at, one.practitioner, one.kind, one.id),
            )
        )

    def entry(self, appointment: int, locked: bool = True) -> Entry | None:
        row = self._connection.execute(_ONE_LOCKED if locked else _ONE, {"appointment": appointment}).first()
        return Entry(**row._mapping) if row else None

    def entries_of(self, patient: int, limit: int) -> tuple[Entry, ...]:
        rows = self._connection.execute(_OF_PATIENT, {"patient": patient, "rows_max": limit})
        return tuple(Entry(**row._mapping) for row in rows)

    def who_has(self, practitioner: str, start: int, end: int, now: int) -> Holder | None:
        where = {"practitioner": practitioner, "start": start, "end": end}
        for row in self._connection.execute(_WHO, where):
            if row.state == "booked":
                return Holder("appointment", row.starts_at, row.ends_at, row.number, row.name, row.booked_by)
            if row.state == "blocked":
                return Holder("block", row.busy_from, row.busy_to)
            if row.hold_expires_at > now:
                until = row.hold_expires_at
                return Holder("hold", row.busy_from, row.busy_to, conversation=row.conversation, until=until)
        return None

    def mark(self, appointment: int, status: str, follow_ups: Sequence[FollowUpDraft], why: str, now: int) -> None:
        entry = self.entry(appointment)
        assert entry is not None
        change = {"status": status, "version": entry.version + 1, "changed_at": now}
        self._connection.execute(_MARK, {"appointment": appointment, **change})
        self._remake_follow_ups(appointment, entry.version + 1, follow_ups, why, now)

    def block(self, blocking: Blocking, now: int) -> int:
        made = int(self._connection.scalar(_MAKE_BLOCK, {**asdict(blocking), "made_at": now}) or 0)
        place = {"resource": self._resource(blocking.practitioner)}
        self._connection.execute(_HOLDS_IN, {**place, "start": blocking.starts_at, "end": blocking.ends_at})
        self.fill_block(made, now)
        return made

    def lift_block(self, block: int, now: int) -> bool:
        lifted = self._connection.execute(_LIFT, {"block": block, "lifted_at": now}).first()
        if lifted is None:
            return False
        self._connection.execute(_VACATE, {"block": block})
        # Another block may lie over the same time.
        self._came_free(lifted.practitioner, lifted.starts_at, lifted.ends_at, now)
        return True

    def wishes_of(self, conversation: str) -> tuple[tuple[int, str, Mapping[str, str]], ...]:
        rows = self._connection.execute(_WISHES, {"conversation": conversation})
        return tuple((row.id, row.number, json.loads(row.wishes)) for row in rows)

    def wish_done(self, id: int) -> None:
        self._connection.execute(_WISH_DONE, {"wish": id, "status": "done"})


def _blocked(row: object) -> Entry:
    one = row._mapping  # type: ignore[attr-defined]
    return Entry(
        "block",
        one["id"],
        one["practitioner"],
        one["starts_at"],
        one["ends_at"],
        "blocked",
        made_by=one["made_by"],
        remark=one["reason"],
    )
