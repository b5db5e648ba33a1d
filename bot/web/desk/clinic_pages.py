"""What a lead orders for the whole clinic: the assistant silenced, a notice with an end, and words used often."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import replying, standing_orders
from bot.desk.reception import NotPossible, Refused
from bot.desk.standing_orders import NOTICE_CHARACTERS_MAX
from bot.ports import Desk
from bot.web.desk.asked import moment, today, typed
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show


def clinic_room(desk: Desk) -> Blueprint:
    """``/desk/admin/clinic``."""
    room = Blueprint("clinic", __name__, url_prefix="/desk/admin/clinic")

    @room.get("", endpoint="show")
    @page("clinic.change")
    def show_clinic() -> Response:
        return _page(desk)

    @room.post("/silence", endpoint="silence")
    @page("clinic.change")
    def silence() -> AnyResponse:
        silent = typed("silent")["silent"] == "yes"
        return _order(
            lambda staff: standing_orders.silence_bot(desk, staff, silent),
            "The assistant is silent. Everybody who writes now waits for a person."
            if silent
            else "The assistant answers again.",
        )

    @room.post("/notice", endpoint="notice")
    @page("clinic.change")
    def notice() -> AnyResponse:
        form = typed("text", "day", "time")
        until = moment(desk, form["day"], form["time"])
        try:
            if until is None:
                raise NotPossible("Choose until when it is told.")
            standing_orders.give_notice(desk, current_staff().id, form["text"].replace("\r\n", "\n"), until)
        except NotPossible as not_possible:
            return _page(desk, 422, form, str(not_possible))
        flash("Everybody who writes is told, once each.", "done")
        return redirect(url_for("clinic.show"), 303)

    @room.post("/notice/drop", endpoint="drop_notice")
    @page("clinic.change")
    def drop() -> AnyResponse:
        return _order(lambda staff: standing_orders.drop_notice(desk, staff), "It is told no more.")

    @room.post("/quick-replies", endpoint="quick_reply")
    @page("clinic.change")
    def quick_reply() -> AnyResponse:
        form = typed("shortcut", "text", "drop")
        shortcut, text = (form["drop"], "") if form["drop"] else (form["shortcut"], form["text"])
        return _order(
            lambda staff: replying.save_quick_reply(desk, staff, shortcut, text),
            "Dropped." if form["drop"] else "Saved.",
        )

    return room


def _order(act: Callable[[str], object], notice: str) -> AnyResponse:
    try:
        act(current_staff().id)
        flash(notice, "done")
    except Refused as refused:
        flash(str(refused), "trouble")
    return redirect(url_for("clinic.show"), 303)


def _page(desk: Desk, status: int = 200, form: dict[str, str] | None = None, trouble: str = "") -> Response:
    return show(
        "desk/clinic.html",
        status=status,
        orders=standing_orders.orders(desk),
        quick_replies=replying.quick_replies(desk),
        form=form or {"text": "", "day": today(desk).isoformat(), "time": "18:00"},
        trouble=trouble,
        characters_max=NOTICE_CHARACTERS_MAX,
        now=int(desk.clock.now().timestamp()),
    )
