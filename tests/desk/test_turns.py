"""A message from its arrival to its answer in the outbox: stored once, answered in order, whatever Redis does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from bot.core.events import Reading
from bot.desk.turns import Arrived, conversation_id, receive, silence, take_from_spool, take_up_waiting
from bot.ports import Book, BookAway, Desk, Ledger, LiveAway, Taken, Words
from tests.fakes import FakeClock, FakeLive
from tests.universe import MEI_LING, RAVI, Sayings, open_desk, saying


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with open_desk(database_url) as desk:
        yield desk


class Patient:
    """Somebody who writes to a desk."""

    def __init__(self, desk: Desk, address: str = MEI_LING) -> None:
        self.desk, self.address = desk, address
        self.conversation = conversation_id(desk.conversation_key, address)
        self._sids = sum(map(ord, address)) * 1000

    def message(self, text: str, **fields: Any) -> Arrived:
        self._sids += 1
        return Arrived(f"SM{self._sids:032x}", self.address, text=text, **fields)

    def says(self, text: str) -> list[str]:
        """Write, and read what is new."""
        before = len(self.reads())
        receive(self.desk, self.message(text))
        return self.reads()[before:]

    def reads(self) -> list[str]:
        return Sayings(self.desk, self.conversation).lines()


@pytest.fixture
def mei_ling(desk: Desk) -> Patient:
    return Patient(desk)


def test_a_patient_who_writes_is_greeted_and_answered(mei_ling: Patient) -> None:
    welcome, question = mei_ling.says("I want to book an appointment")
    assert "995" in welcome
    assert "What would you like to come for?" in question


def test_the_words_that_wait_ring_for_the_senders(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    assert desk.live.next_awake(0, 10) == (mei_ling.conversation,)


def test_the_same_message_twice_changes_nothing(desk: Desk, mei_ling: Patient) -> None:
    message = mei_ling.message("book")
    assert receive(desk, message) == "taken"
    said = mei_ling.reads()
    assert [receive(desk, message) for _ in range(3)] == ["known"] * 3
    assert mei_ling.reads() == said


def test_two_patients_never_meet(desk: Desk, mei_ling: Patient) -> None:
    ravi = Patient(desk, RAVI)
    mei_ling.says("book")
    ravi.says("hello")
    assert mei_ling.conversation != ravi.conversation
    assert "How can we help you?" in ravi.reads()[-1]
    assert "What would you like to come for?" in mei_ling.reads()[-1]


def test_a_patient_books_moves_and_cancels(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    mei_ling.says("First consultation")
    days = mei_ling.says("tomorrow")
    assert "Which" in days[-1]
    mei_ling.says("10:00")
    mei_ling.says("for me")
    check = mei_ling.says("Mei Ling Tan")
    assert "Tuesday 3 March 2026, 10:00" in check[-1]
    booked = mei_ling.says("yes")
    assert booked[-1].startswith("Booked:")
    mei_ling.says("my appointments")
    mei_ling.says("1")
    mei_ling.says("change the time")
    mei_ling.says("4 march")
    mei_ling.says("11:00")
    assert "Wednesday 4 March 2026, 11:00" in mei_ling.says("yes")[-1]
    mei_ling.says("cancel my appointment")
    mei_ling.says("1")
    mei_ling.says("cancel it")
    assert mei_ling.says("yes")[-1].startswith("Cancelled:")
    with desk.book.begin() as ledger:
        assert ledger.appointments(mei_ling.conversation, 0) == ()


def test_a_time_held_by_one_patient_is_not_offered_to_another(desk: Desk, mei_ling: Patient) -> None:
    ravi = Patient(desk, RAVI)
    for patient in (mei_ling, ravi):
        for words in ("book", "First consultation", "tomorrow"):
            patient.says(words)
    assert "I am keeping" in mei_ling.says("10:00")[-1]
    said = ravi.says("10:00")
    assert "somebody just took that time" in said[0]
    assert "These times are free" in said[-1]


def test_a_message_is_parked_while_another_turn_runs_and_taken_up_right_after_it(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    desk.live.take(mei_ling.conversation, "f" * 32)
    assert receive(desk, mei_ling.message("First consultation")) == "parked"
    said = len(mei_ling.reads())
    assert desk.live.give_back(mei_ling.conversation, "f" * 32, -1, -1, "", False)
    take_up_waiting(desk, mei_ling.conversation)
    assert "Which day suits you?" in mei_ling.reads()[said]


def test_a_patient_who_never_stops_writing_is_not_kept_waiting_by_a_hold_that_nobody_uses(
    desk: Desk, mei_ling: Patient
) -> None:
    clock = desk.clock
    assert isinstance(clock, FakeClock)

    class Unceasing(FakeLive):
        """Another of her messages comes in whenever a turn is over."""

        writing = 20

        def give_back(self, *words: Any, **more: Any) -> bool:
            if self.writing:
                self.writing -= 1
                assert receive(busy, mei_ling.message("hello?")) == "parked"
            return super().give_back(*words, **more)

    busy = replace(desk, live=Unceasing(clock))
    receive(busy, mei_ling.message("book"))
    assert busy.live.take(mei_ling.conversation, "f" * 32).held
    take_up_waiting(desk, mei_ling.conversation)
    with desk.book.begin() as ledger:
        assert ledger.oldest_waiting(mei_ling.conversation) is None


def test_parked_messages_are_answered_in_the_order_they_arrived_before_a_new_one(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    desk.live.take(mei_ling.conversation, "f" * 32)
    receive(desk, mei_ling.message("First consultation"))
    receive(desk, mei_ling.message("tomorrow"))
    desk.live.forget(mei_ling.conversation)
    fake = desk.live
    assert isinstance(fake, FakeLive)
    fake.empty()
    receive(desk, mei_ling.message("10:00"))
    assert [words[:14] for words in mei_ling.reads()[-3:]] == ["Which day suit", "These times ar", "I am keeping T"]


def test_the_state_in_redis_may_vanish_and_the_patient_goes_on_at_the_same_question(
    desk: Desk, mei_ling: Patient
) -> None:
    mei_ling.says("book")
    mei_ling.says("First consultation")
    fake = desk.live
    assert isinstance(fake, FakeLive)
    fake.empty()
    assert "These times are free" in mei_ling.says("tomorrow")[-1]


def test_what_redis_has_of_an_older_question_or_cannot_be_read_answers_nothing(desk: Desk, mei_ling: Patient) -> None:
    fake = desk.live
    assert isinstance(fake, FakeLive)

    def known() -> Taken:
        taken = fake.take(mei_ling.conversation, "f" * 32)
        fake.give_back(mei_ling.conversation, "f" * 32, -1, -1, "", False)
        return taken

    mei_ling.says("book")
    older = known()
    mei_ling.says("First consultation")
    for kept in (older, replace(known(), state="{")):
        fake.empty()
        fake.give_back(mei_ling.conversation, "f" * 32, kept.seq, kept.arrived, kept.state, False)
        assert "Which day suits you?" in mei_ling.says("what?")[-1]


def test_nobody_waits_for_the_database_while_an_answer_is_thought_of(desk: Desk, mei_ling: Patient) -> None:
    writing, thought = [False], []

    class Watched(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            thought.append("while writing" if writing[0] else "before")
            return super().get(key, default)

    class Watching:
        @contextmanager
        def begin(self) -> Iterator[Ledger]:
            with desk.book.begin() as ledger:
                writing[0] = True
                yield ledger
            writing[0] = False

    mei_ling.says("hello")
    clinic = replace(desk.clinic, anywhere_words=Watched(desk.clinic.anywhere_words))
    receive(replace(saying(desk, clinic=clinic), book=Watching()), mei_ling.message("What is sciatica?"))  # type: ignore[arg-type]
    assert set(thought) == {"before"}


class NoLive:
    """Redis is away."""

    def __getattr__(self, name: str) -> Any:
        def away(*args: Any) -> Any:
            raise LiveAway("away")

        return away


def test_without_redis_patients_are_answered_all_the_same(database_url: str) -> None:
    with open_desk(database_url, live=NoLive(), queue=NoLive()) as desk:
        patient = Patient(desk)
        patient.says("book")
        assert "Which day suits you?" in patient.says("First consultation")[-1]
        assert receive(desk, patient.message("tomorrow")) == "taken"


def test_an_action_that_fails_comes_out_as_failed_and_the_flow_says_so(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    told: list[str] = []
    broken = replace(
        saying(desk, diary=replace(desk.diary, services={})),
        report=lambda event, ids: told.append(f"{event} {ids}"),
    )
    receive(broken, mei_ling.message("First consultation"))
    assert "passing you to our staff" in mei_ling.reads()[-1]
    with desk.book.begin() as ledger:
        assert ledger.needing_a_person()[0].reason == "Booking needs a person"
    assert told[0].startswith("action_failed")


def test_a_failure_while_deciding_becomes_an_apology_and_a_person(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    told: list[str] = []
    flows = {name: flow for name, flow in desk.clinic.flows.items() if name != "booking"}
    broken = replace(
        saying(desk, clinic=replace(desk.clinic, flows=flows)),
        report=lambda event, ids: told.append(f"{event} {ids}"),
    )
    receive(broken, mei_ling.message("First consultation"))
    assert mei_ling.reads()[-1] == desk.clinic.texts["apology"].source
    with desk.book.begin() as ledger:
        (waiting,) = ledger.needing_a_person()
    assert waiting.conversation == mei_ling.conversation
    assert told[0].startswith("turn_failed")
    assert "First consultation" not in "".join(told)


def test_a_red_flag_behind_another_turn_is_answered_at_once_and_only_once(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    desk.live.take(mei_ling.conversation, "f" * 32)
    said = len(mei_ling.reads())
    receive(desk, mei_ling.message("I cannot pee and I am numb between my legs"))
    assert mei_ling.reads()[said].startswith("⚠️")
    desk.live.give_back(mei_ling.conversation, "f" * 32, -1, -1, "", False)
    take_up_waiting(desk, mei_ling.conversation)
    assert len(mei_ling.reads()) == said + 1
    with desk.book.begin() as ledger:
        assert ledger.needing_a_person()[0].urgent


def test_silence_that_ran_out_happens_once_and_not_after_an_answer(desk: Desk, mei_ling: Patient) -> None:
    clock = desk.clock
    assert isinstance(clock, FakeClock)
    mei_ling.says("book")
    assert not silence(desk, mei_ling.conversation)
    clock.pass_seconds(15 * 60)
    said = len(mei_ling.reads())
    assert silence(desk, mei_ling.conversation)
    assert not silence(desk, mei_ling.conversation)
    assert mei_ling.reads()[said:] == ["Are you still there? Your answers are kept."]


def test_a_message_taken_up_in_vain_five_times_goes_to_a_person(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    desk.live.take(mei_ling.conversation, "f" * 32)
    message = mei_ling.message("First consultation")
    receive(desk, message)
    with desk.book.begin() as ledger:
        assert [ledger.count_attempt(message.sid) for _ in range(5)] == [1, 2, 3, 4, 5]
    take_up_waiting(desk, mei_ling.conversation)
    assert mei_ling.reads()[-1] == desk.clinic.texts["apology"].source
    with desk.book.begin() as ledger:
        assert ledger.inbound_status(message.sid) == "person"


class OtherBook:
    """A book whose ledgers answer as a test wants: ``answer(ledger, name)`` gives what is found under a name."""

    def __init__(self, book: Book, answer: Callable[[Ledger, str], Any]) -> None:
        self._book, self._answer = book, answer

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with self._book.begin() as ledger:
            yield OtherLedger(ledger, self._answer)


class OtherLedger:
    """One of its ledgers."""

    def __init__(self, ledger: Ledger, answer: Callable[[Ledger, str], Any]) -> None:
        self._ledger, self._answer = ledger, answer

    def __getattr__(self, name: str) -> Any:
        return self._answer(self._ledger, name)


def test_what_cannot_be_written_down_is_kept_tried_again_and_then_a_persons(desk: Desk, mei_ling: Patient) -> None:
    def refuse_replies(ledger: Ledger, name: str) -> Any:
        def queue(conversation: str, words: Sequence[Words], now: int) -> int:
            if any(one.speech == "reply" for one in words):
                raise ValueError("these words cannot be kept")
            return ledger.queue(conversation, words, now)

        return queue if name == "queue" else getattr(ledger, name)

    told: list[str] = []
    broken = replace(desk, book=OtherBook(desk.book, refuse_replies), report=lambda event, ids: told.append(event))  # type: ignore[arg-type]
    message = mei_ling.message("hello")
    assert receive(broken, message) == "parked"
    for _ in range(5):
        take_up_waiting(broken, mei_ling.conversation)
    assert mei_ling.reads() == [desk.clinic.texts["apology"].source]
    with desk.book.begin() as ledger:
        assert ledger.inbound_status(message.sid) == "person"
    assert set(told) == {"turn_not_written", "taking_up_failed", "message_given_up"}


def test_a_turn_that_overruns_its_hold_is_not_committed(database_url: str) -> None:
    clock = FakeClock()

    def slow(text: str, now: datetime) -> Reading:
        return Reading()

    def slowly(ledger: Ledger, name: str) -> Any:
        clock.pass_seconds(1)
        return getattr(ledger, name)

    with open_desk(database_url, clock=clock, read=slow) as desk:
        slow_desk = replace(desk, book=OtherBook(desk.book, slowly))  # type: ignore[arg-type]
        with pytest.raises(BookAway):
            receive(slow_desk, Patient(desk).message("hello"))
        assert Patient(desk).reads() == []


def test_a_red_flag_answered_without_the_database_is_written_down_later(desk: Desk, mei_ling: Patient) -> None:
    desk.spool.keep("SM" + "a" * 32, {"address": MEI_LING, "kind": "text", "text": "I wet myself, no feeling"})
    assert take_from_spool(desk) == 1
    assert desk.spool.kept() == ()
    with desk.book.begin() as ledger:
        assert ledger.needing_a_person()[0].urgent


def test_an_id_says_nothing_of_a_number_and_differs_between_installations(desk: Desk) -> None:
    other = conversation_id(b"another installation's own key!!", MEI_LING)
    assert conversation_id(desk.conversation_key, MEI_LING) != other
    assert "9123" not in other
