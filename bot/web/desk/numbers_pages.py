"""The lead's numbers on the screen and as a file. Every figure is a table first; bars only repeat it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response

from bot.desk import numbers
from bot.desk.numbers import Numbers
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.web.desk.asked import day_or, today, typed
from bot.web.desk.audit_pages import csv_row
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show
from bot.web.desk.thread_words import closed_as_words

DAYS_SHOWN = 28
SHADES = 4
"""How many shades the table of hours has, besides none."""
NOT_SAID = "not said"


def numbers_room(desk: Desk) -> Blueprint:
    """``/desk/numbers`` and ``/desk/numbers.csv``."""
    room = Blueprint("numbers", __name__, url_prefix="/desk")

    @room.get("/numbers", endpoint="show")
    @page("numbers.read")
    def show_numbers() -> Response:
        first, last = _period(desk)
        try:
            found = numbers.numbers(desk, first, last)
        except NotPossible as not_possible:
            return _refused(first, last, not_possible)
        return show(
            "desk/numbers.html",
            fragment="figures",
            first=first,
            last=last,
            found=found,
            trouble="",
            today=today(desk),
            ago=lambda days: today(desk) - timedelta(days=days),
            **_ended(desk, found),
            **_heat(desk, found),
        )

    @room.post("/numbers.csv", endpoint="export")
    @page("numbers.read")
    def export() -> Response:
        first, last = _period(desk)
        try:
            found = numbers.export(desk, current_staff().id, first, last)
        except NotPossible as not_possible:
            return _refused(first, last, not_possible)
        response = Response("".join(map(csv_row, _lines(desk, found))), mimetype="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="numbers-{first}-{last}.csv"'
        return response

    return room


def _refused(first: date, last: date, why: NotPossible) -> Response:
    return show(
        "desk/numbers.html", fragment="figures", status=422, first=first, last=last, found=None, trouble=str(why)
    )


def _period(desk: Desk) -> tuple[date, date]:
    asked = typed("from", "to")
    last = day_or(asked["to"], today(desk))
    return day_or(asked["from"], last - timedelta(days=DAYS_SHOWN - 1)), last


def _heat(desk: Desk, found: Numbers) -> dict[str, Any]:
    """The opening hours and those in which anybody needed a person, and how dark each hour of the week is."""
    openings = [opening for day in desk.diary.hours.values() for opening in day]
    hours = [hour for _, hour in found.by_hour]
    hours += [hour for one in openings for hour in (one.opens // 60, (one.closes - 1) // 60)]
    most = max(found.by_hour.values(), default=0)

    def shade(count: int) -> int:
        return -(-count * SHADES // most) if most else 0

    return {"hours": range(min(hours), max(hours) + 1) if hours else (), "shade": shade, "most": most}


def _ended(desk: Desk, found: Numbers) -> dict[str, Any]:
    """What staff closed conversations as, in the clinic's words (empty: they did not say), and in per cent of all."""
    words, all_of_them = desk.clinic.closed_as, sum(found.closed_as.values())
    # An id that the list has no more may read like one that it has.
    counts = Counter[str]()
    for id, count in found.closed_as.items():
        counts[closed_as_words(id, words)] += count
    return {"closed_as": counts, "shares": {name: round(100 * count / all_of_them) for name, count in counts.items()}}


def _lines(desk: Desk, found: Numbers) -> Iterator[tuple[object, ...]]:
    yield "number", "of", "value"
    single: Mapping[str, object] = {
        "from": found.first,
        "to": found.last,
        "a person was needed": found.needed,
        "answered": found.answered,
        "waiting p50, seconds of opening hours": found.waiting_p50 if found.waiting_p50 is not None else "",
        "waiting p90, seconds of opening hours": found.waiting_p90 if found.waiting_p90 is not None else "",
        "unanswered at closing": found.unanswered_at_closing,
        "no-shows": found.no_shows,
        "appointments held": found.held,
        "booked by the assistant": found.booked_by_bot,
        "booked by people": found.booked_by_people,
    }
    yield from ((name, "", value) for name, value in single.items())
    yield from (("reason", reason, count) for reason, count in found.reasons.items())
    ended = _ended(desk, found)
    for what, count in ended["closed_as"].items():
        yield "ended as", what or NOT_SAID, count
        yield "ended as, per cent", what or NOT_SAID, ended["shares"][what]
    yield from (("failed", why, count) for why, count in found.failed.items())
    yield from (
        ("needed in hour", f"{DAYS[day]} {hour:02}:00", count) for (day, hour), count in sorted(found.by_hour.items())
    )


DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
