"""The real clock and real chance."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime


class SystemClock:
    """This machine's time."""

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back, only to be compared within this process."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)


class SystemChance:
    """The operating system's randomness."""

    def token(self) -> str:
        """A fresh unguessable token, 32 hex digits."""
        return secrets.token_hex(16)

    def below(self, limit: int) -> int:
        """A random integer in ``0 .. limit-1``."""
        return secrets.randbelow(limit)
