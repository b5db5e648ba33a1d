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
from bot.ports.reception import Patient

FOUND_MAX = 20
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
    about. ``appointments`` are those to come, ``coming`` their follow-ups."""

    card: Card
    patients: tuple[Patient, ...]
    ambiguous: bool
    appointments: tuple[Appointment, ...]
    coming: tuple[Coming, ...]


def panel(desk: Desk, conversation: str) -> Panel | None:
    """What stands beside a thread."""
    head = card(desk, conversation)
    if head is None:
        return None
    now = desk.clock.now()
    with desk.book.begin() as ledger:
        state = ledger.read(conversation)
        people = tuple(one for one in ledger.patients_of(conversation) if not one.merged_into)
        appointments = ledger.appointments(conversation, int(now.timestamp()))
        pending = ledger.pending_follow_ups(conversation)
    local = now.astimezone(desk.diary.zone)
    coming = []
    for one in pending:
        answer, why = would_send(one, state or Conversation(conversation, ""), local)
        coming.append(Coming(one.id, one.kind, one.appointment, one.due_at, answer, why))
    return Panel(head, people, len(people) > 1 and not head.about, appointments, tuple(coming))


def find(desk: Desk, words: str) -> tuple[Patient, ...]:
    """Patients by a part of a name, the end of a phone number, or an appointment's number; at most 20."""
    with desk.book.begin() as ledger:
        return ledger.find_patients(words, FOUND_MAX)


def patient(desk: Desk, id: int) -> Patient | None:
    """One patient; None when there is none of that id."""
    with desk.book.look() as ledger:
        return ledger.patient(id)


def conversations_of(desk: Desk, patient: int) -> tuple[str, ...]:
    """Where a patient is spoken of."""
    with desk.book.begin() as ledger:
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
        found = ledger.add_patient(conversation, _checked(desk, patient), _stamp(desk))
        return StaffDid(staff, "patient_added", str(found))

    happen(desk, conversation, added)
    return found


def change(desk: Desk, patient: Patient) -> None:
    """Write a patient's data down anew. Raises NotPossible."""
    with desk.book.begin() as ledger:
        if ledger.patient(patient.id) is None:
            raise NotPossible("There is no such patient.")
        ledger.change_patient(_checked(desk, patient))


def merge(desk: Desk, staff: str, kept: int, gone: int) -> int:
    """Make two records one: appointments and conversations of ``gone`` become ``kept``'s, whose data stays. The merge's
    id, with which it can be undone for a day. Raises NotPossible."""
    with desk.book.begin() as ledger:
        both = ledger.patient(kept), ledger.patient(gone)
        if kept == gone or None in both or any(one is not None and one.merged_into for one in both):
            raise NotPossible("Choose two different patients.")
        return ledger.merge_patients(kept, gone, staff, _stamp(desk))


def undo_merge(desk: Desk, merge: int) -> None:
    """Make them two again; what came after the merge stays with the one kept. Raises NotPossible after a day."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        if not ledger.undo_merge(merge, now - UNDO_MERGE_SECONDS, now):
            raise NotPossible("It is more than a day ago, or was undone already.")


def opted_out(desk: Desk, after: str = "", rows_max: int = 100) -> tuple[str, ...]:
    """Conversations of patients who want no follow-ups, by id, after one."""
    with desk.book.begin() as ledger:
        return ledger.opted_out(rows_max, after)


def _checked(desk: Desk, patient: Patient) -> Patient:
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
