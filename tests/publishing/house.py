"""A small clinic whose flow files are edited and published, and two processes of it on one database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from textwrap import dedent

from bot.adapters.sql import SqlBook
from bot.core.conversation import Conversation
from bot.desk import publishing
from bot.desk.publishing import Order
from bot.desk.shelf import ProcessShelf
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Desk, Draft, Files, Published
from bot.wiring import compile_files
from tests.fakes import FakeClock
from tests.flows_language.small import SMALL
from tests.universe import MEI_LING, Sayings, desk_on

VISIT = """\
flow: visit
title: A visit
starts with: [visit]
steps:
  ask_name:
    ask: Who is coming?
    type: person name
    save as: name
  ask_day:
    ask: Which day shall {name} come?
    options:
      today: {label: Today}
      later: {label: Later}
    save as: day
  confirm:
    ask: "{name} comes {day}. Shall I tell our staff?"
    options:
      tell: {label: "Yes, tell them", go to: pass_on}
      leave: {label: "No, thanks", go to: left}
  left:
    say: Nothing was told.
    end: left
  pass_on:
    hand over: Somebody wants to come
    end: handed_over
"""
ENGINE = SMALL["_clinic.yaml"].replace("anywhere:\n", "anywhere:\n  back: {words: [back], do: step back}\n")
FILES: Mapping[str, str] = {**SMALL, "_clinic.yaml": ENGINE, "visit.yaml": VISIT}
BRING = """\
flow: bring
title: What to bring
starts with: [bring]
steps:
  ask_who:
    ask: Who shall bring something?
    type: person name
    save as: name
  ask_photos:
    run: photos
    with: {name: name}
  thanks:
    say: Thank you, {name}.
    end: told
"""
PHOTOS = """\
flow: photos
title: Photos
steps:
  ask_for_photos:
    ask: Has {name} any photos?
    options:
      some: {label: Some photos}
      none: {label: None at all, go to: later}
    save as: photos
  thanks:
    say: Bring your photos ({photos}).
    end: asked
  later:
    say: Never mind.
    end: asked
"""
NESTED: Mapping[str, str] = {**FILES, "bring.yaml": BRING, "photos.yaml": PHOTOS}


def files_with(files: Mapping[str, str], *edits: tuple[str, str], file: str = "visit.yaml") -> dict[str, str]:
    """The files after some edits of one of them, each a text and what stands in its place."""
    text = files[file]
    for before, after in edits:
        assert before in text, before
        text = text.replace(before, after)
    return {**files, file: text}


def as_files(texts: Mapping[str, str]) -> Files:
    return {name: dedent(text).encode() for name, text in texts.items()}


def draft_of(texts: Mapping[str, str]) -> Draft:
    return compile_files(as_files(texts))


@dataclass
class House:
    """One clinic on one database. ``desk`` is the process patients write to; others are opened beside it."""

    database_url: str
    files: Mapping[str, str] = field(default_factory=lambda: FILES)
    clock: FakeClock = field(default_factory=FakeClock)
    reports: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.desks: list[Desk] = []
        try:
            self.desk = self.open(self.files)
        except publishing.Unusable:
            self.close()
            raise

    def open(self, files: Mapping[str, str] | None = None) -> Desk:
        """One more process, as it starts: with a folder of its own."""
        book = SqlBook(self.database_url)
        shelf = ProcessShelf(book, compile_files, self.clock.monotonic, self._report)
        desk = desk_on(self.database_url, book=book, clock=self.clock, report=self._report)
        self.desks.append(replace(desk, shelf=shelf))
        folder = draft_of(self.files if files is None else files)
        shelf.open(publishing.begin(book, lambda: folder, compile_files, self.clock.now()))
        return self.desks[-1]

    def close(self) -> None:
        for desk in self.desks:
            desk.book.dispose()  # type: ignore[attr-defined]

    def _report(self, event: str, ids: Mapping[str, object]) -> None:
        self.reports.append((event, ids))

    def publish(
        self, files: Mapping[str, str], moves: bool = False, by: str = "ana", desk: Desk | None = None
    ) -> Published:
        """Somebody publishes at another process, from what is published now."""
        where = desk or self.open()
        base = publishing.newest_published(where).revision
        return publishing.publish(where, draft_of(files), Order(by, base, moves=moves)).published


@dataclass
class Patient:
    """Somebody who writes to one process of the clinic."""

    desk: Desk
    address: str = MEI_LING
    sids: int = 0

    @property
    def id(self) -> str:
        return conversation_id(self.desk.conversation_key, self.address)

    def says(self, *texts: str) -> list[str]:
        """Write some messages; what the last one was answered."""
        said = Sayings(self.desk, self.id)
        before = 0
        for text in texts:
            before = len(said.lines())
            self.sids += 1
            receive(self.desk, Arrived(f"SM{hash(self.address) & 0xFFFF:04x}{self.sids:028x}", self.address, text=text))
        return said.lines()[before:]

    def at(self, desk: Desk) -> Patient:
        """The same patient, whose next message comes to another process."""
        return replace(self, desk=desk)

    @property
    def state(self) -> Conversation:
        with self.desk.book.begin() as ledger:
            found = ledger.read(self.id)
        assert found is not None
        return found
