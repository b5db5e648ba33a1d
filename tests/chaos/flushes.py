"""``python -m tests.chaos.flushes --times 1000``: Redis is emptied at a random moment of a conversation.

Each patient asks, books and asks again, in the same words. Redis is real, and is emptied before or after one of the
calls that the desk makes to it, in the middle of a turn too. What she is told, what is booked for her and what leaves
must be what it is when nothing happens.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from bot.adapters import redis_server
from bot.adapters.clock import SystemChance
from bot.adapters.redis_live import RedisLive
from bot.adapters.sql import SqlBook, migrate
from bot.desk.speaking import send
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Appointment, Desk
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import desk_on

WORDS = ("hello", "book", "1", "1", "What is sciatica?", "1", "1", "Mei Ling Tan", "1", "What is sciatica?")
CALLS_OF_A_MESSAGE = 2
"""Of the desk to Redis."""
OWN = re.compile(r"Your number is \S+")
"""What differs between two who are told the same."""


class Emptied:
    """A live state that is emptied once, right before or right after one of the calls to it."""

    def __init__(self, live: RedisLive, redis: Redis, call: int, after: bool) -> None:
        self._live, self._redis, self._call, self._after = live, redis, call, after
        self._calls = count()
        self.happened = False

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._live, name)

        def called(*given: Any) -> Any:
            strikes = next(self._calls) == self._call
            if strikes and not self._after:
                self._empty()
            result = method(*given)
            if strikes and self._after:
                self._empty()
            return result

        return called

    def _empty(self) -> None:
        self._redis.flushall()
        self.happened = True


Story = tuple[list[str], list[str], list[tuple[str, str]], int]
"""What she was told, what left for her, where her conversation is, and how many appointments she has."""


class Patients:
    """One after the other comes to the same desk, and leaves it as she found it."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._numbers = desk, count()

    def comes(self, live: Any) -> Story:
        """Her whole conversation, with this live state."""
        address = f"whatsapp:+65{80_000_000 + next(self._numbers)}"
        desk = replace(self._desk, live=live)
        for words in WORDS:
            receive(desk, Arrived(f"SM{SystemChance().token()}", address, "text", words))
        id = conversation_id(desk.conversation_key, address)
        send(desk, (id,), "sender")
        return self._story(id)

    def _story(self, id: str) -> Story:
        carrier, now = self._desk.carrier(), int(self._desk.clock.now().timestamp())
        assert isinstance(carrier, FakeCarrier)
        posted = [OWN.sub("", one.outgoing.text) for one in carrier.posted if one.outgoing.conversation == id]
        with self._desk.book.begin() as ledger:
            told = [OWN.sub("", line.text) for line in ledger.thread(id, 500) if line.who == "bot"]
            state, booked = ledger.read(id), ledger.appointments(id, now)
            self._give_back(ledger, booked, now)
        carrier.posted.clear()
        assert state is not None
        return told, posted, [(frame.flow, frame.step) for frame in state.stack], len(booked)

    def _give_back(self, ledger: Any, booked: tuple[Appointment, ...], now: int) -> None:
        """The next one finds the same times free."""
        for appointment in booked:
            ledger.cancel(appointment.id, now)


def run(desk: Desk, redis_url: str, times: int, seed: int) -> Counter[str]:
    """How often what was lost."""
    chance = random.Random(seed)  # noqa: S311 - a moment, repeatable
    patients, live = Patients(desk), RedisLive(redis_url, time.monotonic)
    undisturbed, lost = patients.comes(live), Counter[str]()
    told, posted, _, booked = undisturbed
    assert told == posted, "without a mishap everything leaves"
    assert booked == 1, "without a mishap she has an appointment"
    with Redis.from_url(redis_url) as redis:
        for _ in range(times):
            call = chance.randrange(CALLS_OF_A_MESSAGE * len(WORDS))
            emptied = Emptied(live, redis, call, after=chance.random() < 0.5)
            story = patients.comes(emptied)
            lost["not emptied at all"] += not emptied.happened
            for what, wanted, found in zip(("words", "posts", "place", "appointment"), undisturbed, story, strict=True):
                lost[f"{what} lost or changed"] += found != wanted
    return lost


@contextmanager
def a_redis(room: Path) -> Iterator[str]:
    """A real Redis of our own."""
    socket = room / "redis.sock"
    process = subprocess.Popen(redis_server.command(redis_server.find(), room / "redis", socket))
    url = f"unix://{socket}"
    try:
        with Redis.from_url(url) as redis:
            until = time.monotonic() + 30
            while not _answers(redis) and time.monotonic() < until:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait()


def _answers(redis: Redis) -> bool:
    with suppress(RedisError):
        return bool(redis.ping())
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description="Redis is emptied at a random moment of a conversation.")
    parser.add_argument("--times", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flushes-") as folder, a_redis(Path(folder)) as redis_url:
        url = f"sqlite:///{folder}/clinic.sqlite"
        migrate(url)
        clock = FakeClock()
        carrier = FakeCarrier(clock)
        desk = desk_on(url, clock=clock, chance=SystemChance(), carrier=lambda: carrier)
        lost = run(desk, redis_url, options.times, options.seed)
        assert isinstance(desk.book, SqlBook)
        desk.book.dispose()
    for what, times in lost.items():
        print(f"{what}: {times}")
    print(f"seed {options.seed}: Redis emptied {options.times} times in {time.monotonic() - began:.0f} s")
    return 1 if any(lost.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
