"""The diary at the desk: what is free, who wins a time, patients without WhatsApp, and the day the doctor is ill."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime

import pytest

from bot.desk import blocking, diary, inbox, reception
from bot.desk.diary import New, Seen, To
from bot.ports import Appointment, Desk, SlotTaken
from bot.ports.reception import Blocking
from tests.desk.test_turns import Patient
from tests.fakes import FakeChance, FakeClock, FakeLive
from tests.universe import ANA, RAVI, SINGAPORE, open_desk

TUESDAY = date(2026, 3, 3)


class Counting(FakeChance):
    """No number comes twice."""

    def below(self, limit: int) -> int:
        self.number += 1
        return self.number


def at(hour: int, minute: int = 0, day: date = TUESDAY) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=SINGAPORE).timestamp())


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with open_desk(database_url, chance=Counting()) as desk:
        yield desk


@pytest.fixture
def mei_ling(desk: Desk) -> Patient:
    mei_ling = Patient(desk)
    mei_ling.says("hello")
    return mei_ling


def new(patient: Patient | None = None, start: int = at(10), **fields: object) -> New:
    conversation = patient.conversation if patient else ""
    return New("first", "nolan", start, "Mei Ling Tan", conversation=conversation, **fields)  # type: ignore[arg-type]


def seen(appointment: Appointment) -> Seen:
    return Seen(appointment.id, appointment.version)


def follow_ups(desk: Desk) -> int:
    with desk.book.begin() as ledger:
        return len(ledger.follow_ups_due(1 << 40, 100))


def test_an_appointment_booked_at_the_desk_is_told_reminded_of_and_shown(desk: Desk, mei_ling: Patient) -> None:
    made = diary.book(desk, ANA, new(mei_ling))
    assert mei_ling.reads()[-1].startswith("Booked for you: Tuesday 3 March 2026, 10:00, Dr Colum Nolan.")
    assert follow_ups(desk) == 1
    (day,) = diary.days(desk, TUESDAY)
    (entry,) = day.entries
    assert (entry.number, entry.patient, entry.made_by, entry.status) == (made.number, "Mei Ling Tan", ANA, "booked")
    assert at(10) not in [slot.start for slot in day.free["nolan"]]
    assert at(11) in [slot.start for slot in day.free["nolan"]]
    told = inbox.thread(desk, mei_ling.conversation).lines[-1]
    assert (told.text, told.speaker) == ("appointment_booked", ANA)


def test_a_patient_without_whatsapp_is_booked_and_nothing_is_said(desk: Desk) -> None:
    made = diary.book(desk, ANA, new(phone="+6561234567"))
    (day,) = diary.days(desk, TUESDAY)
    assert [(entry.patient, entry.phone) for entry in day.entries] == [("Mei Ling Tan", "+6561234567")]
    assert follow_ups(desk) == 0
    with desk.book.begin() as ledger:
        assert ledger.with_unsent(at(23), 5) == ()
    assert diary.move(desk, ANA, seen(made), To(at(11))).starts_at == at(11)


def test_whoever_loses_a_time_is_told_who_has_it(desk: Desk, mei_ling: Patient) -> None:
    made = diary.book(desk, ANA, new(mei_ling))
    ravi = Patient(desk, RAVI)
    ravi.says("hello")
    with pytest.raises(diary.Clash) as clash:
        diary.book(desk, "Ben", New("first", "nolan", at(10, 15), "Ravi Kumar", conversation=ravi.conversation))
    assert clash.value.holder is not None
    assert (clash.value.holder.what, clash.value.holder.number) == ("appointment", made.number)
    other = diary.book(desk, ANA, New("first", "nolan", at(14), "Ravi Kumar", conversation=ravi.conversation))
    with pytest.raises(diary.Clash):
        diary.move(desk, ANA, seen(other), To(at(10)))
    (day,) = diary.days(desk, TUESDAY)
    assert [entry.starts_at for entry in day.entries] == [at(10), at(14)]


def test_a_page_that_is_older_than_the_appointment_changes_nothing(desk: Desk, mei_ling: Patient) -> None:
    made = diary.book(desk, ANA, new(mei_ling))
    diary.move(desk, ANA, seen(made), To(at(11), tell=False))
    for change in (
        lambda: diary.move(desk, "Ben", seen(made), To(at(12))),
        lambda: diary.cancel(desk, "Ben", seen(made)),
        lambda: diary.mark(desk, "Ben", seen(made), "arrived"),
    ):
        with pytest.raises(diary.Changed) as changed:
            change()
        assert changed.value.entry is not None
        assert changed.value.entry.starts_at == at(11)


def test_a_cancelled_appointment_frees_its_time_and_its_reminder_never_leaves(desk: Desk, mei_ling: Patient) -> None:
    made = diary.book(desk, ANA, new(mei_ling))
    diary.cancel(desk, ANA, seen(made))
    assert follow_ups(desk) == 0
    assert "is cancelled" in mei_ling.reads()[-1]
    assert at(10) in [slot.start for slot in diary.free_times(desk, "first", "nolan", 50)]


def test_how_it_came_out_is_marked_and_nobody_is_a_no_show_beforehand(desk: Desk, mei_ling: Patient) -> None:
    made = diary.book(desk, ANA, new(mei_ling))
    with pytest.raises(reception.NotPossible):
        diary.mark(desk, ANA, seen(made), "noshow")
    assert isinstance(desk.clock, FakeClock)
    desk.clock.pass_seconds(26 * 3600)
    diary.mark(desk, ANA, seen(made), "noshow")
    (day,) = diary.days(desk, TUESDAY)
    assert (day.entries[0].status, day.entries[0].version) == ("noshow", made.version + 1)


def test_when_the_doctor_is_ill_everybody_is_told_with_new_times_and_nobody_gets_the_freed_ones(
    desk: Desk, mei_ling: Patient
) -> None:
    diary.book(desk, ANA, new(mei_ling))
    diary.book(desk, ANA, new(start=at(11)))
    ill = blocking.block(desk, Blocking("nolan", at(0), at(23, 59), "ill", ANA))
    assert [entry.starts_at for entry in ill.booked] == [at(10), at(11)]
    told = blocking.tell_booked(desk, ANA, ill.booked)
    assert [one.result for one in told] == ["told", "call"]
    words = mei_ling.reads()[-1]
    assert "cannot take place. Dr Colum Nolan is away." in words
    assert words.count("- ") == 3
    assert "3 March" not in words.split("free now:")[1]
    assert [one.result for one in blocking.tell_booked(desk, ANA, ill.booked)] == ["changed", "changed"]
    (day,) = diary.days(desk, TUESDAY)
    assert "nolan" not in day.free
    with pytest.raises(diary.Clash) as clash:
        diary.book(desk, ANA, new(mei_ling))
    assert clash.value.holder is not None
    assert clash.value.holder.what == "block"
    assert blocking.lift(desk, ill.block)
    assert not blocking.lift(desk, ill.block)
    assert diary.book(desk, ANA, new(mei_ling)).starts_at == at(10)


def test_a_time_the_bot_is_holding_is_the_patients_until_the_hold_ends(desk: Desk, mei_ling: Patient) -> None:
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00"):
        mei_ling.says(words)
    with pytest.raises(diary.Clash) as clash:
        diary.book(desk, ANA, new())
    assert clash.value.holder is not None
    assert (clash.value.holder.what, clash.value.holder.conversation) == ("hold", mei_ling.conversation)
    assert diary.book(desk, ANA, new(mei_ling)).starts_at == at(10)


def test_the_days_that_change_ring_for_the_pages_of_the_diary(desk: Desk, mei_ling: Patient) -> None:
    assert isinstance(desk.live, FakeLive)
    diary.book(desk, ANA, new(mei_ling))
    assert ("cal", "2026-03-03") in desk.live.rung


def test_blocked_time_is_kept_by_the_database_itself(desk: Desk) -> None:
    made = blocking.block(desk, Blocking("nolan", at(9), at(12), "", ANA))
    with pytest.raises(SlotTaken), desk.book.begin() as ledger:
        ledger._connection.exec_driver_sql(  # type: ignore[attr-defined]
            "INSERT INTO occupancy (resource_id, seat, busy_from, busy_to, state, block_id)"
            f" SELECT resource_id, seat, busy_from + 60, busy_to + 60, state, {made.block} FROM occupancy"
        )
