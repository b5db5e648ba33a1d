"""Ten tasks of a morning with Tab, Enter, Space and letters alone; no single keys, which some switch off.

Wherever Tab leads on the way, one sees where one is: the stop has a ring, lies on the screen, and nothing covers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.desk import patients, replying
from bot.ports.reception import Patient as Person
from tests.browser.reception import Reception, open_reception
from tests.browser.test_desk_look import Desk
from tests.web.desk_pages import ANA, PASSWORD

STOPS_MAX = 90
STOP = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return "";
  const told = here.outerHTML.slice(0, 120);
  const box = here.getBoundingClientRect();
  const out = box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth;
  if (out) return "off the screen: " + told;
  const rings = (one) => {
    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
    return (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2) || boxShadow !== "none";
  };
  if (![here, here.parentElement, here.closest("label")].some((one) => one && rings(one))) return "no ring: " + told;
  const middle = (from, to, most) => (Math.max(from, 0) + Math.min(to, most)) / 2;
  const [x, y] = [middle(box.left, box.right, innerWidth), middle(box.top, box.bottom, innerHeight)];
  const top = document.elementFromPoint(x, y);
  const seen = !top || here.contains(top) || top.contains(here) || top.closest("label")?.contains(here);
  return seen ? "" : `covered by ${top.outerHTML.slice(0, 80)}: ${told}`;
}"""
PRINTS = "window.print = () => { document.body.dataset.printed = 'yes'; };"


class Hands:
    """On the keyboard, and nowhere else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def go(self, target: Locator) -> None:
        """Press Tab until the target is reached."""
        expect(target.first).to_be_attached()
        for _ in range(STOPS_MAX):
            self.page.keyboard.press("Tab")
            assert self.page.evaluate(STOP) == ""
            if target.evaluate_all("(found) => found.includes(document.activeElement)"):
                return
        raise AssertionError(f"Tab never leads to {target}")

    def press(self, target: Locator, key: str = "Enter") -> None:
        self.go(target)
        self.page.keyboard.press(key)

    def type(self, words: str) -> None:
        self.page.keyboard.type(words)

    def fill(self, target: Locator, words: str) -> None:
        self.go(target)
        self.type(words)


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    """Ana has switched single keys off."""
    with open_reception(sqlite_url, redis_url) as clinic:
        desk, ana = clinic.front.desk, clinic.front.ids[ANA]
        patients.add(desk, clinic.siti.conversation, ana, Person(0, "Siti Rahman", "", "", ""))
        replying.save_quick_reply(desk, ana, "hours", "We open at nine.")
        with desk.book.begin() as ledger:
            account = ledger.account(ana)
            assert account is not None
            ledger.save_account(replace(account, shortcuts=False))
        yield clinic


@pytest.fixture
def desk(clinic: Reception, browser: Browser) -> Iterator[Desk]:
    desk = Desk(browser, clinic.url)
    yield desk
    desk.context.close()
    assert desk.wrong == []


def signs_in(desk: Desk) -> Hands:
    hands = Hands(desk.opens("/desk"))
    expect(desk.page.get_by_label("Sign-in name")).to_be_focused()
    hands.type("ana")
    hands.fill(desk.page.get_by_label("Password"), PASSWORD)
    hands.page.keyboard.press("Enter")
    expect(desk.page.get_by_role("navigation", name="Folders")).to_be_visible()
    return hands


def test_a_patient_is_found_taken_over_answered_noted_and_handed_back_and_one_signs_out(
    clinic: Reception, desk: Desk
) -> None:
    hands, page = signs_in(desk), desk.page
    # find
    hands.fill(page.get_by_role("searchbox"), "siti")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search")).to_be_visible()
    hands.press(page.get_by_role("link", name="Siti Rahman"))
    expect(page.get_by_role("heading", level=1, name="Siti Rahman")).to_be_visible()
    # take over: the pen is in her hand
    hands.press(page.get_by_role("button", name="Take over"))
    field = page.get_by_label("Reply to")
    expect(field).to_be_focused()
    # reply, and a quick reply at the caret
    hands.type("Hello. ")
    hands.type("/ho")
    expect(page.get_by_role("option", name="We open at nine.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(field).to_have_value("Hello. We open at nine.")
    hands.press(page.get_by_role("button", name="Send", exact=True))
    expect(page.locator("[aria-live=assertive]").get_by_text("On its way.")).to_be_visible()
    expect(field).to_be_focused()
    # note: back over the paper clip
    hands.page.keyboard.press("Shift+Tab")
    hands.page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="Note", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    hands.type("She comes with her mother")
    hands.press(page.get_by_role("button", name="Add note"))
    expect(page.locator("#thread .is-note")).to_contain_text("She comes with her mother")
    assert clinic.sends(clinic.siti)[-1] == "Hello. We open at nine."
    # hand back
    page.reload()
    hands.press(page.locator("summary", has_text="Assistant"))
    hands.press(page.get_by_role("button", name="With its main menu"))
    expect(page.get_by_text("The assistant has it again.")).to_be_visible()
    # sign out
    hands.press(page.locator("details.menu summary", has_text="Ana"))
    hands.press(page.get_by_role("button", name="Sign out"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_time_is_booked_moved_and_the_day_is_printed(clinic: Reception, desk: Desk) -> None:
    desk.page.add_init_script(PRINTS)
    hands, page = signs_in(desk), desk.page
    # book
    hands.press(page.get_by_role("navigation", name="Desk").get_by_role("link", name="Calendar"))
    hands.press(page.get_by_role("link", name="Book", exact=True))
    expect(page.get_by_label("Patient", exact=True)).to_be_focused()
    hands.type("Ravi Chandran")
    expect(page.get_by_text("Nobody of that name yet")).to_be_visible()
    hands.fill(page.get_by_label("With", exact=True), "Dr")
    hands.fill(page.get_by_label("For", exact=True), "First")
    hands.fill(page.get_by_label("Day", exact=True), "03032026")
    hands.fill(page.get_by_label("Time", exact=True), "1000AM")
    hands.press(page.get_by_role("button", name="Book it"))
    expect(page.get_by_text("Booked: Ravi Chandran, Tuesday 3 March, 10:00")).to_be_visible()
    # move
    hands.press(page.locator("#a1"))
    expect(page.get_by_role("heading", name="Move")).to_be_visible()
    hands.fill(page.get_by_label("Time", exact=True), "1130AM")
    hands.press(page.get_by_role("button", name="Move it"))
    expect(page.get_by_text("Moved to Tuesday 3 March, 11:30")).to_be_visible()
    # print
    # Both of these links are on the page of before as well.
    for link in ("Calendar", "Print"):
        with page.expect_navigation():
            hands.press(page.get_by_role("link", name=link).first)
    hands.press(page.get_by_role("button", name="Print this list"))
    assert page.evaluate("document.body.dataset.printed") == "yes"


def test_the_first_tab_leads_past_everything_that_is_on_every_page(clinic: Reception, desk: Desk) -> None:
    hands, page = signs_in(desk), desk.page
    page.reload()
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    assert page.evaluate(STOP) == ""
    page.keyboard.press("Enter")
    hands.go(page.get_by_role("navigation", name="Folders").get_by_role("link").first)


def test_who_comes_is_said_aloud_and_takes_nobodys_pen(clinic: Reception, desk: Desk) -> None:
    signs_in(desk)
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    page.get_by_label("Reply to").focus()
    said = page.locator("[aria-live=polite]").filter(has_text="wait for one of you")
    clinic.ravi.says("human")
    expect(said).to_have_text("2 conversations wait for one of you")
    clinic.siti.says("I wet myself and did not feel it")
    expect(page.locator("[aria-live=assertive]").filter(has_text="urgent")).to_have_count(1)
    expect(page.get_by_label("Reply to")).to_be_focused()
    assert page.locator("#thread").get_attribute("role") == "log"
