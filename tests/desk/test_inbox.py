"""What the desk shows: folders in their order, pages without gaps, and a thread in the order it happened."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.desk import inbox, reception, replying
from bot.desk.replying import Reply
from bot.ports import Desk, Result, Words
from tests.desk.test_turns import Patient
from tests.fakes import FakeClock, FakeLive
from tests.universe import ANA, RAVI, SITI, open_desk

BEN = "Ben"


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with open_desk(database_url) as desk:
        yield desk


@pytest.fixture
def clock(desk: Desk) -> FakeClock:
    assert isinstance(desk.clock, FakeClock)
    return desk.clock


@pytest.fixture
def mei_ling(desk: Desk) -> Patient:
    return Patient(desk)


@pytest.fixture
def ravi(desk: Desk) -> Patient:
    return Patient(desk, RAVI)


@pytest.fixture
def siti(desk: Desk) -> Patient:
    return Patient(desk, SITI)


def ids(desk: Desk, name: inbox.FolderName, staff: str = ANA) -> list[str]:
    return [card.id for card in inbox.folder(desk, staff, name).cards]


def test_every_conversation_lies_in_one_folder_and_moves_with_what_happens(
    desk: Desk, clock: FakeClock, mei_ling: Patient, ravi: Patient, siti: Patient
) -> None:
    mei_ling.says("human")
    clock.pass_seconds(60)
    ravi.says("I wet myself and did not feel it")
    siti.says("book")
    assert ids(desk, "needs us") == [ravi.conversation, mei_ling.conversation]
    assert ids(desk, "with the bot") == [siti.conversation]
    reception.take_over(desk, mei_ling.conversation, ANA)
    reception.take_over(desk, ravi.conversation, BEN)
    assert (ids(desk, "mine"), ids(desk, "others")) == ([mei_ling.conversation], [ravi.conversation])
    reception.hand_back(desk, mei_ling.conversation, ANA, "silent")
    reception.put_off(desk, ravi.conversation, BEN, clock.epoch + 3600)
    assert (ids(desk, "done"), ids(desk, "later")) == ([mei_ling.conversation], [ravi.conversation])
    assert inbox.counts(desk, ANA) == {
        "needs us": 0, "mine": 0, "mentions": 0, "others": 0, "with the bot": 1, "failed": 0, "later": 1, "done": 1,
    }  # fmt: skip


def test_a_row_tells_why_it_is_here_where_it_stands_and_what_was_said_last(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("book")
    mei_ling.says("Follow-up visit")
    mei_ling.says("human")
    (card,) = inbox.folder(desk, ANA, "needs us").cards
    assert card.where is not None
    assert (card.where.flow, card.where.step, card.where.number, card.where.of) == (
        "booking", "choose practitioner", 2, 7,
    )  # fmt: skip
    assert (card.last_by, card.last, card.phone) == ("patient", "human", "+6591234567")
    assert card.reason
    assert card.window_closes - card.waiting_since == 24 * 3600 - 600


def test_who_looks_is_shown_until_she_stops_saying_so(desk: Desk, clock: FakeClock, mei_ling: Patient) -> None:
    mei_ling.says("human")
    inbox.look(desk, mei_ling.conversation, BEN, "typing")
    assert inbox.folder(desk, ANA, "needs us").cards[0].lookers == {BEN: "typing"}
    clock.pass_seconds(31)
    assert inbox.folder(desk, ANA, "needs us").cards[0].lookers == {}
    assert isinstance(desk.live, FakeLive)
    desk.live.away = True
    inbox.look(desk, mei_ling.conversation, BEN, "typing")
    assert ids(desk, "needs us") == [mei_ling.conversation]


def test_pages_of_a_folder_follow_each_other_without_gap_or_repetition(desk: Desk, clock: FakeClock) -> None:
    waiting = [Patient(desk, f"whatsapp:+65812345{number}") for number in range(10, 17)]
    for patient in waiting:
        patient.says("human")
        clock.pass_seconds(len(waiting) % 2)
    found: list[str] = []
    page = inbox.folder(desk, ANA, "needs us", rows_max=3)
    while True:
        found += [card.id for card in page.cards]
        if page.after is None:
            break
        page = inbox.folder(desk, ANA, "needs us", page.after, rows_max=3)
    assert len(found) == len(waiting)
    assert set(found) == {patient.conversation for patient in waiting}


def test_words_that_never_arrived_lie_in_failed_until_somebody_has_seen_to_them(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    with desk.book.begin() as ledger:
        (row, *_) = ledger.claim((mei_ling.conversation,), "sender", ["a1"], 0)
        ledger.conclude([Result(row.id, "a1", "failed", note="the number is not on WhatsApp")], 1772413200)
    (card,) = inbox.folder(desk, ANA, "failed").cards
    assert (card.id, card.failed) == (mei_ling.conversation, "the number is not on WhatsApp")
    assert inbox.counts(desk, ANA)["failed"] == 1
    reception.looked(desk, mei_ling.conversation, ANA)
    assert ids(desk, "failed") == []


def test_what_failed_is_read_page_by_page_whenever_it_was_that_they_wrote(
    desk: Desk, clock: FakeClock, mei_ling: Patient, ravi: Patient, siti: Patient
) -> None:
    for number, patient in enumerate((mei_ling, ravi, siti)):
        patient.says("hello")
        with desk.book.begin() as ledger:
            (row, *_) = ledger.claim((patient.conversation,), "sender", [f"a{number}"], 0)
            ledger.conclude([Result(row.id, f"a{number}", "failed", note="no WhatsApp")], clock.epoch + 1000)
        clock.pass_seconds(60)
    found, after = [], None
    for _ in range(3):
        page = inbox.folder(desk, ANA, "failed", after, rows_max=1)
        found += [card.id for card in page.cards]
        after = page.after
    assert found == [siti.conversation, ravi.conversation, mei_ling.conversation]
    assert inbox.folder(desk, ANA, "failed", after, rows_max=1).cards == ()


def test_a_thread_is_read_page_by_page_towards_the_past(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    reception.take_over(desk, mei_ling.conversation, ANA)
    for number in range(9):
        mei_ling.says(f"message {number}")
    page = inbox.thread(desk, mei_ling.conversation, lines_max=4)
    assert [line.text for line in page.lines] == [f"message {number}" for number in range(5, 9)]
    texts: list[str] = []
    before: int | None = None
    while True:
        page = inbox.thread(desk, mei_ling.conversation, before, lines_max=4)
        texts = [line.text for line in page.lines] + texts
        before = page.before
        if before is None:
            break
    assert texts[0] == "human"
    assert texts[-9:] == [f"message {number}" for number in range(9)]
    assert "staff_took_over" in texts


def test_what_the_bot_was_kept_from_saying_is_shown(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("hello")
    with desk.book.begin() as ledger:
        ledger.queue(mei_ling.conversation, [Words("Which day suits you?", "reply")], 0)
    reception.take_over(desk, mei_ling.conversation, ANA)
    with desk.book.begin() as ledger:
        ledger.claim((mei_ling.conversation,), "sender", ["a1"], 0)
    shown = {line.text: (line.status, line.why) for line in inbox.thread(desk, mei_ling.conversation).lines}
    assert shown["Which day suits you?"] == ("suppressed", "the bot may not speak now")


def test_notes_stand_in_the_thread_and_never_leave(desk: Desk, mei_ling: Patient) -> None:
    mei_ling.says("human")
    replying.add_note(desk, mei_ling.conversation, BEN, "Called twice, no answer.")
    newest = inbox.thread(desk, mei_ling.conversation).lines[-1]
    assert (newest.kind, newest.text, newest.speaker) == ("note", "Called twice, no answer.", BEN)
    assert "Called twice, no answer." not in mei_ling.reads()


def test_every_change_rings_for_the_pages_that_are_open(desk: Desk, mei_ling: Patient) -> None:
    assert isinstance(desk.live, FakeLive)
    mei_ling.says("human")
    desk.live.rung.clear()
    reception.take_over(desk, mei_ling.conversation, ANA)
    replying.send_reply(desk, mei_ling.conversation, ANA, Reply("Hello", "click-0001"))
    mei_ling.says("thanks")
    assert desk.live.rung == [("conv", mei_ling.conversation)] * 3
