"""The tick: every few seconds it finds what was forgotten, because a process died, Redis lost it, or its time has come.

Whether something stands still is judged by what this observer saw before and by its own monotonic clock, never by
comparing the clocks of two processes. Doing one thing twice is harmless everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from bot.desk.apart import apart
from bot.desk.follow_ups import send_follow_up
from bot.desk.reception import keep_order
from bot.desk.settling import settle
from bot.desk.speaking import LEASE_SECONDS, wake
from bot.ports import Desk, LiveAway, Result

TICK_SECONDS = 4.0
"""Two looks, and a forgotten message is taken up within ten seconds."""
ROWS_MAX = 500
ASK_AGAIN_SECONDS = 60.0
"""A follow-up that is due but may not leave yet is asked so often."""

_DIRECTLY: Mapping[str, Callable[..., None]] = {"settle": settle, "send_follow_up": send_follow_up}


class Turns(Protocol):
    """What the tick asks of :mod:`bot.desk.turns`."""

    def take_up_waiting(self, desk: Desk, conversation: str) -> object: ...
    def silence(self, desk: Desk, conversation: str) -> object: ...
    def take_from_spool(self, desk: Desk) -> object: ...


@dataclass
class Seen:
    """What the looks before this one saw; one for each process that ticks. Seconds are monotonic."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    sending: Mapping[tuple[int, str], float] = field(default_factory=dict)
    asked: Mapping[int, float] = field(default_factory=dict)


def keep_ticking(desk: Desk, turns: Turns, stop: Event) -> None:
    """Tick at once, and until ``stop`` is set. The first look counts: whoever ticked before us may have been killed."""
    seen = Seen()
    tick(desk, seen, turns)
    while not stop.wait(TICK_SECONDS):
        tick(desk, seen, turns)


def tick(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Look once at everything that may have been forgotten. Never raises; what fails is reported."""
    for look in (_spooled, _waiting, _silences, _left_behind, _unsettled, _follow_ups, _holds, _held_too_long, _unsent):
        with apart(desk, "tick_failed", look=look.__name__.strip("_")):
            look(desk, seen, turns)


def _spooled(desk: Desk, seen: Seen, turns: Turns) -> None:
    turns.take_from_spool(desk)


def _waiting(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Messages parked for a holder who does not come: nothing moved since the last look."""
    with desk.book.begin() as ledger:
        waiting = dict(ledger.conversations_with_waiting(ROWS_MAX))
    still = [conversation for conversation, newest in waiting.items() if seen.waiting.get(conversation) == newest]
    seen.waiting = waiting
    for conversation in still:
        with apart(desk, "taking_up_failed", conversation=conversation):
            turns.take_up_waiting(desk, conversation)


def _silences(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        silent = ledger.silences_due(_stamp(desk), ROWS_MAX)
    for conversation in silent:
        with apart(desk, "silence_failed", conversation=conversation):
            turns.silence(desk, conversation)


def _left_behind(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Rows whose sender must be dead: it may have posted them or not, so they are settled."""
    now = desk.clock.monotonic()
    with desk.book.begin() as ledger:
        seen.sending = {row: seen.sending.get(row, now) for row in ledger.left_behind(ROWS_MAX)}
        dead = [row for row, since in seen.sending.items() if now - since >= LEASE_SECONDS]
        at = _stamp(desk)
        if dead:
            ledger.conclude([Result(id, attempt, "unknown", again_at=at) for id, attempt in dead], at)
    for id, attempt in dead:
        desk.report("sender_died", {"row": id, "attempt": attempt})


def _unsettled(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        due = ledger.to_settle(_stamp(desk), 1)
    if due:
        _have_done(desk, "settle")


def _follow_ups(desk: Desk, seen: Seen, turns: Turns) -> None:
    now = desk.clock.monotonic()
    with desk.book.begin() as ledger:
        due = ledger.follow_ups_due(_stamp(desk), ROWS_MAX)
    before = {id: at for id, at in seen.asked.items() if id in due and now - at < ASK_AGAIN_SECONDS}
    seen.asked = {id: before.get(id, now) for id in due}
    for id in due:
        if id not in before:
            with apart(desk, "follow_up_failed", follow_up=id):
                _have_done(desk, "send_follow_up", id)


def _holds(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        ledger.expire_holds(_stamp(desk))


def _held_too_long(desk: Desk, seen: Seen, turns: Turns) -> None:
    keep_order(desk)


def _unsent(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        unsent = ledger.with_unsent(_stamp(desk), ROWS_MAX)
    wake(desk, unsent)


def _have_done(desk: Desk, job: str, *ids: int) -> None:
    """Leave it to RQ, or do it here and now while Redis is away."""
    try:
        desk.queue.enqueue(job, *ids)
    except LiveAway:
        _DIRECTLY[job](desk, *ids)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
