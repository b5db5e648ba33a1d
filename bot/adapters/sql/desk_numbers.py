"""What the lead's numbers are counted from: each stretch in which a person was needed or had a conversation."""

from __future__ import annotations

from sqlalchemy import bindparam, case, exists, func, insert, select, text, update

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import UNDELIVERED, appointment, hand_over, outbox
from bot.ports.reception import HandOver, Tally

_OPEN = (hand_over.c.conversation == bindparam("at_conversation"), text("hand_over.ended_at = 0"))
_RUNS = select(exists().where(*_OPEN))
_URGENT = update(hand_over).where(*_OPEN).values(urgent=True)
_ASK = insert(hand_over)
_CLAIM = update(hand_over).where(*_OPEN, hand_over.c.claimed_at == 0)
_ANSWER = update(hand_over).where(*_OPEN, hand_over.c.answered_at == 0)
_END = update(hand_over).where(*_OPEN)
_newest = select(func.max(hand_over.c.id)).where(hand_over.c.conversation == bindparam("at_conversation"))
_GO_ON = (
    update(hand_over)
    .where(hand_over.c.id == _newest.scalar_subquery(), hand_over.c.ended == "silent")
    .values(ended_at=0, ended="", closed_as="")
)
_BETWEEN = (
    select(*(hand_over.c[name] for name in HandOver.__dataclass_fields__))
    .where(hand_over.c.asked_at >= bindparam("start"), hand_over.c.asked_at < bindparam("end"))
    .order_by(hand_over.c.asked_at, hand_over.c.id)
)
_FAILED = (
    select(outbox.c.note, func.count())
    .where(text(UNDELIVERED), outbox.c.changed_at >= bindparam("start"), outbox.c.changed_at < bindparam("end"))
    .group_by(outbox.c.note)
)
_BY = case((appointment.c.created_by == "bot", "bot"), else_="staff")
_STARTING = (
    select(appointment.c.status, _BY, func.count())
    .where(appointment.c.starts_at >= bindparam("start"), appointment.c.starts_at < bindparam("end"))
    .group_by(appointment.c.status, _BY)
)
_BOOKED = (
    select(_BY, func.count())
    .where(appointment.c.created_at >= bindparam("start"), appointment.c.created_at < bindparam("end"))
    .group_by(_BY)
)


class DeskNumbers(Part):
    """The numbers' part of :class:`bot.ports.Ledger`."""

    def hand_over_asked(self, conversation: str, reason: str, urgent: bool, now: int) -> None:
        this = {"at_conversation": conversation}
        if not self._connection.scalar(_RUNS, this):
            row = {"conversation": conversation, "asked_at": now, "reason": reason, "urgent": urgent}
            self._connection.execute(_ASK, row)
        elif urgent:
            self._connection.execute(_URGENT, this)

    def hand_over_claimed(self, conversation: str, by: str, now: int) -> None:
        self._connection.execute(_CLAIM, {"at_conversation": conversation, "claimed_at": now, "claimed_by": by})

    def hand_over_answered(self, conversation: str, now: int) -> None:
        self._connection.execute(_ANSWER, {"at_conversation": conversation, "answered_at": now})

    def hand_over_ended(self, conversation: str, how: str, now: int, closed_as: str = "") -> None:
        ended = {"ended_at": now, "ended": how, "closed_as": closed_as}
        self._connection.execute(_END, {"at_conversation": conversation, **ended})

    def hand_over_goes_on(self, conversation: str) -> bool:
        return self._connection.execute(_GO_ON, {"at_conversation": conversation}).rowcount > 0

    def hand_overs(self, start: int, end: int) -> tuple[HandOver, ...]:
        return tuple(HandOver(*row) for row in self._connection.execute(_BETWEEN, {"start": start, "end": end}))

    def tally(self, start: int, end: int) -> Tally:
        between = {"start": start, "end": end}
        return Tally(
            failed={note: int(count) for note, count in self._connection.execute(_FAILED, between)},
            appointments={
                (status, by): int(count) for status, by, count in self._connection.execute(_STARTING, between)
            },
            booked={by: int(count) for by, count in self._connection.execute(_BOOKED, between)},
        )
