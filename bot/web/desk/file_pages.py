"""Files of patients and to patients, for whoever may read their conversation: shown as what they are, never run."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from bot.desk import media, sent_files, sessions
from bot.ports import Desk, MediaLost
from bot.web.desk.guard import current_staff, page

SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A file opened by itself has no origin, runs nothing and fetches nothing. The style is the browser's own, around a
picture."""


def add_files(room: Blueprint, desk: Desk) -> None:
    """Add ``/desk/inbox/<conversation>/files/<file>``. That a file was looked at is written down by its id."""

    @room.get("/<conversation>/files/<file>", endpoint="file")
    @page("inbox.read", quiet=True)
    def show_file(conversation: str, file: str) -> Response:
        try:
            shown = sent_files.shown(desk, file) or media.show_media(desk, file)
        except MediaLost as lost:
            return Response(f"{lost}\n", 404, mimetype="text/plain")
        if shown.conversation != conversation:
            abort(404)
        sessions.viewed(desk, current_staff().id, f"file:{file}")
        where = "inline" if shown.inline and "save" not in request.args else "attachment"
        response = Response(
            shown.content,
            mimetype=shown.content_type,
            headers={"Content-Security-Policy": SANDBOX},
        )
        response.headers.set("Content-Disposition", where, filename=shown.name)
        # A player asks for the part it is about to play.
        response.make_conditional(request, accept_ranges=True, complete_length=len(shown.content))
        return response
