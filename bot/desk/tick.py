"""The tick: every few seconds it finds what was forgotten, because a process died, Redis lost it, or its time has come.

Whether something stands still is judged by what this observer saw before and by its own monotonic clock, never by
comparing the clocks of two processes. Doing one thing twice is harmless everywhere here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Event
from typing import Protocol

from bot.core.delivery import FIRST_LOOK_SECONDS
from bot.desk import missed, templates
from bot.desk.alarms import raise_alerts
from bot.desk.alerts import send_alerts
from bot.desk.apart import apart
from bot.desk.follow_ups import send_follow_up
from bot.desk.publishing import follow_working_copy
from bot.desk.reception import escalate, keep_order
from bot.desk.settling import settle
from bot.desk.speaking import LEASE_SECONDS, wake
from bot.desk.waiting_list import offer_freed_times
from bot.ports import Desk, LeftBehind, LiveAway, Result

TICK_SECONDS = 4.0
"""Two looks, and a forgotten message is taken up within ten seconds."""
ROWS_MAX = 500
MEDIA_ROWS_MAX = 20
"""Files named to the queue in one look; what is not taken up by the next look is named again, which is harmless."""
LOST_SECONDS = 10.0
"""A follow-up that is due, was left to the queue, and of which nothing was heard since is left to it again: the worker
may have been killed, or Redis emptied. One that waits in line is not put there twice."""
OFFER_SECONDS = 15.0
"""Between two looks for whom a time that came free could be offered to."""

FORGET_SECONDS = 3600.0
"""Between two looks for files that are older than the clinic keeps them."""
FORGET_WORDS_SECONDS = 24 * 3600.0
"""Between two looks for words that are: each goes through all conversations."""

_DIRECTLY: Mapping[str, Callable[..., object]] = {
    "settle": settle,
    "send_follow_up": send_follow_up,
    "send_alerts": send_alerts,
}


class Turns(Protocol):
    """What the tick asks of :mod:`bot.desk.turns`."""

    def take_up_waiting(self, desk: Desk, conversation: str) -> object: ...
    def silence(self, desk: Desk, conversation: str) -> object: ...
    def take_from_spool(self, desk: Desk) -> object: ...


@dataclass
class Seen:
    """What the looks before this one saw; one for each process that ticks. Seconds are monotonic."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    sending: Mapping[str, float] = field(default_factory=dict)
    asked: Mapping[int, float] = field(default_factory=dict)
    rounds: dict[str, float] = field(default_factory=dict)
    offered: float = float("-inf")
    """When times that came free were last offered."""


def keep_ticking(desk: Desk, turns: Turns, stop: Event) -> None:
    """Tick at once, and until ``stop`` is set. The first look counts: whoever ticked before us may have been killed."""
    seen = Seen()
    tick(desk, seen, turns)
    while not stop.wait(TICK_SECONDS):
        tick(desk, seen, turns)


def tick(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Look once at everything that may have been forgotten. Never raises; what fails is reported."""
    for look in _LOOKS:
        with apart(desk, "tick_failed", look=look.__name__.strip("_")):
            look(desk, seen, turns)


def _published(desk: Desk, seen: Seen, turns: Turns) -> None:
    """What the bot says: saved in the folder of a trial, or published by somebody else."""
    follow_working_copy(desk)
    desk.shelf.look()


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
    """Rows whose sender is dead: for certain when its claim is over, as far as one can know after its lease."""
    now = desk.clock.monotonic()
    # In this order: what was claimed before its claim was over is in the book by now.
    over = desk.claims.over()
    with desk.book.begin() as ledger:
        rows = ledger.left_behind(ROWS_MAX)
    seen.sending = {row.attempt: seen.sending.get(row.attempt, now) for row in rows}
    leased = {row.attempt for row in rows if now - seen.sending[row.attempt] < LEASE_SECONDS}
    fates = [_fate(row, over.get(row.claimer), row.attempt in leased, _stamp(desk)) for row in rows]
    results = [fate for fate in fates if fate is not None]
    if results:
        with desk.book.begin() as ledger:
            ledger.conclude(results, _stamp(desk))
    for result in results:
        desk.report("sender_died", {"row": result.id, "attempt": result.attempt})
    if len(rows) < ROWS_MAX:
        desk.claims.forget(over)


def _fate(row: LeftBehind, begun: frozenset[str] | None, leased: bool, now: int) -> Result | None:
    """What became of a row in ``sending``, as far as one knows; None while somebody may still be posting it."""
    if begun is None and leased:
        return None
    if begun is not None and row.attempt not in begun:
        return Result(row.id, row.attempt, "queued", again_at=now)
    # Safety text is sent again at once when it is not found; anything else has ten seconds to appear.
    patience = 0 if row.speech == "safety" else FIRST_LOOK_SECONDS
    return Result(row.id, row.attempt, "unknown", again_at=max(now, min(now, row.started_at) + patience))


def _unsettled(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        due = ledger.to_settle(_stamp(desk), 1)
    if due:
        _have_done(desk, "settle")


def _freed(desk: Desk, seen: Seen, turns: Turns) -> None:
    now = desk.clock.monotonic()
    if now - seen.offered >= OFFER_SECONDS:
        seen.offered = now
        offer_freed_times(desk)


def _follow_ups(desk: Desk, seen: Seen, turns: Turns) -> None:
    now = desk.clock.monotonic()
    with desk.book.begin() as ledger:
        due = ledger.follow_ups_due(_stamp(desk), ROWS_MAX)
    before = {id: at for id, at in seen.asked.items() if id in due and now - at < LOST_SECONDS}
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
    escalate(desk)


def _unsent(desk: Desk, seen: Seen, turns: Turns) -> None:
    with desk.book.begin() as ledger:
        unsent = ledger.with_unsent(_stamp(desk), ROWS_MAX)
    wake(desk, unsent)


def _media(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Files to fetch or to delete at Twilio. Left to the queue alone: they can wait, and take what others need."""
    with desk.book.begin() as ledger:
        due = ledger.media_due(_stamp(desk), MEDIA_ROWS_MAX)
    with suppress(LiveAway):
        for id in due:
            desk.queue.enqueue("tend_media", id)


def _too_old(desk: Desk, seen: Seen, turns: Turns) -> None:
    now = desk.clock.monotonic()
    for job, days, every in (
        ("forget_old_files", desk.keep_files_days, FORGET_SECONDS),
        ("forget_old_words", desk.keep_words_days, FORGET_WORDS_SECONDS),
    ):
        if days and now - seen.rounds.get(job, float("-inf")) >= every:
            with suppress(LiveAway):
                desk.queue.enqueue(job)
                seen.rounds[job] = now


def _alerts(desk: Desk, seen: Seen, turns: Turns) -> None:
    if raise_alerts(desk):
        _have_done(desk, "send_alerts")


def _erasures(desk: Desk, seen: Seen, turns: Turns) -> None:
    """What an erasure has still to do. Left to the queue alone: nobody waits for it."""
    with desk.book.begin() as ledger:
        due = ledger.leftover_due(_stamp(desk))
    if due:
        with suppress(LiveAway):
            desk.queue.enqueue("go_on_erasing")


def _alive(desk: Desk, seen: Seen, turns: Turns) -> None:
    """Operators see that somebody sends and ticks here."""
    with suppress(LiveAway):
        desk.live.beat("senders")


def _rounds(desk: Desk, seen: Seen, turns: Turns) -> None:
    """What is looked through at Twilio every few minutes. It may take long, so while Redis is away it waits."""
    now = _stamp(desk)
    looked = missed.begin_looking(desk)
    stalest = min((one.looked_at for one in templates.standings(desk)), default=now)
    for job, since, every in (
        ("look_for_missed", looked, missed.LOOK_SECONDS),
        ("look_at_templates", stalest, templates.LOOK_SECONDS),
    ):
        asked = seen.rounds.get(job, float("-inf"))
        if now - since >= every and desk.clock.monotonic() - asked >= every:
            with suppress(LiveAway):
                desk.queue.enqueue(job)
                seen.rounds[job] = desk.clock.monotonic()


_LOOKS = (
    _published,
    _spooled,
    _waiting,
    _silences,
    _left_behind,
    _unsettled,
    _freed,
    _follow_ups,
    _holds,
    _held_too_long,
    _unsent,
    _media,
    _rounds,
    _too_old,
    _alerts,
    _erasures,
    _alive,
)


def _have_done(desk: Desk, job: str, *ids: int) -> None:
    """Leave it to RQ, or do it here and now while Redis is away."""
    try:
        desk.queue.enqueue(job, *ids)
    except LiveAway:
        _DIRECTLY[job](desk, *ids)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
