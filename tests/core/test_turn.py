"""What a turn decides: the order in which a message's meaning is tried, and where a conversation goes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.flows_yaml import load
from bot.core.conversation import Conversation
from bot.core.effects import DoAction, PassToPerson, Say
from bot.core.events import Outcome, StaffHandedBack, StaffReplied, StaffTookOver
from bot.core.flow import Clinic
from bot.core.place import Stranded
from bot.core.turn import take_turn
from tests.universe import ANA, NOW, SHIPPED, SITI, Talk, shipped_clinic

FLOW = """
flow: visit
title: Plan a visit
starts with: [visit, plan a visit]
steps:
  colour:
    ask: Which room would you like?
    options:
      green: {label: Green room, also: [leaf]}
      grey: {label: Grey room}
      none: {label: Do not mind, go to: name}
    save as: room
  name:
    ask: What is your full name?
    type: person name
    save as: name
    tries: 2
    silent:
      - after: 5 minutes
        say: Are you there, planning for {room}?
      - after: 10 minutes
        end: gave_up
  keep:
    do: calendar.hold
    with: {service: room, slot: room}
    save as: hold
    outcomes: {held: next, taken: colour, failed: call}
  sure:
    ask: "{room} for {name}, right?"
    options:
      right: {label: "Yes, right"}
      wrong: {label: Not right, go to: colour}
  give_back:
    do: calendar.release
    outcomes: {released: told, failed: told}
  told:
    say: See you in the {room}, {name}.
    end: planned
  call:
    hand over: Visits need a person
    end: handed_over
"""

HELD = Outcome("calendar.hold", "held", {"until": "09:10", "when": "now"})
RELEASED = Outcome("calendar.release", "released")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Clinic:
    folder = tmp_path_factory.mktemp("flows")
    for file in (*SHIPPED.glob("*.yaml"),):
        (folder / file.name).write_text(file.read_text())
    (folder / "visit.yaml").write_text(FLOW)
    found = load(Path(folder)).clinic
    assert found is not None
    return found


@pytest.fixture
def talk(clinic: Clinic) -> Talk:
    return Talk(clinic, {"calendar.hold": [HELD, HELD], "calendar.release": [RELEASED, RELEASED]})


def test_a_flow_walks_its_steps_in_the_order_of_the_file(talk: Talk) -> None:
    assert talk.says("visit") == ["Which room would you like?"]
    assert talk.offered() == ["Green room", "Grey room", "Do not mind"]
    assert talk.taps("Green room") == ["What is your full name?"]
    assert talk.says("Mei Ling Tan") == ["Green room for Mei Ling Tan, right?"]
    assert talk.says("yes, right") == ["See you in the Green room, Mei Ling Tan."]
    assert talk.conversation.stack == ()
    assert talk.did == ["calendar.hold", "calendar.release"]


@pytest.mark.parametrize("answer", ["1", "1.", "option 1", "Green room", "green", "LEAF!", "grean", " green  room "])
def test_an_option_is_understood_however_it_is_answered(talk: Talk, answer: str) -> None:
    talk.says("visit")
    assert talk.says(answer) == ["What is your full name?"]
    assert talk.conversation.stack[-1].saved["room"] == {"id": "green", "label": "Green room"}


def test_a_reply_that_fits_two_options_is_asked_back_and_never_guessed(talk: Talk) -> None:
    talk.says("visit")
    assert talk.says("room") == ["Did you mean Green room or Grey room?"]
    assert talk.offered() == ["Green room", "Grey room"]
    assert talk.says("grey") == ["What is your full name?"]


def test_a_reply_with_a_no_in_it_never_means_an_option_without_one(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("Mei Ling Tan")
    assert talk.says("no not right")[-1] == "Which room would you like?"


def test_a_tap_on_an_old_button_is_answered_kindly_and_the_question_asked_again(talk: Talk) -> None:
    talk.says("visit")
    talk.taps("Green room")
    assert talk.taps("Grey room") == ["That button belongs to an earlier question.", "What is your full name?"]
    assert talk.conversation.stack[-1].saved["room"] == {"id": "green", "label": "Green room"}


def test_the_buttons_of_a_question_that_was_only_repeated_still_count(talk: Talk) -> None:
    talk.says("visit")
    talk.says("What is sciatica?")
    assert talk.taps("Green room", shown=-2) == ["What is your full name?"]


def test_a_yes_to_something_that_has_changed_since_does_not_count(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("Mei Ling Tan")
    talk.taps("Not right")
    talk.says("grey")
    talk.says("Mei Ling Tan")
    assert talk.taps("Yes, right", shown=-3)[0] == "That button belongs to an earlier question."


def test_a_button_of_another_conversation_is_read_as_words(talk: Talk) -> None:
    talk.says("visit")
    stranger = replace(talk.conversation, id="zzzzzzzz99")
    offered = next(say for say in talk.said if say.choices)
    assert not offered.choices[0].id.startswith(stranger.id[:8])


def test_back_undoes_what_was_saved_and_gives_back_what_was_held(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("Mei Ling Tan")
    assert talk.says("back") == ["What is your full name?"]
    assert talk.did == ["calendar.hold", "calendar.release"]
    assert "name" not in talk.conversation.stack[-1].saved
    assert talk.says("back") == ["Which room would you like?"]
    assert talk.conversation.stack[-1].saved == {}
    assert talk.says("back") == ["There is nothing to go back to.", "Which room would you like?"]


def test_after_the_last_try_a_person_is_called_and_the_words_are_notices(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    assert talk.says("x1")[-1] == "What is your full name?"
    talk.says("x2")
    assert talk.conversation.control == "waiting"
    last = talk.turns[-1]
    assert any(isinstance(effect, PassToPerson) for effect in last.effects)
    assert {effect.speech for effect in last.effects if isinstance(effect, Say)} == {"notice"}


def test_one_name_alone_is_accepted_on_the_second_try(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    assert talk.says("Ravi")[-1] == "What is your full name?"
    assert talk.says("Ravi") == ["Green room for Ravi, right?"]


def test_silence_reminds_and_then_ends_without_a_word(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    assert talk.waits(minutes=4) == []
    assert talk.waits(minutes=1) == ["Are you there, planning for Green room?"]
    assert talk.waits(minutes=5) == []
    assert talk.conversation.stack == ()
    assert talk.conversation.silence_due == 0


def test_an_answer_calls_off_the_silence(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    due = talk.conversation.silence_due
    talk.says("Mei Ling Tan")
    assert talk.conversation.silence_due != due


def test_a_question_in_the_middle_is_answered_and_the_open_one_asked_again(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    answer, asked_again = talk.says("What is sciatica?")
    assert answer.startswith("Sciatica is pain caused by")
    assert asked_again == "What is your full name?"
    assert talk.says("Mei Ling Tan") == ["Green room for Mei Ling Tan, right?"]


def test_the_menu_in_the_middle_offers_to_go_on_afterwards(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("menu")
    said = talk.taps("Hours and address")
    assert said[-1] == "Shall we go on with this: Plan a visit?"
    assert talk.says("yes") == ["What is your full name?"]


def test_leaving_a_flow_gives_back_what_it_held(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("Mei Ling Tan")
    talk.says("menu")
    talk.taps("Hours and address")
    talk.says("no")
    assert talk.did[-1] == "calendar.release"
    assert all(isinstance(effect, DoAction) is False or effect.quiet for effect in talk.turns[-1].effects)


def test_the_words_of_a_flow_start_it_from_a_sentence_when_nothing_else_is_open(talk: Talk) -> None:
    assert talk.says("hi there, I would like to plan a visit please") == ["Which room would you like?"]


def test_a_greeting_in_front_only_greets(talk: Talk) -> None:
    assert talk.says("good morning, can I plan a visit")[-1] == "Which room would you like?"
    assert Talk(shipped_clinic()).says("你好，我想预约") == ["您想看哪一项？第一次来请选“首次看诊”。"]
    assert Talk(shipped_clinic()).says("good morning doctor") == ["How can we help you?"]


def test_what_nobody_understands_gets_the_menu_and_the_safety_line_once_a_day(talk: Talk) -> None:
    first = talk.says("qwxz vbnm")
    assert "go to A&E now" in first[0]
    assert "How can we help you?" in first[-1]
    assert "A&E" not in talk.says("qwxz vbnm")[0]


def test_a_photo_is_not_read_so_staff_are_shown_it_and_the_question_stays(talk: Talk) -> None:
    talk.says("visit")
    said = talk.sends("media")
    assert "go to A&E now" in said[0]
    assert said[-1] == "Which room would you like?"
    assert talk.conversation.look


def test_a_red_flag_is_answered_before_anything_else_and_stops_the_bot(talk: Talk) -> None:
    talk.says("visit")
    said = talk.says("I cannot pee and my bottom is numb")
    assert said[0].startswith("⚠️")
    first = talk.turns[-1].effects[0]
    assert isinstance(first, Say)
    assert first.speech == "safety"
    assert (talk.conversation.control, talk.conversation.urgent) == ("waiting", True)
    assert talk.conversation.silence_due == 0


@pytest.mark.parametrize("control", ["bot", "waiting", "held", "closed"])
def test_a_red_flag_gets_the_safety_text_whoever_has_the_conversation(clinic: Clinic, control: str) -> None:
    conversation = Conversation("abcdefgh12", SITI, control=control, holder=ANA, opted_out=True)  # type: ignore[arg-type]
    talk = Talk(clinic, conversation=conversation)
    assert talk.says("wet myself and cannot feel it")[0].startswith("⚠️")
    assert talk.conversation.urgent


def test_the_very_first_message_may_be_a_red_flag(clinic: Clinic) -> None:
    talk = Talk(clinic, conversation=Conversation("abcdefgh12", SITI))
    assert talk.says("both my legs are numb since this morning")[0].startswith("⚠️")


def test_the_first_contact_is_greeted_before_its_message_is_answered(clinic: Clinic) -> None:
    talk = Talk(clinic, conversation=Conversation("abcdefgh12", SITI))
    welcome, question = talk.says("visit")
    assert "995" in welcome
    assert question == "Which room would you like?"
    assert len(talk.says("menu")) == 1


def test_while_somebody_holds_the_conversation_the_bot_is_silent(talk: Talk) -> None:
    talk.says("visit")
    talk.happens(StaffTookOver(ANA))
    assert talk.says("green") == []
    assert talk.says("hello?") == []
    assert talk.happens(StaffReplied(ANA, "Hello, this is Ana.")) == ["Hello, this is Ana."]


@pytest.mark.parametrize("words", ["can I talk to a human please", "human", "I want to speak to someone about this"])
def test_whoever_asks_for_a_person_gets_one(talk: Talk, words: str) -> None:
    talk.says("menu")
    talk.says(words)
    assert talk.conversation.control == "waiting"


def test_a_person_can_be_asked_for_where_a_name_was_asked(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.says("I would rather talk to a person")
    assert talk.conversation.control == "waiting"


def test_a_waiting_patient_is_told_so_at_most_twice(talk: Talk) -> None:
    talk.says("human")
    told = [talk.says("hello?"), talk.says("anyone?")]
    talk.now = talk.now.replace(hour=2)
    told += [talk.says("hello?"), talk.says("still nobody?")]
    assert [len(words) for words in told] == [1, 0, 1, 0]


def test_handed_back_to_the_open_question_the_patient_goes_on_there(talk: Talk) -> None:
    talk.says("visit")
    talk.says("green")
    talk.happens(StaffTookOver(ANA))
    said = talk.happens(StaffHandedBack(ANA, "continue"))
    assert said[-1] == "What is your full name?"
    assert talk.says("Mei Ling Tan") == ["Green room for Mei Ling Tan, right?"]


def test_a_closed_conversation_starts_afresh_with_the_next_message(talk: Talk) -> None:
    talk.says("visit")
    talk.happens(StaffHandedBack(ANA, "silent"))
    assert talk.conversation.control == "closed"
    assert talk.says("visit") == ["Which room would you like?"]
    assert talk.conversation.control == "bot"


def test_stop_is_obeyed_while_a_person_has_the_conversation(talk: Talk) -> None:
    talk.happens(StaffTookOver(ANA))
    assert len(talk.says("STOP")) == 1
    assert talk.conversation.opted_out
    talk.says("start")
    assert not talk.conversation.opted_out


def test_each_change_of_who_may_speak_raises_the_version(talk: Talk) -> None:
    versions = [talk.conversation.control_version]
    for step in ("human", StaffTookOver(ANA), StaffHandedBack(ANA, "menu")):
        talk.says(step) if isinstance(step, str) else talk.happens(step)
        versions.append(talk.conversation.control_version)
    assert versions == sorted(set(versions))


def talk_with_fourteen_days() -> Talk:
    days = tuple({"id": f"d{n}", "label": f"Room {chr(64 + n)}"} for n in range(1, 15))
    talk = Talk(
        shipped_clinic(),
        {
            "calendar.practitioners": [Outcome("calendar.practitioners", "one", {"id": "nolan", "label": "Dr Nolan"})],
            "calendar.find_days": [Outcome("calendar.find_days", "found", days)],
            "calendar.find_slots": [Outcome("calendar.find_slots", "none")] * 2,
        },
    )
    talk.says("book")
    talk.says("1")
    return talk


def test_a_long_list_is_paged_and_a_typed_answer_may_be_on_any_page(clinic: Clinic) -> None:
    talk = talk_with_fourteen_days()
    assert len(talk.offered()) == 10
    assert talk.offered()[-1] == "More"
    talk.taps("More")
    assert talk.offered()[0] == "Room J"
    assert talk.says("more")[-1]
    assert talk.offered()[0] == "Room A"


def test_a_number_beyond_what_is_shown_chooses_nothing_on_another_page() -> None:
    talk = talk_with_fourteen_days()
    assert talk.says("12")[0].startswith("That is not one of the free days.")
    assert talk.did[-1] == "calendar.find_days"


def test_a_step_that_is_gone_strands_nobody_in_silence(clinic: Clinic) -> None:
    talk = Talk(clinic)
    talk.says("visit")
    gone = replace(talk.conversation, stack=(replace(talk.conversation.stack[-1], step="was_here"),))
    talk.conversation = gone
    with pytest.raises(Stranded):
        talk.says("green")


def test_an_outcome_nobody_asked_for_is_refused(clinic: Clinic) -> None:
    talk = Talk(clinic)
    talk.says("visit")
    with pytest.raises(LookupError):
        take_turn(clinic, talk.conversation, HELD, NOW)
