"""What patients send besides words: where it comes from, and where it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.core.media import MediaStatus


class MediaRefused(Exception):
    """This file will never be kept. The message is the reason staff read; it names nothing that came with the file."""


class MediaAway(Exception):
    """The file cannot be had now. Try again."""


class MediaLost(Exception):
    """A file that was kept is not there any more, or not as it was kept."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that came with a message, as Twilio named it: where it is, and what it is said to be."""

    url: str
    declared_type: str = ""


@dataclass(frozen=True, slots=True)
class MediaRow:
    """A patient's file as the book of record knows it. ``id`` is an unguessable token, ``note`` why it is not kept.

    ``content_type`` is what the file is, not what it was said to be; ``size`` its bytes after cleaning.
    """

    id: str
    conversation: str
    inbound: str
    url: str
    status: MediaStatus
    content_type: str = ""
    size: int = 0
    note: str = ""
    key: bytes = b""
    tries: int = 0
    received_at: int = 0


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that was fetched, recognised by its bytes and cleaned of what it says besides."""

    content: bytes
    content_type: str


class MediaSource(Protocol):
    """Twilio's side of media."""

    def fetch(self, url: str) -> Fetched:
        """The file behind a media URL. Raises MediaRefused or MediaAway."""

    def delete(self, url: str) -> None:
        """Have Twilio forget the file; one that is gone already is fine. Raises MediaAway."""


class MediaStore(Protocol):
    """Files on our side, encrypted. The key is the row's: a file without its row is noise."""

    def keep(self, id: str, key: bytes, content: bytes) -> None:
        """Keep a file durably; keeping it again replaces it. ``key`` has 32 bytes. Raises OSError."""

    def read(self, id: str, key: bytes) -> bytes:
        """The file as it was kept. Raises MediaLost."""

    def drop(self, id: str) -> None:
        """Delete a file; one that is gone already is fine. Raises OSError."""


class MediaPart(Protocol):
    """The book of record's part."""

    def attach(
        self, conversation: str, inbound: str, attachments: Sequence[tuple[str, bytes, Attachment]], now: int
    ) -> None:
        """Write down the files of a message, each as (fresh id, fresh key, file), to be fetched from now on."""

    def media_due(self, now: int, limit: int) -> tuple[str, ...]:
        """Ids of files that are to be fetched, or to be deleted at Twilio, longest due first."""

    def take_media(self, id: str, now: int) -> MediaRow | None:
        """Take up a file that is due, counting the try and putting off the next; None when it is not due (any more)."""

    def media_kept(self, id: str, content_type: str, size: int, now: int) -> bool:
        """A file is kept now. False when it was forgotten meanwhile, and is to be dropped."""

    def media_not_kept(self, id: str, status: MediaStatus, note: str, now: int) -> None:
        """A file will not be had: ``refused`` or ``failed``, and why."""

    def media_deleted(self, id: str) -> None:
        """Twilio has no copy any more."""

    def media(self, id: str) -> MediaRow | None:
        """One file."""

    def media_with(self, inbounds: Sequence[str]) -> tuple[MediaRow, ...]:
        """The files that came with these messages, by their sids, in the order they came in."""

    def media_of(self, conversation: str, limit: int) -> tuple[MediaRow, ...]:
        """The newest files of a conversation, oldest first."""

    def forget_media(self, conversation: str, before: int, limit: int, now: int) -> tuple[str, ...]:
        """Forget files received before an instant, of one conversation or (``""``) of all: keys go, at most ``limit``.

        Files that staff sent are among them. Ids whose files are to be dropped. What Twilio still has falls due for
        deletion.
        """
