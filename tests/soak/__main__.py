"""``python -m tests.soak --minutes 30``: a steady day, and how much each process grows.

Twenty messages a second, no faults. Fails when a process holds more and more open files, or when a message was not
taken; growth of memory is printed against its goal. The first part is left out: caches fill, pools open. A pool may
open one more connection at any time later, when two happen to be busy at once: that is a step, and a leak goes on.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from urllib.request import urlopen

from tests.chaos.house import House, house
from tests.chaos.patients import TWICE, Crowd
from tests.chaos.twilio import Twilio

MESSAGES_A_SECOND = 20
LOOK_SECONDS = 2.0
WARM_UP = 1 / 3
"""Of the time."""
GROWTH_MIB_MAX = 3.0
FILES_MORE_MAX = 2
POOLS_FILES_MAX = 12
"""More than all pools of a process together may still open is a leak however it came."""
PARTS = 4
"""Whoever leaves files open has more of them in each part of the time than in the one before."""
BURST, BURST_SECONDS, BURSTS = 500, 2.0, 4
AT_ONCE = 32
ASKED = 640
ENDS = 5
"""So many looks at either end are taken together: one alone may fall into the middle of something."""


@dataclass(frozen=True)
class Look:
    """What a process holds: memory that is its own, in MiB, and open files."""

    memory: float
    files: int


def look(pid: int) -> Look | None:
    """None when the process is gone."""
    with suppress(OSError, AttributeError):
        told = Path("/proc", str(pid), "smaps_rollup").read_text()
        private = sum(int(size) for size in re.findall(r"^Private_(?:Clean|Dirty):\s+(\d+) kB", told, re.MULTILINE))
        return Look(private / 1024, len(os.listdir(f"/proc/{pid}/fd")))
    return None


class Watch:
    """Looks at every process of a house again and again."""

    def __init__(self, one: House) -> None:
        self._named = [(role, pid) for role, pids in sorted(one.processes().items()) for pid in pids if role != "other"]
        self.looks: dict[tuple[str, int], list[Look]] = defaultdict(list)

    def until(self, stop: threading.Event) -> None:
        while not stop.wait(LOOK_SECONDS):
            for named in self._named:
                if (seen := look(named[1])) is not None:
                    self.looks[named].append(seen)


@dataclass(frozen=True)
class Growth:
    """How a process changed from after its warm-up to the end."""

    memory: float
    growth: float
    files: int
    more_files: int
    leaves_open: bool


def growth(looks: Sequence[Look]) -> Growth:
    """Between the first looks after the warm-up and the last ones."""
    warm = looks[int(len(looks) * WARM_UP) :]
    first, last = warm[:ENDS], warm[-ENDS:]
    memory, files = median(one.memory for one in last), round(median(one.files for one in last))
    more_files = files - round(median(one.files for one in first))
    return Growth(
        memory,
        memory - median(one.memory for one in first),
        files,
        more_files,
        more_files > POOLS_FILES_MAX or (more_files > FILES_MORE_MAX and _more_and_more([one.files for one in warm])),
    )


def _more_and_more(files: Sequence[int]) -> bool:
    ends = [len(files) * part // PARTS for part in range(PARTS + 1)]
    parts = [median(files[start:end]) for start, end in pairwise(ends)]
    return all(after > before for before, after in pairwise(parts))


def told(looks: dict[tuple[str, int], list[Look]]) -> Iterator[tuple[str, Growth]]:
    """Each process, by what it does, with its growth."""
    for (role, pid), seen in looks.items():
        if len(seen) > 2 * ENDS:
            yield f"{role} {pid}", growth(seen)


def _busy_at_once(url: str) -> None:
    """Have every thread of the webhook be busy with the others once: what it keeps open from then on is no growth."""

    def ask(_: int) -> None:
        with urlopen(f"{url}/health/ready", timeout=30) as answer:
            answer.read()

    with ThreadPoolExecutor(AT_ONCE) as many:
        list(many.map(ask, range(ASKED)))


def main() -> int:
    parser = argparse.ArgumentParser(description="A steady day, and how much each process grows.")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    seconds = options.minutes * 60
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        twilio = stack.enter_context(Twilio(options.seed))
        twilio.calm = True
        one = stack.enter_context(house(twilio.url, "", room, may_step=False))
        _busy_at_once(one.url)
        # The senders as well: what they keep open to post for many at once is no growth. One burst seldom has as many
        # of their threads at Redis in the same moment as will ever be.
        for burst in range(BURSTS):
            Crowd(one.url, BURST, BURST_SECONDS, options.seed + burst).write()
        watch, over = Watch(one), threading.Event()
        watching = threading.Thread(target=watch.until, args=(over,))
        watching.start()
        crowd = Crowd(one.url, round(seconds * MESSAGES_A_SECOND / (1 - TWICE)), seconds, options.seed)
        began = time.monotonic()
        try:
            crowd.write()
        finally:
            over.set()
            watching.join()
        seconds = time.monotonic() - began
        written = [message for message in crowd.messages if message.posts]
        refused = sum(1 for message in written if not message.acknowledged_at)
        print(f"{len(written)} messages in {seconds:.0f} s, {len(written) / seconds:.1f} a second; {refused} not taken")
        leaks = 0
        for process, grown in told(watch.looks):
            much = ": MUCH" if grown.growth > GROWTH_MIB_MAX else ""
            # Redis has open what its clients have open, each of whom is looked at.
            leaks += grown.leaves_open and not process.startswith("redis ")
            print(f"{process}: {grown.memory:.1f} MiB, {grown.growth:+.1f} (at most {GROWTH_MIB_MAX}){much}", end="; ")
            print(f"{grown.files} open files, {grown.more_files:+d}")
    print(f"{leaks} processes leave files open")
    return 1 if leaks or refused else 0


if __name__ == "__main__":
    sys.exit(main())
