"""What a receptionist can do: see who needs her, take over, reply, hand back; and what she is kept from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.desk import reception, replying
from bot.ports import Desk
from tests.desk.test_turns import Patient
from tests.fakes import FakeClock
from tests.universe import ANA, RAVI, open_desk, saying

BEN = "Ben"


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    with open_desk(sqlite_url) as desk:
        yield desk


@pytest.fixture
def mei_ling(desk: Desk) -> Patient:
    return Patient(desk)


def test_whoever_needs_a_person_is_listed_red_flags_first(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    ravi = Patient(desk, RAVI)
    ravi.says("I wet myself and did not feel it")
    listed = reception.needing_a_person(desk)
    assert [(one.conversation, one.urgent) for one in listed] == [
        (ravi.conversation, True),
        (mei_ling.conversation, False),
    ]
    assert listed[0].reason.startswith("Red flag")


def test_nobody_is_listed_while_the_bot_copes(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("what is sciatica")
    assert reception.needing_a_person(desk) == ()


def test_from_the_take_over_on_the_bot_is_silent(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert mei_ling.says("First consultation") == []


def test_a_reply_takes_a_conversation_that_waits(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    replying.reply(desk, mei_ling.conversation, ANA, "Hello, this is Ana.")
    assert mei_ling.reads()[-1] == "Hello, this is Ana."
    assert reception.needing_a_person(desk)[0].holder == ANA


def test_a_colleague_is_told_who_has_it(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    for attempt in (
        lambda: reception.take_over(desk, mei_ling.conversation, BEN),
        lambda: replying.reply(desk, mei_ling.conversation, BEN, "Hello"),
        lambda: reception.hand_back(desk, mei_ling.conversation, BEN, "menu"),
    ):
        with pytest.raises(reception.NotYours, match=ANA):
            attempt()
    assert "Hello" not in mei_ling.reads()


def test_the_bots_conversation_is_taken_over_before_it_is_answered(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    with pytest.raises(reception.NotYours):
        replying.reply(desk, mei_ling.conversation, ANA, "Hello")


def test_after_a_day_only_a_template_may_be_sent_and_she_is_told_so(desk: Desk, mei_ling: Patient) -> None:
    clock = desk.clock
    assert isinstance(clock, FakeClock)
    mei_ling.says("human")
    clock.pass_seconds(24 * 3600)
    with pytest.raises(replying.WindowClosed, match="24 hours"):
        replying.reply(desk, mei_ling.conversation, ANA, "Hello")


def test_handed_back_the_patient_goes_on_at_her_question(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.hand_back(desk, mei_ling.conversation, ANA, "continue")
    assert "What would you like to come for?" in mei_ling.reads()[-1]
    assert "Which day suits you?" in mei_ling.says("First consultation")[-1]
    assert reception.needing_a_person(desk) == ()


def test_closed_without_a_word_the_next_message_starts_afresh(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    said = len(mei_ling.reads())
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    assert len(mei_ling.reads()) == said
    assert "How can we help you?" in mei_ling.says("hello")[-1]


def test_the_thread_tells_words_and_events_in_order(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    replying.reply(desk, mei_ling.conversation, ANA, "Hello, this is Ana.")
    told = [(line.who, line.text) for line in reception.thread(desk, mei_ling.conversation)]
    assert ("patient", "human") in told
    assert told[-1] == ("staff", "Hello, this is Ana.")
    assert any(who == "event" for who, _ in told)


def test_where_staff_confirm_the_bot_collects_wishes_and_staff_are_shown_them(sqlite_url: str, desk: Desk) -> None:
    facts = MappingProxyType({**desk.clinic.facts, "appointments": "request"})
    asking = saying(desk, clinic=replace(desk.clinic, facts=facts))
    ravi = Patient(asking, RAVI)
    for words in ("book", "First consultation", "mornings next week", "Ravi Kumar"):
        ravi.says(words)
    said = ravi.says("yes")
    assert "This is not an appointment yet" in said[-1]
    (waiting,) = reception.needing_a_person(asking)
    assert waiting.look
    assert "confirm a time" in waiting.reason
    with desk.book.begin() as ledger:
        assert ledger.appointments(ravi.conversation, 0) == ()
