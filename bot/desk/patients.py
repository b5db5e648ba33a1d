"""Patients at the desk: who a conversation is about, what is known of her, and two records that are one person.

Patients are not addresses: several may share a phone, and one may change it. What is chosen here is told in the thread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from bot.core.conversation import Conversation
from bot.core.events import Event, StaffDid
from bot.core.follow_up import would_send
from bot.desk.inbox import Card, card
from bot.desk.reception import NotPossible
from bot.desk.turns import happen
from bot.ports import Appointment, Desk, Ledger
from bot.ports.erasure import ERASED
from bot.ports.reception import Entry, Patient, ThreadLine
from bot.ports.staff import Audited

FOUND_MAX = 20
NOTES_SHOWN = 20
ENTRIES_SHOWN = 50
UNDO_MERGE_SECONDS = 24 * 3600
NAME_CHARACTERS_MAX = 200
REMARKS_CHARACTERS_MAX = 2000


@dataclass(frozen=True, slots=True)
class Coming:
    """A follow-up that is still to come: whether it would go out as things are now, and why not."""

    id: int
    kind: str
    appointment: int
    due_at: int
    answer: str
    why: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything beside a thread. ``ambiguous``: several patients share the address and nobody has said whom it is
    about. ``appointments`` are those to come, ``coming`` their follow-ups. ``notes`` are the newest first."""

    card: Card
    patients: tuple[Patient, ...]
    ambiguous: bool
    appointments: tuple[Appointment, ...]
    coming: tuple[Coming, ...]
    notes: tuple[ThreadLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """Everything known of one patient, wherever she is spoken of. ``entries`` are appointments, the latest first."""

    patient: Patient
    entries: tuple[Entry, ...]
    cards: tuple[Card, ...]
    coming: tuple[Coming, ...]


def record(desk: Desk, id: int) -> Record | None:
    """Everything known of one patient; None when there is none of that id."""
    with desk.book.look() as ledger:
        found = ledger.patient(id)
        entries = ledger.entries_of(id, ENTRIES_SHOWN)
        where = ledger.conversations_of(id)
        hers = {entry.id for entry in entries}
        coming = [one for place in where for one in _coming(desk, ledger, place) if one.appointment in hers]
    cards = tuple(one for place in where if (one := card(desk, place)))
    return Record(found, entries, cards, tuple(coming)) if found else None


def panel(desk: Desk, conversation: str) -> Panel | None:
    """What stands beside a thread."""
    head = card(desk, conversation)
    if head is None:
        return None
    with desk.book.look() as ledger:
        people = tuple(one for one in ledger.patients_of(conversation) if not one.merged_into)
        appointments = ledger.appointments(conversation, _stamp(desk))
        coming = _coming(desk, ledger, conversation)
        notes = ledger.notes(conversation, NOTES_SHOWN)
    return Panel(head, people, len(people) > 1 and not head.about, appointments, coming, notes)


def find(desk: Desk, words: str) -> tuple[Patient, ...]:
    """Patients by a part of a name, the end of a phone number, or an appointment's number; at most 20."""
    with desk.book.look() as ledger:
        return ledger.find_patients(words, FOUND_MAX)


def patient(desk: Desk, id: int) -> Patient | None:
    """One patient; None when there is none of that id."""
    with desk.book.look() as ledger:
        return ledger.patient(id)


def conversations_of(desk: Desk, patient: int) -> tuple[str, ...]:
    """Where a patient is spoken of."""
    with desk.book.look() as ledger:
        return ledger.conversations_of(patient)


def set_about(desk: Desk, conversation: str, staff: str, patient: int) -> None:
    """Say whom a conversation is about (0: nobody in particular). Raises NotPossible for who is not spoken of in it."""

    def said(ledger: Ledger, state: Conversation) -> Event | None:
        if patient and patient not in [one.id for one in ledger.patients_of(conversation)]:
            raise NotPossible("Add this patient to the conversation first.")
        ledger.set_about(conversation, patient)
        return StaffDid(staff, "about_chosen", str(patient))

    happen(desk, conversation, said)


def add(desk: Desk, conversation: str, staff: str, patient: Patient) -> int:
    """Add a patient to a conversation, or find the one of that name there; her id. Raises NotPossible."""
    found = 0

    def added(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal found
        found = ledger.add_patient(conversation, checked(desk, patient), _stamp(desk))
        return StaffDid(staff, "patient_added", str(found))

    happen(desk, conversation, added)
    return found


def change(desk: Desk, patient: Patient, staff: str = "") -> None:
    """Write a patient's data down anew. Raises NotPossible."""
    with desk.book.begin() as ledger:
        known = ledger.patient(patient.id)
        if known is None or known.name == ERASED:
            raise NotPossible("There is no such patient.")
        ledger.change_patient(checked(desk, patient))
        ledger.audit(Audited(_stamp(desk), staff, "changed", f"patient:{patient.id}"))


def merge(desk: Desk, staff: str, kept: int, gone: int) -> int:
    """Make two records one: appointments and conversations of ``gone`` become ``kept``'s, whose data stays. The merge's
    id, with which it can be undone for a day. Raises NotPossible."""
    with desk.book.begin() as ledger:
        both = ledger.patient(kept), ledger.patient(gone)
        if (
            kept == gone
            or None in both
            or any(one is not None and (one.merged_into or one.name == ERASED) for one in both)
        ):
            raise NotPossible("Choose two different patients.")
        made = ledger.merge_patients(kept, gone, staff, _stamp(desk))
        ledger.audit(Audited(_stamp(desk), staff, "changed", f"patient:{kept}", f"merged with {gone}"))
        return made


def undo_merge(desk: Desk, merge: int, staff: str = "") -> None:
    """Make them two again; what came after the merge stays with the one kept. Raises NotPossible after a day."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        if not ledger.undo_merge(merge, now - UNDO_MERGE_SECONDS, now):
            raise NotPossible("It is more than a day ago, or was undone already.")
        ledger.audit(Audited(now, staff, "changed", f"merge:{merge}", "undone"))


def opted_out(desk: Desk, after: str = "", rows_max: int = 100) -> tuple[str, ...]:
    """Conversations of patients who want no follow-ups, by id, after one."""
    with desk.book.look() as ledger:
        return ledger.opted_out(rows_max, after)


def _coming(desk: Desk, ledger: Ledger, conversation: str) -> tuple[Coming, ...]:
    state = ledger.read(conversation) or Conversation(conversation, "")
    local = desk.clock.now().astimezone(desk.diary.zone)
    judged = (
        (one, would_send(one, state, local)) for one in ledger.follow_ups_of(conversation) if one.status == "pending"
    )
    return tuple(Coming(one.id, one.kind, one.appointment, one.due_at, *answer) for one, answer in judged)


def checked(desk: Desk, patient: Patient) -> Patient:
    """A patient's data as it is kept. Raises NotPossible, saying what is wrong with it."""
    name = " ".join(patient.name.split())
    if not 0 < len(name) <= NAME_CHARACTERS_MAX or len(patient.remarks) > REMARKS_CHARACTERS_MAX:
        raise NotPossible("A patient has a name, and remarks of at most two thousand characters.")
    if patient.phone and not re.fullmatch(r"\+[1-9][0-9]{6,14}", patient.phone):
        raise NotPossible("Write the phone number with + and the country code.")
    if patient.born and not _is_past_day(patient.born, desk.clock.now()):
        raise NotPossible("Write the date of birth as year, month and day: 1958-03-21.")
    return replace(patient, name=name)


def _is_past_day(iso: str, now: datetime) -> bool:
    try:
        return date(1880, 1, 1) < date.fromisoformat(iso) <= now.date()
    except ValueError:
        return False


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
