"""Files that staff send: chosen for a draft, named by words of the outbox, forgotten by their row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, exists, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import draft, outbox, send_attempt, sent_file
from bot.ports.sent_files import Posting, SentFile

_COLUMNS = tuple(sent_file.c)
_KEEP = insert(sent_file)
_THESE = select(*_COLUMNS).where(sent_file.c.id.in_(bindparam("ids", expanding=True)))
_NEWEST = (
    select(*_COLUMNS)
    .where(sent_file.c.conversation == bindparam("conversation"))
    .order_by(sent_file.c.at.desc(), sent_file.c.id)
    .limit(bindparam("rows_max"))
)
_POSTED = (
    select(*_COLUMNS, outbox.c.status, send_attempt.c.started_at)
    .join_from(send_attempt, outbox, outbox.c.id == send_attempt.c.outbox_id)
    .join(sent_file, sent_file.c.id == outbox.c.media)
    .where(send_attempt.c.id == bindparam("attempt"))
)
_HERS = (
    draft.c.conversation == bindparam("at_conversation"),
    draft.c.staff == bindparam("of_staff"),
    draft.c.mode == "reply",
)
_IN_DRAFT = select(draft.c.file).where(*_HERS)
_new_draft = insert_or_leave(draft)
_PUT = _new_draft.on_conflict_do_update(
    index_elements=["conversation", "staff", "mode"],
    set_={name: _new_draft.excluded[name] for name in ("file", "saved_at")},
)
_TAKE_OUT = update(draft).where(*_HERS).values(file="")
_DROP_EMPTY = delete(draft).where(*_HERS, draft.c.text == "", draft.c.file == "")
_GOES = exists().where(
    outbox.c.conversation == bindparam("at_conversation"),
    outbox.c.media == bindparam("file"),
    outbox.c.status != "suppressed",
    outbox.c.line > 0,
)
_DROP_UNSENT = delete(sent_file).where(
    sent_file.c.id == bindparam("file"), sent_file.c.conversation == bindparam("at_conversation"), ~_GOES
)


class SentFiles(Part):
    """The part of :class:`bot.ports.Ledger` for files of staff."""

    def keep_sent_file(self, file: SentFile) -> None:
        self._connection.execute(_KEEP, {column.name: getattr(file, column.name) for column in _COLUMNS})

    def sent_file(self, id: str) -> SentFile | None:
        return next(iter(self.sent_files([id])), None)

    def sent_files(self, ids: Sequence[str]) -> tuple[SentFile, ...]:
        rows = self._connection.execute(_THESE, {"ids": list(ids)}) if ids else ()
        return tuple(_file(row) for row in rows)

    def sent_files_of(self, conversation: str, limit: int) -> tuple[SentFile, ...]:
        rows = self._connection.execute(_NEWEST, {"conversation": conversation, "rows_max": limit}).all()
        return tuple(_file(row) for row in reversed(rows))

    def put_into_draft(self, conversation: str, staff: str, file: str, now: int) -> str:
        before = self.draft_file(conversation, staff)
        if file:
            row = {"conversation": conversation, "staff": staff, "mode": "reply", "file": file, "saved_at": now}
            self._connection.execute(_PUT, row)
        else:
            self._connection.execute(_TAKE_OUT, _whose(conversation, staff))
            self._connection.execute(_DROP_EMPTY, _whose(conversation, staff))
        return before

    def draft_file(self, conversation: str, staff: str) -> str:
        return self._connection.scalar(_IN_DRAFT, _whose(conversation, staff)) or ""

    def drop_unsent_file(self, conversation: str, id: str) -> bool:
        this = {"file": id, "at_conversation": conversation}
        return self._connection.execute(_DROP_UNSENT, this).rowcount > 0

    def posting_of(self, attempt: str) -> Posting | None:
        row = self._connection.execute(_POSTED, {"attempt": attempt}).first()
        return Posting(_file(row), row.status, row.started_at) if row is not None else None

    def _forget_sent_files(self, conversation: str, before: int, limit: int) -> tuple[str, ...]:
        """Forget files chosen before an instant, of one conversation or (``""``) of all; their ids."""
        of = (sent_file.c.conversation == conversation,) if conversation else ()
        old = select(sent_file.c.id).where(sent_file.c.at < before, *of).order_by(sent_file.c.at).limit(limit)
        ids = tuple(self._connection.scalars(old))
        if ids:
            self._connection.execute(delete(sent_file).where(sent_file.c.id.in_(ids)))
        return ids


def _whose(conversation: str, staff: str) -> dict[str, str]:
    return {"at_conversation": conversation, "of_staff": staff}


def _file(row: Any) -> SentFile:
    id, conversation, staff, name, content_type, size, key, at = row[: len(_COLUMNS)]
    return SentFile(id, conversation, staff, name, content_type, size, bytes(key), at)
