"""Days that go wrong: a practitioner's time is blocked, and everybody booked in it is told new times in one go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from bot.core.conversation import Conversation
from bot.core.new_times import MORE, choices
from bot.core.window import window_open
from bot.desk.apart import apart
from bot.desk.clinic_time import short_label, when_label
from bot.desk.diary import DAYS_MAX
from bot.desk.diary_words import reachable, ring_days, tell_thread, words
from bot.desk.next_times import OFFERED_SLOTS, next_free
from bot.desk.reception import NotPossible
from bot.ports import Desk, Ledger, Words
from bot.ports.reception import Blocking, Entry
from bot.ports.staff import Audited

FELL_THROUGH = "appointment_fell_through"


@dataclass(frozen=True, slots=True)
class Blocked:
    """A block, and who is booked in it: they stay booked until somebody sees to them (:func:`tell_booked`)."""

    block: int
    booked: tuple[Entry, ...]


def block(desk: Desk, blocking: Blocking) -> Blocked:
    """Block a practitioner's time, up to a month. What is free in it is free no more; holds of patients in it end."""
    start, end = blocking.starts_at, blocking.ends_at
    if blocking.practitioner not in desk.diary.practitioners or not start < end <= start + DAYS_MAX * 86400:
        raise NotPossible("Name a practitioner, and a stretch of at most a month.")
    with desk.book.begin() as ledger:
        made = ledger.block(blocking, _stamp(desk))
        ledger.audit(Audited(_stamp(desk), blocking.made_by, "changed", f"block:{made}", "blocked"))
        entries = ledger.entries(start, end, blocking.practitioner)
    ring_days(desk, start, end)
    return Blocked(made, tuple(one for one in entries if one.kind == "appointment" and one.status == "booked"))


def lift(desk: Desk, block: int, staff: str = "") -> bool:
    """Give blocked time back; False when it was given back already."""
    with desk.book.begin() as ledger:
        lifted = ledger.lift_block(block, _stamp(desk))
        if lifted:
            ledger.audit(Audited(_stamp(desk), staff, "changed", f"block:{block}", "lifted"))
        return lifted


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one appointment in blocked time: ``told`` (cancelled, and the patient told, with new times),
    ``call`` (cancelled, and nobody can be written to: staff must call), ``changed`` (somebody was faster) or ``failed``
    (reported; it is booked still)."""

    entry: Entry
    result: Literal["told", "call", "changed", "failed"]


def would_be_told(desk: Desk, booked: tuple[Entry, ...]) -> tuple[str, ...]:
    """The words that :func:`tell_booked` would send to each as things are now; empty for whom staff must call."""
    with desk.book.look() as ledger:
        states = [ledger.read(entry.conversation) for entry in booked]
        return tuple(
            _words(desk, ledger, state, entry).text if state and reachable(state) else ""
            for state, entry in zip(states, booked, strict=True)
        )


def tell_booked(desk: Desk, staff: str, booked: tuple[Entry, ...]) -> tuple[Told, ...]:
    """Cancel these appointments and tell everybody, each with the next free times. Each on its own: one that fails is
    reported and the others go on. Done twice, it tells nobody twice."""
    told = []
    for entry in booked:
        result: Literal["told", "call", "changed", "failed"] = "failed"
        with apart(desk, "telling_failed", appointment=entry.id):
            result = _fall_through(desk, staff, entry)
        told.append(Told(entry, result))
    return tuple(told)


def _fall_through(desk: Desk, staff: str, entry: Entry) -> Literal["told", "call", "changed"]:
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        # The conversation first, then the appointment: the order in which a turn locks them.
        state = ledger.read(entry.conversation) if ledger.head(entry.conversation) else None
        current = ledger.entry(entry.id)
        if state is None or current is None or current.version != entry.version:
            return "changed"
        if ledger.cancel(entry.id, now) is None:
            return "changed"
        aloud = reachable(state)
        if aloud:
            ledger.queue(state.id, [_words(desk, ledger, state, entry)], now)
        ledger.audit(Audited(now, staff, "changed", f"appointment:{entry.id}", "fell through"))
    tell_thread(desk, staff, FELL_THROUGH, entry)
    return "told" if aloud else "call"


def _words(desk: Desk, ledger: Ledger, state: Conversation, entry: Entry) -> Words:
    """The news with the next free times as buttons; outside the window its template, whose button asks for them."""
    slots = next_free(desk, ledger, entry.service, entry.practitioner, OFFERED_SLOTS)
    times = "\n".join(f"- {when_label(slot.local(desk.diary.zone), state.language)}" for slot in slots)
    said = words(desk, state, entry, FELL_THROUGH, f"{FELL_THROUGH}:{entry.id}:{entry.version}", times or "-")
    local = ((f"{slot.practitioner}@{slot.start}", slot.local(desk.diary.zone)) for slot in slots)
    offered = [(id, short_label(at, state.language)) for id, at in local]
    template = desk.clinic.templates.get(said.template)
    if template is not None and not window_open(state.last_inbound_at, _stamp(desk)):
        offered = [(MORE, button.in_language(state.language)) for button in template.buttons]
    list_button = desk.clinic.texts["list button"].in_language(state.language)
    return replace(said, choices=choices(state.id, entry.id, offered), list_button=list_button)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
