"""What staff write: replies that can be taken back, drafts, notes, labels, quick replies, standing orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import draft, label, note, outbox, quick_reply, standing_order
from bot.ports.reception import DraftMode, QuickReply, TakenBack, ThreadLine

TAKEN_BACK = "taken back before it left"
_PARTS_MAX = 10
_ORDERS = "orders"

_ROWS = (
    select(
        outbox.c.id, outbox.c.status, outbox.c.text, outbox.c.speaker, outbox.c.tries, outbox.c.due_at, outbox.c.media
    )
    .where(outbox.c.key.in_(bindparam("keys", expanding=True)))
    .order_by(outbox.c.id)
    .with_for_update()
)
_TAKE_BACK = update(outbox).where(outbox.c.id == bindparam("row"))
_DRAFT = (
    (draft.c.conversation == bindparam("at_conversation")),
    (draft.c.staff == bindparam("of_staff")),
    (draft.c.mode == bindparam("in_mode")),
)
_EMPTY_DRAFT = update(draft).where(*_DRAFT).values(text="")
# A file that was chosen for it stays, without words.
_DROP_DRAFT = delete(draft).where(*_DRAFT, draft.c.file == "")
_new_draft = insert_or_leave(draft)
_SAVE_DRAFT = _new_draft.on_conflict_do_update(
    index_elements=["conversation", "staff", "mode"],
    set_={"text": _new_draft.excluded.text, "saved_at": _new_draft.excluded.saved_at},
)
_DRAFTS = select(draft.c.mode, draft.c.text).where(*_DRAFT[:2])
# One that she has chosen since stays.
_GIVE_BACK_FILE = update(draft).where(*_DRAFT, draft.c.file == "").values(file=bindparam("given"))
_NOTE = insert(note)
_NOTES = (
    select(note)
    .where(note.c.conversation == bindparam("conversation"))
    .order_by(note.c.line.desc())
    .limit(bindparam("rows_max"))
)
_PUT_LABEL = (
    insert_or_leave(label).on_conflict_do_nothing(index_elements=["conversation", "name"]).returning(label.c.name)
)
_DROP_LABEL = delete(label).where(
    label.c.conversation == bindparam("at_conversation"), label.c.name == bindparam("named")
)
_LABELS = select(label.c.name, func.count()).group_by(label.c.name).order_by(label.c.name)
_QUICK_REPLIES = select(quick_reply.c.shortcut, quick_reply.c.text, quick_reply.c.used).order_by(quick_reply.c.shortcut)
_new_quick = insert_or_leave(quick_reply)
_SAVE_QUICK = _new_quick.on_conflict_do_update(
    index_elements=["shortcut"],
    set_={name: _new_quick.excluded[name] for name in ("text", "changed_by", "changed_at")},
)
_DROP_QUICK = delete(quick_reply).where(quick_reply.c.shortcut == bindparam("named"))
_USED_QUICK = (
    update(quick_reply).where(quick_reply.c.shortcut == bindparam("named")).values(used=quick_reply.c.used + 1)
)
_READ_ORDERS = select(standing_order.c.value).where(standing_order.c.name == _ORDERS)
_new_orders = insert_or_leave(standing_order)
_GIVE_ORDERS = _new_orders.on_conflict_do_update(
    index_elements=["name"], set_={name: _new_orders.excluded[name] for name in ("value", "staff", "at")}
)


class DeskWriting(Part):
    """What staff write, and what holds for all: their parts of :class:`bot.ports.Ledger`."""

    def staff_rows(self, token: str) -> tuple[tuple[int, str, int], ...]:
        return tuple((row.id, row.status, row.due_at) for row in self._staff_rows(token))

    def staff_words(self, token: str) -> tuple[str, str] | None:
        rows = self._staff_rows(token)
        return (" ".join(row.text for row in rows), _file_of(rows)) if rows else None

    def take_back(self, token: str, speaker: str, now: int) -> TakenBack | None:
        rows = self._staff_rows(token)
        if not rows or any(row.status != "queued" or row.tries or row.speaker != speaker for row in rows):
            return None
        for row in rows:
            gone = {"row": row.id, "status": "suppressed", "note": TAKEN_BACK, "changed_at": now}
            self._connection.execute(_TAKE_BACK, gone)
        return TakenBack("".join(row.text for row in rows), _file_of(rows))

    def _staff_rows(self, token: str) -> list[Any]:
        keys = [f"staff:{token}:{part}" for part in range(1, _PARTS_MAX + 1)]
        return list(self._connection.execute(_ROWS, {"keys": keys}))

    def save_draft(self, conversation: str, staff: str, mode: DraftMode, text: str, now: int) -> None:
        if not text.strip():
            this = {"at_conversation": conversation, "of_staff": staff, "in_mode": mode}
            self._connection.execute(_EMPTY_DRAFT, this)
            self._connection.execute(_DROP_DRAFT, this)
            return
        row = {"conversation": conversation, "staff": staff, "mode": mode, "text": text, "saved_at": now}
        self._connection.execute(_SAVE_DRAFT, row)

    def drafts(self, conversation: str, staff: str) -> Mapping[str, str]:
        rows = self._connection.execute(_DRAFTS, {"at_conversation": conversation, "of_staff": staff})
        return {str(mode): str(text) for mode, text in rows if text}

    def add_note(self, conversation: str, staff: str, text: str, now: int) -> int:
        line = self._next_line(conversation)
        row = {"conversation": conversation, "staff": staff, "text": text, "at": now, "line": line}
        self._connection.execute(_NOTE, row)
        return line

    def notes(self, conversation: str, limit: int) -> tuple[ThreadLine, ...]:
        rows = self._connection.execute(_NOTES, {"conversation": conversation, "rows_max": limit})
        return tuple(ThreadLine(row.line, row.at, "note", row.text, speaker=row.staff, row=row.id) for row in rows)

    def put_label(self, conversation: str, name: str, staff: str, now: int) -> bool:
        row = {"conversation": conversation, "name": name, "staff": staff, "at": now}
        return self._connection.execute(_PUT_LABEL, row).first() is not None

    def drop_label(self, conversation: str, name: str) -> bool:
        this = {"at_conversation": conversation, "named": name}
        return self._connection.execute(_DROP_LABEL, this).rowcount > 0

    def labels(self) -> Mapping[str, int]:
        return {name: int(count) for name, count in self._connection.execute(_LABELS)}

    def quick_replies(self) -> tuple[QuickReply, ...]:
        return tuple(QuickReply(*row) for row in self._connection.execute(_QUICK_REPLIES))

    def save_quick_reply(self, shortcut: str, text: str, staff: str, now: int) -> None:
        if not text.strip():
            self._connection.execute(_DROP_QUICK, {"named": shortcut})
            return
        row = {"shortcut": shortcut, "text": text, "changed_by": staff, "changed_at": now}
        self._connection.execute(_SAVE_QUICK, row)

    def used_quick_reply(self, shortcut: str) -> None:
        self._connection.execute(_USED_QUICK, {"named": shortcut})

    def orders(self) -> str:
        return self._connection.scalar(_READ_ORDERS) or ""

    def give_orders(self, orders: str, staff: str, now: int) -> None:
        self._connection.execute(_GIVE_ORDERS, {"name": _ORDERS, "value": orders, "staff": staff, "at": now})


def returned_to_draft(connection: Any, row: Any, now: int) -> None:
    """Words of a receptionist that may not leave any more are her draft again, before what she has written since, and
    so is their file."""
    this = {"at_conversation": row.conversation, "of_staff": row.speaker}
    begun = next((text for mode, text in connection.execute(_DRAFTS, this) if mode == "reply"), "")
    text = "\n\n".join(filter(None, (row.text, begun)))
    draft_row = {"conversation": row.conversation, "staff": row.speaker, "mode": "reply", "text": text, "saved_at": now}
    connection.execute(_SAVE_DRAFT, draft_row)
    if row.media:
        connection.execute(_GIVE_BACK_FILE, {**this, "in_mode": "reply", "given": row.media})


def _file_of(rows: list[Any]) -> str:
    return next((str(row.media) for row in rows if row.media), "")
