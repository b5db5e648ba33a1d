"""Answers to follow-ups: taps at any time, words as the next thing said, never for a time the appointment has left."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.effects import DoAction, Note, PassToPerson
from bot.core.events import FollowUpFellDue, Outcome
from tests.universe import Talk, shipped_clinic

ANSWER = "follow_up.answer"
SAID = {"service": "First consultation", "when": "Tuesday 3 March 2026, 10:00", "number": "K7QF2X-M",
        "practitioner": "Dr Colum Nolan"}  # fmt: skip
OPTION = {**SAID, "id": "3", "version": "1", "label": "Tue 3 Mar 10:00", "service_id": "first",
          "practitioner_id": "nolan"}  # fmt: skip
REMINDER = FollowUpFellDue(7, "reminder-24h", 3, 1, SAID, 0)
ASKED = ("Yes, I am coming", "Another time", "Cancel it")


@pytest.fixture
def talk() -> Talk:
    days = ({"id": "2026-03-05", "label": "Thu 5 Mar", "date": "2026-03-05"},)
    people = ({"id": "nolan", "label": "Dr Colum Nolan"}, {"id": "nurse", "label": "Nurse"})
    found = {
        "calendar.find_days": [Outcome("calendar.find_days", "found", days) for _ in range(3)],
        "calendar.practitioners": [Outcome("calendar.practitioners", "choice", people) for _ in range(3)],
        ANSWER: [],
    }
    return Talk(shipped_clinic(), found)


def comes_out(talk: Talk, name: str, value: Any = OPTION) -> None:
    talk.outcomes[ANSWER].append(Outcome(ANSWER, name, value))  # type: ignore[union-attr]


def answered(talk: Talk) -> list[dict[str, Any]]:
    """What was asked of the clinic's system about follow-ups."""
    effects = [effect for turn in talk.turns for effect in turn.effects]
    return [dict(effect.inputs) for effect in effects if isinstance(effect, DoAction) and effect.action == ANSWER]


def test_a_reminder_says_what_when_and_with_whom_and_asks_three_things(talk: Talk) -> None:
    (said,) = talk.happens(REMINDER)
    assert "First consultation, Tuesday 3 March 2026, 10:00, with Dr Colum Nolan" in said
    assert tuple(talk.offered()) == ASKED
    assert talk.said[-1].speech == "follow-up"


def test_a_reminder_leaves_the_open_question_and_its_silence_alone(talk: Talk) -> None:
    talk.says("book")
    before = talk.conversation
    talk.happens(REMINDER)
    after = talk.conversation
    assert (after.open, after.stack, after.silence_due) == (before.open, before.stack, before.silence_due)


def test_a_tap_counts_whatever_flow_is_open_and_the_flow_goes_on(talk: Talk) -> None:
    talk.happens(REMINDER)
    talk.says("book")
    comes_out(talk, "confirmed")
    assert talk.taps("Yes, I am coming", shown=-2) == [
        "Thank you. We expect you: First consultation, Tuesday 3 March 2026, 10:00."
    ]
    assert answered(talk) == [{"follow_up": 7, "appointment": 3, "version": 1, "answer": "confirm"}]
    assert talk.says("First consultation")[0].startswith("Who would you like to see")


def test_a_tap_on_the_reminder_of_an_old_time_tells_the_time_it_has_now(talk: Talk) -> None:
    talk.happens(REMINDER)
    comes_out(talk, "changed", {**OPTION, "version": "2", "when": "Friday 6 March 2026, 14:30"})
    (said,) = talk.taps("Cancel it")
    assert "now First consultation, Friday 6 March 2026, 14:30" in said
    comes_out(talk, "confirmed", {**OPTION, "version": "2"})
    talk.says("ok")
    assert [(one["version"], one["answer"]) for one in answered(talk)] == [(1, "cancel"), (2, "confirm")]


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("yes", "confirm"),
        ("Ok", "confirm"),
        ("ok thanks", "confirm"),
        ("confirm", "confirm"),
        ("I will be there", "confirm"),
        ("👍", "confirm"),
        ("1", "confirm"),
        ("好的", "confirm"),
        ("我会来", "confirm"),
        ("boleh", "confirm"),
        ("saya akan datang", "confirm"),
        ("ஆம்", "confirm"),
        ("need to move", "move"),
        ("reschedule", "move"),
        ("Can I change to another day?", "move"),
        ("改期", "move"),
        ("可以改期吗", "move"),
        ("tukar masa", "move"),
        ("வேறு நேரம்", "move"),
        ("cancel", "cancel"),
        ("please cancel my appointment", "cancel"),
        ("取消", "cancel"),
        ("batal", "cancel"),
        ("ரத்து", "cancel"),
        ("not me", "not me"),
        ("Sorry, wrong number", "not me"),
        ("不是我", "not me"),
        ("salah nombor", "not me"),
    ],
)
def test_words_after_a_reminder_mean_what_people_mean_by_them(talk: Talk, words: str, answer: str) -> None:
    talk.happens(REMINDER)
    comes_out(talk, {"confirm": "confirmed", "not me": "not_theirs"}.get(answer, answer))
    talk.says(words)
    assert [one["answer"] for one in answered(talk)] == [answer]


@pytest.mark.parametrize(
    "words", ["can't make it", "I cannot come tomorrow", "no", "不能来", "tak dapat datang", "வர முடியாது"]
)
def test_who_cannot_come_is_asked_whether_to_move_or_to_cancel(talk: Talk, words: str) -> None:
    talk.happens(REMINDER)
    talk.says(words)
    assert answered(talk) == []
    assert [choice.id.rpartition(".")[2] for choice in talk.said[-1].choices] == ["move", "cancel"]


def test_after_the_question_back_a_word_is_enough(talk: Talk) -> None:
    talk.happens(REMINDER)
    assert talk.says("can't make it") == ["Did you mean Another time or Cancel it?"]
    comes_out(talk, "cancel")
    assert talk.says("cancel")[-1].endswith("Shall I cancel this appointment?")


@pytest.mark.parametrize("words", ["What is sciatica?", "Yes I would like to know where I can park my car please"])
def test_a_question_after_a_reminder_is_a_question(talk: Talk, words: str) -> None:
    talk.happens(REMINDER)
    talk.says(words)
    assert answered(talk) == []


def test_words_mean_the_reminder_only_as_the_next_thing_said(talk: Talk) -> None:
    talk.happens(REMINDER)
    talk.says("What is sciatica?")
    talk.says("ok")
    assert answered(talk) == []


def test_another_time_enters_the_clinics_flow_for_that_very_appointment(talk: Talk) -> None:
    talk.happens(REMINDER)
    comes_out(talk, "move")
    assert talk.taps("Another time")[0].startswith("Which day suits you better?")
    frame = talk.conversation.stack[-1]
    assert (frame.flow, frame.saved["appointment"]) == ("my_appointments", OPTION)


def test_cancelling_is_asked_once_more_before_it_is_done(talk: Talk) -> None:
    talk.happens(REMINDER)
    comes_out(talk, "cancel")
    (said,) = talk.taps("Cancel it")
    assert said.endswith("Shall I cancel this appointment?")


def test_an_appointment_that_is_gone_is_told_kindly(talk: Talk) -> None:
    talk.happens(REMINDER)
    comes_out(talk, "gone", None)
    assert talk.taps("Yes, I am coming")[0].startswith("That appointment is not booked any more.")


def test_notes_to_prepare_leave_the_reminder_the_last_thing_asked(talk: Talk) -> None:
    talk.happens(REMINDER)
    assert talk.happens(FollowUpFellDue(8, "preparation", 3, 1, {**SAID, "notes": "Bring your scans."})) == [
        "To prepare for your appointment on Tuesday 3 March 2026, 10:00:\nBring your scans."
    ]
    comes_out(talk, "confirmed")
    talk.says("ok")
    assert len(answered(talk)) == 1


def test_what_is_written_after_a_check_in_goes_to_staff_and_nothing_is_concluded(talk: Talk) -> None:
    talk.happens(FollowUpFellDue(9, "check-in", 3, 1, SAID))
    said = talk.says("The stitches itch a little, and my back is sore when I sit")
    assert said[0].startswith("Thank you. Our staff will read it.")
    assert talk.conversation.look
    assert any(isinstance(effect, Note) for effect in talk.turns[-1].effects)


def test_a_red_flag_in_an_answer_is_a_red_flag(talk: Talk) -> None:
    talk.happens(FollowUpFellDue(9, "check-in", 3, 1, SAID))
    talk.says("I cannot feel my private parts and I wet myself")
    assert talk.conversation.urgent
    assert talk.turns[-1].effects[0].speech == "safety"  # type: ignore[union-attr]


def test_whoever_wants_to_be_contacted_after_a_visit_gets_a_person(talk: Talk) -> None:
    talk.happens(FollowUpFellDue(9, "check-in", 3, 1, SAID))
    talk.taps("Please contact me")
    assert any(isinstance(effect, PassToPerson) for effect in talk.turns[-1].effects)


@pytest.mark.parametrize("kind", ["rebook", "nudge"])
def test_an_invitation_leads_into_a_booking_or_nowhere(talk: Talk, kind: str) -> None:
    talk.happens(FollowUpFellDue(9, kind, 0, 1, SAID))
    assert talk.says("no thanks")[0].startswith("All right.")
    talk.happens(FollowUpFellDue(10, kind, 0, 1, SAID))
    talk.says("yes")
    assert talk.conversation.stack[-1].flow == "booking"


def test_a_booking_left_unanswered_asks_for_a_nudge_and_a_menu_does_not(talk: Talk) -> None:
    talk.says("hello")
    talk.waits(minutes=15)
    talk.waits(hours=12)
    assert "follow_up.nudge" not in talk.did
    talk.says("book")
    talk.waits(minutes=15)
    assert "follow_up.nudge" not in talk.did
    talk.waits(hours=12)
    assert "follow_up.nudge" in talk.did


def test_an_answer_that_cannot_be_written_down_goes_to_a_person(talk: Talk) -> None:
    talk.happens(REMINDER)
    comes_out(talk, "failed", None)
    talk.taps("Yes, I am coming")
    assert talk.conversation.control == "waiting"


def test_a_receptionist_who_has_the_conversation_is_not_answered_for(talk: Talk) -> None:
    talk.happens(REMINDER)
    talk.says("human")
    talk.taps("Yes, I am coming")
    assert answered(talk) == []


def test_the_button_of_another_conversation_answers_nothing_here(talk: Talk) -> None:
    talk.happens(REMINDER)
    talk.happens(talk._message("?", kind="tap", button="otherone.f7a3v1.confirm"))
    assert answered(talk) == []
