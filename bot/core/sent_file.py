"""What staff may send to a patient besides words: which files, how large, under which name and behind which address.

A file is what its first bytes say, as patients' files are (:mod:`bot.core.media`). WhatsApp takes more kinds; these are
the ones that can be cleaned, or that every phone shows without a program of its own.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from types import MappingProxyType
from unicodedata import normalize

from bot.core.media import EXTENSIONS, file_name

BYTES_MAX: Mapping[str, int] = MappingProxyType(
    {"image/jpeg": 5_000_000, "image/png": 5_000_000, "application/pdf": 16_000_000}
)
"""Every kind that is taken, and what WhatsApp takes of it, as Twilio says. A larger photo is made smaller."""
UPLOAD_BYTES_MAX = max(BYTES_MAX.values())
CAPTION_CHARACTERS_MAX = 1024
"""WhatsApp's limit for the words under a photo. Under a document Twilio shows none at all: they follow it."""
NAME_CHARACTERS_MAX = 100
OPEN_SECONDS = 12 * 3600
"""How long the address of a file opens: a little longer than Twilio tries to send a message (ten hours)."""
OPEN_WHILE = frozenset({"queued", "sending", "unknown", "sent"})
"""How words may fare (:data:`bot.core.delivery.RowStatus`) while the address of their file opens: once the patient has
them, or never will, nobody has to fetch it."""

EMPTY = "The file is empty."
NOT_TAKEN = "WhatsApp takes photos (JPEG or PNG) and PDF documents. This is neither, whatever it is called."
TOO_LARGE = f"The file is too large: WhatsApp takes up to {UPLOAD_BYTES_MAX // 1_000_000} MB."
PHOTO_TOO_LARGE = "The photo is too large, and could not be made smaller."
BROKEN = "The photo is broken, or far too large."


def name_for(id: str, called: str, content_type: str) -> str:
    """What a file is called for people, from the name it had at the desk: one line, nothing that could be taken for a
    path or for another kind of file, no sign that is not seen. A name that says nothing becomes one of ours."""
    shown = "".join(sign if sign.isprintable() else " " for sign in normalize("NFC", called).replace("\\", "/"))
    stem = " ".join(shown.rpartition("/")[2].split())
    before, dot, extension = stem.rpartition(".")
    if dot and extension.isascii() and extension.isalnum() and len(extension) <= 5:
        stem = before
    stem = stem.strip(" .")[:NAME_CHARACTERS_MAX].rstrip(" .")
    return f"{stem}.{EXTENSIONS[content_type]}" if stem else file_name(id, content_type)


def is_photo(content_type: str) -> bool:
    """Whether a phone shows it as a picture, with words under it."""
    return content_type.startswith("image/")


def proof_of(key: bytes, attempt: str) -> str:
    """What opens the address of an attempt's file: nobody can make it up who has not the installation's key, and the
    attempt's id, which stands in other addresses as well, does not open it."""
    return hmac.digest(key, f"file of {attempt}".encode(), "sha256").hex()[:32]


def opens(key: bytes, attempt: str, proof: str) -> bool:
    """Whether this is the proof of an attempt."""
    return hmac.compare_digest(proof_of(key, attempt).encode(), proof.encode())
