"""Turns a second of the webhook, beside a floor and beside the simplest bot, measured in turn in the same minutes.

The senders are stopped while turns are compared. Afterwards they run, and messages a second are counted from the
webhook to the Twilio-shaped endpoint.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import Connection, Table, create_engine, func, select, update

from bot import wiring
from bot.adapters.sql import schema
from bot.desk.turns import Arrived, receive
from tests.bench import house
from tests.bench.house import TOKEN
from tests.bench.load import CONNECTIONS, Job, Posted, address, post
from tests.bench.reply import Endpoint

QUESTION = "What is sciatica?"
GREETING = "hello"
DRAIN_SECONDS_MAX = 60.0
DRAIN_STEP_SECONDS = 0.05
PACE, UNPACED = 80, 9999
"""Words a second: what MESSAGES_PER_SECOND is unless it is set, and the most it can be."""
OURS, FLOOR, SIMPLEST = "Frontdesk", "floor", "simplest bot"
APPLICATIONS = {
    OURS: "wsgi:webhook()",
    FLOOR: "tests.bench.others:floor()",
    SIMPLEST: "tests.bench.others:simplest()",
}
GOALS = {FLOOR: 0.6, SIMPLEST: 0.5}


@dataclass
class Runs:
    """What was measured of one server, run by run."""

    posted: list[Posted] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)

    @property
    def a_second(self) -> float:
        return median(one.a_second for one in self.posted)


def measure(runs: int, count: int, patients: int) -> int:
    """Print the comparison on each database there is. How many words never left."""
    lost = 0
    kept = json.dumps(rows_of_a_turn(), default=str)
    for name, url in databases():
        with url as make, tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as until:
            endpoint = Endpoint()
            threading.Thread(target=endpoint.serve_forever, daemon=True).start()
            until.callback(endpoint.shutdown)
            redis_url = until.enter_context(house.redis(Path(folder, "redis")))
            environs = {
                who: house.environment(
                    Path(folder, f"{number}"), house.free_port(), make(number), redis_url, endpoint.url
                )
                for number, who in enumerate(APPLICATIONS)
            }
            for environ in environs.values():
                environ["BENCH_ROWS"] = kept
                house.migrate(environ)
            served = {who: house.serve(until, APPLICATIONS[who], environs[who]) for who in APPLICATIONS}
            _compare(name, served, runs, count, patients)
            lost += _whole_way(served[OURS], environs[OURS], count)
    return lost


def databases() -> Iterator[tuple[str, Any]]:
    """Each database there is: its name, and a block that gives what makes URLs of fresh ones."""
    yield "SQLite", _sqlite()
    programs = house.postgres_programs()
    if programs is None:
        print("PostgreSQL is not installed: measured on SQLite alone")
        return
    yield "PostgreSQL", _postgresql(programs)


@contextmanager
def _sqlite() -> Iterator[Any]:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        yield lambda number: f"sqlite:///{folder}/{number}.sqlite"


@contextmanager
def _postgresql(programs: Path) -> Iterator[Any]:
    with house.postgres(programs) as url:
        yield lambda number: house.create_database(url, f"bench_{number}")


def rows_of_a_turn() -> dict[str, list[dict[str, Any]]]:
    """The rows that one answered question leaves: what the floor writes as well."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        desk = wiring.open_alone(Path("flows"), Path(folder))
        for number, words in enumerate((GREETING, QUESTION)):
            receive(desk, Arrived(f"SM{number:032x}", address(0), "text", words))
        engine = create_engine(f"sqlite:///{folder}/frontdesk.sqlite")
        with engine.connect() as connection:

            def rows(table: Table, *where: Any) -> list[dict[str, Any]]:
                return [dict(row._mapping) for row in connection.execute(select(table).where(*where))]

            latest = select(func.max(schema.inbound.c.received_at)).scalar_subquery()
            said = rows(schema.outbox, schema.outbox.c.created_at >= latest)
            greeted = 1 + max((n for n, row in enumerate(said) if row["choices"]), default=-1)
            kept = {
                "conversation": rows(schema.conversation),
                "inbound": rows(schema.inbound, schema.inbound.c.sid == f"SM{1:032x}"),
                "journal": rows(schema.journal, schema.journal.c.seq == 2),
                "outbox": said[greeted:] or said,
            }
        engine.dispose()
    return kept


def _compare(database: str, served: dict[str, house.Served], runs: int, count: int, patients: int) -> None:
    for server in served.values():
        post(Job(server.port, TOKEN, GREETING, patients, patients))
    found = {who: Runs() for who in served}
    for _ in range(runs):
        for who, server in served.items():
            before = server.cpu_seconds()
            posted = post(Job(server.port, TOKEN, QUESTION, count, patients))
            found[who].posted.append(posted)
            found[who].cpu_ms.append((server.cpu_seconds() - before) / count * 1000)
    print(
        f"\n{database}: {CONNECTIONS} connections, {house.WORKERS} workers, median of {runs} runs of {count} messages"
    )
    print(f"{'':14}{'turns/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms':>9}{'MiB':>7}{'refused':>9}  ours to it")
    for who, one in found.items():
        p50, p99 = (median(cuts) for cuts in zip(*(posted.p50_and_p99 for posted in one.posted), strict=True))
        refused = sum(posted.refused for posted in one.posted)
        ratio = f"{found[OURS].a_second / one.a_second:.2f} (goal {GOALS[who]})" if who in GOALS else ""
        print(
            f"{who:14}{one.a_second:9.0f}{p50:9.1f}{p99:9.1f}{median(one.cpu_ms):9.2f}"
            f"{served[who].memory_mib():7.0f}{refused:9}  {ratio}"
        )


def _whole_way(server: house.Served, environ: dict[str, str], count: int) -> int:
    """Messages a second with everything running: from the first post until the last word has left. How many words
    never did."""
    # The pace WhatsApp allows is less than what this machine can do: with it nothing else would be measured.
    unpaced = {**environ, "MESSAGES_PER_SECOND": str(UNPACED)}
    with (
        _looking_into(environ["DATABASE_URL"]) as book,
        house.running(sys.executable, "worker.py", "senders", environ=unpaced) as senders,
        house.running(sys.executable, "worker.py", "rq", environ=unpaced),
    ):
        # The first words that leave load Twilio's client.
        post(Job(server.port, TOKEN, QUESTION, CONNECTIONS, CONNECTIONS))
        _drain(book)
        before, webhook, sending = _words(book), server.cpu_seconds(), house.cpu_seconds(senders.pid)
        began = time.monotonic()
        posted = post(Job(server.port, TOKEN, QUESTION, count, count))
        lost = _drain(book)
        seconds, words = time.monotonic() - began, _words(book) - before
        webhook, sending = server.cpu_seconds() - webhook, house.cpu_seconds(senders.pid) - sending
    print(
        f"with everything running: {count / seconds:.0f} messages a second all the way ({posted.a_second:.0f} taken in,"
        f" {posted.refused} refused); CPU {webhook / count * 1000:.1f} ms of the webhook and"
        f" {sending / count * 1000:.1f} ms of the senders each"
    )
    left = f"{lost} OF {words} NEVER LEFT" if lost else f"all {words} left"
    print(f"words: {words / seconds:.0f} a second, {left}; unless told otherwise the senders keep to WhatsApp's {PACE}")
    return lost


@contextmanager
def _looking_into(database_url: str) -> Iterator[Connection]:
    """A database in which nothing is left to say from when the senders were stopped."""
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(update(schema.outbox).values(status="sent"))
        yield connection
    engine.dispose()


def _words(book: Connection) -> int:
    """How many were ever put into the outbox."""
    return book.scalar(select(func.count()).select_from(schema.outbox)) or 0


def _drain(book: Connection) -> int:
    """Wait until all words have left; how many have not when that takes too long."""
    unsent = select(func.count()).select_from(schema.outbox).where(schema.outbox.c.status != "sent")
    until = time.monotonic() + DRAIN_SECONDS_MAX
    while (left := book.scalar(unsent) or 0) and time.monotonic() < until:
        time.sleep(DRAIN_STEP_SECONDS)
    return left
