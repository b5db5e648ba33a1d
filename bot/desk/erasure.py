"""Erasing a patient: what would go, having it go, and what is left to do outside of the database.

Who it was goes in one transaction; the words go piece by piece right after it; Redis, files and Twilio follow. Each
step is a row until it is done, so it does not matter where we are killed: the tick takes up what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from bot.core.erasure import erased_digest
from bot.desk.apart import apart
from bot.desk.reception import NotPossible
from bot.ports import CarrierAway, CarrierRefused, CarrierUnclear, Desk, Ledger, LiveAway
from bot.ports.erasure import ERASED, Erasure, Extent, Leftover, LeftoverKind
from bot.ports.reception import Patient
from bot.ports.staff import Audited

ROWS_MAX = 200
"""Erased in one transaction: others have to write meanwhile."""
LEFTOVERS_MAX = 20
SECONDS_MAX = 60.0
"""A job goes on for so long; the tick has the next one go on after it."""
STUCK_TRIES = 5
SCRUB_SECONDS, SCRUB_AGAIN_SECONDS = 90, 5
"""Files are scrubbed once everything is erased and forgotten that is written in them."""
STATE_AGAIN_SECONDS = 60
"""A turn that began before may put the old state back into Redis: it is forgotten once more."""
FIRST_LOOK_SECONDS, LAST_LOOK_SECONDS = 30, 900
"""Twilio is asked for what was exchanged when what was just leaving has left, and once more much later."""
LISTED_MAX = 200
GRACE_SECONDS = 60
"""Words that were just leaving reach Twilio a little after the erasure was asked for."""
ERASURES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Place:
    """A conversation in which a patient is spoken of. ``others`` are the names of those who are spoken of besides."""

    conversation: str
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What erasing would take. Only what is the patient's alone goes unasked; ``chosen`` are the conversations that go.

    ``why_not`` says why it cannot be done now; empty when it can. ``typed`` is what has to be typed to confirm it.
    """

    patient: Patient | None
    places: tuple[Place, ...]
    chosen: tuple[str, ...]
    extent: Extent
    why_not: str
    typed: str


def plan(desk: Desk, patient: int, conversations: Sequence[str] = ()) -> Plan | None:
    """What erasing a patient would take, with ``conversations`` chosen besides; or, without a patient (0), what erasing
    one conversation would. None when there is nothing of that id."""
    with desk.book.look() as ledger:
        return _plan(ledger, patient, conversations, _stamp(desk))


def erase(desk: Desk, staff: str, patient: int, conversations: Sequence[str], typed: str) -> int:
    """Erase for good; the erasure's id. ``typed`` confirms it. Raises NotPossible, having changed nothing."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        found = _plan(ledger, patient, conversations, now)
        if found is None:
            raise NotPossible("There is nobody of that id any more.")
        if found.why_not:
            raise NotPossible(found.why_not)
        if _folded(typed) != _folded(found.typed):
            raise NotPossible(f"Type “{found.typed}” to confirm it.")
        id = _begin(desk, ledger, patient, found.chosen, staff)
        subjects = (f"patient:{patient}",) if patient else ()
        for subject in (*subjects, *(f"conversation:{one}" for one in found.chosen)):
            ledger.audit(Audited(now, staff, "erased", subject, f"erasure {id}"))
    _empty(desk)
    with suppress(LiveAway):
        desk.queue.enqueue("go_on_erasing")
    return id


def _plan(ledger: Ledger, patient: int, conversations: Sequence[str], now: int) -> Plan | None:
    known = ledger.patient(patient) if patient else None
    where = ledger.conversations_of(patient) if patient else tuple(conversations[:1])
    if (patient and known is None) or (not patient and not any(ledger.read(one) for one in where)):
        return None
    places = tuple(Place(one, _others(ledger, one, patient)) for one in where)
    chosen = tuple(place.conversation for place in places if not place.others or place.conversation in conversations)
    why_not = _why_not(ledger, known, patient, chosen, now)
    if not why_not and not patient and places[0].others:
        why_not = "Patients are known by name here: erase each of them from her own page."
    typed = known.name if known else "ERASE"
    return Plan(known, places, chosen, ledger.extent(patient, chosen), why_not, typed)


def _others(ledger: Ledger, conversation: str, patient: int) -> tuple[str, ...]:
    people = ledger.patients_of(conversation)
    return tuple(one.name for one in people if one.id != patient and not one.merged_into)


def _why_not(ledger: Ledger, known: Patient | None, patient: int, chosen: Sequence[str], now: int) -> str:
    if known is not None and known.name == ERASED:
        return "This patient was erased already."
    if known is not None and known.merged_into:
        return "This record was merged into another: erase that one."
    if ledger.to_come(patient, chosen, now):
        return "An appointment is still to come. Cancel it first, or wait until it is over."
    return ""


def _begin(desk: Desk, ledger: Ledger, patient: int, chosen: Sequence[str], staff: str) -> int:
    now = _stamp(desk)
    digests = [erased_digest(desk.conversation_key, mark) for mark in ledger.marks(patient, chosen)]
    id = ledger.begin_erasure(patient, chosen, staff, now)
    ledger.leave(id, "listed", digests, now)
    ledger.leave(id, "state", chosen, now)
    ledger.leave(id, "look", chosen, now + FIRST_LOOK_SECONDS)
    ledger.leave(id, "scrub", [str(id)], now + SCRUB_SECONDS)
    return id


# ---- what is left


def go_on(desk: Desk) -> None:
    """Do what erasures still have to do now, for about a minute. For the queue; doing it twice is harmless."""
    give_up = desk.clock.monotonic() + SECONDS_MAX
    _empty(desk)
    while desk.clock.monotonic() < give_up:
        with desk.book.begin() as ledger:
            taken = ledger.take_leftovers(LEFTOVERS_MAX, _stamp(desk))
        for one in taken:
            with apart(desk, "erasure_not_finished", erasure=one.erasure, kind=one.kind):
                _do(desk, one)
        if not taken:
            return


def _empty(desk: Desk) -> None:
    """Erase here, piece by piece, all that was begun."""
    more = True
    while more:
        with desk.book.begin() as ledger:
            more = ledger.erase_some(ROWS_MAX, _stamp(desk))


def _do(desk: Desk, one: Leftover) -> None:
    try:
        again_at = _ACTS[one.kind](desk, one)
    except (CarrierAway, CarrierRefused, CarrierUnclear) as trouble:
        if one.tries >= STUCK_TRIES:
            ids = {"erasure": one.erasure, "kind": one.kind, "tries": one.tries}
            desk.report("erasure_waits_for_twilio", {**ids, "error": type(trouble).__name__})
        return
    with desk.book.begin() as ledger:
        if again_at:
            ledger.look_again(one, again_at)
        else:
            ledger.leftover_done(one, _stamp(desk))


def _note(desk: Desk, one: Leftover) -> int:
    desk.erased_list.note(one.id, one.asked_at)
    return 0


def _forget_state(desk: Desk, one: Leftover) -> int:
    desk.live.forget(one.id)
    return 0 if one.tries > 1 else _stamp(desk) + STATE_AGAIN_SECONDS


def _drop_file(desk: Desk, one: Leftover) -> int:
    desk.media_store.drop(one.id)
    return 0


def _look(desk: Desk, one: Leftover) -> int:
    """Ask Twilio for everything that was exchanged with the address, ours or not, so that nothing brings it back."""
    if not one.address.startswith("whatsapp:"):
        return 0
    now = _stamp(desk)
    found = desk.carrier().exchanged(one.address, LISTED_MAX)
    old = [sid for sid, at in found if at <= one.asked_at + GRACE_SECONDS]
    with desk.book.begin() as ledger:
        ledger.leave(one.erasure, "message", old, now)
    last = one.asked_at + LAST_LOOK_SECONDS
    # What is deleted is listed no more: the next look finds what this one had no room for.
    if old:
        return now + min(FIRST_LOOK_SECONDS * one.tries, LAST_LOOK_SECONDS)
    return 0 if now >= last else last


def _delete_message(desk: Desk, one: Leftover) -> int:
    desk.carrier().delete(one.id)
    return 0


def _scrub(desk: Desk, one: Leftover) -> int:
    if not desk.book.scrub():
        return _stamp(desk) + SCRUB_AGAIN_SECONDS
    desk.live.scrub()
    return 0


_ACTS: Mapping[LeftoverKind, Callable[[Desk, Leftover], int]] = {
    "listed": _note,
    "state": _forget_state,
    "file": _drop_file,
    "look": _look,
    "message": _delete_message,
    "scrub": _scrub,
}
"""What each is done by. It gives the instant at which it is to be done once more, or 0."""


# ---- afterwards


def erasure(desk: Desk, id: int) -> Erasure | None:
    """One erasure, and how far it is."""
    with desk.book.look() as ledger:
        return ledger.erasure(id)


def erasures(desk: Desk) -> tuple[Erasure, ...]:
    """The newest first."""
    with desk.book.look() as ledger:
        return ledger.erasures(ERASURES_SHOWN)


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
