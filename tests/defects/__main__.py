"""``python -m tests.defects``: how many mistakes in the shipped flows the checks find, and how many the clinic's tests.

Prints what nothing found, and why. Fails when the checks alone find fewer than 75 %, or both together fewer than 98 %.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import cache

from bot.adapters.flows_transcripts import load_transcripts
from bot.adapters.flows_yaml import checked, load_files
from bot.desk.transcripts import play
from tests.defects.seeding import Defect, defects
from tests.defects.survivors import NO_REASON, SURVIVORS
from tests.universe import SHIPPED, shipped_clinic, shipped_reader

CHECKS_ALONE_MIN, WITH_TESTS_MIN = 75, 98


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.defects")
    parser.add_argument("--sample", type=int, default=0, help="so many of them, chosen by --seed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flow", help="only this file")
    parser.add_argument("--processes", type=int, default=2)
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
    with ProcessPoolExecutor(options.processes) as pool:
        for defect, by in zip(seeded, pool.map(found_by, seeded, chunksize=5), strict=True):
            found[by] += 1
            if by == "nothing":
                print(
                    f"  not found: {defect.file} {defect.what} ({SURVIVORS.get((defect.file, defect.what), NO_REASON)})"
                )
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
    flow, walked = defect.file.removesuffix(".yaml"), flows_walked()
    nearest = sorted(TRANSCRIPTS, key=lambda one: flow not in walked[one.file, one.line])
    if any(play(loaded.clinic, one, shipped_reader()).mismatches for one in nearest):
        return "tests"
    return "nothing"


@cache
def flows_walked() -> dict[tuple[str, int], set[str]]:
    """The flows that each test comes through when nothing is wrong."""
    played = ((one, play(shipped_clinic(), one, shipped_reader())) for one in TRANSCRIPTS)
    return {(one.file, one.line): {trod.flow for trod in walked.trace} for one, walked in played}


if __name__ == "__main__":
    sys.exit(main())
