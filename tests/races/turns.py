"""Patients in many processes want the same few times; whoever is too late must be told, and offered others.

Everything goes through the real turn: a patient picks one of the times she was offered, goes back, and picks again.
Redis is away, so that nothing but the book of record keeps them apart. When a process is killed her next message finds
the conversation where the last commit left it.
"""

from __future__ import annotations

import json
import random
import secrets
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from sqlalchemy import create_engine, text

from bot.adapters.clock import SystemChance
from bot.adapters.sql import SqlBook
from bot.desk.turns import Arrived, receive
from bot.ports import Desk
from tests.fakes import FakeClock, FakeLive
from tests.races import killing
from tests.races.killing import Tally, until_done
from tests.universe import desk_on, shipped_reader

TIMES, DAYS, SERVICES = "These times are free", "Which day suits you?", "What would you like to come for?"
KEEPING, TOO_LATE = "I am keeping", "Sorry, somebody just took that time"
TO_STAFF = "passing you to our staff"
"""What is said to whoever was too late for the fourth time: a person looks for one with her."""
OTHERS = (TIMES, DAYS, "That day has just filled up", "I have no other times to offer")
DAYS_WANTED = 2
"""Everybody wants one of the first days."""

LOST = "SELECT conversation, trace FROM journal WHERE trace LIKE '%outcome taken%'"
SAID = "SELECT conversation, text FROM outbox ORDER BY conversation, id"


@dataclass(frozen=True)
class Racer:
    """What every process does: its patients pick times until its share of attempts is done."""

    url: str
    attempts: int

    def __call__(self, tally: Tally) -> None:
        clock = FakeClock()
        live = FakeLive(clock)
        live.away = True
        chance = random.Random(f"{tally.number} {tally.total()}")  # noqa: S311 - a race, repeatable
        desk = until_done(lambda: desk_on(self.url, clock=clock, live=live, chance=SystemChance()), chance)
        patient = Patient(desk, chance)
        while tally.total() < self.attempts:
            if patient.answers():
                tally.add("picked")
        assert isinstance(desk.book, SqlBook)
        desk.book.dispose()


class Patient:
    """Somebody on her way to a time; another one when there is none for her, or staff have her conversation."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self._desk, self._chance = desk, chance
        self._engine = create_engine(desk.book._engine.url)  # type: ignore[attr-defined]
        self._begin()

    def answers(self) -> bool:
        """She answers what she was asked last; whether that was picking a time."""
        said, choices = self._last()
        if TIMES in said:
            self._taps(self._chance.choice([id for id in choices if "@" in id] or choices))
        elif DAYS in said:
            self._taps(self._chance.choice(choices[:DAYS_WANTED]))
        elif SERVICES in said:
            self._taps(choices[0])
        elif KEEPING in said:
            self._says("back")
        else:
            self._begin()
        return TIMES in said

    def _begin(self) -> None:
        self._address = f"whatsapp:+65{self._chance.randrange(10**8, 10**9)}{secrets.randbelow(10**4):04d}"
        self._says("book")

    def _taps(self, button: str) -> None:
        self._arrives(Arrived(_sid(), self._address, "tap", "", button))

    def _says(self, words: str) -> None:
        self._arrives(Arrived(_sid(), self._address, "text", words))

    def _arrives(self, arrived: Arrived) -> None:
        until_done(lambda: receive(self._desk, arrived), self._chance)

    def _last(self) -> tuple[str, list[str]]:
        query = (
            "SELECT o.text, o.choices FROM outbox o JOIN conversation c ON c.id = o.conversation"
            " WHERE c.address = :address ORDER BY o.id DESC LIMIT 1"
        )
        with self._engine.connect() as connection:
            said, choices = connection.execute(text(query), {"address": self._address}).one()
        return said, [choice[0] for choice in json.loads(choices or "[]")]


def _sid() -> str:
    return f"SM{secrets.token_hex(16)}"


def race(url: str, attempts: int, processes: int, kills: int = 0) -> Counter[str]:
    """Let patients race on a migrated database. ``too late`` counts the times that were somebody else's by then;
    ``not told`` and ``not offered`` must be 0."""
    shipped_reader()
    counts = killing.race(Racer(url, attempts // processes), ("picked",), processes, attempts, kills)
    return counts + told(url)


def told(url: str) -> Counter[str]:
    """How many were too late, and how many of them were not told so, or offered nothing else."""
    engine = create_engine(url)
    with engine.connect() as connection:
        late = Counter[Any](row.conversation for row in connection.execute(text(LOST)))
        said = connection.execute(text(SAID)).all()
    engine.dispose()
    to_staff = Counter[Any](row.conversation for row in said if TO_STAFF in row.text)
    words = Counter[Any](row.conversation for row in said if TOO_LATE in row.text)
    offered = Counter[Any](
        row.conversation
        for row, then in pairwise(said)
        if TOO_LATE in row.text and row.conversation == then.conversation and any(one in then.text for one in OTHERS)
    )
    return Counter(
        {
            "too late": late.total(),
            "given to staff": to_staff.total(),
            "not told": (late - words - to_staff).total(),
            "not offered": (late - offered - to_staff).total(),
        }
    )
