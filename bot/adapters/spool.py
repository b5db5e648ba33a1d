"""Messages kept as files while the database is away: one file a message, durable before it counts as kept."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path


class FileSpool:
    """A directory of ``<sid>.json``, readable by its owner only. The directory is made when first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, sid: str, message: Mapping[str, str]) -> None:
        """Keep a message durably under its sid. Keeping it again changes nothing."""
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._directory / f".{sid}.{os.getpid()}"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(dict(message), file)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._directory / f"{sid}.json")
        finally:
            # On a full disk it would be left, and nobody looks at drafts.
            draft.unlink(missing_ok=True)

    def kept(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        """Everything kept, as (sid, message), oldest first. What cannot be read any more is an empty message."""
        if not self._directory.is_dir():
            return ()
        files = sorted(self._directory.glob("[!.]*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return tuple((file.stem, _message(file)) for file in files)

    def drop(self, sid: str) -> None:
        """It is written down now."""
        (self._directory / f"{sid}.json").unlink(missing_ok=True)


def _message(file: Path) -> Mapping[str, str]:
    try:
        message = json.loads(file.read_bytes())
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
