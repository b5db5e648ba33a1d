"""The first page: what runs here, and where to go. It shows nothing of any patient."""

from __future__ import annotations

from flask import Blueprint, render_template

from bot.ports import Desk


def start_room(desk: Desk, with_phone: bool) -> Blueprint:
    """``/`` and, until there is an inbox in the browser, ``/desk``."""
    room = Blueprint("start", __name__)

    @room.get("/")
    @room.get("/desk")
    def start() -> str:
        clinic = str(desk.clinic.facts.get("name", ""))
        return render_template("start.html", clinic=clinic, with_phone=with_phone, database=desk.book.healthy())

    return room
