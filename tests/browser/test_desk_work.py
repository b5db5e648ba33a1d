"""Work in a conversation in a real browser: files, templates, a booking to finish, the patient beside the thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.desk import patients, replying, templates
from bot.desk import reception as passing
from bot.desk.speaking import send, status
from bot.ports.reception import Patient as Person
from tests.browser.reception import BEN, ROS, Reception, open_reception, sitting_at
from tests.browser.test_desk_look import Desk
from tests.fakes import FakeMediaSource
from tests.web.desk.test_files import LETTER, PHOTO, VOICE, Sender
from tests.web.desk_pages import ANA

DAY = 24 * 3600


@pytest.fixture
def source() -> FakeMediaSource:
    return FakeMediaSource()


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str, source: FakeMediaSource) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url, media_source=lambda: source) as clinic:
        yield clinic


@pytest.fixture
def sits_down(clinic: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    with sitting_at(clinic, browser) as sit:
        yield sit


def approve_templates(clinic: Reception) -> None:
    templates.sync(clinic.front.desk)
    clinic.carrier.approvals = dict.fromkeys(clinic.carrier.made.values(), ("approved", ""))
    templates.look(clinic.front.desk)


def shares_a_phone(clinic: Reception) -> None:
    for name in ("Mei Ling Tan", "Tan Ah Kow"):
        person = Person(0, name, "+6591234567", "", "")
        patients.add(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA], person)


def panel_of(page: Page) -> Page:
    """The page, as soon as the patient stands beside the thread."""
    expect(page.locator("#panel h2").first).to_have_text("Who it is about")
    return page


def test_a_photo_that_comes_in_is_seen_and_opens_large(
    clinic: Reception, sits_down: Callable[..., Desk], source: FakeMediaSource
) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    Sender(clinic.front, source, clinic.mei_ling).sends(PHOTO, text="My MRI")
    photo = page.get_by_role("img", name="Photo of the patient, 09:00")
    expect(photo).to_be_visible()
    assert photo.evaluate("photo => photo.decode().then(() => photo.naturalWidth)") > 100
    photo.click()
    large = page.get_by_role("dialog", name="Photo of the patient")
    expect(large).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(page.get_by_label("Reply to")).to_be_visible()


def test_a_voice_note_can_be_played(clinic: Reception, sits_down: Callable[..., Desk], source: FakeMediaSource) -> None:
    Sender(clinic.front, source, clinic.mei_ling).sends(VOICE)
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    expect(page.locator("audio")).to_be_visible()
    assert (
        page.evaluate(
            "new Promise((done) => { const one = document.querySelector('audio'); one.muted = true;"
            "one.addEventListener('playing', () => done('plays')); one.addEventListener('error', () => done('fails'));"
            "one.play().catch((error) => done(String(error))); })"
        )
        == "plays"
    )


def test_after_a_day_there_are_templates_until_the_patient_writes(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    approve_templates(clinic)
    clinic.front.clock.pass_seconds(DAY)
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    expect(page.locator("#reply-text")).to_be_hidden()
    expect(page.locator(".is-template")).to_contain_text("We have an answer to the question")
    clinic.mei_ling.says("Are you there?")
    expect(page.locator("#reply-text")).to_be_visible()
    expect(page.locator(".is-template")).to_be_hidden()


def test_a_booking_is_finished_from_the_conversation(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    for words in ("First consultation", "Tue 3 Mar", "10:00", "human"):
        clinic.siti.says(words)
    page = sits_down().opens(clinic.page_of(clinic.siti))
    page.get_by_role("link", name="Book this").click()
    with page.expect_response("**/book/times"):
        page.get_by_label("Day").fill("2026-03-05")
    expect(page.locator("#times input:checked")).to_have_count(0)
    page.locator("#times label", has_text="11:00").click()
    page.get_by_label("Name of the patient").fill("Siti Aminah")
    page.get_by_role("button", name="Book it", exact=True).click()
    expect(page.get_by_text("The patient is told.")).to_be_visible()
    expect(page.locator("#thread .line").last).to_contain_text("Thursday 5 March 2026, 11:00")
    expect(page.get_by_role("link", name="Book this")).to_have_count(0)


def test_what_is_typed_beside_the_thread_stays_while_others_change_something(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    shares_a_phone(clinic)
    page = panel_of(sits_down().opens(clinic.page_of(clinic.mei_ling)))
    label = page.get_by_role("textbox", name="A label")
    label.fill("insurance")
    page.get_by_label("Reply to").focus()
    replying.put_label(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[BEN], "scan")
    expect(page.locator(".talk-head")).to_contain_text("scan")
    expect(label).to_have_value("insurance")
    page.get_by_role("button", name="Label", exact=True).click()
    expect(page.locator("#panel .chip", has_text="insurance")).to_be_visible()
    expect(page.locator("#panel .chip", has_text="scan")).to_be_visible()
    expect(label).to_have_value("")


def test_who_it_is_about_is_chosen_beside_the_thread(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    shares_a_phone(clinic)
    page = panel_of(sits_down().opens(clinic.page_of(clinic.mei_ling)))
    expect(page.locator("#panel")).to_contain_text("Several patients write from here")
    page.locator("#panel").get_by_label("Tan Ah Kow").check()
    page.get_by_role("button", name="It is about this one").click()
    expect(page.locator("#panel")).not_to_contain_text("Several patients write from here")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tan Ah Kow")


def test_on_a_phone_the_patient_is_one_tap_away(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down(size="phone").opens(clinic.page_of(clinic.mei_ling))
    expect(page.locator("#panel")).to_be_hidden()
    page.get_by_role("link", name="Patient and appointments").click()
    expect(page.get_by_role("heading", name="Who it is about")).to_be_visible()
    page.get_by_role("link", name="Conversation").click()
    expect(page.get_by_label("Reply to")).to_be_visible()


def test_done_by_a_slip_of_a_key_is_taken_back(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    passing.take_over(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    page = sits_down().opens(clinic.page_of(clinic.mei_ling, "mine"))
    page.keyboard.press("e")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Reply to")).to_be_visible()
    expect(page.locator("#thread .line-event").last).to_contain_text("took “done” back")


def test_what_it_was_in_the_end_is_chosen_by_keys_and_taken_back(
    clinic: Reception, sits_down: Callable[..., Desk]
) -> None:
    passing.take_over(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    page = sits_down().opens(clinic.page_of(clinic.mei_ling, "mine"))
    page.keyboard.press("E")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Answered")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is done: Answered.")).to_be_visible()
    assert "closed_as" not in page.url, "a reload says nothing again"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#thread .line-event").last).to_contain_text("took “done” back")
    expect(page.locator("#thread .line-event").nth(-2)).to_contain_text("closed it: Answered")


def test_ticks_change_while_one_looks(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = sits_down().opens(clinic.page_of(clinic.mei_ling))
    said = replying.Reply("Good morning", "click-0001", undo_seconds=0)
    replying.send_reply(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA], said)
    send(clinic.front.desk, (clinic.mei_ling.conversation,), "sender")
    tick = page.locator("#thread .is-staff .tick").last
    expect(tick).to_have_attribute("title", "Sent")
    status(clinic.front.desk, clinic.carrier.posted[-1].outgoing.attempt, "", "read", None)
    expect(tick).to_have_attribute("title", "Read")


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "light"), ("narrow", "dark")])
def test_each_of_these_pages_is_readable_and_within_reach(
    clinic: Reception, sits_down: Callable[..., Desk], source: FakeMediaSource, size: str, scheme: str
) -> None:
    approve_templates(clinic)
    shares_a_phone(clinic)
    for words in ("First consultation", "Tue 3 Mar", "10:00", "human"):
        clinic.siti.says(words)
    Sender(clinic.front, source, clinic.mei_ling).sends(PHOTO, VOICE, LETTER)
    desk = sits_down(ANA, size, scheme)
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    if size == "wide":
        panel_of(page)
    desk.looks_right()
    for path in (f"{clinic.siti.conversation}/book", f"{clinic.mei_ling.conversation}/print?notes=yes", "new"):
        desk.opens(f"/desk/inbox/{path}")
        desk.looks_right()
    clinic.front.clock.pass_seconds(DAY)
    later = sits_down(ANA, size, scheme)
    later.opens(clinic.page_of(clinic.mei_ling))
    later.looks_right()
    later.page.keyboard.press("e")
    expect(later.page.get_by_role("button", name="Undo")).to_be_visible()
    later.looks_right()


def test_who_only_reads_sees_the_patient_and_changes_nothing(clinic: Reception, sits_down: Callable[..., Desk]) -> None:
    page = panel_of(sits_down(ROS).opens(clinic.page_of(clinic.mei_ling)))
    expect(page.locator("#panel button")).to_have_count(0)
