"""Which addresses are Twilio's, what a file is by its bytes, and when it is tried again."""

import pytest

from bot.core.media import (
    TRIES_MAX,
    TWILIO_API,
    address_of,
    again_after,
    deletable,
    file_name,
    kind_of,
    takes_credentials,
)

TRIAL = "http://127.0.0.1:8001/simulator"
FILE = "/2010-04-01/Accounts/AC" + "1" * 32 + "/Messages/MM" + "2" * 32 + "/Media/ME" + "3" * 32

NOT_TWILIOS = [
    "",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:127.0.0.1]/",
    "http://2130706433/",
    "http://0x7f.1/",
    "http://127.1/",
    "http://localhost:6379/",
    "http://100.64.0.1/",
    "http://[fd00::1]/",
    "https://127.0.0.1/",
    "https://api.twilio.com@evil.example/",
    "https://api.twilio.com.evil.example/",
    "https://evil.example/#api.twilio.com",
    "https://evil.example/?.twilio.com/",
    "https://api.twilio.com\\@evil.example/",
    "https://apitwilio.com/",
    "https://twilio.com.evil.example/",
    "https://api。twilio。com/",
    "https://ａpi.twilio.com/",
    "https://api.twilio.com:6379/",
    "http://api.twilio.com/",
    "file:///etc/passwd",
    "gopher://api.twilio.com/",
    "ftp://api.twilio.com/",
    "//api.twilio.com/",
    "https:/api.twilio.com/",
    " https://api.twilio.com/",
    "https://api.twilio.com/a b",
    "https://api.twilio.com/\r\nHost: evil.example",
    "https://api.twilio.com/\x00",
]


@pytest.mark.parametrize("url", NOT_TWILIOS)
def test_nothing_is_asked_that_is_not_twilios(url: str) -> None:
    assert address_of(url, TWILIO_API) is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://api.twilio.com{FILE}",
        "https://api.twilio.com:443/x",
        "https://mms.twiliocdn.com/AC1/x?Expires=1&Signature=a~b",
        "https://media.twiliocdn.com/x",
        "https://mcs.us1.twilio.com/v1/x",
        "https://media.us1.twilio.com/ME1",
    ],
)
def test_twilios_own_addresses_are_asked_as_they_are(url: str) -> None:
    assert address_of(url, TWILIO_API) == url


@pytest.mark.parametrize("url", [*NOT_TWILIOS, "http://127.0.0.1:8002/simulator/x", "http://127.0.0.1:80010/simulator"])
def test_a_trial_asks_its_own_endpoint_and_nobody_else(url: str) -> None:
    assert address_of(url, TRIAL) is None


def test_in_a_trial_every_address_of_twilio_leads_to_the_endpoint() -> None:
    assert address_of(f"https://api.twilio.com{FILE}", TRIAL) == TRIAL + FILE
    assert address_of("https://mms.twiliocdn.com/x?y=1", TRIAL) == f"{TRIAL}/x?y=1"
    assert address_of(f"{TRIAL}/x", TRIAL) == f"{TRIAL}/x"


def test_credentials_go_to_the_api_and_not_to_where_it_redirects() -> None:
    assert takes_credentials(f"https://api.twilio.com{FILE}", TWILIO_API)
    for url in ("https://mms.twiliocdn.com/x", "https://mcs.us1.twilio.com/x", "https://api.twilio.com.evil.example/"):
        assert not takes_credentials(url, TWILIO_API)


def test_only_files_of_messages_are_deleted_at_twilio() -> None:
    assert deletable(f"https://api.twilio.com{FILE}")
    for url in (
        f"https://api.twilio.com{FILE}/..",
        "https://api.twilio.com/2010-04-01/Accounts",
        f"https://x.com{FILE}",
    ):
        assert not deletable(url)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0 JFIF", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7", "application/pdf"),
        (b"OggS\x00...OpusHead", "audio/ogg"),
        (b"#!AMR\n", "audio/amr"),
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xf1\x50", "audio/aac"),
        (b"\x00\x00\x00\x18ftypM4A ....hdlr........soun", "audio/mp4"),
        (b"\x00\x00\x00\x18ftypisom....soun....vide", None),
        (b"\x00\x00\x00\x18ftypheic....pict", None),
        (b"GIF89a/*<script>*/", None),
        (b"<svg onload='alert(1)'>", None),
        (b"<!doctype html>", None),
        (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*", None),
        (b"PK\x03\x04", None),
        (b"BEGIN:VCARD", "text/vcard"),
        (b" %PDF-1.7", None),
        (b"", None),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind


def test_a_file_is_tried_for_hours_and_not_for_ever() -> None:
    waits = [again_after(tries) for tries in range(1, TRIES_MAX + 1)]
    assert waits[:3] == [30, 60, 120]
    assert waits[-1] == 3600
    assert 2 * 3600 < sum(waits) < 6 * 3600


def test_a_saved_file_is_named_for_what_it_is_and_for_nobody() -> None:
    assert file_name("3f2a81c09b", "image/jpeg") == "photo-3f2a81c0.jpg"
    assert file_name("3f2a81c09b", "application/pdf") == "document-3f2a81c0.pdf"
    assert file_name("3f2a81c09b", "audio/ogg") == "voice-3f2a81c0.ogg"
