"""Follow-ups that fall due: each becomes an event of its conversation, with its words, or is closed with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.core.conversation import Conversation
from bot.core.events import Event, FollowUpFellDue
from bot.core.follow_up import Answer, would_send
from bot.core.names import Names
from bot.desk.clinic_time import when_label
from bot.desk.telling import told_of
from bot.desk.turns import happen
from bot.ports import BookAway, Desk, FollowUp, FollowUpEnd, Ledger, LiveAway

FAILURES_MAX = 3
"""A follow-up that could not be put into words so often is put before a person."""
IN_CONVERSATION_SECONDS = 10 * 60
"""Whoever wrote so recently, and has more than the menu open, is not interrupted."""

_CLOSED: Mapping[Answer, FollowUpEnd] = {"yes": "queued", "no": "skipped", "person": "needs_person"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A follow-up as staff see it: what it is, how it fared, and whether it would still be sent now."""

    follow_up: FollowUp
    would: Answer
    why: str


def send_follow_up(desk: Desk, id: int) -> None:
    """Say a follow-up that is due, or close it with the reason. One that is closed already is left.

    One that cannot be put into words is tried again, and then put before a person: it never stops the others.
    Raises BookAway.
    """
    try:
        _send(desk, id)
    except (BookAway, LiveAway):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, staff must come to know of it
        desk.report("follow_up_failed", {"follow_up": id, "error": type(error).__name__})
        now = int(desk.clock.now().timestamp())
        with desk.book.begin() as ledger:
            if ledger.follow_up_failed(id, now) >= FAILURES_MAX:
                ledger.follow_up_done(id, "needs_person", "it could not be put into words", now)


def listed(desk: Desk, conversation: str, appointment: int = 0) -> tuple[Listed, ...]:
    """Everything said later in a conversation, or about one appointment, for staff; by due time."""
    now = desk.clock.now()
    with desk.book.begin() as ledger:
        state, found = ledger.read(conversation), ledger.follow_ups_of(conversation, appointment)
    if state is None:
        return ()
    return tuple(_listed(one, state, now.astimezone(desk.diary.zone)) for one in found)


def _listed(one: FollowUp, state: Conversation, now: datetime) -> Listed:
    if one.status != "pending":
        return Listed(one, "no", one.why)
    would, why = would_send(one, state, now)
    return Listed(one, would, why)


def _send(desk: Desk, id: int) -> None:
    with desk.book.begin() as ledger:
        due = ledger.follow_up(id)
    if due is not None:
        happen(desk, due.conversation, lambda ledger, state: _fell_due(desk, ledger, state, id))


def _fell_due(desk: Desk, ledger: Ledger, state: Conversation, id: int) -> Event | None:
    """The event, when it is really to be said now; otherwise the reason is noted."""
    now = desk.clock.now()
    stamp = int(now.timestamp())
    due = ledger.follow_up(id)
    if due is None:
        return None
    answer, why = would_send(due, state, now.astimezone(desk.diary.zone))
    if answer == "yes" and _in_conversation(desk, state, stamp):
        answer, why = "later", "the patient is answering a question"
    if answer == "later":
        ledger.follow_up_waits(id, why, stamp)
        return None
    ledger.follow_up_done(id, _CLOSED[answer], why, stamp)
    if answer != "yes":
        return None
    said = _said(desk, due, state)
    return FollowUpFellDue(id, due.kind, due.appointment, due.appointment_version, said, due.expires_at)


def _in_conversation(desk: Desk, state: Conversation, stamp: int) -> bool:
    running = state.running
    busy = state.open is not None and running is not None and running.flow != desk.clinic.otherwise
    return busy and stamp - state.last_inbound_at < IN_CONVERSATION_SECONDS


def _said(desk: Desk, due: FollowUp, state: Conversation) -> Mapping[str, str]:
    clinic = desk.clinic.facts.get("short name") or desk.clinic.facts.get("name")
    told = {**told_of(desk.diary, due, state.language), "clinic_name": str(clinic or "")}
    if due.offered_at:
        when = datetime.fromtimestamp(due.offered_at, desk.diary.zone)
        told = {**told, "offered": when_label(when, state.language)}
    service = desk.diary.services.get(due.service)
    notes = service.preparation if service else {}
    if notes:
        words = notes.get(state.language) or next(iter(notes.values()))
        told = {**told, "notes": Names(desk.clinic, state).render(words)}
    return told
