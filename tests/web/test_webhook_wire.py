"""The webhook as it is really served: gunicorn with our settings, and requests that no HTTP library would send.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from select import select
from urllib.parse import urlencode

import pytest
from redis import Redis

from bot.core.twilio_signature import expected_signature
from bot.desk.turns import conversation_id
from bot.settings import read
from bot.supervisor import _children
from bot.web.webhook import BODY_BYTES_MAX
from tests.chaos.house import free_port, listens, wait_until
from tests.universe import MEI_LING, Sayings, open_desk
from tests.web.signed import ACCOUNT, CLINIC, TEXT, TOKEN, URL

ANSWER_SECONDS_MAX = 30
"""Nothing waits so long; a machine may be busy."""
SLOW_CLIENTS = 8
"""Of each kind; there are as many threads in all."""
GZIP_BOMB_BYTES = 10_000_000

_numbers = count(1)


@dataclass
class Request:
    """A message of Mei Ling's, truly signed, to be sent whole or in pieces; and what can be wrong with it."""

    text: str = "hello from the wire"
    headers: tuple[str, ...] = ()
    signatures: tuple[str, ...] | None = None
    length: str | None = ""
    sid: str = field(default_factory=lambda: f"SM{next(_numbers):032x}")
    method: str = "POST"

    @property
    def body(self) -> bytes:
        return urlencode(self._form()).encode()

    @property
    def signature(self) -> str:
        return expected_signature(TOKEN, f"{URL}/twilio/inbound", self._form())

    def head(self) -> bytes:
        lines = [f"{self.method} /twilio/inbound HTTP/1.1", "Content-Type: application/x-www-form-urlencoded"]
        lines += [f"X-Twilio-Signature: {one}" for one in self.signatures or (self.signature,)]
        if self.length is not None:
            lines.append(f"Content-Length: {self.length or len(self.body)}")
        if not any(header.startswith("Host:") for header in self.headers):
            lines.append("Host: desk.clinic.example")
        return "\r\n".join([*lines, "Connection: close", *self.headers, "", ""]).encode("latin-1")

    def chunked(self) -> bytes:
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(self.body), self.body)

    def _form(self) -> dict[str, str]:
        return {**TEXT, "MessageSid": self.sid, "SmsMessageSid": self.sid, "Body": self.text}


@dataclass(frozen=True)
class Served:
    """The webhook's own process, where it listens, what it logs, and the database it writes to."""

    port: int
    log: Path
    database_url: str

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), ANSWER_SECONDS_MAX)

    def answers(self, raw: bytes) -> int:
        """The status that these bytes are answered with; 0 when the connection is closed without a word."""
        with self.connect() as connection:
            # Whoever is refused early closes its end while we still speak.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(raw)
                connection.shutdown(socket.SHUT_WR)
            return _status(connection)

    def knows(self, sid: str) -> bool:
        """Whether a message was taken in: what waits behind others is, though there is no worker here to go on."""
        with open_desk(self.database_url) as desk, desk.book.begin() as ledger:
            return ledger.inbound_status(sid) in ("done", "waiting")

    def lines(self) -> list[str]:
        """Everything Mei Ling was told."""
        with open_desk(self.database_url) as desk:
            return Sayings(desk, conversation_id(desk.conversation_key, MEI_LING)).lines()


def _status(connection: socket.socket) -> int:
    head = b""
    with suppress(ConnectionResetError):
        while b"\r\n" not in head and (more := connection.recv(4096)):
            head += more
    return int(head.split(b" ", 2)[1]) if head else 0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, redis_server_url: str) -> Iterator[Served]:
    """One server for all of these tests, started as `make run` starts it."""
    room = tmp_path_factory.mktemp("served")
    # Her conversation has the same id in every copy of the book: what other tests left of it is none of ours.
    with closing(Redis.from_url(redis_server_url)) as redis:
        redis.flushall()
    book = shutil.copy(sqlite_template, room / "clinic.sqlite")
    environ = {
        **os.environ,
        "PORT": str(free_port()),
        "DATA_DIR": str(room),
        "DATABASE_URL": f"sqlite:///{book}",
        "REDIS_URL": redis_server_url,
        "SECRET_KEY": secrets.token_hex(32),
        "PUBLIC_URL": URL,
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
    }
    settings = read(environ)
    webhook = next(child for child in _children(settings) if child.name == "webhook")
    with open(room / "log", "wb") as log:
        process = subprocess.Popen(webhook.argv, env=environ, stdout=log, stderr=log)
        try:
            served = Served(settings.port, room / "log", environ["DATABASE_URL"])
            wait_until(lambda: listens(f":{served.port}"), ANSWER_SECONDS_MAX, "the webhook does not listen")
            yield served
        finally:
            process.terminate()
            process.wait()


@pytest.fixture(autouse=True)
def _nothing_private_is_logged(served: Served) -> Iterator[None]:
    """No stack trace, no word, name or number, after any of these requests; and the next patient is answered."""
    yield
    request = Request()
    assert served.answers(request.head() + request.body) == 200
    logged = served.log.read_text()
    assert "Traceback" not in logged
    for private in ("hello", "wire", "Mei", "91234567", "6560000000"):
        assert private not in logged


def test_a_message_is_taken_in_whole_or_in_chunks(served: Served) -> None:
    whole, chunked = Request(), Request(length=None, headers=("Transfer-Encoding: chunked",))
    assert served.answers(whole.head() + whole.body) == 200
    assert served.answers(chunked.head() + chunked.chunked()) == 200
    assert served.knows(whole.sid)
    assert served.knows(chunked.sid)


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 0)], ids=["right first", "wrong first", "twice the same"])
def test_of_two_signatures_neither_is_believed(served: Served, order: tuple[int, int]) -> None:  # case-3
    request = Request()
    pair = (request.signature, "somebody else's")
    request.signatures = tuple(pair[one] for one in order)
    assert served.answers(request.head() + request.body) == 403
    assert not served.knows(request.sid)


@pytest.mark.parametrize(
    ("signature", "status"),
    [
        pytest.param("{:.10}\r\n {:.10}", 400, id="case-10"),
        pytest.param("\u00e9=", 403, id="case-11"),
        pytest.param("x" * 8192, 431, id="case-12"),
    ],
)
def test_a_signature_of_a_wrong_shape_is_refused(served: Served, signature: str, status: int) -> None:
    request = Request()
    request.signatures = (signature.format(request.signature, request.signature[10:]),)
    assert served.answers(request.head() + request.body) == status
    assert not served.knows(request.sid)


@pytest.mark.parametrize("host", ["evil.com", "evil.com:99999", "[::1", "a b", "\u00e9.example", ""])
def test_whatever_host_is_claimed_the_signature_decides(served: Served, host: str) -> None:  # case-13 to case-15
    request = Request(headers=(f"Host: {host}",))
    assert served.answers(request.head() + request.body) == 200


def test_a_request_with_two_hosts_is_refused(served: Served) -> None:  # case-16
    request = Request(headers=("Host: desk.clinic.example", "Host: evil.com"))
    assert served.answers(request.head() + request.body) == 400
    assert not served.knows(request.sid)


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "TRACE", "DELETE", "BREW", "post"])  # case-19
def test_no_other_method_takes_a_message_in(served: Served, method: str) -> None:
    request = Request(method=method)
    assert served.answers(request.head() + request.body) in (400, 405)
    assert not served.knows(request.sid)


def test_ten_megabytes_are_refused_before_they_are_read(served: Served) -> None:  # case-23
    announced = Request(length="10000000")
    assert served.answers(announced.head() + b"x" * 10_000_000) in (413, 0)
    chunked = Request(length=None, headers=("Transfer-Encoding: chunked",))
    assert served.answers(chunked.head() + b"%x\r\n" % 10_000_000 + b"x" * 10_000_000) in (400, 403, 413, 0)
    assert not served.knows(announced.sid)
    assert not served.knows(chunked.sid)


def test_a_body_longer_than_it_says_is_cut_and_then_not_signed(served: Served) -> None:  # case-24
    request = Request()
    request.length = str(len(request.body) - 5)
    assert served.answers(request.head() + request.body) == 403
    assert not served.knows(request.sid)


def test_what_stands_behind_a_request_is_read_as_another_and_never_logged(served: Served) -> None:  # case-24
    request = Request()
    kept_alive = request.head().replace(b"Connection: close\r\n", b"")
    assert served.answers(kept_alive + request.body + b"Body=hello+6591234567\r\n\r\n") == 200


@pytest.mark.parametrize("length", ["-1", "+5", "five", "1e3", "9" * 40])
def test_a_length_that_is_none_is_refused(served: Served, length: str) -> None:  # case-24
    request = Request(length=length)
    assert served.answers(request.head() + request.body) in (400, 413)
    assert not served.knows(request.sid)


def test_a_body_that_ends_too_early_is_no_message(served: Served) -> None:  # case-24
    request = Request()
    assert served.answers(request.head() + request.body[:-20]) in (400, 403)
    assert not served.knows(request.sid)


def test_a_request_with_two_lengths_or_a_length_and_chunks_is_refused(served: Served) -> None:  # case-26
    twice = Request(headers=("Content-Length: 3",))
    assert served.answers(twice.head() + twice.body) == 400
    both = Request(headers=("Transfer-Encoding: chunked",))
    assert served.answers(both.head() + both.chunked()) == 400
    hidden = Request(length=None, headers=("Transfer-Encoding: chunked, identity",))
    assert served.answers(hidden.head() + hidden.chunked()) == 400
    assert not any(served.knows(one.sid) for one in (twice, both, hidden))


@pytest.mark.parametrize(
    "body",
    [b"zz\r\nBody=hello", b"5\r\nBody=hello\r\n0\r\n\r\n", b"-5\r\nhello\r\n", b"ffffffff\r\nBody=hello", b""],
    ids=["no number", "a wrong number", "less than nothing", "more than comes", "nothing"],
)
def test_broken_chunks_are_refused_and_are_no_failure_of_ours(served: Served, body: bytes) -> None:  # case-25
    request = Request(length=None, headers=("Transfer-Encoding: chunked",))
    assert served.answers(request.head() + body) in (400, 403)
    assert "request_failed" not in served.log.read_text()


def test_a_compressed_body_is_not_unpacked(served: Served) -> None:  # case-27
    bomb = gzip.compress(b"Body=" + b"a" * GZIP_BOMB_BYTES)
    request = Request(headers=("Content-Encoding: gzip",), length=str(len(bomb)))
    assert served.answers(request.head() + bomb) == 403
    true = Request(headers=("Content-Encoding: gzip",))
    packed = gzip.compress(true.body)
    true.length = str(len(packed))
    assert served.answers(true.head() + packed) == 403
    assert not served.knows(true.sid)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"Body=hello from the wire +6591234567\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: hello\r\n" % n for n in range(500)) + b"\r\n",
        b"\r\n" * 4000,
    ],
    ids=["TLS", "a body alone", "HTTP 0.9", "a long line", "many headers", "lines without words"],
)
def test_what_is_no_request_is_refused_and_its_words_are_not_logged(served: Served, raw: bytes) -> None:
    assert 400 <= (served.answers(raw) or 400) < 500


def test_clients_that_never_finish_keep_no_patient_waiting_for_ever(served: Served) -> None:  # case-24, case-25
    with ExitStack() as open_ones:

        def begin(raw: bytes) -> socket.socket:
            connection = open_ones.enter_context(served.connect())
            connection.sendall(raw)
            return connection

        slow, patient = Request(), Request()
        beginnings = (b"", slow.head()[:-20], slow.head() + slow.body[:-20])
        silent = [begin(raw) for raw in beginnings for _ in range(SLOW_CLIENTS)]
        dripping = begin(Request(length=None, headers=("Transfer-Encoding: chunked",)).head())
        waiting = begin(patient.head() + patient.body)
        assert _drip(dripping) in (400, 403, 0)
        assert _status(waiting) == 200
        assert {_status(one) for one in silent} <= {400, 403, 0}
    assert served.knows(patient.sid)
    assert not served.knows(slow.sid)


def test_clients_that_are_slow_keep_no_patient_waiting_at_all(served: Served) -> None:  # case-24
    # A machine that stands still for seconds shows the slow ones out meanwhile: it is asked again.
    assert any(_patients_come_first(served) for _ in range(3))


def _patients_come_first(served: Served) -> bool:
    """Whether sixteen patients have their answers while clients that came before them are still waited for."""
    with ExitStack() as open_ones:

        def begin(raw: bytes) -> socket.socket:
            connection = open_ones.enter_context(served.connect())
            connection.sendall(raw)
            return connection

        slow = Request()
        waiting = [begin(slow.head() + slow.body[:-20]) for _ in range(3 * SLOW_CLIENTS)]
        patients = [begin(one.head() + one.body) for one in (Request() for _ in range(2 * SLOW_CLIENTS))]
        answered = 0
        for patient in patients:
            readable, _, _ = select([patient, *waiting], [], [], ANSWER_SECONDS_MAX)
            answered += readable == [patient] and _status(patient) == 200
        return answered == len(patients)


def test_whoever_keeps_the_line_after_the_answer_keeps_no_patient_waiting(served: Served) -> None:
    # A machine that stands still for seconds lets go of the lines meanwhile: it is asked again.
    assert any(_sixteen_are_answered_before_a_line_is_let_go(served) for _ in range(3))


def _sixteen_are_answered_before_a_line_is_let_go(served: Served) -> bool:
    """Whether patients have their answers one after the other, though none of those before has hung up."""
    with ExitStack() as open_ones:
        lines = []
        for request in (Request() for _ in range(2 * SLOW_CLIENTS)):
            lines.append(open_ones.enter_context(served.connect()))
            lines[-1].sendall(request.head() + request.body)
            assert _status(lines[-1]) == 200
        return not any(_is_let_go(line) for line in lines)


def _is_let_go(line: socket.socket) -> bool:
    """Whether nobody listens at its other end: what is said first is answered with a reset, which is seen next."""
    try:
        line.sendall(b".")
        line.sendall(b".")
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize("pause_after", [1, 40, -30, -1])
def test_a_request_that_comes_in_two_pieces_is_one_message(served: Served, pause_after: int) -> None:
    request, other = Request(), Request()
    whole = request.head() + request.body
    with served.connect() as connection:
        connection.sendall(whole[:pause_after])
        assert served.answers(other.head() + other.body) == 200
        connection.sendall(whole[pause_after:])
        assert _status(connection) == 200
    assert served.knows(request.sid)


def test_the_longest_body_that_is_taken_may_come_in_pieces(served: Served) -> None:
    request = Request(text="a" * (BODY_BYTES_MAX - 1_000))
    whole = request.head() + request.body
    with served.connect() as connection:
        for at in range(0, len(whole), 9_000):
            connection.sendall(whole[at : at + 9_000])
        assert _status(connection) == 200
    assert served.knows(request.sid)


def test_a_second_request_begun_behind_a_first_holds_nobody_up(served: Served) -> None:
    with ExitStack() as open_ones:
        for _ in range(SLOW_CLIENTS):
            request, half = Request(), Request()
            connection = open_ones.enter_context(served.connect())
            kept_alive = request.head().replace(b"Connection: close\r\n", b"")
            connection.sendall(kept_alive + request.body + half.head()[:-20])
            assert _status(connection) == 200
        patient = Request()
        assert served.answers(patient.head() + patient.body) == 200


def _drip(connection: socket.socket) -> int:
    """Send a byte now and then until there is an answer, which is its status."""
    connection.settimeout(0.2)
    for _ in range(ANSWER_SECONDS_MAX * 5):
        try:
            return _status(connection)
        except TimeoutError:
            # The other end may have closed between the two.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(b"1\r\na\r\n")
    pytest.fail("it was listened to for as long as it liked")


def test_a_client_that_hangs_up_in_the_middle_disturbs_nobody(served: Served) -> None:
    for part in (10, 200, -20):
        request = Request()
        with served.connect() as connection:
            # Closing with a linger of nothing is a reset.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            connection.sendall((request.head() + request.body)[:part])


def test_sixty_four_requests_at_once_over_the_wire_are_one_message(served: Served) -> None:  # case-47
    # Whoever writes for the first time is welcomed besides.
    first, request = Request(), Request(text="menu")
    assert served.answers(first.head() + first.body) == 200
    before = len(served.lines())
    # From here on nothing may take long: whoever says nothing for three seconds is shown out.
    with ExitStack() as open_ones:
        connections = [open_ones.enter_context(served.connect()) for _ in range(64)]
        for connection in connections:
            connection.sendall(request.head() + request.body)
        assert {_status(connection) for connection in connections} <= {200, 503}
    assert len(served.lines()) == before + 1
