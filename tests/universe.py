"""The fixed universe of the tests: Monday 2 March 2026, 09:00 in Singapore, and patients who write to one small
clinic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.adapters.flows_yaml import Loaded, load
from bot.adapters.sql import SqlBook
from bot.core.conversation import Conversation, from_data, to_data
from bot.core.editions import Edition
from bot.core.effects import DoAction, Say
from bot.core.events import Event, Message, MessageKind, Outcome, Reading, SilenceRanOut
from bot.core.flow import Clinic
from bot.core.structure import structures
from bot.core.turn import Turn, take_turn
from bot.desk.reading import reader
from bot.desk.shelf import ProcessShelf
from bot.ports import Desk
from bot.wiring import compile_files
from tests.fakes import (
    FakeCarrier,
    FakeChance,
    FakeClaims,
    FakeClock,
    FakeErasedList,
    FakeLive,
    FakeMediaSource,
    FakeMediaStore,
    FakeQueue,
)

SINGAPORE = ZoneInfo("Asia/Singapore")
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
MEI_LING = "whatsapp:+6591234567"
RAVI = "whatsapp:+6581234567"
SITI = "whatsapp:SG.1A2B3C4D5E"
ANA = "Ana"
SHIPPED = Path(__file__).parent.parent / "flows"


@cache
def shipped() -> Loaded:
    """The flows that ship with the project, read once."""
    return load(SHIPPED)


def shipped_clinic() -> Clinic:
    """The clinic whose flows ship with the project."""
    clinic = shipped().clinic
    assert clinic is not None
    return clinic


@cache
def shipped_reader() -> Callable[[str, datetime], Reading]:
    """The shipped clinic's reader: weighing its FAQ takes a while."""
    diary = shipped().diary
    assert diary is not None
    return reader(shipped_clinic(), SINGAPORE, diary.closed)


@dataclass
class Talk:
    """One conversation with the pure core: stand-in outcomes for actions, and what the patient reads.

    Each turn goes through JSON's shape and back, as it does between two messages in real life.
    """

    clinic: Clinic
    outcomes: Mapping[str, list[Outcome]] = field(default_factory=dict)
    conversation: Conversation = field(default_factory=lambda: Conversation("abcdefgh12", MEI_LING, greeted=True))
    now: datetime = NOW
    turns: list[Turn] = field(default_factory=list)
    _sids: int = 0

    def __post_init__(self) -> None:
        own = self.clinic.version != shipped_clinic().version
        self.read = reader(self.clinic, SINGAPORE) if own else shipped_reader()

    def says(self, text: str) -> list[str]:
        """The patient writes; what the bot answers."""
        return self.happens(self._message(text))

    def sends(self, kind: MessageKind) -> list[str]:
        """The patient sends a photo, a place, a contact card."""
        return self.happens(self._message("", kind=kind))

    def taps(self, label: str, shown: int = -1) -> list[str]:
        """The patient taps a button of the last message that had some (or an earlier one, ``shown=-2``)."""
        offered = [say for say in self.said if say.choices]
        id = next(choice.id for choice in offered[shown].choices if choice.label == label)
        return self.happens(self._message(label, kind="tap", button=id))

    def waits(self, **passing: float) -> list[str]:
        """Time passes; a silence that runs out meanwhile happens."""
        self.now += timedelta(**passing)
        due = self.conversation.silence_due
        return self.happens(SilenceRanOut()) if 0 < due <= self.now.timestamp() else []

    def happens(self, event: Event) -> list[str]:
        """Any event, with the outcomes of its actions."""
        before = from_data(to_data(self.conversation))
        turn = take_turn(self.clinic, before, event, self.now)
        while turn.asked is not None:
            outcome = self.outcomes[turn.asked.action].pop(0)
            turn = turn.then(take_turn(self.clinic, turn.conversation, outcome, self.now))
        self.turns.append(turn)
        self.conversation = turn.conversation
        return [effect.text for effect in turn.effects if isinstance(effect, Say)]

    @property
    def said(self) -> list[Say]:
        """Everything the bot said so far."""
        return [effect for turn in self.turns for effect in turn.effects if isinstance(effect, Say)]

    @property
    def did(self) -> list[str]:
        """The actions asked for so far."""
        return [effect.action for turn in self.turns for effect in turn.effects if isinstance(effect, DoAction)]

    def offered(self) -> list[str]:
        """The labels of the last question."""
        return [choice.label for choice in next(say for say in reversed(self.said) if say.choices).choices]

    def _message(self, text: str, kind: MessageKind = "text", button: str = "") -> Message:
        self._sids += 1
        return Message(f"SM{self._sids:032x}", kind, text, button, self.read(text, self.now))


class Sayings:
    """What a desk has said in one conversation so far, read from the outbox as staff would."""

    def __init__(self, desk: Desk, conversation: str) -> None:
        self.desk, self.conversation = desk, conversation

    def lines(self) -> list[str]:
        """Everything said to the patient, oldest first."""
        with self.desk.book.begin() as ledger:
            return [line.text for line in ledger.thread(self.conversation, 10_000) if line.who in ("bot", "staff")]


def edition(**parts: Any) -> Edition:
    """The shipped flows as nobody has published them yet, with parts of a test's own."""
    diary = shipped().diary
    assert diary is not None
    clinic = parts.get("clinic", shipped_clinic())
    does = structures(clinic) if "clinic" in parts else _shipped_structures()
    return Edition(0, clinic.version, clinic, parts.get("diary", diary), parts.get("read", shipped_reader()), does)


@cache
def _shipped_structures() -> Mapping[str, str]:
    return structures(shipped_clinic())


def saying(desk: Desk, **parts: Any) -> Desk:
    """The desk with another ``clinic``, ``diary`` or ``read``, whatever is published meanwhile."""
    shelf = ProcessShelf(desk.book, compile_files, desk.clock.monotonic, desk.report)
    shelf.open(replace(desk.shelf.now, **parts))
    return replace(desk, shelf=shelf)


@contextmanager
def open_desk(database_url: str, **parts: Any) -> Iterator[Desk]:
    """A desk as :func:`desk_on` makes it, whose connections are closed afterwards."""
    desk = desk_on(database_url, **parts)
    yield desk
    desk.book.dispose()  # type: ignore[attr-defined]


def desk_on(database_url: str, **parts: Any) -> Desk:
    """A desk on a real database, with everything else behaving in memory unless a test brings the real thing."""
    clock = parts.pop("clock", None) or FakeClock()
    book = parts.pop("book", None) or SqlBook(database_url)
    report = parts.get("report", lambda event, ids: None)
    shelf = ProcessShelf(book, compile_files, clock.monotonic, report)
    shelf.open(edition(**{name: parts.pop(name) for name in ("clinic", "diary", "read") if name in parts}))
    defaults = {
        "shelf": shelf,
        "clock": clock,
        "chance": FakeChance(),
        "live": FakeLive(clock),
        "book": book,
        "queue": FakeQueue(),
        "carrier": FakeCarrier,
        "spool": FakeSpool(),
        "media_source": FakeMediaSource,
        "media_store": FakeMediaStore(),
        "claims": FakeClaims(),
        "erased_list": FakeErasedList(),
        "redraw": lambda content, content_type, bytes_max: content,
        "desk_url": "https://desk.clinic.example",
        "conversation_key": book.conversation_key(),
        "callback_base": "http://127.0.0.1:8000",
    }
    return Desk(**{**defaults, **parts})


class FakeSpool:
    """Keeps messages in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Mapping[str, str]] = {}

    def keep(self, sid: str, message: Mapping[str, str]) -> None:
        self._kept.setdefault(sid, message)

    def kept(self) -> tuple[tuple[str, Mapping[str, str]], ...]:
        return tuple(self._kept.items())

    def drop(self, sid: str) -> None:
        self._kept.pop(sid, None)
