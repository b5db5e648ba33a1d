"""Alerts off the screen: when and where the clinic is told, what was told of late, and whether letters leave."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.alerts import Alarming
from bot.desk import alerts, devices
from bot.desk.reception import Refused
from bot.desk.staff import names
from bot.ports import Desk
from bot.web.desk.asked import typed
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

FIELDS = ("addresses", "wait_minutes", "silenced_minutes")


def alerts_room(desk: Desk) -> Blueprint:
    """``/desk/admin/alerts``."""
    room = Blueprint("alerts", __name__, url_prefix="/desk/admin/alerts")

    @room.get("", endpoint="show")
    @page("clinic.change")
    def show_alerts() -> Response:
        return _page(desk)

    @room.post("", endpoint="change")
    @page("clinic.change")
    def change() -> AnyResponse:
        form = typed(*FIELDS)
        try:
            wait, silenced = (_minutes(form[name]) for name in FIELDS[1:])
            wanted = Alarming(wait, silenced, tuple(dict.fromkeys(form["addresses"].replace(",", " ").split())))
            alerts.set_alarming(desk, current_staff().id, wanted)
        except Refused as refused:
            return _page(desk, 422, form, str(refused))
        flash("Saved.", "done")
        return redirect(url_for("alerts.show"), 303)

    @room.post("/trial", endpoint="trial")
    @page("clinic.change")
    def trial() -> AnyResponse:
        try:
            alerts.send_trial(desk, current_staff().id)
            flash("A trial alert leaves within seconds. What becomes of it is listed below.", "done")
        except Refused as refused:
            flash(str(refused), "trouble")
        return redirect(url_for("alerts.show"), 303)

    @room.post("/devices/<device>/remove", endpoint="remove_device")
    @page("clinic.change")
    def remove_device(device: str) -> AnyResponse:
        try:
            devices.remove(desk, current_staff().id, device)
            flash("Removed. That device is told nothing more.", "done")
        except Refused as refused:
            flash(str(refused), "trouble")
        return redirect(url_for("alerts.show"), 303)

    return room


def _minutes(typed_minutes: str) -> int:
    return int(typed_minutes) if typed_minutes.isascii() and typed_minutes.isdigit() and len(typed_minutes) < 6 else 0


def _page(desk: Desk, status: int = 200, form: dict[str, str] | None = None, trouble: str = "") -> Response:
    now = alerts.alarming(desk)
    kept = {
        "addresses": "\n".join(now.addresses),
        "wait_minutes": str(now.wait_minutes),
        "silenced_minutes": str(now.silenced_minutes),
    }
    addresses, told = alerts.addresses(desk), devices.of_all(desk)
    return show(
        "desk/alerts.html",
        status=status,
        form=form or kept,
        trouble=trouble,
        has_mail=desk.mail is not None,
        addresses=addresses,
        devices=told,
        staff_names=names(desk),
        newest=alerts.newest(desk),
        nobody=not (told or (desk.mail is not None and (now.addresses or addresses))),
    )
