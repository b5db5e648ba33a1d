"""A desk whose outside can be looked into, with patients who have just written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from bot.core.conversation import Conversation
from bot.core.effects import Speech
from bot.core.flow import Text
from bot.desk.speaking import send
from bot.ports import Desk, Result, Words
from tests.fakes import FakeCarrier, FakeChance, FakeClock, FakeLive, FakeQueue
from tests.universe import MEI_LING, RAVI, SINGAPORE, SITI, desk_on, shipped_clinic

TOMORROW_AT_TEN = int(datetime(2026, 3, 3, 10, tzinfo=SINGAPORE).timestamp())
REMINDER = Text("{service} with {practitioner}: {when}. Number {number}.")


@dataclass
class Front:
    """Everything around one desk. Mei Ling (``mei``), Ravi and Siti wrote to it a moment ago."""

    database_url: str
    clock: FakeClock = field(default_factory=FakeClock)
    chance: FakeChance = field(default_factory=FakeChance)
    queue: FakeQueue = field(default_factory=FakeQueue)
    reports: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.live = FakeLive(self.clock)
        self.carrier = FakeCarrier(self.clock)
        clinic = shipped_clinic()
        self.desk: Desk = desk_on(
            self.database_url,
            clinic=replace(clinic, texts={**clinic.texts, "reminder": REMINDER}),
            clock=self.clock,
            chance=self.chance,
            live=self.live,
            queue=self.queue,
            carrier=lambda: self.carrier,
            report=lambda event, ids: self.reports.append((event, ids)),
        )
        with self.desk.book.begin() as ledger:
            for id, address in (("mei", MEI_LING), ("ravi", RAVI), ("siti", SITI)):
                ledger.create(Conversation(id, address), self.clock.epoch)
                ledger.save(Conversation(id, address, last_inbound_at=self.clock.epoch), 1, 1, self.clock.epoch)

    def says(self, *texts: str, to: str = "mei", speech: Speech = "reply", **fields: Any) -> None:
        """Words are put into the outbox, as a turn does."""
        with self.desk.book.begin() as ledger:
            ledger.queue(to, [Words(text, speech, **fields) for text in texts], self.clock.epoch)

    def sends(self, *conversations: str) -> None:
        """One sender does its work."""
        send(self.desk, conversations or ("mei",), "sender")

    def left_behind(self, conversation: str = "mei") -> None:
        """A sender claims the next words and dies; the tick has just seen that."""
        with self.desk.book.begin() as ledger:
            (row,) = ledger.claim((conversation,), "dead", [self.chance.token()], self.clock.epoch)
            result = Result(row.id, row.attempt, "unknown", again_at=self.clock.epoch)
            ledger.conclude([result], self.clock.epoch)

    def becomes(self, id: str = "mei", **changes: Any) -> None:
        """A conversation is written down anew."""
        with self.desk.book.begin() as ledger:
            state = ledger.read(id)
            assert state is not None
            ledger.save(replace(state, **changes), 2, 2, self.clock.epoch)

    def statuses(self, id: str = "mei") -> list[str]:
        """How everything said to a patient fared, oldest first."""
        with self.desk.book.begin() as ledger:
            return [line.status for line in ledger.thread(id, 100) if line.who in ("bot", "staff")]

    def reasons(self) -> list[str]:
        """Why conversations need a person."""
        with self.desk.book.begin() as ledger:
            return [one.reason for one in ledger.needing_a_person()]

    def unsent(self) -> tuple[str, ...]:
        """Conversations that have something to say now."""
        with self.desk.book.begin() as ledger:
            return ledger.with_unsent(self.clock.epoch, 100)

    def later(self, **passing: float) -> None:
        """Time passes."""
        self.clock.pass_seconds(timedelta(**passing).total_seconds())
