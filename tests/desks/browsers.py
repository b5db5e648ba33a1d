"""Screens that are real: each a Chromium of its own, signed in by hand, with the inbox open.

``python -m tests.desks.browsers`` reads one job as a line of JSON, says "ready" once the pages are live, and answers
with one line of JSON when its input ends. One process: Playwright's pages live by the loop of their thread.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from dataclasses import asdict, dataclass

from playwright.sync_api import Page, Playwright, sync_playwright

from tests import needs
from tests.browser.conftest import QUIET
from tests.desks.screens import YIELD

NOTES_WHEN_SEEN = """
window.seen = {};
new MutationObserver(() => {
  const words = document.getElementById("list")?.textContent.match(/\\bWORD-\\d{5}/g) ?? [];
  for (const word of words) seen[word] ??= Date.now() / 1000;
}).observe(document, { subtree: true, childList: true, characterData: true });
"""
LOOK_MS = 200


@dataclass(frozen=True)
class Job:
    """Whose desks, and what to look for."""

    desk_url: str
    logins: list[str]
    password: str
    word: str


class Browsers:
    """Browsers from the moment they are live until ``close``."""

    def __init__(self, job: Job) -> None:
        command = [sys.executable, "-m", "tests.desks.browsers"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(job)) + "\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "ready\n"

    def close(self) -> list[dict[str, float]]:
        """When each message was first on each screen (epoch seconds)."""
        said, _ = self._process.communicate()
        found: list[dict[str, float]] = json.loads(said)
        return found


def _sits_down(playwright: Playwright, until: ExitStack, job: Job, login: str) -> Page:
    browser = playwright.chromium.launch(executable_path=needs.chromium(), args=list(QUIET))
    until.callback(browser.close)
    page = browser.new_page()
    page.add_init_script(NOTES_WHEN_SEEN.replace("WORD", job.word))
    page.goto(f"{job.desk_url}/desk/sign-in")
    page.get_by_label("Sign-in name").fill(login)
    page.get_by_label("Password").fill(job.password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/inbox*")
    with page.expect_response("**/live"):
        page.reload()
    return page


def main() -> None:
    # They stand for machines of others, and take nothing from the house.
    os.nice(YIELD)
    job = Job(**json.loads(sys.stdin.readline()))
    over = threading.Event()
    with sync_playwright() as playwright, ExitStack() as until:
        pages = [_sits_down(playwright, until, job, login) for login in job.logins]
        print("ready", flush=True)
        threading.Thread(target=lambda: (sys.stdin.read(), over.set()), daemon=True).start()
        while not over.is_set():
            pages[0].wait_for_timeout(LOOK_MS)
        print(json.dumps([page.evaluate("seen") for page in pages]))


if __name__ == "__main__":
    main()
