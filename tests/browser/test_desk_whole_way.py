"""From a patient's phone to the inbox and back, through all that runs: webhook, senders, Redis, live pages."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, expect

from tests import needs
from tests.browser.test_whole_way import MEI_LING, PATIENCE_MS, House, Phone, book_by_tapping, open_phones, picture


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    needs.redis_program()
    house = House(tmp_path / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()


def first_link(house: House) -> str:
    """The link that makes the first admin, as the terminal prints it."""
    command = [sys.executable, "-m", "bot", "staff", "first"]
    said = subprocess.run(command, env=house.environ, check=True, capture_output=True, text=True).stdout
    found = re.search(r"http://\S+", said)
    assert found, said
    return found[0]


def test_what_a_receptionist_writes_arrives_on_the_patients_phone(house: House, browser: Browser) -> None:
    phone = Phone(open_phones(browser, house), MEI_LING)
    book_by_tapping(phone)
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(first_link(house))
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Sign-in name").fill("ana")
    page.get_by_label("Password", exact=True).fill("four unrelated words")
    page.get_by_role("button", name="Open the desk").click()
    page.wait_for_url("**/desk/inbox*")
    page.goto(urljoin(page.url, "/desk/inbox?folder=bot"))
    page.locator("#list [data-row]").click()
    page.get_by_role("button", name="Take over").click()
    phone.writes("Can I bring my scans on a USB stick?")
    expect(page.locator("#thread")).to_contain_text("Can I bring my scans on a USB stick?", timeout=PATIENCE_MS)
    page.get_by_label("Reply to").fill("Hello Mei Ling, yes please, with the report.")
    page.get_by_role("button", name="Send", exact=True).click()
    phone.reads("Hello Mei Ling, yes please, with the report.")
    expect(page.locator("#thread .is-staff .tick.is-delivered, #thread .is-staff .tick.is-read")).to_be_visible(
        timeout=PATIENCE_MS
    )
    picture(page, "desk")
