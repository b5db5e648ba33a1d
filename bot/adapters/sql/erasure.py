"""Erasing: who it was goes at once, in one transaction; the rest piece by piece, however often we are killed meanwhile.

Theory of operation
-------------------
An erasure notes how far each conversation's thread and turns had come. Everything up to there goes; what a patient
writes from that commit on is new, and stays. The state is written anew and empty under a raised ``seq``, so that a
turn that began with the old one reads it back, empty. Rows that are counted, or that keep something from being taken
in twice (a message's sid, an appointment's time), stay as empty shells; all others are deleted. A shell leaves its
place in the thread (``line`` 0), which is how the next piece is found: nothing is remembered between two pieces.

What lies outside of this database (Redis, files, Twilio) is a row of ``leftover`` until it is done there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, Table, bindparam, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or

from bot.adapters.sql.conversations import Conversations
from bot.adapters.sql.part import to_json
from bot.adapters.sql.schema import (
    appointment,
    consent,
    conversation,
    draft,
    erasure,
    erasure_of,
    follow_up,
    hand_over,
    inbound,
    journal,
    label,
    leftover,
    media,
    mention,
    note,
    occupancy,
    outbox,
    patient,
    patient_merge,
    patient_of_conversation,
    send_attempt,
    sent_file,
    waiting_list,
    wish,
    word,
)
from bot.core.conversation import Conversation
from bot.core.erasure import emptied
from bot.ports.erasure import AGE, ERASED, Erasure, Extent, Leftover, LeftoverKind

AGAIN_SECONDS, AGAIN_SECONDS_MAX = 30, 3600
NOT_SAID = "the patient's data were erased"
_THESE: Any = bindparam("conversations", expanding=True)

SHELLS: Mapping[Table, Mapping[str, object]] = {
    inbound: {"event": to_json({"event": "Message", "sid": "", "kind": "erased"}), "line": 0, "status": "done"},
    outbox: {
        **dict.fromkeys(("text", "choices", "list_button", "hint", "template", "variables", "media"), ""),
        "line": 0,
    },
    wish: {"wishes": "{}", "status": "done"},
    hand_over: {"reason": ""},
    consent: {"words": ""},
}
"""Rows of a conversation that stay, and what stands in them afterwards."""
GONE: Mapping[Table, str] = {
    journal: "at", note: "at", mention: "at", draft: "saved_at", label: "at", sent_file: "at",
}  # fmt: skip
"""Rows of a conversation that are deleted, and when each was written."""
_AT: Mapping[Table, str] = {wish: "created_at", hand_over: "asked_at", consent: "at"}
_OPEN = select(erasure_of).where(text("emptied_at = 0")).order_by(erasure_of.c.erasure, erasure_of.c.conversation)

_new_leftover = insert_or(leftover)
_LEAVE = _new_leftover.on_conflict_do_update(
    index_elements=["kind", "id"],
    set_={name: _new_leftover.excluded[name] for name in ("erasure", "tries", "due_at")},
)
_LEAVE_ONCE = insert_or(leftover).on_conflict_do_nothing(index_elements=["kind", "id"])
# A message goes at Twilio once its files have: they could not be named afterwards.
_FILES_FIRST = exists().where(media.c.inbound == leftover.c.id, media.c.due_at > 0)
_DUE = select(leftover).where(leftover.c.due_at <= bindparam("now"), or_(leftover.c.kind != "message", ~_FILES_FIRST))


class Erasures(Conversations):
    """The erasures' part of :class:`bot.ports.Ledger`, and the conversations' own, whose states it empties."""

    # ---- before

    def extent(self, patient: int, conversations: Sequence[str]) -> Extent:
        def count(table: Table, *where: Any) -> int:
            theirs = select(func.count()).select_from(table).where(table.c.conversation.in_(_THESE), *where)
            return int(self._connection.scalar(theirs, {"conversations": list(conversations)}) or 0)

        visits = select(func.count()).select_from(appointment).where(appointment.c.patient_id == patient)
        return Extent(
            messages=count(inbound, inbound.c.line > 0),
            words=count(outbox, outbox.c.line > 0),
            files=count(media, media.c.status == "kept") + count(sent_file),
            notes=count(note),
            visits=int(self._connection.scalar(visits) or 0),
        )

    def to_come(self, patient: int, conversations: Sequence[str], now: int) -> int:
        theirs = or_(appointment.c.patient_id == patient, appointment.c.conversation.in_(_THESE))
        booked = select(func.count()).where(theirs, appointment.c.status == "booked", appointment.c.ends_at > now)
        return int(self._connection.scalar(booked, {"conversations": list(conversations)}) or 0)

    def marks(self, patient: int, conversations: Sequence[str]) -> tuple[str, ...]:
        # An id alone would be somebody else's in a database that was put back to before it was given.
        records = (f"patient:{id}:{made_at}" for id, made_at in self._records(patient))
        return (*records, *(f"conversation:{one}" for one in conversations))

    def _records(self, of: int) -> list[tuple[int, int]]:
        """A patient's record, and those that were merged into it, with when each was made."""
        found: dict[int, int] = {}
        ids = {of} - {0}
        while ids:
            rows = self._connection.execute(select(patient.c.id, patient.c.created_at).where(patient.c.id.in_(ids)))
            found |= {row.id: row.created_at for row in rows}
            merged = select(patient_merge.c.gone).where(patient_merge.c.kept.in_(ids), patient_merge.c.undone_at == 0)
            ids = set(self._connection.scalars(merged)) - set(found)
        return sorted(found.items())

    # ---- erasing

    def begin_erasure(self, patient: int, conversations: Sequence[str], staff: str, now: int) -> int:
        row = {"patient": patient, "staff": staff, "asked_at": now}
        id = int(self._connection.scalar(insert(erasure).returning(erasure.c.id), row) or 0)
        for one in sorted(conversations):
            self._begin_in(id, one, staff, now)
        ids = [record for record, _ in self._records(patient)]
        if ids:
            self._forget_who(ids, now)
        return id

    def _begin_in(self, erasure: int, one: str, staff: str, now: int) -> None:
        """Empty a conversation's state, locked, and stop all that would still be said in it."""
        head = self.head(one)
        before = self.read(one) or Conversation(one, "")
        if head is None:
            return
        place = {"erasure": erasure, "conversation": one, "asked_at": now, "seq": head.seq}
        place |= {"address": before.address, "lines": self._lines[one]}
        self._connection.execute(insert(erasure_of), place)
        said = to_json({"event": "StaffDid", "by": staff, "what": "erased", "detail": ""})
        told = {"conversation": one, "seq": head.seq + 1, "at": now, "event": said, "trace": "[]"}
        self._connection.execute(insert(journal), {**told, "line": self._next_line(one)})
        unsaid = outbox.c.status.in_(("queued", "sending", "unknown"))
        stopped = {"status": "suppressed", "note": NOT_SAID, "changed_at": now}
        self._set(outbox, stopped, outbox.c.conversation == one, unsaid)
        self._set(inbound, {"status": "done"}, inbound.c.conversation == one, inbound.c.status != "done")
        theirs = or_(
            follow_up.c.conversation == one,
            follow_up.c.appointment_id.in_(select(appointment.c.id).where(appointment.c.conversation == one)),
        )
        skipped = {"status": "skipped", "why": NOT_SAID, "changed_at": now}
        self._set(follow_up, skipped, theirs, follow_up.c.status.in_(("pending", "needs_person")))
        self._connection.execute(
            delete(occupancy).where(occupancy.c.conversation == one, occupancy.c.state == word("held"))
        )
        self.save(emptied(before, head.seq + 1, now), head.seq + 1, head.arrived, now)
        # What failed until now nobody has to see to.
        self._set(conversation, {"about": 0, "held_at": now + 1}, conversation.c.id == one)

    def _forget_who(self, ids: Sequence[int], now: int) -> None:
        blank = {"name": ERASED, "phone": "", "born": "", "remarks": ""}
        self._set(patient, blank, patient.c.id.in_(ids))
        spoken_of = patient_of_conversation.c.patient_id.in_(ids)
        where = conversation.c.id.in_(select(patient_of_conversation.c.conversation).where(spoken_of))
        self._set(conversation, {"about": 0}, where, conversation.c.about.in_(ids))
        self._connection.execute(delete(patient_of_conversation).where(spoken_of))
        merged = or_(patient_merge.c.kept.in_(ids), patient_merge.c.gone.in_(ids))
        self._set(patient_merge, {"moved": "{}", "undone_at": now}, merged)
        theirs = select(appointment.c.id).where(appointment.c.patient_id.in_(ids))
        self._set(appointment, {"whom": ""}, appointment.c.patient_id.in_(ids))
        self._connection.execute(delete(waiting_list).where(waiting_list.c.appointment_id.in_(theirs)))
        skipped = {"status": "skipped", "why": NOT_SAID, "changed_at": now}
        self._set(follow_up, skipped, follow_up.c.appointment_id.in_(theirs), follow_up.c.status == "pending")

    def _set(self, table: Table, values: Mapping[str, object], *where: Any) -> None:
        self._connection.execute(update(table).where(*where).values(**values))

    def erase_some(self, limit: int, now: int) -> bool:
        place = self._connection.execute(_OPEN.limit(1)).first()
        if place is None:
            return False
        # Whoever else erases here waits for us, and then finds less.
        self.head(place.conversation)
        if not any(step(place, limit, now) for step in (self._messages, self._words, self._files, self._rest)):
            here = (erasure_of.c.erasure == place.erasure, erasure_of.c.conversation == place.conversation)
            self._set(erasure_of, {"emptied_at": now}, *here)
        return True

    def _messages(self, place: Any, limit: int, now: int) -> bool:
        sids = self._some(inbound.c.sid, _lines_to(inbound, place), limit)
        if sids:
            self._set(inbound, SHELLS[inbound], inbound.c.sid.in_(sids))
            self.leave(place.erasure, "message", sids, now)
        return bool(sids)

    def _words(self, place: Any, limit: int, now: int) -> bool:
        ids = self._some(outbox.c.id, _lines_to(outbox, place), limit)
        if ids:
            self._set(outbox, SHELLS[outbox], outbox.c.id.in_(ids))
            known = send_attempt.c.sid.is_not(None)
            posted = select(send_attempt.c.sid).where(send_attempt.c.outbox_id.in_(ids), known)
            self.leave(place.erasure, "message", list(self._connection.scalars(posted)), now)
        return bool(ids)

    def _files(self, place: Any, limit: int, now: int) -> bool:
        # The media part is another one of the same ledger's.
        forget: Callable[..., tuple[str, ...]] = self.forget_media  # type: ignore[attr-defined]
        ids = forget(place.conversation, place.asked_at + 1, limit, now)
        self.leave(place.erasure, "file", ids, now)
        return bool(ids)

    def _rest(self, place: Any, limit: int, now: int, stays: frozenset[Table] = frozenset()) -> bool:
        turns = (journal.c.conversation == place.conversation, journal.c.seq <= place.seq)
        ids = self._some(journal.c.id, turns, limit)
        if ids:
            self._connection.execute(delete(journal).where(journal.c.id.in_(ids)))
            return True
        for table in GONE.keys() - {journal} - stays:
            written = (table.c.conversation == place.conversation, table.c[GONE[table]] <= place.asked_at)
            self._connection.execute(delete(table).where(*written))
        for table in _AT.keys() - stays:
            written = (table.c.conversation == place.conversation, table.c[_AT[table]] <= place.asked_at)
            self._set(table, SHELLS[table], *written)
        return False

    def _some(self, id: Any, where: Iterable[Any], limit: int) -> list[Any]:
        return list(self._connection.scalars(select(id).where(*where).limit(limit)))

    # ---- outside

    def leave(self, erasure: int, kind: LeftoverKind, ids: Sequence[str], due_at: int) -> None:
        rows = [{"kind": kind, "id": id, "erasure": erasure, "tries": 0, "due_at": due_at} for id in ids]
        if rows:
            # A message that was found once more is tried on as before.
            self._connection.execute(_LEAVE_ONCE if kind == "message" else _LEAVE, rows)

    def leftover_due(self, now: int) -> bool:
        open_here = self._connection.execute(_OPEN.limit(1)).first()
        return open_here is not None or self._connection.execute(_DUE.limit(1), {"now": now}).first() is not None

    def take_leftovers(self, limit: int, now: int) -> tuple[Leftover, ...]:
        due = _DUE.order_by(leftover.c.due_at).limit(limit).with_for_update(skip_locked=True)
        taken = [self._taken(row, now) for row in self._connection.execute(due, {"now": now}).all()]
        return tuple(taken)

    def _taken(self, row: Any, now: int) -> Leftover:
        tries = row.tries + 1
        wait = min(AGAIN_SECONDS << min(tries - 1, 10), AGAIN_SECONDS_MAX)
        self._set(
            leftover, {"tries": tries, "due_at": now + wait}, leftover.c.kind == row.kind, leftover.c.id == row.id
        )
        asked = select(erasure.c.asked_at).where(erasure.c.id == row.erasure)
        # Erased again before Twilio was asked for the last time: the address is that of the erasure before.
        known = (erasure_of.c.conversation == row.id, erasure_of.c.address != "")
        whose = select(erasure_of.c.address).where(*known).order_by(erasure_of.c.asked_at.desc()).limit(1)
        address = self._connection.scalar(whose) or "" if row.kind == "look" else ""
        return Leftover(row.kind, row.id, row.erasure, int(self._connection.scalar(asked) or 0), tries, address)

    def look_again(self, one: Leftover, due_at: int) -> None:
        self._set(leftover, {"due_at": due_at}, leftover.c.kind == one.kind, leftover.c.id == one.id)

    def leftover_done(self, one: Leftover, now: int) -> None:
        self._connection.execute(delete(leftover).where(leftover.c.kind == one.kind, leftover.c.id == one.id))
        if one.kind == "look":
            self._set(erasure_of, {"address": ""}, erasure_of.c.conversation == one.id)
        left = exists().where(leftover.c.erasure == one.erasure)
        unemptied = exists().where(erasure_of.c.erasure == one.erasure, erasure_of.c.emptied_at == 0)
        self._set(erasure, {"finished_at": now}, erasure.c.id == one.erasure, ~left, ~unemptied)

    # ---- afterwards

    def erasure(self, id: int) -> Erasure | None:
        found = self._erasures(select(erasure).where(erasure.c.id == id))
        return found[0] if found else None

    def erasures(self, limit: int) -> tuple[Erasure, ...]:
        asked_for = select(erasure).where(erasure.c.staff != AGE)
        return self._erasures(asked_for.order_by(erasure.c.id.desc()).limit(limit))

    def _erasures(self, wanted: Select[Any]) -> tuple[Erasure, ...]:
        return tuple(self._erasure(row) for row in self._connection.execute(wanted).all())

    def _erasure(self, row: Any) -> Erasure:
        of = select(erasure_of.c.conversation, erasure_of.c.emptied_at).where(erasure_of.c.erasure == row.id)
        places = self._connection.execute(of.order_by(erasure_of.c.conversation)).all()
        left = select(func.count()).select_from(leftover).where(leftover.c.erasure == row.id)
        return Erasure(
            row.id,
            row.patient,
            tuple(place.conversation for place in places),
            row.staff,
            row.asked_at,
            row.finished_at,
            all(place.emptied_at for place in places),
            int(self._connection.scalar(left) or 0),
        )

    def erased_at(self, conversation: str) -> int:
        newest = select(func.max(erasure_of.c.asked_at)).where(erasure_of.c.conversation == conversation)
        return int(self._connection.scalar(newest) or 0)


def _lines_to(table: Table, place: Any) -> tuple[Any, ...]:
    return (table.c.conversation == place.conversation, table.c.line > 0, table.c.line <= place.lines)
