"""One's own devices, under one's account: switching alerts on here, trying them out, renaming a device, removing it."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import devices
from bot.desk.reception import Refused
from bot.ports import Desk
from bot.ports.devices import Device
from bot.web.desk.asked import typed
from bot.web.desk.guard import ANYBODY, current_staff, page

BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
MACHINES = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "Chromebook"),
    ("Mac OS X", "Mac"),
    ("Linux", "Linux"),
)
"""What browsers call themselves, the particular before the general: Edge also says Chrome, and Chrome Safari."""


def add_devices(room: Blueprint, desk: Desk) -> None:
    """``/desk/account/devices``, and ``/desk/account/alerts-worker.js``, which shows alerts while no page is open."""

    def done(act: Callable[[str], None], words: str) -> AnyResponse:
        try:
            act(current_staff().id)
            flash(words, "done")
        except Refused as refused:
            flash(str(refused), "trouble")
        return redirect(f"{url_for('account.show')}#devices", 303)

    @room.post("/devices", endpoint="add_device")
    @page("account")
    def add() -> AnyResponse:
        form = typed("endpoint", "key", "secret", "wants")
        asked = Device(
            "",
            current_staff().id,
            device_name(request.user_agent.string),
            "all" if form["wants"] == "all" else "urgent",
            form["endpoint"],
            form["key"],
            form["secret"],
        )
        return done(lambda _: devices.add(desk, asked), "This device is told from now on. Try it out below.")

    @room.post("/devices/<device>/remove", endpoint="remove_device")
    @page("account")
    def remove(device: str) -> AnyResponse:
        return done(lambda me: devices.remove(desk, me, device, me), "Removed. That device is told nothing more.")

    @room.post("/devices/<device>/name", endpoint="rename_device")
    @page("account")
    def rename(device: str) -> AnyResponse:
        name = typed("name")["name"]
        return done(lambda me: devices.rename(desk, me, device, name), "Renamed.")

    @room.post("/devices/<device>/try", endpoint="try_device")
    @page("account")
    def try_out(device: str) -> AnyResponse:
        words = "A trial is on its way: it shows within seconds, also while this page is closed."
        return done(lambda me: devices.try_out(desk, me, device), words)

    @room.get("/alerts-worker.js", endpoint="worker")
    @page(ANYBODY)
    def show_worker() -> Response:
        # Browsers look for a newer one by themselves, signed in or not, and follow no redirect.
        worker = current_app.send_static_file("desk/alerts-worker.js")
        worker.headers["Cache-Control"] = "no-cache"
        worker.headers["Service-Worker-Allowed"] = "/desk/"
        return worker


def device_name(agent: str) -> str:
    """What a browser calls itself, as people would: ``Chrome on Android``."""

    def first(table: tuple[tuple[str, str], ...], otherwise: str) -> str:
        return next((name for sign, name in table if sign in agent), otherwise)

    return f"{first(BROWSERS, 'A browser')} on {first(MACHINES, 'a device')}"
