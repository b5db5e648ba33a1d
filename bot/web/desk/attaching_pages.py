"""Choosing a file for a reply. It is taken up at once, and is her draft's until it is sent or taken away again."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.sent_file import UPLOAD_BYTES_MAX
from bot.desk import reception, sent_files
from bot.desk.sent_files import Chosen
from bot.ports import Desk
from bot.web.desk.guard import current_staff, is_fragment, page

FORM_BYTES = 64 * 1024
"""What a form is besides its file."""


def add_attaching(room: Blueprint, desk: Desk) -> None:
    """Add ``/desk/inbox/<conversation>/attach`` and ``/detach``."""

    @room.post("/<conversation>/attach", endpoint="attach")
    @page("inbox.work", takes_bytes=UPLOAD_BYTES_MAX + FORM_BYTES)
    def attach(conversation: str) -> AnyResponse:
        given = request.files.get("file")
        if given is None:
            abort(400)
        called = given.filename or ""
        try:
            chosen = sent_files.choose(desk, conversation, current_staff().id, called, given.stream.read())
        except reception.NotPossible as refused:
            return _refused(conversation, str(refused))
        return _answered(conversation, chosen)

    @room.post("/<conversation>/detach", endpoint="detach")
    @page("inbox.work")
    def detach(conversation: str) -> AnyResponse:
        sent_files.take_away(desk, conversation, current_staff().id, request.form.get("file", "")[:64])
        return _answered(conversation, None)


def _answered(conversation: str, chosen: Chosen | None) -> AnyResponse:
    if not is_fragment():
        return redirect(url_for("inbox.one", conversation=conversation), 303)
    if chosen is None:
        return Response(status=204)
    body = render_template("desk/_chosen.html", chosen=chosen, there={"conversation": conversation})
    return Response(body, mimetype="text/html")


def _refused(conversation: str, words: str) -> AnyResponse:
    if not is_fragment():
        flash(words, "warn")
        return redirect(url_for("inbox.one", conversation=conversation), 303)
    return Response(f"{words}\n", 422, mimetype="text/plain")
