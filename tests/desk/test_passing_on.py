"""Who has a conversation: claims that lose say who won, ways back, the rules that return what nobody answers, and what
holds for the whole clinic."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from bot.desk import inbox, numbers, patients, reception, replying, standing_orders, unfinished
from bot.desk.replying import Reply
from bot.desk.speaking import send
from bot.desk.turns import receive
from bot.desk.unfinished import Finished
from bot.ports import Desk
from bot.ports.reception import Patient as Record
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import ANA, RAVI, SINGAPORE, SITI, open_desk

BEN = "Ben"
MINUTE, HOUR = 60, 3600


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(FakeClock())


@pytest.fixture
def desk(database_url: str, carrier: FakeCarrier) -> Iterator[Desk]:
    with open_desk(database_url, clock=carrier.clock, carrier=lambda: carrier) as desk:
        yield desk


@pytest.fixture
def clock(carrier: FakeCarrier) -> FakeClock:
    return carrier.clock


@pytest.fixture
def mei_ling(desk: Desk) -> Patient:
    return Patient(desk)


def control(desk: Desk, patient: Patient) -> tuple[str, str]:
    card = inbox.card(desk, patient.conversation)
    assert card is not None
    return card.control, card.holder


def events(desk: Desk, patient: Patient) -> list[str]:
    return [line.text for line in inbox.thread(desk, patient.conversation).lines if line.kind == "event"]


# ---- claims


def test_two_take_overs_have_one_winner_and_the_loser_hears_who_and_when(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    won_at = clock.epoch
    clock.pass_seconds(3)
    with pytest.raises(reception.NotYours) as lost:
        reception.take_over(desk, mei_ling.conversation, BEN)
    assert (lost.value.holder, lost.value.since) == (ANA, won_at)


def test_from_a_colleague_it_is_taken_only_by_name_and_the_thread_tells(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.take_over(desk, mei_ling.conversation, BEN, from_holder=ANA)
    with pytest.raises(reception.NotYours):
        reception.take_over(desk, mei_ling.conversation, "Cara", from_holder=ANA)
    assert control(desk, mei_ling) == ("held", BEN)
    line = inbox.thread(desk, mei_ling.conversation).lines[-1]
    assert (line.text, line.details and line.details["taken_from"]) == ("staff_took_over", ANA)


def test_a_conversation_is_handed_to_a_colleague_or_back_into_the_queue_with_a_reason(
    desk: Desk, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.hand_on(desk, mei_ling.conversation, ANA, BEN)
    assert control(desk, mei_ling) == ("held", BEN)
    with pytest.raises(reception.NotYours):
        reception.release(desk, mei_ling.conversation, ANA, "not mine")
    with pytest.raises(reception.NotPossible):
        reception.release(desk, mei_ling.conversation, BEN, " ")
    reception.release(desk, mei_ling.conversation, BEN, "wants a quote")
    (card,) = inbox.folder(desk, ANA, "needs us").cards
    assert card.reason == "wants a quote"
    assert events(desk, mei_ling)[-2:] == ["staff_handed_on", "staff_released"]


def test_put_off_it_comes_back_by_itself_or_when_the_patient_writes(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.put_off(desk, mei_ling.conversation, ANA, clock.epoch + HOUR)
    assert reception.keep_order(desk) == 0
    clock.pass_seconds(HOUR)
    assert reception.keep_order(desk) == 1
    assert len(inbox.folder(desk, ANA, "needs us").cards) == 1
    reception.put_off(desk, mei_ling.conversation, ANA, clock.epoch + HOUR)
    assert inbox.counts(desk, ANA)["later"] == 1
    mei_ling.says("hello?")
    assert inbox.counts(desk, ANA)["needs us"] == 1


# ---- ways back


def test_a_patient_cannot_go_on_at_a_time_that_somebody_else_has_by_now(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00"):
        mei_ling.says(words)
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert reception.ways_back(desk, mei_ling.conversation) == reception.WaysBack("ask whom", "")
    clock.pass_seconds(HOUR)
    ravi = Patient(desk, RAVI)
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00"):
        ravi.says(words)
    back = reception.ways_back(desk, mei_ling.conversation)
    assert not back.can_continue
    assert "not free any more" in back.why_not
    with pytest.raises(reception.NotPossible):
        reception.hand_back(desk, mei_ling.conversation, ANA, "continue")
    reception.hand_back(desk, mei_ling.conversation, ANA, "menu")
    assert control(desk, mei_ling) == ("bot", "")


def test_a_conversation_is_not_let_go_of_past_words_of_the_patient_that_she_has_not_seen(
    desk: Desk, mei_ling: Patient, clock: FakeClock
) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    page = inbox.thread(desk, mei_ling.conversation).newest
    mei_ling.says("My leg is numb as well")
    for mode in ("silent", "menu"):
        with pytest.raises(reception.Unread):
            reception.hand_back(desk, mei_ling.conversation, ANA, mode, page)
    with pytest.raises(reception.Unread):
        reception.put_off(desk, mei_ling.conversation, ANA, clock.epoch + HOUR, page)
    assert control(desk, mei_ling) == ("held", ANA)
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Come at ten", "click-0001"))
    page = inbox.thread(desk, mei_ling.conversation).newest
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent", page)
    assert control(desk, mei_ling) == ("closed", "")


def test_what_the_patient_had_answered_is_a_form_that_can_be_booked(desk: Desk, mei_ling: Patient) -> None:
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00", "For me"):
        mei_ling.says(words)
    with pytest.raises(reception.NotYours):
        unfinished.book_this(desk, mei_ling.conversation, ANA, Finished("first", "nolan@0", "Mei Ling Tan"))
    reception.take_over(desk, mei_ling.conversation, ANA)
    form = unfinished.unfinished(desk, mei_ling.conversation)
    assert form is not None
    said = {answer.name: answer for answer in form.answers}
    assert (said["service"].id, said["slot"].label, form.keeps_slot) == ("first", "10:00", True)
    done = Finished(said["service"].id, said["slot"].id, "Mei Ling Tan")
    number = unfinished.book_this(desk, mei_ling.conversation, ANA, done)
    assert number in mei_ling.reads()[-1]
    with desk.book.begin() as ledger:
        (made,) = ledger.appointments(mei_ling.conversation, 0)
        entry = ledger.entry(made.id)
    assert entry is not None
    assert (entry.patient, entry.made_by) == ("Mei Ling Tan", ANA)


# ---- what happens by itself


def test_a_holder_who_answers_nobody_for_forty_open_minutes_loses_it_to_the_queue_never_to_the_bot(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    clock.pass_seconds(21 * MINUTE)
    assert inbox.folder(desk, BEN, "others").cards[0].holder_silent
    assert reception.keep_order(desk) == 0
    clock.pass_seconds(19 * MINUTE)
    assert reception.keep_order(desk) == 1
    assert control(desk, mei_ling) == ("waiting", "")
    assert events(desk, mei_ling)[-1] == "returned"


def test_while_she_writes_it_stays_hers_and_nights_do_not_count(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    clock.step_to(datetime(2026, 3, 2, 17, 0, tzinfo=SINGAPORE))
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    clock.pass_seconds(29 * MINUTE)
    replying.save_draft(desk, mei_ling.conversation, ANA, "reply", "Dear Mei Ling")
    clock.pass_seconds(16 * HOUR)
    assert reception.keep_order(desk) == 0
    clock.step_to(datetime(2026, 3, 3, 9, 40, tzinfo=SINGAPORE))
    assert reception.keep_order(desk) == 1


def test_who_never_answers_us_is_closed_once_free_words_are_not_allowed_any_more(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Which day suits you?", "click-0001"))
    clock.pass_seconds(23 * HOUR)
    assert reception.keep_order(desk) == 0
    clock.pass_seconds(HOUR)
    assert reception.keep_order(desk) == 1
    assert control(desk, mei_ling) == ("closed", "")


def test_who_signs_out_leaves_waiting_patients_to_the_others(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    ravi = Patient(desk, RAVI)
    ravi.says("human")
    for patient in (mei_ling, ravi):
        reception.take_over(desk, patient.conversation, ANA)
    replying.send_reply(desk, ravi.conversation, ANA, Reply("Hello", "click-0001"))
    assert reception.staff_left(desk, BEN, for_good=True) == 0
    assert reception.staff_left(desk, ANA) == 1
    assert (control(desk, mei_ling), control(desk, ravi)) == (("waiting", ""), ("held", ANA))
    assert reception.staff_left(desk, ANA, for_good=True) == 1


def test_a_wait_is_brought_before_the_watchers_then_everybody_and_nobody_is_woken_but_for_red_flags(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    assert inbox.alarms(desk).everybody == (mei_ling.conversation,)
    for staff in (ANA, BEN, "Cara"):
        inbox.on_shift(desk, staff)
    assert inbox.alarms(desk) == inbox.Alarms((), ())
    clock.pass_seconds(5 * MINUTE)
    for staff in (ANA, BEN, "Cara"):
        inbox.on_shift(desk, staff)
    assert inbox.alarms(desk).again == (mei_ling.conversation,)
    clock.step_to(datetime(2026, 3, 2, 23, 0, tzinfo=SINGAPORE))
    assert inbox.alarms(desk) == inbox.Alarms((), ())
    mei_ling.says("I wet myself and did not feel it")
    assert inbox.alarms(desk).everybody == (mei_ling.conversation,)


# ---- nuisances, and what holds for all


def test_a_nuisance_is_kept_and_not_answered_but_its_red_flags_are(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    reception.block(desk, mei_ling.conversation, ANA, blocked=True)
    assert mei_ling.says("buy gold now") == []
    assert "buy gold now" in [line.text for line in inbox.thread(desk, mei_ling.conversation).lines]
    assert inbox.counts(desk, ANA)["needs us"] == 0
    assert "995" in mei_ling.says("I wet myself and did not feel it")[0]
    assert inbox.folder(desk, ANA, "needs us").cards[0].urgent
    reception.block(desk, mei_ling.conversation, ANA, blocked=False)
    assert mei_ling.says("hello")


def test_one_switch_silences_the_bot_and_whoever_writes_waits_for_a_person(
    desk: Desk, carrier: FakeCarrier, mei_ling: Patient
) -> None:
    mei_ling.says("book")
    standing_orders.silence_bot(desk, ANA, silent=True)
    send(desk, (mei_ling.conversation,), "sender")
    assert carrier.words == []
    assert mei_ling.says("First consultation") == [
        "Your message is with our staff. They will write to you here when they are free."
    ]
    (card,) = inbox.folder(desk, ANA, "needs us").cards
    assert card.reason == "The assistant is switched off"
    assert "995" in mei_ling.says("I wet myself and did not feel it")[0]
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("I am Ana", "click-0001", undo_seconds=0))
    for _ in range(4):
        send(desk, (mei_ling.conversation,), "sender")
    assert carrier.words[-1] == "I am Ana"
    assert not any("What would you like to come for" in words for words in carrier.words)
    standing_orders.silence_bot(desk, ANA, silent=False)
    ravi = Patient(desk, RAVI)
    assert ravi.says("book")


def test_a_notice_is_told_once_to_each_patient_until_it_ends(desk: Desk, clock: FakeClock, mei_ling: Patient) -> None:
    standing_orders.give_notice(desk, ANA, "We are closed today.", clock.epoch + HOUR)
    assert mei_ling.says("hello")[0] == "We are closed today."
    assert "We are closed today." not in mei_ling.says("book")
    clock.pass_seconds(HOUR)
    assert "We are closed today." not in Patient(desk, RAVI).says("hello")
    with pytest.raises(reception.NotPossible):
        standing_orders.give_notice(desk, ANA, "Late", clock.epoch)


# ---- patients


def test_who_it_is_about_is_asked_when_several_share_a_phone(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    mother = patients.add(desk, mei_ling.conversation, ANA, Record(0, "Tan Ah Lian", "", "1950-02-03", ""))
    patients.add(desk, mei_ling.conversation, ANA, Record(0, "Mei Ling Tan", "+6591234567", "", ""))
    panel = patients.panel(desk, mei_ling.conversation)
    assert panel is not None
    assert panel.ambiguous
    patients.set_about(desk, mei_ling.conversation, ANA, mother)
    panel = patients.panel(desk, mei_ling.conversation)
    assert panel is not None
    assert not panel.ambiguous
    assert panel.card.names[0] == "Tan Ah Lian"
    assert [one.name for one in patients.find(desk, "ah li")] == ["Tan Ah Lian"]
    assert [one.name for one in patients.find(desk, "1234 567")] == ["Mei Ling Tan"]
    assert patients.find(desk, "%") == ()
    with pytest.raises(reception.NotPossible):
        patients.add(desk, mei_ling.conversation, ANA, Record(0, "Nobody", "", "2999-01-01", ""))


def test_two_records_become_one_and_for_a_day_two_again(desk: Desk, clock: FakeClock, mei_ling: Patient) -> None:
    for words in ("book", "First consultation", "Tue 3 Mar", "10:00", "For me", "Mei Ling Tan", "yes"):
        mei_ling.says(words)
    ravi = Patient(desk, RAVI)
    ravi.says("hello")
    (one,) = patients.find(desk, "mei ling")
    other = patients.add(desk, ravi.conversation, ANA, Record(0, "Tan Mei Ling", "", "", ""))
    merge = patients.merge(desk, ANA, other, one.id)
    assert patients.conversations_of(desk, other) == tuple(sorted((mei_ling.conversation, ravi.conversation)))
    assert [found.id for found in patients.find(desk, "mei ling")] == [other]
    with pytest.raises(reception.NotPossible):
        patients.merge(desk, ANA, other, one.id)
    clock.pass_seconds(23 * HOUR)
    patients.undo_merge(desk, merge)
    assert patients.conversations_of(desk, one.id) == (mei_ling.conversation,)
    with pytest.raises(reception.NotPossible):
        patients.undo_merge(desk, merge)


def test_the_panel_says_of_each_reminder_whether_it_will_go_out_and_why_not(desk: Desk, mei_ling: Patient) -> None:
    for words in ("book", "First consultation", "Fri 6 Mar", "10:00", "For me", "Mei Ling Tan", "yes"):
        mei_ling.says(words)
    mei_ling.says("STOP")
    panel = patients.panel(desk, mei_ling.conversation)
    assert panel is not None
    assert {(one.answer, one.why) for one in panel.coming} == {("no", "the patient does not want follow-ups")}
    assert patients.opted_out(desk) == (mei_ling.conversation,)


# ---- numbers


def test_waits_are_counted_in_opening_hours_from_the_need_to_the_first_answer(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    clock.step_to(datetime(2026, 3, 2, 17, 20, tzinfo=SINGAPORE))
    mei_ling.says("human")
    clock.step_to(datetime(2026, 3, 3, 9, 10, tzinfo=SINGAPORE))
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Good morning", "click-0001"))
    ravi = Patient(desk, RAVI)
    ravi.says("human")
    told = numbers.numbers(desk, date(2026, 3, 2), date(2026, 3, 3))
    assert (told.needed, told.answered, told.waiting_p50, told.unanswered_at_closing) == (2, 1, 20 * MINUTE, 1)
    assert sum(told.reasons.values()) == 2
    assert told.by_hour[0, 17] == 1
    clock.pass_seconds(timedelta(hours=12).total_seconds())
    assert numbers.numbers(desk, date(2026, 3, 3), date(2026, 3, 3)).unanswered_at_closing == 1


def closed_as(desk: Desk) -> dict[str, int]:
    today = date(2026, 3, 2)
    return dict(numbers.numbers(desk, today, today).closed_as)


def test_what_a_conversation_was_in_the_end_is_kept_told_and_counted(desk: Desk, mei_ling: Patient) -> None:
    assert closed_as(desk) == {}
    patients_here = [mei_ling, Patient(desk, RAVI), Patient(desk, SITI)]
    for patient, chosen in zip(patients_here, ("booked", "booked", ""), strict=True):
        patient.says("human")
        reception.close(desk, patient.conversation, ANA, chosen)
    assert closed_as(desk) == {"booked": 2, "": 1}
    line = inbox.thread(desk, mei_ling.conversation).lines[-1]
    assert (line.text, line.details and line.details["closed_as"]) == ("staff_handed_back", "booked")


def test_what_was_given_back_to_the_assistant_is_not_closed_as_anything(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.hand_back(desk, mei_ling.conversation, ANA, "menu")
    assert closed_as(desk) == {}


def test_done_taken_back_takes_what_it_was_back_and_goes_on_in_the_same_stretch(
    desk: Desk, clock: FakeClock, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    clock.pass_seconds(10 * MINUTE)
    reception.close(desk, mei_ling.conversation, ANA, "wrong_number")
    reception.undo_done(desk, mei_ling.conversation, ANA)
    with desk.book.look() as ledger:
        (stretch,) = ledger.hand_overs(0, clock.epoch + 1)
    assert (stretch.ended_at, stretch.ended, stretch.closed_as) == (0, "", "")
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Good morning", "click-0001"))
    reception.close(desk, mei_ling.conversation, ANA, "answered")
    told = numbers.numbers(desk, date(2026, 3, 2), date(2026, 3, 2))
    assert (dict(told.closed_as), told.needed, told.waiting_p50) == ({"answered": 1}, 1, 10 * MINUTE)


def test_what_the_clinic_does_not_list_is_refused_and_nothing_is_closed(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    with pytest.raises(reception.NotPossible, match="Choose again"):
        reception.close(desk, mei_ling.conversation, ANA, "sold")
    assert control(desk, mei_ling) == ("waiting", "")


def test_undoing_what_was_done_to_an_unread_photo_wakes_no_stretch_of_another_day(
    desk: Desk, mei_ling: Patient
) -> None:
    mei_ling.says("human")
    reception.close(desk, mei_ling.conversation, ANA, "booked")
    receive(desk, mei_ling.message("", kind="media"))
    reception.close(desk, mei_ling.conversation, ANA, "")
    reception.undo_done(desk, mei_ling.conversation, ANA)
    assert closed_as(desk) == {"booked": 1}


def test_a_percentile_is_a_value_that_was_there() -> None:
    assert [numbers.percentile(list(range(1, 11)), percent) for percent in (50, 90, 100)] == [5, 9, 10]
    assert numbers.percentile([], 90) is None


def test_a_reply_that_is_refused_for_the_address_says_to_call(desk: Desk) -> None:
    from bot.core.conversation import Conversation

    with desk.book.begin() as ledger:
        ledger.create(replace(Conversation("paper", "desk:paper"), control="waiting"), 0)
    with pytest.raises(reception.NotPossible, match="call"):
        replying.send_reply(desk, "paper", ANA, Reply("Hello", "click-0001"))


def test_done_can_be_taken_back_and_all_is_as_it_was(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    before = reception.ways_back(desk, mei_ling.conversation)
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    reception.undo_done(desk, mei_ling.conversation, ANA)
    card = inbox.card(desk, mei_ling.conversation)
    assert card is not None
    assert (card.control, card.holder, card.reason) == ("held", ANA, "The patient asked for a person")
    assert before.can_continue
    assert reception.ways_back(desk, mei_ling.conversation) == before
    assert [line.text for line in inbox.thread(desk, mei_ling.conversation).lines[-2:]] == [
        "staff_handed_back",
        "staff_reopened",
    ]


def test_done_is_done_once_the_patient_has_written(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    mei_ling.says("hello")
    with pytest.raises(reception.NotPossible):
        reception.undo_done(desk, mei_ling.conversation, ANA)


def test_done_is_done_once_a_colleague_has_done_something_in_it(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    replying.put_label(desk, mei_ling.conversation, BEN, "insurance")
    with pytest.raises(reception.NotPossible):
        reception.undo_done(desk, mei_ling.conversation, ANA)


def test_each_step_of_waiting_is_told_in_the_thread_once(desk: Desk, clock: FakeClock, mei_ling: Patient) -> None:
    for one in ("ana", "ben", "cy"):
        inbox.on_shift(desk, one)
    mei_ling.says("human")

    def told() -> list[str]:
        reception.escalate(desk)
        reception.escalate(desk)
        lines = inbox.thread(desk, mei_ling.conversation).lines
        return [(line.details or {})["level"] for line in lines if line.text == "escalated"]

    assert told() == []
    for minutes, levels in ((5, ["again"]), (10, ["again", "everybody"]), (30, ["again", "everybody"])):
        clock.pass_seconds(minutes * 60)
        for one in ("ana", "ben", "cy"):
            inbox.on_shift(desk, one)
        assert told() == levels
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.release(desk, mei_ling.conversation, ANA, "Off home")
    assert told() == ["again", "everybody", "everybody"], "another stretch of waiting"


def test_of_a_red_flag_everybody_is_told_at_once(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("I cannot feel my legs and lost control of my bladder")
    assert reception.escalate(desk) == 1
    assert reception.escalate(desk) == 0
