"""Many processes are given the same messages of one patient at once, and send what the bot answers."""

import multiprocessing
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from bot.adapters.sql import SqlBook
from bot.core.conversation import Conversation
from bot.ports import Inbound, Outgoing, Result, Words
from tests.races.killing import until_done

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
        counts["taken"] += until_done(partial(_take, book, sid), chance)
        claimed = until_done(partial(_claim, book, f"{racer.number}-{sid}"), chance)
        until_done(partial(_conclude, book, claimed), chance)
        counts["sent"] += len(claimed)
    book.dispose()
    return counts


def _take(book: SqlBook, sid: str) -> int:
    with book.begin() as ledger:
        head = ledger.head("meiling") or ledger.create(PATIENT, NOW)
        if not ledger.record(Inbound(sid, "meiling", head.arrived + 1, {"text": sid}, NOW), "done"):
            return 0
        ledger.save(PATIENT, head.seq + 1, head.arrived + 1, NOW)
        ledger.queue("meiling", [Words(f"answer to {sid}", "reply", key=sid)], NOW)
        return 1


def _claim(book: SqlBook, attempt: str) -> Sequence[Outgoing]:
    with book.begin() as ledger:
        return ledger.claim(["meiling"], "racer", [attempt], NOW)


def _conclude(book: SqlBook, claimed: Sequence[Outgoing]) -> None:
    with book.begin() as ledger:
        ledger.conclude([Result(one.id, one.attempt, "sent", sid=f"MM{one.attempt}") for one in claimed], NOW)


def race(url: str, messages: int, processes: int) -> Counter[str]:
    """Let processes race on a migrated database; how many messages were taken and answers sent by all of them."""
    racers = [Racer(number, url, messages) for number in range(processes)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return sum(pool.map(run, racers, chunksize=1), Counter[str]())
