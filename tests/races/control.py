"""Bots, timers, follow-ups, late outcomes and three receptionists at once: nobody speaks who has no control.

``python -m tests.races.control --runs 10000 --claims 1000 [--database-url URL]`` plays random interleavings, each from
one seed, and lets receptionists claim the same conversation in the same moment. Who may speak is judged by rules of its
own, on the row that the claim locked: not by the table that is tested. It prints the counts and exits with 1 when
anybody spoke without control, or a claim had no winner or two.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

from sqlalchemy import event, text

from bot.adapters.sql import SqlBook, migrate
from bot.core.flow import Clinic
from bot.desk import inbox, reception, replying, standing_orders
from bot.desk.replying import Reply
from bot.desk.speaking import send, status
from bot.desk.turns import Arrived, conversation_id, receive, silence
from bot.ports import BookAway, CarrierUnclear, Desk, Result, Words
from bot.ports.staff import Account
from tests.fakes import FakeCarrier, FakeChance, FakeClock
from tests.universe import MEI_LING, desk_on, shipped_clinic

STAFF = ("ana", "ben", "cara")
STEPS = 16
WORDS = ("hello", "book", "First consultation", "Tue 3 Mar", "10:00", "For me", "Mei Ling Tan", "human", "1", "no")
RED_FLAG = "I wet myself and did not feel it"
CLAIMERS = 3

WHO_HAS_IT = "SELECT control, holder, opted_out FROM conversation WHERE id = :id"
HOW_IT_WAS_SENT = "SELECT speech, speaker FROM outbox WHERE id = :id"


class Morning:
    """One conversation on one desk, and everything that may happen to it, in an order that a seed decides."""

    def __init__(self, book: SqlBook, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - a race, repeatable
        self.counts = Counter[str]()
        self.clock = FakeClock()
        self.carrier = FakeCarrier(self.clock)
        self.book, self.address = book, f"{MEI_LING}{seed}"
        chance = FakeChance()
        chance.given = seed * 1_000_000
        self.desk = _desk(book, self.clock, self.carrier, chance)
        self.id = conversation_id(self.desk.conversation_key, self.address)
        self.sids = 0
        self.clicks = 0

    def run(self) -> Counter[str]:
        acts: tuple[Callable[[], object], ...] = (
            self.patient, self.bot, self.follow_up, self.timer, self.staff, self.staff, self.staff, self.staff,
            self.staff, self.staff, self.sender, self.sender, self.sender, self.late_outcome, self.rules, self.switch,
        )  # fmt: skip
        self.patient()
        for _ in range(STEPS):
            self.clock.pass_seconds(self.chance.choice((0, 0, 0, 1, 6, 6, 1500)))
            try:
                self.chance.choice(acts)()
            except reception.Refused as refused:
                self.counts[f"told: {type(refused).__name__}"] += 1
        standing_orders.silence_bot(self.desk, "ana", silent=False)
        self.is_over()
        return self.counts

    def is_over(self) -> None:
        """Nobody has it any more: what is looked after by itself in later mornings is theirs alone."""
        card = inbox.card(self.desk, self.id)
        assert card is not None
        reception.take_over(self.desk, self.id, "ana", from_holder=card.holder)
        reception.hand_back(self.desk, self.id, "ana", "silent")

    def patient(self) -> None:
        self.sids += 1
        words = RED_FLAG if self.chance.random() < 0.05 else self.chance.choice(WORDS)
        receive(self.desk, Arrived(f"SM{self.id}{self.sids}", self.address, text=words))

    def bot(self) -> None:
        """A bot's turn that was decided a moment too late: its words reach the outbox whoever has the conversation."""
        self.queue(Words("Which day suits you?", "reply"))

    def follow_up(self) -> None:
        self.queue(Words("A reminder", "follow-up", expires_at=self.clock.epoch + 3600))

    def queue(self, words: Words) -> None:
        with self.desk.book.begin() as ledger:
            ledger.queue(self.id, [words], self.clock.epoch)

    def timer(self) -> None:
        silence(self.desk, self.id)

    def rules(self) -> None:
        self.counts["returned"] += reception.keep_order(self.desk)

    def switch(self) -> None:
        standing_orders.silence_bot(self.desk, "ana", self.chance.random() < 0.15)

    def staff(self) -> None:
        by, to = self.chance.choice(STAFF), self.chance.choice(STAFF)
        self.clicks += 1
        token = f"click-{self.chance.randrange(max(1, self.clicks - 2), self.clicks + 1):04}"
        acts: tuple[Callable[[], object], ...] = (
            lambda: reception.take_over(self.desk, self.id, by),
            lambda: reception.take_over(self.desk, self.id, by, from_holder=to),
            lambda: replying.send_reply(self.desk, self.id, by, Reply(f"This is {by}", token)),
            lambda: replying.send_reply(self.desk, self.id, by, Reply(f"This is {by}", token)),
            lambda: replying.undo(self.desk, self.id, by, token),
            lambda: reception.hand_on(self.desk, self.id, by, to),
            lambda: reception.release(self.desk, self.id, by, "lunch"),
            lambda: reception.hand_back(self.desk, self.id, by, self.chance.choice(("menu", "continue", "silent"))),
            lambda: reception.staff_left(self.desk, by),
        )
        self.chance.choice(acts)()

    def sender(self) -> None:
        """Senders claim and post; sometimes an answer never comes back, so that its outcome is late."""
        if self.chance.random() < 0.2:
            self.carrier.troubles.append(CarrierUnclear())
        with self.judged():
            send(self.desk, (self.id,), "sender")

    def late_outcome(self) -> None:
        """What became of an attempt is heard of long after somebody else has the conversation."""
        for posted in self.carrier.posted[-2:]:
            status(self.desk, posted.outgoing.attempt, posted.sid, self.chance.choice(("delivered", "failed")), 63003)
        with self.desk.book.begin() as ledger:
            late = ledger.to_settle(self.clock.epoch + 600, 5)
            ledger.conclude([Result(one.id, one.attempt, "queued") for one in late], self.clock.epoch)

    @contextmanager
    def judged(self) -> Iterator[None]:
        """Judge each claim as it commits: inside its transaction, on the row that it locked."""
        claimed: list[int] = []

        def before_commit(connection: object) -> None:
            for id in claimed:
                self.judge(connection, id)
            claimed.clear()

        def executed(_c: object, _cursor: object, statement: str, parameters: object, _x: object, many: bool) -> None:
            if statement.startswith("INSERT INTO send_attempt"):
                rows = parameters if many else [parameters]
                claimed.extend(row["outbox_id"] if isinstance(row, dict) else row[1] for row in rows)  # type: ignore[attr-defined]

        engine = self.book._engine
        event.listen(engine, "commit", before_commit)
        event.listen(engine, "before_cursor_execute", executed)
        try:
            yield
        finally:
            event.remove(engine, "commit", before_commit)
            event.remove(engine, "before_cursor_execute", executed)

    def judge(self, connection: object, id: int) -> None:
        has = connection.execute(text(WHO_HAS_IT), {"id": self.id}).one()  # type: ignore[attr-defined]
        row = connection.execute(text(HOW_IT_WAS_SENT), {"id": id}).one()  # type: ignore[attr-defined]
        fine = {
            "reply": has.control == "bot",
            "follow-up": has.control in ("bot", "closed") and not has.opted_out,
            "staff": has.control == "held" and has.holder == row.speaker,
            "introduction": has.control == "held" and has.holder == row.speaker,
        }.get(row.speech, True)
        self.counts[f"said: {row.speech}"] += 1
        self.counts["without control"] += not fine


def _desk(book: SqlBook, clock: FakeClock, carrier: FakeCarrier, chance: FakeChance) -> Desk:
    return desk_on("sqlite://", book=book, clock=clock, carrier=lambda: carrier, chance=chance, clinic=_clinic())


@cache
def _clinic() -> Clinic:
    """One that tells its patients who answers: words more that must not leave when somebody else does."""
    clinic = shipped_clinic()
    return replace(clinic, facts={**clinic.facts, "say who answers": "yes"})


def _employ(book: SqlBook) -> None:
    with book.begin() as ledger:
        for id in STAFF:
            ledger.add_account(Account(id, id, id.capitalize(), "reception", "active"))


def interleave(url: str, runs: int, first_seed: int = 1) -> Counter[str]:
    """Play so many seeds on a migrated database; what happened, with ``without control``."""
    book = _quick(url)
    counts = Counter[str]({"without control": 0})
    _employ(book)
    for seed in range(first_seed, first_seed + runs):
        counts.update(Morning(book, seed).run())
    book.dispose()
    return counts


def claim_at_once(url: str, rounds: int) -> Counter[int]:
    """Let receptionists press "Take over" in the same moment, again and again; how often how many won."""
    book = _quick(url)
    desk = _desk(book, FakeClock(), FakeCarrier(FakeClock()), FakeChance())
    receive(desk, Arrived("SMfirst", MEI_LING, text="hello"))
    id = conversation_id(desk.conversation_key, MEI_LING)
    start, end = threading.Barrier(CLAIMERS + 1), threading.Barrier(CLAIMERS + 1)
    winners: list[str] = []

    def claimer(by: str) -> None:
        for _ in range(rounds):
            start.wait()
            while True:
                try:
                    reception.take_over(desk, id, by)
                    winners.append(by)
                except reception.NotYours:
                    pass
                except BookAway:
                    continue
                break
            end.wait()

    threads = [threading.Thread(target=claimer, args=(by,)) for by in STAFF[:CLAIMERS]]
    for thread in threads:
        thread.start()
    won = Counter[int]()
    for _ in range(rounds):
        winners.clear()
        start.wait()
        end.wait()
        won[len(winners)] += 1
        reception.release(desk, id, winners[0], "again")
    for thread in threads:
        thread.join()
    book.dispose()
    return won


def _quick(url: str) -> SqlBook:
    """The book without waiting for the disk: no race here cuts the power."""
    book = SqlBook(url)
    if book._engine.dialect.name == "sqlite":
        event.listen(book._engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    return book


def main() -> int:
    parser = argparse.ArgumentParser(description="Let everybody want to speak at once.")
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--claims", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database-url", default="")
    options = parser.parse_args()
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="races-", dir=shm if shm.is_dir() else None) as folder:
        url = options.database_url or f"sqlite:///{folder}/clinic.sqlite"
        migrate(url)
        started = time.monotonic()
        counts = interleave(url, options.runs, options.seed)
        won = claim_at_once(url, options.claims)
    told = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    print(f"{options.runs} interleavings and {options.claims} claims in {time.monotonic() - started:.1f} s: {told}")
    print("winners of a claim: " + ", ".join(f"{number} in {often}" for number, often in sorted(won.items())))
    return 1 if counts["without control"] or set(won) - {1} else 0


if __name__ == "__main__":
    sys.exit(main())
