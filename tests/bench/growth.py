"""Whether a turn costs more when there is more: CPU of a turn with few and many conversations, and in short and long
flows. In one process, on real Redis and SQLite, measured in turn."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import event

from bot import settings, wiring
from bot.core.flow import Ask, Flow, Step, Target, Text
from bot.desk.turns import Arrived, receive
from bot.ports import Desk
from tests.bench import house
from tests.bench.load import address
from tests.bench.turns import GREETING, QUESTION, rows_of_a_turn
from tests.universe import saying

PATIENTS = 20
ANSWERS = 10
"""Of each patient in a long flow: what is saved is as much in a flow of ten steps as in one of a thousand."""
BOOKING = ("book", *"1" * 5, "Mei Ling Tan", "yes")
AT_ONCE = 10_000
_sids = count()


def measure(rounds: int, conversations_max: int) -> None:
    """Print CPU of a turn, small beside large."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as until:
        few, many = (_desk(Path(folder, name), until) for name in ("few", "many"))
        for desk, stored in ((few, 10), (many, conversations_max)):
            _fill(desk, stored)
            for number in range(PATIENTS):
                _say(desk, number, GREETING)
        asks = [lambda desk=desk: _question(desk) for desk in (few, many)]
        _print(f"CPU of a turn from 10 to {conversations_max:,} conversations", _median_cpu(asks, rounds))
        short, long = _with_flow(few, 10), _with_flow(few, 1_000)
        walks = [lambda desk=desk: _walk(desk) for desk in (short, long)]
        _print("CPU of a turn from 10 to 1,000 flow steps", _median_cpu(walks, rounds // ANSWERS))
        _counted(few)


def _desk(folder: Path, until: ExitStack) -> Desk:
    folder.mkdir()
    redis_url = until.enter_context(house.redis(folder / "redis"))
    url = f"sqlite:///{folder}/frontdesk.sqlite"
    read = settings.read(house.environment(folder, 8000, url, redis_url, "http://127.0.0.1:1"))
    wiring.migrate_book(read)
    return wiring.open_desk(read)


def _fill(desk: Desk, conversations: int) -> None:
    """Conversations of other patients, each with what one answered question leaves, in the database and in Redis."""
    kept = rows_of_a_turn()
    live: Any = desk.live
    engine: Any = desk.book._engine  # type: ignore[attr-defined]
    state = kept["conversation"][0]["state"]
    # In the order of their indexes and without waiting for the disk: nobody measures how they come in.
    ids = sorted(f"{number * 2654435761 % 2**32:020x}" for number in range(conversations))
    with closing(sqlite3.connect(engine.url.database)) as connection, connection:
        connection.execute("PRAGMA synchronous=OFF")
        for name in ("conversation", "inbound", "journal", "outbox"):
            names = list(_another(name, kept[name][0], ""))
            statement = f"INSERT INTO {name} ({', '.join(names)}) VALUES ({', '.join(f':{one}' for one in names)})"
            connection.executemany(statement, (_another(name, row, id) for id in ids for row in kept[name]))
    for first in range(0, conversations, AT_ONCE):
        live._redis.mset({f"frontdesk:{{{id}}}:state": f"2 2 {state}" for id in ids[first : first + AT_ONCE]})


def _another(table: str, row: dict[str, Any], id: str) -> dict[str, Any]:
    if table == "conversation":
        return {**row, "id": id}
    own = {**row, "conversation": id}
    if table == "inbound":
        return {**own, "sid": f"SM{id}"}
    # What was said to strangers has left long ago.
    return {name: "sent" if name == "status" else value for name, value in own.items() if name != "id"}


def _say(desk: Desk, number: int, words: str) -> float:
    """CPU seconds of one turn."""
    arrived = Arrived(f"SM{next(_sids):032x}", address(number), "text", words)
    before = time.process_time()
    receive(desk, arrived)
    return time.process_time() - before


def _question(desk: Desk) -> float:
    return _say(desk, next(_sids) % PATIENTS, QUESTION)


def _with_flow(desk: Desk, steps: int) -> Desk:
    """The same desk with one more flow, of so many questions, which goes round."""
    names = [f"step_{number}" for number in range(steps)]
    following = [*names[1:], names[0]]
    asked = {
        name: Step(name, Ask(Text(f"Question {name}?"), type="text", save_as="answer"), Target(step=following[at]))
        for at, name in enumerate(names)
    }
    clinic = desk.clinic
    flows = {**clinic.flows, "round": Flow("round", Text("Round"), asked)}
    return saying(desk, clinic=replace(clinic, flows=flows, start_words={**clinic.start_words, "go round": "round"}))


def _walk(desk: Desk) -> float:
    """CPU seconds of a turn in the flow: the median of some answers of a new patient."""
    patient = PATIENTS + next(_sids)
    _say(desk, patient, GREETING)
    _say(desk, patient, "go round")
    return median(_say(desk, patient, f"blue {number}") for number in range(ANSWERS))


def _median_cpu(turns: list[Callable[[], float]], rounds: int) -> list[float]:
    found: list[list[float]] = [[] for _ in turns]
    for _ in range(max(rounds, 3)):
        for turn, seconds in zip(turns, found, strict=True):
            seconds.append(turn())
    return [median(seconds) * 1e6 for seconds in found]


def _print(what: str, microseconds: list[float]) -> None:
    small, large = microseconds
    print(f"{what}: {small:.0f} to {large:.0f} µs, {large / small - 1:+.0%} (goal within 10 %)")


def _counted(desk: Desk) -> None:
    """What does not depend on the machine: round trips, commits, statements and bytes."""
    engine: Any = desk.book._engine  # type: ignore[attr-defined]
    client: Any = desk.live._redis  # type: ignore[attr-defined]
    said: list[str] = []
    event.listen(engine, "checkout", lambda connection, *_: connection.set_trace_callback(said.append))
    for what, patient, talk in (("a FAQ turn", 1, (QUESTION,)), ("the dearest turn of a booking", 2, BOOKING)):
        found = []
        for words in talk:
            said.clear()
            before = _scripts(client)
            _say(desk, patient, words)
            statements = sum(words.startswith(("SELECT", "INSERT", "UPDATE", "DELETE")) for words in said)
            found.append((_scripts(client) - before, said.count("COMMIT"), statements))
        trips, commits, statements = map(max, zip(*found, strict=True))
        print(f"{what}: {trips} Redis round trips, {commits} commit, {statements} statements")
    for _ in range(20):
        _say(desk, 1, QUESTION)
    sizes = [client.memory_usage(key) for key in client.scan_iter("frontdesk:*:state", count=1000)]
    print(f"Redis: {median(sizes):.0f} bytes a conversation, the largest {max(sizes)} (goal 1,024)")


def _scripts(client: Any) -> int:
    """How often a script was asked for: each of the desk's calls is one."""
    stats = client.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in ("evalsha", "eval"))
