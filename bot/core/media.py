"""What patients send besides words: from where it may be fetched, what it is, and when it is tried again.

A file is what its first bytes say, whatever name or type came with it. Only kinds that staff need and that can be
cleaned, or carry nothing to clean, are kept; everything else is refused with a reason that staff read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.core.contact_card import VCARD, is_card

MediaStatus = Literal["pending", "kept", "refused", "failed", "forgotten"]
"""``pending`` is still to be fetched; ``refused`` and ``failed`` never will be; ``forgotten`` was kept once."""

FILE_BYTES_MAX = 16 * 1024 * 1024
"""Twilio's own limit for WhatsApp media."""
TRIES_MAX = 10
TWILIO_COPY_SECONDS = 7 * 24 * 3600
"""How long a file stays at Twilio after it was dealt with here: time for a backup to hold it before the only other copy
is deleted."""

TWILIO_API = "https://api.twilio.com"
_TWILIOS = (".twilio.com", ".twiliocdn.com")
_ADDRESS = re.compile(r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?(/[!-\[\]-~]*)", re.ASCII)
_MEDIA_PATH = re.compile(r"/2010-04-01/Accounts/AC[0-9a-f]{32}/Messages/[SM]M[0-9a-f]{32}/Media/ME[0-9a-f]{32}")

EXTENSIONS: Mapping[str, str] = MappingProxyType(
    {
        "image/jpeg": "jpg",
        "image/png": "png",
        "image/webp": "webp",
        "application/pdf": "pdf",
        "audio/ogg": "ogg",
        "audio/amr": "amr",
        "audio/mpeg": "mp3",
        "audio/aac": "aac",
        "audio/mp4": "m4a",
        VCARD: "vcf",
    }
)
"""Every kind that is kept, and how its files are named."""
NAMES: Mapping[str, str] = MappingProxyType(
    {"image": "photo", "audio": "voice", "application": "document", "text": "contact"}
)

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"#!AMR", "audio/amr"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\xff\xf3", "audio/mpeg"),
    (b"\xff\xf2", "audio/mpeg"),
    (b"\xff\xf1", "audio/aac"),
    (b"\xff\xf9", "audio/aac"),
)


def kind_of(content: bytes) -> str | None:
    """The content type of a file by its own bytes; None when it is not of a kind that is kept."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        # The same box holds films, and HEIC pictures, whose metadata nobody here can take away.
        sound = b"soun" in content and b"vide" not in content and b"pict" not in content
        return "audio/mp4" if sound else None
    if is_card(content):
        return VCARD
    return next((kind for start, kind in _SIGNATURES if content.startswith(start)), None)


def address_of(url: str, api_url: str) -> str | None:
    """Where a media URL is really asked for, or None when it is not one of Twilio's.

    In trials ``api_url`` stands in for every host of Twilio's, and is the only one that is ever asked.
    """
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    scheme, host, port, path = found.groups()
    twilio = scheme == "https" and port in (None, ":443") and ("." + host).endswith(_TWILIOS)
    if api_url == TWILIO_API:
        return url if twilio else None
    return f"{api_url}{path}" if twilio else url if url.startswith(f"{api_url}/") else None


def takes_credentials(address: str, api_url: str) -> bool:
    """Whether the account's credentials go along: to the API itself, never to where it redirects."""
    return address.startswith(f"{api_url}/")


def deletable(url: str) -> bool:
    """Whether this is a file of Twilio's Messages API, which can be deleted there."""
    return url.startswith(f"{TWILIO_API}/") and bool(_MEDIA_PATH.fullmatch(url.removeprefix(TWILIO_API)))


def again_after(tries: int) -> int:
    """Seconds until a file is tried again after so many tries: half a minute, then twice as long, at most an hour."""
    return min(30 << max(0, tries - 1), 3600)


def file_name(id: str, content_type: str) -> str:
    """A name to save a file under, which says nothing of a patient: ``photo-3f2a81c0.jpg``."""
    name = NAMES.get(content_type.partition("/")[0], "file")
    return f"{name}-{id[:8]}.{EXTENSIONS.get(content_type, 'bin')}"
