"""How long somebody waits who should not: for a database that is away, and for the flows to be read and checked."""

from __future__ import annotations

import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from bot.adapters.flows_yaml import load, load_checked
from bot.adapters.sql import SqlBook, migrate
from bot.ports import BookAway

AWAY_SECONDS_GOAL = 1.0
FLOWS = Path(__file__).parent.parent.parent / "flows"


def measure(runs: int) -> None:
    """Print the medians."""
    print(f"a locked database is told as away in {_away(runs):.2f} s (goal {AWAY_SECONDS_GOAL:.0f})")
    began = perf_counter()
    load(FLOWS)
    read = perf_counter()
    load_checked(FLOWS)
    print(f"shipped flows: read in {read - began:.2f} s, read and checked in {perf_counter() - read:.2f} s")


def _away(runs: int) -> float:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        url = f"sqlite:///{folder}/frontdesk.sqlite"
        migrate(url)
        holder, other = SqlBook(url), SqlBook(url)
        waited = []
        with holder.begin():
            for _ in range(runs):
                began = perf_counter()
                try:
                    with other.begin():
                        raise AssertionError("the database was not locked")
                except BookAway:
                    waited.append(perf_counter() - began)
        holder.dispose()
        other.dispose()
    return median(waited)
