"""``python -m tests.defects``: how many mistakes in the shipped flows the checks find, and how many the clinic's tests.

Prints what nothing found. Fails when the checks alone find fewer than 75 %, or both together fewer than 98 %.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter

from bot.adapters.flows_transcripts import load_transcripts
from bot.adapters.flows_yaml import checked, load_files
from bot.desk.transcripts import play
from tests.defects.seeding import Defect, defects
from tests.universe import SHIPPED, shipped_reader

CHECKS_ALONE_MIN, WITH_TESTS_MIN = 75, 98


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.defects")
    parser.add_argument("--sample", type=int, default=0, help="so many of them, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flow", help="only this file")
    options = parser.parse_args()
    seeded = [
        one
        for path in sorted(SHIPPED.glob("*.yaml"))
        if "\nsteps:" in (text := path.read_text("utf-8")) and options.flow in (None, path.name)
        for one in defects(path.name, text)
    ]
    if options.sample:
        chosen = random.Random(options.seed)  # noqa: S311 - the same ones each time
        seeded = chosen.sample(seeded, min(options.sample, len(seeded)))
    found = Counter[str]()
    for defect in seeded:
        by = found_by(defect)
        found[by] += 1
        if by == "nothing":
            print(f"  not found: {defect.file} {defect.what}")
    alone, both = (100 * count / len(seeded) for count in (found["checks"], found["checks"] + found["tests"]))
    print(f"{len(seeded)} mistakes: the checks find {alone:.1f} %, with the clinic's tests {both:.1f} %")
    return 0 if alone >= CHECKS_ALONE_MIN and both >= WITH_TESTS_MIN else 1


FILES = {
    path.relative_to(SHIPPED).as_posix(): path.read_bytes()
    for path in (*SHIPPED.glob("*.yaml"), *SHIPPED.glob("translations/*/*.yaml"))
}
TRANSCRIPTS, _ = load_transcripts(SHIPPED)


def found_by(defect: Defect) -> str:
    """What tells of a mistake: ``checks`` (at start and before publishing), ``tests``, or ``nothing``."""
    loaded = checked(load_files({**FILES, defect.file: defect.text}))
    if not loaded.sound or loaded.clinic is None:
        return "checks"
    if any(play(loaded.clinic, one, shipped_reader()).mismatches for one in TRANSCRIPTS):
        return "tests"
    return "nothing"


if __name__ == "__main__":
    sys.exit(main())
