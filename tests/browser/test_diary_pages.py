"""The diary, patients and numbers in a real browser: by keyboard alone, on paper, on a phone, in the dark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, Route, expect

from bot.desk import blocking, diary
from bot.desk.diary import Seen
from bot.ports.reception import Blocking
from tests.browser.test_desk_look import Desk
from tests.universe import RAVI
from tests.web.desk_pages import ANA, LEE, Front, open_front
from tests.web.diary_scene import DAY, at, booked, entry, writes
from tests.web.simulated import served

HOSTILE = '"><img src=x onerror=alert(1)><script>alert(1)</script> & a name that does not want to end at all'


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def url(front: Front) -> Iterator[str]:
    with served(front.app) as url:
        yield url


def a_busy_tuesday(front: Front) -> list[str]:
    """Everything the diary can show; the pages to look at."""
    mei_ling, ravi = writes(front), writes(front, RAVI)
    came = booked(front, "Aisha Rahman", at(9))
    diary.mark(front.desk, front.ids[ANA], Seen(came.id, came.version), "arrived")
    booked(front, "Mei Ling Tan", at(10), mei_ling)
    booked(front, "Old Mrs Tan", at(11), mei_ling)
    booked(front, HOSTILE, at(10), practitioner="nurse", service="follow_up", phone="+6561234567")
    booked(front, "Young Mr Lim", at(10, 20), practitioner="nurse", service="follow_up")
    gone = booked(front, "Wee Kiat", at(12))
    diary.cancel(front.desk, front.ids[ANA], Seen(gone.id, gone.version))
    booked(front, "Ravi Chandran", at(14), ravi)
    ill = blocking.block(front.desk, Blocking("nolan", at(14), at(17, 30), "Dentist", front.ids[ANA]))
    patient = entry(front, 2).patient_id
    return [
        *(f"{DAY}{view}" for view in ("", "&view=table", "&view=list")),
        "/desk/diary",
        "/desk/diary?day=2026-03-08",
        "/desk/diary/week?day=2026-03-03",
        "/desk/diary/print?day=2026-03-03&apart=yes",
        "/desk/diary/print?day=2026-03-08",
        "/desk/diary/new?practitioner=nolan&day=2026-03-03&time=10:00",
        f"/desk/diary/new?patient_id={patient}",
        "/desk/diary/2",
        f"/desk/diary/{gone.id}",
        "/desk/diary/block",
        f"/desk/diary/blocks/{ill.block}?day=2026-03-03",
        "/desk/patients",
        f"/desk/patients/{patient}",
        f"/desk/patients/{patient}/merge",
        f"/desk/patients/{patient}/merge?with={entry(front, 4).patient_id}",
        f"/desk/patients/in/{mei_ling}",
        "/desk/patients/opted-out",
        "/desk/numbers",
        "/desk/numbers?from=2020-01-01",
        "/desk/admin/clinic",
    ]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_every_page_is_readable_reachable_and_runs_nothing_of_a_name(
    front: Front, url: str, browser: Browser, size: str, scheme: str
) -> None:
    pages = a_busy_tuesday(front)
    desk = Desk(browser, url, size, scheme)
    desk.page.on("dialog", lambda dialog: desk.wrong.append(dialog.message))
    desk.signs_in(LEE)
    for path in pages:
        desk.opens(path)
        desk.looks_right()
    desk.context.close()
    assert desk.wrong == []


def test_by_keyboard_alone_a_patient_is_booked_and_a_clash_is_told(front: Front, url: str, browser: Browser) -> None:
    booked(front, "Ravi Chandran")
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    page, keys = desk.page, desk.page.keyboard
    desk.opens("/desk/diary")
    keys.press("ArrowRight")
    expect(page.get_by_role("heading", name="Tuesday 3 March 2026")).to_be_visible()
    page.wait_for_load_state()
    keys.press("n")
    expect(page.get_by_label("Patient", exact=True)).to_be_focused()
    keys.type("Mei Ling Tan")
    expect(page.get_by_text("Nobody of that name yet")).to_be_visible()
    keys.press("Tab")
    keys.type("+6561234567")
    keys.press("Tab")
    keys.type("Dr")
    keys.press("Tab")
    keys.type("First")
    page.get_by_label("Time").focus()
    keys.type("1000AM")
    keys.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Ravi Chandran is booked from 10:00 to 10:30")
    expect(page.get_by_label("Patient", exact=True)).to_have_value("Mei Ling Tan")
    page.get_by_role("button", name="Tue 3 Mar, 09:00").focus()
    keys.press("Enter")
    expect(page.get_by_text("Booked: Mei Ling Tan, Tuesday 3 March, 09:00")).to_be_visible()
    expect(page.locator("#a2")).to_contain_text("Mei Ling Tan")
    desk.context.close()
    assert desk.wrong == []
    assert entry(front, 2).phone == "+6561234567"


def test_a_known_patient_is_found_while_one_types_and_moved_by_keyboard(
    front: Front, url: str, browser: Browser
) -> None:
    booked(front, conversation=writes(front), start=at(9))
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    page, keys = desk.page, desk.page.keyboard
    desk.opens(f"{DAY}&view=table").get_by_role("link", name="11:00 Dr Colum Nolan, free: book").focus()
    keys.press("Enter")
    expect(page.get_by_label("Patient", exact=True)).to_be_focused()
    keys.type("mei")
    expect(page.get_by_role("radio", name="Mei Ling Tan")).to_be_visible()
    page.get_by_role("radio", name="Mei Ling Tan").focus()
    keys.press("Space")
    keys.press("Enter")
    expect(page.locator("#a2")).to_contain_text("Mei Ling Tan")
    page.locator("#a2").focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="Move")).to_be_visible()
    page.get_by_label("Day", exact=True).fill("2026-03-05")
    keys.press("Enter")
    expect(page.get_by_text("Moved to Thursday 5 March, 11:00")).to_be_visible()
    desk.context.close()
    assert entry(front, 2).starts_at == at(11, day=date(2026, 3, 5))
    assert desk.wrong == []


def test_a_name_typed_while_the_page_is_still_coming_is_looked_for(front: Front, url: str, browser: Browser) -> None:
    booked(front, conversation=writes(front), start=at(9))
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    held: list[Route] = []
    desk.page.route("**/htmx-*.js*", lambda route: held.insert(0, route))
    with desk.page.expect_request("**/htmx-*.js*"):
        desk.page.goto(f"{url}/desk/diary/new", wait_until="commit")
    expect(desk.page.get_by_label("Patient", exact=True)).to_be_focused()
    desk.page.keyboard.type("mei")
    held[0].continue_()
    expect(desk.page.get_by_role("radio", name="Mei Ling Tan")).to_be_visible()
    desk.context.close()
    assert desk.wrong == []


def test_what_somebody_else_books_comes_onto_the_page(front: Front, url: str, browser: Browser) -> None:
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    desk.opens(DAY)
    booked(front)
    desk.page.evaluate(
        """() => { const part = document.querySelector("[data-live][data-rings='cal:2026-03-03']");
        return htmx.ajax("GET", part.dataset.live, { source: part, target: part, swap: "innerMorph" }); }"""
    )
    expect(desk.page.locator("#a1")).to_contain_text("Mei Ling Tan")
    desk.context.close()
    assert desk.wrong == []


def test_on_paper_there_is_the_list_and_nothing_of_the_screen(front: Front, url: str, browser: Browser) -> None:
    booked(front)
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    page = desk.opens("/desk/diary")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Tuesday 3 March 2026")).to_be_visible()
    page.wait_for_load_state()
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Print this list")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("cell", name="Mei Ling Tan")).to_be_visible()
    expect(page.get_by_role("banner")).to_be_hidden()
    expect(page.get_by_text("Print this list")).to_be_hidden()
    desk.context.close()


def test_a_phone_gets_the_list_and_may_ask_for_the_table(front: Front, url: str, browser: Browser) -> None:
    booked(front)
    desk = Desk(browser, url, "phone")
    desk.signs_in(ANA)
    page = desk.opens(DAY)
    expect(page.get_by_role("table")).to_have_count(0)
    expect(page.get_by_role("link", name="10:00 10:30 Mei Ling Tan")).to_be_visible()
    page.get_by_role("navigation", name="How it is shown").get_by_role("link", name="Table").click()
    expect(page.get_by_role("table")).to_be_visible()
    desk.context.close()
