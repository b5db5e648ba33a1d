"""Appointments whose reminders fall due during a run, what becomes of them, and what Twilio took of it all."""

from __future__ import annotations

import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import text

from bot.adapters.sql import SqlBook
from bot.adapters.sql.book import SqlLedger
from bot.core.calendar import Busy, Slot
from bot.core.conversation import Conversation
from bot.ports import Appointment, BookAway, Booking, FollowUpDraft, NewTime
from tests.chaos.twilio import Accepted
from tests.universe import SHIPPED

T = TypeVar("T")
HOUR = 3600
STARTS_AFTER_SECONDS = 6 * HOUR
EXPIRES_SECONDS = 3 * HOUR
GRACE_SECONDS = 5.0
"""Before the first reminder falls due."""
MADE_A_SECOND = 100
TOGETHER = 50
"""So many appointments are written down in one transaction."""
TRY_AGAIN_SECONDS = 0.2
BACK_AT_WORK_SECONDS = 5.0
"""Whoever was killed so short a while before may not have been back."""
IN_ORDER, AFTER_A_CRASH = "in normal running", "after a crash"
SENT_AGAIN, BY_A_WRONG_CLOCK = "looked for in vain and sent again", "by a wrong clock"
ROWS = "SELECT f.id, f.appointment_id, f.made_for_version, f.due_at, f.status, f.why FROM follow_up f"
ATTEMPTS = (
    "SELECT s.id, CAST(substr(o.key, 11) AS INTEGER) AS follow_up FROM send_attempt s"
    " JOIN outbox o ON o.id = s.outbox_id WHERE o.key LIKE 'follow-up:%'"
)
UNFINISHED = (
    "SELECT (SELECT COUNT(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))"
    " + (SELECT COUNT(*) FROM follow_up WHERE status = 'pending')"
)
FATES = "SELECT status, COUNT(*) AS times FROM follow_up GROUP BY status"


def noon_flows(folder: Path) -> Path:
    """The shipped flows, of a clinic at which it is about noon: no run meets the quiet hours."""
    shutil.copytree(SHIPPED, folder)
    facts = folder / "clinic.yaml"
    ahead = 12 - datetime.now(UTC).hour
    # The signs of these zones are the other way round: Etc/GMT-8 is eight hours ahead.
    zone = f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"
    facts.write_text(re.sub(r"(?m)^time zone: .*$", f"time zone: {zone}", facts.read_text()))
    return folder


@dataclass
class Reminders:
    """So many appointments, each with one reminder that falls due at a moment of its own within ``seconds``."""

    url: str
    count_of: int
    seconds: float
    flows: Path
    steps: list[tuple[float, int]] = field(default_factory=list)
    """Since when the clock was wrong by how many hours."""
    claimed_before: dict[int, set[str]] = field(default_factory=dict)
    """By appointment that changed: the attempts of its old reminder that were claimed already, and are not undone."""

    def __post_init__(self) -> None:
        self.book = SqlBook(self.url)
        found = re.search(r"(?m)^time zone: (.*)$", (self.flows / "clinic.yaml").read_text())
        assert found
        self.zone = found.group(1)
        self.began = time.time() + GRACE_SECONDS + self.count_of / MADE_A_SECOND
        self.ends = self.began + 0.85 * self.seconds
        self.made: list[Appointment] = []
        for first in range(0, self.count_of, TOGETHER):
            numbers = range(first, min(first + TOGETHER, self.count_of))
            self.made += self._write(lambda ledger, numbers=numbers: [self._book(ledger, one) for one in numbers])

    def close(self) -> None:
        self.book.dispose()

    def _write(self, write: Callable[[SqlLedger], T]) -> T:
        """One transaction, as often as it takes: the house writes too."""
        while True:
            try:
                with self.book.begin() as ledger:
                    return write(ledger)
            except BookAway:
                time.sleep(TRY_AGAIN_SECONDS)

    def _book(self, ledger: SqlLedger, number: int) -> Appointment:
        id, now = f"r{number:08d}", int(time.time())
        due = int(self.began + (self.ends - self.began) * number / self.count_of)
        start = now - now % HOUR + STARTS_AFTER_SECONDS + number * HOUR
        booking = Booking(
            f"R{number:06d}", id, "Mei Ling Tan", "", "me", "first", Slot("nolan", start, start + 1800),
            Busy("nolan", start, start + 1800), self._local(start), self.zone, (_draft(due),),
        )  # fmt: skip
        ledger.create(Conversation(id, f"whatsapp:+658{number:07d}", greeted=True, last_inbound_at=now), now)
        return ledger.book(booking, now)

    def _local(self, start: int) -> str:
        return f"{datetime.fromtimestamp(start, ZoneInfo(self.zone)):%Y-%m-%dT%H:%M}"

    # ---- what becomes of them

    def changes(self, chance: random.Random) -> Iterator[Callable[[], None]]:
        """A third of the appointments are cancelled or moved, at any moment."""
        for number, one in enumerate(chance.sample(self.made, len(self.made) // 3)):
            yield partial(self._change, one, cancel=number % 2 == 0)

    def _change(self, one: Appointment, cancel: bool) -> None:
        self.claimed_before[one.id] = self._write(lambda ledger: self._changed(ledger, one, cancel))

    def _changed(self, ledger: SqlLedger, one: Appointment, cancel: bool) -> set[str]:
        """Change it, and say which attempts were claimed before."""
        now = int(time.time())
        # As a turn does: whoever claims words of this conversation did so before, or will see the change.
        ledger.head(one.conversation)
        if cancel:
            ledger.cancel(one.id, now)
        else:
            slot = Slot("nolan", one.starts_at + 1800, one.starts_at + 3600)
            draft = _draft(max(now + 1, int(random.uniform(now, self.ends))))  # noqa: S311 - any moment will do
            to = NewTime(slot, Busy("nolan", slot.start, slot.end), self._local(slot.start), (draft,))
            ledger.move(one.id, to, now)
        rows = ledger._connection.execute(text(f"{ATTEMPTS} AND o.conversation = :id"), {"id": one.conversation})
        return {row.id for row in rows}

    def drain(self, seconds_max: float) -> float:
        """Wait until nothing is due or on its way; how long it took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds_max and self._ask(UNFINISHED)[0][0]:
            time.sleep(0.5)
        return time.monotonic() - began

    def _ask(self, query: str) -> Sequence[Any]:
        return self._write(lambda ledger: ledger._connection.execute(text(query)).all())

    # ---- what was wrong

    def count(self, accepted: Iterable[Accepted]) -> dict[str, int]:
        """Each thing that may never happen, and how often it did."""
        follow_ups = {row.id: row for row in self._ask(ROWS)}
        follow_up_of = {row.id: row.follow_up for row in self._ask(ATTEMPTS)}
        now = {one.id: one for one in self._appointments()}
        sent: Counter[int] = Counter()
        old = wrong_words = 0
        for message in accepted:
            follow_up = follow_ups[follow_up_of[message.attempt]]
            sent[follow_up.id] += 1
            appointment = now[follow_up.appointment_id]
            changed = appointment.version != follow_up.made_for_version or appointment.status != "booked"
            if changed and message.attempt not in self.claimed_before.get(appointment.id, set()):
                old += 1
            wrong_words += appointment.number not in message.body
        wanted = [
            row
            for row in follow_ups.values()
            if now[row.appointment_id].status == "booked" and now[row.appointment_id].version == row.made_for_version
        ]
        unsent = [row for row in wanted if not sent[row.id]]
        for row in unsent[:10]:
            print(f"not sent: follow-up {row.id}, {row.status}, {row.why}")
        print(f"{sum(sent.values())} reminders taken by Twilio; rows: {[tuple(row) for row in self._ask(FATES)]}")
        return {
            "doubled": sum(times - 1 for times in sent.values()),
            "never sent": len(unsent),
            "sent for a cancelled or an old time": old,
            "about another appointment": wrong_words,
            "unfinished": self._ask(UNFINISHED)[0][0],
        }

    def lateness(self, accepted: Iterable[Accepted], crashes: Sequence[float]) -> dict[str, list[float]]:
        """Seconds from when each reminder was due to when Twilio had it, by what it met meanwhile."""
        due_at = {row.id: row.due_at for row in self._ask(ROWS)}
        follow_up_of = {row.id: row.follow_up for row in self._ask(ATTEMPTS)}
        looked_for = {row.follow_up for row in self._ask(f"{ATTEMPTS} AND s.looks > 0")}
        late: dict[str, list[float]] = {kind: [] for kind in (IN_ORDER, AFTER_A_CRASH, SENT_AGAIN, BY_A_WRONG_CLOCK)}
        for message in accepted:
            follow_up = follow_up_of[message.attempt]
            due, left = due_at[follow_up], message.made_at
            if self._clock_was_wrong(due, left):
                kind = BY_A_WRONG_CLOCK
            elif follow_up in looked_for:
                kind = SENT_AGAIN
            elif any(due - BACK_AT_WORK_SECONDS < crash < left for crash in crashes):
                kind = AFTER_A_CRASH
            else:
                kind = IN_ORDER
            late[kind].append(left - due)
        return late

    def _clock_was_wrong(self, since: float, until: float) -> bool:
        """Whether it was at any moment of a while."""
        before = next((hours for at, hours in reversed(self.steps) if at <= since), 0)
        return before != 0 or any(since < at <= until for at, _ in self.steps)

    def _appointments(self) -> list[Any]:
        return list(self._ask("SELECT id, number, version, status FROM appointment"))


def _draft(due: int) -> FollowUpDraft:
    return FollowUpDraft("reminder-24h", due, due + EXPIRES_SECONDS)
