"""Many processes want the same few times at once, and some of them are killed; afterwards a query of its own counts
what overlaps. A racer does here what the desk asks of the ledger; ``tests.races.turns`` races whole conversations.
"""

import random
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import create_engine, text

from bot.adapters.sql import SqlBook
from bot.core.calendar import Busy, Slot
from bot.core.conversation import Conversation
from bot.core.reference import SPACE, reference
from bot.ports import Booking, NewTime, SlotTaken
from tests.races import killing
from tests.races.killing import Tally, until_done

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
    """What every process of a race does, each its own share."""

    url: str
    attempts: int
    slots: int

    def __call__(self, tally: Tally) -> None:
        Run(self, tally).run()


class Run:
    """Hold, book, move and cancel at random, and count what came of it."""

    def __init__(self, racer: Racer, tally: Tally) -> None:
        self.racer, self.tally = racer, tally
        self.chance = random.Random(f"{tally.number} {tally.total()}")  # noqa: S311 - a race, repeatable
        self.book = SqlBook(racer.url)
        self.conversations = [f"patient-{tally.number}-{one}" for one in range(3)]
        self.appointments: list[int] = []

    def run(self) -> None:
        for id in self.conversations:
            self.until_done(lambda id=id: self.begin_conversation(id))
        acts = (self.hold, self.book_one, self.book_one, self.move, self.cancel)
        for attempt in range(self.tally.total(), self.racer.attempts):
            act = self.chance.choice(acts)
            self.tally.add(self.until_done(lambda act=act, now=NOW + attempt: act(now)))
        self.book.dispose()

    def until_done(self, act):  # type: ignore[no-untyped-def]
        try:
            return until_done(act, self.chance)
        except SlotTaken:
            return "taken"

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


OUTCOMES = ("held", "booked", "again", "moved", "cancelled", "nothing", "taken")


def race(url: str, attempts: int, slots: int, processes: int, kills: int = 0) -> Counter[str]:
    """Let processes race on a migrated database; what came of each attempt, with ``overlaps`` and ``torn``."""
    counts = killing.race(Racer(url, attempts // processes, slots), OUTCOMES, processes, attempts, kills)
    return counts + overlaps(url)


def overlaps(url: str) -> Counter[str]:
    """What may never be, counted by queries of their own."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {name: connection.scalar(text(query)) or 0 for name, query in (("overlaps", OVERLAPS), ("torn", TORN))}
    engine.dispose()
    return Counter(found)
