"""The web's two processes: the webhook, which must answer at once, and the pages, which may take their time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.health import health_room
from bot.web.sent_files import sent_files_room
from bot.web.webhook import BODY_BYTES_MAX, Door, webhook_room

if TYPE_CHECKING:
    from bot.web.desk import Templates

LEADS_TO_PAGES = ("/phone", "/desk", "/flows", "/live")
UNSIGNED = {
    "health": "asked by whatever watches over the machine; says nothing of anybody",
    "sent_files": "Twilio signs nothing when it fetches a file; each address carries a proof of its own, and closes",
    "to": "leads browsers to the pages, which have their own guard",
}
"""What the webhook's process answers without Twilio's signature, and why."""


def create_webhook(desk: Desk, door: Door, desk_port: int) -> Flask:
    """The process Twilio talks to. Browsers that come here are led to the pages."""
    app = Flask("bot.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_BYTES_MAX
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY_BYTES_MAX
    app.register_blueprint(webhook_room(desk, door))
    app.register_blueprint(sent_files_room(desk))
    app.register_blueprint(health_room(desk))
    _answer_errors_plainly(app, desk)

    def to_pages(path: str = "") -> AnyResponse:
        host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
        return redirect(f"{request.scheme}://{host}:{desk_port}{request.full_path.rstrip('?')}", 307)

    for prefix in LEADS_TO_PAGES:
        app.add_url_rule(prefix, f"to{prefix}", to_pages)
        app.add_url_rule(f"{prefix}/<path:path>", f"to{prefix}/", to_pages)
    app.add_url_rule("/", "to/", to_pages)
    return app


def create_pages(
    desk: Desk,
    locks: Locks,
    with_phone: bool = False,
    rooms: Sequence[Blueprint] = (),
    templates: Templates | None = None,
) -> Flask:
    """The process people's browsers talk to. ``rooms`` are added to the desk's own and guarded like them; ``templates``
    tells which may be sent into a conversation (without it: those that WhatsApp has approved).

    Its modules are imported here: the webhook's process needs none of them.
    """
    from bot.web.desk import open_front_door
    from bot.web.start import start_room

    app = Flask("bot.web", static_url_path="/static")
    app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
    app.register_blueprint(health_room(desk))
    open_front_door(app, desk, locks, (start_room(desk, with_phone), *rooms), templates)
    return app


def _answer_errors_plainly(app: Flask, desk: Desk) -> None:
    """An error is a short sentence to whoever asked and a report to the operator, never a stack trace."""

    @app.errorhandler(HTTPException)
    def expected(error: HTTPException) -> Response:
        return Response(f"{error.name}\n", error.code or 500, mimetype="text/plain")

    @app.errorhandler(Exception)
    def unexpected(error: Exception) -> Response:
        desk.report("request_failed", {"path": request.path, "error": type(error).__name__})
        return Response("Something failed here. It has been reported.\n", 500, mimetype="text/plain")


__all__ = ["Door", "create_pages", "create_webhook"]
