"""Erasing what is kept of a patient, and taking all of it out for her, as the book of record does both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

ERASED = "Erased patient"
"""The name of a record whose patient was erased. Appointments still count, and say no more of her."""

AGE = "age"
"""Who asked for the erasures of words that are older than the clinic keeps them: nobody."""

LeftoverKind = Literal["listed", "state", "file", "look", "message", "scrub"]
"""What is left to do outside of the database. ``listed``: note the erasure beside the database, for backups.
``state``: have Redis forget a conversation. ``file``: delete a file. ``look``: ask Twilio for everything exchanged with
an address. ``message``: have Twilio delete a message. ``scrub``: take it out of the database's own files."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much would go with some conversations, or has gone. ``visits`` are appointments that stay without a name."""

    messages: int = 0
    words: int = 0
    files: int = 0
    notes: int = 0
    visits: int = 0


@dataclass(frozen=True, slots=True)
class Older:
    """What is old enough to be forgotten: words of up to ``said_before``, except in conversations in which a safety
    text was said since ``safety_since``."""

    said_before: int
    safety_since: int


@dataclass(frozen=True, slots=True)
class Leftover:
    """One thing to do outside. ``asked_at`` is when the erasure was asked for, ``tries`` counts this one."""

    kind: LeftoverKind
    id: str
    erasure: int
    asked_at: int
    tries: int
    address: str = ""
    """Of ``look``: whom everything was exchanged with."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure and how far it is. ``left`` is how many things are still to be done outside of the database."""

    id: int
    patient: int
    conversations: tuple[str, ...]
    staff: str
    asked_at: int
    finished_at: int
    emptied: bool
    left: int


class ErasedList(Protocol):
    """The erasures as digests, beside the database: what a backup of earlier does not know."""

    def note(self, digest: str, at: int) -> None:
        """Note durably that this was erased as of an instant; the latest counts. Raises OSError."""

    def noted(self) -> Mapping[str, int]:
        """Everything noted, by digest. Raises OSError."""


class ErasurePart(Protocol):
    """The book of record's part."""

    def extent(self, patient: int, conversations: Sequence[str]) -> Extent:
        """How much is kept in these conversations and of this patient now."""

    def to_come(self, patient: int, conversations: Sequence[str], now: int) -> int:
        """How many booked appointments of the patient, or made in these conversations, are still to come."""

    def marks(self, patient: int, conversations: Sequence[str]) -> tuple[str, ...]:
        """What names a patient and conversations for good, in any backup too: to be kept as digests only."""

    def begin_erasure(self, patient: int, conversations: Sequence[str], staff: str, now: int) -> int:
        """Erase who it was, stop what would still be said, and note up to where the rest goes; the erasure's id.

        The rest is erased piece by piece (:meth:`erase_some`); what is written from now on stays.
        """

    def forgettable(self, older: Older, after: str, limit: int) -> tuple[str, ...]:
        """Conversations with such words and nothing open, in the order of their ids, from the one after ``after``."""

    def begin_forgetting(self, conversations: Sequence[str], older: Older, now: int) -> int:
        """As :meth:`begin_erasure`, for the old words of those of them that are forgettable still; 0 if none is."""

    def leave(self, erasure: int, kind: LeftoverKind, ids: Sequence[str], due_at: int) -> None:
        """Note things to be done outside of the database. Those noted already are done once."""

    def erase_some(self, limit: int, now: int) -> bool:
        """Erase at most so many rows of what was begun. False when nothing is left to erase here."""

    def take_leftovers(self, limit: int, now: int) -> tuple[Leftover, ...]:
        """Take things that are due, counting the try and putting off the next."""

    def leftover_due(self, now: int) -> bool:
        """Whether anything of an erasure is to be done now, here or outside."""

    def look_again(self, one: Leftover, due_at: int) -> None:
        """A ``look`` is to be repeated at an instant."""

    def leftover_done(self, one: Leftover, now: int) -> None:
        """It is done. With the last of an erasure the erasure is finished."""

    def erasure(self, id: int) -> Erasure | None:
        """One erasure."""

    def erasures(self, limit: int) -> tuple[Erasure, ...]:
        """Those that somebody asked for, the newest first."""

    def erased_at(self, conversation: str) -> int:
        """As of when a conversation was last erased; 0 when it never was."""
