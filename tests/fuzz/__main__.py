"""``python -m tests.fuzz``: random files, conditions, replies and exports of other programs, beside each other.

None may raise; how long the slowest took is printed. Everything follows from ``--seed``: a failure is found again
with it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from itertools import count as count_from
from pathlib import Path
from typing import get_args

from bot.adapters.elsewhere import Refused, arrive
from bot.adapters.elsewhere.opened import opened
from bot.adapters.flows_yaml import checked, load_files
from bot.core.answers import Offered, options_meant, typed_answer
from bot.core.conversation import Conversation
from bot.core.events import Message
from bot.core.flow import AnswerType, Ask, Check
from bot.core.names import Names
from tests import elsewhere
from tests.elsewhere.spoiling import spoilt
from tests.flows_language.small import SMALL, visit
from tests.universe import NOW, SHIPPED, shipped_clinic, shipped_reader

SLOW_SECONDS = 0.05
CHARACTERS = (
    "abc XYZ 0123456789 :{}[]#&*!|>'\"%@`-_.,?\\\n\t\r\0\x1b\u200b\u200d\u202e\ufeff\ud7ff\U0001f1f8\U0001f468\u0301"
    "预约取消不要மருத்துவர்١٢３４½é"
)
PIECES = ("yes", "no", "3 March", "31 Feb", "99:99", "+65 9123 4567", "mei@example.com", "{name}", "{{", "<script>",
          "go to: next", "if: ", "- ", "'" * 40, "(" * 400, "a" * 2000, "9" * 400, "١٢:٣٠", "next tuesday")  # fmt: skip
FILES = {path.name: path.read_bytes() for path in SHIPPED.glob("*.yaml")}


def files(chance: random.Random) -> str:
    """One of the clinic's files with random bytes in it."""
    name = chance.choice(sorted(FILES))
    data = bytearray(FILES[name])
    for _ in range(chance.randint(1, 6)):
        at, length = chance.randrange(len(data)), chance.choice((0, 1, 1, 5, 80))
        put = chance.choice((random_text(chance, 12).encode("utf-8", "replace"), chance.randbytes(4),
                             data[chance.randrange(len(data)) :][:60]))  # fmt: skip
        data[at : at + length] = put
    loaded = checked(
        load_files({"_clinic.yaml": FILES["_clinic.yaml"], "clinic.yaml": FILES["clinic.yaml"], name: bytes(data)})
    )
    list(map(str, loaded.faults))
    return name


def conditions(chance: random.Random) -> str:
    """A flow that compares something with something."""
    operator = chance.choice(("=", "is not", "<", ">", "<=", ">=", "is empty", "is set", random_text(chance, 6)))
    condition = " ".join((random_text(chance, 8), operator, random_text(chance, 12)))
    quoted = condition.replace("'", "''").replace("\n", " ")
    text = visit(
        f"sort:\n  check:\n    - {{if: '{quoted}', go to: bye}}\n  otherwise: bye\nbye:\n  say: Bye\n  end: done"
    )
    loaded = checked(
        load_files(
            {**{name: one.encode() for name, one in SMALL.items()}, "visit.yaml": text.encode("utf-8", "replace")}
        )
    )
    list(map(str, loaded.faults))
    body = loaded.clinic.flows["visit"].steps["sort"].body if loaded.clinic and "visit" in loaded.clinic.flows else None
    if isinstance(body, Check) and loaded.clinic is not None:
        saved = {"name": random_text(chance, 8)}
        for one, _ in body.ways:
            Names(loaded.clinic, Conversation("fuzz", ""), saved).holds(one)
    return condition


OFFERED = tuple(
    tuple(Offered(one.id, (one.label.source, *one.also)) for one in step.body.options)
    for flow in shipped_clinic().flows.values()
    for step in flow.steps.values()
    if isinstance(step.body, Ask)
)


def answers(chance: random.Random) -> str:
    """A reply, read and taken for every type of answer and for the options of a question."""
    text = random_text(chance, chance.choice((3, 12, 60)))
    message = Message("SM1", text=text, reading=shipped_reader()(text, NOW))
    for kind in get_args(AnswerType):
        typed_answer(kind, message, chance.randint(0, 3))
    options_meant(text, message.reading, chance.choice(OFFERED))
    return text


EXPORTS = [
    json.loads(path.read_text("utf-8")) for path in sorted((Path(elsewhere.__file__).parent / "samples").glob("*"))
]
HOUSE = {name: text.encode() for name, text in SMALL.items()}


def exports(chance: random.Random) -> str:
    """A flow of another program with something wrong in it: refused with words, or files that can be read."""
    spoiled = spoilt(chance.choice(EXPORTS), chance, chance.choice((0.001, 0.01, 0.05)))
    try:
        arrived = arrive(opened(json.dumps(spoiled).encode()), HOUSE)
    except Refused as refused:
        return str(refused)
    unreadable = [fault for fault in arrived.faults if fault.code in ("E01", "E02", "E03", "E04", "E05")]
    if unreadable:
        raise AssertionError(unreadable[0])
    return arrived.source


def random_text(chance: random.Random, length: int) -> str:
    parts = (
        chance.choice(PIECES) if chance.random() < 0.1 else chance.choice(CHARACTERS)
        for _ in range(chance.randint(0, length))
    )
    return "".join(parts)[:1600]


TARGETS: tuple[Callable[[random.Random], str], ...] = (files, conditions, answers, exports)


def run(target: Callable[[random.Random], str], seconds: float, first_seed: int) -> int:
    """Feed one target for so long; how often it raised."""
    target(random.Random(0))  # noqa: S311 - what is made when first needed is made now
    end, count, slow, slowest, failed = time.monotonic() + seconds, 0, 0, (0.0, 0), 0
    for seed in count_from(first_seed):
        took = 0.0
        try:
            took = cpu_seconds(target, seed)
        except Exception:  # noqa: BLE001 - this is what it looks for
            failed += 1
            print(f"{target.__name__}, seed {seed}:")
            traceback.print_exc(limit=-4, file=sys.stdout)
        count, slow, slowest = count + 1, slow + (took > SLOW_SECONDS), max(slowest, (took, seed))
        if time.monotonic() > end or failed >= 5:
            break
    print(
        f"{target.__name__:11}{count:7} tried, {failed} raised; {slow} over 50 ms, "
        f"slowest {slowest[0] * 1000:.0f} ms (seed {slowest[1]})"
    )
    return failed


def cpu_seconds(target: Callable[[random.Random], str], seed: int) -> float:
    """What one try costs. What looks slow is tried again: on a busy machine it may have been something else."""
    took = SLOW_SECONDS + 1
    for _ in range(3):
        started = time.process_time()
        target(random.Random(seed))  # noqa: S311 - found again by its seed
        took = min(took, time.process_time() - started)
        if took <= SLOW_SECONDS:
            break
    return took


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with ProcessPoolExecutor(len(TARGETS)) as beside:
        runs = [beside.submit(run, target, options.seconds, options.seed) for target in TARGETS]
    return 1 if sum(one.result() for one in runs) else 0


if __name__ == "__main__":
    sys.exit(main())
