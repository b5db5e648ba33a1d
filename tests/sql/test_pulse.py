"""Operators see what waits, for how long, and what became of the last hour's words."""

from dataclasses import replace

from bot.adapters.sql import SqlBook
from bot.ports import Attachment, Backlog, Words
from bot.ports.alerts import Alert
from tests.sql.clinic import (
    HOUR,
    MEI_LING,
    MINUTE,
    NOW,
    book_one,
    booking,
    claim,
    conclude,
    message,
    reminder,
    save,
    say,
)


def pulse_at(book: SqlBook, now: int):  # type: ignore[no-untyped-def]
    with book.begin() as ledger:
        return ledger.pulse(now)


def test_a_quiet_clinic_has_nothing_waiting(book: SqlBook) -> None:
    pulse = pulse_at(book, NOW)
    quiet = Backlog(0, 0)
    assert (pulse.unsent, pulse.unclear, pulse.parked, pulse.people, pulse.follow_ups, pulse.media) == (quiet,) * 6
    assert (pulse.sends, pulse.window_missed, pulse.lateness_seconds, pulse.turns) == ({}, 0, 0, 0)


def test_what_waits_is_counted_with_its_age(book: SqlBook) -> None:
    say(book, Words("later today", "reply", due_at=NOW + HOUR), Words("hello", "reply", due_at=NOW))
    save(book, replace(MEI_LING, control="waiting", waiting_since=NOW))
    book_one(book, booking(follow_ups=(reminder(NOW + MINUTE),)))
    with book.begin() as ledger:
        ledger.record(message(), "waiting")
        ledger.attach("meiling", "SM1", [("m1", b"k", Attachment("https://api.twilio.com/x"))], NOW)
    pulse = pulse_at(book, NOW + 2 * MINUTE)
    waits = Backlog(1, 2 * MINUTE)
    assert (pulse.unsent, pulse.parked, pulse.people, pulse.media) == (waits, waits, waits, waits)
    assert pulse.follow_ups == Backlog(1, MINUTE)


def test_an_alert_for_the_morning_does_not_wait_at_night(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.raise_alert(Alert("mention:1", "mention", "meiling", NOW, staff="ana"), NOW + HOUR)
    assert pulse_at(book, NOW + MINUTE).alerts == Backlog(0, 0)
    assert pulse_at(book, NOW + HOUR + MINUTE).alerts == Backlog(1, MINUTE)


def test_the_last_hours_words_are_counted_by_their_outcome(book: SqlBook) -> None:
    say(book, "an old one", now=NOW - 2 * HOUR)
    conclude(book, *claim(book, now=NOW - 2 * HOUR), "sent", sid="SMold")
    say(book, "taken")
    conclude(book, *claim(book), "sent", sid="SM1")
    say(book, "too late")
    conclude(book, *claim(book), "needs_person", note="the 24-hour window is closed")
    say(book, "who knows")
    conclude(book, *claim(book), "unknown", again_at=NOW + MINUTE)
    pulse = pulse_at(book, NOW + MINUTE)
    assert pulse.sends == {"sent": 1, "needs_person": 1, "unknown": 1}
    assert pulse.window_missed == 1
    assert pulse.unclear == Backlog(1, MINUTE)


def test_a_reminder_that_may_not_leave_yet_is_not_late(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(NOW), reminder(NOW, "reminder-72h"))))
    with book.begin() as ledger:
        ledger.follow_up_waits(1, "a person has the conversation", NOW)
    assert pulse_at(book, NOW + MINUTE).follow_ups == Backlog(1, MINUTE)


def test_the_latest_reminder_of_the_hour_says_how_late_it_was(book: SqlBook) -> None:
    book_one(book, booking(follow_ups=(reminder(NOW),)))
    with book.begin() as ledger:
        (id,) = ledger.follow_ups_due(NOW + 40, 5)
    say(book, Words("tomorrow at ten", "follow-up", key=f"follow-up:{id}"), now=NOW + 40)
    assert pulse_at(book, NOW + MINUTE).lateness_seconds == 40
