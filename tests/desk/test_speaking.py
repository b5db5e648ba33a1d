"""Words leave once, in order, by whoever may speak; what went wrong is tried again, settled or put before a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest

from bot.core.effects import Speech
from bot.desk.speaking import keep_sending, send, status
from bot.ports import BookAway, CarrierAway, CarrierRefused, CarrierUnclear, Desk, Ledger, Outgoing
from tests.desk.front import Front
from tests.fakes import FakeCarrier, FakeChance


class Impatient(Event):
    """A stop that never waits."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


def test_words_leave_once_and_in_order(front: Front) -> None:
    front.says("Hello Mei Ling.", "How can we help you?")
    front.sends()
    front.sends()
    assert front.carrier.words == ["Hello Mei Ling.", "How can we help you?"]
    assert front.statuses() == ["sent", "sent"]


def test_a_callback_finds_its_attempt_by_the_address_it_comes_back_to(front: Front) -> None:
    front.says("Hello")
    front.sends()
    posted = front.carrier.posted[0]
    assert posted.callback_url == f"http://127.0.0.1:8000/twilio/status?m={posted.outgoing.attempt}"


def test_many_conversations_leave_together(front: Front) -> None:
    for patient in ("mei", "ravi", "siti"):
        front.says("One", "Two", to=patient)
    front.sends("mei", "ravi", "siti")
    by_patient = {
        to: [one.outgoing.text for one in front.carrier.posted if one.outgoing.conversation == to]
        for to in ("mei", "ravi", "siti")
    }
    assert by_patient == {"mei": ["One", "Two"], "ravi": ["One", "Two"], "siti": ["One", "Two"]}


def test_nothing_to_say_is_nothing_posted(front: Front) -> None:
    front.sends("mei", "ravi")
    front.sends("nobody")
    assert front.carrier.posted == []


def test_a_refusal_for_haste_is_tried_again_when_twilio_says_so(front: Front) -> None:
    front.says("Hello", "And more")
    front.carrier.troubles = [CarrierRefused(429, 20429, retry_after=7.2)]
    front.sends()
    front.later(seconds=7)
    assert front.unsent() == ()
    front.later(seconds=1)
    assert front.unsent() == ("mei",)
    front.sends()
    assert front.carrier.words == ["Hello", "And more"]


def waits(front: Front) -> list[int]:
    """How long each try is after the one before, in seconds, while Mei Ling's words are still queued."""
    found = []
    while front.statuses() == ["queued"]:
        start = front.clock.epoch
        while not front.unsent():
            front.later(seconds=1)
        found.append(front.clock.epoch - start)
        front.sends()
    return found


def test_an_unreachable_twilio_is_tried_more_and_more_rarely_and_then_a_person_should_know(front: Front) -> None:
    front.says("Hello")
    front.carrier.troubles = [CarrierAway() for _ in range(8)]
    assert waits(front) == [0, 1, 2, 4, 8, 16, 32, 60]
    assert front.statuses() == ["needs_person"]
    assert front.reasons() == ["Twilio cannot be reached"]


def test_chance_keeps_senders_from_coming_back_all_at_once(front: Front) -> None:
    front.says("Hello")
    front.chance.number = 1_000
    front.carrier.troubles = [CarrierAway() for _ in range(8)]
    assert waits(front) == [0, 1, 3, 7, 15, 31, 60, 60]


def test_a_clock_that_is_set_back_before_a_result_is_written_puts_off_no_longer(front: Front) -> None:
    front.says("Hello")
    front.carrier.troubles = [CarrierAway()]
    right, opened = front.clock.now(), []

    @contextmanager
    def begin() -> Iterator[Ledger]:
        with front.desk.book.begin() as ledger:
            opened.append(ledger)
            if len(opened) == 2:
                front.clock.step_to(right)
            yield ledger

    front.clock.step_to(right + timedelta(hours=1))
    send(replace(front.desk, book=SetBack(front.desk, begin)), ["mei"], "one")
    front.later(seconds=10)
    front.sends()
    assert front.statuses() == ["sent"]


class SetBack:
    """A database during whose opening the clock is set."""

    def __init__(self, desk: Desk, begin: Callable[[], AbstractContextManager[Ledger]]) -> None:
        self.begin = begin
        self.look, self.conversation_key, self.healthy = desk.book.look, desk.book.conversation_key, desk.book.healthy


@pytest.mark.parametrize("takes", [True, False])
def test_a_message_of_which_nobody_knows_is_never_posted_blindly_again(front: Front, takes: bool) -> None:
    front.says("Hello", "And more")
    front.carrier.troubles, front.carrier.takes_unclear = [CarrierUnclear()], takes
    front.sends()
    front.later(hours=1)
    front.sends()
    assert front.statuses() == ["unknown", "queued"]
    assert len(front.carrier.posted) == (1 if takes else 0)


def test_safety_text_of_which_nobody_knows_is_sent_up_to_three_times(front: Front) -> None:
    front.says("Call 995 now.", speech="safety")
    front.carrier.troubles, front.carrier.takes_unclear = [CarrierUnclear() for _ in range(9)], True
    front.sends()
    assert front.carrier.words == ["Call 995 now."] * 3
    assert front.statuses() == ["unknown"]


def test_safety_text_waits_behind_nothing(front: Front) -> None:
    front.says("Hello", "More")
    front.carrier.troubles = [CarrierUnclear()]
    front.sends()
    front.says("Call 995 now.", speech="safety")
    front.sends()
    assert front.carrier.words == ["Call 995 now."]


def test_many_safety_texts_of_one_patient_keep_nobody_else_waiting(front: Front) -> None:
    front.says("Call 995 now.", "Do not wait.", "A person is coming.", speech="safety", to="mei")
    front.says("Hello", to="mei")
    front.says("Hello", to="ravi")
    front.sends("mei", "ravi")
    assert front.statuses("mei") + front.statuses("ravi") == ["sent"] * 5


def test_an_unexpected_error_while_posting_is_told_and_settled_later(front: Front) -> None:
    front.says("Hello")
    front.carrier.troubles = [ZeroDivisionError("a bug of ours")]
    front.sends()
    assert front.statuses() == ["unknown"]
    assert [event for event, _ in front.reports] == ["posting_failed"]


def test_one_conversation_in_trouble_does_not_hold_up_the_others(front: Front) -> None:
    front.says("Hello", to="mei")
    front.says("Hello", to="ravi")
    front.carrier.troubles = [ZeroDivisionError("a bug of ours")]
    front.sends("mei", "ravi")
    assert sorted(front.statuses("mei") + front.statuses("ravi")) == ["sent", "unknown"]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (63003, "the number is not on WhatsApp"),
        (21610, "the patient unsubscribed"),
        (63013, "WhatsApp's policy refused the content"),
        (None, "the message failed without a reason"),
    ],
)
def test_a_refusal_for_good_is_shown_to_staff_and_the_next_words_still_leave(
    front: Front, code: int | None, why: str
) -> None:
    front.says("Hello", "More")
    front.carrier.troubles = [CarrierRefused(400, code)]
    front.sends()
    assert front.statuses() == ["failed", "sent"]
    assert front.reasons() == [why]
    ((event, ids),) = front.reports
    assert event == "message_refused"
    assert "Hello" not in str(ids)


@pytest.mark.parametrize("speech", ["reply", "notice", "follow-up"])
def test_after_the_24_hour_window_a_person_is_needed(front: Front, speech: Speech) -> None:
    front.says("Hello", speech=speech)
    front.later(hours=24)
    front.sends()
    assert front.carrier.posted == []
    assert front.statuses() == ["needs_person"]
    assert front.reasons() == ["the 24-hour window is closed"]


def test_safety_text_is_tried_after_the_window_too(front: Front) -> None:
    front.says("Call 995 now.", speech="safety")
    front.later(hours=24)
    front.sends()
    assert front.carrier.words == ["Call 995 now."]


def test_a_window_that_twilio_knows_to_be_closed_needs_a_person(front: Front) -> None:
    front.says("Hello")
    front.carrier.troubles = [CarrierRefused(400, 63016)]
    front.sends()
    assert front.reasons() == ["the 24-hour window is closed"]


def test_a_sender_that_was_paused_after_its_claim_does_not_post(front: Front) -> None:
    class Drowsy(FakeChance):
        """Is asked for a token between the start of a claim and the post, and falls asleep the first time."""

        def token(self) -> str:
            if self.given == 0:
                front.later(seconds=11)
            return super().token()

    class Watched(FakeCarrier):
        def post(self, outgoing: Outgoing, callback_url: str) -> str:
            tries.append(outgoing.tries)
            return super().post(outgoing, callback_url)

    tries: list[int] = []
    front.says("Hello")
    carrier = Watched(front.clock)
    send(replace(front.desk, chance=Drowsy(), carrier=lambda: carrier), ("mei",), "sender")
    assert tries == [2]
    assert front.statuses() == ["sent"]


class Shaky:
    """A book of record that is away on the transactions named, counted from 1."""

    def __init__(self, desk: Desk, *away: int) -> None:
        self._book, self._away, self.opened = desk.book, away, 0

    @contextmanager
    def begin(self) -> Iterator[Ledger]:
        self.opened += 1
        if self.opened in self._away:
            raise BookAway("the test took the database away")
        with self._book.begin() as ledger:
            yield ledger

    def conversation_key(self) -> bytes:
        return self._book.conversation_key()

    def healthy(self) -> bool:
        return True


def test_what_was_posted_is_written_down_although_the_database_was_away_for_a_moment(front: Front) -> None:
    front.says("Hello", "More")
    with pytest.raises(BookAway):
        send(replace(front.desk, book=Shaky(front.desk, 2, 3)), ("mei",), "sender")
    assert front.statuses() == ["sent", "queued"]
    assert len(front.carrier.posted) == 1
    assert front.live.next_awake(0, 10) == ("mei",)
    front.sends()
    assert front.carrier.words == ["Hello", "More"]


def test_words_that_cannot_be_claimed_do_not_undo_what_was_said_before_them(front: Front) -> None:
    class Unreadable(Shaky):
        """A book in which the second claim meets something that nobody has thought of."""

        @contextmanager
        def begin(self) -> Iterator[Ledger]:
            with super().begin() as ledger:
                if self.opened == 2:
                    ledger.claim = lambda *_: 1 // 0  # type: ignore[method-assign,assignment]
                yield ledger

    front.says("Hello", "More")
    with pytest.raises(ZeroDivisionError):
        send(replace(front.desk, book=Unreadable(front.desk)), ("mei",), "sender")
    assert front.statuses() == ["sent", "queued"]


def test_words_that_follow_each_other_take_a_commit_each_and_one_more(front: Front) -> None:
    front.says("One", "Two", "Three")
    book = Shaky(front.desk)
    send(replace(front.desk, book=book), ("mei",), "sender")
    assert front.statuses() == ["sent", "sent", "sent"]
    assert book.opened == 4


def test_what_cannot_be_written_down_is_left_for_the_tick_and_not_posted_again(front: Front) -> None:
    front.says("Hello")
    with pytest.raises(BookAway):
        send(replace(front.desk, book=Shaky(front.desk, 2, 3, 4)), ("mei",), "sender")
    front.sends()
    assert front.statuses() == ["sending"]
    assert len(front.carrier.posted) == 1


def test_a_late_callback_never_lowers_the_status(front: Front) -> None:
    front.says("Hello")
    front.sends()
    posted = front.carrier.posted[0]
    for word in ("read", "delivered", "sent", "read"):
        status(front.desk, posted.outgoing.attempt, posted.sid, word, None)  # type: ignore[arg-type]
    assert front.statuses() == ["read"]


def test_a_callback_settles_what_nobody_knew_and_wakes_the_senders_for_the_rest(front: Front) -> None:
    front.says("Hello", "More")
    front.carrier.troubles, front.carrier.takes_unclear = [CarrierUnclear()], True
    front.sends()
    posted = front.carrier.posted[0]
    status(front.desk, posted.outgoing.attempt, posted.sid, "delivered", None)
    assert front.live.next_awake(0, 10) == ("mei",)
    front.sends()
    assert front.carrier.words == ["Hello", "More"]
    assert front.statuses() == ["delivered", "sent"]


def test_a_delivery_that_failed_is_told_by_its_ids_alone(front: Front) -> None:
    front.says("Hello")
    front.sends()
    posted = front.carrier.posted[0]
    status(front.desk, posted.outgoing.attempt, posted.sid, "failed", 63003)
    assert front.statuses() == ["failed"]
    assert front.reports == [("delivery_failed", {"sid": posted.sid, "code": 63003})]


def test_a_callback_while_redis_is_away_is_written_down_all_the_same(front: Front) -> None:
    front.says("Hello", "More")
    front.carrier.troubles, front.carrier.takes_unclear = [CarrierUnclear()], True
    front.sends()
    front.live.away = True
    posted = front.carrier.posted[0]
    status(front.desk, posted.outgoing.attempt, posted.sid, "sent", None)
    assert front.statuses() == ["sent", "queued"]


@pytest.mark.parametrize("redis_is_away", [False, True])
def test_a_sender_goes_on_with_and_without_redis(front: Front, redis_is_away: bool) -> None:
    stop = Impatient()

    class Last(FakeCarrier):
        def post(self, outgoing: Outgoing, callback_url: str) -> str:
            if outgoing.text == "Goodbye":
                stop.set()
            return super().post(outgoing, callback_url)

    carrier = Last(front.clock)
    front.says("Hello", to="ravi")
    front.says("Goodbye", to="mei")
    front.live.wake(["ravi", "mei"])
    front.live.away = redis_is_away
    keep_sending(replace(front.desk, carrier=lambda: carrier), "sender", stop)
    assert sorted(carrier.words) == ["Goodbye", "Hello"]


def test_a_sender_outlives_a_database_that_is_away(front: Front) -> None:
    stop = Impatient()
    front.live.wake(["mei"])

    def report(event: str, ids: object) -> None:
        front.reports.append((event, {}))
        stop.set()

    keep_sending(replace(front.desk, book=Shaky(front.desk, 1), report=report), "sender", stop)
    assert [event for event, _ in front.reports] == ["sending_failed"]
