"""``python -m tests.chaos``: patients write while processes are killed and everything outside misbehaves.

Prints what may never happen and how often it did, and how long each recovery took. Fails on counts only.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from tests.chaos import counts
from tests.chaos.house import House, Postgres, house, wait_until
from tests.chaos.patients import Crowd, Message
from tests.chaos.recovery import GOALS, Recovery
from tests.chaos.tend import FAKETIME
from tests.chaos.twilio import Twilio

DELIVERIES_A_SECOND = 40
DRAIN_SECONDS_MAX = 240.0
LOOKS_MAX = 50
KILLS = ("web worker", "sender", "rq", "web master", "sender", "web worker", "redis", "web worker")
"""In turn; of several processes of a kind one is picked by chance."""
BACK_SECONDS_MAX = 30.0
CLOCK_HOURS = ((0.2, -1), (0.35, 0), (0.5, 1), (0.65, 0), (0.97, 1))
"""When, as a part of the run, and by how much the clock is wrong from then on."""
OTHERS = {"flush": 6, "crash": 12}
"""So many kills to one FLUSHALL, and to one crash of PostgreSQL."""

Act = tuple[float, str, Callable[[], object]]


def acts(one: House, postgres: Postgres | None, kills: int, seed: int) -> Iterator[Act]:
    """What is done to the house, and when, as a part of the run."""
    chance = random.Random(seed)  # noqa: S311 - a storm, repeatable
    for number in range(kills):
        role = KILLS[number % len(KILLS)]
        yield (number + chance.random()) / kills, f"{role} killed", partial(kill, one, role, chance)
    for _ in range(max(2, kills // OTHERS["flush"])):
        yield chance.random(), "Redis emptied", one.flush
    if postgres is not None:
        for _ in range(max(1, kills // OTHERS["crash"])):
            yield chance.uniform(0.1, 0.9), "database crashed", postgres.crash
    if one.clock is not None:
        for part, hours in CLOCK_HOURS:
            yield part, "clock stepped", partial(one.step_clock, hours)


def kill(one: House, role: str, chance: random.Random) -> None:
    """Kill one of its kind; the next one, when the last one has not come back yet."""
    wait_until(lambda: bool(one.kill(role, chance)), BACK_SECONDS_MAX, f"no {role} to kill")


def storm(plan: Sequence[Act], seconds: float, stop: threading.Event) -> Counter[str]:
    """Do everything of a plan in its time; how often each kind of thing was done."""
    done: Counter[str] = Counter()
    began = time.monotonic()
    for part, name, act in sorted(plan, key=lambda act: act[0]):
        if stop.wait(max(0.0, began + part * seconds - time.monotonic())):
            break
        act()
        done[name] += 1
    return done


def drain(one: House, book: Engine) -> float:
    """Wait until nothing waits to be taken up or to leave; how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < DRAIN_SECONDS_MAX:
        try:
            if not counts.unfinished(book):
                break
        except DBAPIError:
            book.dispose()
        time.sleep(0.5)
    return time.monotonic() - began


def still_evidence(one: House, book: Engine, messages: Sequence[Message], twilio: Twilio) -> counts.Evidence:
    """What is left, read while nothing was under way: patients who fall silent are still asked after."""
    for _ in range(LOOKS_MAX):
        accepted = list(twilio.accepted)
        found = counts.evidence(book, messages, accepted)
        if len(twilio.accepted) == len(accepted) and not counts.unfinished(book):
            break
        drain(one, book)
    return found


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    seconds = options.minutes * 60 or options.deliveries / DELIVERIES_A_SECOND
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="chaos-")))
        postgres = stack.enter_context(Postgres()) if options.postgresql else None
        twilio = stack.enter_context(Twilio(options.seed))
        one = stack.enter_context(
            house(twilio.url, postgres.url if postgres else options.database_url, room, not options.steady_clock)
        )
        book = counts.open_book(one.database_url)
        stack.callback(book.dispose)
        print(f"seed {options.seed}, {book.dialect.name}, {seconds:.0f} s", flush=True)
        if one.clock is None and not options.steady_clock:
            print("the clock is not stepped: libfaketime is not installed (Debian: apt-get install faketime)")
        crowd = Crowd(one.url, options.deliveries, seconds, options.seed)
        recovery = Recovery(one, twilio, crowd, book)
        # First, while there are free times to be asked about.
        flushed, lost = recovery.kept_questions()
        _weather(crowd, list(acts(one, postgres, options.kills, options.seed)), seconds)
        twilio.calm = True
        _print_times(recovery)
        print(f"drained in {drain(one, book):.0f} s")
        found = still_evidence(one, book, [*crowd.messages, *recovery.messages], twilio)
        wrong = {
            **counts.count(found),
            f"questions lost of {flushed} after FLUSHALL": lost,
            "too few messages to prove anything": int(2 * len(_taken(crowd)) < len(crowd.messages)),
            "answers to Twilio that are neither 200 nor 503": len(crowd.wrong_answers),
            **_in_the_log(one.log, found.messages),
        }
        _print_what_happened(crowd, twilio, found)
        if any(wrong.values()) and options.keep:
            shutil.copytree(room, options.keep, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.sock"))
    for what, times in wrong.items():
        print(f"{what}: {times}")
    print(f"{time.monotonic() - began:.0f} s in all; {'FAILED' if any(wrong.values()) else 'passed'}")
    return 1 if any(wrong.values()) else 0


def _weather(crowd: Crowd, plan: Sequence[Act], seconds: float) -> None:
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        stormy = pool.submit(storm, plan, seconds, stop)
        try:
            crowd.write()
        except BaseException:
            stop.set()
            raise
    done = stormy.result()
    print("done to the house: " + ", ".join(f"{name} {times}" for name, times in sorted(done.items())), flush=True)


def _print_times(recovery: Recovery) -> None:
    for role, seconds in recovery.times():
        late = "" if seconds <= GOALS[role] else ": LATE"
        print(f"recovery of {role}: {seconds:.1f} s (goal {GOALS[role]}){late}", flush=True)


def _print_what_happened(crowd: Crowd, twilio: Twilio, found: counts.Evidence) -> None:
    taken = _taken(crowd)
    posts = sum(one.posts for one in crowd.messages)
    written = sum(1 for one in crowd.messages if one.posts)
    print(f"{crowd.deliveries} deliveries planned, {posts} posts made: {len(taken)} of {written} messages acknowledged")
    if written < len(crowd.messages):
        print(f"TOO SLOW: {len(crowd.messages) - written} of {len(crowd.messages)} messages were not written in time")
    if len(taken) > 1:
        cuts = statistics.quantiles((one.acknowledged_at - one.posted_at for one in taken), n=100)
        print(f"acknowledged after p50 {cuts[49] * 1000:.0f} ms, p99 {cuts[98] * 1000:.0f} ms")
    print(f"{len(found.accepted)} messages accepted by Twilio; its faults: {dict(twilio.faults)}")
    print(f"rows of the outbox: {dict(Counter(row.status for row in found.outbox))}")


def _taken(crowd: Crowd) -> list[Message]:
    return [one for one in crowd.messages if one.acknowledged_at]


def _in_the_log(log: Path, messages: Sequence[Message]) -> dict[str, int]:
    words = log.read_text(errors="replace")
    numbers = {one.address.partition("+")[2] for one in messages}
    told = Counter(re.findall(r"frontdesk (\w+)", words))
    print(f"in the log: {dict(told)}")
    return {
        "tracebacks in the log": words.count("Traceback (most recent call last)"),
        "numbers of patients in the log": sum(1 for found in re.findall(r"\d{8,}", words) if found in numbers),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Patients write while everything dies and misbehaves.")
    parser.add_argument("--deliveries", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--minutes", type=float, default=0, help=f"default: {DELIVERIES_A_SECOND} deliveries a second")
    parser.add_argument("--steady-clock", action="store_true", help="do not step the clock")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    database = parser.add_mutually_exclusive_group()
    database.add_argument("--database-url", default="", help="an empty database; it is not crashed. Default: SQLite")
    database.add_argument("--postgresql", action="store_true", help="a PostgreSQL of our own, which is crashed too")
    parser.add_argument("--keep", type=Path, help="a folder for the log and the data of a run that failed")
    if FAKETIME is None and os.environ.get("CI") == "true":
        parser.error("libfaketime is not installed (Debian: apt-get install faketime)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
