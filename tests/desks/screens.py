"""Screens without a browser: each holds the stream of events open and asks for what it shows, as the page does.

``python -m tests.desks.screens`` reads one job as a line of JSON, says "ready" once every stream is open, and answers
with one line of JSON when its input ends. How long a page waits before it asks is read out of its own script.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SCRIPT = Path(__file__).parents[2] / "bot" / "web" / "static" / "desk" / "live.js"
QUIET = "HX-Request: true\r\nHX-Request-Type: partial\r\nX-Quiet: 1\r\n"
PATIENCE_SECONDS = 30.0
YIELD = 5


@dataclass(frozen=True)
class Job:
    """A screen for each cookie; those ``talks`` are open, in turn, beside the list. ``word`` is what to look for."""

    desk_url: str
    cookies: list[str]
    talks: list[str]
    word: str


@dataclass
class Seen:
    """When each message was first on each screen (epoch seconds); requests by their answer; bytes that came."""

    at: list[dict[str, float]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    milliseconds: list[float] = field(default_factory=list)


class Screens:
    """Screens in a process of their own, from the moment they are live until ``close``."""

    def __init__(self, job: Job) -> None:
        command = [sys.executable, "-m", "tests.desks.screens"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def close(self) -> Seen:
        """What they have seen."""
        said, _ = self._process.communicate()
        return Seen(**json.loads(said))


def milliseconds_of(name: str) -> float:
    """A constant of the page's script."""
    found = re.search(rf"const {name} = ([\d_]+);", SCRIPT.read_text())
    assert found, name
    return float(found[1])


SOON_MS, PACE_MS = milliseconds_of("SOON_MS"), milliseconds_of("PACE_MS")


class Part:
    """A part of a page: asked for soon after a ring, and again only after a while."""

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._ask = ask
        self._waiting: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")

    def soon(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.create_task(self._wait())

    async def _wait(self) -> None:
        now = time.monotonic()
        await asyncio.sleep(max(SOON_MS / 1000, self._asked_at + PACE_MS / 1000 - now))
        self._waiting = None
        await self._ask()
        self._asked_at = time.monotonic()


class Screen:
    """The inbox at one desk, with a conversation open beside it if there is one."""

    def __init__(self, job: Job, number: int, seen: Seen) -> None:
        self._port = urlsplit(job.desk_url).port
        self._cookie = job.cookies[number]
        self._word = re.compile(rb"\b" + job.word.encode() + rb"-\d{5}\b")
        self._seen = seen
        self._found: dict[str, float] = {}
        seen.at.append(self._found)
        self._talk = job.talks[number % len(job.talks)] if job.talks and number % 2 else ""
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._taking_turns = asyncio.Lock()
        self.live = asyncio.Event()
        self._list = Part(lambda: self._look("/desk/inbox?folder=needs"))
        self._thread = Part(lambda: self._look(f"/desk/inbox/{self._talk}?folder=needs"))

    async def run(self) -> None:
        async for kind, id in self._rings():
            self.live.set()
            if kind not in ("conv", "queue"):
                continue
            self._list.soon()
            if self._talk and id in (self._talk, "everything"):
                self._thread.soon()

    async def _rings(self) -> AsyncIterator[tuple[str, str]]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(f"GET /live HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nCookie: {self._cookie}\r\n\r\n".encode())
        kind = ""
        async for line in reader:
            if line.startswith(b"event: "):
                kind = line[7:].decode().strip()
            elif line.startswith(b"data:"):
                yield kind, line[5:].decode().strip()
        raise ConnectionError("the stream has ended")

    async def _look(self, path: str) -> None:
        began = time.perf_counter()
        # A browser has six connections; what matters is that one question does not overtake the other.
        async with self._taking_turns:
            status, body = await self._get(path)
        now = time.time()
        self._seen.milliseconds.append((time.perf_counter() - began) * 1000)
        self._seen.answers[status] = self._seen.answers.get(status, 0) + 1
        self._seen.bytes += len(body)
        for word in self._word.findall(body):
            self._found.setdefault(word.decode(), now)

    async def _get(self, path: str) -> tuple[str, bytes]:
        host = f"Host: 127.0.0.1:{self._port}\r\nCookie: {self._cookie}\r\n"
        request = f"GET {path} HTTP/1.1\r\n{host}{QUIET}\r\n".encode()
        for _ in range(2):
            if self._line is None:
                self._line = await asyncio.open_connection("127.0.0.1", self._port)
            reader, writer = self._line
            try:
                writer.write(request)
                return await _answer(reader)
            except (ConnectionError, asyncio.IncompleteReadError):
                # A kept connection that rested was closed; a browser asks once more.
                writer.close()
                self._line = None
        raise ConnectionError(path)


async def _answer(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
    return head.split(" ", 2)[1], await reader.readexactly(int(length[1]) if length else 0)


async def _run(job: Job) -> Seen:
    seen = Seen()
    screens = [Screen(job, number, seen) for number in range(len(job.cookies))]
    running = [asyncio.create_task(screen.run()) for screen in screens]
    async with asyncio.timeout(PATIENCE_SECONDS):
        await asyncio.gather(*(screen.live.wait() for screen in screens))
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    for one in running:
        if one.done():
            one.result()
        one.cancel()
    return seen


if __name__ == "__main__":
    # They stand for machines of others, and take nothing from the house.
    os.nice(YIELD)
    print(json.dumps(asdict(asyncio.run(_run(Job(**json.loads(sys.stdin.readline())))))))
