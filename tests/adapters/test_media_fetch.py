"""Files are fetched from Twilio and nobody else: a server on loopback plays Twilio, its redirects and its moods."""

from __future__ import annotations

import base64
import io
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import urllib3
from PIL import Image

from bot.adapters.media_fetch import FILE_BYTES_MAX, NOT_PUBLIC, NOT_TWILIOS, TwilioMedia, is_public
from bot.core.contact_card import ContactCard, read_cards
from bot.ports import MediaAway, MediaRefused

CREDENTIALS = ("AC" + "1" * 32, "a-token")
FILE = "/2010-04-01/Accounts/AC" + "1" * 32 + "/Messages/MM" + "2" * 32 + "/Media/ME" + "3" * 32
URL = f"https://api.twilio.com{FILE}"
PDF = b"%PDF-1.7 a letter"

Answer = Callable[["_Handler"], None]


@dataclass
class Endpoint:
    """Twilio on loopback: what each path answers, and what was asked of it."""

    server: ThreadingHTTPServer
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        endpoint: Endpoint = self.server.endpoint  # type: ignore[attr-defined]
        endpoint.asked.append((self.command, self.path, self.headers.get("Authorization", "")))
        endpoint.answers.get(self.path, nothing_there)(self)

    def do_DELETE(self) -> None:
        self.do_GET()

    def says(self, status: int, content: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(content)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: a test's output is for what failed."""


def nothing_there(request: _Handler) -> None:
    request.says(404)


def gives(content: bytes, **headers: str) -> Answer:
    return lambda request: request.says(200, content, **headers)


def leads_to(url: str) -> Answer:
    return lambda request: request.says(302, Location=url)


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.endpoint = Endpoint(server)  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.endpoint  # type: ignore[attr-defined]
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def twilio(endpoint: Endpoint) -> TwilioMedia:
    return TwilioMedia(CREDENTIALS, endpoint.url)


def picture(form: str, **options: object) -> bytes:
    """A small picture, red at its left and blue at its right."""
    drawn = Image.new("RGB", (40, 20), "red")
    drawn.paste("blue", (20, 0, 40, 20))
    out = io.BytesIO()
    drawn.save(out, form, **options)
    return out.getvalue()


def photo_with_a_place() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "Mei Ling at home"
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    return picture("JPEG", exif=exif, comment=b"S1234567D", quality=95)


def test_a_photo_is_fetched_with_the_accounts_credentials(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = gives(picture("JPEG"))
    assert twilio.fetch(URL).content_type == "image/jpeg"
    basic = base64.b64encode(":".join(CREDENTIALS).encode()).decode()
    assert endpoint.asked == [("GET", FILE, f"Basic {basic}")]


def test_a_photo_says_nothing_of_where_it_was_taken(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    taken = photo_with_a_place()
    assert b"Mei Ling" in taken
    endpoint.answers[FILE] = gives(taken)
    kept = twilio.fetch(URL)
    assert b"Mei Ling" not in kept.content
    assert b"S1234567D" not in kept.content
    with Image.open(io.BytesIO(kept.content)) as shown:
        assert not shown.getexif()
        # It was held upright by what was taken away, so it is upright now.
        assert shown.size == (20, 40)


def test_what_hangs_behind_a_picture_is_gone(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = gives(picture("PNG") + b"<script>alert(1)</script>")
    assert b"script" not in twilio.fetch(URL).content


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_a_picture_stays_the_picture_it_was(twilio: TwilioMedia, endpoint: Endpoint, form: str) -> None:
    endpoint.answers[FILE] = gives(picture(form))
    with Image.open(io.BytesIO(twilio.fetch(URL).content)) as shown:
        assert shown.format == form
        left, right = shown.convert("RGB").getpixel((5, 10)), shown.convert("RGB").getpixel((35, 10))
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    assert left[0] > 200 > left[2]
    assert right[2] > 200 > right[0]


def test_a_letter_is_kept_as_it_is(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = gives(PDF, Content_Type="text/html")
    kept = twilio.fetch(URL)
    assert (kept.content, kept.content_type) == (PDF, "application/pdf")


def test_the_credentials_stay_with_the_api_when_it_redirects(endpoint: Endpoint) -> None:
    class Led(TwilioMedia):
        """Asks Twilio's real names, and is led to loopback whatever they are."""

        def _pool(self, scheme: str, host: str, port: int | None) -> urllib3.HTTPConnectionPool:
            return urllib3.HTTPConnectionPool("127.0.0.1", endpoint.server.server_address[1])

    endpoint.answers[FILE] = leads_to("https://mms.twiliocdn.com/signed")
    endpoint.answers["/signed"] = gives(PDF)
    assert Led(CREDENTIALS).fetch(URL).content == PDF
    assert [(path, bool(shown)) for _, path, shown in endpoint.asked] == [(FILE, True), ("/signed", False)]


def test_a_redirect_within_twilio_is_followed(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = leads_to("https://mms.twiliocdn.com/signed?Expires=1")
    endpoint.answers["/signed?Expires=1"] = gives(PDF)
    assert twilio.fetch(URL).content == PDF


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/",
        "https://evil.example/",
        "http://localhost:6379/",
        "file:///etc/passwd",
        "//evil.example/x",
        "https://api.twilio.com@evil.example/",
    ],
)
def test_a_redirect_elsewhere_is_not(twilio: TwilioMedia, endpoint: Endpoint, target: str) -> None:
    endpoint.answers[FILE] = leads_to(target)
    with pytest.raises(MediaRefused, match=NOT_TWILIOS):
        twilio.fetch(URL)
    assert len(endpoint.asked) == 1


def test_a_redirect_to_a_neighbour_on_loopback_is_not(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    port = endpoint.server.server_address[1]
    endpoint.answers[FILE] = leads_to(f"http://localhost:{port}/secret")
    endpoint.answers["/secret"] = gives(PDF)
    with pytest.raises(MediaRefused):
        twilio.fetch(URL)
    assert len(endpoint.asked) == 1


def test_a_circle_of_redirects_ends(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = leads_to(URL)
    with pytest.raises(MediaRefused):
        twilio.fetch(URL)
    assert len(endpoint.asked) == 4


@pytest.mark.parametrize("numbers", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::ffff:127.0.0.1"], []])
def test_a_name_of_twilio_that_leads_inside_is_refused_before_anything_is_asked(
    endpoint: Endpoint, numbers: list[str]
) -> None:
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return numbers

    with pytest.raises(MediaRefused, match=NOT_PUBLIC):
        TwilioMedia(CREDENTIALS, resolve=rebinding).fetch(URL)
    # Once: a name that is looked up again may stand for something else by then.
    assert looked_up == ["api.twilio.com"]
    assert endpoint.asked == []


@pytest.mark.parametrize(
    "number",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.1"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fd00::1", "fe80::1", "fe80::1%eth0", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "2001:db8::1", "localhost", ""),
    ],
)
def test_a_private_number_is_known_in_every_dress(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize("number", ["93.184.215.14", "2606:4700::6810:85e5", "::ffff:93.184.215.14"])
def test_a_public_number_is_known_too(number: str) -> None:
    assert is_public(number)


def test_a_file_that_says_it_is_huge_is_not_read(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[FILE] = gives(PDF, Content_Length=str(10 * 1024**3))
    with pytest.raises(MediaRefused, match="16 MB"):
        twilio.fetch(URL)


def test_a_file_that_does_not_end_is_left(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    written = 0

    def endless(request: _Handler) -> None:
        nonlocal written
        request.send_response(200)
        request.end_headers()
        try:
            while written < 100 * FILE_BYTES_MAX:
                written += request.wfile.write(b"%PDF-" * 10_000)
        except OSError:
            request.close_connection = True

    endpoint.answers[FILE] = endless
    with pytest.raises(MediaRefused, match="16 MB"):
        twilio.fetch(URL)
    assert written < 3 * FILE_BYTES_MAX


def test_a_file_that_drips_is_left(endpoint: Endpoint) -> None:
    times = iter(range(0, 1000, 15))
    twilio = TwilioMedia(CREDENTIALS, endpoint.url, monotonic=lambda: float(next(times)))

    def drip(request: _Handler) -> None:
        request.send_response(200)
        request.end_headers()
        try:
            for _ in range(10_000):
                request.wfile.write(b"%")
        except OSError:
            request.close_connection = True

    endpoint.answers[FILE] = drip
    with pytest.raises(MediaAway, match="slowly"):
        twilio.fetch(URL)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_what_twilio_cannot_give_now_is_tried_again(twilio: TwilioMedia, endpoint: Endpoint, status: int) -> None:
    endpoint.answers[FILE] = lambda request: request.says(status)
    with pytest.raises(MediaAway, match=str(status)):
        twilio.fetch(URL)


def test_a_twilio_that_is_away_is_tried_again() -> None:
    with pytest.raises(MediaAway):
        TwilioMedia(CREDENTIALS, "http://127.0.0.1:9").fetch(URL)


@pytest.mark.parametrize(
    "content",
    [
        b"<svg onload='alert(1)'/>",
        b"GIF89a=1;alert(1)",
        b"\xff\xd8\xff but no more of a picture",
        picture("PNG")[:60],
        b"BEGIN:VCARD",
        b"",
    ],
)
def test_what_is_no_picture_letter_or_sound_is_refused(twilio: TwilioMedia, endpoint: Endpoint, content: bytes) -> None:
    endpoint.answers[FILE] = gives(content, Content_Type="image/png")
    with pytest.raises(MediaRefused):
        twilio.fetch(URL)


def test_a_contact_card_is_kept_with_names_and_numbers_alone(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    card = b"BEGIN:VCARD\nFN:Dr Lim Wei\nTEL:995\nADR:;;437 Orchard Road\nNOTE:allergic\nPHOTO:AAAA\nEND:VCARD"
    endpoint.answers[FILE] = gives(card, Content_Type="text/x-vcard")
    fetched = twilio.fetch(URL)
    assert fetched.content_type == "text/vcard"
    assert read_cards(fetched.content) == (ContactCard("Dr Lim Wei", ("995",)),)
    assert not any(word in fetched.content for word in (b"Orchard", b"allergic", b"PHOTO"))


def test_a_picture_that_would_fill_the_memory_is_refused(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    head = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    small = picture("PNG")
    endpoint.answers[FILE] = gives(small[:12] + head + struct.pack(">I", zlib.crc32(head)) + small[33:])
    with pytest.raises(MediaRefused, match="too large"):
        twilio.fetch(URL)


def test_twilio_is_asked_to_forget_a_file(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[f"{FILE}.json"] = lambda request: request.says(204)
    twilio.delete(URL)
    assert [(method, path) for method, path, _ in endpoint.asked] == [("DELETE", f"{FILE}.json")]


def test_a_file_twilio_has_forgotten_already_is_forgotten(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[f"{FILE}.json"] = lambda request: request.says(404)
    twilio.delete(URL)
    assert [method for method, _, _ in endpoint.asked] == ["DELETE"]


def test_a_deletion_that_fails_is_tried_again(twilio: TwilioMedia, endpoint: Endpoint) -> None:
    endpoint.answers[f"{FILE}.json"] = lambda request: request.says(500)
    with pytest.raises(MediaAway):
        twilio.delete(URL)
