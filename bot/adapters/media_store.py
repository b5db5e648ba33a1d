"""Patients' files on disk: outside of any web root, named by id, encrypted with AES-256-GCM.

Each file has a key of its own, which stands in its row of the database. So a copy of this folder alone is noise, and
forgetting a key makes every copy of its file unreadable wherever it lies. The id is authenticated with the content:
files cannot be swapped.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.ports import MediaLost

NONCE_BYTES = 12


class FileMedia:
    """The MediaStore port on a folder that only its owner may read. It is made when first needed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, id: str, key: bytes, content: bytes) -> None:
        """Keep a file durably; keeping it again replaces it. Raises OSError."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = secrets.token_bytes(NONCE_BYTES)
        self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self._directory / f".{id}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(nonce + AESGCM(key).encrypt(nonce, content, id.encode()))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._directory / id)
        folder = os.open(self._directory, os.O_RDONLY)
        try:
            # Without this the name may be lost with the power, and Twilio's copy be deleted all the same.
            os.fsync(folder)
        finally:
            os.close(folder)

    def read(self, id: str, key: bytes) -> bytes:
        """The file as it was kept. Raises MediaLost."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            kept = (self._directory / id).read_bytes()
            return AESGCM(key).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], id.encode())
        except OSError as error:
            raise MediaLost("The file is not on this machine's disk any more.") from error
        except (InvalidTag, ValueError) as error:
            raise MediaLost("The file on disk is damaged.") from error

    def drop(self, id: str) -> None:
        """Delete a file; one that is gone already is fine. Raises OSError."""
        (self._directory / id).unlink(missing_ok=True)
