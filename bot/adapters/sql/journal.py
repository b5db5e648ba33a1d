"""The journal: what happened in each turn and on what grounds, and the thread that staff read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, select, text

from bot.adapters.sql import direct
from bot.adapters.sql.part import Part, to_json
from bot.adapters.sql.schema import conversation, inbound, journal, outbox
from bot.ports import JournalEntry, Line

_KEEP = insert(journal)


def _last(table: Table, order: str, *names: str) -> Any:
    columns = [table.c[name] for name in names]
    newest_first = [table.c[name].desc() for name in order.split()]
    return (
        select(*columns)
        .where(table.c.conversation == bindparam("conversation"))
        .order_by(*newest_first)
        .limit(bindparam("rows_max"))
    )


_ENTRIES = _last(journal, "id", "seq", "at", "event", "trace", "grounds")
_RECORDED = (
    select(conversation.c.id, conversation.c.address)
    .where(conversation.c.id > bindparam("after"), conversation.c.changed_at >= bindparam("since"))
    .order_by(conversation.c.id)
    .limit(bindparam("rows_max"))
)
_INBOUND = _last(inbound, "line", "line", "received_at", "event")
_HAPPENED = _last(journal, "line", "line", "at", "event", "trace").where(text("line > 0"))
_OUTBOX = _last(outbox, "line", "line", "created_at", "speaker", "text", "status")

_EVENTS = {
    "SilenceRanOut": "silence_ran_out",
    "StaffTookOver": "staff_took_over",
    "StaffHandedBack": "staff_handed_back",
    "StaffHandedOn": "staff_handed_on",
    "StaffReleased": "staff_released",
    "StaffPutOff": "staff_put_off",
    "StaffMarked": "staff_marked",
    "StaffBlocked": "staff_blocked",
    "StaffLooked": "staff_looked",
    "StaffReopened": "staff_reopened",
    "Returned": "returned",
    "Escalated": "escalated",
}
"""What is told in the thread besides words. Names are past tense; the desk has the words for them."""


class Journal(Part):
    """The journal's part of :class:`bot.ports.Ledger`."""

    def journal(self, conversation: str, entry: JournalEntry) -> None:
        row = {
            "conversation": conversation,
            "seq": entry.seq,
            "at": entry.at,
            "event": to_json(entry.event),
            "trace": to_json(entry.trace),
            "grounds": to_json(entry.grounds),
            "line": self._next_line(conversation) if any(told(entry.event, entry.trace)) else 0,
        }
        direct.execute(self._connection, _KEEP, row)

    def recorded(self, since: int, after: str, limit: int) -> tuple[tuple[str, str], ...]:
        where = {"since": since, "after": after, "rows_max": limit}
        return tuple((row.id, row.address) for row in self._connection.execute(_RECORDED, where))

    def journal_of(self, conversation: str, limit: int) -> tuple[JournalEntry, ...]:
        rows = self._connection.execute(_ENTRIES, {"conversation": conversation, "rows_max": limit}).all()
        return tuple(_entry(row) for row in reversed(rows))

    def thread(self, conversation: str, limit: int) -> tuple[Line, ...]:
        where = {"conversation": conversation, "rows_max": limit}
        inbound, happened, outbox = (
            reversed(self._connection.execute(last, where).all()) for last in (_INBOUND, _HAPPENED, _OUTBOX)
        )
        lines = [(row.line, _patient(row.received_at, json.loads(row.event))) for row in inbound]
        for row in happened:
            event, trace = json.loads(row.event), json.loads(row.trace)
            lines.extend((row.line, _event(row.at, *happening)) for happening in told(event, trace))
        for row in outbox:
            who = "bot" if row.speaker == "bot" else "staff"
            said = Line(row.created_at, who, row.text or "[file]", row.status, row.speaker)  # type: ignore[arg-type]
            lines.append((row.line, said))
        lines.sort(key=lambda line: line[0])
        return tuple(line for _, line in lines[-limit:]) if limit > 0 else ()


def _entry(row: Any) -> JournalEntry:
    grounds = json.loads(row.grounds) if row.grounds else {}
    return JournalEntry(row.seq, row.at, json.loads(row.event), json.loads(row.trace), grounds)


def _patient(at: int, event: Mapping[str, Any]) -> Line:
    return Line(at, "patient", event.get("text") or f"[{event.get('kind', 'unknown')}]")


def _event(at: int, name: str, details: Mapping[str, str]) -> Line:
    detail = details.get("detail")
    return Line(at, "event", f"{name}: {detail}" if detail else name, speaker=details.get("by", ""))


def told(event: Mapping[str, Any], trace: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What a thread tells of a turn besides words: past-tense names, and what belongs to each."""
    kind = event.get("event")
    if kind == "StaffDid":
        yield event["what"], {"by": event["by"], "detail": event["detail"]}
    elif kind in _EVENTS:
        yield _EVENTS[kind], {name: str(value) for name, value in event.items() if name != "event"}
    for happening in trace:
        if "note" in happening:
            yield happening["note"], {"detail": happening.get("detail", "")}
