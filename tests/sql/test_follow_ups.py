"""Follow-ups: due once, closed once, with what their words need."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.adapters.sql import SqlBook, migrate
from bot.adapters.sql.schema import follow_up
from bot.core.template import Wording
from bot.ports import FollowUp, FollowUpDraft, NewTime, Words
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


def test_a_follow_up_falls_due_and_is_closed_once(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(NOW + 2 * HOUR, "reminder_2h"), reminder())))
    with book.begin() as ledger:
        assert ledger.follow_ups_due(NOW + HOUR - 1, 10) == ()
        (first,) = ledger.follow_ups_due(NOW + HOUR, 10)
        assert len(ledger.follow_ups_due(NOW + 2 * HOUR, 10)) == 2
        assert ledger.follow_ups_due(NOW + 2 * HOUR, 1) == (first,)
        assert ledger.follow_up(first) == FollowUp(
            id=first,
            kind="reminder_24h",
            conversation="meiling",
            appointment=made.id,
            made_for_version=1,
            appointment_version=1,
            appointment_status="booked",
            starts_at=TEN,
            service="consultation",
            practitioner="lim",
            number="K7QF2X-M",
            due_at=NOW + HOUR,
            expires_at=NOW + 3 * HOUR,
            made_at=NOW,
        )
        ledger.follow_up_done(first, "queued", "it was due", NOW + HOUR)
        ledger.follow_up_done(first, "skipped", "too late to change one's mind", NOW + HOUR)
        assert ledger._connection.scalar(select(follow_up.c.why).where(follow_up.c.id == first)) == "it was due"
        assert ledger.follow_up(first) is None
        assert ledger.follow_up(99) is None
        assert first not in ledger.follow_ups_due(NOW + 2 * HOUR, 10)


def test_one_that_may_not_leave_yet_keeps_no_other_from_being_asked(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(NOW, "reminder-72h"), reminder(NOW + HOUR, "reminder-24h"))))
    with book.begin() as ledger:
        (first,) = ledger.follow_ups_due(NOW + HOUR, 1)
        ledger.follow_up_waits(first, "a person has the conversation", NOW + HOUR)
        (second,) = ledger.follow_ups_due(NOW + HOUR, 1)
        assert second != first
        assert [one.why for one in ledger.follow_ups_of("meiling")] == ["a person has the conversation", ""]


def test_what_was_asked_within_the_minute_is_not_asked_unless_the_clock_was_set_back(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(NOW, "reminder-72h"), reminder(NOW, "reminder-24h"))))
    with book.begin() as ledger:
        waits, fails = ledger.follow_ups_due(NOW, 5)
        ledger.follow_up_waits(waits, "a person has the conversation", NOW + HOUR)
        ledger.follow_up_failed(fails, NOW + HOUR)
        assert ledger.follow_ups_due(NOW + HOUR + 59, 5) == ()
        assert ledger.follow_ups_due(NOW + HOUR + 60, 5) == (waits, fails)
        assert ledger.follow_ups_due(NOW + HOUR - 1, 5) == (waits, fails)


def test_failures_are_counted_until_it_is_a_persons_and_staff_see_it(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(),)))
    with book.begin() as ledger:
        (due,) = ledger.follow_ups_due(NOW + HOUR, 10)
        assert [ledger.follow_up_failed(due, NOW) for _ in range(2)] == [1, 2]
        ledger.follow_up_done(due, "needs_person", "it could not be put into words", NOW)
        assert ledger.follow_up_failed(due, NOW) == 0
        (waiting,) = ledger.needing_a_person()
    assert waiting.reason == "a follow-up was not sent: it could not be put into words"


def test_a_follow_up_without_an_appointment_replaces_the_one_before_it(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.add_nudge("meiling", FollowUpDraft("nudge", NOW + HOUR, NOW + DAY), "Asia/Singapore", NOW)
        ledger.add_nudge("meiling", FollowUpDraft("nudge", NOW + 2 * HOUR, NOW + DAY), "Asia/Singapore", NOW)
        (due,) = ledger.follow_ups_due(NOW + DAY, 10)
        found = ledger.follow_up(due)
        assert found is not None
        assert (found.conversation, found.appointment, found.due_at) == ("meiling", 0, NOW + 2 * HOUR)
        assert [one.status for one in ledger.follow_ups_of("meiling")] == ["skipped", "pending"]


def test_the_words_of_a_nudge_are_judged_by_the_clinics_own_clock(book: SqlBook) -> None:
    save(book, replace(MEI_LING, last_inbound_at=NOW))
    with book.begin() as ledger:
        ledger.add_nudge("meiling", FollowUpDraft("nudge", NOW + HOUR, NOW + DAY), "Asia/Singapore", NOW + 60)
        (due,) = ledger.follow_ups_due(NOW + DAY, 10)
    say(book, Words("Shall we go on?", "follow-up", key=f"follow-up:{due}"))
    assert claim(book, now=NOW + 12 * HOUR) == ()
    assert len(claim(book, now=NOW + 2 * HOUR)) == 1


def test_what_staff_read_says_how_the_words_fared(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    save(book, replace(MEI_LING, last_inbound_at=NOW))
    with book.begin() as ledger:
        (due,) = ledger.follow_ups_due(NOW + HOUR, 10)
        ledger.follow_up_done(due, "queued", "", NOW + HOUR)
    say(book, Words("Tomorrow at ten", "follow-up", key=f"follow-up:{due}"))
    (claimed,) = claim(book, now=NOW + HOUR)
    conclude(book, claimed, "sent", sid="SM1")
    with book.begin() as ledger:
        (listed,) = ledger.follow_ups_of("meiling", made.id)
        assert (listed.status, listed.said) == ("queued", "sent")
        assert ledger.follow_ups_of("ravi", made.id) == ()


@pytest.mark.parametrize("left", ["cancelled", "moved"])
def test_words_that_may_not_be_said_any_more_close_their_follow_up_with_the_reason(book: SqlBook, left: str) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    save(book, replace(MEI_LING, last_inbound_at=NOW))
    with book.begin() as ledger:
        (due,) = ledger.follow_ups_due(NOW + HOUR, 10)
        ledger.follow_up_done(due, "queued", "", NOW + HOUR)
    say(book, Words("Tomorrow at ten", "follow-up", key=f"follow-up:{due}"))
    with book.begin() as ledger:
        if left == "cancelled":
            ledger.cancel(made.id, NOW + HOUR)
        else:
            ledger.move(made.id, NewTime(slot(TEN + HOUR), busy(TEN + HOUR), "x"), NOW + HOUR)
    assert claim(book, now=NOW + HOUR) == ()
    with book.begin() as ledger:
        (listed,) = ledger.follow_ups_of("meiling")
    why = "the appointment is not booked any more" if left == "cancelled" else "the appointment was moved"
    assert (listed.status, listed.why, listed.said) == ("skipped", why, "suppressed")


def test_outside_the_window_only_words_with_a_template_are_claimed(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(), reminder(NOW + HOUR, "reminder_2h"))))
    with book.begin() as ledger:
        first, second = ledger.follow_ups_due(NOW + HOUR, 10)
    wording = Wording("reminder", "en", "It is {{1}}.", ("when",), ("Tuesday",))
    with book.begin() as ledger:
        ledger.template_made(wording, "HX1", NOW)
        ledger.template_status("HX1", "approved", "", NOW)
    template = {"template": "reminder", "variables": {"when": "Tuesday"}}
    say(book, Words("at ten", "follow-up", key=f"follow-up:{first}"))
    say(book, Words("at ten", "follow-up", key=f"follow-up:{second}", **template))  # type: ignore[arg-type]
    assert [one.text for one in claim(book, now=NOW + HOUR)] == ["at ten"]
    assert statuses(book) == ["needs_person", "sending"]


def test_a_confirmation_counts_for_the_version_that_was_asked_about(book: SqlBook) -> None:
    made = book_one(book)
    with book.begin() as ledger:
        assert not ledger.confirm(made.id, 2, NOW)
        assert ledger.confirm(made.id, 1, NOW + 5)
        assert ledger.appointments("meiling", NOW)[0].confirmed_at == NOW + 5
        ledger.cancel(made.id, NOW)
        assert not ledger.confirm(made.id, 2, NOW)


def test_a_kind_is_made_once_for_a_version(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    with book.begin() as ledger:
        ledger.add_follow_ups(made.id, (reminder(), reminder(kind="rebook")), NOW)
        ledger.add_follow_ups(made.id, (), NOW)
        ledger.add_follow_ups(99, (reminder(),), NOW)
        assert [one.kind for one in ledger.follow_ups_of("meiling")] == ["reminder_24h", "rebook"]


def test_a_time_is_offered_to_who_waits_longest_and_only_once(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.create(RAVI, NOW)
    freed = book_one(book, booking("FREED"))
    mei = book_one(book, booking("MEI", start=TEN + 4 * HOUR))
    ravi = book_one(book, booking("RAVI", "ravi", start=TEN + 5 * HOUR))
    earlier = book_one(book, booking("SOON", start=TEN - HOUR))
    with book.begin() as ledger:
        for since, one in ((NOW + 2, mei), (NOW + 1, ravi), (NOW, earlier)):
            ledger.join_waiting_list(one.id, since)
        ledger.cancel(freed.id, NOW)
        (time,) = ledger.freed(NOW, 5)
        assert time.slot == slot()
        assert [one.number for one in ledger.who_would_like(time.slot, ["consultation"])] == ["RAVI", "MEI"]
        ledger.add_follow_ups(ravi.id, (FollowUpDraft("offer-1", NOW, NOW + HOUR, time.slot),), NOW)
        assert [one.number for one in ledger.who_would_like(time.slot, ["consultation"])] == ["MEI"]
        assert ledger.who_would_like(time.slot, ["another"]) == ()
        assert ledger.freed(TEN, 5) == ()
        ledger.move(mei.id, NewTime(slot(TEN + 8 * HOUR), busy(TEN + 8 * HOUR), "x"), NOW)
        (left,) = ledger.freed(NOW, 5)
        assert left.slot == slot(TEN + 4 * HOUR)
        ledger.settled(left.id)
        assert ledger.freed(NOW, 5) == ()


def test_the_rows_of_the_first_version_are_kept_when_the_table_is_remade(empty_url: str) -> None:
    migrate(empty_url, "0001")
    book = SqlBook(empty_url)
    with book.begin() as ledger:
        run = ledger._connection.exec_driver_sql
        run("INSERT INTO conversation (id, urgent, look, opted_out) VALUES ('mei', false, false, false)")
        run("INSERT INTO patient (id) VALUES (1)")
        run("INSERT INTO appointment (id, number, conversation, patient_id) VALUES (1, 'A', 'mei', 1)")
        run(
            "INSERT INTO follow_up (id, appointment_id, kind, made_for_version, due_at) VALUES (7, 1, 'reminder', 1, 5)"
        )
    book.dispose()
    migrate(empty_url)
    book = SqlBook(empty_url)
    with book.begin() as ledger:
        assert ledger.follow_ups_due(10, 5) == (7,)
        ledger.add_follow_ups(1, (reminder(kind="rebook"),), NOW)
        assert len(ledger.follow_ups_of("mei")) == 2
    book.dispose()
