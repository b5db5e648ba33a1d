"""The thread of a conversation, as staff read it."""

from dataclasses import replace

from bot.adapters.sql import SqlBook
from bot.core.events import StaffTookOver, event_to_data
from bot.ports import JournalEntry, Line, Words
from tests.sql.clinic import NOW, message


def test_a_thread_tells_what_was_written_said_and_done_in_order(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1", text="I want a person"), "done")
        trace = [{"flow": "", "step": "", "way": "person"}, {"note": "passed_to_person", "detail": "asked for one"}]
        ledger.journal("meiling", JournalEntry(1, NOW, {"event": "Message"}, trace))
        ledger.queue("meiling", [Words("Somebody will write to you", "notice")], NOW)
        took_over = event_to_data(StaffTookOver("ana"))
        ledger.journal("meiling", JournalEntry(2, NOW + 60, took_over, [{"note": "patient_gave_up"}]))
        ledger.queue("meiling", [Words("I am Ana", "staff", speaker="ana")], NOW + 70)
        media = message("SM2", arrival=2, text="")
        ledger.record(replace(media, event={**media.event, "kind": "media"}, received_at=NOW + 90), "done")
    with book.begin() as ledger:
        thread = ledger.thread("meiling", 10)
        assert ledger.thread("meiling", 2) == thread[-2:]
        assert ledger.thread("meiling", 0) == ()
    assert thread == (
        Line(NOW, "patient", "I want a person"),
        Line(NOW, "event", "passed_to_person: asked for one"),
        Line(NOW, "bot", "Somebody will write to you", "queued", "bot"),
        Line(NOW + 60, "event", "staff_took_over", speaker="ana"),
        Line(NOW + 60, "event", "patient_gave_up"),
        Line(NOW + 70, "staff", "I am Ana", "queued", "ana"),
        Line(NOW + 90, "patient", "[media]"),
    )


def test_within_one_second_and_when_clocks_go_back_lines_keep_the_order_they_were_written_in(book: SqlBook) -> None:
    for number in range(3):
        with book.begin() as ledger:
            ledger.record(message(f"SM{number}", arrival=number, text=f"question {number}"), "done")
            ledger.queue("meiling", [Words(f"answer {number}", "reply")], NOW - number)
    with book.begin() as ledger:
        told = [line.text for line in ledger.thread("meiling", 10)]
    assert told == [f"{what} {number}" for number in range(3) for what in ("question", "answer")]
