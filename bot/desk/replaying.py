"""Deciding recorded turns again, from the rows of the journal alone.

Theory of operation
-------------------
A row has the event with its reading, the moment, and the grounds: which files decided it, what held for the whole
clinic, and what the actions came out as. The state before a turn is the one after the turn before, from an empty
conversation on; now and then a row keeps it whole, and a replay can begin there. What a turn comes to is compared by
its fingerprint, which is made of every byte of the state and of the effects.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from bot.core.conversation import Conversation, from_data
from bot.core.editions import with_older
from bot.core.effects import DoAction
from bot.core.events import Event, Outcome, SilenceRanOut, event_from_data
from bot.core.flow import Clinic
from bot.core.grounds import Grounds, fingerprint, grounds_from_data, written
from bot.core.orders import after as ordered_after
from bot.core.orders import before as ordered_before
from bot.core.orders import orders_from
from bot.core.place import Stranded
from bot.core.turn import Turn, take_turn
from bot.desk.deciding import ACTIONS_MAX, apology
from bot.desk.shelf import older_editions
from bot.ports import Book, Desk, JournalEntry

TURNS_MAX = 5_000
"""Turns of one conversation that are looked at: the latest."""
CONVERSATIONS_AT_ONCE = 50

Came = Callable[[DoAction], Outcome]
"""What an action came out as."""


class NotRecorded(Exception):
    """A turn asks for something whose outcome nobody wrote down, so nobody can say how it would go on."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One turn as it was recorded. ``grounds`` is None for a row from before grounds were kept."""

    seq: int
    at: datetime
    event: Event
    grounds: Grounds | None


def recorded(entry: JournalEntry) -> Recorded:
    """A row of the journal, read. One whose event is not kept any more has no grounds either."""
    at = datetime.fromtimestamp(entry.at, UTC)
    try:
        return Recorded(entry.seq, at, event_from_data(entry.event), grounds_from_data(entry.grounds))
    except (LookupError, TypeError, ValueError):
        return Recorded(entry.seq, at, SilenceRanOut(), None)


def decide_again(clinic: Clinic, state: Conversation, one: Recorded, came: Came) -> Turn:
    """The turn that follows from a state and a recorded event. Raises NotRecorded, or Stranded for whatever else keeps
    it from being decided: the desk then apologises."""
    try:
        return _decided(clinic, state, one, came)
    except (NotRecorded, Stranded):
        raise
    except Exception as error:
        raise Stranded(f"turn {one.seq} cannot be decided") from error


def _decided(clinic: Clinic, state: Conversation, one: Recorded, came: Came) -> Turn:
    assert one.grounds is not None
    orders, stamp = orders_from(one.grounds.orders), int(one.at.timestamp())
    begun = ordered_before(orders, state, one.event, stamp)
    if one.grounds.failed:
        return apology(clinic, begun, one.event, one.at)
    turn = take_turn(clinic, begun, one.event, one.at)
    for _ in range(ACTIONS_MAX):
        if turn.asked is None:
            return ordered_after(orders, turn, one.event, stamp)
        turn = turn.then(take_turn(clinic, turn.conversation, came(turn.asked), one.at))
    raise Stranded(f"more than {ACTIONS_MAX} actions")


def as_recorded(outcomes: Iterable[Outcome]) -> Came:
    """Outcomes one after the other, each for the action it is of."""
    left = iter(outcomes)

    def came(asked: DoAction) -> Outcome:
        outcome = next(left, None)
        if outcome is None or outcome.action != asked.action:
            raise NotRecorded(asked.action)
        return outcome

    return came


def as_read_back(state: str) -> Conversation:
    """A state as the next turn finds it: every turn begins with what JSON keeps."""
    return from_data(json.loads(state))


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of replaying a conversation. Turns are the same, differ (``different`` names them), or are unknown:
    recorded before grounds were kept, decided by files that are not here (``versions``), or what followed on these or
    on a different one, until a state was kept again."""

    conversation: str
    same: int = 0
    different: tuple[int, ...] = ()
    unknown: int = 0
    versions: frozenset[str] = frozenset()


Clinics = Callable[[str, Conversation], Clinic | None]
"""The files by their version, with those of older editions that a conversation finishes on; None when they are not
here."""


def every_edition(desk: Desk) -> Clinics:
    """Whatever was ever published."""
    find = older_editions(desk)

    @cache
    def published(version: str) -> Clinic | None:
        draft = desk.shelf.draft(version)
        return draft.clinic if draft is not None and draft.sound else None

    def clinic(version: str, state: Conversation) -> Clinic | None:
        found = desk.clinic if version == desk.clinic.version else published(version)
        return with_older(found, state, find) if found is not None else None

    return clinic


def replay(start: Conversation, entries: Iterable[JournalEntry], clinics: Clinics) -> Replayed:
    """Replay one conversation from its rows. ``start`` is the conversation as it is before its first turn."""
    state: Conversation | None = start
    same, different, unknown, versions = 0, [], 0, set()
    for entry in entries:
        one = recorded(entry)
        state = state_before(state, one, start)
        clinic = clinics(one.grounds.clinic, state) if one.grounds and state else None
        if one.grounds is not None and state is not None and clinic is None:
            versions.add(one.grounds.clinic)
        if state is None or clinic is None:
            state, unknown = None, unknown + 1
            continue
        after = _taken_again(clinic, state, one)
        if after is None:
            state = None
            different.append(one.seq)
        else:
            state, same = as_read_back(after), same + 1
    return Replayed(start.id, same, tuple(different), unknown, frozenset(versions))


def state_before(state: Conversation | None, one: Recorded, start: Conversation) -> Conversation | None:
    """The state a turn began with: kept whole with it, or what the turn before came to."""
    if one.grounds is not None and one.grounds.began is not None:
        return one.grounds.began
    if one.seq == 1:
        return start
    return state if state is not None and state.turn == one.seq - 1 else None


def _taken_again(clinic: Clinic, state: Conversation, one: Recorded) -> str | None:
    """The state after a turn, when the turn is byte by byte what it was."""
    assert one.grounds is not None
    try:
        turn = decide_again(clinic, state, one, as_recorded(one.grounds.outcomes))
    except (NotRecorded, Stranded):
        return None
    after = written(turn.conversation)
    return after if fingerprint(after, turn.effects) == one.grounds.fingerprint else None


def find(book: Book, beginning: str) -> tuple[Conversation, tuple[JournalEntry, ...]] | None:
    """The conversation with this id, or the only one whose id begins so, as :func:`conversations` gives it."""
    with book.look() as ledger:
        exact = ledger.read(beginning)
        found = ((exact.id, exact.address),) if exact else ledger.recorded(0, beginning, 2)
        meant = [one for one in found if one[0].startswith(beginning)]
        if len(meant) != 1:
            return None
        [(id, address)] = meant
        return Conversation(id, address), ledger.journal_of(id, TURNS_MAX)


def conversations(book: Book, since: int) -> Iterable[tuple[Conversation, tuple[JournalEntry, ...]]]:
    """Every conversation in which something happened since then (epoch seconds), as it is before its first turn, and
    its turns: one after the other, never all at once."""
    after = ""
    while True:
        with book.look() as ledger:
            found = ledger.recorded(since, after, CONVERSATIONS_AT_ONCE)
        for id, address in found:
            with book.look() as ledger:
                entries = ledger.journal_of(id, TURNS_MAX)
            yield Conversation(id, address), entries
        if len(found) < CONVERSATIONS_AT_ONCE:
            return
        after = found[-1][0]
