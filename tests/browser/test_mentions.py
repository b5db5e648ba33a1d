"""Naming a colleague in a note, and the icon of the tab that counts, in real browsers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.desk import reception as passing
from bot.desk import replying
from tests.browser.reception import BEN, ROS, Reception, open_reception, sitting_at
from tests.browser.test_desk_look import Desk
from tests.web.desk_pages import ANA

DRAWN = (
    """async (icon) => { const one = new Image(); one.src = icon; await one.decode(); return one.naturalWidth > 0; }"""
)


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


@pytest.fixture
def sits_down(clinic: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    with sitting_at(clinic, browser) as sit:
        yield sit


def mentions_of(page: Page) -> str:
    return page.get_by_role("navigation", name="Folders").get_by_role("link", name="Mentions").inner_text()


def test_by_keys_alone_a_colleague_is_named_who_finds_it_opens_it_and_has_seen_it(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    ben = sits_down(BEN).opens("/desk/inbox?folder=mentions")
    expect(ben.get_by_text("No note waits for you")).to_be_visible()
    ana = sits_down().opens(clinic.page_of(clinic.mei_ling))
    note = ana.get_by_label("Note for colleagues")
    ana.keyboard.press("n")
    ana.keyboard.type("Ask @")
    expect(ana.get_by_role("option")).to_have_text(["Ada Admin", BEN, ROS])
    ana.keyboard.press("ArrowDown")
    expect(ana.get_by_role("option", name=BEN)).to_have_attribute("aria-selected", "true")
    ana.keyboard.press("Enter")
    expect(note).to_have_value("Ask @Ben ")
    expect(ana.get_by_role("listbox")).to_be_hidden()
    ana.keyboard.type("about her letter")
    ana.keyboard.press("Control+Enter")
    expect(ana.locator("#thread .is-note")).to_contain_text("for Ben")
    row = ben.get_by_role("link").filter(has_text="Ana: Ask @Ben about her letter")
    expect(row).to_be_visible()
    assert "1" in mentions_of(ben)
    row.click()
    expect(ben.locator("#thread .is-note")).to_contain_text("for you")
    expect(ana.locator("#thread .is-note")).to_contain_text("has seen it")
    assert "0" in mentions_of(ben)
    assert clinic.sends(clinic.mei_ling) == []


def test_on_a_phone_a_tap_names_and_what_is_no_name_is_left_alone(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    desk = sits_down(size="narrow", scheme="dark")
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    page.get_by_role("button", name="Note", exact=True).click()
    note = page.get_by_label("Note for colleagues")
    note.press_sequentially("@read")
    desk.looks_right()
    page.get_by_role("option", name=ROS).click()
    expect(note).to_have_value("@Ros Reader ")
    expect(note).to_be_focused()
    note.press_sequentially("writes to ana@b")
    expect(page.get_by_role("listbox")).to_be_hidden()
    note.fill("")
    note.press_sequentially("@a")
    expect(page.get_by_role("listbox")).to_be_visible()
    note.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(note).to_have_value("@a")


def test_a_note_on_the_patients_page_names_colleagues_too(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    desk = sits_down(size="narrow")
    page = desk.opens(f"/desk/patients/in/{clinic.mei_ling.conversation}")
    note = page.get_by_label("What colleagues should know")
    note.press_sequentially("Ask @be")
    desk.looks_right()
    note.press("Enter")
    expect(note).to_have_value("Ask @Ben ")
    note.press_sequentially("about her letter")
    page.get_by_role("button", name="Keep the note").click()
    expect(page.locator(".note")).to_contain_text("Ask @Ben about her letter")
    assert "1" in mentions_of(sits_down(BEN).opens("/desk/inbox"))


def test_the_folder_of_notes_that_name_one_is_readable_and_reachable(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    replying.add_note(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[BEN], "@Ana @Ros Reader look")
    desk = sits_down(size="narrow")
    for path in ("/desk/inbox?folder=mentions", clinic.page_of(clinic.mei_ling, "mentions")):
        desk.opens(path)
        desk.looks_right()


def test_the_icon_of_the_tab_counts_is_red_when_it_is_urgent_and_plain_when_nobody_waits(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    front, ana = clinic.front, clinic.front.ids[ANA]
    page = sits_down().opens("/desk/inbox")
    elsewhere = sits_down(BEN).opens("/desk/diary")
    icons = [one.locator("link[rel=icon]") for one in (page, elsewhere)]

    def shows(icon: str) -> None:
        for one in icons:
            expect(one).to_have_attribute("href", icon)

    shows("/desk/tab-icon.svg?waiting=1")
    passing.mark_urgent(front.desk, clinic.mei_ling.conversation, ana, True)
    shows("/desk/tab-icon.svg?waiting=1&urgent")
    assert page.evaluate(DRAWN, "/desk/tab-icon.svg?waiting=1&urgent"), "its own policy allows it"
    clinic.ravi.says("human")
    shows("/desk/tab-icon.svg?waiting=2&urgent")
    for one in (clinic.mei_ling, clinic.ravi):
        passing.take_over(front.desk, one.conversation, ana)
    plain = page.request.get(clinic.url + "/desk/sign-in").text().partition('rel="icon" href="')[2].partition('"')[0]
    shows(plain)
    expect(page).to_have_title("Needs us · Oxford Spine")
