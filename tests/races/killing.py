"""Processes that race, of which some are killed by chance in the middle of what they do, and started again."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from ctypes import c_int64
from multiprocessing.connection import wait
from typing import Any, TypeVar

from bot.ports import BookAway

T = TypeVar("T")

LOOK_SECONDS = 0.05


class Tally:
    """What one racer did so far, kept where its death does not touch it."""

    def __init__(self, shared: Any, names: Sequence[str], number: int) -> None:
        self._shared, self._names, self.number = shared, names, number

    def add(self, name: str) -> None:
        self._shared[self._at(name)] += 1

    def __getitem__(self, name: str) -> int:
        return int(self._shared[self._at(name)])

    def total(self) -> int:
        return sum(self[name] for name in self._names)

    def _at(self, name: str) -> int:
        return self.number * len(self._names) + self._names.index(name)


Racer = Callable[[Tally], None]
"""Goes on from its tally until its share is done."""


def until_done(act: Callable[[], T], chance: random.Random) -> T:
    """Do it again while the database is away, as Twilio would."""
    while True:
        try:
            return act()
        except BookAway:
            time.sleep(chance.random() / 20)


def race(racer: Racer, names: Sequence[str], processes: int, attempts: int, kills: int) -> Counter[str]:
    """Let racers run to their end, and kill so many of them, evenly spread over all attempts; what they did."""
    # What a racer needs is read once, before they part; no database is open yet.
    context = multiprocessing.get_context("fork")
    shared = context.RawArray(c_int64, processes * len(names))
    tallies = [Tally(shared, names, number) for number in range(processes)]

    def started(tally: Tally) -> Any:
        process = context.Process(target=racer, args=(tally,))
        process.start()
        return process

    running = {tally.number: started(tally) for tally in tallies}
    chance, killed = random.Random(kills), 0  # noqa: S311 - deaths, as good as any
    while running:
        wait([process.sentinel for process in running.values()], LOOK_SECONDS)
        if killed < kills and sum(tally.total() for tally in tallies) * (kills + 1) > attempts * (killed + 1):
            victim = chance.choice(list(running))
            running[victim].kill()
            running[victim].join()
            running[victim] = started(tallies[victim])
            killed += 1
        for number in list(_ended(running)):
            del running[number]
    counts = Counter({name: sum(tally[name] for tally in tallies) for name in names})
    counts["killed"] = killed
    return counts


def _ended(running: dict[int, Any]) -> Iterator[int]:
    for number, process in running.items():
        if process.exitcode is not None:
            if process.exitcode != 0:
                for other in running.values():
                    with suppress(ProcessLookupError):
                        other.kill()
                raise RuntimeError(f"a racer ended with {process.exitcode}")
            yield number
