"""Whether the process lives, and whether it can do its work."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from bot.ports import Desk


def health_room(desk: Desk) -> Blueprint:
    """``/health/live`` answers while the process does; ``/health/ready`` says which part is away (503)."""
    room = Blueprint("health", __name__, url_prefix="/health")

    @room.get("/live")
    def live() -> Response:
        return jsonify(alive=True)

    @room.get("/ready")
    def ready() -> tuple[Response, int]:
        parts = {"database": desk.book.healthy(), "redis": desk.live.healthy()}
        # Without Redis patients are still answered, only slower: not a reason to be taken out of service.
        return jsonify(parts), 200 if parts["database"] else 503

    return room
