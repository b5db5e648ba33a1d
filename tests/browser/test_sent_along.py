"""Places, contact cards and replies, as staff see them: they fit any width, and a click selects what one would copy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, expect

from bot.core.contact_card import ContactCard, written
from bot.core.location import read_location
from bot.desk.media import tend_media
from bot.desk.turns import receive
from bot.ports import Attachment, Fetched
from tests.browser.reception import Reception, open_reception, sitting_at
from tests.browser.test_desk_look import Desk
from tests.fakes import FakeMediaSource

CARD_AT = "https://api.twilio.com/card"
CARDS = (ContactCard("Dr Lim Wei", ("+65 6000 0000", "+65 9123 4567")), ContactCard("A" * 100, ("1" * 40,)))


@pytest.fixture
def clinic(sqlite_url: str, redis_url: str) -> Iterator[Reception]:
    with open_reception(sqlite_url, redis_url) as clinic:
        yield clinic


@pytest.fixture
def sits_down(clinic: Reception, browser: Browser) -> Iterator[Callable[..., Desk]]:
    with sitting_at(clinic, browser) as sit:
        yield sit


@pytest.mark.parametrize("size", ["narrow", "wide"])
def test_what_was_sent_along_fits_and_is_selected_whole_by_a_click(
    clinic: Reception, sits_down: Callable[..., Desk], size: str
) -> None:
    sent_along(clinic)
    desk = sits_down(size=size)
    page = desk.opens(clinic.page_of(clinic.mei_ling))
    expect(page.locator("#thread").get_by_text("Dr Lim Wei")).to_be_visible()
    desk.looks_right()
    page.get_by_text("1.3048, 103.8318", exact=True).click()
    assert page.evaluate("getSelection().toString()") == "1.3048, 103.8318"


def sent_along(clinic: Reception) -> None:
    """She replies to us, and sends two cards and two places."""
    source = FakeMediaSource({CARD_AT: Fetched(written(CARDS), "text/vcard")})
    desk, she = replace(clinic.front.desk, media_source=lambda: source), clinic.mei_ling
    orchard = read_location("1.3048", "103.8318", "Orchard MRT", "437 Orchard Road, Singapore 238878")
    far = read_location("-33.123456", "179.654321", "x" * 200, "y" * 300)
    receive(desk, she.message("Which one is that?", quotes=clinic.carrier.on_list[0].sid))
    receive(desk, she.message("", kind="contact", attachments=(Attachment(CARD_AT),)))
    for place in (far, orchard):
        receive(desk, she.message("", kind="location", location=place))
    with desk.book.begin() as ledger:
        due = ledger.media_due(clinic.front.clock.epoch, 10)
    for id in due:
        tend_media(desk, id)
