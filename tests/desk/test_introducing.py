"""Who answers is said, where the clinic wants it: once, in her name, and never when she no longer has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.events import DeliveryFailed
from bot.core.flow import Clinic
from bot.desk import inbox, reception, replying
from bot.desk.replying import Reply
from bot.desk.speaking import send
from bot.desk.turns import happen
from bot.ports import Desk
from bot.ports.staff import Account
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import ANA, open_desk, saying, shipped_clinic

BEN = "Ben"
ANA_ANSWERS = "You're now chatting with Ana Lim from our reception."
BEN_ANSWERS = "You're now chatting with Ben Ong from our reception."
DAY = 24 * 3600


def clinic_that_says_who_answers() -> Clinic:
    clinic = shipped_clinic()
    return replace(clinic, version="says who", facts={**clinic.facts, "say who answers": "yes"})


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(FakeClock())


@pytest.fixture
def desk(database_url: str, carrier: FakeCarrier) -> Iterator[Desk]:
    parts = {"clock": carrier.clock, "carrier": lambda: carrier}
    with open_desk(database_url, clinic=clinic_that_says_who_answers(), **parts) as desk:
        with desk.book.begin() as ledger:
            for id, name in ((ANA, "Ana Lim"), (BEN, "Ben Ong")):
                ledger.add_account(Account(id, id.casefold(), name, "reception", "active"))
        yield desk


@pytest.fixture
def mei_ling(desk: Desk, carrier: FakeCarrier) -> Patient:
    """She waits for a person; everything the bot had to say has left."""
    mei_ling = Patient(desk)
    mei_ling.says("human")
    send(desk, (mei_ling.conversation,), "sender")
    carrier.posted.clear()
    return mei_ling


def hears(desk: Desk, patient: Patient, carrier: FakeCarrier, seconds: int = 6) -> list[str]:
    """What has left for her until so many seconds later."""
    carrier.clock.pass_seconds(seconds)
    send(desk, (patient.conversation,), "sender")
    said, carrier.posted[:] = carrier.words, []
    return said


def replies(desk: Desk, patient: Patient, by: str, text: str, click: str = "click-0001") -> None:
    replying.send_reply(desk, patient.conversation, by, Reply(text, click))


def test_who_takes_it_over_is_named_once_and_her_words_follow(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS]
    replies(desk, mei_ling, ANA, "Which day suits you?")
    assert hears(desk, mei_ling, carrier) == ["Which day suits you?"]


def test_a_first_reply_that_claims_it_comes_after_the_name(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    replies(desk, mei_ling, ANA, "Which day suits you?")
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS, "Which day suits you?"]


def test_nobody_is_named_unless_the_clinic_wants_it(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    as_shipped = saying(desk, clinic=shipped_clinic())
    replies(as_shipped, mei_ling, ANA, "Hello")
    assert hears(desk, mei_ling, carrier) == ["Hello"]


def test_who_acts_at_the_machine_itself_has_no_name_to_be_told(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    replies(desk, mei_ling, "root", "Hello")
    assert hears(desk, mei_ling, carrier) == ["Hello"]


def test_it_is_said_in_the_patients_language(desk: Desk, carrier: FakeCarrier) -> None:
    mei_ling = Patient(desk)
    mei_ling.says("人工")
    hears(desk, mei_ling, carrier)
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert hears(desk, mei_ling, carrier) == ["现在由我们前台的Ana Lim与您对话。"]


def test_a_colleague_who_takes_it_is_named_and_whom_she_took_it_from_is_not_named_after_all(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.take_over(desk, mei_ling.conversation, BEN, from_holder=ANA)
    assert hears(desk, mei_ling, carrier) == [BEN_ANSWERS]
    last = inbox.thread(desk, mei_ling.conversation).lines
    (kept_back,) = [line for line in last if line.text == ANA_ANSWERS]
    assert (kept_back.status, kept_back.why) == ("suppressed", "the conversation was passed on before it left")
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {}, "it was never hers to send"


@pytest.mark.parametrize("let_go", ["menu", "silent", "release"])
def test_it_does_not_leave_once_she_has_let_go(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier, let_go: str
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    if let_go == "release":
        reception.release(desk, mei_ling.conversation, ANA, "lunch")
    else:
        reception.hand_back(desk, mei_ling.conversation, ANA, "menu" if let_go == "menu" else "silent")
    assert ANA_ANSWERS not in hears(desk, mei_ling, carrier)


def test_who_was_given_it_is_named_by_her_first_words(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.hand_on(desk, mei_ling.conversation, ANA, BEN)
    assert hears(desk, mei_ling, carrier) == [], "Ana has it no more, and Ben has not looked yet"
    replies(desk, mei_ling, BEN, "Hello")
    assert hears(desk, mei_ling, carrier) == [BEN_ANSWERS, "Hello"]


def test_back_from_the_queue_she_is_not_named_again_but_in_another_stretch_she_is(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS]
    reception.release(desk, mei_ling.conversation, ANA, "lunch")
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    reception.undo_done(desk, mei_ling.conversation, ANA)
    replies(desk, mei_ling, ANA, "Hello again")
    assert hears(desk, mei_ling, carrier) == ["Hello again"]
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    replies(desk, mei_ling, ANA, "One thing more", "click-0002")
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS, "One thing more"]


def test_past_the_window_nobody_is_named_until_the_patient_has_written(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    carrier.clock.pass_seconds(DAY)
    reception.take_over(desk, mei_ling.conversation, ANA)
    template = Reply("We have an answer for you.", "click-0001", template="answer", variables={"name": "Mei Ling"})
    replying.send_reply(desk, mei_ling.conversation, ANA, template)
    assert ANA_ANSWERS not in hears(desk, mei_ling, carrier)
    mei_ling.says("Yes?")
    hears(desk, mei_ling, carrier)
    replies(desk, mei_ling, ANA, "You may come on Tuesday", "click-0002")
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS, "You may come on Tuesday"]


def test_when_the_window_closes_before_it_left_nobody_has_to_telephone(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert hears(desk, mei_ling, carrier, DAY) == []
    assert inbox.thread(desk, mei_ling.conversation).lines[-1].status == "expired"
    assert inbox.folder(desk, ANA, "failed").cards == ()


def test_a_blocked_number_is_told_nothing(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    reception.block(desk, mei_ling.conversation, ANA, blocked=True)
    replies(desk, mei_ling, ANA, "Please stop")
    assert hears(desk, mei_ling, carrier) == ["Please stop"]


def test_a_number_that_cannot_be_reached_is_told_nothing_until_it_writes(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    happen(desk, mei_ling.conversation, lambda ledger, state: DeliveryFailed("unreachable", "not on WhatsApp"))
    reception.take_over(desk, mei_ling.conversation, ANA)
    assert hears(desk, mei_ling, carrier) == []
    mei_ling.says("I am back")
    replies(desk, mei_ling, ANA, "Good")
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS, "Good"]


def test_it_is_no_news_to_her_and_no_part_of_what_she_takes_back(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    page = inbox.thread(desk, mei_ling.conversation).newest
    reception.take_over(desk, mei_ling.conversation, ANA)
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello Siti", "click-0001", last_seen=page))
    assert replying.undo(desk, mei_ling.conversation, ANA, "click-0001") == "Hello Siti"
    assert hears(desk, mei_ling, carrier) == [ANA_ANSWERS]


def test_given_to_her_her_first_words_are_taken_back_whole_and_said_once(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.hand_on(desk, mei_ling.conversation, ANA, BEN)
    for _ in range(2):
        replies(desk, mei_ling, BEN, "Hello Siti")
    assert replying.undo(desk, mei_ling.conversation, BEN, "click-0001") == "Hello Siti"
    assert hears(desk, mei_ling, carrier) == [BEN_ANSWERS]
