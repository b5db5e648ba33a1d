"""Alerts on one's own device, in a real browser: what the page says of it, and what the worker shows.

No push service can be reached from a test: what Chromium would ask of its own is stood in for in the page, and what it
would bring is handed to the real worker by its own tools.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.adapters.web_push import WebPush
from bot.desk import devices
from tests.browser.test_desk_look import Desk
from tests.push_server import PushService, Subscriber, coded, push_service
from tests.web.desk_pages import ANA, Front, open_front
from tests.web.simulated import served

HERE = "/desk/account"
STATES = {
    "Your browser asks whether it may": "",
    "may not show notifications of the desk": "Object.defineProperty(Notification, 'permission', {value: 'denied'})",
    "This browser cannot show alerts": "delete window.PushManager",
    "must be on the home screen first": """delete window.PushManager;
        Object.defineProperty(navigator, 'userAgent', {get: () => 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1)'})""",
    "Browsers show alerts of encrypted pages alone": "Object.defineProperty(window, 'isSecureContext', {value: false})",
}
ASKED = "Object.defineProperty(Notification, 'permission', {get: () => 'default', configurable: true});"


def subscribes(browser: Subscriber) -> str:
    """What stands in for Chromium's way to its push service, and for whom it asks."""
    keys = f"{{p256dh: '{coded(browser.point)}', auth: '{coded(browser.secret)}'}}"
    return f"""
    let granted = "default", mine = sessionStorage.mine ? {{ endpoint: '{browser.endpoint}', unsubscribe() {{
      delete sessionStorage.mine; return Promise.resolve(true); }} }} : null;
    Object.defineProperty(Notification, 'permission', {{get: () => mine ? 'granted' : granted, configurable: true}});
    Notification.requestPermission = async () => granted = 'granted';
    PushManager.prototype.getSubscription = async () => mine;
    PushManager.prototype.subscribe = async (wanted) => {{
      if (!wanted.userVisibleOnly || wanted.applicationServerKey.length !== 65) throw new Error("not as it should be");
      sessionStorage.mine = "yes";
      return {{ toJSON: () => ({{ endpoint: '{browser.endpoint}', keys: {keys} }}) }};
    }};"""


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def front(sqlite_url: str, service: PushService) -> Iterator[Front]:
    push = WebPush(b"k" * 32, "mailto:desk@clinic.example", service.origin)
    with open_front(sqlite_url, push=lambda: push) as front:
        yield front


@pytest.fixture
def sits_down(front: Front, browser: Browser) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []
    with served(front.app) as url:

        def sit(size: str = "wide", scheme: str = "light") -> Desk:
            desk = Desk(browser, url, size, scheme)
            desks.append(desk)
            desk.signs_in(ANA)
            return desk

        yield sit
        for desk in desks:
            desk.context.close()
            assert desk.wrong == []


@pytest.mark.parametrize("says", STATES)
def test_the_page_says_truly_what_this_browser_can_do(sits_down: Callable[..., Desk], says: str) -> None:
    desk = sits_down("narrow", "dark")
    desk.page.add_init_script(ASKED + STATES[says])
    desk.opens(HERE)
    here = desk.page.locator("#this-device")
    expect(here.get_by_text(says)).to_be_visible()
    assert here.locator("[data-state]:not([hidden])").count() == 1
    desk.looks_right()


def test_one_tap_has_this_device_told_and_another_ends_it(
    sits_down: Callable[..., Desk], front: Front, service: PushService
) -> None:
    desk, phone = sits_down("phone"), service.subscriber()
    desk.page.add_init_script(subscribes(phone))
    page = desk.opens(HERE)
    page.locator("#this-device").get_by_label("Everything").check()
    page.get_by_role("button", name="Alert this device").click()
    expect(page.get_by_text("This device is told from now on")).to_be_visible()
    expect(page.get_by_text("This device", exact=True)).to_be_visible()
    assert [one.wants for one in devices.of_all(front.desk)] == ["all"]
    desk.looks_right()
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("A trial is on its way")).to_be_visible()
    assert [phone.reads(body)["path"] for _, _, body in service.took] == ["/desk/inbox"]
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_role("button", name="Alert this device")).to_be_visible()
    assert devices.of_all(front.desk) == ()
    assert page.evaluate("sessionStorage.mine") is None


def test_a_refusal_is_told_as_one(sits_down: Callable[..., Desk], front: Front) -> None:
    desk = sits_down()
    refuses = "let p = 'default'; Object.defineProperty(Notification, 'permission', {get: () => p});"
    desk.page.add_init_script(refuses + "Notification.requestPermission = async () => p = 'denied';")
    page = desk.opens(HERE)
    page.get_by_role("button", name="Alert this device").click()
    expect(page.get_by_text("may not show notifications of the desk")).to_be_visible()
    assert devices.of_all(front.desk) == ()


def test_a_push_service_that_cannot_be_reached_is_said(sits_down: Callable[..., Desk], service: PushService) -> None:
    desk = sits_down()
    fails = "PushManager.prototype.subscribe = async () => { throw new DOMException('no', 'AbortError'); };"
    desk.page.add_init_script(subscribes(service.subscriber()) + fails)
    page = desk.opens(HERE)
    page.get_by_role("button", name="Alert this device").click()
    expect(page.get_by_text("Its push service cannot be reached from here")).to_be_visible()


def test_the_worker_shows_what_arrives_once_and_never_nothing(sits_down: Callable[..., Desk]) -> None:
    desk = sits_down()
    desk.context.grant_permissions(["notifications"], origin=desk.url)
    page = desk.opens(HERE)
    page.evaluate(
        """async () => {
          const { worker } = document.getElementById("this-device").dataset;
          await navigator.serviceWorker.register(worker, { scope: "/desk/" });
          await navigator.serviceWorker.ready;
        }"""
    )
    arrives = _arrives(desk.page, desk.url)
    arrives('{"id": "a1", "title": "Red flag", "text": "Look at once.", "path": "/desk/inbox/mei"}')
    arrives('{"id": "a1", "title": "Red flag", "text": "Look at once.", "path": "/desk/inbox/mei"}')
    arrives("nothing that can be read")
    # They are shown in any order, and what comes again is gone for a moment.
    told = page.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.ready;
          let shown = [];
          for (let frames = 0; frames < 900; frames += 1) {
            const all = await worker.getNotifications();
            shown = all.map(({ tag, title, body, data }) => [tag, title, body, data]).sort();
            if (["a1", "unread"].every((wanted) => shown.some(([tag]) => tag === wanted))) break;
            await new Promise(requestAnimationFrame);
          }
          return shown;
        }"""
    )
    assert told == [
        ["a1", "Red flag", "Look at once.", "/desk/inbox/mei"],
        ["unread", "The desk", "Something needs you.", "/desk/inbox"],
    ]


def _arrives(page: Page, origin: str) -> Callable[[str], None]:
    """What brings a message to a page's worker, as the browser's push service would."""
    tools = page.context.new_cdp_session(page)
    known: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: known.extend(one["registrationId"] for one in told["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    page.wait_for_function("() => navigator.serviceWorker.ready.then(Boolean)")

    def arrives(data: str) -> None:
        message = {"origin": origin, "registrationId": known[0], "data": data}
        tools.send("ServiceWorker.deliverPushMessage", message)

    return arrives
