"""Nobody gets past a page that she may not see, and nothing is changed by a page of somebody else.

Every route is closed unless its view says who may come in: ``@page("inbox.read")`` for whoever has that permission,
``@page(ANYBODY)`` for the few that are shown to all. A route that says nothing is refused at start, and when asked.
Every change (any method but GET, HEAD and OPTIONS) must come from a page of ours and carry its form token, in the field
``form_token`` or the header ``X-Form-Token``; views need not think of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest
from typing import TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, abort, current_app, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from bot.core.staff import PERMISSIONS, Role, may
from bot.desk import sessions
from bot.ports import Desk
from bot.ports.staff import Account, Locks, Session
from bot.web.desk import cookies

ANYBODY = "anybody"
OPEN_ROOMS = {
    "health": "asked by whatever watches over the machine; says nothing of anybody",
    "phone": "the simulator's phones, which exist only without Twilio; has its own check of origins",
    "simulator": "the Twilio-shaped endpoint; has Twilio's own way to sign in",
}
"""Blueprints that are not the desk's, and why they may do without its guard."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HARMLESS = "X-Quiet"
"""The header of requests that a page makes by itself: they do not keep a session alive. (``EventSource`` sends none:
its routes are marked ``quiet``.)"""

View = TypeVar("View", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is at this desk now."""

    id: str
    name: str
    role: Role
    account: Account
    session: Session

    def may(self, permission: str) -> bool:
        """Whether she has a permission of :data:`bot.core.staff.PERMISSIONS`."""
        return may(self.role, permission)


def page(permission: str, quiet: bool = False, takes_bytes: int = 0) -> Callable[[View], View]:
    """Say who may come in; ``quiet`` when pages ask by themselves, which keeps no session alive; ``takes_bytes`` when a
    form may be larger than others, from whoever was let in.

    Raises KeyError at import for a permission that does not exist.
    """
    if permission != ANYBODY:
        PERMISSIONS[permission]

    def mark(view: View) -> View:
        view.__dict__.update(permission=permission, quiet=quiet, takes_bytes=takes_bytes)
        return view

    return mark


def current_staff() -> Staff:
    """Who is signed in. Only for pages that need a permission: there is always somebody."""
    staff: Staff = g.staff
    return staff


def anybody_signed_in() -> Staff | None:
    """Who is signed in, on pages that are shown to all."""
    staff: Staff | None = g.get("staff")
    return staff


def form_token() -> str:
    """What forms of this page carry: proof that the page was ours, in this browser, for whoever is signed in.

    It outlives a session: what was typed before one ran out can be sent after signing in again, by the same person.
    """
    if not (secret := cookies.form() or g.get("form_secret")):
        secret = g.form_secret = _guard().desk.chance.token()
    return _guard().token_for(secret)


def _guard() -> Guard:
    guard: Guard = current_app.extensions["guard"]
    return guard


def undeclared(app: Flask) -> list[str]:
    """The endpoints that say nothing about who may come in."""
    return [rule.endpoint for rule in app.url_map.iter_rules() if permission_of(app, rule.endpoint) is None]


def permission_of(app: Flask, endpoint: str) -> str | None:
    """What a route needs; None when it does not say."""
    if endpoint == "static" or endpoint.partition(".")[0] in OPEN_ROOMS:
        return ANYBODY
    permission: str | None = app.view_functions[endpoint].__dict__.get("permission")
    return permission


class Guard:
    """Stands at the door of every page of an app, and on its way out."""

    def __init__(self, desk: Desk, locks: Locks) -> None:
        self.desk = desk
        self.locks = locks

    def watch(self, app: Flask) -> None:
        """Watch over an app from now on."""
        app.extensions["guard"] = self
        app.before_request(self._let_in)
        app.after_request(self._remember)

    def token_for(self, secret: str) -> str:
        """The form token of a browser and of who is signed in there."""
        staff = anybody_signed_in()
        return self.locks.form_token(f"{secret} {staff.id if staff else ''}")

    def _let_in(self) -> AnyResponse | None:
        if request.endpoint is None:
            # No such page: said inside the shell to whoever is signed in.
            g.staff = self._signed_in()
            return None
        permission = permission_of(current_app, request.endpoint)
        if permission is None:
            self.desk.report("page_without_permission", {"endpoint": request.endpoint})
            abort(500)
        if request.endpoint == "static" or request.blueprint in OPEN_ROOMS:
            return None
        if "\x00" in request.path:
            abort(404)
        g.staff = self._signed_in()
        if permission != ANYBODY:
            if g.staff is None:
                return _ask_to_sign_in()
            if not g.staff.may(permission):
                abort(403)
        if takes := getattr(current_app.view_functions[request.endpoint], "takes_bytes", 0):
            request.max_content_length = takes
        if request.method not in SAFE_METHODS and not (self._from_here() and self._carries_token()):
            self.desk.report("foreign_form", {"endpoint": request.endpoint})
            abort(403, "foreign form")
        return None

    def _signed_in(self) -> Staff | None:
        token = cookies.session()
        view = current_app.view_functions.get(request.endpoint or "")
        touched = HARMLESS not in request.headers and not getattr(view, "quiet", False)
        found = sessions.signed_in(self.desk, self.locks, token, touched) if token else None
        if found is None or found[0].waits_for_code:
            return None
        session, account = found
        return Staff(account.id, account.name, account.role, account, session)

    def _from_here(self) -> bool:
        """Whether a change was asked for by a page of this very origin: the browser says so, and a script cannot."""
        site = request.headers.get("Sec-Fetch-Site")
        if site is not None:
            return site == "same-origin"
        origin = request.headers.get("Origin")
        ours = (request.host, urlsplit(self.desk.callback_base).netloc)
        return origin is None or urlsplit(origin).netloc in ours

    def _carries_token(self) -> bool:
        secret = cookies.form()
        token = request.headers.get("X-Form-Token") or request.form.get("form_token", "")
        return bool(secret) and compare_digest(self.token_for(secret).encode(), token.encode())

    def _remember(self, response: Response) -> Response:
        if secret := g.get("form_secret"):
            cookies.keep_form(response, secret)
        return response


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Request-Type") != "full"


def local_path(wanted: str) -> str:
    """Where to go after signing in: a path of the desk, never another site, whatever was asked for."""
    plain = wanted.isprintable() and "\\" not in wanted and not wanted.startswith("//")
    return wanted if plain and wanted.startswith(("/desk", "/flows")) else "/desk"


def _ask_to_sign_in() -> AnyResponse:
    """A page leads to the sign-in and back. A form or a fragment says so in its place, and nothing typed is lost."""
    if request.method not in SAFE_METHODS or is_fragment():
        abort(401)
    wanted = local_path(request.full_path.rstrip("?"))
    return redirect("/desk/sign-in" if wanted == "/desk" else f"/desk/sign-in?next={quote(wanted, safe='/')}", 303)
