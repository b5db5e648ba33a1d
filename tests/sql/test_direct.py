"""What gives nothing back may wait for the next statement or the commit: nobody can tell, but for the time it takes."""

import pytest
from sqlalchemy.exc import DBAPIError

from bot.adapters.sql import SqlBook
from bot.core.events import StaffTookOver, event_to_data
from bot.ports import JournalEntry, Ledger, Words
from tests.sql.clinic import MEI_LING, NOW, message

TOOK_OVER = JournalEntry(1, NOW, event_to_data(StaffTookOver("ana")))
HELLO = [Words("Hello", "reply"), Words("How can I help?", "reply")]


def fail_after_writing(ledger: Ledger) -> None:
    ledger.queue("meiling", HELLO, NOW)
    raise ZeroDivisionError


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
