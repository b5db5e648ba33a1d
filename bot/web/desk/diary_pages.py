"""The diary: a day with its practitioners side by side, a week, and tomorrow's list on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, request

from bot.desk import diary
from bot.desk.staff import names
from bot.ports import Desk
from bot.web.desk.asked import day_or, today
from bot.web.desk.blocking_pages import add_blocking
from bot.web.desk.booking_pages import add_booking
from bot.web.desk.diary_view import GONE, STATUS, grid, next_open, staying, stretch, times_on, why_closed
from bot.web.desk.guard import page
from bot.web.desk.showing import show

VIEWS = ("table", "list")


def diary_room(desk: Desk) -> Blueprint:
    """``/desk/diary``."""
    room = Blueprint("diary", __name__, url_prefix="/desk/diary")

    @room.context_processor
    def words() -> dict[str, Any]:
        return {
            "status_words": STATUS,
            "gone": GONE,
            "services": desk.diary.services,
            "practitioners": desk.diary.practitioners,
            "staff_names": names(desk),
            "times_on": lambda entry, day: times_on(desk.diary.zone, entry, day),
            "stretch": lambda block: stretch(desk.diary.zone, block.starts_at, block.ends_at),
            "on_day": lambda at: datetime.fromtimestamp(at, desk.diary.zone).date().isoformat(),
        }

    @room.get("", endpoint="show")
    @page("diary.read")
    def show_day() -> Response:
        day = day_or(request.args.get("day", ""), today(desk))
        (shown,) = diary.days(desk, day)
        view = request.args.get("view", "")
        return show(
            "desk/diary.html",
            fragment="day",
            shown=shown,
            grid=grid(desk.diary, shown, desk.clock.now()),
            view=view if view in VIEWS else "",
            now=int(desk.clock.now().timestamp()),
            **_around(desk, day, 1),
        )

    @room.get("/week", endpoint="week")
    @page("diary.read")
    def show_week() -> Response:
        asked = day_or(request.args.get("day", ""), today(desk))
        monday = asked - timedelta(days=asked.weekday())
        return show(
            "desk/diary_week.html",
            fragment="week",
            days=diary.days(desk, monday, 7),
            asked=asked,
            **_around(desk, monday, 7),
        )

    @room.get("/print", endpoint="paper")
    @page("diary.read")
    def show_paper() -> Response:
        tomorrow = next_open(desk.diary, today(desk)) or today(desk) + timedelta(days=1)
        day = day_or(request.args.get("day", ""), tomorrow)
        (shown,) = diary.days(desk, day)
        entries = staying(shown.entries)
        apart = request.args.get("apart") == "yes"
        people = [one for one in desk.diary.practitioners.values() if any(e.practitioner == one.id for e in entries)]
        sheets = [(one.name, [e for e in entries if e.practitioner == one.id]) for one in people]
        return show(
            "desk/diary_paper.html",
            sheets=sheets if apart and sheets else [("", list(entries))],
            apart=apart,
            printed_at=int(desk.clock.now().timestamp()),
            **_around(desk, day, 1),
        )

    add_booking(room, desk)
    add_blocking(room, desk)
    return room


def _around(desk: Desk, day: date, step: int) -> dict[str, Any]:
    """What a page says of its day, and where its arrows lead."""
    coming = next_open(desk.diary, day)
    return {
        "day": day,
        "today": today(desk),
        "before": day - timedelta(days=step),
        "after": day + timedelta(days=step),
        "why_closed": why_closed(desk.diary, day),
        "next_open": coming,
        "opens_at": _first_hour(desk, coming) if coming else "",
    }


def _first_hour(desk: Desk, day: date) -> str:
    opens = min(
        opening.opens for one in desk.diary.practitioners.values() for opening in one.hours.get(day.weekday(), ())
    )
    return f"{opens // 60:02}:{opens % 60:02}"
