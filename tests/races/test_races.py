"""Races between processes, in their short form. ``python -m tests.races`` runs the long one."""

from sqlalchemy import create_engine, text

from bot.adapters.sql import SqlBook
from bot.ports import Head
from tests.races import book, control, conversation, turns

PROCESSES = 8


def change(url: str, *statements: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def without_the_rule(url: str) -> None:
    if url.startswith("sqlite"):
        change(url, "DROP TRIGGER no_overlap_insert", "DROP TRIGGER no_overlap_update")
    else:
        change(url, "ALTER TABLE occupancy DROP CONSTRAINT no_overlap")


def test_no_two_appointments_ever_overlap_however_many_want_them_and_die(database_url: str) -> None:
    counts = book.race(database_url, attempts=800, slots=40, processes=PROCESSES, kills=4)
    assert counts["booked"] > 0
    assert counts["taken"] > 0
    assert (counts["overlaps"], counts["torn"]) == (0, 0)


def test_without_the_databases_own_rule_the_same_race_overlaps(database_url: str) -> None:
    without_the_rule(database_url)
    assert book.race(database_url, attempts=100, slots=10, processes=2)["overlaps"] > 0


def test_whoever_is_too_late_is_told_so_and_offered_other_times(database_url: str) -> None:
    counts = turns.race(database_url, attempts=40, processes=4, kills=1)
    assert counts["too late"] > 0
    assert (counts["not told"], counts["not offered"]) == (0, 0)
    change(database_url, "UPDATE outbox SET text = 'Who is the appointment for?'")
    assert turns.told(database_url)["not told"] > 0


def test_a_message_is_taken_once_and_answered_once_whoever_gets_it(database_url: str) -> None:
    counts = conversation.race(database_url, messages=20, processes=PROCESSES)
    ledger_book = SqlBook(database_url)
    with ledger_book.begin() as ledger:
        head = ledger.head("meiling")
        unsent = ledger.with_unsent(conversation.NOW, 1)
        left = sum(1 for line in ledger.thread("meiling", 1000) if line.who == "bot" and line.status == "queued")
    ledger_book.dispose()
    assert counts["taken"] == 20
    assert head == Head(20, 20)
    assert counts["sent"] + left == 20
    assert bool(unsent) == bool(left)


def test_nobody_speaks_without_control_however_everything_is_interleaved(database_url: str) -> None:
    counts = control.interleave(database_url, runs=25)
    assert counts["without control"] == 0
    assert counts["said: staff"] > 0
    assert counts["said: reply"] > 0
    assert counts["said: introduction"] > 0


def test_a_take_over_wanted_by_three_at_once_has_one_winner(database_url: str) -> None:
    assert control.claim_at_once(database_url, rounds=20) == {1: 20}
