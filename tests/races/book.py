"""Many processes want the same few times at once; afterwards a query of its own counts what overlaps.

``python -m tests.races.book --attempts 20000 --slots 500 --processes 16 [--database-url URL]`` prints the counts and
exits with 1 when anything overlaps or is torn. The database must be empty; without one, a fresh SQLite file is used.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from bot.adapters.sql import SqlBook, migrate
from bot.core.calendar import Busy, Slot
from bot.core.conversation import Conversation
from bot.core.reference import SPACE, reference
from bot.ports import BookAway, Booking, NewTime, SlotTaken

NOW = 1772413200
PRACTITIONERS = ("lim", "ong")
MINUTES, GRID_MINUTES = 30, 15
"""Half an hour on a grid of quarters: a time is in the way of its neighbours too."""
HOLD_SECONDS = 40
"""Short, so that holds run out while the others race."""

OVERLAPS = """
    SELECT count(*) FROM occupancy a JOIN occupancy b ON a.id < b.id AND a.resource_id = b.resource_id
    AND a.seat = b.seat AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to
"""
TORN = """
    SELECT count(*) FROM appointment a LEFT JOIN occupancy o ON o.appointment_id = a.id
    LEFT JOIN resource r ON r.id = o.resource_id
    WHERE (a.status = 'booked') <> (o.id IS NOT NULL AND o.busy_from = a.starts_at AND o.busy_to = a.ends_at
                                    AND r.key = a.practitioner)
"""
"""Appointments whose time is not exactly what is taken for them, and cancelled ones that still take time."""


@dataclass(frozen=True)
class Racer:
    """One process's share of a race."""

    number: int
    url: str
    attempts: int
    slots: int


class Run:
    """What one racer does: hold, book, move and cancel at random, and count what came of it."""

    def __init__(self, racer: Racer) -> None:
        self.racer, self.chance = racer, random.Random(racer.number)  # noqa: S311 - a race, repeatable
        self.book, self.counts = SqlBook(racer.url), Counter[str]()
        self.conversations = [f"patient-{racer.number}-{one}" for one in range(3)]
        self.appointments: list[int] = []

    def run(self) -> Counter[str]:
        for id in self.conversations:
            self.until_done(lambda id=id: self.begin_conversation(id))
        acts = (self.hold, self.book_one, self.book_one, self.move, self.cancel)
        for attempt in range(self.racer.attempts):
            act = self.chance.choice(acts)
            self.counts[self.until_done(lambda act=act, now=NOW + attempt: act(now))] += 1
        self.book.dispose()
        return self.counts

    def until_done(self, act):  # type: ignore[no-untyped-def]
        """Try again while the database is away, as Twilio would."""
        while True:
            try:
                return act()
            except SlotTaken:
                return "taken"
            except BookAway:
                self.counts["away"] += 1
                time.sleep(self.chance.random() / 20)

    def begin_conversation(self, id: str) -> None:
        with self.book.begin() as ledger:
            ledger.create(Conversation(id, f"whatsapp:{id}"), NOW)

    def wanted(self) -> tuple[Slot, Busy]:
        number = self.chance.randrange(self.racer.slots)
        practitioner = PRACTITIONERS[number % len(PRACTITIONERS)]
        start = NOW + 86400 + number // len(PRACTITIONERS) * GRID_MINUTES * 60
        end = start + MINUTES * 60
        return Slot(practitioner, start, end), Busy(practitioner, start, end)

    def hold(self, now: int) -> str:
        with self.book.begin() as ledger:
            ledger.hold(self.chance.choice(self.conversations), self.wanted()[1], now + HOLD_SECONDS, now)
        return "held"

    def book_one(self, now: int) -> str:
        conversation, (slot, busy) = self.chance.choice(self.conversations), self.wanted()
        number = reference(self.chance.randrange(SPACE))
        with self.book.begin() as ledger:
            made = ledger.book(
                Booking(number, conversation, "Siti", "", "me", "consultation", slot, busy, "", "Asia/Singapore"), now
            )
        if made.number != number:
            return "again"
        self.appointments.append(made.id)
        return "booked"

    def move(self, now: int) -> str:
        if not self.appointments:
            return "nothing"
        slot, busy = self.wanted()
        with self.book.begin() as ledger:
            ledger.move(self.chance.choice(self.appointments), NewTime(slot, busy, "", ()), now)
        return "moved"

    def cancel(self, now: int) -> str:
        if not self.appointments:
            return "nothing"
        id = self.appointments.pop(self.chance.randrange(len(self.appointments)))
        with self.book.begin() as ledger:
            ledger.cancel(id, now)
        return "cancelled"


def run(racer: Racer) -> Counter[str]:
    return Run(racer).run()


def race(url: str, attempts: int, slots: int, processes: int) -> Counter[str]:
    """Let processes race on a migrated database; what came of each attempt, with ``overlaps`` and ``torn``."""
    racers = [Racer(number, url, attempts // processes, slots) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        counts = sum(pool.map(run, racers, chunksize=1), Counter[str]())
    engine = create_engine(url)
    with engine.connect() as connection:
        for name, query in (("overlaps", OVERLAPS), ("torn", TORN)):
            counts[name] = connection.scalar(text(query)) or 0
    engine.dispose()
    return counts


def main() -> int:
    parser = argparse.ArgumentParser(description="Race many processes for the same appointments.")
    parser.add_argument("--attempts", type=int, default=2000)
    parser.add_argument("--slots", type=int, default=100)
    parser.add_argument("--processes", type=int, default=8)
    parser.add_argument("--database-url", default="")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="races-") as folder:
        url = options.database_url or f"sqlite:///{folder}/clinic.sqlite"
        migrate(url)
        started = time.monotonic()
        counts = race(url, options.attempts, options.slots, options.processes)
        seconds = time.monotonic() - started
    outcomes = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    print(f"{options.attempts} attempts by {options.processes} processes in {seconds:.1f} s: {outcomes}")
    return 1 if counts["overlaps"] or counts["torn"] else 0


if __name__ == "__main__":
    sys.exit(main())
