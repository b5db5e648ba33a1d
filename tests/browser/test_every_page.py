"""Every page that the routes name, in a real browser: nothing anybody wrote runs there, and all of it can be read.

One in five of the hostile texts is shown here. ``make prove`` shows them all (``python -m tests.pages``).

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.rules import broken_rules
from tests.browser.scene import Scene, hostile, set_up
from tests.browser.walking import ADA, Walker, signed_in_paths, too_wide
from tests.fakes import FakeCarrier, FakeClock
from tests.web.desk_pages import Front, open_front
from tests.web.simulated import served


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    clock = FakeClock()
    carrier = FakeCarrier(clock)
    with open_front(sqlite_url, clock=clock, carrier=lambda: carrier) as front:
        yield front


@pytest.fixture
def scene(front: Front) -> Scene:
    return set_up(front, hostile()[::5], front.ids[ADA])


def test_hostile_texts_run_nowhere_and_break_no_page(
    front: Front, scene: Scene, browser: Browser
) -> None:  # case-87 to case-94
    assert len(set(hostile())) == 200
    wide, broken = [], []
    with served(front.app) as url:
        desk = Walker(browser, url, "narrow", "dark")
        desk.watches()
        desk.signs_in(ADA)
        for path in desk.walks(signed_in_paths(front, scene)):
            wide += too_wide(desk.page)
            # What else a page can look like is gone through by ``python -m tests.pages``.
            broken += broken_rules(desk.page) if "?" not in path else []
        desk.finds(scene.words[1][:50])
        desk.context.close()
    assert (desk.wrong, wide, broken) == ([], [], [])
