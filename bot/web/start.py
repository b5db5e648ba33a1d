"""The first page: what runs here, and where to go. It shows nothing of any patient."""

from __future__ import annotations

from flask import Blueprint, render_template

from bot.ports import Desk
from bot.web.desk import ANYBODY, page


def start_room(desk: Desk, with_phone: bool) -> Blueprint:
    """``/``: no more than what runs here, for whoever comes by."""
    room = Blueprint("start", __name__)

    @room.get("/")
    @page(ANYBODY)
    def start() -> str:
        clinic = str(desk.clinic.facts.get("name", ""))
        return render_template("start.html", clinic=clinic, with_phone=with_phone, database=desk.book.healthy())

    return room
