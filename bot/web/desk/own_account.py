"""One's own account: password, second factor, other sessions, preferences. Open to everybody who is signed in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.core.alerts import Wants
from bot.desk import alerts, devices, staff
from bot.desk.reception import NotPossible
from bot.desk.sessions import Refused
from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.desk.device_pages import add_devices
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

HERE = "/desk/account"


def account_room(desk: Desk, locks: Locks) -> Blueprint:
    """``/desk/account``."""
    room = Blueprint("account", __name__, url_prefix=HERE)

    @room.get("", endpoint="show")
    @page("account")
    def show_account() -> Response:
        return _account(desk)

    @room.post("/password", endpoint="password")
    @page("account")
    def change_password() -> AnyResponse:
        try:
            staff.change_password(desk, locks, current_staff().session, _typed("current"), _typed("new"))
        except (staff.Invalid, Refused) as refused:
            return _account(desk, _faults(refused, "current"), "password")
        return _back("Your password is changed. You have been signed out everywhere else.")

    @room.post("/sessions", endpoint="end_sessions")
    @page("account")
    def end_sessions() -> AnyResponse:
        ended = staff.end_other_sessions(desk, current_staff().session)
        return _back(f"Signed out in {ended} other place{'' if ended == 1 else 's'}.")

    @room.post("/preferences", endpoint="prefer")
    @page("account")
    def prefer() -> AnyResponse:
        staff.prefer(desk, current_staff().session, "shortcuts" in request.form, "enter_sends" in request.form)
        return _back("Saved.")

    @room.post("/alerts", endpoint="alerts")
    @page("account")
    def be_told() -> AnyResponse:
        wants: Wants = "all" if _typed("wants") == "all" else "urgent"
        try:
            alerts.set_address(desk, current_staff().id, _typed("address").strip(), wants)
        except NotPossible as not_possible:
            return _account(desk, {"address": str(not_possible)}, "alerts")
        return _back("Saved.")

    add_devices(room, desk)
    _add_second_factor(room, desk, locks)
    return room


def _add_second_factor(room: Blueprint, desk: Desk, locks: Locks) -> None:
    def set_up(faults: Mapping[str, str] | None = None) -> Response:
        issuer = str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "Frontdesk")
        picture, key = staff.begin_second_factor(desk, locks, current_staff().session, issuer)
        return show(
            "desk/second_factor.html", status=422 if faults else 200, picture=picture, key=key, faults=faults or {}
        )

    @room.get("/second-factor", endpoint="second_factor")
    @page("account")
    def show_second_factor() -> AnyResponse:
        # Only looked at: what is to be set up is made by the form that leads here.
        return set_up() if current_staff().account.second_factor else redirect(HERE, 303)

    @room.post("/second-factor", endpoint="begin_second_factor")
    @page("account")
    def begin() -> AnyResponse:
        try:
            return set_up()
        except staff.Impossible as impossible:
            return _back(str(impossible), "trouble")

    @room.post("/second-factor/confirm", endpoint="confirm_second_factor")
    @page("account")
    def confirm() -> AnyResponse:
        try:
            codes = staff.confirm_second_factor(desk, locks, current_staff().session, _typed("code"))
        except staff.Invalid as invalid:
            return set_up(invalid.faults)
        return show("desk/recovery_codes.html", codes=codes)

    @room.post("/second-factor/off", endpoint="second_factor_off")
    @page("account")
    def turn_off() -> AnyResponse:
        try:
            staff.turn_second_factor_off(desk, locks, current_staff().session, _typed("current"))
        except (staff.Invalid, Refused) as refused:
            return _account(desk, _faults(refused, "current"), "second_factor")
        return _back("The second factor is off. Your password alone signs you in now.")


def _account(desk: Desk, faults: Mapping[str, str] | None = None, form: str = "") -> Response:
    mine = staff.look_at_own(desk, current_staff().session)
    told = alerts.addresses(desk).get(current_staff().id, ("", "urgent"))
    context: dict[str, Any] = {
        "mine": mine,
        "told": told,
        "has_mail": desk.mail is not None,
        "push_key": devices.public_key(desk),
        "devices": devices.of_all(desk, current_staff().id),
        "name_characters_max": devices.NAME_CHARACTERS_MAX,
        "here": current_staff().session.digest,
        "faults": {form: faults or {}},
    }
    return show("desk/account.html", status=422 if faults else 200, **context)


def _faults(refused: staff.Invalid | Refused, field: str) -> Mapping[str, str]:
    if isinstance(refused, staff.Invalid):
        return refused.faults
    return {field: f"Too many tries. Wait {refused.wait_seconds} seconds, then try again."}


def _typed(name: str) -> str:
    return request.form.get(name, "")[:1000]


def _back(notice: str, kind: str = "done") -> AnyResponse:
    flash(notice, kind)
    return redirect(HERE, 303)
