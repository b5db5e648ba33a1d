"""The page of phones in a real browser, with a stub of the clinic behind it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.rules import broken_rules
from tests.web.simulated import ACCOUNT, CLINIC, MEI_LING, RAVI, TOKEN, World, simulated

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 320, "height": 640}
BUTTONS = {
    "twilio/quick-reply": {
        "body": "How can we *help*?",
        "actions": [{"title": "Book a visit", "id": "c1:book"}, {"title": "Ask", "id": "c1:ask"}],
    }
}
LIST = {
    "twilio/list-picker": {
        "body": "Which time suits you?",
        "button": "See the times",
        "items": [
            {"item": "9:00 am", "id": "nine", "description": "Dr Nolan"},
            {"item": "9:30 am", "id": "half", "description": ""},
            {"item": "Another day", "id": "other"},
        ],
    }
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with simulated(tmp_path) as world:
        yield world


@pytest.fixture
def page(world: World, browser: Browser) -> Iterator[Page]:
    """The page on a wide screen; whatever goes wrong in its console fails the test."""
    page = browser.new_page(viewport=WIDE)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if "Content Security" in line.text else None)
    page.goto(f"{world.pages_url}/phone")
    expect(page.get_by_role("log")).to_have_count(3)
    yield page
    page.close()
    assert not wrong


def phone(page: Page, name: str = "Mei Ling Tan") -> Locator:
    return page.get_by_role("region", name=f"Phone of {name}")


def write(page: Page, words: str, name: str = "Mei Ling Tan") -> None:
    page.get_by_label(f"Message as {name}").fill(words)
    page.keyboard.press("Enter")


def ask(world: World, types: dict[str, object], to: str = MEI_LING) -> None:
    """The clinic asks with buttons or a list."""
    world.simulator.send(to, "text", "Hi")
    template = {"language": "en", "types": types}
    sid = world.app.test_client().post("/simulator/v1/Content", json=template, auth=(ACCOUNT, TOKEN)).get_json()["sid"]
    world.twilio().messages.create(to=to, from_=CLINIC, content_sid=sid)


def test_a_patient_writes_and_the_clinic_answers(world: World, page: Page) -> None:
    world.webhook.after_inbound = lambda form: world.say(form["From"], f"Good morning, *{form['ProfileName']}*")
    write(page, "Hello\nthere")
    bubbles = phone(page).locator(".bubble .words")
    expect(bubbles).to_have_text(["Hello\nthere", "Good morning, Mei Ling Tan"])
    expect(bubbles.nth(1).locator("strong")).to_have_text("Mei Ling Tan")
    expect(phone(page).get_by_role("img", name="Read")).to_be_visible()
    expect(phone(page, "Ravi").locator(".bubble")).to_have_count(0)


def test_times_are_the_clinics(world: World, page: Page) -> None:
    write(page, "Hello")
    expect(phone(page).locator(".bubble time")).to_have_text(re.compile(r"^9:00\sam$"))
    expect(phone(page).locator(".day")).to_have_text("Monday, 2 March")


def test_shift_and_enter_make_a_new_line_and_the_field_grows(world: World, page: Page) -> None:
    field = page.get_by_label("Message as Mei Ling Tan")
    before = field.bounding_box()
    field.press_sequentially("one")
    field.press("Shift+Enter")
    field.press_sequentially("two")
    after = field.bounding_box()
    assert before
    assert after
    assert after["height"] > before["height"]
    assert not world.webhook.forms
    field.press("Enter")
    expect(phone(page).locator(".words")).to_have_text("one\ntwo")
    expect(field).to_have_value("")


def test_the_clinic_seems_to_type_until_it_answers(world: World, page: Page) -> None:
    write(page, "Hello")
    expect(phone(page).locator(".presence")).to_have_text("typing…")
    world.say(MEI_LING, "Good morning")
    expect(phone(page).locator(".presence")).to_have_text("online")


def test_a_button_is_tapped_and_quoted(world: World, page: Page) -> None:
    ask(world, BUTTONS)
    phone(page).get_by_role("button", name="Book a visit").click()
    expect(phone(page).locator("blockquote")).to_contain_text("How can we help?")
    assert world.webhook.wait_for_form("ButtonPayload", "c1:book")


def test_whoever_writes_while_her_tap_is_under_way_keeps_the_pen(world: World, page: Page) -> None:
    ask(world, BUTTONS)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/phone/send", hold)
    with page.expect_request("**/phone/send"):
        phone(page).get_by_role("button", name="Book a visit").click()
    field = page.get_by_label("Message as Mei Ling Tan")
    field.fill("And")
    with page.expect_response("**/phone/send"):
        held[0].continue_()
    page.unroute("**/phone/send")
    expect(phone(page).locator("blockquote")).to_contain_text("How can we help?")
    page.keyboard.type(" bring my scans?")
    page.keyboard.press("Enter")
    assert world.webhook.wait_for_form("Body", "And bring my scans?")


def test_a_row_is_chosen_with_the_keyboard_alone(world: World, page: Page) -> None:
    ask(world, LIST)
    opener = phone(page).get_by_role("button", name="See the times")
    opener.focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog", name="See the times")
    expect(sheet.get_by_role("radio")).to_have_count(3)
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('#list') !== null"), "focus left the sheet"
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    sheet.get_by_role("radio", name="9:00 am").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(sheet).to_be_hidden()
    expect(phone(page).locator(".from-patient .words").last).to_contain_text("9:30 am")
    assert world.webhook.wait_for_form("ListId", "half")


def test_a_sheet_that_is_opened_again_at_once_still_sends_what_is_chosen(world: World, page: Page) -> None:
    ask(world, LIST)
    opener = phone(page).get_by_role("button", name="See the times")
    opener.click()
    # Both in one go: the browser tells that it was closed when it is open again.
    opener.evaluate("opener => { document.querySelector('#list').close(''); opener.click() }")
    page.get_by_role("radio", name="9:30 am").check()
    page.keyboard.press("Enter")
    assert world.webhook.wait_for_form("ListId", "half")
    write(page, "Thank you")
    world.webhook.wait_for_form("Body", "Thank you")
    assert [form["ListId"] for form in world.webhook.forms if "ListId" in form] == ["half"]


def test_a_closed_sheet_sends_nothing(world: World, page: Page) -> None:
    ask(world, LIST)
    before = len(world.webhook.forms)
    phone(page).get_by_role("button", name="See the times").click()
    page.get_by_role("radio", name="9:00 am").check()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    write(page, "Another question")
    expect(phone(page).locator(".from-patient .words").last).to_have_text("Another question")
    world.webhook.wait_for_form("Body", "Another question")
    assert len(world.webhook.forms) == before + 1


@pytest.mark.parametrize("what", ["Photo", "Voice note", "Location", "Contact"])
def test_everything_can_be_attached(world: World, page: Page, what: str) -> None:
    page.get_by_role("button", name="Attach as Ravi").click()
    page.get_by_role("dialog", name="Attach").get_by_role("button", name=what).click()
    expect(phone(page, "Ravi").locator(".bubble")).to_have_count(1)
    expect(phone(page, "Ravi").get_by_role("img", name="Delivered")).to_be_visible()
    assert world.webhook.wait_for_form("From", RAVI)


def test_a_message_that_failed_is_sent_again(world: World, page: Page) -> None:
    world.webhook.answer = ("", 503)
    write(page, "Hello")
    again = phone(page).get_by_role("button", name="Try again")
    expect(again).to_be_visible()
    world.webhook.answer = ("<Response/>", 200)
    again.click()
    expect(phone(page).get_by_role("img", name="Delivered")).to_be_visible()
    expect(phone(page).locator(".bubble")).to_have_count(1)


def test_what_the_page_shows_is_read(world: World, page: Page) -> None:
    world.simulator.send(MEI_LING, "text", "Hi")
    message = world.say(MEI_LING, "Good morning", status_callback="https://desk.example.org/twilio/status?m=1")
    assert world.webhook.wait_for_status("read")["MessageSid"] == message.sid


def test_whatever_is_written_stays_words(world: World, page: Page) -> None:
    written = "<img src=x onerror=alert(1)> javascript:alert(1) http://plain.example https://safe.example/a?b=c."
    write(page, written)
    words = phone(page).locator(".words")
    expect(words).to_have_text(written)
    expect(words.locator("a")).to_have_attribute("href", "https://safe.example/a?b=c")
    expect(words.locator("img")).to_have_count(0)


def test_marks_count_only_around_words(world: World, page: Page) -> None:
    write(page, "*bold* _italic_ ~gone~ 2*3*4 snake_case_name * not * *_both_*")
    words = phone(page).locator(".words")
    expect(words.locator("strong")).to_have_text(["bold", "both"])
    expect(words.locator("em")).to_have_text(["italic", "both"])
    expect(words.locator("s")).to_have_text("gone")
    expect(words).to_contain_text("2*3*4 snake_case_name * not *")


def test_a_reload_shows_the_history(world: World, page: Page) -> None:
    write(page, "Hello")
    expect(phone(page).locator(".bubble")).to_have_count(1)
    page.reload()
    expect(phone(page).locator(".words")).to_have_text("Hello")


def test_a_patient_comes_and_goes(world: World, page: Page) -> None:
    page.get_by_role("button", name="Add a patient").click()
    page.get_by_label("Name").fill("Ana")
    page.get_by_label("Number").fill("+65 8123 4501")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("already")
    page.get_by_label("Number").fill("")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("log")).to_have_count(4)
    page.get_by_role("button", name="About the phone of Ana").click()
    page.get_by_role("button", name="Remove phone").click()
    expect(page.get_by_role("log")).to_have_count(3)


def test_a_new_message_below_waits_behind_a_pill(world: World, page: Page) -> None:
    for number in range(30):
        world.simulator.send(MEI_LING, "text", f"number {number}")
    log = phone(page).get_by_role("log")
    expect(log.locator(".bubble")).to_have_count(30)
    log.evaluate("log => { log.scrollTop = 0 }")
    pill = phone(page).locator(".to-end")
    expect(pill).to_be_visible()
    world.say(MEI_LING, "Good morning")
    expect(pill).to_have_text("1")
    assert log.evaluate("log => log.scrollTop") == 0
    pill.click()
    expect(pill).to_be_hidden()
    expect(log.locator(".words").last).to_be_in_viewport()


def test_on_a_narrow_screen_one_phone_is_shown_and_the_others_count_what_is_new(world: World, page: Page) -> None:
    page.set_viewport_size(NARROW)
    expect(phone(page)).to_be_visible()
    expect(phone(page, "Ravi")).to_be_hidden()
    world.simulator.send(RAVI, "text", "Hi")
    world.say(RAVI, "Good morning")
    tab = page.get_by_role("navigation").get_by_role("button", name="Ravi")
    expect(tab.locator(".unread")).to_have_text("1")
    tab.click()
    expect(phone(page, "Ravi").locator(".words").last).to_have_text("Good morning")
    expect(tab.locator(".unread")).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_tap_while_the_desk_is_away_keeps_the_words(world: World, page: Page) -> None:
    page.route("**/phone/send", lambda route: route.abort())
    write(page, "Hello")
    expect(page.get_by_role("status")).to_contain_text("does not answer")
    expect(page.get_by_label("Message as Mei Ling Tan")).to_have_value("Hello")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_axe_finds_nothing_to_object_to(world: World, browser: Browser, scheme: str, viewport: dict[str, int]) -> None:
    world.webhook.answer = ("", 503)
    world.simulator.send(MEI_LING, "text", "lost")
    world.webhook.answer = ("<Response/>", 200)
    for kind in ("photo", "voice", "location", "contact"):
        world.simulator.send(MEI_LING, kind, "See https://example.org and *this*")
    ask(world, BUTTONS)
    sid = world.simulator.events(0, 0)["messages"][-1]["sid"]
    world.simulator.send(MEI_LING, "button", "", (sid, "c1:book"))
    ask(world, LIST)
    page = browser.new_page(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
    page.goto(f"{world.pages_url}/phone")
    expect(phone(page).locator(".bubble")).to_have_count(10)
    assert broken_rules(page) == []
    page.get_by_role("button", name="See the times").click()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Attach as Mei Ling Tan").click()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add a patient").click()
    assert broken_rules(page) == []
    page.keyboard.press("Escape")
    small = page.evaluate(SMALL_TARGETS)
    assert json.loads(small) == []
    page.close()


SMALL_TARGETS = """JSON.stringify([...document.querySelectorAll("button, input, textarea")]
    .filter((target) => target.offsetParent !== null)
    .filter((target) => target.offsetWidth < 24 || target.offsetHeight < 24)
    .map((target) => target.outerHTML))"""
