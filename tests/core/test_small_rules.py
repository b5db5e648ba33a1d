"""Tables and small rules: who may speak, what a status or an error means, the window, appointment numbers."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.control import WHO_MAY_SPEAK, may_speak
from bot.core.conversation import Control, Conversation, Frame, Open, Passed, Shown, changed, from_data, to_data
from bot.core.delivery import ERRORS, FROM_TWILIO, Trouble, rises, trouble_of
from bot.core.effects import Speech
from bot.core.events import Message, Outcome, Reading, SilenceRanOut, StaffReplied, event_from_data, event_to_data
from bot.core.reference import SPACE, read_reference, reference
from bot.core.window import window_closes, window_open
from tests.universe import ANA, MEI_LING

NINE = 1_772_413_200


def test_the_table_of_who_may_speak_is_complete() -> None:
    assert set(WHO_MAY_SPEAK) == set(get_args(Speech))
    assert all(set(row) == set(get_args(Control)) for row in WHO_MAY_SPEAK.values())


def test_the_bot_replies_only_while_it_has_the_conversation() -> None:
    assert [control for control in get_args(Control) if may_speak("reply", control) == "speak"] == ["bot"]


@pytest.mark.parametrize("control", get_args(Control))
def test_safety_text_and_notices_may_always_leave(control: Control) -> None:
    assert may_speak("safety", control) == may_speak("notice", control) == "speak"


def test_only_the_receptionist_who_holds_it_may_write() -> None:
    assert may_speak("staff", "held", holder=ANA, speaker=ANA) == "speak"
    assert may_speak("staff", "held", holder=ANA, speaker="Ben") == "refuse"
    assert may_speak("staff", "bot", holder="", speaker="") == "refuse"


def test_who_answers_is_said_only_while_she_has_the_conversation() -> None:
    assert may_speak("introduction", "held", holder=ANA, speaker=ANA) == "speak"
    assert may_speak("introduction", "held", holder="Ben", speaker=ANA) == "suppress"
    others = [control for control in get_args(Control) if control != "held"]
    assert {may_speak("introduction", control, "", "") for control in others} == {"suppress"}


@pytest.mark.parametrize(
    ("now", "then", "news"),
    [
        ("sending", "sent", True),
        ("unknown", "delivered", True),
        ("sent", "read", True),
        ("delivered", "sent", False),
        ("read", "delivered", False),
        ("sent", "sent", False),
        ("sent", "failed", True),
        ("delivered", "failed", False),
        ("read", "failed", False),
        ("failed", "sent", False),
        ("failed", "failed", False),
        ("suppressed", "sent", False),
        ("needs_person", "read", False),
    ],
)
def test_a_callback_only_ever_raises_the_status(now: str, then: str, news: bool) -> None:
    assert rises(now, then) is news


def test_every_status_twilio_documents_is_known() -> None:
    documented = "accepted scheduled queued sending sent delivered read undelivered failed canceled"
    assert set(documented.split()) == set(FROM_TWILIO)


def test_an_unknown_error_is_permanent_and_says_its_number() -> None:
    assert trouble_of(99999) == Trouble("permanent", "Twilio error 99999")
    assert trouble_of(None).remedy == "permanent"
    assert all(
        trouble.why[0].islower() or trouble.why.startswith(("Twilio", "WhatsApp", "Meta"))
        for trouble in ERRORS.values()
    )


def test_the_window_closes_a_little_early() -> None:
    assert window_open(NINE, NINE + 23 * 3600)
    assert not window_open(NINE, NINE + 24 * 3600 - 60)
    assert window_closes(0) == 0
    assert not window_open(0, NINE)


@given(st.integers(0, SPACE - 1))
def test_an_appointment_number_is_read_as_it_is_written(number: int) -> None:
    written = reference(number)
    assert read_reference(written) == written
    assert read_reference(f" {written.lower().replace('-', ' ')} ") == written
    assert read_reference(written.replace("0", "O").replace("1", "I")) == written


@given(st.integers(0, SPACE - 1), st.integers(0, 5), st.sampled_from("23456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_symbol_is_noticed_unless_it_changes_nothing(number: int, at: int, symbol: str) -> None:
    written = reference(number)
    wrong = written[:at] + symbol + written[at + 1 :]
    if wrong != written and (int_of(wrong) - int_of(written)) % 31:
        assert read_reference(wrong) is None


def int_of(written: str) -> int:
    return sum("0123456789ABCDEFGHJKMNPQRSTVWXYZ".index(c) * 32**i for i, c in enumerate(reversed(written[:6])))


@pytest.mark.parametrize("text", ["", "K7QF2X", "K7QF2X-", "no number", "K7QF2XMM", "U7QF2X-M"])
def test_what_is_no_number_is_not_read_as_one(text: str) -> None:
    assert read_reference(text) is None


EVENTS = [
    Message(
        "SM1", "tap", "Yes", "abc.1.yes", Reading("en", ("saddle",), (("FAQ-01", 90),), ("2026-03-03",), ("10:00",))
    ),
    Message("SM2", reading=Reading(number="3", phone="+6591234567", email="a@b.example", yes_no=False)),
    Outcome("calendar.hold", "held", {"until": "10:00"}),
    SilenceRanOut(),
    StaffReplied(ANA, "Hello"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_from_the_journal_as_it_was(event: Message) -> None:
    assert event_from_data(json.loads(json.dumps(event_to_data(event)))) == event


def test_a_conversation_comes_back_from_its_store_as_it_was() -> None:
    frame = Frame(
        "booking",
        "confirm",
        {"service": {"id": "first", "label": "First"}},
        tries=1,
        passed=(Passed("ask", {"a": "b"}, ("hold",)),),
        opened={"hold": "calendar.release"},
        then="ask",
        page=2,
        asked=4,
    )
    conversation = Conversation(
        "abcdefgh12",
        MEI_LING,
        language="zh",
        stack=(frame,),
        open=Open(4, (Shown("yes", "Yes"),), asked_at=NINE),
        turn=4,
    )
    assert from_data(json.loads(json.dumps(to_data(conversation)))) == conversation


def test_a_fresh_conversation_is_stored_small_and_old_data_stays_readable() -> None:
    fresh = Conversation("abcdefgh12", MEI_LING)
    assert to_data(fresh) == {"id": "abcdefgh12", "address": MEI_LING}
    assert from_data({**to_data(fresh), "a field of long ago": 1}) == fresh


def test_a_conversation_is_changed_in_the_fields_that_are_named_and_in_no_other() -> None:
    before = Conversation("meiling", MEI_LING, reason="Fees", turn=3, stack=(Frame("booking", "when"),))
    for one in fields(Conversation):
        assert changed(before, **{one.name: "anew"}) == replace(before, **{one.name: "anew"})
    assert changed(before, turn=4, reason="") == replace(before, turn=4, reason="")
    with pytest.raises(KeyError):
        changed(before, nonsense=1)
