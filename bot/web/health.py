"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response, jsonify

from bot.ports import Desk, LiveAway


def health_room(desk: Desk) -> Blueprint:
    """``/health/live`` answers while the process does; ``/health/ready`` says whether it can serve (else 503).

    ``{"ready": true, "database": true, "redis": false, "reasons": ["redis_away"]}``. Only the database makes it
    unready: without Redis, senders or jobs messages are still taken in and answered later, which is no reason to be
    taken out of service. docs/operating.md says what to do about each reason.
    """
    room = Blueprint("health", __name__, url_prefix="/health")

    @room.get("/live")
    def live() -> Response:
        return jsonify(alive=True)

    @room.get("/ready")
    def ready() -> tuple[Response, int]:
        reasons = list(_reasons(desk))
        able = "database_away" not in reasons
        parts = {"database": able, "redis": "redis_away" not in reasons}
        return jsonify(ready=able, **parts, reasons=reasons), 200 if able else 503

    return room


def _reasons(desk: Desk) -> Iterator[str]:
    if not desk.book.healthy():
        yield "database_away"
    try:
        if not desk.live.alive().get("senders"):
            yield "no_senders"
        if not desk.queue.workers():
            yield "no_jobs"
    except LiveAway:
        yield "redis_away"
