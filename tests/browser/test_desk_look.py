"""The desk's pages in a real browser: nothing is refused to it, nothing is out of reach, nothing is unreadable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from flask import Blueprint, Response
from playwright.sync_api import Browser, BrowserContext, Page, expect

from bot.desk import erasure, staff
from bot.ports.alerts import Alert
from bot.web.desk import page as open_to
from bot.web.desk import show
from tests.browser.rules import broken_rules
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ADA, ANA, PASSWORD, Front, login_of, open_front
from tests.web.diary_scene import booked
from tests.web.simulated import served

STYLE = Path(__file__).parents[2] / "bot" / "web" / "static" / "desk" / "desk.css"
SIZES = {"wide": (1280, 800), "phone": (390, 844), "narrow": (320, 640)}
PLACES = {
    "inbox": ("/desk/inbox", "inbox.read"),
    "diary": ("/desk/calendar", "diary.read"),
    "patients": ("/desk/patients", "patients.read"),
    "numbers": ("/desk/numbers", "numbers.read"),
    "search": ("/desk/search", "patients.read"),
}


def place(name: str) -> Blueprint:
    """A page that is still to come: the shell around it is what is looked at."""
    room = Blueprint(name, __name__)
    path, permission = PLACES[name]

    @room.get(path, endpoint="show")
    @open_to(permission)
    def show_nothing() -> Response:
        return show("desk/admin.html", places=[])

    return room


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url, rooms=[place(name) for name in PLACES if not has_template(name)]) as front:
        yield front


def has_template(name: str) -> bool:
    """Whether a place has its own page by now."""
    return (STYLE.parents[2] / "templates" / "desk" / f"{name}.html").exists()


@pytest.fixture
def url(front: Front) -> Iterator[str]:
    with served(front.app) as url:
        yield url


class Desk:
    """A browser window, which remembers what the browser refused or complained about."""

    def __init__(self, browser: Browser, url: str, size: str = "wide", scheme: str = "light") -> None:
        width, height = SIZES[size]
        self.context: BrowserContext = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        self.page: Page = self.context.new_page()
        self.url = url
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda line: self._hear(line.text))

    def _hear(self, line: str) -> None:
        if "Content Security" in line or "Content-Security" in line:
            self.wrong.append(line)

    def opens(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def searches(self, words: str) -> Page:
        self.opens("/desk/search")
        with self.page.expect_navigation():
            self.page.get_by_role("searchbox", name="Name or number").fill(words)
            self.page.keyboard.press("Enter")
        return self.page

    def signs_in(self, name: str) -> None:
        """Post the form that one signs in by; what it looks like, and typing into it, are tests of their own."""
        form, asked = f"{self.url}/desk/sign-in", self.context.request
        token = re.search(r'name="form_token" value="(\w+)"', asked.get(form).text())
        assert token
        typed = {"form_token": token[1], "login": login_of(name), "password": PASSWORD}
        answer = asked.post(form, form=typed, headers={"Sec-Fetch-Site": "same-origin"}, max_redirects=0)
        assert answer.status == 303

    def types_in(self, name: str, password: str = PASSWORD) -> None:
        self.opens("/desk/sign-in")
        self.page.get_by_label("Sign-in name").fill(login_of(name))
        self.page.get_by_label("Password").fill(password)
        self.clicks("Sign in")

    def clicks(self, button: str) -> None:
        """Press a button that leads to a page, and be there: what is done before that is done on the page of before."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button).click()

    def looks_right(self) -> None:
        """No rule of axe is broken, nothing is wider than the screen, and what can be touched is large enough."""
        assert broken_rules(self.page) == []
        assert self.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), self.page.url
        small = self.page.evaluate(
            """() => [...document.querySelectorAll('button, summary, input:not([type=hidden]), select, nav a, .button')]
            .filter(one => one.checkVisibility() && !one.closest('.choice') && !one.closest('.steps details'))
            .filter(one => one.getBoundingClientRect().height < 42 || one.getBoundingClientRect().width < 42)
            .map(one => one.outerHTML)"""
        )
        assert small == [], self.page.url


def test_chromium_would_put_the_desk_on_a_home_screen(url: str, browser: Browser) -> None:
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    desk.opens("/desk/inbox")
    window = desk.context.new_cdp_session(desk.page)
    assert window.send("Page.getAppManifest")["errors"] == []
    found = window.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A test's window is one that keeps nothing.
    assert {error["errorId"] for error in found} <= {"in-incognito"}
    desk.context.close()
    assert desk.wrong == []


def patient_data(front: Front) -> list[str]:
    """Alerts, consents and erasures with something in each: Mei Ling wrote STOP, Ravi was erased, a letter waits."""
    mei, ravi = Patient(front.desk), Patient(front.desk, RAVI)
    mei.says("STOP")
    booked(front, conversation=mei.conversation)
    ravi.says("hello")
    erased = erasure.erase(front.desk, front.ids[ADA], 0, (ravi.conversation,), "ERASE")
    with front.desk.book.begin() as ledger:
        ledger.raise_alert(Alert("waiting:1", "waiting", mei.conversation, front.clock.epoch), front.clock.epoch)
        (her,) = ledger.patients_of(mei.conversation)
    data = f"/desk/patients/{her.id}/data"
    shown = ("consents", "erasures", f"erasures/{erased}")
    return ["/desk/admin/alerts", data, *(f"/desk/patients/{name}" for name in (her.id, *shown))]


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
def test_every_page_is_readable_reachable_and_allowed_by_its_own_policy(
    front: Front, url: str, browser: Browser, size: str, scheme: str
) -> None:
    desk = Desk(browser, url, size, scheme)
    made = staff.invite(front.desk, front.locks, staff.TERMINAL, "Ben Tan with a long name", "ben", "reception")
    for path in ("/desk/sign-in", f"/desk/join/{made.token}", "/desk/join/over"):
        desk.opens(path)
        desk.looks_right()
    desk.types_in(ADA, "wrong words altogether")
    desk.looks_right()
    desk.types_in(ADA)
    one = f"/desk/staff/{front.ids[ANA]}"
    for path in ("/desk/inbox", "/desk/admin", "/desk/staff", one, "/desk/audit", "/desk/account", "/desk/nowhere"):
        desk.opens(path)
        desk.looks_right()
    for path in patient_data(front):
        desk.opens(path)
        desk.looks_right()
    desk.opens("/desk/inbox").keyboard.press("?")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    desk.looks_right()
    desk.opens(one)
    desk.clicks("Make a link")
    desk.looks_right()
    desk.opens("/desk/account")
    desk.clicks("Set it up")
    desk.looks_right()
    desk.context.close()
    assert desk.wrong == []


def test_by_keyboard_alone_one_signs_in_looks_around_and_signs_out(url: str, browser: Browser) -> None:
    desk = Desk(browser, url)
    keys = desk.opens("/desk/account").keyboard
    expect(desk.page.get_by_label("Sign-in name")).to_be_focused()
    keys.type("ada")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", name=ADA)).to_be_visible()
    for letter, title in (("n", "Numbers"), ("c", "Calendar"), ("a", "Admin")):
        desk.page.wait_for_load_state()
        keys.press("g")
        keys.press(letter)
        expect(desk.page.get_by_role("navigation").get_by_role("link", name=title)).to_have_attribute(
            "aria-current", "page"
        )
    desk.page.wait_for_load_state()
    keys.press("/")
    expect(desk.page.get_by_role("searchbox")).to_be_focused()
    keys.type("g?")
    expect(desk.page.get_by_role("searchbox")).to_have_value("g?")
    desk.page.get_by_role("searchbox").blur()
    keys.press("?")
    expect(desk.page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(desk.page.get_by_role("dialog")).to_be_hidden()
    desk.page.locator("details.menu summary").focus()
    keys.press("Enter")
    keys.press("Tab")
    keys.press("Tab")
    keys.press("Enter")
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    desk.page.go_back()
    expect(desk.page.get_by_role("heading", name="Sign in")).to_be_visible()
    desk.context.close()
    assert desk.wrong == []


def test_single_keys_can_be_switched_off(url: str, browser: Browser) -> None:
    desk = Desk(browser, url)
    desk.signs_in(ANA)
    desk.opens("/desk/account").get_by_label("Single keys do something").uncheck()
    desk.page.get_by_role("region", name="Preferences").get_by_role("button", name="Save").click()
    expect(desk.page.get_by_text("Saved.")).to_be_visible()
    desk.page.keyboard.press("?")
    expect(desk.page.get_by_role("dialog")).to_be_hidden()
    desk.context.close()


def test_a_change_asked_for_by_another_site_is_refused_by_browser_and_desk(
    front: Front, url: str, browser: Browser
) -> None:
    desk = Desk(browser, url)
    desk.signs_in(ADA)
    foreign = url.replace("127.0.0.1", "localhost")
    desk.page.goto(f"{foreign}/desk/sign-in")
    # The very form of ours, shown by somebody else: another site's page would do the same.
    refused = desk.page.evaluate(
        """(target) => new Promise((refused) => {
            document.addEventListener("securitypolicyviolation", (event) => refused(event.effectiveDirective));
            const form = document.querySelector("form");
            form.action = target;
            form.submit();
        })""",
        f"{url}/desk/staff/{front.ids[ANA]}/disable",
    )
    assert refused == "form-action"
    assert next(one.status for one in staff.everybody(front.desk) if one.name == ANA) == "active"
    desk.context.close()


def test_the_audit_is_read_on_a_phone_without_going_sideways_and_stays_a_table(
    front: Front, url: str, browser: Browser
) -> None:
    desk = Desk(browser, url, "narrow")
    desk.signs_in(ADA)
    page = desk.opens("/desk/audit?action=joined")
    lines = page.get_by_role("region", name="Lines of the audit")
    assert lines.evaluate("(one) => one.scrollWidth <= one.clientWidth")
    assert page.get_by_role("columnheader").all_inner_texts() == ["When", "Who", "Did what", "To what", "More"]
    joined = page.get_by_role("row").filter(has_text="Joined").filter(has_text=ANA)
    assert joined.get_by_role("cell").all_inner_texts()[1:4] == [ANA, "Joined", ANA]
    desk.context.close()


def test_without_scripts_everything_can_still_be_done(front: Front, url: str, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/desk/staff")
    page.get_by_label("Sign-in name").fill("ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Name", exact=True).fill("Ben Tan")
    page.get_by_label("Sign-in name").fill("ben")
    page.get_by_role("button", name="Make an invitation").click()
    expect(page.get_by_role("textbox", name="Link")).to_have_value(re.compile(rf"^{url}/desk/join/\w+$"))
    page.locator("details.menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    context.close()


# ---- contrasts, as WCAG 2.2 computes them


def tokens(scheme: str) -> dict[str, str]:
    light, _, dark = STYLE.read_text().partition("@media (prefers-color-scheme: dark)")
    found = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light.partition("/* ---- ground")[0]))
    return found | (
        dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark.partition("/* ---- ground")[0]))
        if scheme == "dark"
        else {}
    )


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


GROUNDS = ("ground", "card", "sunken")
WORDS = [
    *product(("ink", "soft", "accent", "accent-deep"), GROUNDS),
    *product(("alert", "warn", "info"), ("ground", "card")),
    *((name, f"{name}-wash") for name in ("alert", "warn", "info", "note")),
    *product(("ink", "soft", "accent-deep"), ("accent-wash", "note-wash")),
    ("ink", "alert-wash"),
    ("on-accent", "accent"),
    ("on-accent", "accent-deep"),
    ("card", "alert"),
]
EDGES = [*product(("edge", "accent", "alert"), GROUNDS)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_pair_of_colours_can_be_told_apart(scheme: str) -> None:
    colours = tokens(scheme)
    pale = [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in WORDS if contrast(colours[a], colours[b]) < 4.5
    ]
    faint = [
        (a, b, round(contrast(colours[a], colours[b]), 2)) for a, b in EDGES if contrast(colours[a], colours[b]) < 3
    ]
    assert pale + faint == []


def test_no_colour_stands_outside_the_tokens() -> None:
    rules = STYLE.read_text().partition("/* ---- ground")[2].partition("@media print")[0]
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", rules)) <= {"#fff"}
