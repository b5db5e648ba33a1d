"""Writing to a number that never wrote to us: by an approved template, once, and never past an opt-out.

The number travels in a form, never in an address. Who has a conversation already is answered in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import approved, inbox, patients, replying
from bot.desk.reception import Refused
from bot.ports import Desk
from bot.ports.reception import Patient
from bot.web.desk.asked import typed
from bot.web.desk.composing import Choice, as_reply
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import LANGUAGES, show

FIELDS = ("phone", "name", "language", "template")
"""What languages call themselves; one that is not here goes by its code."""


def add_first(room: Blueprint, desk: Desk) -> None:
    """Add ``/desk/inbox/new``."""

    @room.get("/new", endpoint="new")
    @page("inbox.work")
    def ask() -> Response:
        return _form(desk, {"phone": "", "name": "", "template": "", "language": request.args.get("language", "")})

    @room.post("/new", endpoint="write_first")
    @page("inbox.work")
    def write() -> AnyResponse:
        form, her = typed(*FIELDS), current_staff().id
        if "show" in request.form:
            return _form(desk, form)
        phone, language = form["phone"].replace(" ", ""), _language(desk, form["language"])
        try:
            known = replying.conversation_with(desk, phone)
            if inbox.card(desk, known):
                flash("We talk with this number already. Here it is; nothing was sent.", "warn")
                return redirect(url_for("inbox.one", conversation=known), 303)
            named = patients.checked(desk, Patient(0, form["name"], phone, "", "")) if form["name"] else None
            choice = next((one for one in _choices(desk, language, form["name"]) if one.name == form["template"]), None)
            if choice is None:
                return _form(desk, form, 422, "Choose a template: WhatsApp takes nothing else as a first message.")
            words = as_reply(choice, request.form.get("token", ""))
            made = replying.write_first(desk, her, phone, words, language)
            if named:
                patients.add(desk, made, her, named)
        except Refused as refused:
            return _form(desk, form, 422, str(refused))
        flash("It is on its way.", "done")
        return redirect(url_for("inbox.one", conversation=made, folder="mine"), 303)


def _form(desk: Desk, form: Mapping[str, str], status: int = 200, trouble: str = "") -> Response:
    language = _language(desk, form["language"])
    return show(
        "desk/inbox_new.html",
        fragment="templates",
        status=status,
        form={**form, "language": language},
        languages={one: LANGUAGES.get(one, one) for one in desk.clinic.languages},
        templates=_choices(desk, language, form["name"] or "…"),
        chosen=form["template"],
        token=desk.chance.token(),
        trouble=trouble,
    )


def _language(desk: Desk, wanted: str) -> str:
    return wanted if wanted in desk.clinic.languages else desk.clinic.languages[0]


def _choices(desk: Desk, language: str, name: str) -> tuple[Choice, ...]:
    found = approved.ready_in(desk, language, name)
    return tuple(Choice(one.name, one.text, one.variables, one.buttons) for one in found)
