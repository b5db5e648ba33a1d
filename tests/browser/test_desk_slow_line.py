"""Answers that come late, twice, out of order or not at all: nothing typed is lost, nothing is said twice or unseen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from bot.desk import inbox, patients, replying
from bot.desk import reception as passing
from bot.ports.reception import Patient as Person
from tests.browser.reception import Reception, open_reception
from tests.browser.test_desk_look import Desk
from tests.web.desk_pages import ADA, ANA

TALK = "**/desk/inbox/**since=**"
"""What the thread asks for by itself."""
ONE_STREAM = "event: beat\ndata: \n\nevent: queue\ndata: everything\n\n"
COUNTS_TONES = """
const make = AudioContext.prototype.createGain;
AudioContext.prototype.createGain = function () {
  localStorage.tones = Number(localStorage.tones ?? 0) + 1;
  return make.call(this);
};
"""


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


@pytest.fixture
def desk(clinic: Reception, browser: Browser) -> Iterator[Desk]:
    """Ana at her desk; afterwards her browser has refused nothing and complained about nothing."""
    desk = Desk(browser, clinic.url)
    desk.signs_in(ANA)
    yield desk
    desk.context.close()
    assert desk.wrong == []


def holds(page: Page, pattern: str) -> list[Route]:
    """Keep back what a page asks for, until each is let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(pattern, hold)
    return held


def lets_go(page: Page, held: list[Route], number: int = 0) -> None:
    """Let one of them pass. A page is told of a request before it is told that the request is held."""
    page.evaluate("0")
    held[number].continue_()


def sends(page: Page, text: str) -> None:
    page.get_by_label("Reply to").fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def test_what_she_types_while_a_reply_is_under_way_stays_as_her_next_message(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, "**/reply")
    with page.expect_request("**/reply"):
        sends(page, "Come at ten.")
    page.get_by_label("Reply to").press_sequentially(" Bring")
    page.get_by_role("button", name="Send", exact=True).click()
    with page.expect_response("**/draft"):
        lets_go(page, held)
    expect(page.get_by_text("On its way.")).to_be_visible()
    expect(page.get_by_label("Reply to")).to_have_value("Bring")
    assert len(held) == 1, "a second click is the same click"
    assert replying.drafts(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA]) == {"reply": "Bring"}
    assert clinic.sends(clinic.mei_ling) == ["Come at ten."]


def test_a_reply_that_meets_no_line_says_so_and_leaves_at_the_next_try(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    page.route("**/reply", lambda route: route.abort())
    sends(page, "Come at ten.")
    expect(page.get_by_role("alert")).to_contain_text("The desk does not answer.")
    expect(page.get_by_label("Reply to")).to_have_value("Come at ten.")
    page.unroute("**/reply")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("On its way.")).to_be_visible()
    expect(page.get_by_text("The desk does not answer.")).to_be_hidden()
    assert clinic.sends(clinic.mei_ling) == ["Come at ten."]


def test_words_changed_after_a_lost_answer_are_not_taken_for_what_was_sent(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))

    def loses_the_answer(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/reply", loses_the_answer)
    sends(page, "Come at ten.")
    expect(page.get_by_text("The desk does not answer.")).to_be_visible()
    page.unroute("**/reply")
    sends(page, "Come at eleven.")
    expect(page.get_by_role("alert")).to_contain_text("What you wrote first has been sent")
    expect(page.get_by_label("Reply to")).to_have_value("Come at eleven.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling) == ["Come at ten.", "Come at eleven."]


def test_a_reply_and_a_note_begun_in_one_breath_are_both_kept(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, "**/draft")
    page.get_by_label("Reply to").fill("Dear Mei")
    page.get_by_role("button", name="Note", exact=True).click()
    with page.expect_request("**/draft"):
        page.get_by_label("Note for colleagues").fill("She is 80")
    with page.expect_response("**/draft"), page.expect_request("**/draft"):
        lets_go(page, held)
    with page.expect_response("**/draft"):
        lets_go(page, held, 1)
    drafts = replying.drafts(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    assert drafts == {"reply": "Dear Mei", "note": "She is 80"}


def test_a_quick_reply_under_way_is_waited_for_and_comes_where_it_was_called_for(clinic: Reception, desk: Desk) -> None:
    replying.save_quick_reply(clinic.front.desk, ANA, "hours", "We open at nine.")
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, "**/quick")
    page.get_by_label("Reply to").press_sequentially("Hello. /ho")
    with page.expect_request("**/quick"):
        page.keyboard.press("Enter")
    page.keyboard.press("Control+Enter")
    page.keyboard.type(" Bye!")
    lets_go(page, held)
    expect(page.get_by_label("Reply to")).to_have_value("Hello. We open at nine. Bye!")
    page.keyboard.type("!")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert clinic.sends(clinic.mei_ling) == ["Hello. We open at nine. Bye!!"]


def test_the_times_shown_are_those_of_the_day_chosen_last(clinic: Reception, desk: Desk) -> None:
    for words in ("First consultation", "Tue 3 Mar", "10:00", "human"):
        clinic.siti.says(words)
    page = desk.opens(f"/desk/inbox/{clinic.siti.conversation}/book")
    held = holds(page, "**/book/times")
    with page.expect_request("**/book/times"):
        page.get_by_label("Day").fill("2026-03-08")
    with page.expect_event("requestfailed"), page.expect_request("**/book/times"):
        page.get_by_label("With").select_option("nolan")
        page.get_by_label("Day").fill("2026-03-05")
    lets_go(page, held, len(held) - 1)
    expect(page.locator("#times label", has_text="11:00")).to_be_visible()


def test_who_types_on_while_looking_for_a_patient_finds_the_last_name(clinic: Reception, desk: Desk) -> None:
    patients.add(clinic.front.desk, clinic.siti.conversation, ANA, Person(0, "Siti Aminah", "", "", ""))
    page = desk.opens("/desk/diary/new")
    held = holds(page, "**/desk/diary/patients")
    for typed in ("Mei", "Rav", "Siti"):
        with page.expect_request("**/desk/diary/patients"):
            page.get_by_label("Patient", exact=True).fill(typed)
    lets_go(page, held, 2)
    expect(page.locator("#found")).to_contain_text("Siti Aminah")


def test_whom_she_has_chosen_stays_chosen_when_the_list_comes_again(clinic: Reception, desk: Desk) -> None:
    for name in ("Siti Aminah", "Siti Rahman"):
        patients.add(clinic.front.desk, clinic.siti.conversation, ANA, Person(0, name, "", "", ""))
    page = desk.opens("/desk/diary/new")
    page.get_by_label("Patient", exact=True).fill("Sit")
    expect(page.get_by_label("Siti Rahman")).to_be_visible()
    held = holds(page, "**/desk/diary/patients")
    with page.expect_request("**/desk/diary/patients"):
        page.get_by_label("Patient", exact=True).fill("Siti R")
    page.get_by_label("Siti Rahman").check()
    lets_go(page, held)
    expect(page.get_by_label("New patient: Siti R")).to_be_visible()
    expect(page.get_by_label("Siti Rahman")).to_be_checked()
    page = desk.opens(clinic.page_of(clinic.siti))
    about = page.locator("#panel").get_by_label("Siti Rahman")
    about.check()
    patients.add(clinic.front.desk, clinic.siti.conversation, ANA, Person(0, "Ah Kow", "", "", ""))
    expect(page.locator("#panel").get_by_label("Ah Kow")).to_be_visible()
    expect(about).to_be_checked()


def test_an_impatient_second_click_is_no_second_note(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, "**/note")
    page.get_by_role("button", name="Note", exact=True).click()
    page.get_by_label("Note for colleagues").fill("She is 80")
    page.get_by_role("button", name="Add note").dblclick()
    with page.expect_response("**/note"):
        lets_go(page, held)
    expect(page.get_by_label("Note for colleagues")).to_have_value("")
    expect(page.locator("#thread .is-note")).to_have_count(1)
    assert len(held) == 1


def test_a_menu_opened_while_news_is_under_way_stays_open(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, TALK)
    with page.expect_request(TALK):
        clinic.mei_ling.says("Hello?")
    page.locator("summary", has_text="Later").click()
    with page.expect_event("requestfinished", lambda request: "since=" in request.url):
        lets_go(page, held)
    page.unroute(TALK)
    expect(page.get_by_role("button", name="In an hour")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="In an hour")).to_be_hidden()
    expect(page.locator("#thread")).to_contain_text("Hello?")
    assert clinic.mei_ling.conversation in page.url, "a key that closes a menu leaves nothing else"


def test_what_the_patient_wrote_meanwhile_is_looked_at_before_a_conversation_is_done(
    clinic: Reception, desk: Desk
) -> None:
    passing.take_over(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    held = holds(page, TALK)
    with page.expect_request(TALK):
        clinic.mei_ling.says("My leg is numb as well")
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("The patient has just written.")).to_be_visible()
    expect(page.locator("#thread")).to_contain_text("My leg is numb as well")
    assert held
    page.get_by_role("button", name="Done").click()
    expect(page.get_by_text("It is done.")).to_be_visible()


def test_the_composer_names_whom_the_conversation_is_about_now(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    patients.add(clinic.front.desk, clinic.mei_ling.conversation, ANA, Person(0, "Siti Aminah", "", "", ""))
    expect(page.locator(".composer-to strong")).to_have_text("Siti Aminah")
    expect(page.get_by_label("Reply to Siti Aminah")).to_have_attribute("placeholder", "Reply to Siti Aminah")


def test_news_that_comes_while_names_are_offered_leaves_them_open(clinic: Reception, desk: Desk) -> None:
    path = f"/desk/patients/in/{clinic.mei_ling.conversation}"
    page = desk.opens(path)
    held = holds(page, f"**{path}")
    with page.expect_request(f"**{path}"):
        page.evaluate("document.dispatchEvent(new Event('desk:changed'))")
    note = page.get_by_label("What colleagues should know")
    note.press_sequentially("Ask @ad")
    with page.expect_event("requestfinished"):
        lets_go(page, held)
    expect(page.get_by_role("option", name=ADA)).to_be_visible()
    note.press("Enter")
    expect(note).to_have_value(f"Ask @{ADA} ")


def test_a_stream_that_ends_as_streams_do_is_nothing_to_be_told_of(clinic: Reception, desk: Desk) -> None:
    page = desk.page
    streams = 0

    def ends(route: Route) -> None:
        nonlocal streams
        streams += 1
        route.fulfill(content_type="text/event-stream", body="retry: 50\n\n" + ONE_STREAM)

    page.route("**/live", ends)
    desk.opens("/desk/inbox")
    page.evaluate("new MutationObserver(() => { window.told ||= !live.hidden; }).observe(live, {attributes: true})")
    with page.expect_response("**/live"), page.expect_response("**/live"):
        pass
    with page.expect_response("**/live"):
        pass
    assert streams > 1
    assert not page.evaluate("window.told")


def test_what_cannot_be_asked_for_is_said_once_and_no_longer_than_it_is_so(clinic: Reception, desk: Desk) -> None:
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    away = {"status": 503, "headers": {"HX-Retarget": "#notices", "HX-Reswap": "innerHTML"}}
    said = '<div class="notice is-trouble" role="alert" data-passing><p>Not available right now</p></div>'
    page.route(TALK, lambda route: route.fulfill(**away, content_type="text/html", body=said))
    clinic.mei_ling.says("Hello?")
    expect(page.get_by_text("Not available right now")).to_be_visible()
    page.evaluate("document.querySelector('#notices [data-passing]').id = 'first'")
    with page.expect_response(TALK):
        clinic.mei_ling.says("Anybody?")
    expect(page.locator("#first")).to_be_visible()
    page.unroute(TALK)
    clinic.mei_ling.says("Please")
    expect(page.locator("#thread")).to_contain_text("Please")
    expect(page.get_by_text("Not available right now")).to_be_hidden()


def test_two_tabs_of_a_browser_make_one_sound(clinic: Reception, desk: Desk) -> None:
    inbox.on_shift(clinic.front.desk, clinic.front.ids[ANA])
    desk.context.add_init_script(COUNTS_TONES)
    tabs = [desk.context.new_page() for _ in range(2)]
    for tab in tabs:
        tab.goto(f"{clinic.url}/desk/inbox")
        # Browsers let a page be heard once somebody has touched it.
        tab.locator("body").click()
    clinic.ravi.says("human")
    for tab in tabs:
        expect(tab).to_have_title("(2) Needs us · Oxford Spine")
    tabs[0].wait_for_function("localStorage.tones")
    tabs[0].evaluate("navigator.locks.request('frontdesk-sound', () => null)")
    assert tabs[0].evaluate("localStorage.tones") == "2", "one sound has two tones"
