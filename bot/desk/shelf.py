"""The shelf of editions that a process has read: it hears of a new one by itself, and keeps the last good one.

A turn sees the newest edition's number with the row it locks anyway, so publishing costs the patient's turn no round
trip. When that number is new, the turn is undone, the edition is read and compiled outside of any transaction, and the
turn is taken again (:func:`retrying`). Whatever takes no turns looks every few seconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from threading import Lock
from typing import TypeVar

from bot.core.conversation import Conversation
from bot.core.editions import Edition, Passage, numbers_needed, with_older
from bot.core.events import Reading
from bot.core.structure import structures
from bot.desk.reading import reader
from bot.ports import Book, BookAway, Desk, Draft, Files, Published, Shelf

LOOK_SECONDS = 2.0
"""Between two looks of a process that takes no turns."""
EDITIONS_MAX = 8
"""Compiled revisions that a process keeps; one costs a few megabytes, and reading it again a tenth of a second."""
READS_MAX = 4
"""How often a turn is begun anew because it met an edition that was not read yet."""

Report = Callable[[str, dict[str, object]], None]
T = TypeVar("T")


class Unread(BookAway):
    """A turn met editions that this process has not read. Nothing was written: :func:`retrying` reads them."""

    def __init__(self, numbers: frozenset[int]) -> None:
        super().__init__(f"editions {sorted(numbers)}")
        self.numbers = numbers


def edition_of(draft: Draft, number: int = 0, moves: bool = False) -> Edition:
    """Sound files as an edition. Its reader, which weighs all questions, is made when somebody writes, and once: each
    of a process's threads would make one of several megabytes."""
    clinic, diary = draft.clinic, draft.diary
    assert clinic is not None
    assert diary is not None
    made, making = cache(lambda: reader(clinic, diary.zone, diary.closed)), Lock()

    def read(text: str, now: datetime) -> Reading:
        with making:
            words = made()
        return words(text, now)

    return Edition(number, clinic.version, clinic, diary, read, structures(clinic), moves)


class ProcessShelf:
    """What is published, for one process; its threads share it."""

    def __init__(
        self, book: Book, compile: Callable[[Files], Draft], monotonic: Callable[[], float], report: Report
    ) -> None:
        self._book = book
        self._compile = compile
        self._monotonic = monotonic
        self._report = report
        self._reading = Lock()
        self._compiled: OrderedDict[str, Edition] = OrderedDict()
        self._known: dict[int, Published | None] = {}
        """Publishings that were read; None where one cannot be used."""
        self._now: Edition | None = None
        self._looked = float("-inf")

    def open(self, edition: Edition) -> None:
        """Begin with an edition that somebody has read already."""
        self._compiled[edition.revision] = edition
        self._now = edition
        if edition.number:
            self._known[edition.number] = Published(edition.number, edition.revision, "", "", 0, moves=edition.moves)

    @property
    def now(self) -> Edition:
        assert self._now is not None
        return self._now

    def edition(self, number: int) -> Edition | None:
        if number == self.now.number:
            return self.now
        known = self._known.get(number)
        found = self._compiled.get(known.revision) if known else None
        return replace(found, number=number, moves=known.moves) if found and known else None

    def lacks(self, numbers: Iterable[int]) -> bool:
        return any(self._lacks(number) for number in numbers)

    def _lacks(self, number: int) -> bool:
        if number not in self._known:
            return number != self.now.number
        known = self._known[number]
        return known is not None and known.revision not in self._compiled

    def fetch(self, numbers: Iterable[int]) -> None:
        with self._reading:
            for number in sorted(numbers):
                if self._lacks(number):
                    self._fetch(number)

    def _fetch(self, number: int) -> None:
        with self._book.look() as ledger:
            published = ledger.publishing(number)
            files = ledger.revision_files(published.revision) if published else None
        found = self._compiled.get(published.revision) if published else None
        if found is None:
            draft = self._compile(files or {})
            found = edition_of(draft) if draft.sound else None
        if published is None or found is None:
            self._known[number] = None
            ids = {"edition": number, "revision": published.revision if published else "", "kept": self.now.number}
            self._report("edition_unreadable", ids)
            return
        self._keep(found)
        self._known[number] = published
        if number > self.now.number:
            self._now = replace(found, number=number, moves=published.moves)

    def _keep(self, edition: Edition) -> None:
        self._compiled[edition.revision] = edition
        self._compiled.move_to_end(edition.revision)
        while len(self._compiled) > EDITIONS_MAX:
            self._compiled.popitem(last=False)

    def draft(self, revision: str) -> Draft | None:
        with self._book.look() as ledger:
            files = ledger.revision_files(revision)
        return None if files is None else self._compile(files)

    def look(self) -> None:
        if self._monotonic() - self._looked < LOOK_SECONDS:
            return
        self._looked = self._monotonic()
        try:
            with self._book.look() as ledger:
                newest = ledger.published()
            if newest is not None and newest.number > self.now.number:
                self.fetch((newest.number,))
        except BookAway:
            return  # Whoever needs the database meets that too, and says so.


@dataclass(frozen=True, slots=True)
class _Still:
    """The shelf as one turn sees it: what is published meanwhile is for the next one."""

    now: Edition
    shelf: Shelf

    def edition(self, number: int) -> Edition | None:
        return self.shelf.edition(number)

    def lacks(self, numbers: Iterable[int]) -> bool:
        return self.shelf.lacks(numbers)

    def fetch(self, numbers: Iterable[int]) -> None:
        self.shelf.fetch(numbers)

    def draft(self, revision: str) -> Draft | None:
        return self.shelf.draft(revision)

    def look(self) -> None:
        """The next turn looks."""


def at_newest(desk: Desk, published: int, conversation: Conversation) -> tuple[Desk, Conversation]:
    """The desk as of what is published now, and the conversation as it stands in that. Raises Unread."""
    shelf = desk.shelf
    # A conversation may have seen an edition that was committed after we looked.
    newest = max(published, conversation.edition)
    needed = {newest} if newest else set()
    if conversation.edition != newest or any(frame.edition for frame in conversation.stack):
        needed |= numbers_needed(conversation)
    # Taken off the shelf first: what another thread reads meanwhile may take their place there.
    found = {number: shelf.edition(number) for number in needed}
    if shelf.lacks(number for number, edition in found.items() if edition is None):
        raise Unread(frozenset(needed))
    now = found.get(newest) or shelf.now
    conversation = Passage(found.get, now).brought_up(conversation)
    clinic = with_older(now.clinic, conversation, found.get)
    fixed = now if clinic is now.clinic else replace(now, clinic=clinic)
    return replace(desk, shelf=_Still(fixed, shelf)), conversation


def older_editions(desk: Desk) -> Callable[[int], Edition | None]:
    """Any edition by its number, read when it is asked for; None when it cannot be read. Not for a turn."""

    def find(number: int) -> Edition | None:
        desk.shelf.fetch((number,))
        return desk.shelf.edition(number)

    return find


def retrying(desk: Desk, turn: Callable[[], T]) -> T:
    """Do something in a transaction that may meet an edition nobody here has read. Raises BookAway."""
    for _ in range(READS_MAX):
        try:
            return turn()
        except Unread as unread:
            desk.shelf.fetch(unread.numbers)
    return turn()
