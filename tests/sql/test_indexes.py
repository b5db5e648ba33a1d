"""Nothing grows with the number of rows: no statement of a turn, a sender or a tick reads a whole table."""

import sqlite3
from typing import Any

from sqlalchemy import event

from bot.adapters.sql import SqlBook
from bot.ports import Attachment, NewTime
from bot.ports.alerts import Alert
from bot.ports.devices import Device
from bot.ports.erasure import Older
from bot.ports.reception import Blocking, Shelf
from bot.ports.staff import Account
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
        ledger.recorded(NOW, "", 5)
        ledger.journal_of("meiling", 5)
        ledger.callback("", "MM1", "read", NOW)
        ledger.callback(hello.attempt, "MM1", "read", NOW)
        ledger.failing(hello.attempt, "MM1", 63018)
        ledger.unknown(["SM1"])
        ledger.channel()
        ledger.templates()
        ledger.usable_templates("zh")
        ledger.looked_until("inbound")
        ledger.left_behind(5)
        ledger.to_settle(NOW, 5)
        ledger.with_unsent(NOW, 5)
        ledger.sid_known("MM1")
    _everything_in_the_diary(book)
    _everything_with_files(book)


def _everything_in_the_diary(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    with book.begin() as ledger:
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


def _everything_with_files(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.attach("meiling", "SM1", [("m1", b"k", Attachment("https://api.twilio.com/x"))], NOW)
        ledger.media_due(NOW, 5)
        ledger.take_media("m1", NOW)
        ledger.media_kept("m1", "image/jpeg", 1, NOW)
        ledger.media_not_kept("m1", "failed", "", NOW)
        ledger.media("m1")
        ledger.media_of("meiling", 5)
        ledger.media_with(["MM1", "MM2"])
        ledger.media_deleted("m1")
        ledger.sent_files(["f1", "f2"])
        ledger.sent_files_of("meiling", 5)
        ledger.put_into_draft("meiling", "ana", "f1", NOW)
        ledger.put_into_draft("meiling", "ana", "", NOW)
        ledger.drop_unsent_file("meiling", "f1")
        ledger.posting_of("attempt")
        ledger.pulse(NOW)
        ledger.forget_media("", NOW, 5, NOW)
        ledger.forget_media("meiling", NOW + 1, 5, NOW)


def everything_happens_at_the_desk(book: SqlBook) -> None:
    """Every statement of the reception desk, except those that only insert."""
    made = book_one(book, booking(number="K7QF2X-D", start=TEN + 4 * HOUR, busy=busy(TEN + 4 * HOUR)))
    with book.begin() as ledger:
        for shelf in (Shelf("needs"), Shelf("held", "ana"), Shelf("held", "ana", others=True), Shelf("bot", since=1)):
            ledger.folder(shelf, 5)
            ledger.folder(shelf, 5, (0, 0, ""))
        ledger.first_in_line(5)
        ledger.conversation_of("attempt", "SM1")
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
        ledger.hand_over_ended("meiling", "silent", NOW, "answered")
        ledger.hand_over_goes_on("meiling")
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


def everything_is_told_and_erased(book: SqlBook) -> None:
    """Every statement of alerts, consents and erasures; those that list the newest rows walk their own ids."""
    with book.begin() as ledger:
        ledger.raise_alert(Alert("red_flag:1", "red_flag", "meiling", NOW), NOW)
        ledger.unseen_failures(5)
        ledger.alerts_due(NOW)
        taken = [one.id for one in ledger.take_alerts("letter", 5, NOW)]
        ledger.alerts_wait(taken, "away")
        ledger.mail_trouble(NOW)
        ledger.alerts_over(taken, "sent", NOW)
        ledger.alarming()
        ledger.add_account(Account("ana", "ana", "Ana", "reception"))
        ledger.keep_device(Device("d1", "ana", "Chrome on Android", "all", "https://push.example/", "k", "s"))
        ledger.devices()
        ledger.device("d1")
        ledger.rename_device("d1", "The phone at the desk")
        ledger.device_told("d1", "away", NOW)
        ledger.drop_device("d1")
        ledger.mention("meiling", 1, ["ana"], NOW)
        ledger.is_mentioned("ana", "meiling")
        ledger.mentioning("ana", 5)
        ledger.mentioning("ana", 5, (NOW + 1, ""))
        ledger.count_mentions()
        ledger.mentions_in("meiling", 1, 50)
        ledger.mentions_seen("ana", "meiling", 1, NOW)
        ledger.note_told("letter", ["mail"])
        ledger.letter_told("letter")
        ledger.letter_over("letter")
        ledger.consents(5, conversation="meiling")
        (her,) = ledger.patients_of("meiling")
        ledger.extent(her.id, ["meiling"])
        ledger.to_come(her.id, ["meiling"], NOW)
        ledger.marks(her.id, ["meiling"])
        made = ledger.begin_erasure(her.id, ["meiling"], "ada", NOW)
        ledger.leave(made, "look", ["meiling"], NOW)
        ledger.erasure(made)
        ledger.erased_at("meiling")
        ledger.leftover_due(NOW)
        ledger.forgettable(Older(NOW, NOW), "", 5)
        ledger.begin_forgetting(["meiling"], Older(NOW, NOW), NOW)
    more = True
    while more:
        with book.begin() as ledger:
            more = ledger.erase_some(5, NOW)
    with book.begin() as ledger:
        for one in ledger.take_leftovers(50, NOW):
            ledger.look_again(one, NOW)
            ledger.leftover_done(one, NOW)


def reads_everything(step: str) -> bool:
    """Whether a step of a plan reads a whole table; ``anon`` is what an inner statement has found already."""
    return step.startswith("SCAN") and "INDEX" not in step and not step.startswith(("SCAN anon", "SCAN CONSTANT"))


def test_no_statement_reads_a_whole_table(sqlite_url: str) -> None:
    book, plans = SqlBook(sqlite_url), {}
    with book.begin() as ledger:
        ledger.create(MEI_LING, NOW)

    class Explaining(sqlite3.Cursor):
        """Asks how a statement will be carried out before it is, whoever runs it."""

        def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:
            self._explain(statement, values)
            return super().execute(statement, values)

        def executemany(self, statement: str, rows: Any, /) -> sqlite3.Cursor:
            self._explain(statement, rows[0])
            return super().executemany(statement, rows)

        def _explain(self, statement: str, values: Any) -> None:
            if statement.startswith(("SELECT", "UPDATE", "DELETE")):
                rows = super().execute(f"EXPLAIN QUERY PLAN {statement}", values)
                plans[statement] = [row[-1] for row in rows]

    class Explained(sqlite3.Connection):
        def cursor(self, *_: Any) -> Explaining:
            return super().cursor(Explaining)

    book.dispose()
    event.listen(book._engine, "do_connect", lambda _d, _r, args, how: sqlite3.connect(*args, factory=Explained, **how))
    everything_happens(book)
    everything_happens_at_the_desk(book)
    everything_is_told_and_erased(book)
    book.dispose()
    assert len(plans) > 40
    folders = {name: str(plan) for name, plan in plans.items() if "folder = ?" in name and "LIMIT" in name}
    assert len(folders) > 8
    assert [
        name for name, plan in folders.items() if "TEMP B-TREE" in plan or "ix_conversation_folder" not in plan
    ] == []
    whole = [plan for plan in plans.values() if any(map(reads_everything, plan))]
    assert whole == []
