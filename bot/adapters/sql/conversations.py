"""Conversations: their counters, their state, and those that need a person."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import BigInteger, bindparam, case, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql import direct
from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import (
    NEEDS_A_PERSON,
    UNDELIVERED,
    appointment,
    conversation,
    follow_up,
    inbound,
    outbox,
    published,
    standing_order,
    word,
)
from bot.core.conversation import Conversation, from_data
from bot.core.folders import filed
from bot.core.grounds import written
from bot.ports import Head, Waiting

_ID = conversation.c.id == bindparam("conversation")

_ORDERS = select(standing_order.c.value).where(standing_order.c.name == "orders").scalar_subquery()

_EDITION = select(func.max(published.c.number)).scalar_subquery()

# NO KEY UPDATE: others may still add rows that refer to this conversation.
_HEAD = (
    select(
        conversation.c.seq,
        conversation.c.arrived,
        conversation.c.lines,
        _ORDERS.label("orders"),
        _EDITION.label("edition"),
    )
    .where(_ID)
    .with_for_update(key_share=True)
)
_READ = select(conversation.c.state).where(_ID)
_CREATE = insert(conversation).on_conflict_do_nothing(index_elements=["id"])
_held_now = bindparam("held_now", type_=BigInteger)
_SAVE = update(conversation).where(_ID).values(held_at=case((_held_now > 0, _held_now), else_=conversation.c.held_at))
_SILENCES = (
    select(conversation.c.id)
    .where(text("silence_due > 0"), conversation.c.silence_due <= bindparam("now"))
    .order_by(conversation.c.silence_due)
    .limit(bindparam("rows_max"))
)
_NEEDING = select(
    conversation.c.id,
    conversation.c.control,
    conversation.c.holder,
    conversation.c.reason,
    conversation.c.urgent,
    conversation.c.look,
    conversation.c.waiting_since,
).where(text(NEEDS_A_PERSON))
# What failed before a receptionist had the conversation, she has seen.
_UNDELIVERED = (
    select(conversation.c.id, conversation.c.control, outbox.c.note, outbox.c.changed_at)
    .join_from(outbox, conversation)
    .where(text(UNDELIVERED), outbox.c.changed_at >= conversation.c.held_at)
    .order_by(outbox.c.changed_at, outbox.c.id)
)
_NOT_SAID = (
    select(conversation.c.id, conversation.c.control, follow_up.c.why, follow_up.c.changed_at)
    .select_from(follow_up)
    .join(appointment, appointment.c.id == follow_up.c.appointment_id, isouter=True)
    .join(conversation, conversation.c.id == func.coalesce(follow_up.c.conversation, appointment.c.conversation))
    .where(follow_up.c.status == word("needs_person"), follow_up.c.changed_at >= conversation.c.held_at)
    .order_by(follow_up.c.changed_at, follow_up.c.id)
)
_GIVEN_UP = (
    select(conversation.c.id, conversation.c.control, inbound.c.received_at)
    .join_from(inbound, conversation)
    .where(inbound.c.status == word("person"), inbound.c.received_at >= conversation.c.held_at)
    .order_by(inbound.c.received_at)
)


class Conversations(Part):
    """The conversations' part of :class:`bot.ports.Ledger`."""

    def head(self, conversation: str) -> Head | None:
        row = direct.first(self._connection, _HEAD, {"conversation": conversation})
        if row is None:
            return None
        seq, arrived, lines, orders, edition = row
        self._lines.setdefault(conversation, lines)
        return Head(seq, arrived, orders or "", edition or 0)

    def create(self, conversation: Conversation, now: int) -> Head:
        columns = {**_columns(conversation), "seq": conversation.turn, "created_at": now, "changed_at": now}
        self._connection.execute(_CREATE, {"id": conversation.id, **columns})
        head = self.head(conversation.id)
        assert head is not None
        return head

    def read(self, conversation: str) -> Conversation | None:
        state = self._connection.scalar(_READ, {"conversation": conversation})
        return from_data(json.loads(state)) if state else None

    def save(self, conversation: Conversation, seq: int, arrived: int, now: int, state: str = "") -> None:
        direct.execute(
            self._connection,
            _SAVE,
            {
                "conversation": conversation.id,
                **_columns(conversation, state),
                **self._counted(conversation.id),
                "seq": seq,
                "arrived": arrived,
                "changed_at": now,
                "held_now": now if conversation.control == "held" else 0,
            },
        )

    def silences_due(self, now: int, limit: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_SILENCES, {"now": now, "rows_max": limit}))

    def needing_a_person(self) -> tuple[Waiting, ...]:
        found = {row.id: Waiting(*row) for row in self._connection.execute(_NEEDING)}
        for id, control, note, at in self._connection.execute(_UNDELIVERED):
            reason = note or "a message could not be delivered"
            found.setdefault(id, Waiting(id, control, "", reason, urgent=False, look=True, waiting_since=at))
        for id, control, why, at in self._connection.execute(_NOT_SAID):
            reason = f"a follow-up was not sent: {why}"
            found.setdefault(id, Waiting(id, control, "", reason, urgent=False, look=True, waiting_since=at))
        for id, control, at in self._connection.execute(_GIVEN_UP):
            reason = "a message of the patient could not be handled"
            found.setdefault(id, Waiting(id, control, "", reason, urgent=False, look=True, waiting_since=at))
        return tuple(sorted(found.values(), key=lambda one: (not one.urgent, one.waiting_since, one.conversation)))


def _columns(conversation: Conversation, state: str = "") -> dict[str, Any]:
    """The state, and beside it what the desk and the outbox look for."""
    place = filed(conversation)
    return {
        "folder": place.folder,
        "rank": place.rank,
        "sort_at": place.sort_at,
        "address": conversation.address,
        "control": conversation.control,
        "holder": conversation.holder,
        "reason": conversation.reason,
        "urgent": conversation.urgent,
        "look": conversation.look,
        "opted_out": conversation.opted_out,
        "agreed_at": conversation.agreed_at,
        "waiting_since": conversation.waiting_since,
        "unreachable": conversation.unreachable,
        "last_inbound_at": conversation.last_inbound_at,
        "silence_due": conversation.silence_due,
        "state": state or written(conversation),
    }
