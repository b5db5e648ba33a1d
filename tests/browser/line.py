"""The line between a browser and the desk, which can be cut without either of them being told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

PIECE_BYTES = 65_536


class Line:
    """Passes everything on, both ways, until it is cut. Then nothing arrives and nothing is closed, as with a cable
    that was pulled. Once mended, what was open before stays silent for ever; what is new passes."""

    def __init__(self, url: str) -> None:
        self._there = ("127.0.0.1", urlsplit(url).port or 0)
        self._door = socket.create_server(("127.0.0.1", 0))
        self._ends: list[socket.socket] = []
        self._cuts = 0
        self._whole = threading.Event()
        self._whole.set()
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}"

    def cut(self) -> None:
        self._cuts += 1
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def answer(self) -> None:
        """Take in connections until the door is closed."""
        with suppress(OSError):
            while True:
                near, _ = self._door.accept()
                self._ends.append(near)
                threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def close(self) -> None:
        self.mend()
        for end in (self._door, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _connect(self, near: socket.socket) -> None:
        self._whole.wait()
        with suppress(OSError):
            far = socket.create_connection(self._there)
            self._ends.append(far)
            threading.Thread(target=self._carry, args=(far, near, self._cuts), daemon=True).start()
            self._carry(near, far, self._cuts)

    def _carry(self, one: socket.socket, other: socket.socket, since: int) -> None:
        with suppress(OSError):
            while piece := one.recv(PIECE_BYTES):
                if self._cuts != since:
                    return
                other.sendall(piece)
            if self._cuts == since:
                other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A line for as long as the block lasts."""
    line = Line(url)
    answering = threading.Thread(target=line.answer, daemon=True)
    answering.start()
    try:
        yield line
    finally:
        line.close()
