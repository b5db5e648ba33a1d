"""What may leave, in which order, and what becomes of it."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.adapters.sql import SqlBook
from bot.adapters.sql.schema import send_attempt
from bot.core.delivery import RowStatus
from bot.core.effects import Choice
from bot.ports import BookAway, LeftBehind, NewTime, Result, Words
from tests.sql.clinic import (
    DAY,
    HOUR,
    MEI_LING,
    NOW,
    RAVI,
    TEN,
    book_one,
    booking,
    busy,
    claim,
    conclude,
    reminder,
    save,
    say,
    slot,
    statuses,
)

HELD = replace(MEI_LING, control="held", holder="ana")
SAFETY = Words("Call 995", "safety", key="safety:SM1:1")


def test_words_leave_one_at_a_time_and_in_order(book: SqlBook) -> None:
    say(book, "first", "second")
    (first,) = claim(book)
    assert (first.text, first.address, first.tries, first.started_at) == ("first", MEI_LING.address, 1, NOW)
    assert claim(book) == ()
    assert conclude(book, first, "sent", sid="MM1") == ("meiling",)
    (second,) = claim(book)
    assert second.text == "second"
    assert conclude(book, second, "sent", sid="MM2") == ()


def test_a_question_leaves_with_its_choices(book: SqlBook) -> None:
    words = Words("Which?", "reply", (Choice("1.a", "A", "first"), Choice("1.b", "B")), "Choose", "Reply 1 or 2.")
    say(book, words)
    (question,) = claim(book)
    assert (question.choices, question.list_button, question.hint) == (words.choices, words.list_button, words.hint)


def test_conversations_do_not_wait_for_each_other(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.create(RAVI, NOW)
    say(book, "hello Mei Ling")
    say(book, "hello Ravi", conversation="ravi")
    assert [one.text for one in claim(book, "ravi", "meiling")] == ["hello Ravi", "hello Mei Ling"]


def test_claims_and_results_are_written_in_batches(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.create(RAVI, NOW)
    say(book, "first", "second")
    say(book, "hello Ravi", conversation="ravi")
    first, ravi = claim(book, "meiling", "ravi")
    with book.begin() as ledger:
        results = [Result(first.id, first.attempt, "sent", sid="MM1"), Result(ravi.id, ravi.attempt, "unknown")]
        assert ledger.conclude(results, NOW) == ("meiling",)
    assert statuses(book) == ["sent", "queued"]
    assert statuses(book, "ravi") == ["unknown"]


def test_a_key_is_queued_once(book: SqlBook) -> None:
    assert say(book, SAFETY, "hello") == 2
    assert say(book, SAFETY) == 0
    assert say(book) == 0
    assert statuses(book) == ["queued", "queued"]


def test_nothing_is_claimed_without_an_attempt_to_write_down(book: SqlBook) -> None:
    say(book, "hello")
    with book.begin() as ledger:
        assert ledger.claim(["meiling"], "sender", [], NOW) == ()
        assert ledger.claim([], "sender", ["a"], NOW) == ()
        assert ledger.left_behind(10) == ()
    assert len(claim(book)) == 1


def test_safety_text_waits_behind_nothing_and_goes_first(book: SqlBook) -> None:
    say(book, "first", "second")
    (first,) = claim(book)
    conclude(book, first, "unknown")
    say(book, SAFETY, replace(SAFETY, text="拨打 995", key="safety:SM1:2"))
    with book.begin() as ledger:
        assert ledger.with_unsent(NOW, 10) == ("meiling",)
    assert [one.text for one in claim(book)] == ["Call 995", "拨打 995"]


def test_safety_text_is_first_out_of_the_door_when_all_may_go(book: SqlBook) -> None:
    say(book, "first", SAFETY)
    assert [one.text for one in claim(book)] == ["Call 995", "first"]


def test_safety_text_leaves_while_held_and_after_an_opt_out(book: SqlBook) -> None:
    save(book, replace(HELD, opted_out=True))
    say(book, SAFETY)
    assert len(claim(book)) == 1


def test_the_bot_is_silent_once_a_receptionist_has_the_conversation(book: SqlBook) -> None:
    say(book, "hello", Words("Ana will write to you", "notice"))
    save(book, HELD)
    assert [one.text for one in claim(book)] == ["Ana will write to you"]
    assert statuses(book) == ["suppressed", "sending"]


def test_only_the_holder_writes_for_the_clinic(book: SqlBook) -> None:
    save(book, HELD)
    say(book, Words("I am Ana", "staff", speaker="ana"), Words("I am not", "staff", speaker="joy"))
    (ana,) = claim(book)
    assert ana.text == "I am Ana"
    conclude(book, ana, "sent", sid="MM1")
    assert claim(book) == ()
    assert statuses(book) == ["sent", "suppressed"]


def test_a_follow_up_waits_for_the_receptionist_and_then_for_a_person(book: SqlBook) -> None:
    save(book, HELD)
    say(book, Words("Tomorrow at ten", "follow-up", expires_at=NOW + HOUR, key="7"))
    say(book, Words("Hi", "staff", speaker="ana"))
    assert [one.text for one in claim(book)] == ["Hi"]
    with book.begin() as ledger:
        assert ledger.with_unsent(NOW, 10) == ()
        assert ledger.with_unsent(NOW + HOUR, 10) == ("meiling",)
    assert claim(book, now=NOW + HOUR) == ()
    assert statuses(book) == ["needs_person", "sending"]


def test_a_follow_up_leaves_after_the_receptionist_is_done(book: SqlBook) -> None:
    save(book, HELD)
    say(book, Words("Tomorrow at ten", "follow-up", expires_at=NOW + HOUR, key="7"))
    assert claim(book) == ()
    save(book, replace(MEI_LING, control="closed"))
    assert len(claim(book)) == 1


def test_no_follow_up_after_an_opt_out(book: SqlBook) -> None:
    say(book, Words("Tomorrow at ten", "follow-up", key="7"))
    save(book, replace(HELD, opted_out=True))
    with book.begin() as ledger:
        assert ledger.with_unsent(NOW, 10) == ("meiling",)
    assert claim(book) == ()
    assert statuses(book) == ["suppressed"]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ("kept", "sending"),
        ("moved", "suppressed"),
        ("cancelled", "suppressed"),
        ("held", "queued"),
        ("opted out", "suppressed"),
        ("window closed", "needs_person"),
    ],
)
def test_whether_a_reminder_would_still_be_sent_is_asked_again_when_it_leaves(
    book: SqlBook, change: str, status: str
) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    wrote = replace(MEI_LING, last_inbound_at=NOW)
    save(book, wrote)
    with book.begin() as ledger:
        (due,) = ledger.follow_ups_due(NOW + HOUR, 10)
        ledger.queue("meiling", [Words("Tomorrow at ten", "follow-up", key=f"follow-up:{due}")], NOW)
        match change:
            case "moved":
                ledger.move(made.id, NewTime(slot(TEN + HOUR), busy(TEN + HOUR), "2026-03-03T11:00", ()), NOW)
            case "cancelled":
                ledger.cancel(made.id, NOW)
            case "held":
                ledger.save(replace(wrote, control="held", holder="ana"), 1, 1, NOW)
            case "opted out":
                ledger.save(replace(wrote, opted_out=True), 1, 1, NOW)
            case "window closed":
                ledger.save(replace(wrote, last_inbound_at=NOW - DAY), 1, 1, NOW)
    claim(book, now=NOW + HOUR)
    assert statuses(book) == [status]


def test_what_is_due_later_lets_others_pass_but_a_second_try_keeps_its_place(book: SqlBook) -> None:
    say(book, replace(Words("later", "notice"), due_at=NOW + HOUR), "now", "next")
    (now,) = claim(book)
    assert now.text == "now"
    assert conclude(book, now, "queued", again_at=NOW + 5) == ()
    assert claim(book) == ()
    with book.begin() as ledger:
        assert ledger.with_unsent(NOW, 10) == ()
        assert ledger.with_unsent(NOW + 5, 10) == ("meiling",)
    (again,) = claim(book, now=NOW + 5)
    assert (again.text, again.tries) == ("now", 2)


def test_words_that_come_too_late_expire(book: SqlBook) -> None:
    say(book, Words("hello", "reply", expires_at=NOW + HOUR), "still true")
    assert [one.text for one in claim(book, now=NOW + HOUR)] == ["still true"]
    assert statuses(book) == ["expired", "sending"]


def test_what_was_kept_back_when_queued_never_leaves(book: SqlBook) -> None:
    say(book, Words("hello", "reply", status="suppressed", note="the bot may not speak now"))
    assert claim(book) == ()
    assert statuses(book) == ["suppressed"]


def test_a_result_of_an_earlier_attempt_changes_nothing(book: SqlBook) -> None:
    say(book, "hello")
    (first,) = claim(book)
    conclude(book, first, "queued")
    (second,) = claim(book)
    conclude(book, first, "failed", note="too late")
    assert statuses(book) == ["sending"]
    conclude(book, second, "sent", sid="MM2")
    assert statuses(book) == ["sent"]


def test_concluding_nothing_is_nothing(book: SqlBook) -> None:
    with book.begin() as ledger:
        assert ledger.conclude([], NOW) == ()
        assert ledger.conclude([Result(99, "nobody", "sent", sid="MM9")], NOW) == ()


def test_statuses_only_rise_however_callbacks_arrive(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "sent", sid="MM1")
    heard: tuple[RowStatus, ...] = ("sent", "delivered", "sent", "read", "delivered", "failed", "read")
    known = ["sent", "delivered", "delivered", "read", "read", "read", "read"]
    for status, expected in zip(heard, known, strict=True):
        with book.begin() as ledger:
            assert ledger.callback(hello.attempt, "MM1", status, NOW) is None
        assert statuses(book) == [expected]


def test_a_callback_may_come_before_the_answer_to_the_post(book: SqlBook) -> None:
    say(book, "first", "second")
    (first,) = claim(book)
    with book.begin() as ledger:
        assert ledger.callback(first.attempt, "MM1", "delivered", NOW) == "meiling"
        assert ledger.sid_known("MM1")
    assert statuses(book) == ["delivered", "queued"]
    for late in ("sent", "unknown", "queued", "failed"):
        conclude(book, first, late, sid="MM1" if late == "sent" else "")
        assert statuses(book) == ["delivered", "queued"]
    with book.begin() as ledger:
        attempts = ledger._connection.execute(select(send_attempt.c.outcome, send_attempt.c.sid)).all()
    assert attempts == [("delivered", "MM1")]


def test_a_callback_settles_what_was_unknown(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "unknown")
    with book.begin() as ledger:
        ledger.callback(hello.attempt, "MM1", "sent", NOW)
        assert ledger.to_settle(NOW + DAY, 10) == ()
    assert statuses(book) == ["sent"]


def test_a_callback_without_an_attempt_is_found_by_its_sid(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "sent", sid="MM1")
    with book.begin() as ledger:
        ledger.callback("", "MM1", "delivered", NOW)
        assert ledger.callback("", "MM9", "delivered", NOW) is None
        assert ledger.callback("nobody", "MM9", "delivered", NOW) is None
    assert statuses(book) == ["delivered"]


def test_a_failure_is_told_once_and_lets_the_next_words_go(book: SqlBook) -> None:
    say(book, "first", "second")
    (first,) = claim(book)
    with book.begin() as ledger:
        failing = ledger.failing(first.attempt, "MM1", 63003)
        assert failing is not None
        assert ledger.fail(Result(failing.id, failing.attempt, "failed", note="why"), NOW) == ("meiling",)
        assert ledger.failing(first.attempt, "MM1", 63003) is None
        assert ledger.callback(first.attempt, "MM1", "delivered", NOW) is None
    assert statuses(book) == ["failed", "queued"]


def test_the_failure_of_an_attempt_given_up_does_not_stop_the_next(book: SqlBook) -> None:
    say(book, "hello")
    (first,) = claim(book)
    conclude(book, first, "queued")
    with book.begin() as ledger:
        assert ledger.failing(first.attempt, "MM1", 63018) is None
    (second,) = claim(book)
    with book.begin() as ledger:
        assert ledger.failing(first.attempt, "MM1", 63018) is None
    assert statuses(book) == ["sending"]
    conclude(book, second, "sent", sid="MM2")
    assert statuses(book) == ["sent"]


def test_words_that_arrived_after_all_are_not_sent_again(book: SqlBook) -> None:
    say(book, "hello")
    (first,) = claim(book)
    conclude(book, first, "unknown")
    conclude(book, first, "queued")
    with book.begin() as ledger:
        ledger.callback(first.attempt, "MM1", "delivered", NOW)
    assert claim(book) == ()
    assert statuses(book) == ["delivered"]


def test_what_is_unknown_is_looked_for_after_ten_seconds_and_a_minute_later(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "unknown")
    with book.begin() as ledger:
        assert ledger.to_settle(NOW + 9, 10) == ()
        (unknown,) = ledger.to_settle(NOW + 10, 10)
        assert unknown == replace(hello, started_at=NOW, look_at=NOW + 10)
    conclude(book, unknown, "unknown", now=NOW + 10)
    with book.begin() as ledger:
        assert ledger.to_settle(NOW + 69, 10) == ()
        assert len(ledger.to_settle(NOW + 70, 10)) == 1
    conclude(book, unknown, "unknown", again_at=NOW + HOUR)
    with book.begin() as ledger:
        assert ledger.to_settle(NOW + HOUR - 1, 10) == ()
        assert len(ledger.to_settle(NOW + HOUR, 10)) == 1


def test_a_sid_belongs_to_one_row_only(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    with book.begin() as ledger:
        assert not ledger.sid_known("MM1")
    conclude(book, hello, "sent", sid="MM1")
    with book.begin() as ledger:
        assert ledger.sid_known("MM1")


def test_rows_left_behind_by_a_dead_sender_are_found(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    with book.begin() as ledger:
        assert ledger.left_behind(10) == (LeftBehind(hello.id, hello.attempt, "sender", "reply", NOW),)
    conclude(book, hello, "unknown")
    with book.begin() as ledger:
        assert ledger.left_behind(10) == ()


def test_two_senders_never_claim_the_same_words(book: SqlBook) -> None:
    say(book, "hello")
    with book.begin() as ledger:
        assert len(ledger.claim(["meiling"], "one", ["b1"], NOW)) == 1
        try:
            with book.begin() as other:
                assert other.claim(["meiling"], "two", ["b2"], NOW) == ()
        except BookAway:
            pass  # SQLite lets nobody else begin; PostgreSQL passes the conversation over.


def unsent(book: SqlBook, now: int) -> tuple[str, ...]:
    with book.begin() as ledger:
        return ledger.with_unsent(now, 10)


def test_a_retry_that_a_clock_set_back_put_an_hour_off_may_go_now(book: SqlBook) -> None:
    say(book, "hello", "more")
    (hello,) = claim(book)
    conclude(book, hello, "queued", again_at=NOW + 3 * HOUR)
    assert claim(book) == ()
    assert unsent(book, NOW) == ()
    before = NOW - HOUR
    assert unsent(book, before) == ("meiling",)
    assert [one.text for one in claim(book, now=before)] == ["hello"]


def test_a_look_that_a_clock_set_back_put_an_hour_off_is_due(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "unknown")
    with book.begin() as ledger:
        assert ledger.to_settle(NOW, 10) == ()
        assert [one.id for one in ledger.to_settle(NOW - HOUR, 10)] == [hello.id]


def test_looks_are_counted_for_each_attempt(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    for looks in (1, 2):
        conclude(book, hello, "unknown", looks=looks)
        with book.begin() as ledger:
            assert [one.looks for one in ledger.to_settle(NOW + HOUR, 10)] == [looks]
    conclude(book, hello, "queued")
    (again,) = claim(book)
    conclude(book, again, "unknown")
    with book.begin() as ledger:
        assert [one.looks for one in ledger.to_settle(NOW + HOUR, 10)] == [0]
