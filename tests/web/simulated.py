"""A simulator between two ends on loopback: a stub of the clinic's webhook, and the pages with the endpoint."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, request
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.serving import WSGIRequestHandler, make_server

from bot.adapters.simulator_store import Simulator
from bot.web.phone import phone_room
from bot.web.simulator import simulator_room

MONDAY = int(datetime(2026, 3, 2, 1, 0, tzinfo=UTC).timestamp())
ACCOUNT, TOKEN = "AC" + "1" * 32, "a-token-of-the-simulator"
CLINIC = "whatsapp:+6560000000"
PUBLIC_URL = "https://desk.example.org"
MEI_LING, RAVI, SITI = (f"whatsapp:+658123450{number}" for number in (1, 2, 3))


@dataclass
class Webhook:
    """The clinic's end: remembers the forms it got, says whether each was truly signed, answers as it is told."""

    answer: tuple[str, int] = ("<Response/>", 200)
    forms: list[dict[str, str]] = field(default_factory=list)
    statuses: list[dict[str, str]] = field(default_factory=list)
    signatures: list[bool] = field(default_factory=list)
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    after_inbound: Callable[[dict[str, str]], None] = lambda form: None
    news: threading.Condition = field(default_factory=threading.Condition)

    def app(self) -> Flask:
        app = Flask("webhook")

        @app.post("/twilio/inbound")
        @app.post("/twilio/status")
        def take() -> tuple[str, int, dict[str, str]]:
            form = request.form.to_dict()
            signature = request.headers.get("X-Twilio-Signature", "")
            url = PUBLIC_URL + request.full_path.removesuffix("?")
            with self.news:
                self.signatures.append(RequestValidator(TOKEN).validate(url, form, signature))
                (self.forms if request.path == "/twilio/inbound" else self.statuses).append(form)
                self.news.notify_all()
            if request.path == "/twilio/inbound":
                self.after_inbound(form)
            return *self.answer, {"Content-Type": "text/xml"}

        @app.get("/twilio/file")
        def file() -> tuple[bytes, int, dict[str, str]]:
            kind, content = self.files.get(request.args["m"], ("", b""))
            return content, 200 if content else 404, {"Content-Type": kind}

        return app

    def wait_for(self, wanted: Callable[[], list[dict[str, str]]], seconds: float = 15) -> dict[str, str]:
        """The last of the wanted forms, as soon as there is one."""
        with self.news:
            found = self.news.wait_for(wanted, seconds)
        assert found, f"not among {self.forms} and {self.statuses}"
        return found[-1]

    def wait_for_status(self, status: str) -> dict[str, str]:
        return self.wait_for(lambda: [form for form in self.statuses if form["MessageStatus"] == status])

    def wait_for_form(self, name: str, value: str) -> dict[str, str]:
        return self.wait_for(lambda: [form for form in self.forms if form.get(name) == value])


class Here(TwilioHttpClient):
    """Twilio's own client, led to our endpoint whatever host it asks for."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=10)
        self.base = base

    def request(self, method: str, url: str, *rest: Any, **named: Any) -> Any:
        parts = urlsplit(url)
        there = f"{self.base}{parts.path}{'?' + parts.query if parts.query else ''}"
        return super().request(method, there, *rest, **named)


@dataclass
class World:
    webhook: Webhook
    simulator: Simulator
    app: Flask
    pages_url: str
    now: list[float]

    def twilio(self) -> Client:
        return Client(ACCOUNT, TOKEN, http_client=Here(f"{self.pages_url}/simulator"))

    def say(self, to: str, body: str, **more: Any) -> Any:
        return self.twilio().messages.create(to=to, from_=CLINIC, body=body, **more)


class Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        """Nothing: a test's output is for what failed."""


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=Quiet)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def simulated(folder: Path, time_zone: str = "Asia/Singapore") -> Iterator[World]:
    webhook, now = Webhook(), [float(MONDAY)]
    with served(webhook.app()) as webhook_url:
        simulator = Simulator(
            path=folder / "simulator.sqlite",
            account_sid=ACCOUNT,
            auth_token=TOKEN,
            clinic_address=CLINIC,
            webhook_url=webhook_url,
            public_url=PUBLIC_URL,
            time_zone=time_zone,
            clinic_name="Oxford Spine & Neurosurgery Centre",
            clock=lambda: now[0],
        )
        app = Flask("bot.web")
        app.register_blueprint(phone_room(simulator))
        app.register_blueprint(simulator_room(simulator), url_prefix="/simulator")
        with served(app) as pages_url:
            yield World(webhook, simulator, app, pages_url, now)
        simulator.close()
