"""Alerts: rows that are told by e-mail, letter by letter, and those who are told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import bindparam, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import (
    UNDELIVERED,
    alert,
    alert_address,
    conversation,
    outbox,
    staff_account,
    standing_order,
    word,
)
from bot.core.alerts import Wants
from bot.ports.alerts import Alert, AlertStatus, MailTrouble

AGAIN_SECONDS, AGAIN_SECONDS_MAX = 60, 900
_ALARMING = "alarming"
_COLUMNS = [alert.c[field.name] for field in fields(Alert)]
_PENDING = alert.c.status == word("pending")

_BY_LETTER = (alert.c.mail.desc(), alert.c.staff, alert.c.id)

_RAISE = insert(alert).on_conflict_do_nothing(index_elements=["key"]).returning(alert.c.id)
_FAILURES = (
    select(outbox.c.conversation, func.min(outbox.c.id), func.min(outbox.c.changed_at))
    .join_from(outbox, conversation)
    .where(text(UNDELIVERED), outbox.c.changed_at >= conversation.c.held_at)
    .group_by(outbox.c.conversation)
    .limit(bindparam("rows_max"))
)
_DUE = select(*_COLUMNS).where(_PENDING, alert.c.due_at <= bindparam("now")).order_by(*_BY_LETTER)
_THESE = alert.c.id.in_(bindparam("ids", expanding=True))
_WAITING = select(func.count(), func.max(alert.c.id)).where(_PENDING, alert.c.trouble != "")
_GIVEN_UP = select(func.count(), func.max(alert.c.id)).where(
    alert.c.status == word("given_up"), alert.c.changed_at >= bindparam("since")
)
_READ_ALARMING = select(standing_order.c.value).where(standing_order.c.name == _ALARMING)
_new_order = insert(standing_order)
_SET_ALARMING = _new_order.on_conflict_do_update(
    index_elements=["name"], set_={name: _new_order.excluded[name] for name in ("value", "staff", "at")}
)
_ADDRESSES = (
    select(alert_address.c.staff, alert_address.c.address, alert_address.c.wants)
    .join_from(alert_address, staff_account)
    .where(staff_account.c.status == word("active"))
    .order_by(alert_address.c.staff)
)
_new_address = insert(alert_address)
_SET_ADDRESS = _new_address.on_conflict_do_update(
    index_elements=["staff"],
    set_={name: _new_address.excluded[name] for name in ("address", "wants", "changed_at")},
)


class Alerts(Part):
    """The alerts' part of :class:`bot.ports.Ledger`."""

    def raise_alert(self, one: Alert, now: int) -> bool:
        row = {
            "key": one.key,
            "kind": one.kind,
            "conversation": one.conversation,
            "since": one.since,
            "staff": one.staff,
        }
        stamps = {"made_at": now, "due_at": now, "changed_at": now}
        return self._connection.execute(_RAISE, row | stamps).first() is not None

    def unseen_failures(self, limit: int) -> tuple[tuple[str, int, int], ...]:
        return tuple((id, row, at) for id, row, at in self._connection.execute(_FAILURES, {"rows_max": limit}))

    def alerts_due(self, now: int) -> bool:
        return self._connection.execute(_DUE.limit(1), {"now": now}).first() is not None

    def take_alerts(self, letter: str, limit: int, now: int) -> tuple[Alert, ...]:
        due = self._connection.execute(_DUE.limit(limit).with_for_update(skip_locked=True), {"now": now}).all()
        # Sorted by their letter: those that were tried before come first, and a letter is for all or for one.
        rows = [row for row in due if (row.mail, row.staff) == (due[0].mail, due[0].staff)]
        tries = max((row.tries for row in rows), default=0) + 1
        wait = min(AGAIN_SECONDS << min(tries - 1, 10), AGAIN_SECONDS_MAX)
        ids = {"ids": [row.id for row in rows]}
        values = {"mail": case((alert.c.mail == "", letter), else_=alert.c.mail), "tries": tries}
        self._connection.execute(update(alert).where(_THESE).values(**values, due_at=now + wait, changed_at=now), ids)
        again = select(*_COLUMNS).where(_THESE).order_by(alert.c.id)
        return tuple(Alert(*row) for row in self._connection.execute(again, ids))

    def alerts_over(self, ids: Sequence[int], status: AlertStatus, now: int) -> None:
        over = update(alert).where(_THESE).values(status=status, changed_at=now)
        self._connection.execute(over, {"ids": list(ids)})

    def alerts_wait(self, ids: Sequence[int], why: str) -> None:
        self._connection.execute(update(alert).where(_THESE).values(trouble=why), {"ids": list(ids)})

    def newest_alerts(self, limit: int) -> tuple[Alert, ...]:
        newest = select(*_COLUMNS).order_by(alert.c.id.desc()).limit(limit)
        return tuple(Alert(*row) for row in self._connection.execute(newest))

    def mail_trouble(self, since: int) -> MailTrouble | None:
        waiting, last = self._connection.execute(_WAITING).one()
        given_up, gone = self._connection.execute(_GIVEN_UP, {"since": since}).one()
        if not waiting and not given_up:
            return None
        newest = max(last or 0, gone or 0)
        why = self._connection.scalar(select(alert.c.trouble).where(alert.c.id == newest))
        return MailTrouble(waiting, given_up, why or "")

    def alarming(self) -> str:
        return self._connection.scalar(_READ_ALARMING) or ""

    def set_alarming(self, data: str, staff: str, now: int) -> None:
        self._connection.execute(_SET_ALARMING, {"name": _ALARMING, "value": data, "staff": staff, "at": now})

    def alert_addresses(self) -> Mapping[str, tuple[str, Wants]]:
        rows: Any = self._connection.execute(_ADDRESSES)
        return {staff: (address, wants) for staff, address, wants in rows}

    def set_alert_address(self, staff: str, address: str, wants: Wants, now: int) -> None:
        if not address or not wants:
            self._connection.execute(delete(alert_address).where(alert_address.c.staff == staff))
            return
        row = {"staff": staff, "address": address, "wants": wants, "changed_at": now}
        self._connection.execute(_SET_ADDRESS, row)
