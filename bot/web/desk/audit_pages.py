"""The audit: who viewed, sent, changed and exported what, when. Read, filtered and taken out as CSV; never changed."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, Response, request, stream_with_context

from bot.desk import audit
from bot.desk.staff import names
from bot.ports import Desk
from bot.ports.staff import Audited, AuditSearch
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

FORMULA_SIGNS = ("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠")
"""What a cell begins with that a spreadsheet may run; the wide forms count alike in some."""
HEADINGS = ("when", "staff id", "name", "action", "subject", "note")


def audit_room(desk: Desk) -> Blueprint:
    """``/desk/audit`` and ``/desk/audit.csv``."""
    room = Blueprint("audit", __name__, url_prefix="/desk")

    @room.get("/audit", endpoint="show")
    @page("audit.read")
    def show_audit() -> Response:
        search = _search(desk)
        lines, older = audit.page(desk, search)
        context: dict[str, Any] = {
            "lines": lines,
            "older": older,
            "search": search,
            "names": names(desk),
            "asked": request.args,
        }
        return show("desk/audit.html", fragment="lines", actions=audit.ACTIONS, **context)

    @room.post("/audit.csv", endpoint="export")
    @page("audit.read")
    def export() -> Response:
        lines = audit.export(desk, current_staff().id, _search(desk))
        rows = stream_with_context(_csv(desk, lines, names(desk)))
        response = Response(rows, mimetype="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="audit.csv"'
        return response

    return room


def safe_cell(value: object) -> str:
    """A value as a spreadsheet shows it and never runs it: a quote before it keeps ``=HYPERLINK(…`` plain words
    (OWASP, CSV injection). What no spreadsheet shows becomes a space."""
    text = "".join(sign if sign.isprintable() else " " for sign in str(value))
    return f"'{text}" if text.lstrip().startswith(FORMULA_SIGNS) else text


def _csv(desk: Desk, lines: Iterator[Audited], named: Mapping[str, str]) -> Iterator[str]:
    yield csv_row(HEADINGS)
    for line in lines:
        at = datetime.fromtimestamp(line.at, desk.diary.zone).isoformat()
        yield csv_row((at, line.staff, named.get(line.staff, ""), line.action, line.subject, line.note))


def csv_row(cells: tuple[object, ...]) -> str:
    """A line of a file for spreadsheets, every cell made safe."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def _search(desk: Desk) -> AuditSearch:
    """What is looked for; days are the clinic's, the last one included. What cannot be read counts as not asked."""
    asked: Any = request.values
    since, until = _day(desk, asked.get("from", ""), 0), _day(desk, asked.get("to", ""), 1)
    staff, action, subject = (asked.get(name, "").strip()[:200] for name in ("staff", "action", "subject"))
    return AuditSearch(staff, action, subject, since, until, max(0, asked.get("before", 0, int)))


def _day(desk: Desk, typed: str, days_later: int) -> int:
    try:
        day = date.fromisoformat(typed) + timedelta(days=days_later)
        return int(datetime.combine(day, time.min, desk.diary.zone).timestamp())
    except (ValueError, OverflowError):
        return 0
