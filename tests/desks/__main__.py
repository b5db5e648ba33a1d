"""``python -m tests.desks``: forty signed-in desks, and patients who write ten messages a second.

The whole house runs as ``make run`` starts it. Patients write with nobody at a desk, before and afterwards; in between
two browsers and thirty-eight screens that ask as a page asks look at the inbox. Fails when a message was not taken, or
did not come onto a screen; how long it took, and what the desks cost the webhook, is printed. ``--short`` is the form
for ``make prove``.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import quantiles

from bot.desk.turns import conversation_id
from tests.bench.reply import TOKEN, Endpoint
from tests.desks import browsers, patients, screens
from tests.desks.house import PASSWORD, House, house, login_of

PATIENTS = 30
LATE_SECONDS_MAX = 10.0
"""What is not on a screen so long after it was written has not come."""


def write(house: House, messages: int, a_second: float, word: str) -> patients.Written:
    return patients.write(patients.Job(house.url, TOKEN, PATIENTS, messages, a_second, word))


def look_on(house: House, given: argparse.Namespace) -> tuple[patients.Written, list[dict[str, float]], screens.Seen]:
    """Patients write while everybody looks: what was written, what was on each screen, and what the others asked."""
    real = min(given.browsers, given.desks)
    others = screens.Job(house.desk_url, house.cookies[real : given.desks], talks(house), "seen")
    watching = screens.Screens(others) if others.cookies else None
    logins = [login_of(number) for number in range(real)]
    chromium = browsers.Browsers(browsers.Job(house.desk_url, logins, PASSWORD, "seen")) if real else None
    written = write(house, given.messages, given.a_second, "seen")
    time.sleep(LATE_SECONDS_MAX / 4)
    on_screens = chromium.close() if chromium else []
    seen = watching.close() if watching else screens.Seen()
    return written, [*on_screens, *seen.at], seen


def talks(house: House) -> list[str]:
    """The conversations of all patients."""
    return [conversation_id(house.conversation_key, patients.address(number)) for number in range(PATIENTS)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--short", action="store_true")
    options.add_argument("--desks", type=int, default=40)
    options.add_argument("--browsers", type=int, default=2, help="so many of the desks are real ones")
    options.add_argument("--messages", type=int)
    options.add_argument("--a-second", type=float, default=10.0)
    given = options.parse_args()
    given.messages = given.messages or (100 if given.short else 600)
    endpoint = Endpoint()
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="desks-") as folder, house(endpoint, Path(folder), given.desks) as one:
        write(one, PATIENTS, given.a_second, "human")
        alone = write(one, given.messages // 2, given.a_second, "alone")
        written, on_screens, asked = look_on(one, given)
        # Once more: others may have worked on this machine at the first time.
        alone += write(one, given.messages // 2, given.a_second, "again")
    return told(alone, written, on_screens, asked)


def told(
    alone: patients.Written, written: patients.Written, on_screens: list[dict[str, float]], asked: screens.Seen
) -> int:
    """Print what was found; 1 when a message got lost."""
    waits = [screen[word] - at for screen in on_screens for word, at in written.at.items() if word in screen]
    missing = len(on_screens) * len(written.at) - len(waits)
    cuts = [cut * 1000 for cut in quantiles(waits, n=100)]
    (before, late_before), (after, late_after) = alone.p50_and_p99, written.p50_and_p99
    print(
        f"{len(written.at)} messages on {len(on_screens)} screens: p50 {cuts[49]:.0f} ms, p95 {cuts[94]:.0f} ms, "
        f"p99 {cuts[98]:.0f} ms (goal: p95 under 1000 ms); {missing} never came\n"
        f"webhook: p50 {after:.1f} ms, p99 {late_after:.1f} ms with desks; {before:.1f} and {late_before:.1f} without: "
        f"{after / before - 1:+.0%} (goals: +20%, p99 under 200 ms); {written.refused + alone.refused} refused\n"
        f"screens asked {sum(asked.answers.values())} times: {asked.answers}, {asked.bytes / 1e6:.1f} MB, "
        f"answered in {quantiles(asked.milliseconds, n=100)[49]:.0f} ms (p50)"
    )
    return 1 if missing or written.refused or alone.refused else 0


if __name__ == "__main__":
    sys.exit(main())
