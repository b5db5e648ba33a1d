"""The web manifest: with it a phone puts the desk on its home screen, under the clinic's own name."""

from __future__ import annotations

import json

from flask import Blueprint, Response, current_app

from bot.ports import Desk
from bot.web.desk.guard import ANYBODY, page

ICONS = (
    ("icon-192.png", "192x192", "any"),
    ("icon-512.png", "512x512", "any"),
    ("mask-512.png", "512x512", "maskable"),
)


def manifest_room(desk: Desk) -> Blueprint:
    """``/desk/manifest.webmanifest``, which says no more than the sign-in page does."""
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

    return room
