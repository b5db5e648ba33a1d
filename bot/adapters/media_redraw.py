"""Pictures drawn anew by a program that can do no harm (:mod:`bot.adapters.media_clean`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import BoundedSemaphore

from bot.adapters import media_clean
from bot.ports import MediaRefused

SECONDS_MAX = 15
NOT_READABLE = "the picture is broken or far too large"
_AT_ONCE = BoundedSemaphore(2)
"""However many come at a time: each may take a processor and a gigabyte."""


def redrawn(content: bytes, content_type: str, bytes_max: int = 0) -> bytes:
    """The picture, upright and with nothing in it but what is seen; smaller where it would have more than ``bytes_max``
    (0: as large as it comes). Raises MediaRefused."""
    program = [sys.executable, "-I", str(Path(media_clean.__file__)), content_type, str(bytes_max)]
    try:
        with _AT_ONCE:
            done = subprocess.run(
                program, input=content, capture_output=True, env={}, cwd="/", timeout=SECONDS_MAX, check=False
            )
    except subprocess.TimeoutExpired:
        raise MediaRefused(NOT_READABLE) from None
    if done.returncode != 0 or not done.stdout:
        raise MediaRefused(NOT_READABLE)
    return done.stdout
