"""Many processes are given the same messages of one patient at once, and send what the bot answers."""

import multiprocessing
import random
import time
from collections import Counter
from dataclasses import dataclass

from bot.adapters.sql import SqlBook
from bot.core.conversation import Conversation
from bot.ports import BookAway, Inbound, Result, Words

NOW = 1772413200
PATIENT = Conversation("meiling", "whatsapp:+6580000001")


@dataclass(frozen=True)
class Racer:
    """One process: every one of them gets every message."""

    number: int
    url: str
    messages: int


def run(racer: Racer) -> Counter[str]:
    book, counts = SqlBook(racer.url), Counter[str]()
    chance = random.Random(racer.number)  # noqa: S311 - a race, repeatable
    sids = [f"SM{number}" for number in range(racer.messages)]
    chance.shuffle(sids)
    for sid in sids:
        for act in (_take, _send):
            while True:
                try:
                    counts[act.__name__] += act(book, racer, sid)
                    break
                except BookAway:
                    counts["away"] += 1
                    time.sleep(chance.random() / 20)
    book.dispose()
    return counts


def _take(book: SqlBook, racer: Racer, sid: str) -> int:
    with book.begin() as ledger:
        head = ledger.head("meiling") or ledger.create(PATIENT, NOW)
        if not ledger.record(Inbound(sid, "meiling", head.arrived + 1, {"text": sid}, NOW), "done"):
            return 0
        ledger.save(PATIENT, head.seq + 1, head.arrived + 1, NOW)
        ledger.queue("meiling", [Words(f"answer to {sid}", "reply", key=sid)], NOW)
        return 1


def _send(book: SqlBook, racer: Racer, sid: str) -> int:
    attempt = f"{racer.number}-{sid}"
    with book.begin() as ledger:
        claimed = ledger.claim(["meiling"], str(racer.number), [attempt], NOW)
    with book.begin() as ledger:
        ledger.conclude([Result(one.id, one.attempt, "sent", sid=f"MM{one.attempt}") for one in claimed], NOW)
    return len(claimed)


def race(url: str, messages: int, processes: int) -> Counter[str]:
    """Let processes race on a migrated database; how many messages were taken and answers sent by all of them."""
    racers = [Racer(number, url, messages) for number in range(processes)]
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return sum(pool.map(run, racers, chunksize=1), Counter[str]())
