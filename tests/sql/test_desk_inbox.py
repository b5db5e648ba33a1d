"""The inbox among ten thousand conversations, and a thread among thousands of lines: a page costs what a page costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import event

from bot.adapters.sql import SqlBook
from bot.adapters.sql.conversations import _columns
from bot.adapters.sql.schema import conversation, outbox
from bot.core.conversation import Conversation
from bot.ports.reception import Shelf
from tests.sql.clinic import MEI_LING, NOW, RAVI

MANY = 10_000


@contextmanager
def statements(book: SqlBook) -> Iterator[list[str]]:
    """The statements that are executed meanwhile."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(book._engine, "before_cursor_execute", note)
    yield seen
    event.remove(book._engine, "before_cursor_execute", note)


def many(book: SqlBook, count: int) -> None:
    """So many patients wait, one after the other; every tenth is urgent."""
    rows = [
        Conversation(f"c{n:05}", f"whatsapp:+65{n:08}", control="waiting", waiting_since=NOW + n, urgent=n % 10 == 0)
        for n in range(count)
    ]
    empty = {"seq": 1, "created_at": NOW, "changed_at": NOW}
    with book._engine.begin() as connection:
        connection.execute(conversation.insert(), [{"id": one.id, **_columns(one), **empty} for one in rows])


def test_a_page_among_ten_thousand_reads_a_pages_rows_in_the_same_few_statements(book: SqlBook) -> None:
    many(book, MANY)
    with statements(book) as few, book.begin() as ledger:
        first = ledger.folder(Shelf("needs"), 50)
    assert len(few) <= 7
    assert [one.conversation.urgent for one in first] == [True] * 50
    with book.begin() as ledger:
        middle = ledger.folder(Shelf("needs"), 50, (1, NOW + 5000, "c05000"))
        assert sum(ledger.count_folder("needs").values()) == MANY
    assert [one.conversation.id for one in middle][:2] == ["c05001", "c05002"]


def test_among_ten_thousand_no_more_rows_are_touched_than_among_a_hundred(sqlite_url: str) -> None:
    book = SqlBook(sqlite_url)
    many(book, 100)
    small = _virtual_steps(book)
    with book._engine.begin() as connection:
        connection.execute(conversation.delete())
    many(book, MANY)
    assert _virtual_steps(book) <= small * 1.1
    book.dispose()


def _virtual_steps(book: SqlBook) -> int:
    """How much work SQLite's machine does for a page: counted, not timed."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    with book.begin() as ledger:
        driver = ledger._connection.connection.dbapi_connection
        driver.set_progress_handler(step, 100)  # type: ignore[union-attr]
        ledger.folder(Shelf("needs"), 50)
        driver.set_progress_handler(None, 0)  # type: ignore[union-attr]
    return steps


def test_the_end_of_a_long_thread_is_read_without_its_beginning(book: SqlBook) -> None:
    rows = [
        {
            "conversation": "meiling",
            "speech": "reply",
            "speaker": "bot",
            "text": f"line {n}",
            "line": n,
            "created_at": NOW,
        }
        for n in range(1, 2001)
    ]
    with book._engine.begin() as connection:
        connection.execute(outbox.insert(), rows)
    with book.begin() as ledger:
        last = ledger.lines_before("meiling", None, 50)
        before = ledger.lines_before("meiling", last[0].line, 50)
        after = ledger.lines_after("meiling", 1998, 50)
    assert [line.text for line in last] == [f"line {n}" for n in range(1951, 2001)]
    assert [line.line for line in before] == list(range(1901, 1951))
    assert [line.line for line in after] == [1999, 2000]


def test_the_order_of_a_folder_is_urgent_first_then_by_waiting_and_where_we_spoke_last_comes_last(
    book: SqlBook,
) -> None:
    held = replace(RAVI, control="held", holder="ana")
    with book.begin() as ledger:
        for one in (
            replace(held, id="spoke", staff_at=NOW),
            replace(held, id="waits", waiting_since=NOW + 9),
            replace(held, id="waits-long", waiting_since=NOW),
            replace(held, id="urgent", waiting_since=NOW + 99, urgent=True),
            replace(held, id="ben's", holder="ben"),
        ):
            ledger.create(one, NOW)
        mine = [one.conversation.id for one in ledger.folder(Shelf("held", "ana"), 9)]
        others = [one.conversation.id for one in ledger.folder(Shelf("held", "ana", others=True), 9)]
    assert (mine, others) == (["urgent", "waits-long", "waits", "spoke"], ["ben's"])


def test_lines_are_counted_in_the_conversations_row_whoever_writes_them(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.add_note("meiling", "ana", "first", NOW)
        ledger.save(MEI_LING, 1, 1, NOW)
        assert ledger.add_note("meiling", "ana", "second", NOW) == 2
    with book.begin() as ledger:
        assert ledger.add_note("meiling", "ana", "third", NOW) == 3
        assert [note.text for note in ledger.notes("meiling", 2)] == ["third", "second"]
