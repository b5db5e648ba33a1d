"""What may never happen, looked for after every commit and at the end, in SQL of its own and in what Twilio saw."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from bot.desk.replaying import Replayed
from bot.desk.settling import LOOKS_MAX, NOBODY_KNOWS
from bot.desk.speaking import TRIES_MAX
from tests.simulation.faults import POSTING_SECONDS_MAX
from tests.simulation.twilio import Accepted

SAFETY_EXTRA_MAX = 3
POSTED_AFTER_SECONDS_MAX = 10.0 + POSTING_SECONDS_MAX + 1
"""Who was paused for ten seconds after a claim does not post, and a client waits no longer for its answer."""
OURS_TO_FAIL = frozenset({"BookAway", "Overran", "LiveAway", "CarrierAway", "OSError"})
"""Errors that the weather makes; any other in a report is a mistake of the product."""

OVERLAPS = """
    SELECT a.id, b.id FROM occupancy a JOIN occupancy b ON a.id < b.id AND a.resource_id = b.resource_id
    AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to
"""
BOOKED_OVER = """
    SELECT a.number, b.number FROM appointment a JOIN appointment b ON a.id < b.id AND a.practitioner = b.practitioner
    AND a.status = 'booked' AND b.status = 'booked' AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
"""
TORN = """
    SELECT a.number FROM appointment a LEFT JOIN occupancy o ON o.appointment_id = a.id
    WHERE (a.status = 'booked') <> (o.id IS NOT NULL)
"""
STALE = "SELECT id FROM conversation WHERE seq <> coalesce(json_extract(state, '$.turn'), 0)"
MISCOUNTED = """
    SELECT c.id FROM conversation c WHERE c.arrived <> (SELECT count(*) FROM inbound i WHERE i.conversation = c.id)
"""
UNTAKEN = """
    SELECT sid FROM inbound WHERE (status = 'waiting') = (sid IN
    (SELECT json_extract(event, '$.sid') FROM journal WHERE json_extract(event, '$.event') = 'Message'))
"""
AFTER_TAKE_OVER = """
    SELECT o.id, o.speech, c.control FROM send_attempt t JOIN outbox o ON o.id = t.outbox_id
    JOIN conversation c ON c.id = o.conversation WHERE t.rowid > ? AND (
        o.speech = 'reply' AND c.control <> 'bot' OR o.speech = 'follow-up' AND c.control IN ('waiting', 'held')
        OR o.speech IN ('staff', 'introduction') AND (c.control <> 'held' OR c.holder <> o.speaker))
"""
NOT_TO_FOLLOW_UP = """
    SELECT f.id, a.status FROM send_attempt t JOIN outbox o ON o.id = t.outbox_id AND o.speech = 'follow-up'
    JOIN follow_up f ON o.key = 'follow-up:' || f.id JOIN appointment a ON a.id = f.appointment_id
    WHERE t.rowid > ? AND (a.status <> 'booked' OR a.version <> f.made_for_version)
"""
UNFINISHED = """
    SELECT o.id, o.status, o.speech FROM outbox o JOIN conversation c ON c.id = o.conversation
    WHERE o.status IN ('queued', 'sending', 'unknown')
    AND NOT (o.speech = 'follow-up' AND o.status = 'queued' AND c.control IN ('waiting', 'held'))
"""
REMINDED_SOON = """
    SELECT conversation FROM outbox WHERE speech = 'follow-up' AND status = 'queued' ORDER BY conversation
"""
PENDING = """
    SELECT f.id FROM follow_up f JOIN appointment a ON a.id = f.appointment_id
    JOIN conversation c ON c.id = a.conversation
    WHERE f.status = 'pending' AND f.due_at <= ? AND (a.status <> 'booked' OR c.control NOT IN ('waiting', 'held'))
    AND f.why <> 'it is too late or too early in the day'
"""
"""One that came free late in the evening, because a person had its conversation until then, waits for the morning."""
GIVEN_TO_A_PERSON = """
    SELECT o.id FROM outbox o JOIN send_attempt t ON t.id = o.attempt
    WHERE o.status = 'needs_person' AND o.note = ? AND o.tries < ? AND t.looks < ?
"""
HELD_TOO_LONG = "SELECT id FROM occupancy WHERE state = 'held' AND hold_expires_at <= ?"
FINISHED = frozenset({"sent", "delivered", "read", "failed", "suppressed", "expired", "needs_person"})
RISES_TO = {"sent": ("delivered", "read", "failed", "queued", "needs_person"), "delivered": ("read",)}
"""What a status may still become once the row holds nobody back."""


class Broken(BaseException):
    """A promise was broken. The product must not catch it."""


def demand(holds: bool, promise: str, *ids: object) -> None:
    if not holds:
        raise Broken(f"{promise}: {' '.join(map(str, ids))}")


@dataclass
class Promises:
    """Remembers what was seen, so that each look costs only what is new. ``book`` is a reader of its own."""

    book: sqlite3.Connection
    spooled: Any
    monotonic: Callable[[], float]
    red: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Message with red flags -> the safety texts that must reach whoever wrote it."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    """(address, safety text) -> how often it was said."""
    posts: Counter[int] = field(default_factory=Counter)
    taken: dict[int, list[Accepted]] = field(default_factory=lambda: defaultdict(list))
    words_of: dict[str, list[int]] = field(default_factory=dict)
    """Message -> outbox rows queued in the commit of its turn."""
    last_message: dict[str, tuple[str, int]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    _seqs: Counter[str] = field(default_factory=Counter)
    _arrivals: dict[str, int] = field(default_factory=dict)
    _stored: dict[str, int] = field(default_factory=dict)
    _marks: Counter[str] = field(default_factory=Counter)
    _statuses: dict[int, str] = field(default_factory=dict)
    _claimed: dict[str, float] = field(default_factory=dict)
    _version: int = 0

    # ---- what is seen

    def posted(self, message: Accepted) -> None:
        """Twilio took words of ours."""
        row = message.outgoing
        self.posts[row.id] += 1
        self.counts["posted"] += 1
        # What Twilio itself says it did not deliver may be said again.
        undelivered = sum(before.status == "undelivered" for before in self.taken[row.id])
        self.taken[row.id].append(message)
        most = 1 + undelivered + (SAFETY_EXTRA_MAX if row.speech == "safety" else 0)
        demand(self.posts[row.id] <= most, "no words are said twice", row.id, row.speech)
        after = self.monotonic() - self._claimed[row.attempt]
        demand(after <= POSTED_AFTER_SECONDS_MAX, "nothing is posted long after its claim", row.id)
        if row.speech == "safety":
            self.told[row.address, row.text] += 1

    def answered(self, sid: str, address: str, twiml: str) -> None:
        """A patient's message was answered 2xx: from now on it is ours to keep."""
        self.acknowledged[sid] = address
        for text in self.red.get(sid, ()):
            self.told[address, text] += text in unescape(twiml)
        kept = self._one("SELECT count(*) FROM inbound WHERE sid = ?", sid)
        # A red flag is answered even when nothing can keep it; it has to be found in Twilio's list by the end.
        demand(bool(kept) or sid in self.spooled() or sid in self.red, "what was acknowledged is kept", sid)

    def reported(self, event: str, ids: Mapping[str, object]) -> None:
        """The product told the operator something."""
        self.counts[event] += 1
        error = ids.get("error")
        if error is not None and error not in OURS_TO_FAIL:
            self.failed.append(f"{event} {error}")

    # ---- after every commit

    def committed(self) -> None:
        demand(not self.failed, "nothing of ours fails", *self.failed)
        version = self._one("PRAGMA data_version")
        if version == self._version:
            return
        self._version = version
        self._order_of_arrival()
        words = self._new("outbox", "id", "id, conversation")
        self._turns(words)
        for query, promise in (
            (OVERLAPS, "no two times overlap"),
            (BOOKED_OVER, "no two appointments overlap"),
            (TORN, "an appointment has its time"),
            (STALE, "every turn starts from the last one"),
            (MISCOUNTED, "every arrival is counted"),
            (UNTAKEN, "a message is taken once, and only then no longer waits"),
        ):
            self._none(promise, query)
        self._outbox()
        since = self._marks["send_attempt"]
        if claimed := self._new("send_attempt", "rowid", "rowid, id"):
            self._claimed |= {attempt: self.monotonic() for _, attempt in claimed}
            self._none("nobody speaks who may not", AFTER_TAKE_OVER, since)
            self._none("nobody is reminded of what is cancelled or moved", NOT_TO_FOLLOW_UP, since)

    def _order_of_arrival(self) -> None:
        found = self._new("inbound", "rowid", "rowid, sid, conversation, arrival, status")
        for _, sid, conversation, arrival, status in found:
            self.counts["parked"] += status == "waiting"
            demand(arrival == self._stored.get(conversation, 0) + 1, "arrivals are counted one by one", sid)
            self._stored[conversation] = arrival

    def _outbox(self) -> None:
        rows = dict(self.book.execute("SELECT id, status FROM outbox"))
        for id, before in self._statuses.items():
            if rows[id] != before and before in FINISHED:
                demand(
                    rows[id] in RISES_TO.get(before, ()), "what became of words only ever rises", id, before, rows[id]
                )
        self._statuses = rows

    def _turns(self, words: Iterable[tuple[int, str]]) -> None:
        queued: dict[str, list[int]] = defaultdict(list)
        for id, conversation in words:
            queued[conversation].append(id)
        found = self._new("journal", "id", "id, conversation, seq, event, trace")
        for id, conversation, seq, event, trace in found:
            self.counts["time taken by another"] += "outcome taken" in trace
            self._seqs[conversation] += 1
            demand(seq == self._seqs[conversation], "turns are numbered one by one", conversation, seq)
            happened = json.loads(event)
            self.counts[happened["event"]] += 1
            if happened["event"] == "Message":
                self._taken(happened["sid"], conversation, id, queued[conversation])

    def _taken(self, sid: str, conversation: str, journal: int, words: list[int]) -> None:
        demand(sid not in self.words_of, "no message is taken twice", sid)
        arrival = self._one("SELECT arrival FROM inbound WHERE sid = ?", sid)
        demand(arrival is not None, "a message is stored with its turn", sid)
        demand(arrival > self._arrivals.get(conversation, 0), "messages are taken in order of arrival", sid, arrival)
        self._arrivals[conversation] = arrival
        self.words_of[sid] = words
        self.last_message[conversation] = (sid, journal)

    # ---- at the quiet end

    def quiet(self, follow_ups_until: int) -> bool:
        """Whether nothing is on its way any more."""
        waiting = self._one("SELECT count(*) FROM inbound WHERE status = 'waiting'")
        on_the_way = waiting or self.spooled() or self._one(UNFINISHED) or self._one(PENDING, follow_ups_until)
        return not on_the_way and not any(self._to_be_found(sid) for sid in self.red if sid in self.acknowledged)

    def _to_be_found(self, sid: str) -> bool:
        """Whether a red flag that nothing could keep is still nowhere but in Twilio's list."""
        return not self._one("SELECT count(*) FROM inbound WHERE sid = ?", sid)

    def about_to_be_reminded(self) -> list[str]:
        """Conversations whose reminder waits to be claimed."""
        return [row[0] for row in self.book.execute(REMINDED_SOON)]

    def holding(self) -> bool:
        """Whether somebody still holds a time."""
        return bool(self._one("SELECT count(*) FROM occupancy WHERE state = 'held'"))

    def at_the_end(self, now: int, follow_ups_until: int, persons: Iterable[str]) -> None:
        """Faults have stopped and everything has settled; ``persons`` are conversations that a person has."""
        demand(not self.failed, "nothing of ours fails", *self.failed)
        self._none("nothing is forgotten in the outbox", UNFINISHED)
        self._none("no follow-up is forgotten", PENDING, follow_ups_until)
        early = (NOBODY_KNOWS, TRIES_MAX, LOOKS_MAX)
        self._none("nobody has to see to what can still be found out", GIVEN_TO_A_PERSON, *early)
        self._none("no hold outlives its time", HELD_TOO_LONG, now)
        for sid in self.acknowledged:
            status = self._one("SELECT status FROM inbound WHERE sid = ?", sid)
            demand(status in ("done", "person"), "no acknowledged message is lost", sid, status)
        self._red_flags()
        self._answers(set(persons))
        for table in ("appointment", "follow_up", "outbox"):
            for status, rows in self.book.execute(f"SELECT status, count(*) FROM {table} GROUP BY status"):
                self.counts[f"{table} {status}"] += rows

    def replayed(self, came: Replayed, turns: int) -> None:
        """A conversation was decided again from its journal."""
        demand(not came.different, "a journal gives the same turns again", came.conversation, *came.different)
        demand(came.same == turns, "every turn can be decided again", came.conversation, came.unknown)
        self.counts["turns replayed"] += came.same

    def _red_flags(self) -> None:
        heard = [sid for sid in self.red if sid in self.acknowledged]
        owed = Counter((self.acknowledged[sid], text) for sid in heard for text in self.red[sid])
        for (address, text), messages in owed.items():
            demand(self.told[address, text] >= messages, "every red flag is answered", address, messages)

    def _answers(self, persons: set[str]) -> None:
        for conversation, (sid, journal) in self.last_message.items():
            answered = any(self.posts[row] for row in self.words_of[sid])
            demand(
                answered or conversation in persons or self._staff_after(conversation, journal),
                "every patient is answered, or a person has her",
                conversation,
                sid,
            )

    def _staff_after(self, conversation: str, journal: int) -> bool:
        query = 'SELECT count(*) FROM journal WHERE conversation = ? AND id > ? AND event LIKE \'{"event":"Staff%\''
        return bool(self._one(query, conversation, journal))

    # ---- reading

    def _new(self, table: str, key: str, columns: str) -> list[Any]:
        rows = self.book.execute(
            f"SELECT {columns} FROM {table} WHERE {key} > ? ORDER BY {key}", (self._marks[table],)
        ).fetchall()
        if rows:
            self._marks[table] = rows[-1][0]
        return rows

    def _one(self, query: str, *given: object) -> Any:
        row = self.book.execute(query, given).fetchone()
        return row[0] if row else None

    def _none(self, promise: str, query: str, *given: object) -> None:
        found = self.book.execute(query, given).fetchall()
        demand(not found, promise, *found[:3])
