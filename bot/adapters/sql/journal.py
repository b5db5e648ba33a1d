"""The journal: what happened in each turn, and the thread that staff read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, bindparam, insert, select

from bot.adapters.sql import direct
from bot.adapters.sql.part import Part, to_json
from bot.adapters.sql.schema import inbound, journal, outbox
from bot.ports import Line

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


_INBOUND = _last(inbound, "arrival sid", "received_at", "event")
_HAPPENED = _last(journal, "id", "at", "event", "trace")
_OUTBOX = _last(outbox, "id", "created_at", "speaker", "text", "status")

_EVENTS = {
    "StaffTookOver": "staff_took_over",
    "StaffHandedBack": "staff_handed_back",
    "SilenceRanOut": "silence_ran_out",
}
"""What is told in the thread besides words. Names are past tense; the desk has the words for them."""


class Journal(Part):
    """The journal's part of :class:`bot.ports.Ledger`."""

    def journal(self, conversation: str, seq: int, now: int, event: Mapping[str, Any], trace: Sequence[Any]) -> None:
        row = {"conversation": conversation, "seq": seq, "at": now, "event": to_json(event), "trace": to_json(trace)}
        direct.execute(self._connection, _KEEP, row)

    def thread(self, conversation: str, limit: int) -> tuple[Line, ...]:
        where = {"conversation": conversation, "rows_max": limit}
        inbound, happened, outbox = (
            reversed(self._connection.execute(last, where).all()) for last in (_INBOUND, _HAPPENED, _OUTBOX)
        )
        lines = [_patient(row.received_at, json.loads(row.event)) for row in inbound]
        for row in happened:
            lines.extend(_events(row.at, json.loads(row.event), json.loads(row.trace)))
        for row in outbox:
            who = "bot" if row.speaker == "bot" else "staff"
            lines.append(Line(row.created_at, who, row.text, row.status, row.speaker))  # type: ignore[arg-type]
        # The sort is stable: within a second the patient comes first, then what happened, then what was said.
        lines.sort(key=lambda line: line.at)
        return tuple(lines[-limit:]) if limit > 0 else ()


def _patient(at: int, event: Mapping[str, Any]) -> Line:
    return Line(at, "patient", event.get("text") or f"[{event.get('kind', 'unknown')}]")


def _events(at: int, event: Mapping[str, Any], trace: Sequence[Mapping[str, Any]]) -> Iterator[Line]:
    if event.get("event") in _EVENTS:
        yield Line(at, "event", _EVENTS[event["event"]], speaker=event.get("by", ""))
    for happening in trace:
        if "note" in happening:
            detail = happening.get("detail")
            yield Line(at, "event", f"{happening['note']}: {detail}" if detail else happening["note"])
