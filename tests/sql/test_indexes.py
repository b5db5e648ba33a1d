"""Nothing grows with the number of rows: no statement of a turn, a sender or a tick reads a whole table."""

from typing import Any

from sqlalchemy import event

from bot.adapters.sql import SqlBook
from bot.ports import NewTime
from bot.ports.reception import Blocking, Shelf
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
        ledger.move(made.id, NewTime(slot(), busy(), "", ()), NOW)
        ledger.cancel(made.id, NOW)


def everything_happens_at_the_desk(book: SqlBook) -> None:
    """Every statement of the reception desk, except those that only insert."""
    made = book_one(book, booking(number="K7QF2X-D", start=TEN + 4 * HOUR, busy=busy(TEN + 4 * HOUR)))
    with book.begin() as ledger:
        for shelf in (Shelf("needs"), Shelf("held", "ana"), Shelf("held", "ana", others=True), Shelf("bot", since=1)):
            ledger.folder(shelf, 5)
            ledger.folder(shelf, 5, (0, 0, ""))
        ledger.undelivered(5)
        ledger.count_folder("needs")
        ledger.count_undelivered(5)
        ledger.filing("meiling")
        ledger.failures_seen("meiling", NOW)
        ledger.held()
        ledger.put_off_until(NOW, 5)
        ledger.lines_before("meiling", None, 5)
        ledger.messages_after("meiling", 0, "ana")
        ledger.staff_rows("click-1")
        ledger.save_draft("meiling", "ana", "reply", "", NOW)
        ledger.drafts("meiling", "ana")
        ledger.notes("meiling", 5)
        ledger.drop_label("meiling", "x")
        ledger.labels()
        ledger.quick_replies()
        ledger.used_quick_reply("x")
        ledger.save_quick_reply("x", "", "ana", NOW)
        ledger.hand_over_asked("meiling", "a person", False, NOW)
        ledger.hand_over_asked("meiling", "a person", True, NOW)
        ledger.hand_over_claimed("meiling", "ana", NOW)
        ledger.hand_over_answered("meiling", NOW)
        ledger.hand_over_ended("meiling", "silent", NOW)
        ledger.hand_overs(NOW, NOW + DAY)
        ledger.orders()
        (first,) = ledger.patients_of("meiling")
        ledger.patient(first.id)
        ledger.conversations_of(first.id)
        ledger.set_about("meiling", first.id)
        ledger.entries(TEN, TEN + DAY)
        ledger.entry(made.id)
        ledger.who_has("lim", TEN, TEN + HOUR, NOW)
        ledger.lift_block(ledger.block(Blocking("lim", TEN, TEN + HOUR, "", "ana"), NOW), NOW)
        ledger.wishes_of("meiling")
        ledger.pending_follow_ups("meiling")


def reads_everything(step: str) -> bool:
    """Whether a step of a plan reads a whole table; ``anon`` is what an inner statement has found already."""
    return step.startswith("SCAN") and "INDEX" not in step and not step.startswith(("SCAN anon", "SCAN CONSTANT"))


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
    everything_happens_at_the_desk(book)
    book.dispose()
    assert len(plans) > 40
    folders = {name: str(plan) for name, plan in plans.items() if "folder = ?" in name and "LIMIT" in name}
    assert len(folders) > 8
    assert [
        name for name, plan in folders.items() if "TEMP B-TREE" in plan or "ix_conversation_folder" not in plan
    ] == []
    whole = [plan for plan in plans.values() if any(map(reads_everything, plan))]
    assert whole == []
