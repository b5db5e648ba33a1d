"""How a browser shows the desk: on a phone's home screen under the clinic's own name, and as a tab that counts."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app, render_template, request

from bot.ports import Desk
from bot.web.desk.asked import number_or_nothing
from bot.web.desk.guard import ANYBODY, page

ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("mask-512.png", "512x512", "maskable"),
)

COUNTED_MAX = 9
"""More than a tab has room for."""


def manifest_room(desk: Desk) -> Blueprint:
    """``/desk/manifest.webmanifest`` and ``/desk/tab-icon.svg``, which say no more than the sign-in page does."""
    room = Blueprint("manifest", __name__, url_prefix="/desk")
    clinic = str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "Frontdesk")

    @room.get("/manifest.webmanifest", endpoint="show")
    @page(ANYBODY)
    def show_manifest() -> Response:
        asset = current_app.jinja_env.globals["asset"]
        icons = [
            {"src": asset(f"desk/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}  # type: ignore[operator]
            for name, sizes, purpose in ICONS
        ]
        told = {
            "id": "/desk",
            "name": f"{clinic} desk",
            "short_name": clinic[:12].strip(),
            "start_url": "/desk",
            "scope": "/",
            "display": "standalone",
            "background_color": "#f4f5f2",
            "theme_color": "#00705a",
            "icons": icons,
        }
        return Response(json.dumps(told, ensure_ascii=False), mimetype="application/manifest+json")

    @room.get("/tab-icon.svg", endpoint="tab_icon")
    @page(ANYBODY)
    def show_tab_icon() -> Response:
        # It draws the number it is asked for: who may know how many wait is told that by the page.
        waiting = number_or_nothing(request.args.get("waiting", ""))
        shown = str(waiting) if waiting <= COUNTED_MAX else f"{COUNTED_MAX}+"
        drawn = render_template("desk/tab_icon.svg", shown=shown, urgent="urgent" in request.args)
        return Response(drawn, mimetype="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})

    return room
