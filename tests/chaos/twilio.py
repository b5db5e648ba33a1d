"""A Twilio that takes messages as the real one does, only worse, and remembers every one it took.

It slows us down, fails, drops the connection before or after taking a message, and answers too late; its callbacks come
late, twice and in any order. The `gentle` are treated well, and everybody while it is `calm`; what is taken
for the `unanswered` is answered too late.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import secrets
import socket
import struct
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

from bot.core.twilio_signature import expected_signature

ACCOUNT, TOKEN, CLINIC = "AC" + "1" * 32, secrets.token_hex(16), "whatsapp:+6560000000"

FAULTS = {
    "429": 0.07,
    "500": 0.015,
    "500 but taken": 0.015,
    "reset before taking": 0.01,
    "reset after taking": 0.01,
    "stall": 0.002,
}
"""How often each befalls a message: a tenth is slowed down or fails, and of a twentieth nobody knows what became."""
LIST_FAULTS = {"list 429": 0.02, "list 500": 0.02}
CALLBACKS = {"sent": 0.1, "delivered": 0.5, "read": 0.1}
"""How often each status of a message is called back."""
CALLED_TWICE = 0.2
CALLBACK_SECONDS_MAX = 6.0
STALL_SECONDS = 12.0
"""Our client gives up after ten."""
CALLERS = 4
CALL_SECONDS_MAX = 5.0


@dataclass(frozen=True)
class Accepted:
    """A message that was taken: which attempt of ours it was, and when, by the clock of this process."""

    sid: str
    to: str
    body: str
    attempt: str
    at: float
    made_at: float


class Twilio(ThreadingHTTPServer):
    """Runs while the `with` block lasts. What it took is in `accepted`, in order."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        seed: int,
        faults: Mapping[str, float] = FAULTS,
        stall_seconds: float = STALL_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.on_posting, self.stall_seconds, self.now = faults, stall_seconds, now
        self.accepted: list[Accepted] = []
        self.faults: Counter[str] = Counter()
        self.contents: list[dict[str, Any]] = []
        self.calm = False
        self.gentle: set[str] = set()
        self.unanswered: set[str] = set()
        self.news = threading.Condition()
        self.over = threading.Event()
        self._chance = random.Random(seed)  # noqa: S311 - an accident, repeatable
        self._of: dict[str, list[Accepted]] = defaultdict(list)
        self._callers = ThreadPoolExecutor(CALLERS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.over.set()
        self._callers.shutdown(cancel_futures=True)
        self.shutdown()
        self.server_close()

    def fault(self, kinds: Mapping[str, float], to: str) -> str:
        """What befalls this request; nothing, mostly."""
        if self.calm or to in self.gentle:
            return ""
        with self.news:
            (fault,) = self._chance.choices([*kinds, ""], [*kinds.values(), 1 - sum(kinds.values())])
            if fault:
                self.faults[fault] += 1
        return fault

    def take(self, form: dict[str, str]) -> Accepted:
        """Take a message, and call back about it later."""
        body = form.get("Body") or json.loads(form["ContentVariables"])["1"]
        callback = form["StatusCallback"]
        attempt = parse_qs(urlsplit(callback).query)["m"][0]
        sid = f"SM{secrets.token_hex(16)}"
        message = Accepted(sid, form["To"], body, attempt, time.monotonic(), self.now())
        with self.news:
            self.accepted.append(message)
            self._of[message.to].append(message)
            self.news.notify_all()
            said = [status for status, often in CALLBACKS.items() if self._chance.random() < often]
            said += [status for status in said if self._chance.random() < CALLED_TWICE]
            later = [(self._chance.random() * CALLBACK_SECONDS_MAX, status) for status in said]
        for seconds, status in later:
            timer = threading.Timer(seconds, self._call_back, (callback, message, status))
            timer.daemon = True
            timer.start()
        return message

    def taken_for(self, to: str) -> list[Accepted]:
        """What was taken for an address, oldest first."""
        with self.news:
            return list(self._of[to])

    def _call_back(self, url: str, message: Accepted, status: str) -> None:
        form = {"MessageSid": message.sid, "MessageStatus": status, "AccountSid": ACCOUNT, "To": message.to}
        if not self.over.is_set():
            self._callers.submit(post_form, url, form)


def post_form(url: str, form: dict[str, str]) -> int:
    """Post a signed form as Twilio does; the status, or 0 when there was no answer."""
    parts = urlsplit(url)
    headers = {
        "X-Twilio-Signature": expected_signature(TOKEN, url, form),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=CALL_SECONDS_MAX)
    try:
        connection.request("POST", f"{parts.path}?{parts.query}".rstrip("?"), urlencode(form), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    """Create and list messages; create and list content templates."""

    protocol_version = "HTTP/1.1"
    server: Twilio

    def handle(self) -> None:
        # Whoever asked may be killed at any moment.
        with suppress(ConnectionError):
            super().handle()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length).decode()
        if len(body.encode()) < length:
            raise ConnectionAbortedError("whoever asked was killed in the middle of it")
        if not self.path.endswith("/Messages.json"):
            content = {**json.loads(body), "sid": f"HX{secrets.token_hex(16)}", "account_sid": ACCOUNT}
            self.server.contents.append(content)
            return self._answer(201, content)
        form = {name: values[0] for name, values in parse_qs(body).items()}
        fault = self.server.fault(self.server.on_posting, form["To"])
        if fault in ("429", "500"):
            return self._refuse(int(fault))
        if fault == "reset before taking":
            return self._reset()
        message = self.server.take(form)
        if fault == "500 but taken":
            return self._refuse(500)
        if fault == "reset after taking":
            return self._reset()
        if fault == "stall" or form["To"] in self.server.unanswered:
            self.server.over.wait(self.server.stall_seconds)
        return self._answer(201, _resource(message))

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if not parts.path.endswith("/Messages.json"):
            return self._answer(200, {"contents": self.server.contents, "meta": {"next_page_url": None}})
        to = parse_qs(parts.query)["To"][0]
        if fault := self.server.fault(LIST_FAULTS, to):
            return self._refuse(int(fault.removeprefix("list ")))
        newest_first = [_resource(message) for message in reversed(self.server.taken_for(to))]
        return self._answer(200, {"messages": newest_first[:100], "page": 0, "page_size": 100, "next_page_uri": None})

    def _refuse(self, status: int) -> None:
        code = 20429 if status == 429 else 20500
        self._answer(status, {"code": code, "status": status, "message": "Later."}, {"Retry-After": "1"})

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def _answer(self, status: int, data: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        words = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def _resource(message: Accepted) -> dict[str, Any]:
    made = formatdate(message.made_at, usegmt=True).replace("GMT", "+0000")
    dates = dict.fromkeys(("date_created", "date_sent", "date_updated"), made)
    shared = {"sid": message.sid, "to": message.to, "from": CLINIC, "body": message.body, "status": "sent"}
    return {**shared, **dates, "account_sid": ACCOUNT, "direction": "outbound-api"}
