"""``python -m tests.races --attempts 20000 --slots 500 --processes 16 --kills 60``: many want the same few times.

First through the ledger alone, then in conversations. Fails when anything overlaps or is torn, or when somebody who
came too late was not told so and offered something else.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack

from bot.adapters.sql import migrate
from tests.chaos.house import Postgres
from tests.races import book, turns


def main() -> int:
    parser = argparse.ArgumentParser(description="Race many processes for the same appointments.")
    parser.add_argument("--attempts", type=int, default=20_000)
    parser.add_argument("--turns", type=int, default=2_000, help="so many times are picked in conversations")
    parser.add_argument("--slots", type=int, default=500)
    parser.add_argument("--processes", type=int, default=16)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of our own instead of SQLite")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="races-"))
        url = stack.enter_context(Postgres()).url if options.postgresql else f"sqlite:///{folder}/clinic.sqlite"
        migrate(url)
        began = time.monotonic()
        counts = book.race(url, options.attempts, options.slots, options.processes, options.kills)
        _print("attempts", options.attempts, began, counts)
        began = time.monotonic()
        more = turns.race(url, options.turns, options.processes, options.kills // 4) + book.overlaps(url)
        _print("times picked in conversations", options.turns, began, more)
    counts += more
    return 1 if any(counts[wrong] for wrong in ("overlaps", "torn", "not told", "not offered")) else 0


def _print(what: str, attempts: int, began: float, counts: Counter[str]) -> None:
    outcomes = ", ".join(f"{name} {counts[name]}" for name in sorted(counts))
    print(f"{attempts} {what} in {time.monotonic() - began:.1f} s: {outcomes}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
