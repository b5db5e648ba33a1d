"""``python -m tests.simulation --seed 7 --seeds 1000``: many mornings of a clinic in bad weather, each from one seed.

Prints the first seed that breaks a promise with everything that happened in it, and exits with 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from tests.simulation.room import room
from tests.simulation.world import STEPS, run


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--seeds", type=int, default=1)
    options.add_argument("--steps", type=int, default=STEPS)
    options.add_argument("--trace", action="store_true", help="print what happened although nothing is broken")
    options.add_argument("--go-on", action="store_true", help="do not stop at the first broken seed; print no traces")
    given = options.parse_args()
    started, broken, counts = time.monotonic(), 0, Counter[str]()
    with room() as place:
        for seed in range(given.seed, given.seed + given.seeds):
            ran = run(seed, place, given.steps)
            counts += ran.counts
            broken += bool(ran.broken)
            if given.trace or (ran.broken and not given.go_on):
                print("\n".join(ran.trace))
            if ran.broken:
                print(f"BROKEN seed {seed} ({ran.fingerprint[:16]}): {ran.broken}", flush=True)
                if not given.go_on:
                    break
    seconds = time.monotonic() - started
    print(", ".join(f"{name} {counts[name]}" for name in sorted(counts)))
    print(f"{given.seeds} seeds from {given.seed} in {seconds:.1f} s: {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
