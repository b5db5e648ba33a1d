"""The main job as a newcomer would try it: one command, a phone in the browser, and everything a patient does.

The whole house runs: webhook, pages, senders, queue, Redis, SQLite. ``make pictures`` keeps what is seen on the way.
"""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from tests import needs
from tests.browser.test_phone_page import QUIET

PATIENCE_SECONDS = 60
PATIENCE_MS = 20_000
MEI_LING, RAVI, SITI = "Mei Ling Tan", "Ravi", "Siti"


class House:
    """`python -m bot run` on ports and data of its own."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
            ports = {"PORT": str(one.getsockname()[1]), "DESK_PORT": str(two.getsockname()[1])}
        self.environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(folder), "USER": "Ana", "SIMULATOR": "on", **ports}
        self.url = ""

    def start(self) -> None:
        command = [sys.executable, "-m", "bot", "run"]
        self._process = subprocess.Popen(command, env=self.environ, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = select.select([self._process.stdout], [], [], PATIENCE_SECONDS)[0]
        line = self._process.stdout.readline() if ready else ""
        assert line.startswith("Frontdesk is ready: "), line
        self.url = line.split()[-1]

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=PATIENCE_SECONDS)

    def desk(self, *arguments: str) -> str:
        """What a receptionist reads in the terminal."""
        command = [sys.executable, "-m", "bot", "desk", *arguments]
        return subprocess.run(command, env=self.environ, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    needs.redis_program()
    house = House(tmp_path / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = needs.chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


class Phone:
    """One patient's phone on the page."""

    def __init__(self, page: Page, name: str) -> None:
        self.page, self.name = page, name
        self.region = page.get_by_role("region", name=f"Phone of {name}")

    def writes(self, words: str) -> None:
        field = self.page.get_by_label(f"Message as {self.name}")
        field.fill(words)
        field.press("Enter")

    def reads(self, words: str | re.Pattern[str]) -> Locator:
        """Wait until the last words on the phone are these."""
        last = self.region.locator(".bubble .words").last
        expect(last).to_contain_text(words, timeout=PATIENCE_MS)
        return last

    def hears(self, words: str) -> None:
        """Wait until something on the phone says this."""
        expect(self.region.locator(".bubble .words").filter(has_text=words).first).to_be_visible(timeout=PATIENCE_MS)

    def taps(self, label: str) -> None:
        self.region.get_by_role("button", name=label, exact=True).last.click()

    def chooses(self, row: int | str) -> str:
        """Open the list of the last message and send one of its rows; what it said."""
        self.region.get_by_role("button", name="Choose").last.click()
        sheet = self.page.locator("dialog#list[open]")
        found = sheet.get_by_role("radio").nth(row) if isinstance(row, int) else sheet.get_by_role("radio", name=row)
        label = found.locator("xpath=ancestor::label").inner_text().split("\n")[0]
        found.check()
        sheet.get_by_role("button", name="Send").click()
        return label


def picture(page: Page, name: str) -> None:
    """Keep what is seen, when pictures are wanted."""
    if folder := os.environ.get("PICTURES"):
        page.wait_for_timeout(400)
        page.screenshot(path=Path(folder) / f"{name}.png")


def open_phones(browser: Browser, house: House, width: int = 1280) -> Page:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(house.url)
    expect(page.get_by_role("log").first).to_be_visible()
    return page


def book_by_tapping(phone: Phone) -> str:
    """Book with taps alone (a name has to be written); the appointment's number."""
    phone.writes("hi")
    phone.reads("How can we help you?")
    phone.chooses("Book an appointment")
    phone.reads("What would you like to come for?")
    picture(phone.page, "phone")
    phone.chooses("First consultation")
    phone.reads("Which day suits you?")
    phone.chooses(1)
    phone.reads("These times are free")
    phone.chooses(0)
    phone.reads("Who is the appointment for?")
    phone.taps("For me")
    phone.reads("full name")
    phone.writes("Mei Ling Tan")
    phone.reads("Shall I book it?")
    picture(phone.page, "phone-confirm")
    phone.taps("Yes, book it")
    booked = phone.reads("Booked: First consultation").inner_text()
    found = re.search(r"Your number is (\S+)\.", booked)
    assert found
    return found.group(1)


def test_a_newcomer_tries_everything_a_patient_does(house: House, browser: Browser) -> None:
    page = open_phones(browser, house)
    mei_ling, ravi, siti = (Phone(page, name) for name in (MEI_LING, RAVI, SITI))
    number = book_by_tapping(mei_ling)

    # Booking again with typed words, with three questions in the middle of it.
    ravi.writes("can I book an appointment?")
    ravi.reads("What would you like to come for?")
    ravi.writes("What is sciatica?")
    ravi.hears("Sciatica is pain caused by")
    ravi.reads("What would you like to come for?")
    ravi.writes("review of a scan")
    ravi.reads("Which day suits you?")
    ravi.writes("What is a nerve block?")
    ravi.hears("It works in a similar way")
    ravi.reads("Which day suits you?")
    ravi.chooses(2)
    ravi.reads("These times are free")
    ravi.writes("1")
    ravi.reads("Who is the appointment for?")
    ravi.writes("for me")
    ravi.reads("full name")
    ravi.writes("Will I need an MRI?")
    ravi.hears("An MRI may be recommended")
    ravi.reads("full name")
    picture(page, "phone-question")

    # Everything is stopped in the middle, and started again.
    house.stop()
    house.start()
    page.goto(house.url)
    ravi.writes("Ravi Kumar")
    ravi.reads("Shall I book it?")
    ravi.writes("yes")
    ravi.reads("Booked: Review of a scan")

    # Moving it, and cancelling it.
    mei_ling.writes("my appointments")
    mei_ling.reads("Which appointment is it about?")
    mei_ling.writes("1")
    mei_ling.reads(f"Number {number}")
    mei_ling.taps("Change the time")
    mei_ling.reads("Which day suits you better?")
    mei_ling.chooses(3)
    mei_ling.reads("These times are free")
    mei_ling.chooses(1)
    mei_ling.reads("Shall I change it?")
    mei_ling.taps("Yes, change it")
    mei_ling.reads(f"Your number is {number}.")
    mei_ling.writes("cancel my appointment")
    mei_ling.reads("Which appointment is it about?")
    mei_ling.writes("1")
    mei_ling.reads("What would you like to do?")
    mei_ling.taps("Cancel it")
    mei_ling.reads("Shall I cancel this appointment?")
    mei_ling.taps("Yes, cancel it")
    mei_ling.reads("Cancelled: First consultation")

    # A red flag gets the safety text at once; the bot is silent afterwards.
    ravi.writes("since this morning I cannot pee and I am numb between my legs")
    ravi.reads("Go to the nearest hospital A&E now")
    picture(page, "phone-safety")

    # A person is asked for, answers, and hands back.
    siti.writes("hello")
    siti.reads("How can we help you?")
    siti.writes("can I talk to a human")
    siti.reads("passing you to our staff")
    waiting = house.desk("list").splitlines()
    assert "URGENT" in waiting[0]
    conversation = waiting[1].split()[0]
    house.desk("reply", conversation, "Hello Siti, this is Ana. How can I help?")
    siti.reads("this is Ana")
    siti.writes("menu")
    house.desk("back", conversation)
    siti.reads("How can we help you?")
    picture(page, "phones")
    page.close()


def test_the_phone_is_used_on_a_phone(house: House, browser: Browser) -> None:
    page = open_phones(browser, house, width=390)
    mei_ling = Phone(page, MEI_LING)
    mei_ling.writes("what is sciatica")
    mei_ling.reads(re.compile("How can we help you|anything else"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "phone-narrow")
    page.close()
