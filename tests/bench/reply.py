"""How long a reply takes: from posting the webhook to its arrival at the Twilio-shaped endpoint.

Everything is real and separate: gunicorn, senders, Redis, SQLite with durable commits, Twilio's own client over
HTTP. The endpoint here only answers and notes when it was asked.
"""

from __future__ import annotations

import http.client
import json
import secrets
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from bot.core.twilio_signature import expected_signature
from tests.bench import house
from tests.bench.house import ACCOUNT, CLINIC, TOKEN

ANSWER_SECONDS_MAX = 10.0
PATIENTS_MAX = 64
"""Who may wait for a reply at once: three seconds' worth at the pace of the goal."""

Written = tuple[float, float | None]


class Endpoint(ThreadingHTTPServer):
    """Takes messages as Twilio does, and notes when the first one to each patient arrived."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.arrived: dict[str, float] = {}
        self.news = threading.Condition()
        self.contents: list[dict[str, object]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a caller that has gone: each measurement ends with processes that are ended."""
        if not isinstance(sys.exception(), BrokenPipeError | ConnectionResetError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Create a message, create or list content templates."""

    protocol_version = "HTTP/1.1"
    server: Endpoint

    def do_POST(self) -> None:
        now = time.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.path.endswith("/Messages.json"):
            to = parse_qs(body.decode())["To"][0]
            with self.server.news:
                self.server.arrived.setdefault(to, now)
                self.server.news.notify_all()
            self._answer({"sid": f"SM{secrets.token_hex(16)}", "status": "queued", "to": to, "account_sid": ACCOUNT})
        else:
            content = {**json.loads(body), "sid": f"HX{secrets.token_hex(16)}", "account_sid": ACCOUNT}
            self.server.contents.append(content)
            self._answer(content)

    def do_GET(self) -> None:
        self._answer({"contents": self.server.contents, "meta": {"key": "contents", "next_page_url": None}}, 200)

    def _answer(self, data: dict[str, object], status: int = 201) -> None:
        words = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(words)))
        self.end_headers()
        self.wfile.write(words)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def front_desk(endpoint: Endpoint, folder: Path) -> Iterator[tuple[str, int]]:
    """Webhook and senders on a database of their own; their public URL and port."""
    with ExitStack() as until:
        redis_url = until.enter_context(house.redis(folder / "redis"))
        port = house.free_port()
        database_url = f"sqlite:///{folder}/frontdesk.sqlite"
        environ = house.environment(folder, port, database_url, redis_url, endpoint.url)
        house.migrate(environ)
        house.serve(until, "wsgi:webhook()", environ)
        until.enter_context(house.running(sys.executable, "worker.py", "senders", environ=environ))
        yield environ["PUBLIC_URL"], port


def post_message(port: int, url: str, number: int, body: str) -> tuple[str, int]:
    """Post a signed message of one patient; her address and the status."""
    address = f"whatsapp:+65{80000000 + number}"
    form = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "AccountSid": ACCOUNT,
        "From": address,
        "To": CLINIC,
        "Body": body,
        "NumMedia": "0",
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    signature = expected_signature(TOKEN, f"{url}/twilio/inbound", form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/twilio/inbound", urlencode(form), headers)
    status = connection.getresponse().status
    connection.close()
    return address, status


def measure(messages: int, a_second: float) -> int:
    """Print p50, p90 and p99 of the way from the webhook to Twilio's door. 1 when a reply never came."""
    endpoint = Endpoint()
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, front_desk(endpoint, Path(folder)) as (url, port):
        post_message(port, url, 9_999_999, "hello")
        _reply_to(endpoint, "whatsapp:+6589999999")

        def write(number: int) -> tuple[float, float | None]:
            """One patient writes: milliseconds until the webhook answered, and until her reply came, if it did."""
            began = time.monotonic()
            address, status = post_message(port, url, number, "What is sciatica?")
            answered = (time.monotonic() - began) * 1000
            arrived = _reply_to(endpoint, address) if status == 200 else None
            return answered, None if arrived is None else (arrived - began) * 1000

        times = _at_a_steady_pace(write, messages, a_second)
    endpoint.shutdown()
    ways = [way for _, way in times if way is not None]
    lost = messages - len(ways)
    print(f"{a_second:g} messages a second, whether or not the ones before were answered")
    _print("webhook to the Twilio client", ways)
    _print("webhook answered", [answered for answered, _ in times])
    print(f"replies that never came: {lost} of {messages}")
    return 1 if lost else 0


def _at_a_steady_pace(write: Callable[[int], Written], messages: int, a_second: float) -> list[Written]:
    """Patients do not wait for each other: whoever is late makes no other patient write later."""
    began = time.monotonic()
    with ThreadPoolExecutor(PATIENTS_MAX) as pool:
        written = []
        for number in range(messages):
            time.sleep(max(0.0, began + number / a_second - time.monotonic()))
            written.append(pool.submit(write, number))
        return [one.result() for one in written]


def _reply_to(endpoint: Endpoint, address: str) -> float | None:
    with endpoint.news:
        endpoint.news.wait_for(lambda: address in endpoint.arrived, ANSWER_SECONDS_MAX)
        return endpoint.arrived.get(address)


def _print(what: str, milliseconds: list[float]) -> None:
    if len(milliseconds) < 2:
        return
    cuts = statistics.quantiles(milliseconds, n=100)
    print(f"{what}: p50 {cuts[49]:.0f} ms, p90 {cuts[89]:.0f} ms, p99 {cuts[98]:.0f} ms ({len(milliseconds)} messages)")
