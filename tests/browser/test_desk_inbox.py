"""A morning at the desk in real browsers: who needs us, who takes it, what is written, what others did meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import APIResponse, Browser, Page, Route, expect

from bot.desk import patients, replying
from bot.desk import reception as passing
from bot.ports.reception import Patient as Person
from tests.browser.reception import BEN, ROS, Reception, open_reception, sitting_at
from tests.browser.test_desk_look import Desk
from tests.web.desk.test_inbox_pages import HOSTILE
from tests.web.desk_pages import ADA, ANA

COUNTS_ASKED = """{
  window.asked = 0;
  addEventListener("htmx:config:request", ({ target }) => { if (target.id === "talk") asked += 1; });
}"""
"""How often the thread was asked for, on its way already or still waiting for an earlier answer."""
SHORT_GAP_MS = 4000
"""Shorter ones are not told of."""
IN_TEN_SECONDS = "new Date(Date.now() + 10_000).toISOString()"


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


@pytest.fixture
def sits_down(clinic: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    with sitting_at(clinic, browser) as sit:
        yield sit


def words(page: Page) -> list[str]:
    """What the thread shows as said, oldest first."""
    return page.locator("#thread .words").all_inner_texts()


def writes(page: Page, text: str) -> None:
    page.get_by_label("Reply to").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_after_taking_over_she_writes_and_the_bot_is_silent(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down().opens(clinic.page_of(clinic.siti, "bot"))
    expect(page.get_by_label("Reply to")).to_be_hidden()
    page.get_by_role("button", name="Take over").click()
    expect(page.get_by_label("Reply to")).to_be_visible()
    assert clinic.siti.says("First consultation") == []
    expect(page.locator("#thread .is-patient").last).to_contain_text("First consultation")
    writes(page, "Hello, this is Ana.")
    expect(page.get_by_text("On its way.")).to_be_visible()
    expect(page.get_by_label("Reply to")).to_have_value("")
    assert clinic.sends(clinic.siti)[-1] == "Hello, this is Ana."


def test_who_writes_appears_in_the_list_and_in_the_title_without_a_reload(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens("/desk/inbox")
    expect(page).to_have_title("(1) Needs us · Oxford Spine")
    clinic.ravi.says("human")
    expect(page.locator("#list")).to_contain_text("+65\xa08123\xa04567")
    expect(page).to_have_title("(2) Needs us · Oxford Spine")


def test_of_two_who_take_over_at_once_one_has_it_and_the_other_keeps_her_words(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    ana, ben = sits_down(ANA).page, sits_down(BEN).page
    # What happens meanwhile is kept from Ben's screen: he believes that nobody has it.
    ben.route("**/live", lambda route: route.abort())
    for page in (ana, ben):
        page.goto(clinic.url + clinic.page_of(clinic.mei_ling))
    ben.get_by_label("Reply to").fill("Good morning from Ben")
    ana.get_by_role("button", name="Take over").click()
    expect(ana.locator("#state")).not_to_contain_text("Waits")
    ben.get_by_role("button", name="Send", exact=True).click()
    expect(ben.get_by_role("alert").filter(has_text="Ana has had this conversation")).to_be_visible()
    expect(ben.get_by_label("Reply to")).to_have_value("Good morning from Ben")
    expect(ben.locator("#state")).to_contain_text("Ana has this conversation")
    ben.get_by_role("button", name="Give them as a note").click()
    expect(ben.get_by_label("Note for colleagues")).to_have_value("Good morning from Ben")
    ben.get_by_role("button", name="Add note").click()
    expect(ana.locator("#thread .is-note")).to_contain_text("Good morning from Ben")
    assert clinic.sends(clinic.mei_ling) == []


def test_what_a_colleague_said_while_the_line_was_cut_is_seen_before_a_reply_leaves(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    desk = sits_down()
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    desk.context.set_offline(True)
    ben = clinic.front.ids[BEN]
    said = replying.Reply("Dr Nolan is away this week.", "click-of-ben", undo_seconds=0)
    replying.send_reply(clinic.front.desk, clinic.mei_ling.conversation, ben, said)
    passing.release(clinic.front.desk, clinic.mei_ling.conversation, ben, "Off home")
    page.get_by_label("Reply to").fill("Dr Nolan can see you tomorrow.")
    # The line is back for a reply, and not yet for anything that would show what is new.
    page.route("**/live", lambda route: route.abort())
    page.route("**/desk/inbox/**since=**", lambda route: route.abort())
    desk.context.set_offline(False)
    page.get_by_role("button", name="Send", exact=True).click()
    refused = page.get_by_role("alert").filter(has_text="you have not seen")
    expect(refused).to_contain_text("Dr Nolan is away this week.")
    assert "Dr Nolan can see you tomorrow." not in clinic.sends(clinic.mei_ling)
    refused.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling)[-1] == "Dr Nolan can see you tomorrow."


def test_a_double_click_is_one_message(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    page.get_by_label("Reply to").fill("Hello")
    page.get_by_role("button", name="Send", exact=True).dblclick()
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling) == ["Hello"]


def test_what_she_types_before_her_reply_is_answered_for_is_neither_lost_nor_taken_for_the_same(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    field = page.get_by_label("Reply to")
    held: list[Route] = []
    page.route("**/reply", lambda route: route.continue_() if held else held.append(route))
    with page.expect_request("**/reply"):
        writes(page, "Hello.")
    field.press("Control+End")
    field.press_sequentially(" Come at ten.")
    field.press("Control+Enter")
    held[0].continue_()
    expect(field).to_have_value("Come at ten.")
    field.press("Control+Enter")
    expect(field).to_have_value("")
    assert clinic.sends(clinic.mei_ling) == ["Hello.", "Come at ten."]


def test_a_note_that_is_answered_for_late_takes_no_later_words_and_no_undo_away(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    note = page.get_by_label("Note for colleagues")
    page.keyboard.press("n")
    note.fill("She is early")
    answered: list[tuple[Route, APIResponse]] = []
    page.route("**/note", lambda route: answered.append((route, route.fetch())))
    note.press("Control+Enter")
    expect(page.locator("#thread .is-note")).to_contain_text("She is early")
    note.fill("Her mother is 80")
    page.get_by_role("button", name="Reply", exact=True).click()
    writes(page, "Hello.")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    [(route, answer)] = answered
    with page.expect_response("**/note"):
        route.fulfill(response=answer)
    page.get_by_role("button", name="Note", exact=True).click()
    expect(note).to_have_value("Her mother is 80")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


def test_for_five_seconds_a_reply_can_be_taken_back_into_the_field(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    writes(page, "Hello Siti")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Reply to")).to_have_value("Hello Siti")
    expect(page.locator("#thread s.words")).to_have_text("Hello Siti")
    assert clinic.sends(clinic.mei_ling) == []
    writes(page, "Hello Mei Ling")
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling) == ["Hello Mei Ling"]


def test_what_she_began_to_write_is_there_at_the_next_desk(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    with page.expect_response("**/draft"):
        page.get_by_label("Reply to").fill("Dear Mei")
    other = sits_down(size="phone").opens(clinic.page_of(clinic.mei_ling))
    expect(other.get_by_label("Reply to")).to_have_value("Dear Mei")


def test_what_she_types_is_not_touched_by_what_arrives(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    field = page.get_by_label("Reply to")
    field.press_sequentially("Dear Mei Ling, ")
    clinic.mei_ling.says("Are you there?")
    expect(page.locator("#thread")).to_contain_text("Are you there?")
    expect(field).to_be_focused()
    field.press_sequentially("yes")
    expect(field).to_have_value("Dear Mei Ling, yes")


def test_a_quick_reply_comes_to_the_caret_by_keys_alone(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    replying.save_quick_reply(clinic.front.desk, ANA, "hello", "Hello{patient}, this is {staff}.")
    replying.save_quick_reply(clinic.front.desk, ANA, "hours", "We open at nine.")
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    page.keyboard.press("r")
    page.keyboard.type("Good morning. /ho")
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reply to")).to_have_value("Good morning. We open at nine.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling) == ["Good morning. We open at nine."]


def test_by_keys_alone_she_finds_takes_answers_notes_and_is_done(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens("/desk/inbox")
    keys = page.keyboard
    keys.press("j")
    keys.press("Enter")
    page.wait_for_url("**/desk/inbox/*")
    page.wait_for_load_state()
    keys.press("t")
    expect(page.get_by_label("Reply to")).to_be_focused()
    keys.press("Escape")
    keys.press("n")
    keys.type("Her mother is 80")
    keys.press("Control+Enter")
    expect(page.locator("#thread .is-note")).to_contain_text("Her mother is 80")
    keys.press("Escape")
    keys.press("r")
    keys.type("Come at ten.")
    keys.press("Control+Enter")
    expect(page.get_by_text("On its way.")).to_be_visible()
    keys.press("Escape")
    keys.press("e")
    expect(page.get_by_text("It is done.")).to_be_visible()
    assert words(page) == []


def test_whoever_takes_over_as_soon_as_the_page_is_there_has_the_pen(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    desk = sits_down()
    # Nothing that a page leaves for a moment later has happened yet.
    desk.page.clock.install()
    desk.page.clock.pause_at(desk.page.evaluate(IN_TEN_SECONDS))
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    with page.expect_response("**/take"):
        page.keyboard.press("t")
    page.clock.resume()
    expect(page.get_by_label("Reply to")).to_be_focused()


def test_whoever_takes_over_has_the_pen_even_when_the_news_of_it_comes_before_the_answer(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    answered: list[tuple[Route, APIResponse]] = []
    page.route("**/take", lambda route: answered.append((route, route.fetch())))
    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#state")).not_to_contain_text("Waits")
    [(route, answer)] = answered
    route.fulfill(response=answer)
    expect(page.get_by_label("Reply to")).to_be_focused()


def test_whoever_takes_over_has_the_pen_even_when_older_news_comes_after_the_answer(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.siti))
    address = page.locator("#talk").get_attribute("data-live")
    before = page.context.request.get(f"{clinic.url}{address}", headers={"HX-Request": "true"})
    asked: list[Route] = []
    page.route("**/desk/inbox/**since=**", lambda route: route.continue_() if asked else asked.append(route))
    with page.expect_request("**/desk/inbox/**since=**"):
        clinic.siti.says("Hello?")
    with page.expect_response("**/take"):
        page.get_by_role("button", name="Take over").click()
    with page.expect_response("**/desk/inbox/**since=**"):
        asked[0].fulfill(response=before)
    expect(page.get_by_label("Reply to")).to_be_focused()


def test_news_asked_for_while_older_news_is_still_on_its_way_is_taken_up_as_well(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    desk = sits_down()
    desk.page.clock.install()
    page = desk.opens(clinic.page_of(clinic.siti))
    page.evaluate(COUNTS_ASKED)
    address = page.locator("#talk").get_attribute("data-live")
    before = page.context.request.get(f"{clinic.url}{address}", headers={"HX-Request": "true"})
    asked: list[Route] = []
    page.route("**/desk/inbox/**since=**", lambda route: route.continue_() if asked else asked.append(route))
    with page.expect_request("**/desk/inbox/**since=**"):
        clinic.siti.says("Hello?")
    page.get_by_role("button", name="Take over").click()
    page.wait_for_function("() => window.asked > 1")
    # Nothing is asked for any more that would show it later.
    page.clock.pause_at(page.evaluate(IN_TEN_SECONDS))
    asked[0].fulfill(response=before)
    expect(page.get_by_label("Reply to")).to_be_focused()


def test_when_the_day_is_over_only_a_template_can_be_sent_until_she_writes_again(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    clinic.front.clock.pass_seconds(24 * 3600)
    desk = sits_down()
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    expect(page.get_by_label("Reply to")).to_be_hidden()
    expect(page.get_by_text("No template is approved yet")).to_be_visible()
    clinic.mei_ling.says("Hello?")
    expect(page.get_by_label("Reply to")).to_be_visible()


def test_who_may_only_look_finds_nothing_to_press(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down(ROS).opens(clinic.page_of(clinic.mei_ling))
    expect(page.get_by_text("You can look, and change nothing.")).to_be_visible()
    assert page.locator("main button:visible").count() == 0


def test_who_looks_at_a_conversation_is_seen_in_the_list(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    with (ben := sits_down(BEN).page).expect_response("**/look"):
        ben.goto(clinic.url + clinic.page_of(clinic.mei_ling))
    expect(sits_down().opens("/desk/inbox").locator("#list")).to_contain_text("Ben is looking")


def test_who_looks_at_the_same_conversation_sees_at_once_that_a_colleague_reads_writes_and_leaves(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down(BEN).opens(clinic.page_of(clinic.mei_ling))
    # In the list beside it she is seen too, when that is asked for next.
    here = page.locator("#talk .talk-looks")
    there = sits_down().opens(clinic.page_of(clinic.mei_ling))
    # Sooner than any page asks again by itself.
    expect(here).to_have_text("Ana is looking", timeout=8000)
    there.get_by_label("Reply to").press_sequentially("Good")
    expect(here).to_have_text("Ana is writing", timeout=8000)
    there.goto(clinic.url + "/desk/diary")
    expect(here).to_have_count(0, timeout=8000)


def test_whoever_gives_a_conversation_away_sees_at_once_that_it_is_the_other_ones(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    passing.take_over(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    page = sits_down().opens(clinic.page_of(clinic.mei_ling, "mine"))
    page.locator("summary", has_text="Give").click()
    page.get_by_role("button", name=BEN).click()
    expect(page.locator("#talk")).to_contain_text("Ben has this conversation")
    expect(page.locator("details.menu[open]")).to_have_count(0)


def test_whoever_opens_a_menu_by_its_key_is_in_it_and_comes_back_by_escape(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    for key, first, menu in (
        ("z", "In an hour", "Later"),
        ("b", "With its main menu", "Assistant"),
        ("a", ADA, "Give"),
    ):
        page.keyboard.press(key)
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name=first)).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("summary", has_text=menu)).to_be_focused()


def test_a_stream_that_is_cut_is_said_in_red_and_what_was_missed_is_fetched(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    desk = sits_down()
    # An open stream outlives Chromium's "offline": this one is cut before it begins.
    desk.page.route("**/live", lambda route: route.abort())
    desk.page.clock.install()
    with desk.page.expect_event("requestfailed"):
        page = desk.opens("/desk/inbox")
    page.clock.fast_forward(SHORT_GAP_MS)
    expect(page.locator("#live")).to_be_visible(timeout=20_000)
    clinic.ravi.says("human")
    page.unroute("**/live")
    expect(page.locator("#live")).to_be_hidden(timeout=20_000)
    expect(page.locator("#list")).to_contain_text("+65\xa08123\xa04567")


def test_no_text_of_anybody_runs_in_a_browser_or_meets_its_policy(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    front = clinic.front
    for hostile in HOSTILE:
        clinic.mei_ling.says(hostile)
        replying.add_note(front.desk, clinic.mei_ling.conversation, ANA, hostile.replace("\u0000", ""))
    name = '"><svg onload=alert(1)>'
    patients.add(front.desk, clinic.mei_ling.conversation, ANA, Person(0, name, "", "", ""))
    replying.save_quick_reply(front.desk, ANA, "bad", "<img src=x onerror=alert(1)>")
    desk = sits_down()
    asked: list[str] = []
    desk.page.on("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    page.get_by_label("Reply to").fill("/bad")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Reply to")).to_have_value("<img src=x onerror=alert(1)>")
    desk.opens("/desk/inbox")
    desk.searches("svg")
    assert asked == []


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_inbox_and_conversation_are_readable_and_reachable(
    clinic: Reception, sits_down: Callable[..., Desk], size: str, scheme: str
) -> None:
    ana = clinic.front.ids[ANA]
    clinic.ravi.says("I wet myself and did not feel it")
    passing.take_over(clinic.front.desk, clinic.mei_ling.conversation, ana)
    replying.add_note(clinic.front.desk, clinic.mei_ling.conversation, ana, "She is early")
    replying.send_reply(clinic.front.desk, clinic.mei_ling.conversation, ana, replying.Reply("Hello", "click-0001"))
    desk = sits_down(size=size, scheme=scheme)
    desk.searches("mei")
    desk.looks_right()
    paths = ["/desk/inbox", "/desk/inbox?folder=failed"]
    paths += [clinic.page_of(one) for one in (clinic.mei_ling, clinic.ravi, clinic.siti)]
    for path in paths:
        desk.opens(path)
        desk.looks_right()
    desk.opens(clinic.page_of(clinic.mei_ling)).locator("summary", has_text="Later").click()
    desk.looks_right()
