"""What keeps staff's secrets: argon2 for passwords, TOTP (RFC 6238) for second factors, Fernet for what is read again.

Everything else is kept as a digest: tokens are random and long, so a fast digest is enough for them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import unicodedata
from threading import BoundedSemaphore

import pyotp
import segno
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from cryptography.fernet import Fernet, InvalidToken

from bot.ports.staff import TooBusy

CHECKED_AT_ONCE_MAX = 4
"""Passwords checked at a time: each takes 46 MiB, and whoever guesses must not fill the machine's memory."""
BUSY_SECONDS_MAX = 5.0
STEP_SECONDS = 30
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What nobody mistakes for something else on paper."""
CODE_CHARACTERS = 12
"""59 bits: too many to be tried even by whoever has the digests."""

# OWASP Password Storage Cheat Sheet, argon2id, first of its equal choices.
HASHER = PasswordHasher(time_cost=1, memory_cost=47_104, parallelism=1)


class StaffLocks:
    """The real :class:`bot.ports.staff.Locks`, on the installation's secret key."""

    def __init__(self, secret_key: str, hasher: PasswordHasher = HASHER) -> None:
        self._form_key = _derived(secret_key, b"form token")
        self._seal = Fernet(base64.urlsafe_b64encode(_derived(secret_key, b"second factor")))
        self._room = BoundedSemaphore(CHECKED_AT_ONCE_MAX)
        self._hasher = hasher
        self._nobodys = hasher.hash(secrets.token_hex(16))

    # ---- passwords

    def hash_password(self, password: str) -> str:
        with _Turn(self._room):
            return self._hasher.hash(_normal(password))

    def is_password(self, password: str, kept: str) -> bool:
        with _Turn(self._room):
            try:
                return self._hasher.verify(kept or self._nobodys, _normal(password)) and bool(kept)
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        return self._hasher.check_needs_rehash(kept)

    # ---- tokens

    def digest(self, token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    def form_token(self, secret: str) -> str:
        return hmac.new(self._form_key, secret.encode(), hashlib.sha256).hexdigest()

    # ---- second factors

    def make_second_factor(self) -> str:
        return self._seal.encrypt(pyotp.random_base32().encode()).decode()

    def second_factor_step(self, sealed: str, code: str, now: int) -> int:
        key, typed = self._opened(sealed), code.replace(" ", "")
        if key is None or not typed.isascii():
            return 0
        today = now // STEP_SECONDS
        totp = pyotp.TOTP(key)
        right = [step for step in (today - 1, today, today + 1) if hmac.compare_digest(totp.generate_otp(step), typed)]
        return max(right, default=0)

    def second_factor_for_phone(self, sealed: str, login: str, issuer: str) -> tuple[str, str]:
        key = self._opened(sealed) or ""
        address = pyotp.TOTP(key).provisioning_uri(name=login, issuer_name=issuer)
        picture = segno.make(address, error="m").svg_inline(scale=4, border=2, title="Code for your authenticator")
        return picture, " ".join(key[start : start + 4] for start in range(0, len(key), 4))

    def recovery_codes(self, count: int) -> tuple[str, ...]:
        codes = ("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_CHARACTERS)) for _ in range(count))
        return tuple("-".join(code[start : start + 4] for start in range(0, CODE_CHARACTERS, 4)) for code in codes)

    def _opened(self, sealed: str) -> str | None:
        """The second factor's key; None when it was sealed with another secret key: recovery codes still work."""
        try:
            return self._seal.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None


class _Turn:
    """One of the few places to check a password in, waited for a little."""

    def __init__(self, room: BoundedSemaphore) -> None:
        self._room = room

    def __enter__(self) -> None:
        if not self._room.acquire(timeout=BUSY_SECONDS_MAX):
            raise TooBusy

    def __exit__(self, *_: object) -> None:
        self._room.release()


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return hmac.new(secret_key.encode(), purpose, hashlib.sha256).digest()


def _normal(password: str) -> str:
    """The same password typed on another keyboard is the same password (NIST SP 800-63B 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
