"""A push service on loopback, and browsers that are told through it: what arrives is read with their keys alone.

Written from RFC 8188, 8291 and 8292 by hand, with nothing of what it judges.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bot.ports.devices import Device


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Subscriber:
    """A browser that lets itself be told."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: secrets.token_bytes(16))

    @property
    def point(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def device(self, id: str = "d1", staff: str = "ana") -> Device:
        return Device(id, staff, "Chrome on Android", "all", self.endpoint, coded(self.point), coded(self.secret))

    def reads(self, body: bytes) -> Any:
        """What a body says. Raises when it is not for this browser or was changed."""
        salt, length, key_length = body[:16], int.from_bytes(body[16:20]), body[20]
        theirs, content = body[21 : 21 + key_length], body[21 + key_length :]
        assert len(content) <= length
        other = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), theirs)
        shared = self.private.exchange(ec.ECDH(), other)
        between = b"WebPush: info\0" + self.point + theirs + b"\1"
        material = hmac.digest(hmac.digest(self.secret, shared, hashlib.sha256), between, hashlib.sha256)
        first = hmac.digest(salt, material, hashlib.sha256)
        key = hmac.digest(first, b"Content-Encoding: aes128gcm\0\1", hashlib.sha256)[:16]
        nonce = hmac.digest(first, b"Content-Encoding: nonce\0\1", hashlib.sha256)[:12]
        plain = AESGCM(key).decrypt(nonce, content, None).rstrip(b"\0")
        assert plain[-1:] == b"\2", "it is not the last record"
        return json.loads(plain[:-1])


@dataclass
class PushService:
    """What a service took: paths, headers and bodies. ``answers`` are given instead of its own to the next."""

    origin: str = ""
    took: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def subscriber(self) -> Subscriber:
        return Subscriber(f"{self.origin}/push/{secrets.token_hex(4)}")

    def signed_by(self, public_key: str) -> list[dict[str, Any]]:
        """The claims of what was taken, each checked to be signed by the holder of this key."""
        found = []
        for _, headers, _ in self.took:
            scheme, _, rest = headers["authorization"].partition(" ")
            parts = dict(one.strip().split("=", 1) for one in rest.split(","))
            assert (scheme, parts["k"]) == ("vapid", public_key)
            head, claims, signature = parts["t"].split(".")
            assert json.loads(decoded(head))["alg"] == "ES256"
            r, s = decoded(signature)[:32], decoded(signature)[32:]
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(public_key))
            whole = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
            key.verify(whole, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
            found.append(json.loads(decoded(claims)))
        return found


@contextmanager
def push_service() -> Iterator[PushService]:
    """A service that answers while the block runs."""
    service = PushService()

    class Asked(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = service.answers.pop(0) if service.answers else 201
            if 200 <= status < 300:
                service.took.append((self.path, {name.lower(): one for name, one in self.headers.items()}, body))
            self.send_response(status)
            self.send_header("Location", "http://169.254.169.254/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    server.daemon_threads = True
    service.origin = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
