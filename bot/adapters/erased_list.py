"""The erasures as digests, a file each, in DATA_DIR: they outlive a database that is lost, and name nobody."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class FileErasedList:
    """The ErasedList port on a folder that only its owner may read. It is made when first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def note(self, digest: str, at: int) -> None:
        """Note durably that this was erased as of an instant; the latest counts. Raises OSError."""
        at = max(at, self.noted().get(digest, 0))
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._directory / f".{digest}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
            file.write(f"{at}\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._directory / digest)
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def noted(self) -> Mapping[str, int]:
        """Everything noted, by digest. Raises OSError."""
        files = self._directory.iterdir() if self._directory.is_dir() else ()
        return {file.name: int(file.read_text("ascii")) for file in files if _DIGEST.fullmatch(file.name)}
