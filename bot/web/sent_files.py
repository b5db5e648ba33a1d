"""Files that staff send, for Twilio to fetch: the only door to a patient's data that asks for no signature.

Twilio fetches without one, so the address itself is the key: a proof that cannot be made up, for one attempt, until the
patient has the file and for twelve hours at most. Whatever is wrong with an address is answered alike.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, request

from bot.desk import sent_files
from bot.ports import BookAway, Desk

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_HEX = re.compile(r"[0-9a-f]{32}", re.ASCII)


def sent_files_room(desk: Desk) -> Blueprint:
    """``/twilio/file``."""
    room = Blueprint("sent_files", __name__, url_prefix="/twilio")

    @room.after_request
    def harden(response: Response) -> Response:
        response.headers.update(HEADERS)
        return response

    @room.get("/file")
    def fetch() -> Response:
        attempt, proof = request.args.get("m", ""), request.args.get("k", "")
        right = _HEX.fullmatch(attempt) and _HEX.fullmatch(proof)
        try:
            file = sent_files.fetched(desk, attempt, proof) if right else None
        except BookAway:
            # Twilio does not try again: its failure is told by callback, and staff see it.
            desk.report("book_away", {"path": request.path})
            return Response("Try again.\n", 503, {"Retry-After": "2"}, mimetype="text/plain")
        if file is None:
            return Response("There is nothing here (any more).\n", 404, mimetype="text/plain")
        response = Response(file.content, mimetype=file.content_type)
        response.headers.set("Content-Disposition", "attachment", filename=file.name)
        return response

    return room
