"""Notices reach staff's devices through a push service over HTTP, and only the device reads them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from bot.adapters.web_push import PADDED_BYTES, WebPush, sealed
from bot.ports.devices import Device, Notice, PushAway, PushGone
from tests.push_server import PushService, Subscriber, coded, decoded, push_service

KEY = b"an installation's own 32 bytes.."
NOTICE = Notice("a1b2", "Red flag (Oxford Spine)", "Look at once.", "/desk/inbox/mei")
NOW = 1772413200


@pytest.fixture(scope="module")
def running() -> Iterator[PushService]:
    with push_service() as service:
        yield service


@pytest.fixture
def service(running: PushService) -> PushService:
    running.took.clear()
    running.answers.clear()
    return running


@pytest.fixture
def push(service: PushService) -> WebPush:
    return WebPush(KEY, "mailto:desk@clinic.example", service.origin, lambda: NOW)


def test_a_notice_arrives_and_its_device_alone_reads_it(service: PushService, push: WebPush) -> None:
    ana, lee = service.subscriber(), service.subscriber()
    push.send(ana.device(), NOTICE)
    ((path, headers, body),) = service.took
    assert ana.endpoint.endswith(path)
    assert ana.reads(body) == {
        "id": "a1b2",
        "title": NOTICE.title,
        "text": NOTICE.text,
        "path": NOTICE.path,
    }
    assert (headers["content-encoding"], headers["urgency"], headers["topic"]) == ("aes128gcm", "high", "a1b2")
    assert b"Red" not in body
    with pytest.raises(InvalidTag):
        lee.reads(body)


def test_it_is_sealed_as_the_example_of_rfc_8291_is() -> None:
    private = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"))
    body = sealed(
        b"When I grow up, I want to be a watermelon\x02",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
        ec.derive_private_key(private, ec.SECP256R1()),
        decoded("DGv6ra1nlYgDCS1FRnbzlw"),
    )
    assert coded(body) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95"
        "bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_what_is_told_cannot_be_guessed_from_its_length(service: PushService, push: WebPush) -> None:
    ana = service.subscriber()
    push.send(ana.device(), NOTICE)
    push.send(ana.device(), replace(NOTICE, title="A trial", text="Alerts arrive here.", path="/desk/inbox"))
    assert {len(body) for _, _, body in service.took} == {86 + PADDED_BYTES + 16}


def test_a_push_service_can_tell_that_it_was_us_and_for_whom(service: PushService, push: WebPush) -> None:
    push.send(service.subscriber().device(), NOTICE)
    (claims,) = service.signed_by(push.public_key)
    assert (claims["aud"], claims["sub"]) == (service.origin, "mailto:desk@clinic.example")
    assert NOW < claims["exp"] <= NOW + 24 * 3600


def test_the_key_that_browsers_know_us_by_is_the_same_in_every_process_and_another_in_every_installation() -> None:
    assert WebPush(KEY, "").public_key == WebPush(KEY, "").public_key
    assert WebPush(KEY, "").public_key != WebPush(bytes(32), "").public_key
    assert len(decoded(WebPush(KEY, "").public_key)) == 65
    assert KEY.decode() not in repr(WebPush(KEY, ""))


@pytest.mark.parametrize("status", [404, 410])
def test_a_device_that_its_service_does_not_know_is_gone(service: PushService, push: WebPush, status: int) -> None:
    service.answers = [status]
    with pytest.raises(PushGone):
        push.send(service.subscriber().device(), NOTICE)


@pytest.mark.parametrize("status", [302, 400, 403, 413, 429, 500, 503])
def test_any_other_answer_is_tried_again_and_a_redirect_is_not_followed(
    service: PushService, push: WebPush, status: int
) -> None:
    service.answers = [status]
    with pytest.raises(PushAway, match=f"127.0.0.1 answers {status}"):
        push.send(service.subscriber().device(), NOTICE)
    assert service.took == []


def test_a_service_that_cannot_be_reached_is_named_without_where_the_device_is(push: WebPush) -> None:
    device = Subscriber(f"{push.stand_in}/push/c0ffee").device()
    unreachable = replace(push, stand_in="http://127.0.0.1:1")
    with pytest.raises(PushAway) as away:
        unreachable.send(replace(device, endpoint="http://127.0.0.1:1/push/c0ffee"), NOTICE)
    assert "127.0.0.1 cannot be reached" in str(away.value)
    assert "c0ffee" not in str(away.value)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc:APA91b",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAA",
        "https://wns2-by3p.notify.windows.com/w/?token=BQY%3d",
        "https://web.push.apple.com/QGuQyavXutnMH",
    ],
)
def test_the_services_of_the_browsers_makers_are_taken(endpoint: str) -> None:
    assert WebPush(KEY, "").takes(Subscriber(endpoint).device())


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:8443/fcm/send/abc",
        "https://fcm.googleapis.com@127.0.0.1/fcm",
        "https://127.0.0.1/fcm.googleapis.com",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/push",
        "https://localhost/push",
        "https://evil-fcm.googleapis.com/",
        "https://fcm.googleapis.com.evil.example/",
        "https://fcm.googleapis.com\\@evil.example/",
        "https://notify.windows.com.evil.example/",
        "https://evilnotify.windows.com/",
        "https://fcm.googleapis.com/\r\nHost: evil",
        "https://fcm.googleapis.com/a b",
        "https://ｆcm.googleapis.com/a",
        "https://[fcm.googleapis.com/",
        "//fcm.googleapis.com/",
        "file:///etc/passwd",
        "",
        "https://fcm.googleapis.com/" + "a" * 3000,
    ],
)
def test_nobody_else_is_ever_asked(endpoint: str) -> None:
    push = WebPush(KEY, "")
    device = Subscriber(endpoint).device()
    assert not push.takes(device)
    with pytest.raises(PushGone):
        push.send(device, NOTICE)


@pytest.mark.parametrize(
    "broken", [{"key": ""}, {"key": "BP" * 43}, {"key": "ä"}, {"secret": ""}, {"secret": "AAAA"}, {"secret": "=!"}]
)
def test_keys_that_cannot_be_used_are_refused(broken: dict[str, str]) -> None:
    device: Device = replace(Subscriber("https://fcm.googleapis.com/fcm/send/abc").device(), **broken)
    assert not WebPush(KEY, "").takes(device)
