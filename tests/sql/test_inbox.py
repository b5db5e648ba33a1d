"""Messages of patients: kept once, taken up in the order they came."""

from dataclasses import replace

from bot.adapters.sql import SqlBook
from bot.ports import Head
from tests.sql.clinic import NOW, RAVI, message


def test_a_message_is_kept_once(book: SqlBook) -> None:
    with book.begin() as ledger:
        assert ledger.record(message("SM1"), "done")
        assert not ledger.record(message("SM1", text="again"), "waiting")
        assert ledger.inbound_status("SM1") == "done"
        assert ledger.inbound_status("SM2") is None


def test_parked_messages_are_taken_up_oldest_first(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM3", arrival=3), "waiting")
        ledger.record(message("SM2", arrival=2, text="வணக்கம்"), "waiting")
        assert ledger.oldest_waiting("meiling") == message("SM2", arrival=2, text="வணக்கம்")
        ledger.taken_up("SM2", "done")
        assert ledger.oldest_waiting("meiling") == message("SM3", arrival=3)
        ledger.taken_up("SM3", "person")
        assert ledger.oldest_waiting("meiling") is None
        assert ledger.inbound_status("SM3") == "person"


def test_attempts_to_take_a_message_up_are_counted(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1"), "waiting")
        assert [ledger.count_attempt("SM1"), ledger.count_attempt("SM1")] == [1, 2]
        assert ledger.oldest_waiting("meiling") == replace(message("SM1"), attempts=2)


def test_the_count_of_arrived_messages_only_rises(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.arrived_at("meiling", 3)
        ledger.arrived_at("meiling", 2)
        assert ledger.head("meiling") == Head(0, 3)


def test_conversations_with_parked_messages_come_with_their_newest_arrival(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.create(RAVI, NOW)
        ledger.record(message("SM1", arrival=1), "done")
        assert ledger.conversations_with_waiting(10) == ()
        ledger.record(message("SM2", arrival=2), "waiting")
        ledger.record(message("SM3", arrival=3), "waiting")
        ledger.record(replace(message("SM4", "ravi"), received_at=NOW - 1), "waiting")
        assert ledger.conversations_with_waiting(10) == (("ravi", 1), ("meiling", 3))
        assert ledger.conversations_with_waiting(1) == (("ravi", 1),)
