"""A journal gives every turn again, to the byte, from its rows alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.conversation import Conversation
from bot.core.effects import Say
from bot.core.events import event_to_data
from bot.core.flow import Clinic
from bot.core.grounds import STATE_KEPT_EVERY, grounds_data, written
from bot.desk import reception, replying, standing_orders
from bot.desk.replaying import Clinics, Replayed, as_read_back, conversations, replay
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Desk, JournalEntry
from tests.core.test_random_walks import DOINGS, event, whole_turn
from tests.universe import ANA, MEI_LING, NOW, RAVI, SITI, open_desk, saying, shipped_clinic


def decided_here(version: str, _: Conversation) -> Clinic | None:
    return shipped_clinic() if version == shipped_clinic().version else None


AT = int(NOW.timestamp())


def as_kept(entry: JournalEntry) -> JournalEntry:
    """The row as it is read from the database."""
    return JournalEntry(entry.seq, entry.at, *(json.loads(json.dumps(one)) for one in (entry.event, [], entry.grounds)))


@settings(max_examples=60)
@given(st.data(), st.lists(DOINGS, min_size=5, max_size=40), st.sampled_from([MEI_LING, SITI]))
def test_whatever_was_talked_is_decided_again_to_the_byte(draw: st.DataObject, doings: list[str], address: str) -> None:
    start = state = Conversation("abcdefgh12", address)
    rows, shown = [], [""]
    for number, doing in enumerate(doings):
        happened = event(doing, state, shown, draw, number)
        if happened is None:
            continue
        turn = whole_turn(state, happened, draw)
        kept = written(turn.conversation)
        grounds = grounds_data(state, turn, kept, "")
        rows.append(as_kept(JournalEntry(len(rows) + 1, AT, event_to_data(happened), (), grounds)))
        state = as_read_back(kept)
        shown += [choice.id for say in turn.effects if isinstance(say, Say) for choice in say.choices]
    assert replay(start, rows, decided_here) == Replayed(start.id, same=len(rows))


def writes(desk: Desk, address: str, *texts: str) -> None:
    for text in texts:
        receive(desk, Arrived(f"SM{desk.chance.token()}", address, "text", text))


def replayed(desk: Desk, clinics: Clinics = decided_here) -> list[Replayed]:
    return sorted(
        (replay(start, rows, clinics) for start, rows in conversations(desk.book, 0)), key=lambda one: one.same
    )


@pytest.fixture
def desk(database_url: str) -> Iterator[Desk]:
    with open_desk(database_url) as made:
        yield made


def a_booking(desk: Desk) -> None:
    """Mei Ling books, from hello to her number."""
    writes(desk, MEI_LING, "hello", "book", "first consultation", "tomorrow", "10:00", "1", "Mei Ling Tan", "yes")


def test_a_booking_and_what_staff_did_are_decided_again(desk: Desk) -> None:
    a_booking(desk)
    id = conversation_id(desk.conversation_key, MEI_LING)
    reception.take_over(desk, id, ANA)
    replying.reply(desk, id, ANA, "See you tomorrow.")
    reception.hand_back(desk, id, ANA, "menu")
    assert replayed(desk) == [Replayed(id, same=11)]


def test_a_bot_that_is_switched_off_and_a_notice_are_remembered(desk: Desk) -> None:
    writes(desk, RAVI, "hello")
    standing_orders.give_notice(desk, ANA, "We are closed today.", AT + 3600)
    standing_orders.silence_bot(desk, ANA, True)
    writes(desk, RAVI, "is there parking?", "hello?")
    standing_orders.silence_bot(desk, ANA, False)
    writes(desk, RAVI, "hello?")
    assert [(one.same, one.different, one.unknown) for one in replayed(desk)] == [(4, (), 0)]


def test_somebody_staff_wrote_to_first_is_replayed_from_there(desk: Desk) -> None:
    """Her conversation did not begin empty: what it began as is kept with its first turn."""
    with desk.book.begin() as ledger:
        ledger.create(Conversation("ravi", RAVI, control="closed", opted_out=True), AT)
    reception.take_over(desk, "ravi", ANA)
    assert replayed(desk) == [Replayed("ravi", same=1)]


def test_a_turn_that_failed_was_an_apology_and_is_one_again(desk: Desk) -> None:
    broken = replace(desk.clinic, flows={}, version="broken")
    writes(saying(desk, clinic=broken), RAVI, "hello")
    assert [
        (one.same, one.different) for one in replayed(desk, lambda version, _: {"broken": broken}.get(version))
    ] == [(1, ())]


def test_other_files_are_named_and_a_kept_state_takes_it_up_again(desk: Desk) -> None:
    older = replace(desk.clinic, version="older")
    writes(saying(desk, clinic=older), RAVI, "hello", *["1", "menu"] * 5)
    writes(desk, RAVI, *["menu"] * 10)
    [came] = replayed(desk)
    assert (came.same, came.different, came.unknown) == (21 - STATE_KEPT_EVERY, (), STATE_KEPT_EVERY)
    assert came.versions == {"older"}


@pytest.mark.parametrize("changed", ["outcomes", "trace of the reading", "orders"])
def test_a_row_that_was_tampered_with_is_told(desk: Desk, changed: str) -> None:
    a_booking(desk)
    [(start, rows)] = conversations(desk.book, 0)
    told = replay(start, [_tampered(row, changed) for row in rows], decided_here)
    assert told.different


def _tampered(row: JournalEntry, changed: str) -> JournalEntry:
    grounds = dict(row.grounds)
    match changed:
        case "outcomes":
            grounds["outcomes"] = [{**one, "value": None} for one in grounds.get("outcomes", ())]
        case "orders":
            grounds["orders"] = '{"silenced": true}'
        case _:
            return replace(row, event={**row.event, "reading": {**row.event["reading"], "dates": ["2026-03-04"]}})
    return replace(row, grounds=grounds)


def test_what_was_recorded_before_grounds_were_kept_is_unknown(desk: Desk) -> None:
    writes(desk, RAVI, "hello", "menu")
    [(start, rows)] = conversations(desk.book, 0)
    assert replay(start, [replace(rows[0], grounds={}), rows[1]], decided_here) == Replayed(start.id, unknown=2)
    assert replay(start, [replace(rows[0], event={}), rows[1]], decided_here) == Replayed(start.id, unknown=2)


def test_only_conversations_in_which_something_happened_since_are_looked_at(desk: Desk) -> None:
    writes(desk, RAVI, "hello")
    assert [start.address for start, _ in conversations(desk.book, AT)] == [RAVI]
    assert list(conversations(desk.book, AT + 1)) == []
