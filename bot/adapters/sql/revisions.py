"""Revisions of the flow files, their publishings, and who is in the middle of a flow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part, to_json
from bot.adapters.sql.schema import appointment, conversation, flow_file, published, revision
from bot.core.conversation import Conversation, from_data
from bot.ports.revisions import Files, Published

ROWS_A_READ = 500

_PUBLISHED: Select[Any] = select(
    published.c.number,
    published.c.revision,
    published.c.base,
    published.c.staff.label("by"),
    published.c.at,
    published.c.note,
    published.c.moves,
)
_NEWEST_FIRST = _PUBLISHED.order_by(published.c.number.desc())
_KEEP_FILE = insert(flow_file).on_conflict_do_nothing()
_KEEP_REVISION = insert(revision).on_conflict_do_nothing()
# Whoever comes second waits for the first to commit, and then changes nothing.
_PUBLISH = insert(published).on_conflict_do_nothing().returning(published.c.number)
_RUNNING = (
    select(conversation.c.id, conversation.c.state)
    .where(
        conversation.c.id > bindparam("after"),
        conversation.c.control != "closed",
        # Only a cheap sieve: a patient's words can look so too.
        conversation.c.state.contains('"stack":['),
    )
    .order_by(conversation.c.id)
    .limit(ROWS_A_READ)
)
_TO_COME = (
    select(appointment.c.service, appointment.c.practitioner, func.count())
    .where(appointment.c.status == "booked", appointment.c.starts_at > bindparam("now"))
    .group_by(appointment.c.service, appointment.c.practitioner)
    .order_by(appointment.c.service, appointment.c.practitioner)
)


class Revisions(Part):
    """The revisions' part of :class:`bot.ports.Ledger`."""

    def published(self) -> Published | None:
        return _row(self._connection.execute(_NEWEST_FIRST.limit(1)).first())

    def publishing(self, number: int) -> Published | None:
        return _row(self._connection.execute(_PUBLISHED.where(published.c.number == number)).first())

    def publishings(self, limit: int) -> tuple[Published, ...]:
        return tuple(Published(**row._mapping) for row in self._connection.execute(_NEWEST_FIRST.limit(limit)))

    def publish(self, published: Published, files: Files) -> bool:
        digests = {name: sha256(content).hexdigest() for name, content in sorted(files.items())}
        for name, content in files.items():
            self._connection.execute(_KEEP_FILE, {"digest": digests[name], "content": content})
        kept = {"id": published.revision, "files": to_json(digests), "made_at": published.at}
        self._connection.execute(_KEEP_REVISION, kept)
        row = {
            "number": published.number,
            "revision": published.revision,
            "base": published.base,
            "staff": published.by,
            "at": published.at,
            "note": published.note,
            "moves": published.moves,
        }
        return self._connection.execute(_PUBLISH, row).first() is not None

    def revision_files(self, id: str) -> Files | None:
        kept = self._connection.scalar(select(revision.c.files).where(revision.c.id == id))
        if kept is None:
            return None
        digests: dict[str, str] = json.loads(kept)
        wanted = select(flow_file.c.digest, flow_file.c.content).where(flow_file.c.digest.in_(set(digests.values())))
        contents = {digest: bytes(content) for digest, content in self._connection.execute(wanted)}
        return {name: contents[digest] for name, digest in digests.items()}

    def revisions_called(self, beginning: str) -> tuple[str, ...]:
        found = select(revision.c.id).where(revision.c.id.startswith(beginning, autoescape=True)).limit(2)
        return tuple(self._connection.scalars(found))

    def running(self) -> Iterator[Conversation]:
        after = ""
        while True:
            rows = self._connection.execute(_RUNNING, {"after": after}).all()
            for _, state in rows:
                found = from_data(json.loads(state))
                if found.stack:
                    yield found
            if len(rows) < ROWS_A_READ:
                return
            after = rows[-1].id

    def appointments_to_come(self, now: int) -> tuple[tuple[str, str, int], ...]:
        return tuple((row[0], row[1], row[2]) for row in self._connection.execute(_TO_COME, {"now": now}))


def _row(found: Row[Any] | None) -> Published | None:
    return None if found is None else Published(**found._mapping)
