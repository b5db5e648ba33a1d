"""What staff write: one click is one message, nobody speaks past newer words, and five seconds to take it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.desk import inbox, reception, replying
from bot.desk.replying import Reply
from bot.desk.speaking import send
from bot.ports import Desk
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock
from tests.universe import ANA, open_desk

BEN = "Ben"


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier(FakeClock())


@pytest.fixture
def desk(database_url: str, carrier: FakeCarrier) -> Iterator[Desk]:
    with open_desk(database_url, clock=carrier.clock, carrier=lambda: carrier) as desk:
        yield desk


@pytest.fixture
def mei_ling(desk: Desk, carrier: FakeCarrier) -> Patient:
    """She waits for a person; everything the bot had to say has left."""
    mei_ling = Patient(desk)
    mei_ling.says("human")
    send(desk, (mei_ling.conversation,), "sender")
    carrier.posted.clear()
    return mei_ling


def seen(desk: Desk, patient: Patient) -> int:
    return inbox.thread(desk, patient.conversation).newest


def later(desk: Desk, patient: Patient, carrier: FakeCarrier, seconds: int = 6) -> list[str]:
    carrier.clock.pass_seconds(seconds)
    send(desk, (patient.conversation,), "sender")
    return carrier.words


def test_a_double_click_is_one_message(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    first = replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001"))
    second = replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001"))
    assert (first.again, second.again, first.rows) == (False, True, second.rows)
    assert first.undo_until == second.undo_until > 0, "either can be taken back"
    assert later(desk, mei_ling, carrier) == ["Hello"]


def test_for_five_seconds_it_can_be_taken_back_and_is_her_draft_again(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello Siti", "click-0001"))
    assert later(desk, mei_ling, carrier, seconds=4) == []
    assert replying.undo(desk, mei_ling.conversation, ANA, "click-0001") == "Hello Siti"
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "Hello Siti"}
    assert later(desk, mei_ling, carrier) == []
    assert inbox.thread(desk, mei_ling.conversation).lines[-1].why == "taken back before it left"


def test_what_has_left_cannot_be_taken_back(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001"))
    assert later(desk, mei_ling, carrier) == ["Hello"]
    assert replying.undo(desk, mei_ling.conversation, ANA, "click-0001") is None
    assert replying.undo(desk, mei_ling.conversation, BEN, "click-0001") is None


def test_a_reply_past_words_she_has_not_seen_is_refused_with_them(desk: Desk, mei_ling: Patient) -> None:
    page = seen(desk, mei_ling)
    mei_ling.says("My mother is 70")
    with pytest.raises(replying.Stale) as stale:
        replying.send_reply(desk, mei_ling.conversation, ANA, Reply("How old is she?", "click-0001", last_seen=page))
    assert "My mother is 70" in [line.text for line in stale.value.newer]
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "How old is she?"}
    assert inbox.folder(desk, ANA, "mine").cards == ()
    again = Reply("Thank you.", "click-0002", last_seen=seen(desk, mei_ling))
    replying.send_reply(desk, mei_ling.conversation, ANA, again)
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {}


def test_her_own_words_are_no_news_to_her(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    page = seen(desk, mei_ling)
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001", last_seen=page))
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("I am Ana", "click-0002", last_seen=page))
    assert later(desk, mei_ling, carrier) == ["Hello", "I am Ana"]


def test_a_colleague_who_answers_too_is_told_who_has_it_and_keeps_her_words(desk: Desk, mei_ling: Patient) -> None:
    reception.take_over(desk, mei_ling.conversation, ANA)
    with pytest.raises(reception.NotYours) as refused:
        replying.send_reply(desk, mei_ling.conversation, BEN, Reply("Hello", "click-0001"))
    assert (refused.value.holder, refused.value.since) == (ANA, int(desk.clock.now().timestamp()))
    assert replying.drafts(desk, mei_ling.conversation, BEN) == {"reply": "Hello"}


def test_words_that_wait_when_a_colleague_takes_over_do_not_leave(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Come at ten", "click-0001"))
    reception.take_over(desk, mei_ling.conversation, BEN, from_holder=ANA)
    replying.save_draft(desk, mei_ling.conversation, ANA, "reply", "and bring the scan")
    assert later(desk, mei_ling, carrier) == []
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "Come at ten\n\nand bring the scan"}


def test_after_a_day_only_a_template_may_leave(desk: Desk, mei_ling: Patient, carrier: FakeCarrier) -> None:
    carrier.clock.pass_seconds(24 * 3600)
    with pytest.raises(replying.WindowClosed):
        replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001"))
    words = Reply("We have an answer for you.", "click-0002", template="answer", variables={"name": "Mei Ling"})
    assert replying.send_reply(desk, mei_ling.conversation, ANA, words).rows


def test_a_number_that_never_wrote_gets_a_template_first_and_is_hers(desk: Desk) -> None:
    with pytest.raises(replying.WindowClosed):
        replying.write_first(desk, ANA, "+6581112222", Reply("Hello", "click-0001"))
    words = Reply("Hello from the clinic", "click-0002", template="first")
    id = replying.write_first(desk, ANA, "+6581112222", words)
    assert [card.id for card in inbox.folder(desk, ANA, "mine").cards] == [id]
    with pytest.raises(reception.NotPossible):
        replying.write_first(desk, ANA, "81112222", words)


def test_a_click_that_comes_again_with_other_words_is_not_taken_for_the_same(
    desk: Desk, mei_ling: Patient, carrier: FakeCarrier
) -> None:
    long = "  Come at ten.\n\n" + "Bring the scan, " * 200
    for _ in range(2):
        replying.send_reply(desk, mei_ling.conversation, ANA, Reply(long, "click-0001"))
    with pytest.raises(replying.SaidOtherwise):
        replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Come at eleven.", "click-0001"))
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "Come at eleven."}
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Come at eleven.", "click-0002"))
    assert later(desk, mei_ling, carrier)[-1] == "Come at eleven."
    assert sum("Come at ten." in words for words in carrier.words) == 1


def test_a_draft_that_comes_after_its_click_has_spoken_is_not_there_to_be_said_again(
    desk: Desk, mei_ling: Patient
) -> None:
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Come at ten.", "click-0001"))
    replying.save_draft(desk, mei_ling.conversation, ANA, "reply", "Come at te", "click-0001")
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {}
    replying.save_draft(desk, mei_ling.conversation, ANA, "reply", "And bring", "click-0002")
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "And bring"}


def test_drafts_are_kept_for_each_person_and_mode(desk: Desk, mei_ling: Patient) -> None:
    replying.save_draft(desk, mei_ling.conversation, ANA, "reply", "Dear")
    replying.save_draft(desk, mei_ling.conversation, ANA, "note", "Rude")
    replying.save_draft(desk, mei_ling.conversation, BEN, "reply", "Hi")
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "Dear", "note": "Rude"}
    replying.save_draft(desk, mei_ling.conversation, ANA, "note", " ")
    assert replying.drafts(desk, mei_ling.conversation, ANA) == {"reply": "Dear"}


def test_quick_replies_are_filled_with_names_that_are_known(desk: Desk, mei_ling: Patient) -> None:
    replying.save_quick_reply(desk, ANA, "hello", "Hello {patient}, this is {staff} of {clinic.short name}.")
    filled = replying.filled(desk, mei_ling.conversation, "hello", "Ana")
    assert filled == "Hello, this is Ana of Oxford Spine."
    assert [(one.shortcut, one.used) for one in replying.quick_replies(desk)] == [("hello", 1)]
    replying.save_quick_reply(desk, ANA, "hello", "")
    assert replying.quick_replies(desk) == ()


def test_labels_are_told_in_the_thread_once(desk: Desk, mei_ling: Patient) -> None:
    for _ in range(2):
        replying.put_label(desk, mei_ling.conversation, ANA, " Insurance ")
    assert inbox.folder(desk, ANA, "needs us").cards[0].labels == ("insurance",)
    events = [line.text for line in inbox.thread(desk, mei_ling.conversation).lines if line.kind == "event"]
    assert events.count("label_put") == 1
    replying.drop_label(desk, mei_ling.conversation, ANA, "insurance")
    assert inbox.folder(desk, ANA, "needs us").cards[0].labels == ()
