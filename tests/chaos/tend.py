"""The program to be hurt, under its own supervisor: `python -m tests.chaos.tend`, with the environment of a clinic.

Everything that `make run` starts but the pages, and a second process of senders. With FALSE_CLOCK, a file that says by
how many seconds it is wrong, all but Redis go by that clock.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from bot.settings import read
from bot.supervisor import Child, Supervisor, _children

SHARED = Path("/dev/shm")
"""Where libfaketime has a file and a semaphore for each process it is loaded into. Of one that is killed they stay."""
NOTED = f'echo $$ >> "$0" && rm -f {SHARED}/faketime_shm_$$ {SHARED}/sem.faketime_sem_$$ && exec "$@"'
"""Starts a program that is noted by its number; what an earlier process of that number left would keep it from it."""
FAKETIME = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))), None)


def children() -> Iterator[Child]:
    for child in _children(read(os.environ)):
        if child.base:
            yield child
        elif child.name != "pages":
            yield replace(child, argv=(*_by_the_false_clock(), *child.argv))
        if child.name == "senders":
            yield replace(child, name="more senders", argv=(*_by_the_false_clock(), *child.argv))


def _by_the_false_clock() -> tuple[str, ...]:
    file = os.environ.get("FALSE_CLOCK")
    return by_the_false_clock(Path(file)) if file else ()


def by_the_false_clock(file: Path) -> tuple[str, ...]:
    """What stands before a command that is to go by the clock in a file. What it leaves, :func:`clear_away` finds."""
    return (
        *("sh", "-c", NOTED, str(_noted(file))),
        *("env", f"LD_PRELOAD={FAKETIME}", f"FAKETIME_TIMESTAMP_FILE={file}", "FAKETIME_CACHE_DURATION=1"),
        # It would "correct" timed waits on the monotonic clock, Python's for its own lock among them: 15 times slower.
        *("FAKETIME_DONT_FAKE_MONOTONIC=1", "FAKETIME_FORCE_MONOTONIC_FIX=0"),
        f"PYTHONPATH={Path(__file__).with_name('clock')}",
    )


def clear_away(file: Path) -> None:
    """Remove what libfaketime left of the processes that went by a clock, all of which have ended."""
    for number in _noted(file).read_text().split():
        (SHARED / f"faketime_shm_{number}").unlink(missing_ok=True)
        (SHARED / f"sem.faketime_sem_{number}").unlink(missing_ok=True)


def _noted(file: Path) -> Path:
    return file.with_suffix(".processes")


def main() -> int:
    parent = os.getppid()
    with Supervisor(os.environ) as supervisor:
        supervisor.start(children())
        # However whoever started us ends, nothing of ours stays.
        supervisor.wait_until(lambda: os.getppid() != parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
