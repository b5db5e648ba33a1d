"""What some tests need beyond Python. A machine without it skips them and says so; with CI=true that is a failure."""

import os
import shutil
from pathlib import Path
from typing import TypeVar

import pytest

from bot.adapters import redis_server

Found = TypeVar("Found")


def require(found: Found | None, reason: str) -> Found:
    """`found`, or the end of the test with `reason`: skipped, but failed when CI=true."""
    if found is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    return found


def redis_program() -> Path:
    try:
        return redis_server.find()
    except redis_server.NoRedis as missing:
        return require(None, str(missing))


def postgres_programs() -> Path:
    """The folder that holds `initdb` and `postgres`, the newest one installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    found = str(debian[-1]) if debian else shutil.which("initdb")
    return Path(require(found, "PostgreSQL is not installed (Debian: apt-get install postgresql)")).resolve().parent


def chromium() -> str:
    """The browser that the page tests drive."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    return require(found, "No Chromium is installed (Debian: apt-get install chromium)")
