"""Telling a patient, and her thread, what staff changed about an appointment; and ringing for the diary's pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from bot.core.conversation import Conversation
from bot.core.events import Event, StaffDid
from bot.core.names import Names
from bot.desk.apart import apart
from bot.desk.clinic_time import when_label
from bot.desk.speaking import wake
from bot.desk.turns import happen
from bot.ports import Appointment, Desk, Ledger, Words
from bot.ports.reception import Entry

TEXTS: Mapping[str, tuple[str, str]] = {
    "appointment_booked": ("desk booked", "confirmation"),
    "appointment_moved": ("desk moved", "moved"),
    "appointment_cancelled": ("desk cancelled", "cancelled"),
    "appointment_fell_through": ("desk fell through", "fell_through"),
}
"""What happened, the engine text that tells it, and the template that does outside the 24-hour window."""


def tell(desk: Desk, staff: str, about: Appointment, what: str, aloud: bool) -> None:
    """Tell the thread, and ``aloud`` the patient as well, if she can be written to. Told twice, it is said once."""
    if aloud:
        with desk.book.begin() as ledger:
            state = ledger.read(about.conversation)
            if state is not None and reachable(state):
                key = f"{what}:{about.id}:{about.version}"
                ledger.queue(state.id, [words(desk, state, about, what, key)], _stamp(desk))
    tell_thread(desk, staff, what, about)


def tell_thread(desk: Desk, staff: str, what: str, about: Appointment | Entry) -> None:
    """Tell the patient's thread what staff did, let words leave that wait, and ring for the diary's day."""

    def did(ledger: Ledger, state: Conversation) -> Event | None:
        return StaffDid(staff, what, about.number)

    happen(desk, about.conversation, did)
    wake(desk, [about.conversation])
    ring_days(desk, about.starts_at, about.ends_at)


def words(  # noqa: PLR0913 - what, to whom, about what
    desk: Desk, state: Conversation, about: Appointment | Entry, what: str, key: str, times: str = ""
) -> Words:
    """The words about an appointment in the patient's language, and the template that says the same."""
    who = desk.diary.practitioners.get(about.practitioner)
    said = {
        "when": when_label(datetime.fromtimestamp(about.starts_at, desk.diary.zone), state.language),
        "number": about.number,
        "practitioner": who.name if who else "",
    }
    if times:
        said["times"] = times
    text, template = TEXTS[what]
    rendered = Names(desk.clinic, state, said).render(desk.clinic.texts[text].in_language(state.language))
    return Words(rendered, "notice", key=key, template=template, variables=said)


def reachable(state: Conversation) -> bool:
    """Whether words can reach this patient at all: not one who has no WhatsApp."""
    return reachable_at(state.address)


def reachable_at(address: str) -> bool:
    """Whether words can reach an address at all."""
    return address.startswith("whatsapp:")


def ring_days(desk: Desk, start: int, end: int) -> None:
    """Ring for the days of the diary between two instants."""
    with apart(desk, "bell_failed"):
        for day in _days(desk, start, end):
            desk.live.ring("cal", day.isoformat())


def _days(desk: Desk, start: int, end: int) -> Iterator[date]:
    day = datetime.fromtimestamp(start, UTC).astimezone(desk.diary.zone).date()
    last = datetime.fromtimestamp(max(start, end - 1), UTC).astimezone(desk.diary.zone).date()
    while day <= last:
        yield day
        day += timedelta(days=1)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
