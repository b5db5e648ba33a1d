"""Every code of Twilio over HTTP, both ways: in its answer to the real client, and in a signed callback.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from bot.adapters.sql import SqlBook
from bot.adapters.twilio_carrier import TwilioCarrier
from bot.core.delivery import ERRORS
from bot.core.twilio_signature import expected_signature
from bot.desk import sent_files
from bot.web import Door, create_webhook
from tests.desk.front import Front

ACCOUNT, TOKEN, CLINIC, URL = "AC" + "1" * 32, "token", "whatsapp:+6560000000", "http://127.0.0.1:8000"
HTTP_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}


@dataclass
class Endpoint:
    """Answers each POST with the next of ``codes``, or takes the message when there is none left."""

    url: str = ""
    codes: list[int] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told.forms.append({name: values[0] for name, values in parse_qs(text).items()})
            code = told.codes.pop(0) if told.codes else 0
            status = HTTP_STATUS.get(code, 400) if code else 201
            body = {"code": code, "message": "no", "status": status} if code else {"sid": f"SM{len(told.forms):032x}"}
            written = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(written)))
            self.end_headers()
            self.wfile.write(written)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def front(sqlite_url: str, endpoint: Endpoint) -> Iterator[Front]:
    """A desk whose words leave through Twilio's own client."""
    front = Front(sqlite_url)
    with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, endpoint.url)) as carrier:
        front.desk = replace(front.desk, carrier=lambda: carrier)
        endpoint.codes, endpoint.forms = [], []
        yield front
    assert isinstance(front.desk.book, SqlBook)
    front.desk.book.dispose()


@pytest.fixture
def webhook(front: Front) -> FlaskClient:
    return create_webhook(front.desk, Door(URL, (TOKEN,), ACCOUNT, CLINIC), 8001).test_client()


def calls_back(webhook: FlaskClient, url: str, **form: str) -> int:
    path = url.removeprefix(URL)
    signature = expected_signature(TOKEN, url, list(form.items()))
    return webhook.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code


WANTED = {"again": "queued", "channel": "queued", "template": "needs_person", "content": "needs_person"}


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_code_in_the_answer_is_acted_upon_and_posted_only_once(
    front: Front, endpoint: Endpoint, code: int
) -> None:  # case-122, case-123
    endpoint.codes = [code]
    front.says("Hello")
    front.sends()
    front.sends()
    wanted = {**WANTED, "settle": "unknown"}.get(ERRORS[code].remedy, "failed")
    assert front.statuses() == [wanted]
    assert len(endpoint.forms) == 1


@pytest.mark.parametrize("code", sorted(ERRORS))
def test_every_code_in_a_callback_is_acted_upon_once_however_often_it_comes(
    front: Front, webhook: FlaskClient, endpoint: Endpoint, code: int
) -> None:  # case-123
    front.says("Hello")
    front.sends()
    url, sid = endpoint.forms[0]["StatusCallback"], f"SM{1:032x}"
    for word in ("sent", "undelivered", "failed", "undelivered"):
        form = {"MessageSid": sid, "MessageStatus": word, "ErrorCode": str(code), "AccountSid": ACCOUNT}
        assert calls_back(webhook, url, **form) == 204
    wanted = {**WANTED, "settle": "queued"}.get(ERRORS[code].remedy, "failed")
    assert front.statuses() == [wanted]
    told = [event for event, _ in front.reports if event == "delivery_failed"]
    assert len(told) == (1 if wanted == "failed" or ERRORS[code].remedy in ("channel", "content") else 0)


def test_words_and_messages_nobody_knows_are_answered_and_change_nothing(
    front: Front, webhook: FlaskClient, endpoint: Endpoint
) -> None:
    front.says("Hello")
    front.sends()
    url = endpoint.forms[0]["StatusCallback"]
    for sid, word, where in (
        (f"SM{1:032x}", "teleported", url),
        ("SM" + "9" * 32, "failed", f"{URL}/twilio/status?m=" + "9" * 32),
        ("SM" + "9" * 32, "failed", f"{URL}/twilio/status"),
    ):
        assert calls_back(webhook, where, MessageSid=sid, MessageStatus=word, AccountSid=ACCOUNT) == 204
    assert front.statuses() == ["sent"]


def test_a_media_message_carries_its_address_and_its_words(front: Front, endpoint: Endpoint) -> None:
    front.says("The way to us", file="f1")
    front.sends()
    attempt = endpoint.forms[0]["StatusCallback"].partition("?m=")[2]
    assert endpoint.forms[0]["MediaUrl"] == sent_files.address_of(front.desk, attempt)
    assert endpoint.forms[0]["Body"] == "The way to us"
