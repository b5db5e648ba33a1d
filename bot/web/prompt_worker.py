"""Gunicorn's threads, which take in no more callers than there are files for, and of which none is kept waiting by a
client that is slow to say what it wants.

A caller for whom no file was left ended gunicorn's own worker, and with it everybody whom it was just answering. Here
whoever is one too many waits at the door, where the kernel keeps a line.

A thread of gunicorn's own worker waits for the rest of a request for as long as its client likes: a few connections
that send a byte now and then would silence the front desk. Here a request has to be there whole within a few seconds;
then no more is read from its connection. What arrived in time is answered as ever.
"""

from __future__ import annotations

import resource
import socket
import time
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

READING_SECONDS_MAX = 3.0
"""Twilio sends a form in one piece; a patient's phone never talks to us itself."""
FILES_OF_OUR_OWN = 40
"""What a process has open itself: the database, Redis, numbers for Prometheus."""


class RoomyWorker(ThreadWorker):  # type: ignore[misc]  # it has no types of its own
    """For ``gunicorn --worker-class``. Takes in as many callers at once as the process may have files open for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        callers: int = self.cfg.worker_connections
        if files != resource.RLIM_INFINITY:
            callers = max(1, min(callers, files - FILES_OF_OUR_OWN))
        self.worker_connections, self.max_keepalived = callers, max(0, callers - self.cfg.threads)


class PromptWorker(RoomyWorker):
    """For ``gunicorn --worker-class``. Everything here runs on the worker's main thread, which looks every second."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reading_until: dict[TConn, float] = {}

    def enqueue_req(self, conn: TConn) -> None:
        """A connection has, or is about to have, something to say. Waiting for a free thread counts too."""
        self._reading_until[conn] = time.monotonic() + READING_SECONDS_MAX
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: Future[Any]) -> None:
        """It was answered, or did not say anything."""
        self._reading_until.pop(conn, None)
        super().finish_request(conn, fs)

    def murder_pending(self) -> None:
        """Close the ears to whoever is late: the thread reads an end then. An answer under way still leaves."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn, until in self._reading_until.items() if until <= now]:
            del self._reading_until[conn]
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RD)
