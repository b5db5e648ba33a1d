"""Who works here: invite, change a role, disable, rescue. For admins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.core.staff import ROLES
from bot.desk import reception, staff
from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

HERE = "/desk/staff"


def staff_room(desk: Desk, locks: Locks) -> Blueprint:
    """``/desk/staff``."""
    room = Blueprint("staff", __name__, url_prefix=HERE)

    @room.get("", endpoint="show")
    @page("staff.manage")
    def show_everybody() -> Response:
        return _everybody(desk)

    @room.post("/invite", endpoint="invite")
    @page("staff.manage")
    def invite() -> Response:
        typed = {name: request.form.get(name, "")[:200] for name in ("name", "login", "role")}
        try:
            made = staff.invite(desk, locks, current_staff().id, typed["name"], typed["login"], typed["role"])
        except staff.Invalid as invalid:
            return _everybody(desk, 422, typed=typed, faults=invalid.faults)
        return _link(desk, made)

    @room.get("/<account>", endpoint="one")
    @page("staff.manage")
    def show_one(account: str) -> Response:
        found = next((one for one in staff.everybody(desk) if one.id == account), None)
        return show("desk/staff_one.html", one=found, roles=ROLES) if found else abort(404)

    @room.post("/<account>/link", endpoint="rescue")
    @page("staff.manage")
    def rescue(account: str) -> AnyResponse:
        try:
            return _link(desk, staff.rescue(desk, locks, current_staff().id, account))
        except staff.Impossible as impossible:
            return _back(account, str(impossible), "trouble")

    _add_changes(room, desk)
    return room


def _add_changes(room: Blueprint, desk: Desk) -> None:
    def change(account: str, act: Callable[[], None], notice: str) -> AnyResponse:
        try:
            act()
        except staff.Impossible as impossible:
            return _back(account, str(impossible), "trouble")
        except staff.Invalid:
            abort(422)
        return _back(account, notice)

    @room.post("/<account>/role", endpoint="change_role")
    @page("staff.manage")
    def change_role(account: str) -> AnyResponse:
        by, role = current_staff().id, request.form.get("role", "")
        return change(account, lambda: staff.change_role(desk, by, account, role), "The role is changed.")

    @room.post("/<account>/disable", endpoint="disable")
    @page("staff.manage")
    def disable(account: str) -> AnyResponse:
        by = current_staff().id

        def disabled() -> None:
            staff.disable(desk, by, account)
            reception.staff_left(desk, account, for_good=True)

        return change(account, disabled, "Disabled, and signed out everywhere. What was hers is in the queue.")

    @room.post("/<account>/enable", endpoint="enable")
    @page("staff.manage")
    def enable(account: str) -> AnyResponse:
        by = current_staff().id
        return change(account, lambda: staff.enable(desk, by, account), "Enabled again.")


def _everybody(
    desk: Desk, status: int = 200, typed: Mapping[str, str] | None = None, faults: Mapping[str, str] | None = None
) -> Response:
    everybody = staff.everybody(desk)
    context: dict[str, Any] = {
        "everybody": everybody,
        "roles": ROLES,
        "typed": typed or {"role": "reception"},
        "faults": faults or {},
    }
    return show("desk/staff.html", status=status, **context)


def _link(desk: Desk, made: staff.Made) -> Response:
    """The link, shown this once. It is not sent by us: whoever made it knows best how to hand it over."""
    account = next(one for one in staff.everybody(desk) if one.id == made.account)
    # The browser is here: wherever it came by leads to us for the invited as well.
    address = f"{request.host_url.rstrip('/')}/desk/join/{made.token}"
    hours = staff.LINK_SECONDS_MAX[made.kind] // 3600
    return show("desk/link.html", account=account, address=address, hours=hours, kind=made.kind)


def _back(account: str, notice: str, kind: str = "done") -> AnyResponse:
    flash(notice, kind)
    return redirect(f"{HERE}/{account}" if account.isalnum() else HERE, 303)
