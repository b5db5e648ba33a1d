"""The desk's three cookies. ``__Host-`` binds each to this very host: no neighbouring name can read or set it."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

SESSION = "__Host-frontdesk"
"""Proves who is signed in. It ends with the browser, and on the server before that."""
BROWSER = "__Host-frontdesk-browser"
"""Knows a browser again that somebody has signed in from, so that guessing elsewhere does not make her wait."""
FORM = "__Host-frontdesk-form"
"""Ties the forms of our pages to the browser they were shown in."""
BROWSER_SECONDS = 180 * 86_400
TOKEN_CHARACTERS_MAX = 128


def session() -> str:
    """The session's token, or nothing."""
    return _read(SESSION)


def browser() -> str:
    """The browser's token, or nothing."""
    return _read(BROWSER)


def form() -> str:
    """The secret that forms are tied to, or nothing."""
    return _read(FORM)


def keep_session(response: Response, token: str) -> None:
    """Signed in."""
    _keep(response, SESSION, token)


def keep_browser(response: Response, token: str) -> None:
    """Know this browser again."""
    _keep(response, BROWSER, token, BROWSER_SECONDS)


def keep_form(response: Response, secret: str) -> None:
    """Tie the forms of our pages to this browser."""
    _keep(response, FORM, secret)


def forget_session(response: Response) -> None:
    """Signed out."""
    response.delete_cookie(SESSION, secure=True, httponly=True, samesite="Lax")


def _read(name: str) -> str:
    value = request.cookies.get(name, "")
    return value if len(value) <= TOKEN_CHARACTERS_MAX and value.isascii() and value.isalnum() else ""


def _keep(response: Response, name: str, value: str, seconds: int | None = None) -> None:
    # Lax, not Strict: a link in an alert must find her signed in. Changes have their form token besides.
    response.set_cookie(name, value, max_age=seconds, secure=True, httponly=True, samesite="Lax", path="/")
