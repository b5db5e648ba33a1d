"""Gunicorn's threads, which take in no more callers than there are files for, and of which none is kept waiting by a
client that is slow to say what it wants.

A caller for whom no file was left ended gunicorn's own worker, and with it everybody whom it was just answering. Here
whoever is one too many waits at the door, where the kernel keeps a line.

A thread of gunicorn's own worker waits for a request, and then for the rest of it, for as long as its client likes: a
few connections that say nothing, or send a byte now and then, would silence the front desk. Here a request that is not
there whole waits in the kernel, which costs no thread, and for a few seconds only; then what there is is answered.
"""

from __future__ import annotations

import re
import resource
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

READING_SECONDS_MAX = 3.0
"""Twilio sends a form in one piece; a patient's phone never talks to us itself."""
LEAVING_SECONDS_MAX = 2.0
LEAVING_BYTES_MAX = 64 * 1024
"""How long a caller who has the answer may keep the line, and how much more may be said on it."""
PIECE_BYTES = 4096
FILES_OF_OUR_OWN = 40
"""What a process has open itself: the database, Redis, numbers for Prometheus."""
WAITING_BYTES_MAX = 80 * 1024
"""So much of one request waits in the kernel: the longest body that the webhook takes, and its head."""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*(?:\r|$)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_LAST_CHUNK = b"\r\n0\r\n\r\n"


def bytes_missing(there: bytes) -> int | None:
    """How many bytes a request still lacks, at least; 0 when it is whole, None when it is longer than is waited for."""
    head, end, body = there.partition(b"\r\n\r\n")
    if not end:
        missing = 1
    elif _CHUNKED.search(head):
        missing = 0 if there.endswith(_LAST_CHUNK) else 1
    else:
        length = _LENGTH.search(head)
        missing = max(0, int(length[1]) - len(body)) if length else 0
    return missing if len(there) + missing <= WAITING_BYTES_MAX else None


@dataclass(slots=True)
class Leaving:
    """A caller who has been answered, until when the line is kept for it, and how much it may still say."""

    until: float
    bytes_left: int = LEAVING_BYTES_MAX


class RoomyWorker(ThreadWorker):  # type: ignore[misc]  # it has no types of its own
    """For ``gunicorn --worker-class``. Takes in as many callers at once as the process may have files open for, and
    waits for none of them to hang up.

    A connection that is closed with something unread in it takes the end of the answer along, so whoever has been
    answered hangs up first (RFC 9112, 9.6). Gunicorn waits for that on the main thread, up to two seconds for each:
    fifteen who keep the line were half a minute in which nobody was answered, and the end of the process.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        callers: int = self.cfg.worker_connections
        if files != resource.RLIM_INFINITY:
            callers = max(1, min(callers, files - FILES_OF_OUR_OWN))
        self.worker_connections, self.max_keepalived = callers, max(0, callers - self.cfg.threads)
        self._leaving: dict[TConn, Leaving] = {}
        """Whoever was answered first is first."""

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """A thread is done with a request."""
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._see_out(conn)

    def murder_pending(self) -> None:
        """Whoever is late is shown out."""
        super().murder_pending()
        now = time.monotonic()
        for conn in list(takewhile(lambda one: self._leaving[one].until <= now, self._leaving)):
            self._let_go(conn)

    def _see_out(self, conn: TConn) -> None:
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
        except OSError:
            # It has gone already.
            self.nr_conns -= 1
            conn.close()
            return
        self._leaving[conn] = Leaving(time.monotonic() + LEAVING_SECONDS_MAX)
        self.poller.register(conn.sock, EVENT_READ, partial(self._hear_out, conn))

    def _hear_out(self, conn: TConn, _: socket.socket) -> None:
        leaving = self._leaving[conn]
        try:
            more = len(conn.sock.recv(PIECE_BYTES))
        except BlockingIOError:
            return
        except OSError:
            more = 0
        leaving.bytes_left -= more
        if not more or leaving.bytes_left <= 0:
            self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        del self._leaving[conn]
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()


@dataclass(frozen=True, slots=True)
class Arriving:
    """A request of which a part is still on its way: until when it is waited for, and how much of it was there."""

    until: float
    bytes_seen: int


class PromptWorker(RoomyWorker):
    """For ``gunicorn --worker-class``. Everything here runs on the worker's main thread, which looks every second."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._arriving: dict[TConn, Arriving] = {}
        """Whoever came first is first, and late first."""

    def enqueue_req(self, conn: TConn) -> None:
        """A connection has been made, or has something to say: a thread answers once it is there whole."""
        if conn.parser is not None and conn.parser.unreader.buf.getvalue():
            # Read already behind the request before, which Twilio never does: the rest has to be there too.
            self._answer_what_is_there(conn)
        else:
            self._look(conn, Arriving(time.monotonic() + READING_SECONDS_MAX, 0))

    def murder_pending(self) -> None:
        """Whoever is late is answered for what there is; who has said nothing at all is shown out."""
        super().murder_pending()
        now = time.monotonic()
        for conn, arriving in list(takewhile(lambda one: one[1].until <= now, self._arriving.items())):
            self.poller.unregister(conn.sock)
            if arriving.bytes_seen:
                self._answer_what_is_there(conn)
            else:
                del self._arriving[conn]
                self.nr_conns -= 1
                conn.close()

    def _look(self, conn: TConn, arriving: Arriving) -> None:
        try:
            there = conn.sock.recv(WAITING_BYTES_MAX, socket.MSG_PEEK)
        except BlockingIOError:
            self._wait(conn, arriving)
            return
        except OSError:
            # It was reset. Reading says so again, to gunicorn, which knows what to do.
            self._answer(conn)
            return
        missing = bytes_missing(there)
        if missing == 0:
            self._answer(conn)
        elif missing is None or len(there) <= arriving.bytes_seen:
            # More than is waited for; or readable with nothing new, which is its end.
            self._answer_what_is_there(conn)
        else:
            # The kernel wakes us when so much is there, or at the end.
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, len(there) + missing)
            self._wait(conn, Arriving(arriving.until, len(there)))

    def _wait(self, conn: TConn, arriving: Arriving) -> None:
        self._arriving[conn] = arriving
        self.poller.register(conn.sock, EVENT_READ, partial(self._readable, conn))

    def _readable(self, conn: TConn, _: socket.socket) -> None:
        self.poller.unregister(conn.sock)
        self._look(conn, self._arriving[conn])

    def _answer_what_is_there(self, conn: TConn) -> None:
        with suppress(OSError):
            # A thread that reads on reads the end. An answer still leaves.
            conn.sock.shutdown(socket.SHUT_RD)
        self._answer(conn)

    def _answer(self, conn: TConn) -> None:
        if self._arriving.pop(conn, None) is not None:
            with suppress(OSError):
                conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, 1)
        conn.data_ready = True
        super().enqueue_req(conn)
