"""The thread of a conversation, in pages: what patients wrote, what was said, what happened, and staff's notes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, bindparam, select, text

from bot.adapters.sql.journal import told
from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import inbound, journal, note, outbox, send_attempt
from bot.core.location import Location
from bot.core.one_line import one_line
from bot.ports.reception import ThreadLine

_COLUMNS: Mapping[Table, tuple[str, ...]] = {
    inbound: ("line", "received_at", "sid", "event", "status"),
    journal: ("line", "at", "event", "trace"),
    outbox: ("line", "created_at", "id", "speech", "speaker", "text", "choices", "status", "note", "due_at", "media"),
    note: ("line", "at", "id", "staff", "text"),
}


def _lines(table: Table, where: ColumnElement[bool], newest: bool) -> Select[Any]:
    return (
        select(*(table.c[name] for name in _COLUMNS[table]))
        # What was erased, or is not told, has no line. Written out: the index of the journal knows only what has one.
        .where(table.c.conversation == bindparam("conversation"), text(f"{table.name}.line > 0"), where)
        .order_by(table.c.line.desc() if newest else table.c.line)
        .limit(bindparam("rows_max"))
    )


_BEFORE = {table: _lines(table, table.c.line < bindparam("line"), newest=True) for table in _COLUMNS}
_AFTER = {table: _lines(table, table.c.line > bindparam("line"), newest=False) for table in _COLUMNS}
_QUOTED = (
    select(send_attempt.c.sid, outbox.c.text)
    .join_from(send_attempt, outbox)
    .where(send_attempt.c.sid.in_(bindparam("sids", expanding=True)))
    .where(outbox.c.conversation == bindparam("conversation"))
)
_NEVER = 1 << 62
QUOTED_CHARACTERS_MAX = 120
_TOGETHER_MAX = 50
"""More messages than this that somebody has not seen yet are not shown at once."""


class DeskThread(Part):
    """The thread's part of :class:`bot.ports.Ledger`."""

    def lines_before(self, conversation: str, before: int | None, limit: int) -> tuple[ThreadLine, ...]:
        found = self._merged(_BEFORE, conversation, _NEVER if before is None else before, limit)
        kept = sorted({line.line for line in found})[-limit:]
        return tuple(line for line in found if kept and line.line >= kept[0])

    def lines_after(self, conversation: str, after: int, limit: int) -> tuple[ThreadLine, ...]:
        found = self._merged(_AFTER, conversation, after, limit)
        kept = sorted({line.line for line in found})[:limit]
        return tuple(line for line in found if kept and line.line <= kept[-1])

    def messages_after(self, conversation: str, after: int, staff: str) -> tuple[ThreadLine, ...]:
        found = self.lines_after(conversation, after, _TOGETHER_MAX)
        return tuple(
            line
            for line in found
            if line.kind in ("patient", "bot", "staff") and line.speaker != staff and line.status != "suppressed"
        )

    def _merged(self, pages: Mapping[Table, Select[Any]], conversation: str, line: int, limit: int) -> list[ThreadLine]:
        where = {"conversation": conversation, "line": line, "rows_max": limit}
        found: list[ThreadLine] = []
        for table, page in pages.items():
            for row in self._connection.execute(page, where):
                found.extend(_TOLD[table](row))
        return self._quoting(conversation, sorted(found, key=lambda line: line.line))

    def _quoting(self, conversation: str, lines: list[ThreadLine]) -> list[ThreadLine]:
        """The lines, each that replies to words of ours with these; asked for only where there are any."""
        sids = {line.quotes for line in lines if line.quotes}
        if not sids:
            return lines
        rows = self._connection.execute(_QUOTED, {"sids": sorted(sids), "conversation": conversation})
        said = {row.sid: _begins(row.text) for row in rows}
        return [replace(line, quoted=said[line.quotes]) if line.quotes in said else line for line in lines]


def _begins(text: str) -> str:
    cut = one_line(text, QUOTED_CHARACTERS_MAX + 1)
    return cut if len(cut) <= QUOTED_CHARACTERS_MAX else cut[: QUOTED_CHARACTERS_MAX - 1].rstrip() + "…"


def _written(row: Any) -> Iterator[ThreadLine]:
    event = json.loads(row.event)
    kind = event.get("kind", "text")
    yield ThreadLine(
        row.line,
        row.received_at,
        "patient",
        event.get("text", ""),
        status=row.status,
        sid=row.sid,
        media="" if kind in ("text", "tap") else kind,
        location=Location(**event["location"]) if "location" in event else None,
        quotes=event.get("quotes", ""),
    )


def _happened(row: Any) -> Iterator[ThreadLine]:
    for name, details in told(json.loads(row.event), json.loads(row.trace)):
        yield ThreadLine(row.line, row.at, "event", name, speaker=details.get("by", ""), details=details)


def _said(row: Any) -> Iterator[ThreadLine]:
    yield ThreadLine(
        row.line,
        row.created_at,
        "bot" if row.speaker == "bot" else "staff",
        row.text,
        speaker=row.speaker,
        status=row.status,
        why=row.note,
        speech=row.speech,
        row=row.id,
        choices=tuple(label for _, label, _ in json.loads(row.choices or "[]")),
        file=row.media,
    )


def _noted(row: Any) -> Iterator[ThreadLine]:
    yield ThreadLine(row.line, row.at, "note", row.text, speaker=row.staff, row=row.id)


_TOLD = {inbound: _written, journal: _happened, outbox: _said, note: _noted}
