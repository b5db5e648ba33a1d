"""What every page of the desk is made of: the shell, its parts for htmx, and words when something is wrong."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, make_response, render_template, request, url_for
from jinja2 import Template
from werkzeug.exceptions import HTTPException

from bot.core.staff import ROLE_WORDS
from bot.desk.alerts import mail_trouble
from bot.ports import BookAway, Desk
from bot.ports.alerts import MailTrouble
from bot.ports.staff import TooBusy
from bot.web.desk import guard

DESK_PATHS = ("/desk", "/flows", "/live")
LANGUAGES: Mapping[str, str] = {"en": "English", "zh": "中文", "ms": "Bahasa Melayu", "ta": "தமிழ்"}
"""As those who speak them call them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere the desk leads to. It is shown to whoever may go there, as soon as its page exists."""

    label: str
    endpoint: str
    permission: str
    icon: str
    key: str
    """The letter that leads there after ``g``."""
    about: str = ""


TOP = (
    Place("Inbox", "inbox.show", "inbox.read", "inbox", "i"),
    Place("Calendar", "diary.show", "diary.read", "calendar", "c"),
    Place("Patients", "patients.show", "patients.read", "people", "p"),
    Place("Numbers", "numbers.show", "numbers.read", "chart", "n"),
    Place("Admin", "admin.show", "clinic.change", "gear", "a"),
)
ADMIN = (
    Place("Staff", "staff.show", "staff.manage", "people", "", "Who works here, what each may do, and ways in."),
    Place("Audit", "audit.show", "audit.read", "list", "", "Who viewed, sent, changed and exported what, and when."),
    Place("What it says", "flows.show", "flows.read", "chat", "", "The conversations patients can have."),
    Place(
        "Alerts", "alerts.show", "clinic.change", "bell", "", "Who is told by e-mail, of what, and whether it arrives."
    ),
    Place("Clinic", "clinic.show", "clinic.change", "gear", "", "Notices, quick replies, silencing the assistant."),
)
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("That could not be read", "The page sent something unexpected. Go back, reload it and try again."),
    401: ("You have been signed out", "Nothing was sent. Sign in again in another tab, then repeat it here."),
    403: ("This is not open to you", "Your account may not do this. An admin can change what it may do."),
    404: ("There is nothing here", "It may have been moved or removed, or the address has a slip in it."),
    405: ("That cannot be done here", "The address exists, but not for this. Go back and try again."),
    409: ("Somebody was faster", "This has changed since the page was opened. Look at it again, then decide."),
    413: ("That is too large", "Send less at once."),
    422: ("Something is missing", "Look at what is marked below and try again."),
    429: ("Too many tries", "Wait a moment, then try again."),
    500: ("Something failed here", "It has been reported to whoever looks after this system. Nothing was sent."),
    503: (
        "Not available right now",
        "The database does not answer. Patients' messages are safe; try again in a moment.",
    ),
}
TOO_BUSY = ("Many are signing in right now", "Nothing was lost. Try again in a moment.")
FOREIGN_FORM = ("This page was out of date", "Nothing was changed. Reload the page and try again.")


def show(template: str, fragment: str = "", status: int = 200, **context: Any) -> Response:
    """A page; or, when htmx asks and there is one, only its block ``fragment``.

    The same view and the same template serve both, so that what is refetched never differs from what was loaded.
    """
    if fragment and guard.is_fragment():
        part = current_app.jinja_env.get_template(template)
        return make_response(_block(part, fragment, context), status)
    response = make_response(render_template(template, **context), status)
    response.vary.add("HX-Request")
    return response


def _block(template: Template, name: str, context: Mapping[str, Any]) -> str:
    whole = dict(context)
    current_app.update_template_context(whole)
    return "".join(template.blocks[name](template.new_context(whole)))


def places(all_places: tuple[Place, ...]) -> list[Place]:
    """Where whoever is signed in may go."""
    staff = guard.anybody_signed_in()
    return [
        one for one in all_places if one.endpoint in current_app.view_functions and staff and staff.may(one.permission)
    ]


def _asset(name: str) -> str:
    """The address of a static file, which changes with its content: browsers may keep it for good."""
    content = Path(str(current_app.static_folder), name).read_bytes()
    return url_for("static", filename=name, v=sha256(content).hexdigest()[:12])


@lru_cache(maxsize=1024)
def phone(number: str) -> str:
    """A phone number as one reads it out: ``+65 9123 4567``. What is none is left as it is.

    Its spaces do not break. Others would turn its parts round beside a name written from the right (UAX #9, W4).
    """
    # Imported when the first number is seen: it is a tenth of what a web process weighs.
    import phonenumbers

    try:
        found = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.INTERNATIONAL)).replace(" ", "\xa0")


def dress(app: Flask, desk: Desk) -> None:
    """Give every template of an app what the shell needs, and every error its words."""
    zone = desk.diary.zone
    clinic = str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "")
    app.add_template_filter(phone)
    app.jinja_env.globals["form_token"] = guard.form_token
    app.jinja_env.globals["asset"] = cache(_asset)
    # A global, because a block that is rendered alone knows nothing of what its template imports.
    app.jinja_env.globals["ui"] = app.jinja_env.get_template("desk/_ui.html").module

    @app.context_processor
    def shell() -> dict[str, Any]:
        return {
            "clinic": clinic,
            "staff": guard.anybody_signed_in(),
            "top_places": places(TOP),
            "admin_rooms": {place.endpoint.partition(".")[0] for place in ADMIN},
            "role_words": ROLE_WORDS,
            "mail_trouble": lambda: _mail_trouble(desk),
            "has_page": lambda endpoint: endpoint in current_app.view_functions,
        }

    @app.template_filter("clinic_time")
    def clinic_time(instant: int, shape: str = "%-d %b %Y, %H:%M") -> str:
        return datetime.fromtimestamp(instant, zone).strftime(shape) if instant else ""

    @app.errorhandler(HTTPException)
    def expected(error: HTTPException) -> Response:
        if error.response is not None:
            return make_response(error.response)
        code = error.code or 500
        return _trouble(code, FOREIGN_FORM if error.description == "foreign form" else WORDS.get(code, WORDS[500]))

    @app.errorhandler(BookAway)
    @app.errorhandler(TooBusy)
    def away(error: Exception) -> Response:
        desk.report("page_not_available", {"endpoint": request.endpoint, "error": type(error).__name__})
        return _trouble(503, TOO_BUSY if isinstance(error, TooBusy) else WORDS[503])

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        # Where, but not what: the words of an exception may be a patient's.
        ours = [frame for frame in traceback.extract_tb(error.__traceback__) if "/bot/" in frame.filename]
        where = f"{ours[-1].filename.rpartition('/')[2]}:{ours[-1].lineno}" if ours else ""
        desk.report("page_failed", {"endpoint": request.endpoint, "error": type(error).__name__, "at": where})
        return _trouble(500, WORDS[500])


def _mail_trouble(desk: Desk) -> MailTrouble | None:
    """What could not be told off the screen, for whoever looks after that. Every page asks, so none fails of it."""
    try:
        return mail_trouble(desk) if desk.mail is not None or desk.push is not None else None
    except BookAway:
        return None


def _trouble(code: int, words: tuple[str, str]) -> Response:
    """An error in words: a page for browsers, a notice that replaces nothing for htmx, a line for machines."""
    title, sentence = words
    if not request.path.startswith(DESK_PATHS):
        return Response(f"{title}. {sentence}\n", code, mimetype="text/plain")
    if guard.is_fragment():
        response = make_response(render_template("desk/_trouble.html", title=title, sentence=sentence, code=code), code)
        # Whatever was asked for stays as it is on the screen, with what was typed into it.
        response.headers["HX-Retarget"] = "#notices"
        response.headers["HX-Reswap"] = "innerHTML"
        return response
    home = url_for("home.show")
    return make_response(
        render_template("desk/trouble.html", title=title, sentence=sentence, code=code, home=home), code
    )
