"""Fetches what patients send, from Twilio and from nobody else.

A media URL comes in a signed request and is believed as little as any other input. Every address, each redirect's too,
must be one of Twilio's names under https; the name is resolved once, every number it stands for must be public, and the
connection goes to exactly the number that was looked at. The account's credentials go to the API alone, never to where
it redirects (https://mms.twiliocdn.com, as of 2026). Time, bytes and redirects are limited while the answer streams in.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

import certifi
import urllib3
from urllib3.exceptions import HTTPError

from bot.adapters import media_clean
from bot.adapters.media_redraw import redrawn
from bot.core.contact_card import VCARD, read_cards, written
from bot.core.media import FILE_BYTES_MAX, TWILIO_API, address_of, kind_of, takes_credentials
from bot.ports import Fetched, MediaAway, MediaRefused

REDIRECTS_MAX = 3
FETCH_SECONDS_MAX = 25.0
TIMEOUT = urllib3.Timeout(connect=3, read=10)
PIECE_BYTES = 64 * 1024
REDIRECTS = frozenset({301, 302, 303, 307, 308})

Resolve = Callable[[str, int], list[str]]

NOT_TWILIOS = "its address is not one of Twilio's"
NOT_PUBLIC = "its address leads into a private network"
TOO_LARGE = "it is larger than 16 MB"
NOT_KNOWN = "it is no JPEG, PNG or WebP picture, no PDF, no sound and no contact card"
NOBODY = "the contact card says neither a name nor a number"


def resolve(host: str, port: int) -> list[str]:
    """Every number a name stands for. Raises OSError."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@dataclass
class TwilioMedia:
    """The MediaSource port. ``api_url`` stands in for every Twilio host in trials, and may then be on loopback."""

    credentials: tuple[str, str] = field(repr=False)
    api_url: str = TWILIO_API
    resolve: Resolve = resolve
    monotonic: Callable[[], float] = time.monotonic
    seconds_max: float = FETCH_SECONDS_MAX

    def fetch(self, url: str) -> Fetched:
        """The file behind a media URL, recognised by its bytes and cleaned. Raises MediaRefused or MediaAway."""
        content = self._download(url)
        kind = kind_of(content)
        if kind is None:
            raise MediaRefused(NOT_KNOWN)
        return Fetched(_cleaned(content, kind), kind)

    def delete(self, url: str) -> None:
        """Have Twilio forget the file; one that is gone already is fine. Raises MediaAway."""
        address = address_of(f"{url}.json", self.api_url)
        if address is None or not takes_credentials(address, self.api_url):
            raise MediaAway("this is not a file that Twilio's API deletes")
        with self._asked("DELETE", address) as answer:
            if answer.status not in (204, 404):
                raise MediaAway(f"HTTP {answer.status}")

    def _download(self, url: str) -> bytes:
        give_up = self.monotonic() + self.seconds_max
        for _ in range(REDIRECTS_MAX + 1):
            address = address_of(url, self.api_url)
            if address is None:
                raise MediaRefused(NOT_TWILIOS)
            with self._asked("GET", address) as answer:
                if answer.status == 200:
                    return self._body(answer, give_up)
                if answer.status not in REDIRECTS:
                    # 404 too: Twilio announces a file a moment before it has it.
                    raise MediaAway(f"HTTP {answer.status}")
                url = urljoin(address, answer.headers.get("Location", ""))
        raise MediaRefused("it redirects too often")

    def _body(self, answer: urllib3.BaseHTTPResponse, give_up: float) -> bytes:
        if int(answer.headers.get("Content-Length") or 0) > FILE_BYTES_MAX:
            raise MediaRefused(TOO_LARGE)
        content = bytearray()
        while piece := answer.read1(PIECE_BYTES):
            content += piece
            if len(content) > FILE_BYTES_MAX:
                raise MediaRefused(TOO_LARGE)
            if self.monotonic() > give_up:
                raise MediaAway("it came too slowly")
        return bytes(content)

    @contextmanager
    def _asked(self, method: str, address: str) -> Iterator[urllib3.BaseHTTPResponse]:
        parts = urlsplit(address)
        pool = self._pool(parts.scheme, parts.hostname or "", parts.port)
        headers = {"Host": parts.netloc, "Accept-Encoding": "identity"}
        if takes_credentials(address, self.api_url):
            headers |= urllib3.make_headers(basic_auth=":".join(self.credentials))
        try:
            with pool:
                target = address.removeprefix(f"{parts.scheme}://{parts.netloc}")
                answer = pool.urlopen(
                    method, target, headers=headers, redirect=False, retries=False, preload_content=False
                )
                try:
                    yield answer
                finally:
                    answer.close()
        except (HTTPError, OSError, ValueError) as error:
            # Its words may hold a signed address.
            raise MediaAway(type(error).__name__) from None

    def _pool(self, scheme: str, host: str, port: int | None) -> urllib3.HTTPConnectionPool:
        port = port or (443 if scheme == "https" else 80)
        try:
            numbers = self.resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise MediaAway(type(error).__name__) from None
        own = self.api_url != TWILIO_API and host == urlsplit(self.api_url).hostname
        if not numbers or not (own or all(is_public(number) for number in numbers)):
            raise MediaRefused(NOT_PUBLIC)
        if scheme == "http":
            return urllib3.HTTPConnectionPool(numbers[0], port, timeout=TIMEOUT)
        return urllib3.HTTPSConnectionPool(
            numbers[0],
            port,
            timeout=TIMEOUT,
            server_hostname=host,
            assert_hostname=host,
            ca_certs=certifi.where(),
        )


def is_public(number: str) -> bool:
    """Whether an IP address is one of the open internet, and not a private one in another's clothes."""
    try:
        address = ipaddress.ip_address(number.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inside = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in ipaddress.ip_network("64:ff9b::/96"):
            inside = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        address = inside or address
    return address.is_global and not address.is_multicast


def _cleaned(content: bytes, kind: str) -> bytes:
    """A picture drawn anew by a program that can do no harm, a contact card with names and numbers alone; anything
    else as it is."""
    if kind == VCARD:
        return _names_and_numbers(content)
    if kind not in media_clean.FORMATS:
        return content
    return redrawn(content, kind)


def _names_and_numbers(content: bytes) -> bytes:
    cards = read_cards(content)
    if not cards:
        raise MediaRefused(NOBODY)
    return written(cards)
