"""The inbox: every message of a patient, kept once, and those parked behind somebody else's turn."""

from __future__ import annotations

import json
from typing import Literal

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part, to_json
from bot.adapters.sql.schema import conversation, inbound, word
from bot.ports import Inbound

_SID = inbound.c.sid == bindparam("message")
_WAITING = inbound.c.status == word("waiting")

_RECORD = insert(inbound).on_conflict_do_nothing(index_elements=["sid"]).returning(inbound.c.sid)
_STATUS = select(inbound.c.status).where(_SID)
_ARRIVED = (
    update(conversation)
    .where(conversation.c.id == bindparam("conversation"), conversation.c.arrived < bindparam("count"))
    .values(arrived=bindparam("count"))
)
_OLDEST = (
    select(
        inbound.c.sid,
        inbound.c.conversation,
        inbound.c.arrival,
        inbound.c.event,
        inbound.c.received_at,
        inbound.c.attempts,
    )
    .where(_WAITING, inbound.c.conversation == bindparam("conversation"))
    .order_by(inbound.c.arrival)
    .limit(1)
)
_TAKEN_UP = update(inbound).where(_SID)
_COUNT = update(inbound).where(_SID).values(attempts=inbound.c.attempts + 1).returning(inbound.c.attempts)
_CONVERSATIONS = (
    select(inbound.c.conversation, func.max(inbound.c.arrival))
    .where(_WAITING)
    .group_by(inbound.c.conversation)
    .order_by(func.min(inbound.c.received_at))
    .limit(bindparam("rows_max"))
)


class Inbox(Part):
    """The inbox's part of :class:`bot.ports.Ledger`."""

    def record(self, inbound: Inbound, status: Literal["waiting", "done"]) -> bool:
        row = {
            "sid": inbound.sid,
            "conversation": inbound.conversation,
            "arrival": inbound.arrival,
            "event": to_json(inbound.event),
            "received_at": inbound.received_at,
            "status": status,
            "attempts": inbound.attempts,
            "line": self._next_line(inbound.conversation),
        }
        return self._connection.execute(_RECORD, row).first() is not None

    def inbound_status(self, sid: str) -> str | None:
        status: str | None = self._connection.scalar(_STATUS, {"message": sid})
        return status

    def arrived_at(self, conversation: str, arrived: int) -> None:
        self._connection.execute(
            _ARRIVED, {"conversation": conversation, "count": arrived, **self._counted(conversation)}
        )

    def oldest_waiting(self, conversation: str) -> Inbound | None:
        row = self._connection.execute(_OLDEST, {"conversation": conversation}).first()
        if row is None:
            return None
        return Inbound(row.sid, row.conversation, row.arrival, json.loads(row.event), row.received_at, row.attempts)

    def taken_up(self, sid: str, status: Literal["done", "person"]) -> None:
        self._connection.execute(_TAKEN_UP, {"message": sid, "status": status})

    def count_attempt(self, sid: str) -> int:
        return int(self._connection.scalar(_COUNT, {"message": sid}) or 0)

    def conversations_with_waiting(self, limit: int) -> tuple[tuple[str, int], ...]:
        rows = self._connection.execute(_CONVERSATIONS, {"rows_max": limit})
        return tuple((conversation, arrival) for conversation, arrival in rows)
