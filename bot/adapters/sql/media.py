"""Files that patients send: what became of each. The files themselves are :mod:`bot.adapters.media_store`'s."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update

from bot.adapters.sql.schema import media
from bot.adapters.sql.sent_files import SentFiles
from bot.core.media import TWILIO_COPY_SECONDS, MediaStatus, again_after, deletable
from bot.ports import Attachment, MediaRow

_ID = media.c.id == bindparam("media")
_ATTACH = insert(media)
_ROW = select(media).where(_ID)
_LOCKED = _ROW.with_for_update()
_DUE = (
    select(media.c.id)
    .where(media.c.due_at > 0, media.c.due_at <= bindparam("now"))
    .order_by(media.c.due_at)
    .limit(bindparam("rows_max"))
)
_OF = (
    select(media)
    .where(media.c.conversation == bindparam("conversation"))
    .order_by(media.c.received_at.desc(), media.c.inbound, media.c.place.desc())
    .limit(bindparam("rows_max"))
)
_WITH = (
    select(media)
    .where(media.c.inbound.in_(bindparam("inbounds", expanding=True)))
    .order_by(media.c.inbound, media.c.place)
)
_REMEMBERED = (
    select(media)
    .where(media.c.status != "forgotten", media.c.received_at < bindparam("before"))
    .order_by(media.c.received_at)
    .limit(bindparam("rows_max"))
    .with_for_update()
)
_REMEMBERED_OF = _REMEMBERED.where(media.c.conversation == bindparam("conversation"))
_CHANGE = update(media).where(_ID)


class MediaFiles(SentFiles):
    """The media part of :class:`bot.ports.Ledger`, and that of files staff send: both are forgotten alike."""

    def attach(
        self, conversation: str, inbound: str, attachments: Sequence[tuple[str, bytes, Attachment]], now: int
    ) -> None:
        rows = [
            {
                "id": id,
                "conversation": conversation,
                "inbound": inbound,
                "place": place,
                "url": one.url,
                "declared_type": one.declared_type,
                "key": key,
                "due_at": now,
                "received_at": now,
                "changed_at": now,
            }
            for place, (id, key, one) in enumerate(attachments)
        ]
        self._connection.execute(_ATTACH, rows)

    def media_due(self, now: int, limit: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_DUE, {"now": now, "rows_max": limit}))

    def take_media(self, id: str, now: int) -> MediaRow | None:
        row = self._connection.execute(_LOCKED, {"media": id}).first()
        if row is None or not 0 < row.due_at <= now:
            return None
        tries = row.tries + 1
        self._change(id, tries=tries, due_at=now + again_after(tries))
        return _row(row, tries)

    def media_kept(self, id: str, content_type: str, size: int, now: int) -> bool:
        row = self._connection.execute(_LOCKED, {"media": id}).first()
        if row is None or row.status == "forgotten":
            return False
        self._dealt_with(row, "kept", now, content_type=content_type, size=size)
        return True

    def media_not_kept(self, id: str, status: MediaStatus, note: str, now: int) -> None:
        row = self._connection.execute(_LOCKED, {"media": id}).first()
        if row is not None and row.status == "pending":
            self._dealt_with(row, status, now, note=note)

    def media_deleted(self, id: str) -> None:
        self._change(id, due_at=0)

    def media(self, id: str) -> MediaRow | None:
        row = self._connection.execute(_ROW, {"media": id}).first()
        return _row(row, row.tries) if row is not None else None

    def media_with(self, inbounds: Sequence[str]) -> tuple[MediaRow, ...]:
        rows = self._connection.execute(_WITH, {"inbounds": list(inbounds)}).all() if inbounds else ()
        return tuple(_row(row, row.tries) for row in rows)

    def media_of(self, conversation: str, limit: int) -> tuple[MediaRow, ...]:
        rows = self._connection.execute(_OF, {"conversation": conversation, "rows_max": limit}).all()
        return tuple(_row(row, row.tries) for row in reversed(rows))

    def forget_media(self, conversation: str, before: int, limit: int, now: int) -> tuple[str, ...]:
        statement = _REMEMBERED_OF if conversation else _REMEMBERED
        asked = {"conversation": conversation, "before": before, "rows_max": limit}
        rows = self._connection.execute(statement, asked).all()
        for row in rows:
            # A file that Twilio was never asked to delete has a moment for it, later; now is that moment.
            still_there = row.due_at > 0 and deletable(row.url)
            self._change(row.id, status="forgotten", key=b"", tries=0, due_at=now if still_there else 0, changed_at=now)
        ids = tuple(row.id for row in rows)
        return (*ids, *self._forget_sent_files(conversation, before, limit - len(ids)))

    def _dealt_with(self, row: Row[Any], status: MediaStatus, now: int, **more: object) -> None:
        due_at = now + TWILIO_COPY_SECONDS if deletable(row.url) else 0
        self._change(row.id, status=status, tries=0, due_at=due_at, changed_at=now, **more)

    def _change(self, id: str, **values: object) -> None:
        self._connection.execute(_CHANGE.values(**values), {"media": id})


def _row(row: Row[Any], tries: int) -> MediaRow:
    return MediaRow(
        row.id,
        row.conversation,
        row.inbound,
        row.url,
        row.status,
        row.content_type,
        row.size,
        row.note,
        bytes(row.key),
        tries,
        row.received_at,
    )
