"""Conversations as they are written down, and those that need a person."""

from dataclasses import replace

from bot.adapters.sql import SqlBook
from bot.core.conversation import Frame, Open, Shown
from bot.ports import Head, Waiting, Words
from tests.sql.clinic import HOUR, MEI_LING, NOW, RAVI, claim, conclude, message, save, say


def test_a_conversation_is_read_back_as_it_was_written(book: SqlBook) -> None:
    state = replace(
        MEI_LING,
        language="ta",
        stack=(Frame("booking", "name", {"service": {"id": "x", "label": "முதுகு"}}),),
        open=Open(3, (Shown("3.a", "A"),), NOW),
        silence_due=NOW + HOUR,
        turn=3,
    )
    with book.begin() as ledger:
        ledger.save(state, 3, 4, NOW)
        assert ledger.read("meiling") == state
        assert ledger.head("meiling") == Head(3, 4)


def test_an_unknown_conversation_is_none(book: SqlBook) -> None:
    with book.begin() as ledger:
        assert ledger.head("nobody") is None
        assert ledger.read("nobody") is None
        assert ledger.thread("nobody", 10) == ()


def test_whoever_creates_a_conversation_second_finds_the_first(book: SqlBook) -> None:
    save(book, replace(MEI_LING, language="zh"))
    with book.begin() as ledger:
        assert ledger.create(MEI_LING, NOW) == Head(1, 1)
        assert ledger.create(RAVI, NOW) == Head(0, 0)
        assert ledger.read("meiling") == replace(MEI_LING, language="zh")


def test_what_a_failed_savepoint_wrote_is_undone_and_nothing_else(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1"), "done")
        try:
            with ledger.savepoint():
                ledger.record(message("SM2"), "done")
                raise LookupError
        except LookupError:
            pass
    with book.begin() as ledger:
        assert ledger.inbound_status("SM1") == "done"
        assert ledger.inbound_status("SM2") is None


def test_a_transaction_that_fails_writes_nothing(book: SqlBook) -> None:
    try:
        with book.begin() as ledger:
            ledger.create(RAVI, NOW)
            raise LookupError
    except LookupError:
        pass
    with book.begin() as ledger:
        assert ledger.read("ravi") is None


def test_a_silence_falls_due_once_it_has_run_out(book: SqlBook) -> None:
    save(book, replace(MEI_LING, silence_due=NOW + HOUR))
    with book.begin() as ledger:
        assert ledger.silences_due(NOW + HOUR - 1, 10) == ()
        assert ledger.silences_due(NOW + HOUR, 10) == ("meiling",)
        assert ledger.silences_due(NOW + HOUR, 0) == ()
    save(book, MEI_LING)
    with book.begin() as ledger:
        assert ledger.silences_due(NOW + HOUR, 10) == ()


def test_the_desk_lists_the_urgent_first_and_then_who_waits_longest(book: SqlBook) -> None:
    with book.begin() as ledger:
        for conversation in (
            replace(MEI_LING, control="waiting", reason="asked for a person", waiting_since=NOW - 60),
            replace(RAVI, control="held", holder="ana", waiting_since=NOW - HOUR),
            replace(RAVI, id="siti", control="waiting", reason="red flag", urgent=True, waiting_since=NOW),
            replace(RAVI, id="tom", look=True, waiting_since=NOW - 10),
            replace(RAVI, id="uma"),
            replace(RAVI, id="wei", control="closed"),
        ):
            ledger.create(conversation, NOW)
            ledger.save(conversation, 1, 1, NOW)
        assert ledger.needing_a_person() == (
            Waiting("siti", "waiting", "", "red flag", True, False, NOW),
            Waiting("ravi", "held", "ana", "", False, False, NOW - HOUR),
            Waiting("meiling", "waiting", "", "asked for a person", False, False, NOW - 60),
            Waiting("tom", "bot", "", "", False, True, NOW - 10),
        )


def test_words_that_never_arrived_need_a_person_until_she_had_the_conversation(book: SqlBook) -> None:
    say(book, "hello")
    (hello,) = claim(book)
    conclude(book, hello, "failed", note="the number is not on WhatsApp")
    say(book, Words("Tomorrow", "follow-up", status="needs_person"))
    save(book, MEI_LING, NOW + 30)
    with book.begin() as ledger:
        assert ledger.needing_a_person() == (
            Waiting("meiling", "bot", "", "the number is not on WhatsApp", False, True, NOW),
        )
    save(book, replace(MEI_LING, control="held", holder="ana"), NOW + 60)
    save(book, replace(MEI_LING, control="closed"), NOW + 120)
    with book.begin() as ledger:
        assert ledger.needing_a_person() == ()


def test_a_message_nobody_could_handle_needs_a_person(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.record(message("SM1"), "waiting")
        ledger.taken_up("SM1", "person")
        (needs,) = ledger.needing_a_person()
    assert (needs.conversation, needs.look) == ("meiling", True)
