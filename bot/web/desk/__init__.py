"""The desk in the browser. Rooms are blueprints; the guard stands at every door, the shell is around every page.

A new page is a view in a room of its own, marked with who may come in::

    @room.get("/desk/inbox")
    @page("inbox.read")
    def show_inbox() -> Response:
        return show("desk/inbox.html", fragment="list", rows=inbox.needing_us(desk, current_staff().id))

Its template extends ``desk/base.html`` and wraps what htmx refetches in ``{% block list %}``. Forms say
``{{ ui.token() }}``; what is done says who did it with ``current_staff().id``, in the transaction that does it.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, Response, request

from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.desk.alert_pages import alerts_room
from bot.web.desk.asked import PageRequest
from bot.web.desk.attaching_pages import add_attaching
from bot.web.desk.audit_pages import audit_room
from bot.web.desk.clinic_pages import clinic_room
from bot.web.desk.composing import Choice, Templates, add_composing, approved_templates
from bot.web.desk.conversation_pages import add_conversations
from bot.web.desk.diary_pages import diary_room
from bot.web.desk.file_pages import add_files
from bot.web.desk.finishing_pages import add_finishing
from bot.web.desk.first_pages import add_first
from bot.web.desk.guard import ANYBODY, Guard, Staff, current_staff, page, undeclared
from bot.web.desk.home import admin_room, home_room
from bot.web.desk.inbox_pages import inbox_room
from bot.web.desk.live_room import live_room
from bot.web.desk.manifest import manifest_room
from bot.web.desk.numbers_pages import numbers_room
from bot.web.desk.own_account import account_room
from bot.web.desk.patients_pages import patients_room
from bot.web.desk.search_pages import search_room
from bot.web.desk.showing import dress, show
from bot.web.desk.signing_in import sign_in_room
from bot.web.desk.staff_pages import staff_room

__all__ = [
    "ANYBODY",
    "Choice",
    "Staff",
    "Templates",
    "Undeclared",
    "current_staff",
    "open_front_door",
    "page",
    "show",
]

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; media-src 'self'; "
        "connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    # Not "no-referrer": browsers would then hide from us where a form comes from.
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Undeclared(Exception):
    """A route does not say who may come in. Nothing is started with it."""


def open_front_door(
    app: Flask, desk: Desk, locks: Locks, rooms: Sequence[Blueprint] = (), templates: Templates | None = None
) -> None:
    """Put the desk's pages into an app, and ``rooms`` of others, and guard them all. Raises Undeclared.

    ``templates`` are those that may be sent into a conversation whose window is closed (without it: those approved).
    """
    # Flask's own cookie carries nothing but the notice shown on the next page.
    app.secret_key = locks.form_token("notices")
    app.config.update(
        SESSION_COOKIE_NAME="__Host-frontdesk-notice",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.request_class = PageRequest
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # Its answer would be shown in place of the page: it has none.
    app.before_request(desk.shelf.look)
    Guard(desk, locks).watch(app)
    dress(app, desk)
    own = (
        home_room(),
        admin_room(),
        sign_in_room(desk, locks),
        account_room(desk, locks),
        staff_room(desk, locks),
        audit_room(desk),
        _reception_room(desk, templates or approved_templates(desk)),
        live_room(desk),
        search_room(desk),
        diary_room(desk),
        patients_room(desk),
        numbers_room(desk),
        clinic_room(desk),
        alerts_room(desk),
        manifest_room(desk),
    )
    for room in (*own, *rooms):
        app.register_blueprint(room)
    if missing := undeclared(app):
        raise Undeclared(f"Say with @page(...) who may come in: {', '.join(missing)}")

    @app.after_request
    def harden(response: Response) -> Response:
        if request.endpoint == "static" and "v" in request.args and response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


def _reception_room(desk: Desk, templates: Templates) -> Blueprint:
    """``/desk/inbox`` and all conversations."""
    room = inbox_room(desk)
    add_conversations(room, desk, templates)
    add_composing(room, desk, templates)
    add_files(room, desk)
    add_attaching(room, desk)
    add_first(room, desk)
    add_finishing(room, desk)
    return room
