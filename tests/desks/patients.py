"""Patients who wait for a person and go on writing: a process of its own that posts at a steady pace.

``python -m tests.desks.patients`` reads one job as JSON and answers with one line of JSON. A message sets out when it
is due, whatever became of the one before: a slow answer is not hidden by waiting for it.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from statistics import quantiles
from urllib.parse import urlencode, urlsplit

from bot.core.twilio_signature import expected_signature
from tests.bench.reply import ACCOUNT, CLINIC


@dataclass(frozen=True)
class Job:
    """So many messages, ``a_second``, in turn from so many patients. Each says ``word`` and its number."""

    url: str
    token: str
    patients: int
    messages: int
    a_second: float
    word: str


@dataclass
class Written:
    """When each message set out (epoch seconds), how long its answer took, and how many were not answered 200."""

    at: dict[str, float] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)
    refused: int = 0

    def __add__(self, other: Written) -> Written:
        return Written(self.at | other.at, self.milliseconds + other.milliseconds, self.refused + other.refused)

    @property
    def p50_and_p99(self) -> tuple[float, float]:
        cuts = quantiles(self.milliseconds, n=100)
        return cuts[49], cuts[98]


def write(job: Job) -> Written:
    """Run a job in a process of its own."""
    command = [sys.executable, "-m", "tests.desks.patients"]
    done = subprocess.run(command, input=json.dumps(asdict(job)), capture_output=True, text=True, check=True)
    return Written(**json.loads(done.stdout))


def address(number: int) -> str:
    """Of a patient."""
    return f"whatsapp:+65{80_000_000 + number}"


def _request(job: Job, number: int, words: str) -> bytes:
    url = f"{job.url}/twilio/inbound"
    form = {
        "MessageSid": f"SM{secrets.token_hex(16)}",
        "AccountSid": ACCOUNT,
        "From": address(number % job.patients),
        "To": CLINIC,
        "Body": words,
        "NumMedia": "0",
    }
    body = urlencode(form)
    lines = (
        "POST /twilio/inbound HTTP/1.1",
        f"Host: {urlsplit(url).netloc}",
        "Connection: close",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"X-Twilio-Signature: {expected_signature(job.token, url, form)}",
    )
    return "\r\n".join((*lines, "", body)).encode()


async def _post(job: Job, request: bytes, words: str, written: Written) -> None:
    began = time.perf_counter()
    written.at[words] = time.time()
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(job.url).port)
    writer.write(request)
    answer = await reader.read()
    written.milliseconds.append((time.perf_counter() - began) * 1000)
    written.refused += not answer.startswith(b"HTTP/1.1 200 ")
    writer.close()


async def _run(job: Job) -> Written:
    written = Written()
    said = [job.word if job.word == "human" else f"{job.word}-{number:05}" for number in range(job.messages)]
    requests = [_request(job, number, words) for number, words in enumerate(said)]
    began = time.perf_counter()
    under_way = []
    for number, (request, words) in enumerate(zip(requests, said, strict=True)):
        await asyncio.sleep(began + number / job.a_second - time.perf_counter())
        under_way.append(asyncio.create_task(_post(job, request, words, written)))
    await asyncio.gather(*under_way)
    return written


if __name__ == "__main__":
    print(json.dumps(asdict(asyncio.run(_run(Job(**json.load(sys.stdin)))))))
