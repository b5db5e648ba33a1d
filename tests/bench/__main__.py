"""``make bench``: what it costs to answer a patient. Prints what it finds; the only failures are words that never left.

``--short`` is the form for ``make prove``. Parts can be named: weight, waiting, deciding, growth, turns, reply.
"""

from __future__ import annotations

import argparse
import sys

from tests.bench import deciding, growth, reply, turns, waiting, weight

PARTS = ("weight", "waiting", "deciding", "growth", "turns", "reply")


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    options.add_argument("--short", action="store_true")
    options.add_argument("--conversations", type=int, help="how many are stored when growth is measured")
    options.add_argument("--messages", type=int, help="messages whose replies are timed")
    options.add_argument("--a-second", type=float, default=20.0)
    given = options.parse_args()
    if not set(given.parts) <= set(PARTS):
        options.error(f"the parts are {', '.join(PARTS)}")
    short, parts, lost = given.short, given.parts or PARTS, 0
    if "weight" in parts:
        weight.measure(runs=3 if short else 7)
    if "waiting" in parts:
        waiting.measure(runs=3 if short else 9)
    if "deciding" in parts:
        deciding.measure(runs=2 if short else 9)
    if "growth" in parts:
        growth.measure(200 if short else 1_000, given.conversations or (2_000 if short else 100_000))
    if "turns" in parts:
        lost += turns.measure(runs=3 if short else 5, count=200 if short else 1_500, patients=100 if short else 1_000)
    if "reply" in parts:
        print()
        lost += reply.measure(given.messages or (50 if short else 200), given.a_second)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
