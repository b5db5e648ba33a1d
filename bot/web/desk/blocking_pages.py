"""Blocking time, and the day the doctor is ill: who is booked in it, what they will be told, and what came of it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import blocking, diary
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.ports.reception import Blocking, Entry
from bot.web.desk.asked import day_or, moment, number, today, typed
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

FIELDS = ("practitioner", "day", "until_day", "from", "until", "reason")
REASON_CHARACTERS_MAX = 200


def add_blocking(room: Blueprint, desk: Desk) -> None:
    """``/desk/diary/block`` and the page of a block."""

    @room.get("/block", endpoint="block")
    @page("diary.change")
    def ask() -> Response:
        form = typed(*FIELDS)
        day = day_or(form["day"], today(desk)).isoformat()
        return show("desk/diary_block.html", form={**form, "day": day, "until_day": day}, trouble="")

    @room.post("/block", endpoint="make_block")
    @page("diary.change")
    def make() -> AnyResponse:
        form = typed(*FIELDS)
        start = moment(desk, form["day"], form["from"] or "00:00")
        end = _end(desk, form)
        try:
            if start is None or end is None:
                raise NotPossible("Choose a day, and times in the order of the clock.")
            reason = form["reason"][:REASON_CHARACTERS_MAX]
            made = blocking.block(desk, Blocking(form["practitioner"], start, end, reason, current_staff().id))
        except NotPossible as not_possible:
            return show("desk/diary_block.html", status=422, form=form, trouble=str(not_possible))
        flash("Blocked. Nobody can book this time any more.", "done")
        return redirect(url_for("diary.blocked", block=made.block, day=form["day"]), 303)

    @room.get("/blocks/<block>", endpoint="blocked")
    @page("diary.read")
    def show_block(block: str) -> Response:
        return _page(desk, _block(desk, block))

    @room.post("/blocks/<block>/tell", endpoint="tell")
    @page("diary.change")
    def tell(block: str) -> Response:
        found = _block(desk, block)
        chosen = set(request.form.getlist("appointment"))
        still = tuple(one for one in _booked_in(desk, found) if f"{one.id}.{one.version}" in chosen)
        return _page(desk, found, blocking.tell_booked(desk, current_staff().id, still))

    @room.post("/blocks/<block>/lift", endpoint="lift")
    @page("diary.change")
    def lift(block: str) -> AnyResponse:
        lifted = blocking.lift(desk, number(block), current_staff().id)
        flash("The time can be booked again." if lifted else "It was given back already.", "done" if lifted else "warn")
        return redirect(url_for("diary.show", day=day_or(request.form.get("day", ""), today(desk)).isoformat()), 303)


def _end(desk: Desk, form: dict[str, str]) -> int | None:
    """When a block ends: a time of its last day, or the end of that day."""
    last = form["until_day"] or form["day"]
    if form["until"]:
        return moment(desk, last, form["until"])
    day = day_or(last, date.min)
    return None if day == date.min else diary.midnight(desk, day + timedelta(days=1))


def _block(desk: Desk, typed_id: str) -> Entry:
    """The block of an address, found on the day that the address names."""
    id, day = number(typed_id), day_or(request.values.get("day", ""), today(desk))
    (shown,) = diary.days(desk, day)
    return next((one for one in shown.entries if one.kind == "block" and one.id == id), None) or abort(404)


def _booked_in(desk: Desk, block: Entry) -> tuple[Entry, ...]:
    first = datetime.fromtimestamp(block.starts_at, desk.diary.zone).date()
    last = datetime.fromtimestamp(block.ends_at - 1, desk.diary.zone).date()
    days = diary.days(desk, first, (last - first).days + 1, block.practitioner)
    inside = {
        one.id: one
        for day in days
        for one in day.entries
        if one.status == "booked" and one.starts_at < block.ends_at and one.ends_at > block.starts_at
    }
    return tuple(inside.values())


def _page(desk: Desk, block: Entry, told: tuple[blocking.Told, ...] = ()) -> Response:
    booked = _booked_in(desk, block)
    previews = list(zip(booked, blocking.would_be_told(desk, booked), strict=True))
    context: dict[str, Any] = {
        "block": block,
        "told": told,
        "previews": previews,
        "to_write": sum(bool(words) for _, words in previews),
        "to_call": sum(not words for _, words in previews),
        "day": day_or(request.values.get("day", ""), today(desk)).isoformat(),
    }
    return show("desk/diary_blocked.html", **context)
