"""``python -m tests.pages``: every page and state of the desk, in a browser, in each theme and at each width.

First in ordinary words: axe finds nothing, nothing is wider than the screen (320 px is what 1280 are at 400 % zoom).
Then with two hundred hostile texts in every place that shows words: none runs, and the browser refuses nothing. Every
page is found by its route. ``--short``, for ``make prove``, takes fewer themes at each width, and opens fewer of the
hostile conversations and patients. Fails on any finding.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests import needs
from tests.browser.conftest import QUIET
from tests.browser.rules import broken_rules
from tests.browser.scene import ORDINARY, Scene, hostile, set_up
from tests.browser.test_desk_look import SIZES
from tests.browser.walking import ADA, Walker, signed_in_paths, too_wide
from tests.fakes import FakeCarrier, FakeClock
from tests.web.desk_pages import Front, open_front
from tests.web.simulated import served

DRESSES = tuple(product(("light", "dark"), SIZES))
DRESSES_SHORT = (("light", "wide"), ("dark", "phone"), ("dark", "narrow"))
BETWEEN = (1024, 768)
"""Widths at which a page only must not be wider than the screen."""
SHORT = 20
"""So many of the hostile conversations, and patients, are opened one by one in the short form."""


@contextmanager
def clinic(words: tuple[str, ...]) -> Iterator[tuple[Front, Scene, str]]:
    """A clinic that says these words, and where its pages are."""
    clock = FakeClock()
    carrier = FakeCarrier(clock)
    with tempfile.TemporaryDirectory(prefix="pages-") as folder:
        url = f"sqlite:///{Path(folder, 'clinic.sqlite')}"
        environ = {**os.environ, "DATABASE_URL": url, "DATA_DIR": folder}
        subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environ, check=True)
        with open_front(url, clock=clock, carrier=lambda: carrier) as front, served(front.app) as address:
            yield front, set_up(front, words, front.ids[ADA]), address


def looked_at(browser: Browser, dresses: Sequence[tuple[str, str]]) -> tuple[int, list[str]]:
    """Every page in themes and widths: how many looks, and what was found."""
    looks, found = 0, []
    with clinic(ORDINARY) as (front, scene, url):
        desk = Walker(browser, url)
        desk.watches()
        for path in ("/desk/sign-in", f"/desk/join/{scene.ids['token']}", "/desk/join/over"):
            desk.opens(path)
            looks += len(dresses)
            found += _in_each(desk.page, dresses)
        desk.signs_in(ADA)
        for _ in desk.walks(signed_in_paths(front, scene)):
            looks += len(dresses)
            found += _in_each(desk.page, dresses)
        desk.context.close()
    return looks, [*found, *desk.wrong]


def _in_each(page: Page, dresses: Sequence[tuple[str, str]]) -> Iterator[str]:
    for scheme, size in dresses:
        width, height = SIZES[size]
        # A colour on its way to another would be measured half-way.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.set_viewport_size({"width": width, "height": height})
        for one in (*broken_rules(page), *too_wide(page)):
            yield f"{scheme} {size}: {one}"
    for width in BETWEEN:
        page.set_viewport_size({"width": width, "height": 800})
        yield from (f"{width}: {one}" for one in too_wide(page))


def attacked(browser: Browser, each: int) -> tuple[int, list[str]]:
    """Every page that shows hostile words: how many pages, and what they were made to do."""
    with clinic(hostile()) as (front, scene, url):
        desk = Walker(browser, url, "narrow")
        desk.watches()
        desk.signs_in(ADA)
        paths = signed_in_paths(front, scene)
        for id, patient in list(zip(scene.conversations, scene.patients, strict=True))[:each]:
            paths += [f"/desk/inbox/{id}", f"/desk/patients/in/{id}", f"/desk/patients/{patient}"]
        wide = [one for _ in desk.walks(paths) for one in too_wide(desk.page)]
        desk.context.close()
    return len(paths), desk.wrong + wide


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--short", action="store_true")
    given = options.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=needs.chromium(), args=list(QUIET))
        began = time.monotonic()
        looks, found = looked_at(browser, DRESSES_SHORT if given.short else DRESSES)
        print(f"{looks} looks at pages in {time.monotonic() - began:.0f} s, {len(found)} findings", flush=True)
        began = time.monotonic()
        pages, done = attacked(browser, SHORT if given.short else len(hostile()))
        print(
            f"{len(hostile())} hostile texts on {pages} pages in {time.monotonic() - began:.0f} s, {len(done)} findings"
        )
        browser.close()
    for one in (*found, *done):
        print(one)
    return 1 if found or done else 0


if __name__ == "__main__":
    sys.exit(main())
