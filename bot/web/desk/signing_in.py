"""Signing in, the second factor, signing out, and the links that work once."""

from __future__ import annotations

import ipaddress
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import inbox, reception, sessions, staff
from bot.desk.sessions import Browser, Refused, SignedIn
from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.desk import cookies
from bot.web.desk.guard import ANYBODY, anybody_signed_in, current_staff, local_path, page
from bot.web.desk.showing import show

WRONG = "Name or password is not right."
WRONG_CODE = "That code is not right. Type the one your phone shows now."


def sign_in_room(desk: Desk, locks: Locks) -> Blueprint:
    """``/desk/sign-in``, ``/desk/sign-in/code``, ``/desk/sign-out`` and ``/desk/join/…``."""
    room = Blueprint("sign_in", __name__, url_prefix="/desk")
    _add_password(room, desk, locks)
    _add_code(room, desk, locks)
    _add_joining(room, desk, locks)

    @room.post("/sign-out", endpoint="out")
    @page("account")
    def sign_out() -> AnyResponse:
        her = current_staff()
        sessions.sign_out(desk, her.session)
        inbox.on_shift(desk, her.id, here=False)
        # Patients who wait for her must not wait for somebody who has gone home.
        reception.staff_left(desk, her.id)
        response = redirect("/desk/sign-in", 303)
        cookies.forget_session(response)
        # What the browser kept for its back button goes too.
        response.headers["Clear-Site-Data"] = '"cache"'
        return response

    return room


def _add_password(room: Blueprint, desk: Desk, locks: Locks) -> None:
    @room.get("/sign-in", endpoint="show")
    @page(ANYBODY)
    def show_sign_in() -> AnyResponse:
        wanted = local_path(request.args.get("next", ""))
        return redirect(wanted, 303) if anybody_signed_in() else show("desk/sign_in.html", wanted=wanted)

    @room.post("/sign-in", endpoint="password")
    @page(ANYBODY)
    def sign_in() -> AnyResponse:
        login, wanted = request.form.get("login", ""), local_path(request.form.get("next", ""))
        try:
            signed_in = sessions.sign_in(desk, locks, login, request.form.get("password", "")[:1000], _browser())
        except Refused as refused:
            return show("desk/sign_in.html", status=422, wanted=wanted, login=login, trouble=_why(refused, WRONG))
        return _welcome(signed_in, wanted)


def _add_code(room: Blueprint, desk: Desk, locks: Locks) -> None:
    @room.get("/sign-in/code", endpoint="code")
    @page(ANYBODY)
    def show_code() -> AnyResponse:
        wanted = local_path(request.args.get("next", ""))
        return show("desk/code.html", wanted=wanted) if cookies.session() else redirect("/desk/sign-in", 303)

    @room.post("/sign-in/code", endpoint="type_code")
    @page(ANYBODY)
    def type_code() -> AnyResponse:
        wanted = local_path(request.form.get("next", ""))
        try:
            signed_in = sessions.type_code(
                desk, locks, cookies.session(), request.form.get("code", "")[:64], _browser()
            )
        except Refused as refused:
            return show("desk/code.html", status=422, wanted=wanted, trouble=_why(refused, WRONG_CODE))
        return _welcome(signed_in, wanted)


def _add_joining(room: Blueprint, desk: Desk, locks: Locks) -> None:
    @room.get("/join/<token>", endpoint="join")
    @page(ANYBODY)
    def show_link(token: str) -> Response:
        try:
            link, account = staff.look_at_link(desk, locks, token)
        except staff.LinkOver:
            return show("desk/link_over.html", status=404)
        return show("desk/join.html", link=link, account=account)

    @room.post("/join/<token>", endpoint="use_link")
    @page(ANYBODY)
    def use_link(token: str) -> AnyResponse:
        typed = staff.Joining(
            request.form.get("password", ""), request.form.get("name", ""), request.form.get("login", "")
        )
        try:
            return _welcome(staff.join(desk, locks, token, typed, _browser()), "/desk")
        except staff.Invalid as invalid:
            link, account = staff.look_at_link(desk, locks, token)
            context: dict[str, Any] = {"link": link, "account": account, "typed": typed, "faults": invalid.faults}
            return show("desk/join.html", status=422, **context)
        except staff.LinkOver:
            return show("desk/link_over.html", status=404)


def _welcome(signed_in: SignedIn, wanted: str) -> AnyResponse:
    """On to where she wanted to go, or to her second factor; with fresh cookies: none from before is of any use."""
    target = f"/desk/sign-in/code?next={wanted}" if signed_in.waits_for_code else wanted
    response = redirect(target, 303)
    cookies.keep_session(response, signed_in.token)
    if not signed_in.waits_for_code:
        cookies.keep_browser(response, signed_in.browser)
    return response


def _why(refused: Refused, wrong: str) -> str:
    if not refused.wait_seconds:
        return wrong
    wait = refused.wait_seconds
    words = f"{wait} seconds" if wait < 120 else f"{-(-wait // 60)} minutes"
    return f"Too many tries. Wait {words}, then try again; or ask an admin for a rescue link."


def _browser() -> Browser:
    return Browser(cookies.browser(), _network())


def _network() -> str:
    """Where a request comes from, as far as it is worth counting: an IPv6 customer has 2^64 addresses.

    Behind the clinic's own proxy, which is near, it is what that proxy says: the last entry, which it wrote itself.
    """
    near = _address(request.remote_addr or "")
    said = _address(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    seen = said if said is not None and (near is None or near.is_private) else near
    if isinstance(seen, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((seen, 64), strict=False))
    return str(seen or "unknown")


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
