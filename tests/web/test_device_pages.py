"""One's own devices under one's account, as a browser's script has them sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.adapters.web_push import WebPush
from bot.desk import devices
from bot.web.desk.device_pages import device_name
from tests.push_server import PushService, Subscriber, coded, push_service
from tests.web.desk_pages import ANA, LEE, ROS, Front, open_front
from tests.web.diary_scene import words_of

HERE = "/desk/account"
ON_ANDROID = {"User-Agent": "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36"}


@pytest.fixture(scope="module")
def service() -> Iterator[PushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def front(sqlite_url: str, service: PushService) -> Iterator[Front]:
    service.took.clear()
    push = WebPush(b"k" * 32, "mailto:desk@clinic.example", service.origin)
    with open_front(sqlite_url, push=lambda: push) as front:
        yield front


def form_of(browser: Subscriber, wants: str = "urgent") -> dict[str, str]:
    return {
        "endpoint": browser.endpoint,
        "key": coded(browser.point),
        "secret": coded(browser.secret),
        "wants": wants,
    }


def test_a_browser_is_added_tried_out_and_removed(front: Front, service: PushService) -> None:
    ana, phone = front.at_desk(ANA), service.subscriber()
    assert ana.posts(f"{HERE}/devices", form_of(phone), **ON_ANDROID).status_code == 303
    page = ana.gets(HERE).text
    assert "Chrome on Android" in page
    assert phone.endpoint not in page
    id = devices.id_of(phone.endpoint)
    ana.posts(f"{HERE}/devices/{id}/try")
    assert "A trial is on its way" in ana.gets(HERE).text
    ((_, _, body),) = service.took
    assert phone.reads(body)["text"] == "This is a trial: alerts arrive here."
    assert "Told last" in ana.gets(HERE).text
    ana.posts(f"{HERE}/devices/{id}/remove")
    assert "Chrome on Android" not in ana.gets(HERE).text


def test_a_device_is_called_as_its_owner_likes_and_by_nobody_else(front: Front, service: PushService) -> None:
    ana, ros, phone = front.at_desk(ANA), front.at_desk(ROS), service.subscriber()
    ana.posts(f"{HERE}/devices", form_of(phone), **ON_ANDROID)
    one = f"{HERE}/devices/{devices.id_of(phone.endpoint)}/name"
    ana.posts(one, {"name": " Phone at  <the> desk "})
    ros.posts(one, {"name": "Mine"})
    assert "on the list no more" in ros.gets(HERE).text
    for name in ("", " ", "x" * 61):
        ana.posts(one, {"name": name})
        assert "A name has 1 to 60 characters." in ana.gets(HERE).text
    assert "<strong>Phone at &lt;the&gt; desk</strong>" in ana.gets(HERE).text
    assert [device.name for device in devices.of_all(front.desk)] == ["Phone at <the> desk"]


def test_a_trial_that_does_not_arrive_says_why(front: Front, service: PushService) -> None:
    ana, phone = front.at_desk(ANA), service.subscriber()
    ana.posts(f"{HERE}/devices", form_of(phone))
    service.answers = [503]
    ana.posts(f"{HERE}/devices/{devices.id_of(phone.endpoint)}/try")
    page = ana.gets(HERE).text
    assert "127.0.0.1 answers 503" in page
    assert "Not reached" in page


def test_a_browser_that_leads_elsewhere_is_refused(front: Front) -> None:
    ana = front.at_desk(ANA)
    ana.posts(f"{HERE}/devices", form_of(Subscriber("https://169.254.169.254/latest/meta-data")))
    assert "This browser gave nothing that it could be told by" in ana.gets(HERE).text
    assert devices.of_all(front.desk) == ()


def test_a_lead_sees_whose_devices_are_told_and_removes_one(front: Front, service: PushService) -> None:
    ana, lee, phone = front.at_desk(ANA), front.at_desk(LEE), service.subscriber()
    assert "so nobody is told off the screen" in lee.gets("/desk/admin/alerts").text
    ana.posts(f"{HERE}/devices", form_of(phone), **ON_ANDROID)
    page = words_of(lee.gets("/desk/admin/alerts").text)
    assert "Ana Chrome on Android" in page
    assert "only the devices below are told" in page
    lee.posts(f"/desk/admin/alerts/devices/{devices.id_of(phone.endpoint)}/remove")
    assert devices.of_all(front.desk) == ()
    assert front.audit(subject=f"staff:{front.ids[ANA]}")[0].staff == front.ids[LEE]


def test_only_ones_own_devices_are_removed_under_ones_account(front: Front, service: PushService) -> None:
    ana, ros, phone = front.at_desk(ANA), front.at_desk(ROS), service.subscriber()
    ana.posts(f"{HERE}/devices", form_of(phone))
    ros.posts(f"{HERE}/devices/{devices.id_of(phone.endpoint)}/remove")
    assert "on the list no more" in ros.gets(HERE).text
    assert len(devices.of_all(front.desk)) == 1


def test_the_worker_is_our_own_file_for_the_whole_desk_and_looked_at_anew_each_time(front: Front) -> None:
    worker = front.visitor().gets(f"{HERE}/alerts-worker.js")
    assert worker.status_code == 200
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.headers["Service-Worker-Allowed"] == "/desk/"
    assert worker.get_data() == Path("bot/web/static/desk/alerts-worker.js").read_bytes()
    assert "worker-src 'self'" in worker.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/142.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile Safari/604.1", "Safari on iPhone"),
        ("<script>alert(1)</script>", "A browser on a device"),
        ("", "A browser on a device"),
    ],
)
def test_a_device_goes_by_what_people_would_call_it(agent: str, name: str) -> None:
    assert device_name(agent) == name
