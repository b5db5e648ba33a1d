"""The main job as a newcomer would try it: one command, a phone in the browser, and everything a patient does.

The whole house runs, once for all of this: webhook, pages, senders, queue, Redis, SQLite. Each test has patients of its
own. ``make pictures`` keeps what is seen on the way.
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
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests import needs

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


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    needs.redis_program()
    house = House(tmp_path_factory.mktemp("house") / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()


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


def phone_of_somebody_new(page: Page, name: str, number: str) -> Phone:
    """A phone of which the clinic knows nothing yet."""
    page.get_by_role("button", name="Add a patient").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Number").fill(number)
    page.get_by_role("button", name="Add", exact=True).click()
    return Phone(page, name)


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
    phone.writes(phone.name)
    phone.reads("Shall I book it?")
    picture(phone.page, "phone-confirm")
    phone.taps("Yes, book it")
    booked = phone.reads("Booked: First consultation").inner_text()
    found = re.search(r"Your number is (\S+)\.", booked)
    assert found
    return found.group(1)


def book_in_words_with_questions_in_between(phone: Phone) -> None:
    """Book with typed words, asking three questions on the way; stops where the name is asked."""
    phone.writes("can I book an appointment?")
    phone.reads("What would you like to come for?")
    phone.writes("What is sciatica?")
    phone.hears("Sciatica is pain caused by")
    phone.reads("What would you like to come for?")
    phone.writes("review of a scan")
    phone.reads("Which day suits you?")
    phone.writes("What is a nerve block?")
    phone.hears("It works in a similar way")
    phone.reads("Which day suits you?")
    phone.chooses(2)
    phone.reads("These times are free")
    phone.writes("1")
    phone.reads("Who is the appointment for?")
    phone.writes("for me")
    phone.reads("full name")
    phone.writes("Will I need an MRI?")
    phone.hears("An MRI may be recommended")
    phone.reads("full name")


def move(phone: Phone, number: str) -> None:
    """Move the appointment to another day."""
    phone.writes("my appointments")
    phone.reads("Which appointment is it about?")
    phone.writes("1")
    phone.reads(f"Number {number}")
    phone.taps("Change the time")
    phone.reads("Which day suits you better?")
    phone.chooses(3)
    phone.reads("These times are free")
    phone.chooses(1)
    phone.reads("Shall I change it?")
    phone.taps("Yes, change it")
    phone.reads(f"Your number is {number}.")


def cancel(phone: Phone) -> None:
    """Cancel the appointment."""
    phone.writes("cancel my appointment")
    phone.reads("Which appointment is it about?")
    phone.writes("1")
    phone.reads("What would you like to do?")
    phone.taps("Cancel it")
    phone.reads("Shall I cancel this appointment?")
    phone.taps("Yes, cancel it")
    phone.reads("Cancelled: First consultation")


def be_answered_by_ana(phone: Phone, house: House) -> None:
    """Ask for a person; Ana answers from her terminal and hands back."""
    phone.writes("hello")
    phone.reads("How can we help you?")
    phone.writes("can I talk to a human")
    phone.reads("passing you to our staff")
    urgent, *others = house.desk("list").splitlines()
    assert "URGENT" in urgent
    conversation = next(line for line in others if " waits " in line).split()[0]
    house.desk("reply", conversation, "Hello Siti, this is Ana. How can I help?")
    phone.reads("this is Ana")
    house.desk("back", conversation)
    phone.reads("How can we help you?")


def test_a_newcomer_tries_everything_a_patient_does(house: House, browser: Browser) -> None:
    page = open_phones(browser, house)
    mei_ling, ravi, siti = (Phone(page, name) for name in (MEI_LING, RAVI, SITI))
    number = book_by_tapping(mei_ling)
    book_in_words_with_questions_in_between(ravi)
    picture(page, "phone-question")

    # Everything is stopped in the middle, and started again.
    house.stop()
    house.start()
    page.goto(house.url)
    ravi.writes("Ravi Kumar")
    ravi.reads("Shall I book it?")
    ravi.writes("yes")
    ravi.reads("Booked: Review of a scan")

    move(mei_ling, number)
    cancel(mei_ling)

    ravi.writes("since this morning I cannot pee and I am numb between my legs")
    ravi.reads("Go to the nearest hospital A&E now")
    picture(page, "phone-safety")
    be_answered_by_ana(siti, house)
    picture(page, "phones")
    page.close()


def test_the_phone_is_used_on_a_phone(house: House, browser: Browser) -> None:
    page = open_phones(browser, house, width=390)
    omar = phone_of_somebody_new(page, "Omar", "+65 9000 0001")
    omar.writes("what is sciatica")
    omar.reads(re.compile("How can we help you|anything else"))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "phone-narrow")
    page.close()


def first_link(house: House) -> str:
    """The link that makes the first admin, as the terminal prints it."""
    command = [sys.executable, "-m", "bot", "staff", "first"]
    said = subprocess.run(command, env=house.environ, check=True, capture_output=True, text=True).stdout
    found = re.search(r"http://\S+", said)
    assert found, said
    return found[0]


def test_what_a_receptionist_writes_arrives_on_the_patients_phone(house: House, browser: Browser) -> None:
    phones = open_phones(browser, house)
    phone = phone_of_somebody_new(phones, "Nora Aziz", "+65 9000 0002")
    book_by_tapping(phone)
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(first_link(house))
    page.get_by_label("Your name").fill("Ana")
    page.get_by_label("Sign-in name").fill("ana")
    page.get_by_label("Password", exact=True).fill("four unrelated words")
    page.get_by_role("button", name="Open the desk").click()
    page.wait_for_url("**/desk/inbox*")
    page.goto(urljoin(page.url, "/desk/inbox?folder=bot"))
    page.locator("#list [data-row]", has_text="Nora Aziz").click()
    page.get_by_role("button", name="Take over").click()
    phone.writes("Can I bring my scans on a USB stick?")
    expect(page.locator("#thread")).to_contain_text("Can I bring my scans on a USB stick?", timeout=PATIENCE_MS)
    page.get_by_label("Reply to").fill("Hello Nora, yes please, with the report.")
    page.get_by_role("button", name="Send", exact=True).click()
    phone.reads("Hello Nora, yes please, with the report.")
    expect(page.locator("#thread .is-staff .tick.is-delivered, #thread .is-staff .tick.is-read")).to_be_visible(
        timeout=PATIENCE_MS
    )
    page.goto(page.url.replace("folder=bot", "folder=mine"))
    expect(page.locator("#list [data-row]", has_text="Nora Aziz")).to_be_visible()
    picture(page, "desk")
    page.locator("#list [data-row]", has_text="Nora Aziz").click()
    send_a_letter(page, phone)
    page.close()
    phones.close()


LETTER = b"%PDF-1.7 what to bring with you"


def send_a_letter(page: Page, phone: Phone) -> None:
    """Ana sends a document; it lies on the phone as it lay on her desk, with her words after it."""
    with page.expect_file_chooser() as asked:
        page.get_by_role("button", name="Attach a photo or a PDF").click()
    asked.value.set_files({"name": "What to bring.pdf", "mimeType": "application/pdf", "buffer": LETTER})
    expect(page.locator(".chosen")).to_contain_text("What to bring.pdf")
    page.get_by_label("Reply to").fill("This is what to bring.")
    page.get_by_role("button", name="Send", exact=True).click()
    phone.reads("This is what to bring.")
    with phone.page.expect_download() as saved:
        phone.region.get_by_role("link", name="Document").click()
    assert Path(saved.value.path()).read_bytes() == LETTER
    expect(page.locator("#thread .line", has_text="What to bring.pdf").locator(".tick")).to_have_class(
        re.compile("is-delivered|is-read"), timeout=PATIENCE_MS
    )
