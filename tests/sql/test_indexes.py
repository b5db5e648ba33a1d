"""Nothing grows with the number of rows: no statement of a turn, a sender or a tick reads a whole table."""

from typing import Any

from sqlalchemy import event

from bot.adapters.sql import SqlBook
from bot.ports import NewTime
from tests.sql.clinic import (
    DAY,
    HOUR,
    MEI_LING,
    NOW,
    TEN,
    book_one,
    booking,
    busy,
    claim,
    conclude,
    message,
    reminder,
    save,
    say,
    slot,
)


def everything_happens(book: SqlBook) -> None:
    """Every statement there is, except those that only insert."""
    save(book, MEI_LING)
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "sent", sid="MM1")
    made = book_one(book, booking(follow_ups=(reminder(),)))
    with book.begin() as ledger:
        ledger.read("meiling")
        ledger.record(message(), "waiting")
        ledger.arrived_at("meiling", 1)
        ledger.oldest_waiting("meiling")
        ledger.count_attempt("SM1")
        ledger.conversations_with_waiting(5)
        ledger.taken_up("SM1", "done")
        ledger.silences_due(NOW, 5)
        ledger.needing_a_person()
        ledger.thread("meiling", 5)
        ledger.callback("", "MM1", "read", None, NOW)
        ledger.callback(hello.attempt, "MM1", "read", None, NOW)
        ledger.left_behind(5)
        ledger.to_settle(NOW, 5)
        ledger.with_unsent(NOW, 5)
        ledger.sid_known("MM1")
        ledger.hold("meiling", busy(TEN + HOUR), NOW + HOUR, NOW)
        ledger.busy(["lim"], TEN, TEN + HOUR, NOW, "meiling")
        ledger.expire_holds(NOW)
        ledger.appointments("meiling", NOW)
        ledger.appointment(made.id, "meiling")
        (due,) = ledger.follow_ups_due(NOW + DAY, 5)
        ledger.follow_up(due)
        ledger.follow_up_waits(due, "not yet", NOW)
        ledger.follow_up_failed(due, NOW)
        ledger.follow_ups_of("meiling")
        ledger.follow_ups_of("meiling", made.id)
        ledger.offer(due)
        ledger.add_nudge("meiling", reminder(kind="nudge"), "Asia/Singapore", NOW)
        ledger.holds("meiling", NOW)
        ledger.confirm(made.id, 1, NOW)
        ledger.join_waiting_list(made.id, NOW)
        ledger.freed(NOW, 5)
        ledger.who_would_like(slot(), ["consultation"])
        ledger.settled(1)
        ledger.leave_waiting_list(made.id)
        ledger.move(made.id, NewTime(slot(), busy(), "", ()), NOW)
        ledger.not_theirs(made.id, NOW)
        ledger.cancel(made.id, NOW)
        ledger.freed(TEN + DAY, 5)
        ledger.missed(made.id, (), NOW)


def test_no_statement_reads_a_whole_table(sqlite_url: str) -> None:
    book, plans = SqlBook(sqlite_url), {}
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            rows = cursor.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            plans[statement] = [row[-1] for row in rows]

    event.listen(book._engine, "before_cursor_execute", explain)
    everything_happens(book)
    book.dispose()
    assert len(plans) > 40
    whole = [plan for plan in plans.values() if any(step.startswith("SCAN") and "INDEX" not in step for step in plan)]
    assert whole == []
