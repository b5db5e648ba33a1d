"""Claims, each a file that is locked for as long as somebody works on it.

The kernel lets go of the lock when the process ends, in whatever way, so a claim whose file can be locked is over. The
file holds the attempts that were begun, each written before its post: a killed process loses none of them. A machine
that lost its power may, so a claim made before this machine was started says nothing.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
"""Where there is none, nothing is known of any claim, and leases decide alone."""


def boot_id() -> str:
    """What names this machine since it was started."""
    return BOOT_ID.read_text().strip() if BOOT_ID.exists() else ""


class FileClaims:
    """Claims in a directory that processes of one machine share. It is made when first needed."""

    def __init__(self, directory: Path, boot: str) -> None:
        self._directory, self._boot = directory, boot

    @contextmanager
    def making(self, claimer: str) -> Iterator[FileClaim]:
        """A claim that is worked on while the block lasts. Its file goes when it is done, and stays when it is not."""
        claim = FileClaim(self._directory / f"{self._boot}.{claimer}.{secrets.token_hex(8)}")
        try:
            yield claim
            claim.forget()
        finally:
            claim.close()

    def over(self) -> Mapping[str, frozenset[str]]:
        """What was begun under each claim whose file nobody has locked."""
        if not self._boot:
            return {}
        return {
            path.name: frozenset(begun.split())
            for path in self._directory.glob(f"{self._boot}.*")
            if (begun := _unlocked(path)) is not None
        }

    def forget(self, names: Iterable[str]) -> None:
        """Drop their files, and those that were left before this machine was started."""
        for name in names:
            (self._directory / name).unlink(missing_ok=True)
        for path in self._directory.glob("*"):
            if not path.name.startswith(f"{self._boot}.") and _unlocked(path) is not None:
                path.unlink(missing_ok=True)


def _unlocked(path: Path) -> str | None:
    """What stands in a file that nobody has locked; None when somebody has, or it is gone."""
    with suppress(OSError), open(path, encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return file.read()
    return None


class FileClaim:
    """One claim that is being worked on. Where no file can be had nothing is known of it, and its lease decides."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._lock(self._file)

    @property
    def name(self) -> str:
        """Under which its rows are claimed."""
        return self._path.name

    def begins(self, attempt: str) -> None:
        """Note an attempt before it is posted. When that fails the file goes: it must not say less than is true."""
        if self._file is not None and not _written(self._file, f"{attempt}\n".encode()):
            self.forget()

    def forget(self) -> None:
        """Leave nothing to be known."""
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Nobody works on it any more."""
        if self._file is not None:
            os.close(self._file)

    def _lock(self, file: int) -> None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError:
            # Without a lock it would look like one that is over.
            self.forget()


def _written(file: int, line: bytes) -> bool:
    try:
        return os.write(file, line) == len(line)
    except OSError:
        return False
