"""``python -m tests.reminders``: reminders fall due while workers are killed, Redis is emptied and the clock is wrong.

A third of the appointments are moved or cancelled meanwhile. Counted by what Twilio took: doubled, never sent, said of
a cancelled or an old time. Fails on counts only; how late reminders were is printed: of those that met nothing, of
those that met a crash, and of those that may have been sent before and had to be looked for.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.chaos.house import House, Postgres, house, is_whole, wait_until
from tests.chaos.tend import FAKETIME
from tests.chaos.twilio import Twilio
from tests.reminders.clinic import AFTER_A_CRASH, IN_ORDER, SENT_AGAIN, Reminders, noon_flows

WORKERS = ("sender", "rq", "sender")
"""In turn: of the two processes of senders, each with a tick of its own, one is picked by chance."""
AT_WORK_SECONDS_MAX = 1.5
BACK_SECONDS_MAX = 30.0
DRAIN_SECONDS_MAX = 300.0
STORM, CALM = 0.1, 0.9
"""From when to when, as a part of the run, things go wrong: before it the house is as it is on any day."""
GOALS = {IN_ORDER: 60, AFTER_A_CRASH: 120, SENT_AGAIN: 180}
"""Within so many seconds 99 of 100 should have left."""
SLOW, FAST, RIGHT = (0.25, 0.35), (0.75, 0.85), 0
"""From when to when, as a part of the run, the clock is an hour behind, and an hour ahead."""

CRASHES = frozenset({"sender killed", "rq killed", "Redis killed", "Redis emptied"})

Act = tuple[float, str, Callable[[], object]]


def acts(one: House, reminders: Reminders, twilio: Twilio, options: argparse.Namespace) -> Iterator[Act]:
    """What is done, and when, as a part of the run."""
    chance, kills = random.Random(options.seed), options.kills  # noqa: S311 - a storm, repeatable
    for number in range(kills):
        role = WORKERS[number % len(WORKERS)]
        yield (
            STORM + (CALM - STORM) * (number + chance.random()) / kills,
            f"{role} killed",
            partial(kill_at_work, one, twilio, role, chance),
        )
    yield 0.4, "Redis emptied", one.flush
    yield 0.55, "Redis killed", partial(kill, one, "redis", chance)
    for change in reminders.changes(chance):
        yield chance.uniform(0.02, CALM), "appointment changed", change
    yield CALM, "Twilio is calm", partial(setattr, twilio, "calm", True)
    if one.clock is not None:
        for (begins, ends), hours in ((SLOW, -1), (FAST, 1)):
            yield begins, "clock stepped", partial(step_clock, one, reminders, hours)
            yield ends, "clock stepped", partial(step_clock, one, reminders, RIGHT)
        # What was put off while the clock was an hour ahead would wait for an hour.
        yield 0.99, "clock stepped", partial(step_clock, one, reminders, 1)


def step_clock(one: House, reminders: Reminders, hours: int) -> None:
    """The house's clock is wrong by so many hours from now on."""
    one.step_clock(hours)
    reminders.steps.append((time.time(), hours))


def kill_at_work(one: House, twilio: Twilio, role: str, chance: random.Random) -> None:
    """Kill one of its kind just when a message was taken, or after a while without one: a worker that was always killed
    before it had begun would prove nothing."""
    before, until = len(twilio.accepted), time.monotonic() + AT_WORK_SECONDS_MAX
    while len(twilio.accepted) == before and time.monotonic() < until:
        time.sleep(0.005)
    kill(one, role, chance)


def kill(one: House, role: str, chance: random.Random) -> int:
    """Kill one of its kind, as soon as there is one; how many were killed."""
    killed: list[int] = []
    wait_until(lambda: bool(killed) or bool(killed.extend(one.kill(role, chance)) or killed), BACK_SECONDS_MAX, role)
    return len(killed)


def storm(plan: Sequence[Act], seconds: float) -> list[tuple[float, str]]:
    """Do everything of a plan in its time, or as soon as it can be done; when each thing was done."""
    began, done = time.monotonic(), []
    for part, name, act in sorted(plan, key=lambda act: act[0]):
        time.sleep(max(0.0, began + part * seconds - time.monotonic()))
        act()
        done.append((time.time(), name))
    return done


def run(options: argparse.Namespace) -> int:
    began = time.monotonic()
    with ExitStack() as stack:
        room = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reminders-")))
        os.environ["FLOWS_DIR"] = str(noon_flows(room / "flows"))
        postgres = stack.enter_context(Postgres()) if options.postgresql else None
        twilio = stack.enter_context(Twilio(options.seed))
        one = stack.enter_context(house(twilio.url, postgres.url if postgres else "", room))
        print(f"seed {options.seed}, {options.reminders} reminders in {options.seconds:.0f} s", flush=True)
        if one.clock is None:
            print("the clock is not stepped: libfaketime is not installed (Debian: apt-get install faketime)")
        reminders = Reminders(one.database_url, options.reminders, options.seconds, room / "flows")
        stack.callback(reminders.close)
        log = storm(list(acts(one, reminders, twilio, options)), options.seconds)
        done = Counter(name for _, name in log)
        wait_until(lambda: is_whole(one), BACK_SECONDS_MAX, "the house is not whole again")
        drained = reminders.drain(DRAIN_SECONDS_MAX)
        print("done: " + ", ".join(f"{name} {times}" for name, times in sorted(done.items())))
        print(f"drained in {drained:.0f} s; Twilio's faults: {dict(twilio.faults)}")
        wrong = reminders.count(twilio.accepted)
        killed = sum(times for name, times in done.items() if name.endswith("killed"))
        wrong["kills too few"] = max(0, options.kills - killed)
        wrong["tracebacks in the log"] = one.log.read_text(errors="replace").count("Traceback (most recent call last)")
        _print_lateness(reminders, twilio, [at for at, name in log if name in CRASHES])
    for what, times in wrong.items():
        print(f"{what}: {times}")
    print(f"{time.monotonic() - began:.0f} s in all; {'FAILED' if any(wrong.values()) else 'passed'}")
    return 1 if any(wrong.values()) else 0


def _print_lateness(reminders: Reminders, twilio: Twilio, crashes: Sequence[float]) -> None:
    """How late reminders were, those together of which the same may be expected."""
    for kind, late in reminders.lateness(twilio.accepted, crashes).items():
        if len(late) > 1:
            cuts = statistics.quantiles(late, n=100, method="inclusive")
            goal = f" (goal {GOALS[kind]} s)" if kind in GOALS else ""
            print(f"{kind}: {len(late)} left after p50 {cuts[49]:.1f} s, p99 {cuts[98]:.1f} s{goal}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Reminders fall due while everything dies and misbehaves.")
    parser.add_argument("--reminders", type=int, default=1000)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--postgresql", action="store_true", help="on a PostgreSQL of our own instead of SQLite")
    if FAKETIME is None and os.environ.get("CI") == "true":
        parser.error("libfaketime is not installed (Debian: apt-get install faketime)")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("told to end"))
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
