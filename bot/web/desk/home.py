"""Where one lands: the first place one may go to; and the list of what admins look after."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.web.desk.guard import page
from bot.web.desk.showing import ADMIN, TOP, places, show


def home_room() -> Blueprint:
    """``/desk`` leads to the first place that whoever is signed in may see."""
    room = Blueprint("home", __name__)

    @room.get("/desk", endpoint="show", strict_slashes=False)
    @page("account")
    def show_home() -> AnyResponse:
        open_to_her = places(TOP)
        return redirect(url_for(open_to_her[0].endpoint if open_to_her else "account.show"), 303)

    return room


def admin_room() -> Blueprint:
    """``/desk/admin``: everything there is to look after, a sentence each."""
    room = Blueprint("admin", __name__, url_prefix="/desk/admin")

    @room.get("", endpoint="show")
    @page("clinic.change")
    def show_list() -> Response:
        return show("desk/admin.html", places=places(ADMIN))

    return room
