"""What gives nothing back may wait for the next statement or the commit: nobody can tell, but for the time it takes."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DBAPIError

from bot.adapters.sql import SqlBook
from bot.adapters.sql.prompt_postgresql import PromptConnection
from bot.core.events import StaffTookOver, event_to_data
from bot.ports import JournalEntry, Ledger, Words
from tests.sql.clinic import MEI_LING, NOW, message

TOOK_OVER = JournalEntry(1, NOW, event_to_data(StaffTookOver("ana")))
HELLO = [Words("Hello", "reply"), Words("How can I help?", "reply")]


@contextmanager
def closing_book(url: str) -> Iterator[SqlBook]:
    """A book of record in which Mei Ling has just begun to write."""
    book = SqlBook(url)
    try:
        with book.begin() as ledger:
            ledger.create(MEI_LING, NOW)
        yield book
    finally:
        book.dispose()


def fail_after_writing(ledger: Ledger) -> None:
    ledger.queue("meiling", HELLO, NOW)
    raise ZeroDivisionError


def fail_after_asking_often(ledger: Ledger) -> None:
    for _ in range(9):
        ledger.inbound_status("SM1")
    fail_after_writing(ledger)


def write_for_nobody(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1", text="Good morning"), "done")
        ledger.queue("meiling", HELLO, NOW)
        ledger.journal("nobody", TOOK_OVER)
        ledger.save(MEI_LING, 7, 3, NOW)


def test_what_was_written_is_there_for_whatever_looks_next(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.queue("meiling", HELLO, NOW)
        assert [line.text for line in ledger.thread("meiling", 9)] == ["Hello", "How can I help?"]
        ledger.journal("meiling", TOOK_OVER)
        ledger.save(MEI_LING, 7, 3, NOW)
        head = ledger.head("meiling")
        assert head is not None
        assert (head.seq, head.arrived) == (7, 3)


def test_what_was_undone_to_a_savepoint_is_gone_and_what_was_before_it_stays(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.queue("meiling", HELLO[:1], NOW)
        with pytest.raises(ZeroDivisionError), ledger.savepoint():
            fail_after_writing(ledger)
    with book.begin() as ledger:
        assert [line.text for line in ledger.thread("meiling", 9)] == ["Hello"]


def test_what_a_turn_wrote_that_was_given_up_is_not_in_the_next(book: SqlBook) -> None:
    with pytest.raises(ZeroDivisionError), book.begin() as ledger:
        fail_after_writing(ledger)
    with book.begin() as ledger:
        ledger.journal("meiling", TOOK_OVER)
    with book.begin() as ledger:
        assert [line.who for line in ledger.thread("meiling", 9)] == ["event"]


def test_what_is_refused_is_raised_and_nothing_of_its_turn_is_kept(book: SqlBook) -> None:
    with pytest.raises(DBAPIError) as refused:
        write_for_nobody(book)
    assert "Hello" not in str(refused.value)
    with book.begin() as ledger:
        assert ledger.thread("meiling", 9) == ()
        ledger.queue("meiling", HELLO, NOW)
    with book.begin() as ledger:
        assert [line.text for line in ledger.thread("meiling", 9)] == ["Hello", "How can I help?"]


def test_statements_that_were_refused_on_their_way_can_be_sent_again(book: SqlBook) -> None:
    """What never reached the server is not taken for known there."""
    for _ in range(2):
        with pytest.raises(DBAPIError):
            write_for_nobody(book)
    with book.begin() as ledger:
        assert ledger.record(message("SM1", text="Good morning"), "done")
        ledger.queue("meiling", HELLO, NOW)
        ledger.journal("meiling", TOOK_OVER)
        ledger.save(MEI_LING, 7, 3, NOW)
    with book.begin() as ledger:
        assert len(ledger.thread("meiling", 9)) == 4


def test_a_turn_is_written_down_after_others_were_undone(book: SqlBook) -> None:
    """psycopg has the server forget what it prepared after a rollback; by then it has prepared something."""
    for turn in range(1, 4):
        with book.begin() as ledger:
            ledger.save(MEI_LING, turn, 0, NOW)
        with pytest.raises(ZeroDivisionError), book.begin() as ledger:
            fail_after_asking_often(ledger)
        with book.begin() as ledger:
            head = ledger.head("meiling")
            assert head is not None
            assert head.seq == turn


def test_values_are_kept_as_they_were_given(book: SqlBook) -> None:
    """Quotes, other scripts, instants after 2038, yes and no."""
    later, words = 2**33, 'It\'s 100% "fine" \\ $1 :name – 好 நன்றி 🙂'
    state = replace(MEI_LING, reason=words, look=True, urgent=False, control="held", holder="ana")
    with book.begin() as ledger:
        ledger.queue("meiling", [Words(words, "reply")], later)
        ledger.save(state, 7, 3, later)
    with book.begin() as ledger:
        (said,) = ledger.thread("meiling", 9)
        assert (said.text, said.at) == (words, later)
        assert ledger.read("meiling") == state
        (waiting,) = ledger.needing_a_person()
        assert (waiting.reason, waiting.look, waiting.urgent) == (words, True, False)


def test_a_turn_is_three_round_trips_to_postgresql(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    trips, open_after, together = [], [], PromptConnection.together

    def counted(connection: PromptConnection, *asked: Any) -> Any:
        found = together(connection, *asked)
        trips.append(asked)
        open_after.append(connection.pgconn.transaction_status != TransactionStatus.IDLE)
        return found

    with closing_book(postgres_url) as book:
        monkeypatch.setattr(PromptConnection, "together", counted)
        with book.begin() as ledger:
            assert ledger.head("meiling") is not None
            assert ledger.record(message("SM1", text="Good morning"), "done")
            ledger.journal("meiling", TOOK_OVER)
            ledger.queue("meiling", HELLO, NOW)
            ledger.save(MEI_LING, 1, 1, NOW)
    # The last of them ends the transaction: psycopg has nothing to send any more.
    assert (len(trips), open_after) == (3, [True, True, False])


def test_postgresql_is_never_sent_words_it_would_cut_short(postgres_url: str) -> None:
    """A NUL ends a text on the wire; what is behind it would be lost without a word."""
    with closing_book(postgres_url) as book:
        with pytest.raises(DBAPIError), book.begin() as ledger:
            ledger.queue("meiling", [Words("Hello\0 there", "reply")], NOW)
        with book.begin() as ledger:
            assert ledger.thread("meiling", 9) == ()
