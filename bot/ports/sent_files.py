"""Files that staff send to patients, as the book of record keeps them.

A file is kept encrypted beside patients' files (:class:`bot.ports.media.MediaStore`), readable with its row's key
alone. From when it was chosen until it is sent it belongs to a draft; afterwards a row of the outbox names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file of staff. ``id`` is an unguessable token, ``name`` what people call it, ``size`` its bytes as it is sent,
    ``at`` when it was chosen (epoch seconds)."""

    id: str
    conversation: str
    staff: str
    name: str
    content_type: str
    size: int
    key: bytes
    at: int


@dataclass(frozen=True, slots=True)
class Posting:
    """The file that an attempt was posted with: how its words fare by now, and when the attempt was made."""

    file: SentFile
    status: str
    started_at: int


class SentFilesPart(Protocol):
    """The book of record's part."""

    def keep_sent_file(self, file: SentFile) -> None:
        """Write down a file that was chosen."""

    def sent_file(self, id: str) -> SentFile | None:
        """One file; None when it is forgotten."""

    def sent_files(self, ids: Sequence[str]) -> tuple[SentFile, ...]:
        """These files, without those that are forgotten."""

    def sent_files_of(self, conversation: str, limit: int) -> tuple[SentFile, ...]:
        """The newest files of a conversation, oldest first."""

    def put_into_draft(self, conversation: str, staff: str, file: str, now: int) -> str:
        """Her draft of a reply has this file, or (``""``) none; the id of the one it had until now."""

    def draft_file(self, conversation: str, staff: str) -> str:
        """The id of the file her draft of a reply has; empty when it has none."""

    def drop_unsent_file(self, conversation: str, id: str) -> bool:
        """Forget a file that no words on their way, or gone, have with them. True when it is to be dropped."""

    def posting_of(self, attempt: str) -> Posting | None:
        """The file that an attempt was posted with, if it had one that is still kept."""
