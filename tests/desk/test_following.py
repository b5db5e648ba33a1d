"""From a reminder that falls due to the answer to it, and what the appointment is afterwards."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text

from bot.core.calendar import Busy, Slot
from bot.core.effects import DoAction
from bot.desk import reception
from bot.desk.actions import carry_out
from bot.desk.follow_ups import FAILURES_MAX, listed, send_follow_up
from bot.desk.planning import drafts, invitation
from bot.desk.tick import Seen, tick
from bot.desk.turns import Arrived, conversation_id, receive, silence
from bot.desk.waiting_list import offer_freed_times
from bot.ports import Appointment, Booking, NewTime
from tests.desk.front import TOMORROW_AT_TEN, Front
from tests.universe import MEI_LING, RAVI, saying

HOUR = 3600
DAYS = 24 * HOUR
IN_FOUR_DAYS = TOMORROW_AT_TEN + 3 * DAYS


class Patient:
    """Somebody with an appointment, at a desk whose words really leave."""

    def __init__(self, front: Front, address: str = MEI_LING, starts_at: int = IN_FOUR_DAYS) -> None:
        self.front, self.address = front, address
        self.conversation = conversation_id(front.desk.conversation_key, address)
        self._sids = 0
        self.says("hello")
        self.appointment = self._books(starts_at)

    def _books(self, start: int) -> Appointment:
        diary = self.front.desk.diary
        slot = Slot("nolan", start, start + 30 * 60)
        follow_ups = drafts(diary, start, self.front.clock.epoch, "first")
        number = f"N{start}{self.conversation}"
        booking = Booking(
            number, self.conversation, "Mei Ling Tan", "", "me", "first", slot, Busy("nolan", slot.start, slot.end),
            "2026-03-06T10:00", "Asia/Singapore", follow_ups,
        )  # fmt: skip
        with self.front.desk.book.begin() as ledger:
            return ledger.book(booking, self.front.clock.epoch)

    def writes(self, text: str, button: str = "") -> list[str]:
        self._sids += 1
        sid = f"SM{self.conversation}{self._sids}"
        receive(self.front.desk, Arrived(sid, self.address, "tap" if button else "text", text, button))
        return self.reads()

    says = writes

    def reads(self) -> list[str]:
        """What leaves now."""
        before = len(self.front.carrier.posted)
        self.front.sends(self.conversation)
        return [one.outgoing.text for one in self.front.carrier.posted[before:]]

    def taps(self, label: str) -> list[str]:
        """A button of any message she ever got; the newest that has it."""
        mine = [one.outgoing for one in self.front.carrier.posted if one.outgoing.conversation == self.conversation]
        offered = [choice for one in mine for choice in one.choices if choice.label == label]
        return self.writes(label, offered[-1].id)

    def taps_first(self, label: str) -> list[str]:
        mine = [one.outgoing for one in self.front.carrier.posted if one.outgoing.conversation == self.conversation]
        return self.writes(label, next(choice.id for one in mine for choice in one.choices if choice.label == label))

    def gets_what_is_due(self) -> list[str]:
        with self.front.desk.book.begin() as ledger:
            due = ledger.follow_ups_due(self.front.clock.epoch, 100)
        for id in due:
            send_follow_up(self.front.desk, id)
        return self.reads()

    def now(self) -> Appointment:
        with self.front.desk.book.begin() as ledger:
            found = ledger.appointment(self.appointment.id, self.conversation)
        assert found is not None
        return found

    def follow_ups(self) -> list[tuple[str, str, str]]:
        return [
            (one.follow_up.kind, one.follow_up.status, one.why) for one in listed(self.front.desk, self.conversation)
        ]

    def moves(self, start: int) -> None:
        follow_ups = drafts(self.front.desk.diary, start, self.front.clock.epoch, "first")
        new = NewTime(Slot("nolan", start, start + 1800), Busy("nolan", start, start + 1800), "x", follow_ups)
        with self.front.desk.book.begin() as ledger:
            assert ledger.move(self.appointment.id, new, self.front.clock.epoch)


@pytest.fixture
def mei(front: Front) -> Patient:
    """Mei Ling sees Dr Nolan on Friday at ten; she is reminded tomorrow at ten, and wrote a moment before."""
    return Patient(front)


def a_day_later(front: Front, mei: Patient) -> list[str]:
    front.later(hours=24, minutes=40)
    mei.says("hello")
    front.later(minutes=20)
    return mei.gets_what_is_due()


def test_a_reminder_is_confirmed_and_the_appointment_says_so(front: Front, mei: Patient) -> None:
    (said,) = a_day_later(front, mei)
    assert said.startswith("First consultation with Dr Colum Nolan: Friday 6 March 2026, 10:00.")
    assert mei.taps("Yes, I am coming")[0].startswith("Thank you. We expect you")
    assert mei.now().confirmed_at == front.clock.epoch
    mei.moves(IN_FOUR_DAYS + HOUR)
    assert mei.now().confirmed_at == 0


def test_an_old_reminder_cannot_cancel_a_moved_appointment(front: Front, mei: Patient) -> None:
    a_day_later(front, mei)
    mei.moves(IN_FOUR_DAYS + 2 * HOUR)
    (said,) = mei.taps_first("Cancel it")
    assert "now First consultation, Friday 6 March 2026, 12:00" in said
    assert mei.now().status == "booked"
    assert mei.says("ok")[0].startswith("Thank you. We expect you: First consultation, Friday 6 March 2026, 12:00")


def test_a_reminder_of_a_cancelled_appointment_is_answered_kindly(front: Front, mei: Patient) -> None:
    a_day_later(front, mei)
    with front.desk.book.begin() as ledger:
        ledger.cancel(mei.appointment.id, front.clock.epoch)
    assert mei.taps("Another time")[0].startswith("That appointment is not booked any more.")


def test_another_time_moves_that_very_appointment(front: Front, mei: Patient) -> None:
    a_day_later(front, mei)
    mei.says("need to move")
    for _ in range(3):
        mei.says("1")
    assert mei.now().version == 2


def test_cancel_it_is_asked_once_more_and_done(front: Front, mei: Patient) -> None:
    a_day_later(front, mei)
    assert mei.taps("Cancel it")[0].endswith("Shall I cancel this appointment?")
    mei.says("yes")
    assert mei.now().status == "cancelled"
    assert {status for _, status, _ in mei.follow_ups()} == {"queued", "skipped"}


def test_whoever_says_it_is_not_her_gets_no_more_and_staff_look(front: Front, mei: Patient) -> None:
    a_day_later(front, mei)
    assert mei.says("wrong number")[0].startswith("Thank you for telling us.")
    assert front.reasons() == ["Says that an appointment asked about is not theirs"]
    assert {status for _, status, _ in mei.follow_ups()} == {"queued", "skipped"}
    mei.moves(IN_FOUR_DAYS + HOUR)
    front.later(hours=23)
    mei.says("hello")
    front.later(hours=1)
    assert mei.gets_what_is_due() == []


def test_nobody_is_interrupted_who_is_answering_a_question(front: Front, mei: Patient) -> None:
    front.later(hours=24, minutes=55)
    mei.says("book")
    front.later(minutes=5)
    assert mei.gets_what_is_due() == []
    assert ("reminder-72h", "pending", "") in mei.follow_ups()
    front.later(minutes=6)
    assert len(mei.gets_what_is_due()) == 1


def test_the_words_carry_a_template_for_when_the_window_is_closed(front: Front, mei: Patient) -> None:
    front.later(hours=25)
    assert mei.gets_what_is_due() == []
    with front.desk.book.begin() as ledger:
        row = ledger._connection.execute(  # type: ignore[attr-defined]
            text("SELECT template, variables, expires_at FROM outbox WHERE speech = 'follow-up'")
        ).one()
    assert row.template == "reminder"
    assert '"when":"Friday 6 March 2026, 10:00"' in row.variables
    assert row.expires_at == IN_FOUR_DAYS - DAYS


def test_a_reminder_cancelled_between_queue_and_claim_never_leaves_and_staff_see_why(
    front: Front, mei: Patient
) -> None:
    front.later(hours=24, minutes=40)
    mei.says("hello")
    front.later(minutes=20)
    with front.desk.book.begin() as ledger:
        (due,) = ledger.follow_ups_due(front.clock.epoch, 10)
    send_follow_up(front.desk, due)
    with front.desk.book.begin() as ledger:
        ledger.cancel(mei.appointment.id, front.clock.epoch)
    assert mei.reads() == []
    assert ("reminder-72h", "skipped", "the appointment is not booked any more") in mei.follow_ups()


def test_staff_see_what_will_be_sent_and_why_not(front: Front, mei: Patient) -> None:
    assert mei.follow_ups() == [
        ("reminder-72h", "pending", "it is not due yet"),
        ("preparation", "pending", "it is not due yet"),
        ("reminder-24h", "pending", "it is not due yet"),
        ("check-in", "pending", "it is not due yet"),
    ]
    mei.says("stop")
    assert {why for _, _, why in mei.follow_ups()} == {"the patient does not want follow-ups"}


def test_a_check_in_is_read_by_staff(front: Front, mei: Patient) -> None:
    front.later(days=4, hours=25)
    mei.says("hello")
    front.later(minutes=31)
    said = mei.gets_what_is_due()
    assert said[-1].startswith("Thank you for coming on Friday 6 March 2026")
    mei.says("My back is sore when I sit")
    assert front.reasons() == ["Wrote after the visit: please read"]


def test_a_patient_who_did_not_come_is_invited_to_book_again(front: Front, mei: Patient) -> None:
    front.later(days=4, hours=2)
    mei.says("hello")
    now = front.clock.epoch
    with front.desk.book.begin() as ledger:
        assert ledger.missed(mei.appointment.id, invitation(front.desk.diary, "first", now), now)
        assert ledger.missed(mei.appointment.id, (), now) is None
    front.later(hours=1)
    assert mei.gets_what_is_due()[0].startswith("We missed you on Friday 6 March 2026, 10:00")
    assert mei.taps("Find a new time")[0].startswith("What would you like to come for?")


def test_a_booking_left_unanswered_is_asked_about_once(front: Front, mei: Patient) -> None:
    mei.says("book")
    for minutes in (15, 12 * 60):
        front.later(minutes=minutes)
        silence(front.desk, mei.conversation)
    mei.reads()
    front.later(hours=11)
    assert mei.gets_what_is_due() == ["You began to book an appointment with Oxford Spine & Neurosurgery Centre. "
                                      "Shall we go on?"]  # fmt: skip
    assert mei.says("yes")[0].startswith("What would you like to come for?")


def test_whoever_wrote_again_is_not_nudged(front: Front, mei: Patient) -> None:
    mei.says("book")
    for minutes in (15, 12 * 60):
        front.later(minutes=minutes)
        silence(front.desk, mei.conversation)
    mei.says("what is sciatica")
    front.later(hours=11)
    assert mei.gets_what_is_due() == []
    assert ("nudge", "skipped", "the patient has written since") in mei.follow_ups()


# ---- the waiting list


def waits(patient: Patient) -> None:
    with patient.front.desk.book.begin() as ledger:
        ledger.join_waiting_list(patient.appointment.id, patient.front.clock.epoch)
        ledger.join_waiting_list(patient.appointment.id, patient.front.clock.epoch)


def cancels(patient: Patient) -> None:
    with patient.front.desk.book.begin() as ledger:
        assert ledger.cancel(patient.appointment.id, patient.front.clock.epoch)


@pytest.fixture
def ravi(front: Front) -> Patient:
    """Ravi sees Dr Nolan on Wednesday at ten."""
    return Patient(front, RAVI, TOMORROW_AT_TEN + DAYS)


def test_a_time_that_came_free_is_offered_and_kept_and_taken(front: Front, mei: Patient, ravi: Patient) -> None:
    waits(mei)
    cancels(ravi)
    offer_freed_times(front.desk)
    (said,) = mei.gets_what_is_due()
    assert said.startswith("An earlier time has come free: Wednesday 4 March 2026, 10:00.")
    with front.desk.book.begin() as ledger:
        assert ledger.holds(mei.conversation, front.clock.epoch)
    assert mei.taps("Yes, take it")[0].startswith("Changed: First consultation, Wednesday 4 March 2026, 10:00.")
    assert (mei.now().starts_at, mei.now().version) == (TOMORROW_AT_TEN + DAYS, 2)
    with front.desk.book.begin() as ledger:
        assert ledger.who_would_like(Slot("nolan", TOMORROW_AT_TEN, TOMORROW_AT_TEN + 1800), ["first"]) == ()


def test_a_time_is_offered_to_one_after_the_other(front: Front, mei: Patient, ravi: Patient) -> None:
    siti = Patient(front, "whatsapp:+6598765432", IN_FOUR_DAYS + HOUR)
    waits(mei)
    front.later(seconds=1)
    waits(siti)
    cancels(ravi)
    for _ in range(3):
        offer_freed_times(front.desk)
    assert len(mei.gets_what_is_due()) == 1
    assert siti.reads() == []
    front.later(minutes=31)
    with front.desk.book.begin() as ledger:
        ledger.expire_holds(front.clock.epoch)
    offer_freed_times(front.desk)
    mei.gets_what_is_due()
    siti.reads()
    assert siti.taps("Yes, take it")[0].startswith("Changed:")
    assert mei.taps("Yes, take it") == ["Sorry, that time is gone. Your appointment still stands: "
                                        "Friday 6 March 2026, 10:00."]  # fmt: skip


def test_who_keeps_her_time_makes_room_at_once(front: Front, mei: Patient, ravi: Patient) -> None:
    waits(mei)
    cancels(ravi)
    offer_freed_times(front.desk)
    mei.gets_what_is_due()
    assert mei.says("no thanks")[0].startswith("Nothing was changed.")
    with front.desk.book.begin() as ledger:
        assert not ledger.holds(mei.conversation, front.clock.epoch)
        assert len(ledger.freed(front.clock.epoch, 9)) == 1
    offer_freed_times(front.desk)
    with front.desk.book.begin() as ledger:
        assert ledger.freed(front.clock.epoch, 9) == ()


def test_nobody_on_the_list_nothing_to_remember_and_nobody_is_asked_at_night(
    front: Front, mei: Patient, ravi: Patient
) -> None:
    with front.desk.book.begin() as ledger:
        ledger.cancel(mei.appointment.id, front.clock.epoch)
        assert ledger.freed(front.clock.epoch, 9) == ()
    late = Patient(front, "whatsapp:+6598765432", IN_FOUR_DAYS)
    waits(late)
    cancels(ravi)
    front.later(hours=13)
    tick(front.desk, Seen(), _NoTurns())
    assert [kind for kind, _, _ in late.follow_ups() if kind.startswith("offer")] == []
    front.later(hours=11)
    tick(front.desk, Seen(), _NoTurns())
    assert len([kind for kind, _, _ in late.follow_ups() if kind.startswith("offer")]) == 1


class _NoTurns:
    def take_up_waiting(self, desk: object, conversation: str) -> None: ...
    def silence(self, desk: object, conversation: str) -> None: ...
    def take_from_spool(self, desk: object) -> None: ...


# ---- what goes wrong


def test_one_record_with_which_everything_fails_stops_nobody_and_is_shown_to_staff(
    front: Front, mei: Patient, ravi: Patient
) -> None:
    front.later(hours=23)
    ravi.says("hello")
    mei.says("hello")
    with front.desk.book.begin() as ledger:
        connection = ledger._connection  # type: ignore[attr-defined]
        connection.execute(text("UPDATE conversation SET state = '{' WHERE id = :id"), {"id": ravi.conversation})
    front.later(hours=2)
    for _ in range(FAILURES_MAX + 1):
        with front.desk.book.begin() as ledger:
            due = ledger.follow_ups_due(front.clock.epoch, 100)
        for id in due:
            send_follow_up(front.desk, id)
        front.later(minutes=1)
    assert len(mei.reads()) == 1
    with front.desk.book.begin() as ledger:
        assert ledger.follow_ups_due(front.clock.epoch, 100) == ()
    needs = {one.conversation: one.reason for one in reception.needing_a_person(front.desk)}
    assert needs == {ravi.conversation: "a follow-up was not sent: it could not be put into words"}
    told = [event for event, ids in front.reports if event == "follow_up_failed"]
    assert len(told) >= FAILURES_MAX
    assert not any("whatsapp" in str(ids) for _, ids in front.reports)


def test_words_that_cannot_be_made_are_no_reason_to_apologise_to_who_asked_for_nothing(
    front: Front, mei: Patient
) -> None:
    front.later(hours=24, minutes=40)
    mei.says("hello")
    front.later(minutes=20)
    clinic = front.desk.clinic
    texts = {name: text for name, text in clinic.texts.items() if name != "reminder"}
    broken = saying(front.desk, clinic=replace(clinic, texts=texts))
    with front.desk.book.begin() as ledger:
        (due,) = ledger.follow_ups_due(front.clock.epoch, 10)
    send_follow_up(broken, due)
    assert mei.reads() == []
    assert front.reasons() == []
    send_follow_up(front.desk, due)
    assert len(mei.reads()) == 1


def test_an_answer_that_fails_comes_out_as_failed(front: Front, mei: Patient) -> None:
    with front.desk.book.begin() as ledger:
        state = ledger.read(mei.conversation)
        assert state is not None
        asked = DoAction("follow_up.answer", {"appointment": "no number", "answer": "confirm"})
        assert carry_out(front.desk, ledger, state, asked, front.clock.now()).name == "failed"
