"""Revisions of the flow files as the book of record keeps them, and the shelf of those that a process has read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.core.calendar import Diary
from bot.core.conversation import Conversation
from bot.core.editions import Edition
from bot.core.fault import Fault
from bot.core.flow import Clinic
from bot.core.transcript import Transcript

Files = Mapping[str, bytes]
"""Flow files by their path inside the folder (``translations/zh/booking.yaml``)."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Flow files, compiled and checked. ``clinic`` and ``diary`` are as whole as the files are: use them when
    ``sound``. ``transcripts`` are the folder's own tests."""

    files: Files
    faults: tuple[Fault, ...]
    clinic: Clinic | None = None
    diary: Diary | None = None
    transcripts: tuple[Transcript, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether the files may be used: nothing but warnings."""
        whole = self.clinic is not None and self.diary is not None
        return whole and all(fault.level == "warning" for fault in self.faults)

    @property
    def revision(self) -> str:
        """The id these files have as a revision; empty when they cannot be read at all."""
        return self.clinic.version if self.clinic else ""


@dataclass(frozen=True, slots=True)
class Published:
    """One publishing. ``number`` counts them from 1; ``base`` is the revision that was published before (empty: none);
    ``by`` is an account, or who did it at the terminal; ``moves`` says that people were to be moved into it."""

    number: int
    revision: str
    base: str
    by: str
    at: int
    note: str = ""
    moves: bool = False


class RevisionsPart(Protocol):
    """What the bot says, as it was published."""

    def published(self) -> Published | None:
        """The newest publishing."""

    def publishing(self, number: int) -> Published | None:
        """One publishing by its number."""

    def publishings(self, limit: int) -> tuple[Published, ...]:
        """The latest publishings, the newest first."""

    def publish(self, published: Published, files: Files) -> bool:
        """Keep a revision's files and that it was published. False when there is a publishing of that number already:
        somebody was first, and nothing was written."""

    def revision_files(self, revision: str) -> Files | None:
        """The files of a revision."""

    def revisions_called(self, beginning: str) -> tuple[str, ...]:
        """Ids of the revisions that begin so, two at most."""

    def running(self) -> Iterator[Conversation]:
        """Every conversation in which a flow runs, and which is not closed."""

    def appointments_to_come(self, now: int) -> Iterable[tuple[str, str, int]]:
        """Service, practitioner, and how many appointments of the two are still to come."""


class Shelf(Protocol):
    """The editions that a process has read. What is published changes under a running process: ``now`` is the newest
    it has read, and stays that when a newer one cannot be read."""

    @property
    def now(self) -> Edition:
        """The newest edition as far as this process knows."""

    def edition(self, number: int) -> Edition | None:
        """An edition by its number, if it is on the shelf. Asks nobody."""

    def lacks(self, numbers: Iterable[int]) -> bool:
        """Whether one of these was not read yet. Asks nobody; what cannot be read is not lacking."""

    def fetch(self, numbers: Iterable[int]) -> None:
        """Read editions, outside of any transaction. Raises BookAway. What cannot be read is reported, once."""

    def draft(self, revision: str) -> Draft | None:
        """A revision out of the book, compiled and checked as this program does; None when there is none. Raises
        BookAway."""

    def look(self) -> None:
        """Find out, every few seconds at most, whether there is a newer edition, and read it. Never raises for a
        database that is away."""
