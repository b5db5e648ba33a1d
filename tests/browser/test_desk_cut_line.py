"""A line that is cut for a minute, and a browser whose clock is wrong: nobody answers what she has not seen.

The minute passes in the page's own clock. ``CUT_SECONDS=60`` in the environment makes it a real one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from bot.desk import reception as passing
from bot.desk import replying
from tests.browser.line import line_to
from tests.browser.reception import BEN, Reception, open_reception
from tests.browser.test_desk_look import Desk
from tests.web.desk_pages import ANA

CUT_SECONDS = 60
PATIENCE_MS = 20_000
A_DAY_AHEAD = "{ const now = Date.now; Date.now = () => now() + 86_400_000; }"


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


def test_after_a_minute_without_a_line_what_a_colleague_said_is_there_before_one_can_send(
    clinic: Reception, browser: Browser
) -> None:
    with line_to(clinic.url) as line:
        desk = Desk(browser, line.url)
        page = desk.page
        page.clock.install()
        desk.signs_in(ANA)
        with page.expect_response("**/live"):
            desk.opens(clinic.page_of(clinic.mei_ling))
        page.get_by_label("Reply to").fill("Dr Nolan can see you tomorrow.")
        line.cut()
        ben, front = clinic.front.ids[BEN], clinic.front
        said = replying.Reply("Dr Nolan is away this week.", "click-of-ben", undo_seconds=0)
        replying.send_reply(front.desk, clinic.mei_ling.conversation, ben, said)
        clinic.sends(clinic.mei_ling)
        passing.release(front.desk, clinic.mei_ling.conversation, ben, "Off home")
        if seconds := float(os.environ.get("CUT_SECONDS", "0")):
            page.wait_for_timeout(seconds * 1000)
        else:
            page.clock.fast_forward(CUT_SECONDS * 1000)
        expect(page.locator("#live")).to_be_visible()
        expect(page.locator("#thread")).not_to_contain_text("Dr Nolan is away this week.")
        line.mend()
        expect(page.locator("#thread")).to_contain_text("Dr Nolan is away this week.", timeout=PATIENCE_MS)
        expect(page.locator("#live")).to_be_hidden()
        expect(page.get_by_label("Reply to")).to_have_value("Dr Nolan can see you tomorrow.")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.get_by_text("On its way.")).to_be_visible()
        desk.context.close()
    words = ["Dr Nolan is away this week.", "Dr Nolan can see you tomorrow."]
    assert clinic.sends(clinic.mei_ling)[-2:] == words
    assert desk.wrong == []


def test_a_browser_whose_clock_is_a_day_ahead_shows_and_sends_as_any_other(
    clinic: Reception, browser: Browser
) -> None:  # case-112
    desk = Desk(browser, clinic.url)
    desk.page.add_init_script(A_DAY_AHEAD)
    desk.signs_in(ANA)
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    clinic.mei_ling.says("Hello?")
    expect(page.locator("#thread")).to_contain_text("Hello?")
    expect(page.locator("#live")).to_be_hidden()
    expect(page.locator("#thread h2").last).to_have_text("Today")
    page.get_by_label("Reply to").fill("Good morning.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert clinic.sends(clinic.mei_ling)[-1] == "Good morning."
    desk.context.close()
    assert desk.wrong == []
