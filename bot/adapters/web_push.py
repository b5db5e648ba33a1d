"""Notices to staff's own devices: Web Push (RFC 8030), read by the browser alone (RFC 8291), signed (RFC 8292).

Where a device is told comes from a browser and is believed as little as any other input: only the push services of the
browsers' makers are asked, under https and their own names, and redirected nowhere. They learn that something was told
to a device, and not what: all notices are of one length.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import SplitResult, urlsplit

import certifi
import jwt
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from urllib3.exceptions import HTTPError

from bot.ports.devices import Device, Notice, PushAway, PushGone

SERVICES = ("fcm.googleapis.com", ".push.services.mozilla.com", ".notify.windows.com", ".push.apple.com")
"""Of Chrome and most others, Firefox, Edge and Safari; with a dot, every name under it."""
ENDPOINT_CHARACTERS_MAX = 2000
TIMEOUT = urllib3.Timeout(connect=3, read=5)
KEPT_SECONDS = 4 * 3600
"""A device that is off is told when it comes back within so long; later it is no news."""
SIGNED_SECONDS = 12 * 3600
SECRET_BYTES = 16
PADDED_BYTES = 1024
RECORD_BYTES = 4096
_CURVE = ec.SECP256R1()
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass
class WebPush:
    """The Push port. ``installation_key`` are our own 32 bytes, from which the key that browsers know us by is made.

    ``contact`` is whom a push service can write to (``mailto:`` or ``https:``). ``stand_in`` is an origin on loopback
    that is asked besides, in tests.
    """

    installation_key: bytes = field(repr=False)
    contact: str
    stand_in: str = ""
    now: Callable[[], float] = time.time

    @cached_property
    def _signs(self) -> ec.EllipticCurvePrivateKey:
        scalar = int.from_bytes(hmac.digest(self.installation_key, b"web push", "sha256"))
        return ec.derive_private_key(scalar % (_ORDER - 1) + 1, _CURVE)

    @property
    def public_key(self) -> str:
        """What a browser has to know of us before it lets itself be told (base64url)."""
        return _coded(_point(self._signs.public_key()))

    def takes(self, device: Device) -> bool:
        """Whether it is told by a push service that we know, under keys that can be used."""
        try:
            self._place(device.endpoint)
            return len(_decoded(device.secret)) == SECRET_BYTES and bool(_reader(device.key))
        except ValueError:
            return False

    def send(self, device: Device, notice: Notice) -> None:
        """Tell a device. Raises PushAway or PushGone."""
        try:
            place, body = self._place(device.endpoint), sealed(_written(notice), device.key, device.secret)
        except ValueError:
            raise PushGone("what is kept of this device cannot be used") from None
        headers = {
            "Authorization": f"vapid t={self._token(place)}, k={self.public_key}",
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_SECONDS),
            "Urgency": "high",
            # What still waits for the device under the same topic is replaced.
            "Topic": notice.id[:32],
        }
        status = _posted(place, body, headers)
        if status in (404, 410):
            raise PushGone(f"{place.hostname} does not know this device any more")
        if not 200 <= status < 300:
            raise PushAway(f"{place.hostname} answers {status}")

    def _place(self, endpoint: str) -> SplitResult:
        """Where a device is told. Raises ValueError unless it is a service of ours, by its own name and under https."""
        place = urlsplit(endpoint)
        if len(endpoint) > ENDPOINT_CHARACTERS_MAX or not re.fullmatch(r"[!-~]+", endpoint):
            raise ValueError
        if self.stand_in and f"{place.scheme}://{place.netloc}" == self.stand_in:
            return place
        # A netloc that is nothing but a name holds no user, no port and no number.
        name = place.netloc
        known = any(name == one or (one.startswith(".") and name.endswith(one)) for one in SERVICES)
        if place.scheme != "https" or not known or not re.fullmatch(r"[a-z0-9.-]+", name):
            raise ValueError
        return place

    def _token(self, place: SplitResult) -> str:
        told = {"aud": f"{place.scheme}://{place.netloc}", "exp": int(self.now()) + SIGNED_SECONDS, "sub": self.contact}
        return jwt.encode(told, self._signs, algorithm="ES256")


def _posted(place: SplitResult, body: bytes, headers: dict[str, str]) -> int:
    """The status that a push service answers with. Its words are not read: they may hold the address."""
    host = place.hostname or ""
    pool: urllib3.HTTPConnectionPool
    if place.scheme == "http":
        pool = urllib3.HTTPConnectionPool(host, place.port, timeout=TIMEOUT)
    else:
        pool = urllib3.HTTPSConnectionPool(host, 443, timeout=TIMEOUT, ca_certs=certifi.where())
    target = place._replace(scheme="", netloc="", fragment="").geturl() or "/"
    try:
        with pool:
            answer = pool.urlopen("POST", target, body, headers, retries=False, redirect=False, preload_content=False)
            answer.close()
    except (HTTPError, OSError, ValueError) as error:
        raise PushAway(f"{host} cannot be reached ({type(error).__name__})") from None
    return answer.status


def sealed(
    words: bytes, key: str, secret: str, ours: ec.EllipticCurvePrivateKey | None = None, salt: bytes | None = None
) -> bytes:
    """Words that only the browser with this key and secret can read: RFC 8291, one record of RFC 8188.

    ``ours`` and ``salt`` are made anew for each, except to compare with the example in the RFC. Raises ValueError.
    """
    ours, salt = ours or ec.generate_private_key(_CURVE), salt or os.urandom(16)
    theirs, our_point = _reader(key), _point(ours.public_key())
    shared = ours.exchange(ec.ECDH(), theirs)
    between = b"WebPush: info\0" + _point(theirs) + our_point
    material = _derived(shared, _decoded(secret), between, 32)
    content_key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_BYTES.to_bytes(4) + bytes([len(our_point)]) + our_point
    return head + AESGCM(content_key).encrypt(nonce, words, None)


def _written(notice: Notice) -> bytes:
    """A notice as one last record's content: its data, the sign that it ends, and nothing up to the common length."""
    told = {"id": notice.id, "title": notice.title, "text": notice.text, "path": notice.path}
    return (json.dumps(told).encode() + b"\x02").ljust(PADDED_BYTES, b"\0")


def _derived(material: bytes, salt: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, purpose).derive(material)


def _reader(key: str) -> ec.EllipticCurvePublicKey:
    """A browser's key: a point of the curve. Raises ValueError."""
    return ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, _decoded(key))


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Bytes from base64url without its filling. Raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
