"""Messages that Twilio never brought are found in its list: answered when that still makes sense, else a person's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.desk.missed import begin_looking, look_for_missed
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import ListedInbound
from tests.desk.front import Front
from tests.universe import MEI_LING

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.fixture(autouse=True)
def looking(front: Front) -> None:
    """The clinic has been looking since last week."""
    begin_looking(front.desk)
    front.later(days=7)


def wrote(front: Front, text: str, ago: int, media: int = 0) -> str:
    """Mei Ling wrote something that never reached us."""
    sid = f"SM{len(front.carrier.from_patients) + 1:032x}"
    front.carrier.from_patients.append(ListedInbound(sid, MEI_LING, text, media, front.clock.epoch - ago))
    return sid


def mei(front: Front) -> str:
    return conversation_id(front.desk.conversation_key, MEI_LING)


def told(front: Front) -> list[str]:
    with front.desk.book.begin() as ledger:
        return [line.text for line in ledger.thread(mei(front), 50) if line.who in ("bot", "staff")]


def events(front: Front) -> list[str]:
    with front.desk.book.begin() as ledger:
        return [line.text for line in ledger.thread(mei(front), 50) if line.who == "event"]


def reason(front: Front) -> tuple[str, bool]:
    with front.desk.book.begin() as ledger:
        (one,) = [one for one in ledger.needing_a_person() if one.conversation == mei(front)]
    return one.reason, one.urgent


def test_a_message_of_some_minutes_ago_is_answered_and_marked_late(front: Front) -> None:
    wrote(front, "hello", ago=5 * MINUTE)
    assert look_for_missed(front.desk) == 1
    assert told(front)
    assert events(front) == ["message_found_late: 5 minutes"]


def test_a_message_is_taken_up_once_however_often_it_is_looked_for(front: Front) -> None:
    sid = wrote(front, "hello", ago=5 * MINUTE)
    assert [look_for_missed(front.desk) for _ in range(3)] == [1, 0, 0]
    assert receive(front.desk, Arrived(sid, MEI_LING, "text", "hello")) == "known"


def test_a_message_that_is_still_on_its_way_is_left_to_its_webhook(front: Front) -> None:
    wrote(front, "hello", ago=30)
    assert look_for_missed(front.desk) == 0
    front.later(seconds=30)
    assert look_for_missed(front.desk) == 1


def test_a_message_that_arrived_is_not_taken_up_again(front: Front) -> None:
    sid = wrote(front, "hello", ago=5 * MINUTE)
    receive(front.desk, Arrived(sid, MEI_LING, "text", "hello"))
    assert look_for_missed(front.desk) == 0


def test_after_an_hour_a_person_answers_and_the_patient_is_told_so(front: Front) -> None:
    wrote(front, "Can I take my usual tablets?", ago=2 * HOUR)
    look_for_missed(front.desk)
    assert told(front) == ["Sorry, your message reached us late. Our staff will read it and write to you here."]
    assert reason(front) == ("A message of the patient reached us late", False)


def test_after_the_window_nothing_can_be_said_and_a_person_is_told(front: Front) -> None:
    wrote(front, "hello", ago=2 * DAY)
    look_for_missed(front.desk)
    front.sends(mei(front))
    assert front.carrier.posted == []
    assert reason(front)[0] == "A message of the patient reached us late"


def test_what_was_overtaken_by_a_newer_message_is_shown_to_staff_without_a_word(front: Front) -> None:
    wrote(front, "book an appointment", ago=10 * MINUTE)
    receive(front.desk, Arrived("SM" + "f" * 32, MEI_LING, "text", "hello?"))
    before = told(front)
    look_for_missed(front.desk)
    assert told(front) == before
    assert reason(front) == ("A message of the patient reached us late", False)


@pytest.mark.parametrize("ago", [5 * MINUTE, 3 * DAY])
def test_a_red_flag_found_late_is_answered_at_once_and_is_urgent(front: Front, ago: int) -> None:
    wrote(front, "I cannot feel my legs and I wet myself", ago=ago)
    look_for_missed(front.desk)
    front.sends(mei(front))
    assert "995" in front.carrier.words[0]
    assert reason(front)[1]


def test_stop_is_obeyed_however_late(front: Front) -> None:
    wrote(front, "STOP", ago=5 * HOUR)
    look_for_missed(front.desk)
    with front.desk.book.begin() as ledger:
        state = ledger.read(mei(front))
    assert state is not None
    assert state.opted_out


def test_a_photo_that_never_arrived_is_shown_to_staff(front: Front) -> None:
    wrote(front, "", ago=5 * MINUTE, media=1)
    look_for_missed(front.desk)
    assert "attachment_unread: media" in events(front)


def test_a_tap_that_never_arrived_is_understood_by_its_words(front: Front) -> None:
    receive(front.desk, Arrived("SM" + "e" * 32, MEI_LING, "text", "menu"))
    front.later(minutes=10)
    wrote(front, "Book an appointment", ago=2 * MINUTE)
    look_for_missed(front.desk)
    with front.desk.book.begin() as ledger:
        state = ledger.read(mei(front))
    assert state is not None
    assert state.running is not None
    assert state.running.flow == "booking"


def test_what_was_written_before_the_first_look_is_not_ours(front: Front) -> None:
    wrote(front, "hello", ago=8 * DAY)
    assert look_for_missed(front.desk) == 0


def test_a_red_flag_from_before_our_first_look_is_taken_up_and_nothing_else(front: Front) -> None:
    front.later(days=-8)
    begin_looking(front.desk)
    wrote(front, "hello", ago=HOUR)
    wrote(front, "I cannot control my bladder", ago=HOUR)
    assert look_for_missed(front.desk) == 1
    assert reason(front)[1]


def test_while_twilio_cannot_be_asked_nothing_is_skipped(front: Front) -> None:
    wrote(front, "hello", ago=5 * MINUTE)
    front.carrier.lists = False
    assert look_for_missed(front.desk) == 0
    front.later(hours=3)
    front.carrier.lists = True
    assert look_for_missed(front.desk) == 1
    assert front.reports[0] == ("inbound_not_listed", {})


def test_what_is_missed_after_our_clock_was_an_hour_ahead_is_found(front: Front) -> None:
    right = front.clock.now()
    front.clock.step_to(right + timedelta(hours=1))
    assert look_for_missed(front.desk) == 0
    front.clock.step_to(right)
    wrote(front, "hello", ago=2 * MINUTE)
    assert look_for_missed(front.desk) == 1
