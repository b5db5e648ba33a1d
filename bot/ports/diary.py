"""Appointments, what follows from them, and who waits for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.calendar import Busy, Slot


@dataclass(frozen=True, slots=True)
class FollowUpDraft:
    """A follow-up to make together with an appointment."""

    kind: str
    due_at: int
    expires_at: int
    offered: Slot | None = None
    """The time that a waiting list's offer is about."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A follow-up with what its predicate and its words need. ``appointment`` is 0 when there is none."""

    id: int
    kind: str
    conversation: str
    appointment: int
    made_for_version: int
    appointment_version: int
    appointment_status: str
    starts_at: int
    service: str
    practitioner: str
    number: str
    due_at: int
    expires_at: int
    made_at: int = 0
    not_theirs_at: int = 0
    """When whoever was asked said that the appointment is not theirs."""
    offered_by: str = ""
    offered_at: int = 0
    """The time that an offer is about: whose it is, and when it starts."""
    status: str = "pending"
    why: str = ""
    said: str = ""
    """How its words fared: the status of their row in the outbox, or empty."""


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booked appointment as patients and staff see it."""

    id: int
    number: str
    version: int
    conversation: str
    patient: str
    service: str
    practitioner: str
    starts_at: int
    ends_at: int
    status: str
    confirmed_at: int = 0
    """When the patient said that she comes, at this time; 0 when she has not."""


@dataclass(frozen=True, slots=True)
class Freed:
    """A time that an appointment left, while somebody on the waiting list may still be offered it."""

    id: int
    slot: Slot


@dataclass(frozen=True, slots=True)
class Booking:
    """What is needed to write an appointment down. ``busy`` includes the service's buffers."""

    number: str
    conversation: str
    patient: str
    phone: str
    whom: str
    service: str
    slot: Slot
    busy: Busy
    local_start: str
    zone: str
    follow_ups: tuple[FollowUpDraft, ...] = ()
    made_by: str = "bot"
    """``bot``, or the account of whoever booked it at the desk."""
    patient_id: int = 0
    """The patient, when staff chose one; otherwise the conversation's patient of this name."""


@dataclass(frozen=True, slots=True)
class NewTime:
    """Where an appointment moves to, and the follow-ups it has there."""

    slot: Slot
    busy: Busy
    local_start: str
    follow_ups: tuple[FollowUpDraft, ...] = ()


FollowUpEnd = Literal["queued", "skipped", "expired", "needs_person"]


class DiaryPart(Protocol):
    """Appointments, and holds on times."""

    def busy(self, practitioners: Sequence[str], start: int, end: int, now: int, conversation: str) -> tuple[Busy, ...]:
        """What is taken between two instants. Expired holds and this conversation's own hold are free to it."""

    def hold(self, conversation: str, busy: Busy, until: int, now: int) -> None:
        """Hold a time for a conversation, giving back any other it held. Raises :class:`SlotTaken`."""

    def release(self, conversation: str) -> None:
        """Give back whatever the conversation holds."""

    def book(self, booking: Booking, now: int) -> Appointment:
        """Write an appointment down, turning the conversation's hold on that time into it or taking the time anew.

        Raises :class:`SlotTaken`. The same conversation, slot and service booked twice gives the first one back.
        """

    def move(self, appointment: int, to: NewTime, now: int) -> Appointment | None:
        """Move an appointment, raising its version and remaking its follow-ups. The old time is kept when the new one
        is taken (:class:`SlotTaken`). None when the appointment is not booked any more."""

    def cancel(self, appointment: int, now: int) -> Appointment | None:
        """Cancel an appointment and its follow-ups; None when it is not booked any more."""

    def appointments(self, conversation: str, after: int) -> tuple[Appointment, ...]:
        """The booked appointments made from a conversation that start after an instant, soonest first."""

    def appointment(self, id: int, conversation: str) -> Appointment | None:
        """One appointment, if it belongs to the conversation."""

    def request(self, number: str, conversation: str, wishes: Mapping[str, str], now: int) -> None:
        """Keep a wish for an appointment that staff will confirm."""

    def expire_holds(self, now: int) -> int:
        """Tidy holds that ran out; how many."""

    def holds(self, conversation: str, now: int) -> bool:
        """Whether a time is held for a conversation."""

    def times_held(self, now: int) -> tuple[Busy, ...]:
        """Every time that is held for somebody just now, buffers included."""

    def confirm(self, appointment: int, version: int, now: int) -> bool:
        """Note that the patient comes at this version's time; False when it is no longer that, or not booked."""

    def not_theirs(self, appointment: int, now: int) -> None:
        """Note that whoever is asked about an appointment says it is not theirs, and close its follow-ups."""

    def missed(self, appointment: int, follow_ups: Sequence[FollowUpDraft], now: int) -> Appointment | None:
        """Note that the patient did not come, and make what follows; None unless it was booked."""


class FollowUpsPart(Protocol):
    """What is to be said later."""

    def follow_ups_due(self, now: int, limit: int) -> tuple[int, ...]:
        """Ids of pending follow-ups that are due, but those that were asked within a minute and may not leave yet."""

    def follow_up(self, id: int) -> FollowUp | None:
        """A pending follow-up, locked, or None when it is pending no more."""

    def follow_up_done(self, id: int, status: FollowUpEnd, why: str, now: int) -> None:
        """Close a follow-up with the reason staff will read."""

    def follow_up_waits(self, id: int, why: str, now: int) -> None:
        """Note why a follow-up that is due may not leave yet. Those asked longest ago are asked again first."""

    def follow_up_failed(self, id: int, now: int) -> int:
        """Count a failure to put a follow-up into words; the new count."""

    def follow_ups_of(self, conversation: str, appointment: int = 0) -> tuple[FollowUp, ...]:
        """Everything said later in a conversation, or about one appointment: pending, said and closed, by due time."""

    def add_follow_ups(self, appointment: int, drafts: Sequence[FollowUpDraft], now: int) -> None:
        """More follow-ups of an appointment as it is now. One of a kind it had in this version changes nothing."""

    def add_nudge(self, conversation: str, draft: FollowUpDraft, zone: str, now: int) -> None:
        """A follow-up that belongs to no appointment, in the clinic's time zone; the pending one before is closed."""

    def offer(self, follow_up: int) -> FollowUp | None:
        """A follow-up whatever has become of it."""


class WaitingListPart(Protocol):
    """Who would like another time, and which times came free."""

    def join_waiting_list(self, appointment: int, now: int) -> None:
        """Remember that its patient would like to come sooner. Joining twice changes nothing."""

    def leave_waiting_list(self, appointment: int) -> None:
        """Its patient has what she wanted."""

    def freed(self, now: int, limit: int) -> tuple[Freed, ...]:
        """Times still ahead that appointments left, the soonest first; those that have passed are forgotten."""

    def who_would_like(self, slot: Slot, services: Sequence[str]) -> tuple[Appointment, ...]:
        """Booked appointments on the waiting list for one of these services that start after the slot and were not
        offered it yet, longest on the list first."""

    def settled(self, freed: int) -> None:
        """Nobody else has to be offered this time."""
