"""The load: a process of its own that posts signed messages over kept connections, and tells how long each took.

``python -m tests.bench.load`` reads one job as JSON and answers with one line of JSON. Requests are signed before the
clock starts, so that the load costs as little as possible of the machine it measures.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from statistics import quantiles
from urllib.parse import urlencode

from bot.core.twilio_signature import expected_signature
from tests.bench.house import ACCOUNT, CLINIC

CONNECTIONS = 16


@dataclass(frozen=True)
class Job:
    """What to post: ``count`` messages with these words, in turn from so many patients, over so many connections."""

    port: int
    token: str
    words: str
    count: int
    patients: int
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Posted:
    """How it went: seconds for all, milliseconds for each, and how many were not answered 200."""

    seconds: float
    milliseconds: list[float]
    refused: int

    @property
    def a_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def p50_and_p99(self) -> tuple[float, float]:
        cuts = quantiles(self.milliseconds, n=100)
        return cuts[49], cuts[98]


def post(job: Job) -> Posted:
    """Run a job in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.load"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=True,
    )
    return Posted(**json.loads(done.stdout))


def address(number: int) -> str:
    """Of a patient."""
    return f"whatsapp:+65{80000000 + number}"


def _requests(job: Job) -> Iterator[bytes]:
    url = f"http://127.0.0.1:{job.port}/twilio/inbound"
    for number in range(job.count):
        form = {
            "MessageSid": f"SM{secrets.token_hex(16)}",
            "AccountSid": ACCOUNT,
            "From": address(number % job.patients),
            "To": CLINIC,
            "Body": job.words,
            "NumMedia": "0",
        }
        body = urlencode(form)
        lines = (
            "POST /twilio/inbound HTTP/1.1",
            f"Host: 127.0.0.1:{job.port}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
            f"X-Twilio-Signature: {expected_signature(job.token, url, form)}",
        )
        yield "\r\n".join((*lines, "", body)).encode()


async def _answered(reader: asyncio.StreamReader) -> bool:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    length = next((line.partition(":")[2] for line in head.split("\r\n") if line.startswith("content-length:")), "0")
    await reader.readexactly(int(length))
    return " 200 " in head.partition("\r\n")[0]


async def _run(job: Job) -> Posted:
    waiting = iter(list(_requests(job)))
    milliseconds: list[float] = []
    refused = 0

    async def connection() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
        kept = False
        for request in waiting:
            began = time.perf_counter()
            try:
                writer.write(request)
                answered = await _answered(reader)
            except (asyncio.IncompleteReadError, ConnectionError):
                # A server may end a connection on which nothing is under way, and it was ended as we spoke: every
                # client then asks on another. One that was never used is no such case.
                if not kept:
                    raise
                writer.close()
                reader, writer = await asyncio.open_connection("127.0.0.1", job.port)
                writer.write(request)
                answered = await _answered(reader)
            kept = True
            refused += not answered
            milliseconds.append((time.perf_counter() - began) * 1000)
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(connection() for _ in range(job.connections)))
    return Posted(time.perf_counter() - began, milliseconds, refused)


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_run(Job(**json.load(sys.stdin)))))))
