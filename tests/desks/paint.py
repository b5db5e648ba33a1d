"""``python -m tests.desks.paint``: how long until something is seen of ten thousand, on both databases.

A conversation of 10,000 messages, and two folders of 10,000 conversations each: the time from asking for the page to
its first paint, as Chromium tells it, over loopback. Fails when a page shows more than its fifty; times are printed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine

from bot.desk import reception
from tests import needs
from tests.browser.conftest import QUIET
from tests.browser.test_desk_look import Desk
from tests.chaos.house import Postgres
from tests.desk.test_turns import Patient
from tests.desks.crowd import add_conversations, add_messages, look_around
from tests.universe import RAVI, SITI
from tests.web.desk_pages import ANA, open_front
from tests.web.simulated import served

COUNT, SHOWN, LOADS = 10_000, 50, 7
GOAL_MS = 300
PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") done(startTime);
}).observe({ type: "paint", buffered: true }))"""


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """Empty ones with today's schema, by name."""
    with tempfile.TemporaryDirectory(prefix="paint-") as folder, Postgres() as postgres:
        urls = {"SQLite": f"sqlite:///{Path(folder, 'clinic.sqlite')}", "PostgreSQL": postgres.url}
        for url in urls.values():
            environ = {**os.environ, "DATABASE_URL": url, "DATA_DIR": folder}
            subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environ, check=True)
        yield urls


def paint_ms(page: Page, url: str) -> float:
    """Of several loads, the one in the middle; the first, which fetches styles and scripts, is left out."""
    times = []
    for _ in range(LOADS + 1):
        page.goto(url)
        times.append(float(page.evaluate(PAINTED)))
    return median(times[1:])


def measure(browser: Browser, name: str, database_url: str, count: int) -> int:
    """Print the times on one database; how many pages showed too much."""
    with open_front(database_url) as front, served(front.app) as url:
        engine: Engine = front.desk.book._engine  # type: ignore[attr-defined]
        talks, ravi, siti = Patient(front.desk), Patient(front.desk, RAVI), Patient(front.desk, SITI)
        for one in (talks, ravi, siti):
            one.says("human")
        reception.take_over(front.desk, ravi.conversation, front.ids[ANA])
        reception.hand_back(front.desk, ravi.conversation, front.ids[ANA], "silent")
        add_conversations(engine, ravi.conversation, count)
        add_conversations(engine, siti.conversation, count, "n")
        add_messages(engine, talks.conversation, count)
        look_around(engine)
        desk = Desk(browser, url)
        desk.signs_in(ANA)
        too_much = 0
        for what, path in (
            ("a conversation", f"/desk/inbox/{talks.conversation}?folder=mine"),
            ("the folder of those who are done", "/desk/inbox?folder=done"),
            ("the folder of those who wait", "/desk/inbox"),
        ):
            took = paint_ms(desk.page, url + path)
            shown = desk.page.locator("#thread .line, #list [data-row]").count()
            too_much += shown > SHOWN
            print(f"{name}: {what}, {count} of them: {took:.0f} ms to the first paint (goal: {GOAL_MS}), {shown} shown")
        desk.context.close()
    return too_much


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=COUNT)
    given = options.parse_args()
    with sync_playwright() as playwright, databases() as urls:
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=list(QUIET))
        too_much = sum(measure(browser, name, url, given.count) for name, url in urls.items())
        browser.close()
    return 1 if too_much else 0


if __name__ == "__main__":
    sys.exit(main())
