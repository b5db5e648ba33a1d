"""Whatever happens, in whatever state, the patient gets an answer or a person: walked, not sampled."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.conversation import Conversation
from bot.core.events import Message, Reading
from bot.core.explore import Explored, broken_rule, explore
from bot.core.flow import Ask, Clinic, Option, Target, Text
from bot.core.turn import Turn, take_turn
from tests.flows_language.small import clinic_with, visit
from tests.universe import NOW

BOOKING = visit(
    """
    ask_name:
      ask: What is your name?
      type: person name
      save as: name
    hold:
      do: calendar.hold
      with: {service: "first", slot: "ten"}
      save as: hold
      outcomes: {held: next, taken: sorry, failed: sorry}
    confirm:
      ask: Shall I book {hold.when} for {name}?
      options:
        book: {label: Book it}
        leave: {label: Leave it, go to: give_back}
      silent:
        - {after: 5 minutes, say: Are you still there?}
        - {after: 8 minutes, go to: give_back}
    book:
      do: calendar.book
      with: {service: "first", slot: "ten", name: name}
      save as: booked
      outcomes: {booked: next, taken: sorry, failed: give_back}
    tell:
      say: It is booked. Your number is {booked.number}.
      end: booked
    give_back:
      do: calendar.release
      outcomes: {released: sorry, failed: sorry}
    sorry:
      say: Nothing is booked.
      end: not_booked
    """
)


def small() -> Clinic:
    loaded = clinic_with({"visit.yaml": BOOKING})
    assert loaded.sound, [str(fault) for fault in loaded.faults if fault.level == "error"]
    assert loaded.clinic is not None
    return loaded.clinic


def without(clinic: Clinic, flow: str, step: str, **changed: object) -> Clinic:
    """The clinic with one step of a flow changed as no check would let through."""
    steps = dict(clinic.flows[flow].steps)
    steps[step] = replace(steps[step], **changed)  # type: ignore[arg-type]
    return replace(clinic, flows={**clinic.flows, flow: replace(clinic.flows[flow], steps=steps)})


def rules(explored: Explored) -> set[str]:
    return {one.why for one in explored.left_alone}


def test_a_small_clinic_leaves_nobody_alone_in_any_state() -> None:
    explored = explore(small())
    assert explored.whole
    assert explored.states > 30
    assert [str(one) for one in explored.left_alone] == []


def test_a_question_with_nothing_to_offer_is_found_with_the_shortest_talk_that_leads_there() -> None:
    clinic = small()
    ask = clinic.flows["visit"].steps["confirm"].body
    assert isinstance(ask, Ask)
    broken = without(clinic, "visit", "confirm", body=replace(ask, options=()))
    [found] = [one for one in explore(broken).left_alone if one.why == "the flow leads nowhere"]
    assert [line.happened.partition(";")[0] for line in found.talk][1] == '"visit"'
    assert found.talk[-1].happened.endswith("calendar.hold: held")
    assert len(found.talk) == 3
    assert "What is your name?" in str(found)


def test_a_question_that_is_asked_for_ever_is_found() -> None:
    clinic = small()
    ask = clinic.flows["visit"].steps["confirm"].body
    assert isinstance(ask, Ask)
    broken = without(clinic, "visit", "confirm", body=replace(ask, after_last_try=Target(step="confirm")))
    assert "nonsense never brings a person" in rules(explore(broken))


def test_a_clinic_in_which_nobody_can_be_asked_for_is_found() -> None:
    clinic = small()
    [person] = [one for one in clinic.anywhere if one.act == "hand over"]
    deaf = replace(person, act="step back")
    broken = replace(clinic, anywhere=(deaf,), anywhere_words=dict.fromkeys(clinic.anywhere_words, deaf))
    option = Option("loop", Text("Again"), goes=Target(step="choose"))
    menu = broken.flows["main_menu"].steps["choose"].body
    assert isinstance(menu, Ask)
    broken = without(
        broken, "main_menu", "choose", body=replace(menu, options=(option,), after_last_try=Target(step="choose"))
    )
    assert "nonsense never brings a person" in rules(explore(broken))


def test_an_answer_sent_twice_at_once_that_books_twice_is_found() -> None:
    clinic = small()
    ask = clinic.flows["visit"].steps["confirm"].body
    assert isinstance(ask, Ask)
    broken = without(clinic, "visit", "confirm", body=replace(ask, options=(), type="text"))
    broken = without(broken, "visit", "tell", goes=Target(step="confirm"))
    [found] = [one for one in explore(broken).left_alone if one.why == "what was asked for once is done twice"]
    assert "twice at once" in found.talk[-1].happened
    assert found.talk[-1].happened.count("calendar.book") == 2


@pytest.mark.parametrize("families", [("cauda_equina",), ("emergency",)])
def test_a_red_flag_without_its_safety_text_breaks_a_rule(families: tuple[str, ...]) -> None:
    clinic = small()
    before = Conversation("mei", "whatsapp:+6591234567")
    turn = take_turn(clinic, before, Message("SM1", text="…", reading=Reading(red_flags=families)), NOW)
    assert broken_rule("a red flag", before, turn) == ""
    assert broken_rule("a red flag", before, Turn(turn.conversation)) != ""
