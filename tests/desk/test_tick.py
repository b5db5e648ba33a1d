"""The tick finds what was forgotten: by a process that died, by Redis, or because its time has come."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import Event

import pytest

from bot.core.calendar import Busy
from bot.core.effects import Speech
from bot.desk.tick import Seen, keep_ticking, tick
from bot.ports import Desk, Inbound
from tests.desk.front import Front


class Turns:
    """Remembers what the tick asked for. ``fails`` are conversations with which everything fails."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.fails: set[str] = set()

    def take_up_waiting(self, desk: Desk, conversation: str) -> None:
        self._do("take up", conversation)

    def silence(self, desk: Desk, conversation: str) -> None:
        self._do("silence", conversation)

    def take_from_spool(self, desk: Desk) -> None:
        self._do("spool", "")

    def _do(self, what: str, conversation: str) -> None:
        self.asked.append(f"{what} {conversation}".strip())
        if conversation in self.fails:
            raise ZeroDivisionError("a bug of ours")


@pytest.fixture
def turns() -> Turns:
    return Turns()


@pytest.fixture
def look(front: Front, turns: Turns) -> Callable[[], list[str]]:
    seen = Seen()

    def once() -> list[str]:
        """Tick, and say which turns were asked for, the spool left out."""
        turns.asked.clear()
        tick(front.desk, seen, turns)
        return [asked for asked in turns.asked if asked != "spool"]

    return once


Look = Callable[[], list[str]]


def parks(front: Front, conversation: str, arrival: int) -> None:
    event = {"event": "Message", "sid": f"SM{conversation}{arrival}", "text": "Hello"}
    with front.desk.book.begin() as ledger:
        ledger.record(Inbound(event["sid"], conversation, arrival, event, front.clock.epoch), "waiting")
        ledger.arrived_at(conversation, arrival)


def test_a_parked_message_that_nobody_takes_up_is_taken_up_at_the_second_look(front: Front, look: Look) -> None:
    parks(front, "mei", 2)
    assert look() == []
    assert look() == ["take up mei"]


def test_a_conversation_that_moves_on_is_left_to_its_holder(front: Front, look: Look) -> None:
    for arrival in (2, 3, 4):
        parks(front, "mei", arrival)
        assert look() == []


def test_one_bad_message_does_not_hold_up_the_others(front: Front, turns: Turns, look: Look) -> None:
    turns.fails = {"mei", "ravi"}
    for patient in ("mei", "ravi", "siti"):
        parks(front, patient, 2)
    look()
    assert sorted(look()) == ["take up mei", "take up ravi", "take up siti"]
    assert sorted(str(ids["conversation"]) for _, ids in front.reports) == ["mei", "ravi"]


def test_a_silence_that_has_run_out_happens(front: Front, look: Look) -> None:
    front.becomes(silence_due=front.clock.epoch + 60)
    assert look() == []
    front.later(seconds=60)
    assert look() == ["silence mei"]


def test_words_whose_waking_was_lost_are_waked_again(front: Front, look: Look) -> None:
    front.says("Hello")
    look()
    assert front.live.next_awake(0, 10) == ("mei",)


def test_a_message_whose_sender_died_is_settled_after_its_lease(front: Front, look: Look) -> None:
    front.says("Hello")
    with front.desk.book.begin() as ledger:
        ledger.claim(("mei",), "dead", ["a" * 32], front.clock.epoch)
    look()
    front.later(seconds=29)
    look()
    assert front.statuses() == ["sending"]
    front.later(seconds=1)
    look()
    assert front.statuses() == ["unknown"]
    assert ("settle", ()) in front.queue.jobs
    assert [event for event, _ in front.reports] == ["sender_died"]


class Killed(BaseException):
    """As SIGKILL does, it ends everything where it is."""


def claims_and_dies(front: Front, *begun: str, speech: Speech = "reply") -> None:
    """A sender claims what three patients have to be told, begins to post to some of them, and is killed."""
    patients = ("mei", "ravi", "siti")
    for patient in patients:
        front.says("Hello", to=patient, speech=speech)
    with suppress(Killed), front.desk.claims.making("dead") as claim:
        with front.desk.book.begin() as ledger:
            rows = ledger.claim(patients, claim.name, [front.chance.token() for _ in patients], front.clock.epoch)
        for row in rows:
            if row.conversation in begun:
                claim.begins(row.attempt)
        raise Killed


def test_what_a_killed_sender_had_not_begun_to_post_leaves_at_the_next_look(front: Front, look: Look) -> None:
    claims_and_dies(front, "mei")
    look()
    front.sends(*front.live.next_awake(0, 10))
    assert [front.statuses(patient) for patient in ("mei", "ravi", "siti")] == [["unknown"], ["sent"], ["sent"]]
    assert [event for event, _ in front.reports] == ["sender_died"] * 3


def test_what_a_killed_sender_had_begun_is_looked_for_ten_seconds_after_it_began(front: Front, look: Look) -> None:
    claims_and_dies(front, "mei", "ravi", "siti")
    front.later(seconds=3)
    look()
    front.later(seconds=6)
    look()
    assert front.queue.jobs == []
    front.later(seconds=1)
    look()
    assert front.queue.jobs == [("settle", ())]


def test_safety_text_that_a_killed_sender_had_begun_is_looked_for_at_once(front: Front, look: Look) -> None:
    claims_and_dies(front, "mei", speech="safety")
    look()
    assert front.queue.jobs == [("settle", ())]


def test_a_killed_senders_claim_is_forgotten_once_its_rows_are_put_right(front: Front, look: Look) -> None:
    claims_and_dies(front, "mei")
    look()
    assert front.desk.claims.over() == {}


def test_a_jumping_wall_clock_makes_no_sender_dead(front: Front, look: Look) -> None:
    front.says("Hello")
    with front.desk.book.begin() as ledger:
        ledger.claim(("mei",), "alive", ["a" * 32], front.clock.epoch)
    look()
    front.clock.step_to(front.clock.now().replace(year=2027))
    look()
    assert front.statuses() == ["sending"]


@pytest.mark.usefixtures("appointment")
def test_a_follow_up_that_is_due_is_left_to_the_queue_and_again_when_nothing_is_heard_of_it(
    front: Front, look: Look
) -> None:
    look()
    assert front.queue.jobs == []
    front.later(hours=1)
    look()
    look()
    ((job, ids),) = [one for one in front.queue.jobs if one[0] == "send_follow_up"]
    front.later(seconds=10)
    look()
    assert front.queue.jobs.count((job, ids)) == 2


@pytest.mark.usefixtures("appointment")
def test_a_follow_up_that_may_not_leave_yet_is_asked_once_a_minute_whoever_ticks(front: Front, turns: Turns) -> None:
    front.later(hours=1)
    with front.desk.book.begin() as ledger:
        (due,) = ledger.follow_ups_due(front.clock.epoch, 5)
        ledger.follow_up_waits(due, "a person has the conversation", front.clock.epoch)
    asked = ("send_follow_up", (due,))
    front.later(seconds=59)
    tick(front.desk, Seen(), turns)
    assert asked not in front.queue.jobs
    front.later(seconds=1)
    tick(front.desk, Seen(), turns)
    assert asked in front.queue.jobs


def test_what_twilio_never_brought_is_looked_for_every_three_minutes(front: Front, look: Look) -> None:
    look()
    assert front.queue.jobs == []
    for _ in range(9):
        front.later(minutes=1)
        look()
    assert front.queue.jobs == [("look_for_missed", ())] * 3


def test_while_redis_is_away_twilio_is_not_looked_through(front: Front, look: Look) -> None:
    look()
    front.queue.away = True
    front.later(minutes=10)
    look()
    assert front.reports == []
    front.queue.away = False
    look()
    assert front.queue.jobs == [("look_for_missed", ())]


@pytest.mark.usefixtures("appointment")
def test_while_redis_is_away_the_tick_does_the_work_itself(front: Front, look: Look) -> None:
    front.live.away = front.queue.away = True
    front.later(hours=1)
    look()
    front.sends(*front.unsent())
    assert len(front.carrier.posted) == 1


def test_a_hold_that_has_run_out_is_tidied_away(front: Front, look: Look) -> None:
    start = front.clock.epoch + 86_400
    with front.desk.book.begin() as ledger:
        ledger.hold("mei", Busy("lim", start, start + 1800), front.clock.epoch + 600, front.clock.epoch)
    front.later(minutes=10)
    look()
    with front.desk.book.begin() as ledger:
        assert ledger.expire_holds(front.clock.epoch) == 0


def test_what_was_spooled_while_the_database_was_away_is_written_down(look: Look, turns: Turns) -> None:
    look()
    assert "spool" in turns.asked


def test_a_tick_that_fails_in_one_look_still_makes_the_others(front: Front, turns: Turns, look: Look) -> None:
    turns.fails = {""}
    front.says("Hello")
    look()
    assert front.live.next_awake(0, 10) == ("mei",)
    assert front.reports == [("tick_failed", {"look": "spooled", "error": "ZeroDivisionError"})]


def test_the_tick_looks_at_once_and_ends_when_it_is_told_to(front: Front, turns: Turns) -> None:
    class Thrice(Event):
        left = 3

        def wait(self, timeout: float | None = None) -> bool:
            self.left -= 1
            return self.left < 0

    keep_ticking(front.desk, turns, Thrice())
    assert turns.asked == ["spool"] * 4
