"""Web entrances for gunicorn: ``wsgi:webhook()`` for Twilio, ``wsgi:pages()`` for browsers."""

from __future__ import annotations

import gc
import os
import sys

from flask import Flask

from bot import settings as environment
from bot import web, wiring
from bot.ports import Desk

SWITCH_SECONDS = 0.0001
"""How long a thread computes while another wants to. With Python's 5 ms, whoever has the database locked stood in line
behind those who only think, after each of his statements."""
PAGES_YIELD = 5
"""How nice the pages are (see nice(1)): where processors are short a patient's message is answered first."""


def webhook() -> Flask:
    """The process Twilio talks to."""
    wiring.log_to_stderr()
    with wiring.plainly():
        settings = environment.read(os.environ)
        wiring.share_metrics(settings, counts=True)
        desk = wiring.open_desk(settings)
    door = web.Door(settings.public_url, settings.twilio_auth_tokens, settings.twilio_account_sid, settings.twilio_from)
    app = web.create_webhook(desk, door, settings.desk_port)
    from bot.web.metrics import time_webhooks

    time_webhooks(app)
    _let_nobody_wait(desk)
    return app


def _let_nobody_wait(desk: Desk) -> None:
    """What the first patient would wait for, and what Python itself keeps a patient waiting for."""
    desk.read("hello", desk.clock.now())
    # What was loaded lives as long as the process. Collecting garbage went through it, and stopped everybody for 70 ms.
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(SWITCH_SECONDS)


def pages() -> Flask:
    """The process browsers talk to; with the phone in simulator mode."""
    os.nice(PAGES_YIELD)
    wiring.log_to_stderr()
    with wiring.plainly():
        settings = environment.read(os.environ)
        wiring.share_metrics(settings)
        desk = wiring.open_desk(settings)
        locks = wiring.open_locks(settings)
    from bot.web.metrics import metrics_room

    numbers = metrics_room(desk, settings.metrics_token, settings.on_loopback)
    app = web.create_pages(desk, locks, with_phone=settings.simulator, rooms=(numbers,))
    if settings.simulator:
        from bot.web.phone import phone_room
        from bot.web.simulator import simulator_room

        simulator = wiring.open_simulator(settings, desk)
        app.register_blueprint(phone_room(simulator))
        app.register_blueprint(simulator_room(simulator), url_prefix="/simulator")
    return app
