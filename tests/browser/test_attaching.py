"""A file sent from the desk in real browsers: chosen, seen, taken away, taken back, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, JSHandle, Locator, Page, expect

from bot.desk import reception, sent_files
from tests.browser.reception import BEN, Reception, open_reception, sitting_at
from tests.browser.test_desk_look import SIZES, Desk
from tests.browser.test_desk_slow_line import holds
from tests.web.desk_pages import ANA

PHOTO = (Path(__file__).parents[2] / "bot" / "web" / "static" / "phone-photo.jpg").read_bytes()
PDF = b"%PDF-1.7 how to prepare " + bytes(240_000)
GIVEN = """([name, type, text]) => {
  const given = new DataTransfer();
  given.items.add(new File([text], name, { type }));
  return given;
}"""

LARGE = """() => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(16_000_001)], "scan.pdf", { type: "application/pdf" }));
  return given;
}"""


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


@pytest.fixture
def sits_down(clinic: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    with sitting_at(clinic, browser) as sit:
        yield sit


@pytest.fixture
def page(clinic: Reception, sits_down: Callable[..., Desk]) -> Page:
    """Ana's desk, with Mei Ling's conversation, which waits for somebody."""
    return sits_down().opens(clinic.page_of(clinic.mei_ling))


def chooses(page: Page, content: bytes = PDF, name: str = "Before your operation.pdf") -> None:
    """Through the paper clip, as anybody would."""
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="Attach a photo or a PDF").click()
    asked.value.set_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})


def drops(page: Page, given: JSHandle) -> None:
    """What is dragged from elsewhere is let go over the thread."""
    page.dispatch_event("#thread", "dragover", {"dataTransfer": given})
    expect(page.locator(".composer.is-dropped-on")).to_be_visible()
    page.dispatch_event("#thread", "drop", {"dataTransfer": given})
    expect(page.locator(".composer.is-dropped-on")).to_have_count(0)


def strip(page: Page) -> Locator:
    return page.locator(".chosen")


def sends(page: Page) -> None:
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_text("On its way.")).to_be_visible()


def left(clinic: Reception) -> list[tuple[str, bool]]:
    """What reached Twilio: the words, and whether a file was with them."""
    clinic.sends(clinic.mei_ling)
    return [(one.outgoing.text, bool(one.outgoing.media)) for one in clinic.carrier.posted]


def test_a_file_is_chosen_and_leaves_with_the_words(clinic: Reception, page: Page) -> None:
    page.get_by_label("Reply to").fill("Please read this.")
    chooses(page)
    expect(strip(page)).to_contain_text("Before your operation.pdf")
    expect(page.get_by_label("Reply to")).to_have_value("Please read this.")
    sends(page)
    expect(strip(page)).to_have_count(0)
    expect(page.locator("#thread .sent-file")).to_contain_text("Before your operation.pdf")
    assert left(clinic) == [("", True), ("Please read this.", False)]


def test_a_photo_is_seen_before_and_after_and_opens_large(clinic: Reception, page: Page) -> None:
    chooses(page, PHOTO, "The way to us.jpg")
    small = strip(page).locator("img")
    assert small.evaluate("photo => photo.decode().then(() => photo.naturalWidth)") > 100
    sends(page)
    photo = page.get_by_role("img", name="The way to us.jpg: open it large")
    photo.click()
    expect(page.get_by_role("dialog", name="The way to us.jpg")).to_be_visible()
    assert left(clinic) == [("", True)]


def test_what_is_taken_back_is_there_again_with_its_file(clinic: Reception, page: Page) -> None:
    page.get_by_label("Reply to").fill("Hello Ravi")
    chooses(page)
    expect(strip(page)).to_be_visible()
    sends(page)
    expect(strip(page)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_label("Reply to")).to_have_value("Hello Ravi")
    expect(strip(page)).to_contain_text("Before your operation.pdf")
    assert left(clinic) == []
    page.get_by_label("Reply to").fill("")
    sends(page)
    assert left(clinic) == [("", True)]


def test_a_file_stays_over_a_reload_until_it_is_taken_away(clinic: Reception, page: Page) -> None:
    chooses(page)
    expect(strip(page)).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Take Before your operation.pdf away").click()
    expect(strip(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Attach a photo or a PDF")).to_be_focused()
    page.reload()
    expect(strip(page)).to_have_count(0)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"<html><script>alert(1)</script>", "WhatsApp takes photos (JPEG or PNG) and PDF documents."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field_and_the_words_stay(page: Page, content: bytes, words: str) -> None:
    page.get_by_label("Reply to").fill("Please read this.")
    chooses(page, content)
    expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(strip(page)).to_have_count(0)
    expect(page.get_by_label("Reply to")).to_have_value("Please read this.")


def test_what_is_too_large_is_not_even_sent_up(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    drops(page, page.evaluate_handle(LARGE))
    expect(page.get_by_role("alert").filter(has_text="WhatsApp takes up to 16 MB.")).to_be_visible()
    assert not [url for url in asked if url.endswith("/attach")]


def test_a_broken_line_loses_nothing_and_is_tried_again_by_one_click(clinic: Reception, page: Page) -> None:
    page.route("**/attach", lambda route: route.abort())
    chooses(page)
    expect(page.get_by_role("alert").filter(has_text="The line broke")).to_be_visible()
    page.unroute("**/attach")
    page.get_by_role("button", name="Try again").click()
    expect(strip(page)).to_contain_text("Before your operation.pdf")
    sends(page)
    assert left(clinic) == [("", True)]


def test_sent_while_it_is_still_on_its_way_up_it_goes_when_it_is_there(clinic: Reception, page: Page) -> None:
    held = holds(page, "**/attach")
    page.get_by_label("Reply to").fill("Please read this.")
    chooses(page)
    expect(page.get_by_role("progressbar", name="Taking up Before your operation.pdf")).to_be_visible()
    page.get_by_role("button", name="Send", exact=True).click()
    expect(strip(page)).to_contain_text("is sent when it is here")
    assert left(clinic) == []
    held[0].continue_()
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert left(clinic) == [("", True), ("Please read this.", False)]


def test_a_file_that_is_still_on_its_way_up_can_be_stopped(clinic: Reception, page: Page) -> None:
    holds(page, "**/attach")
    chooses(page)
    page.get_by_role("button", name="Stop").click()
    expect(strip(page)).to_have_count(0)


def test_whoever_loses_the_conversation_meanwhile_sends_nothing_and_keeps_her_file(
    clinic: Reception, page: Page
) -> None:
    page.get_by_role("button", name="Take over").click()
    chooses(page)
    expect(strip(page)).to_be_visible()
    ben = clinic.front.ids[BEN]
    reception.take_over(clinic.front.desk, clinic.mei_ling.conversation, ben, from_holder=clinic.front.ids[ANA])
    expect(page.locator("#state")).to_contain_text("Ben has this conversation")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_hidden()
    expect(page.get_by_role("button", name="Attach a photo or a PDF")).to_be_hidden()
    expect(strip(page)).to_be_visible()
    assert sent_files.chosen(clinic.front.desk, clinic.mei_ling.conversation, clinic.front.ids[ANA])
    assert left(clinic) == []


def test_what_she_has_not_seen_is_shown_before_a_file_leaves(clinic: Reception, page: Page) -> None:
    chooses(page)
    expect(strip(page)).to_be_visible()
    page.route("**/desk/inbox/*", lambda route: route.abort())
    clinic.mei_ling.says("No, the other one please")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="that you have not seen")).to_contain_text("the other one")
    expect(strip(page)).to_be_visible()
    assert not any(with_file for _, with_file in left(clinic))


@pytest.mark.parametrize("how", ["dropped", "pasted"])
def test_a_file_may_be_dropped_on_the_conversation_or_pasted_into_the_field(page: Page, how: str) -> None:
    given = page.evaluate_handle(GIVEN, ["letter.pdf", "application/pdf", "%PDF-1.7 a letter"])
    if how == "dropped":
        drops(page, given)
    else:
        page.evaluate(
            "given => document.getElementById('reply-text').dispatchEvent("
            "new ClipboardEvent('paste', { clipboardData: given, bubbles: true, cancelable: true }))",
            given,
        )
    expect(strip(page)).to_contain_text("letter.pdf")


def test_it_can_all_be_done_by_keys(clinic: Reception, page: Page) -> None:
    # A key is quicker than the browser is told to ask us and not the screen.
    page.on("filechooser", lambda _: None)
    clip = page.get_by_role("button", name="Attach a photo or a PDF")
    page.get_by_label("Reply to").focus()
    page.keyboard.press("Shift+Tab")
    expect(clip).to_be_focused()
    with page.expect_file_chooser() as asked:
        page.keyboard.press("Enter")
    asked.value.set_files({"name": "letter.pdf", "mimeType": "application/pdf", "buffer": PDF})
    expect(strip(page)).to_be_visible()
    page.get_by_label("Reply to").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("On its way.")).to_be_visible()
    assert left(clinic) == [("", True)]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark"), ("phone", "light")])
def test_it_fits_every_screen(clinic: Reception, sits_down: Callable[..., Desk], size: str, scheme: str) -> None:
    assert size in SIZES
    desk: Any = sits_down(size=size, scheme=scheme)
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    chooses(page, PHOTO, "The way to us and where to park when the gate is closed.jpg")
    expect(strip(page).locator("img")).to_be_visible()
    desk.looks_right()
    sends(page)
    chooses(page, b"nothing that is known")
    expect(page.get_by_role("alert").filter(has_text="WhatsApp takes")).to_be_visible()
    desk.looks_right()
