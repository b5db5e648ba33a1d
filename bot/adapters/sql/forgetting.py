"""Forgetting words by their age: an erasure up to a moment in the past, of conversations in which nothing is open.

A conversation in which nothing moved since then forgets what was running in it as well. What an erasure leaves in the
diary stays, and so do consents with their words, labels, and who the patient is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, exists, func, insert, or_, select

from bot.adapters.sql.erasure import Erasures
from bot.adapters.sql.part import to_json
from bot.adapters.sql.schema import (
    appointment,
    consent,
    conversation,
    erasure,
    erasure_of,
    inbound,
    journal,
    label,
    note,
    outbox,
    wish,
    word,
)
from bot.core.conversation import Conversation
from bot.ports.erasure import AGE, Older

STAYS = frozenset({consent, label})
"""What an erasure would take from a conversation, and age does not: the proof of a consent, and how staff sort."""
_SAID: dict[Table, str] = {inbound: "received_at", outbox: "created_at", note: "at"}
"""What somebody said, and when."""
_FINISHED = select(erasure.c.id).where(erasure.c.staff == word(AGE), erasure.c.finished_at > 0)


def _here(table: Table, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.conversation == conversation.c.id, *where)


class Forgetting(Erasures):
    """The part of :class:`bot.ports.Ledger` that forgets by age."""

    def forgettable(self, older: Older, after: str, limit: int) -> tuple[str, ...]:
        wanted = select(conversation.c.id).where(conversation.c.id > after, *_closed_and_old(older))
        return tuple(self._connection.scalars(wanted.order_by(conversation.c.id).limit(limit)))

    def begin_forgetting(self, conversations: Sequence[str], older: Older, now: int) -> int:
        # Those of before are done: nothing asks for them any more.
        self._connection.execute(delete(erasure_of).where(erasure_of.c.erasure.in_(_FINISHED)))
        self._connection.execute(delete(erasure).where(erasure.c.id.in_(_FINISHED)))
        row = {"patient": 0, "staff": AGE, "asked_at": now}
        id = int(self._connection.scalar(insert(erasure).returning(erasure.c.id), row) or 0)
        begun = sum(self._forget_in(id, one, older, now) for one in sorted(conversations))
        if not begun:
            self._connection.execute(delete(erasure).where(erasure.c.id == id))
        return id if begun else 0

    def _forget_in(self, id: int, one: str, older: Older, now: int) -> bool:
        head, before = self.head(one), self.read(one)
        # Its row is locked only now: somebody may have written meanwhile.
        still = select(conversation.c.id).where(conversation.c.id == one, *_closed_and_old(older))
        if head is None or before is None or self._connection.scalar(still) is None:
            return False
        rests = max(before.last_inbound_at, before.staff_at) <= older.said_before
        if (before.stack or before.open) and not rests:
            return False
        place = {"erasure": id, "conversation": one, "asked_at": older.said_before}
        place |= {"lines": self._old_lines(one, older), "seq": self._old_turns(one, older)}
        self._connection.execute(insert(erasure_of), place)
        if rests:
            self._put_to_rest(before, head.seq + 1, head.arrived, now)
            self.leave(id, "state", [one], now)
        return True

    def _old_lines(self, one: str, older: Older) -> int:
        """How far a thread is old: up to its first line that is not, whatever clocks said of those before it."""
        first = [
            self._connection.scalar(
                select(func.min(table.c.line)).where(
                    table.c.conversation == one, table.c.line > 0, table.c[at] > older.said_before
                )
            )
            for table, at in _SAID.items()
        ]
        return min((line - 1 for line in first if line), default=self._lines[one])

    def _old_turns(self, one: str, older: Older) -> int:
        first = select(func.min(journal.c.seq)).where(journal.c.conversation == one, journal.c.at > older.said_before)
        newer = self._connection.scalar(first)
        last = select(func.max(journal.c.seq)).where(journal.c.conversation == one)
        return int(newer - 1 if newer else self._connection.scalar(last) or 0)

    def _put_to_rest(self, before: Conversation, seq: int, arrived: int, now: int) -> None:
        """Nothing runs any more, and the thread says why it is empty."""
        told = to_json({"event": "StaffDid", "by": "", "what": "forgotten", "detail": ""})
        row = {"conversation": before.id, "seq": seq, "at": now, "event": told, "trace": "[]"}
        self._connection.execute(insert(journal), {**row, "line": self._next_line(before.id)})
        rested = replace(before, stack=(), open=None, closed=None, followed=None, silence_due=0, turn=seq)
        self.save(rested, seq, arrived, now)

    def _rest(self, place: Any, limit: int, now: int, stays: frozenset[Table] = frozenset()) -> bool:
        by = self._connection.scalar(select(erasure.c.staff).where(erasure.c.id == place.erasure))
        return super()._rest(place, limit, now, STAYS if by == AGE else stays)


def _closed_and_old(older: Older) -> tuple[ColumnElement[bool], ...]:
    said = (_here(table, table.c.line > 0, table.c[at] <= older.said_before) for table, at in _SAID.items())
    booked = (appointment.c.status == "booked", appointment.c.ends_at > older.said_before)
    return (
        conversation.c.folder.in_(("bot", "done")),
        or_(*said),
        ~_here(inbound, inbound.c.status != word("done")),
        ~_here(outbox, outbox.c.status.in_(("queued", "sending", "unknown"))),
        ~_here(outbox, outbox.c.speech == word("safety"), outbox.c.created_at > older.safety_since),
        ~_here(erasure_of, erasure_of.c.emptied_at == 0),
        ~_here(wish, wish.c.status == word("open")),
        ~_here(appointment, *booked),
    )
