"""Devices that staff are told on, and which of them a letter has reached."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, fields

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import alert_device, alert_told, staff_account, word
from bot.ports.devices import Device

_COLUMNS = [alert_device.c[field.name] for field in fields(Device)]
_DEVICES = (
    select(*_COLUMNS)
    .join_from(alert_device, staff_account)
    .where(staff_account.c.status == word("active"))
    .order_by(alert_device.c.made_at, alert_device.c.id)
)
_ONE = select(*_COLUMNS).where(alert_device.c.id == bindparam("id"))
_THIS = alert_device.c.id == bindparam("device")
_new = insert(alert_device)
_KEEP = _new.on_conflict_do_update(
    index_elements=["id"], set_={column.name: _new.excluded[column.name] for column in _COLUMNS if column.name != "id"}
)
_DROP = delete(alert_device).where(_THIS)
_TOLD = select(alert_told.c.way).where(alert_told.c.letter == bindparam("letter"))
_NOTE = insert(alert_told).on_conflict_do_nothing()
_OVER = delete(alert_told).where(alert_told.c.letter == bindparam("letter"))


class Devices(Part):
    """The devices' part of :class:`bot.ports.Ledger`."""

    def devices(self) -> tuple[Device, ...]:
        return tuple(Device(*row) for row in self._connection.execute(_DEVICES))

    def device(self, id: str) -> Device | None:
        row = self._connection.execute(_ONE, {"id": id}).first()
        return None if row is None else Device(*row)

    def keep_device(self, device: Device) -> None:
        self._connection.execute(_KEEP, asdict(device))

    def drop_device(self, id: str) -> None:
        self._connection.execute(_DROP, {"device": id})

    def rename_device(self, id: str, name: str) -> None:
        self._connection.execute(update(alert_device).where(_THIS).values(name=name), {"device": id})

    def device_told(self, id: str, trouble: str, now: int) -> None:
        values: dict[str, object] = {"trouble": trouble} if trouble else {"trouble": "", "told_at": now}
        self._connection.execute(update(alert_device).where(_THIS).values(**values), {"device": id})

    def letter_told(self, letter: str) -> frozenset[str]:
        return frozenset(self._connection.scalars(_TOLD, {"letter": letter}))

    def note_told(self, letter: str, ways: Iterable[str]) -> None:
        for way in ways:
            self._connection.execute(_NOTE, {"letter": letter, "way": way})

    def letter_over(self, letter: str) -> None:
        self._connection.execute(_OVER, {"letter": letter})
