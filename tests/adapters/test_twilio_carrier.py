"""The door to Twilio, tried with Twilio's own client against a server of our own."""

from __future__ import annotations

import json
import logging
import socket
import ssl
import struct
from base64 import b64decode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from werkzeug.serving import make_server

from bot.adapters.simulator_store import Simulator
from bot.adapters.twilio_carrier import TwilioCarrier
from bot.core.effects import Choice
from bot.ports import Carrier, CarrierAway, CarrierRefused, CarrierUnclear, Outgoing
from bot.web.simulator import simulator_room
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import MEI_LING, RAVI

ACCOUNT, TOKEN, CLINIC = "AC" + "1" * 32, "secret token", "whatsapp:+6560000000"
CALLBACK = "http://127.0.0.1/twilio/status?m=" + "a" * 32
YES, NO = Choice("7.1.yes", "Yes, book it"), Choice("7.1.no", "No")
HELLO = Outgoing(1, "mei", MEI_LING, "a" * 32, 1, "reply", "Hello 你好", (), "", "")
QUESTION = replace(HELLO, text="Shall I book it?", choices=(YES, NO), list_button="Choose", hint="Reply with a number.")
DAYS = replace(QUESTION, choices=tuple(Choice(f"7.1.{n}", f"Day {n}", "Morning" if n == 1 else "") for n in range(7)))


@dataclass
class Heard:
    """One request as it arrived."""

    method: str
    path: str
    user: str
    body: dict[str, Any]


@dataclass
class Server:
    """Answers as it is told: by the end of the path a (status, body) or something to do instead of answering."""

    heard: list[Heard] = field(default_factory=list)
    answers: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""

    def told(self, path: str) -> list[Heard]:
        return [one for one in self.heard if one.path.endswith(path)]

    @property
    def messages(self) -> list[dict[str, Any]]:
        return [one.body for one in self.told("/Messages.json")]

    def template(self, at: int) -> dict[str, Any]:
        return [one.body for one in self.told("/v1/Content") if one.method == "POST"][at]


def _serve(server: Server) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def do_DELETE(self) -> None:
            self._answer()

        def log_message(self, *_: object) -> None:
            """Quiet."""

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            is_json = self.headers.get("Content-Type") == "application/json"
            body = json.loads(text) if is_json and text else {k: v[0] for k, v in parse_qs(text or parts.query).items()}
            user = b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            server.heard.append(Heard(self.command, parts.path, user, body))
            answer = server.answers.get(f"{self.command} {parts.path.rpartition('/')[2]}")
            if isinstance(answer, list):
                answer = answer.pop(0)
            if callable(answer):
                answer(self)
                return
            status, told = answer or (404, {"code": 20404, "message": "not found", "status": 404})
            written = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in {**server.headers, "Content-Length": str(len(written))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(written)

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    return httpd


@pytest.fixture
def twilio() -> Iterator[Server]:
    server = Server()
    httpd = _serve(server)
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    server.answers = {
        "POST Messages.json": (201, {"sid": "SM" + "1" * 32, "status": "queued"}),
        "GET Content": (200, {"contents": [], "meta": {"next_page_url": None}}),
        "POST Content": (201, {"sid": "HX" + "1" * 32}),
    }
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def carrier(twilio: Server, clock: FakeClock) -> Iterator[TwilioCarrier]:
    carrier = TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, twilio.url, monotonic=clock.monotonic)
    with closing(carrier):
        yield carrier


# ---- what is posted


def test_words_go_to_the_exact_address_from_the_clinic(twilio: Server, carrier: TwilioCarrier) -> None:
    assert carrier.post(HELLO, CALLBACK) == "SM" + "1" * 32
    (heard,) = twilio.heard
    assert heard.path == f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert heard.user == f"{ACCOUNT}:{TOKEN}"
    assert heard.body == {"To": MEI_LING, "From": CLINIC, "Body": "Hello 你好", "StatusCallback": CALLBACK}


def test_an_api_key_replaces_the_token(twilio: Server) -> None:
    with closing(TwilioCarrier(ACCOUNT, TOKEN, ("SK1", "key"), CLINIC, twilio.url)) as carrier:
        carrier.post(HELLO, CALLBACK)
    assert twilio.heard[0].user == "SK1:key"
    assert ACCOUNT in twilio.heard[0].path
    assert TOKEN not in repr(carrier)


def test_two_answers_are_buttons(twilio: Server, carrier: TwilioCarrier) -> None:
    carrier.post(QUESTION, CALLBACK)
    (message,) = twilio.messages
    assert "Body" not in message
    assert message["ContentSid"] == "HX" + "1" * 32
    assert json.loads(message["ContentVariables"]) == {
        "1": "Shall I book it?",
        "2": "Yes, book it",
        "3": "7.1.yes",
        "4": "No",
        "5": "7.1.no",
    }
    template = twilio.template(0)
    assert template["friendly_name"] == "frontdesk_quick_reply_2_v1"
    assert template["types"]["twilio/quick-reply"]["actions"][1] == {
        "type": "QUICK_REPLY",
        "title": "{{4}}",
        "id": "{{5}}",
    }
    assert set(template["variables"]) == {"1", "2", "3", "4", "5"}


def test_many_answers_are_a_list_in_which_nothing_is_empty(twilio: Server, carrier: TwilioCarrier) -> None:
    carrier.post(DAYS, CALLBACK)
    variables = json.loads(twilio.messages[0]["ContentVariables"])
    assert [variables[number] for number in ("1", "2", "3", "4", "5", "6", "7", "8")] == [
        "Shall I book it?",
        "Choose",
        "Day 0",
        "7.1.0",
        "\u00a0",
        "Day 1",
        "7.1.1",
        "Morning",
    ]
    template = twilio.template(0)
    assert template["friendly_name"] == "frontdesk_list_7_described_v1"
    assert template["types"]["twilio/list-picker"]["items"][0] == {
        "item": "{{3}}",
        "id": "{{4}}",
        "description": "{{5}}",
    }
    assert set(variables) == set(template["variables"])


def test_a_template_is_made_once_and_used_for_every_question_of_its_shape(
    twilio: Server, carrier: TwilioCarrier
) -> None:
    carrier.post(QUESTION, CALLBACK)
    carrier.post(replace(QUESTION, text="Another one?"), CALLBACK)
    carrier.post(replace(QUESTION, choices=(YES,)), CALLBACK)
    assert [one.method for one in twilio.told("/v1/Content")] == ["GET", "POST", "POST"]


def test_a_template_that_the_account_has_is_found_and_not_made_again(twilio: Server, carrier: TwilioCarrier) -> None:
    def page(name: str, next_url: str | None) -> tuple[int, dict[str, Any]]:
        return 200, {"contents": [{"friendly_name": name, "sid": "HX" + "2" * 32}], "meta": {"next_page_url": next_url}}

    following = "https://content.twilio.com/v1/Content?PageSize=100&Page=1"
    twilio.answers["GET Content"] = [page("of somebody else", following), page("frontdesk_quick_reply_2_v1", None)]
    carrier.post(QUESTION, CALLBACK)
    assert twilio.messages[0]["ContentSid"] == "HX" + "2" * 32
    assert [(one.method, one.body.get("Page")) for one in twilio.told("/v1/Content")] == [("GET", None), ("GET", "1")]


@pytest.mark.parametrize(
    "choices",
    [
        tuple(Choice(f"7.1.{n}", f"Day {n}") for n in range(11)),
        (Choice("7.1.a", "A label that is much longer than any phone shows"), NO),
        (YES, Choice("7.1.again", YES.label)),
    ],
)
def test_answers_that_cannot_be_tapped_are_numbered(
    twilio: Server, carrier: TwilioCarrier, choices: tuple[Choice, ...]
) -> None:
    question = replace(QUESTION, choices=choices)
    carrier.post(question, CALLBACK)
    body = twilio.messages[0]["Body"]
    assert body.startswith(f"Shall I book it?\n\n1. {choices[0].label}\n2. ")
    assert body.endswith("Reply with a number.")
    assert body == carrier.words_of(question)


@pytest.mark.parametrize("refusal", [(400, 21655), (400, 21656), (404, 20404)])
def test_a_refused_template_is_numbered_text_at_once_and_for_ten_minutes(
    twilio: Server, carrier: TwilioCarrier, clock: FakeClock, refusal: tuple[int, int]
) -> None:
    status, code = refusal
    taken = twilio.answers["POST Messages.json"]
    twilio.answers["POST Messages.json"] = [(status, {"code": code, "message": "no", "status": status}), *[taken] * 3]
    carrier.post(QUESTION, CALLBACK)
    carrier.post(QUESTION, CALLBACK)
    assert ["ContentSid" in one for one in twilio.messages] == [True, False, False]
    assert "1. Yes, book it" in twilio.messages[1]["Body"]
    clock.pass_seconds(600)
    carrier.post(QUESTION, CALLBACK)
    assert "ContentSid" in twilio.messages[3]


@pytest.mark.parametrize(
    "answer",
    [
        (403, {"code": 20403, "message": "no"}),
        (503, b"busy"),
        (200, b"[]"),
        (200, b"<p>"),
    ],
)
def test_an_account_without_templates_sends_numbered_text(
    twilio: Server, carrier: TwilioCarrier, answer: tuple[int, Any]
) -> None:
    twilio.answers["GET Content"] = answer
    carrier.post(QUESTION, CALLBACK)
    carrier.post(DAYS, CALLBACK)
    assert ["Body" in one for one in twilio.messages] == [True, True]
    assert len(twilio.told("/v1/Content")) == 1


# ---- what can go wrong


def reset(handler: BaseHTTPRequestHandler) -> None:
    """The connection breaks after the request was taken."""
    handler.close_connection = True


def reset_at_once(handler: BaseHTTPRequestHandler) -> None:
    """The connection is cut off, as by a firewall."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.connection.close()
    handler.close_connection = True


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, {"code": 21211, "message": "The 'To' number +6591234567 is not valid", "status": 400}, 21211),
        (400, {"type": "t", "title": "no", "status": 400, "code": 21656}, 21656),
        (401, {"code": 20003, "message": "Authenticate", "status": 401}, 20003),
        (403, b"<html>a proxy</html>", None),
        (404, {"code": 20404, "message": "not found", "status": 404}, 20404),
        (302, b"", None),
    ],
)
def test_a_refusal_carries_twilios_code_and_nothing_of_the_patient(
    twilio: Server, carrier: TwilioCarrier, status: int, body: Any, code: int | None
) -> None:  # case-122
    twilio.answers["POST Messages.json"] = (status, body)
    with pytest.raises(CarrierRefused) as caught:
        carrier.post(HELLO, CALLBACK)
    assert (caught.value.status, caught.value.code) == (status, code)
    assert caught.value.__cause__ is None
    assert "6591234567" not in str(caught.value)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_refusal_for_haste_says_when_to_come_back(
    twilio: Server, carrier: TwilioCarrier, header: dict[str, str], seconds: float | None
) -> None:
    twilio.headers = header
    twilio.answers["POST Messages.json"] = (429, {"code": 20429, "message": "Too Many Requests", "status": 429})
    with pytest.raises(CarrierRefused) as caught:
        carrier.post(HELLO, CALLBACK)
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, 20429, seconds)


@pytest.mark.parametrize(
    "answer",
    [
        (500, {"code": 20500, "message": "oops", "status": 500}),
        (502, b"<html>a proxy</html>"),
        (503, b"busy"),
        (504, b""),
        (408, b""),
        (201, b"not json"),
        (201, {"status": "queued"}),
        (200, b"<html>a proxy</html>"),
        (200, {}),
        reset,
        reset_at_once,
    ],
)
def test_an_answer_that_tells_nothing_is_unclear_and_the_message_is_posted_only_once(
    twilio: Server, carrier: TwilioCarrier, answer: Any
) -> None:  # case-122
    twilio.answers["POST Messages.json"] = answer
    with pytest.raises(CarrierUnclear):
        carrier.post(HELLO, CALLBACK)
    assert len(twilio.messages) == 1


def test_an_answer_that_does_not_come_is_unclear(twilio: Server) -> None:  # case-122
    asked_enough = Event()
    twilio.answers["POST Messages.json"] = lambda handler: asked_enough.wait(10)
    with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, twilio.url, timeout_seconds=0.05)) as carrier:
        with pytest.raises(CarrierUnclear):
            carrier.post(HELLO, CALLBACK)
        asked_enough.set()
    assert len(twilio.messages) == 1


@pytest.mark.parametrize(
    "ask",
    [
        lambda carrier: carrier.post(HELLO, CALLBACK),
        lambda carrier: carrier.post(QUESTION, CALLBACK),
        lambda carrier: carrier.listed(MEI_LING, 0),
    ],
)
def test_a_twilio_that_cannot_be_reached_is_away(ask: Callable[[TwilioCarrier], object]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, f"http://127.0.0.1:{port}")) as carrier,
        pytest.raises(CarrierAway),
    ):
        ask(carrier)


def test_a_twilio_whose_name_nobody_knows_is_away() -> None:  # case-122
    with (
        closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, "http://twilio.invalid")) as carrier,
        pytest.raises(CarrierAway),
    ):
        carrier.post(HELLO, CALLBACK)


def test_a_twilio_whose_certificate_has_expired_is_told_nothing_and_is_away(
    twilio: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # case-122
    file = expired_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    # It is one that would be believed, were it not so old.
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    httpd = _serve(twilio)
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True, do_handshake_on_connect=False)
    httpd.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    url = f"https://localhost:{httpd.server_port}"
    try:
        with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, url)) as carrier, pytest.raises(CarrierAway):
            carrier.post(HELLO, CALLBACK)
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()
    assert twilio.messages == []


def expired_certificate(folder: Path) -> Path:
    """Of localhost, with its key, valid until 2020."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=localhost")
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(datetime(2019, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2020, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = folder / "localhost.pem"
    file.write_bytes(key.private_bytes(pem, *plain) + certificate.public_bytes(pem))
    return file


@pytest.mark.parametrize("answer", [(500, b""), (401, {"code": 20003, "message": "no", "status": 401}), reset])
def test_a_list_that_cannot_be_had_is_away(twilio: Server, carrier: TwilioCarrier, answer: Any) -> None:
    twilio.answers["GET Messages.json"] = answer
    with pytest.raises(CarrierAway):
        carrier.listed(MEI_LING, 0)


def test_many_may_post_at_once(twilio: Server, carrier: TwilioCarrier) -> None:
    with ThreadPoolExecutor(8) as pool:
        sids = list(pool.map(lambda _: carrier.post(QUESTION, CALLBACK), range(40)))
    assert len(sids) == len(twilio.messages) == 40
    assert [one.method for one in twilio.told("/v1/Content")] == ["GET", "POST"]


def test_what_patients_are_told_is_never_logged(
    twilio: Server, carrier: TwilioCarrier, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    carrier.post(HELLO, CALLBACK)
    carrier.post(QUESTION, CALLBACK)
    twilio.answers["GET Messages.json"] = (200, {"messages": []})
    assert carrier.listed(MEI_LING, 0) == ()
    assert not [word for word in ("Hello", "你好", "Shall", "book", "6591234567") if word in caplog.text]


# ---- the same sentences, of Twilio's client before the simulator and of the fake


@pytest.fixture
def simulator_url(tmp_path: Path) -> Iterator[str]:
    simulator = Simulator(
        path=tmp_path / "simulator.sqlite",
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        clinic_address=CLINIC,
        webhook_url="http://127.0.0.1:9",
        public_url="http://127.0.0.1:9",
        time_zone="Asia/Singapore",
        clinic_name="Clinic",
    )
    app = flask.Flask(__name__)
    app.register_blueprint(simulator_room(simulator))
    httpd = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()
    simulator.close()


@pytest.fixture(params=["fake", "twilio"])
def either(request: pytest.FixtureRequest) -> Iterator[Carrier]:
    if request.param == "fake":
        yield FakeCarrier(FakeClock())
        return
    url = request.getfixturevalue("simulator_url")
    with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, url)) as carrier:
        yield carrier


@pytest.mark.parametrize("outgoing", [HELLO, QUESTION, DAYS], ids=["text", "buttons", "list"])
def test_a_posted_message_is_listed_with_its_words(either: Carrier, outgoing: Outgoing) -> None:
    sid = either.post(outgoing, "")
    (listed,) = either.listed(MEI_LING, 0)
    assert (listed.sid, listed.to, listed.body) == (sid, MEI_LING, either.words_of(outgoing))


def test_what_was_exchanged_with_an_address_is_named_and_deleted_once_and_for_all(either: Carrier) -> None:
    sid = either.post(HELLO, "")
    either.post(replace(HELLO, address=RAVI), "")
    assert sid in [one for one, _ in either.exchanged(MEI_LING, 5)]
    for one, _ in either.exchanged(MEI_LING, 5):
        either.delete(one)
    assert either.exchanged(MEI_LING, 5) == ()
    either.delete(sid)
    assert len(either.listed(RAVI, 0)) == 1


def test_the_file_of_a_message_goes_before_it_because_nobody_could_name_it_afterwards(twilio: Server) -> None:
    message, file = "MM" + "1" * 32, "ME" + "2" * 32
    media = {"media_list": [{"sid": file, "parent_sid": message}], "uri": "/", "next_page_uri": None}
    twilio.answers |= {"GET Media.json": (200, media), f"DELETE {file}.json": (204, b"")}
    with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, twilio.url)) as carrier:
        carrier.delete(message)
        carrier.delete("SM" + "3" * 32)
    asked = [f"{one.method} {one.path.rpartition('/')[2]}" for one in twilio.heard]
    assert asked == ["GET Media.json", f"DELETE {file}.json", f"DELETE {message}.json", f"DELETE SM{'3' * 32}.json"]


def test_only_messages_to_the_address_since_the_moment_are_listed(either: Carrier) -> None:
    either.post(HELLO, "")
    either.post(replace(HELLO, address=RAVI), "")
    (listed,) = either.listed(RAVI, 0)
    assert [one.sid for one in either.listed(RAVI, listed.created_at)] == [listed.sid]
    assert either.listed(RAVI, listed.created_at + 1) == ()
