"""What became of a message when nobody knows: found in Twilio's list, sent again, or put before a person."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from bot.adapters.sql.schema import send_attempt
from bot.core.effects import Choice
from bot.core.template import Wording
from bot.desk.settling import settle
from bot.ports import CarrierUnclear, Listed
from tests.desk.front import Front
from tests.universe import MEI_LING, RAVI


@pytest.fixture
def unclear(front: Front) -> Front:
    """Mei Ling was sent "Hello", and Twilio's answer was lost. It did not take the message."""
    front.says("Hello")
    front.carrier.troubles = [CarrierUnclear()]
    front.sends()
    return front


def looks(front: Front) -> None:
    settle(front.desk)
    front.sends(*front.live.next_awake(0, 10))


def listed(front: Front, **differing: Any) -> None:
    """Twilio's list shows a message that was taken although its answer was lost."""
    taken = Listed("SM" + "9" * 32, MEI_LING, "Hello", front.clock.epoch, "sent")
    front.carrier.on_list.append(replace(taken, **differing))


def test_nobody_looks_before_ten_seconds_have_passed(unclear: Front) -> None:
    listed(unclear)
    unclear.later(seconds=9)
    looks(unclear)
    assert unclear.statuses() == ["unknown"]


def test_a_message_that_twilio_lists_is_sent_and_what_waited_for_it_follows(unclear: Front) -> None:
    listed(unclear)
    unclear.says("More")
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["sent", "sent"]
    assert unclear.carrier.words == ["More"]


def test_a_message_that_failed_at_twilio_is_shown_to_staff(unclear: Front) -> None:
    listed(unclear, status="undelivered")
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["failed"]


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        (63018, "queued", []),
        (63003, "failed", ["the number is not on WhatsApp"]),
        (63016, "needs_person", ["the 24-hour window is closed"]),
    ],
)
def test_a_failure_found_in_the_list_is_acted_upon_like_any_other(
    unclear: Front, code: int, status: str, reason: list[str]
) -> None:
    listed(unclear, status="failed", error=code)
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == [status]
    assert unclear.reasons() == reason


def test_what_left_as_a_template_is_found_by_the_templates_words(front: Front) -> None:
    wording = Wording("notice", "en", "Hello {{1}}, we have news for you.", ("name",), ("Mei Ling",))
    with front.desk.book.begin() as ledger:
        ledger.template_made(wording, "HX1", front.clock.epoch)
        ledger.template_status("HX1", "approved", "", front.clock.epoch)
    front.later(hours=24)
    front.says("News.", template="notice", variables={"name": "Mei Ling"})
    front.carrier.troubles = [CarrierUnclear()]
    front.sends()
    listed(front, body="Hello Mei Ling, we have news for you.")
    front.later(seconds=10)
    looks(front)
    assert front.statuses() == ["sent"]
    assert front.carrier.posted == []


def test_a_message_that_is_not_listed_is_looked_for_again_a_minute_later_and_then_sent_again(unclear: Front) -> None:
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["unknown"]
    unclear.later(seconds=59)
    looks(unclear)
    assert unclear.carrier.words == []
    unclear.later(seconds=1)
    looks(unclear)
    assert unclear.carrier.words == ["Hello"]
    assert unclear.statuses() == ["sent"]
    with unclear.desk.book.begin() as ledger:
        looked = ledger._connection.scalars(select(send_attempt.c.looks))  # type: ignore[attr-defined]
        assert sorted(looked) == [0, 2]


def test_a_message_that_is_listed_late_is_found_by_the_second_look(unclear: Front) -> None:
    unclear.later(seconds=10)
    looks(unclear)
    listed(unclear, created_at=unclear.clock.epoch - 10)
    unclear.later(seconds=60)
    looks(unclear)
    assert unclear.statuses() == ["sent"]
    assert unclear.carrier.words == []


def test_a_message_is_found_although_our_clock_was_an_hour_ahead_when_it_was_posted(unclear: Front) -> None:
    listed(unclear, created_at=unclear.clock.epoch - 3600)
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["sent"]


@pytest.mark.parametrize("differing", [{"to": RAVI}, {"body": "Hello?"}, {"created_at": 0}])
def test_a_message_to_another_with_other_words_or_from_before_is_not_ours(
    unclear: Front, differing: dict[str, Any]
) -> None:
    listed(unclear, **differing)
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["unknown"]


def test_a_message_that_belongs_to_another_row_is_not_ours(front: Front) -> None:
    front.says("Hello", "Hello")
    front.carrier.troubles = []
    front.sends()
    front.says("Hello")
    front.carrier.troubles = [CarrierUnclear()]
    front.sends()
    front.later(seconds=10)
    looks(front)
    assert front.statuses() == ["sent", "sent", "unknown"]
    assert front.reports == []


def test_a_question_is_found_as_it_was_shown_or_as_numbered_text(front: Front) -> None:
    choices = (Choice("1.book", "Book"), Choice("1.ask", "Ask"))
    for body in ("Shall I?", "Shall I?\n\n1. Book\n2. Ask\n\nReply with a number."):
        front.says("Shall I?", choices=choices, hint="Reply with a number.")
        front.carrier.troubles = [CarrierUnclear()]
        front.sends()
        listed(front, body=body, sid=f"SM{len(body):032x}")
        front.later(seconds=10)
        looks(front)
    assert front.statuses() == ["sent", "sent"]


def test_while_twilio_cannot_be_asked_nothing_is_sent_again_and_at_last_a_person_should_know(unclear: Front) -> None:
    unclear.carrier.lists = False
    unclear.later(seconds=10)
    for _ in range(5):
        looks(unclear)
        assert unclear.statuses() == ["unknown"]
        unclear.later(seconds=60)
    looks(unclear)
    assert unclear.carrier.words == []
    assert unclear.statuses() == ["needs_person"]
    assert unclear.reasons() == ["nobody knows whether Twilio took it"]


def test_a_message_that_is_unclear_eight_times_is_left_to_a_person(front: Front) -> None:
    front.says("Hello")
    front.carrier.troubles = [CarrierUnclear() for _ in range(99)]
    front.sends()
    while front.statuses() == ["unknown"]:
        front.later(seconds=10)
        looks(front)
    assert front.statuses() == ["needs_person"]
    assert len(front.carrier.troubles) == 99 - 8


def test_two_that_settle_the_same_message_at_once_change_nothing_more(unclear: Front) -> None:
    unclear.later(seconds=10)
    looks(unclear)
    looks(unclear)
    assert unclear.carrier.words == []
    unclear.later(seconds=60)
    settle(unclear.desk)
    settle(unclear.desk)
    unclear.sends()
    assert unclear.carrier.words == ["Hello"]


def test_safety_text_whose_sender_died_is_sent_again_after_one_look(front: Front) -> None:
    front.says("Call 995 now.", speech="safety")
    front.left_behind()
    looks(front)
    assert front.carrier.words == ["Call 995 now."]


def test_a_message_that_cannot_be_settled_does_not_hold_up_the_others(front: Front) -> None:
    for patient in ("mei", "ravi"):
        front.says("Hello", to=patient)
        front.carrier.troubles = [CarrierUnclear()]
        front.sends(patient)
    listed(front, to=RAVI)
    front.carrier.broken_lists = {MEI_LING}
    front.later(seconds=10)
    looks(front)
    assert (front.statuses("mei"), front.statuses("ravi")) == (["unknown"], ["sent"])
    assert [event for event, _ in front.reports] == ["settling_failed"]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_between_two_looks_makes_nobody_send_too_early(unclear: Front, hours: int) -> None:
    unclear.later(seconds=10)
    looks(unclear)
    taken_at = unclear.clock.epoch - 10
    unclear.clock.step_to(unclear.clock.now() + timedelta(hours=hours))
    looks(unclear)
    assert unclear.statuses() == ["unknown"]
    listed(unclear, created_at=taken_at)
    unclear.later(seconds=10)
    looks(unclear)
    assert unclear.statuses() == ["sent"]
    assert unclear.carrier.words == []


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_neither_delays_looks_nor_sends_a_message_to_a_person(unclear: Front, hours: int) -> None:
    unclear.carrier.lists = False
    unclear.later(seconds=10)
    looks(unclear)
    unclear.clock.step_to(unclear.clock.now() + timedelta(hours=hours))
    unclear.later(seconds=4)
    looks(unclear)
    assert unclear.statuses() == ["unknown"]
    unclear.carrier.lists = True
    unclear.later(seconds=60)
    looks(unclear)
    assert unclear.carrier.words == ["Hello"]
