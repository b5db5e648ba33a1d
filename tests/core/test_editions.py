"""What becomes of a conversation in the middle of a flow when the flow changes: the rules, one at a time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.core.conversation import Conversation, Frame, Open, Passed, Shown
from bot.core.editions import Edition, Fated, Passage
from bot.core.flow import Clinic
from bot.core.structure import structures
from tests.publishing.house import NESTED, draft_of, files_with
from tests.publishing.triples import run
from tests.universe import edition, shipped_clinic

HOLDING = {
    **NESTED,
    "visit.yaml": """\
flow: visit
title: A visit
starts with: [visit]
steps:
  choose_service:
    ask: What for?
    options from: services
    save as: service
  find_days:
    do: calendar.find_days
    with: {service: service}
    save as: days
    outcomes: {found: next, none: pass_on, failed: pass_on}
  choose_day:
    ask: Which day?
    options from: days
    save as: day
  find_slots:
    do: calendar.find_slots
    with: {service: service, day: day}
    save as: slots
    outcomes: {found: next, none: pass_on, failed: pass_on}
  choose_slot:
    ask: Which time?
    options from: slots
    save as: slot
  hold_slot:
    do: calendar.hold
    with: {service: service, slot: slot}
    save as: hold
    outcomes: {held: next, taken: pass_on, failed: pass_on}
  ask_name:
    ask: What is your name? I keep {hold.when}.
    type: person name
    save as: name
    silent: [{after: 5 minutes, end: gave_up}]
  give_back:
    do: calendar.release
    outcomes: {released: tell, failed: tell}
  tell:
    say: "{name}, nothing is booked."
    end: told
  pass_on:
    hand over: A visit needs a person
    end: handed_over
""",
}


def clinic_of(files: dict[str, str]) -> Clinic:
    draft = draft_of(files)
    assert draft.sound, [str(fault) for fault in draft.faults if fault.level == "error"]
    assert draft.clinic is not None
    return draft.clinic


def numbered(number: int, clinic: Clinic, moves: bool = False) -> Edition:
    return replace(edition(), number=number, clinic=clinic, structures=structures(clinic), moves=moves)


def fate(frame: Frame, before: Clinic, after: Clinic, moves: bool = True) -> Fated:
    """What becomes of one frame, above a menu, whose question is not the open one."""
    below = Frame("main_menu", "pass_on")
    conversation = Conversation("abcdefgh12", "", stack=(below, frame), edition=1)
    passage = Passage({1: numbered(1, before)}.get, numbered(2, after, moves))
    return list(passage.fates(conversation))[1]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Which day shall {name} come?", "When shall {name} come?"),
        ("title: A visit", "title: Somebody comes"),
        ("{label: Later}", "{label: Some time, also: [whenever], description: We call you}"),
        (
            "      today: {label: Today}\n      later: {label: Later}",
            "      later: {label: Later}\n      today: {label: Today}",
        ),
        ("    save as: day\n", "    save as: day\n    tries: 2\n    not understood: A day, please.\n"),
        ("starts with: [visit]", "starts with: [visit, come]"),
    ],
)
def test_words_and_waiting_are_no_structure(before: str, after: str) -> None:
    clinic = clinic_of(files_with(NESTED, (before, after)))
    assert structures(clinic) == structures(clinic_of(dict(NESTED)))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("go to: left", "go to: pass_on"),
        ("later: {label: Later}", "another: {label: Later}"),
        ("type: person name", "type: text"),
        ("    save as: day\n", "    save as: day\n    after last try: go to left\n"),
        ("    end: left\n", "    end: left_it\n"),
        ("save as: day", "save as: days"),
    ],
)
def test_what_an_answer_can_depend_on_is_structure(before: str, after: str) -> None:
    files = files_with(NESTED, (before, after))
    if after == "save as: days":
        files = files_with(files, ("{day}", "{days}"))
    if "go to: pass_on" in after:
        files = files_with(files, ("  confirm:\n", "  confirm:\n    tries: 2\n    after last try: go to left\n"))
    clinic = clinic_of(files)
    assert structures(clinic)["visit"] != structures(clinic_of(dict(NESTED)))["visit"]


def test_what_is_passed_in_is_part_of_the_structure_of_what_is_run() -> None:
    files = files_with(NESTED, ("with: {name: name}", "with: {name: name, who: name}"), file="bring.yaml")
    changed = structures(clinic_of(files))
    assert changed["photos"] != structures(clinic_of(dict(NESTED)))["photos"]


def test_the_structure_of_the_shipped_flows_tells_them_apart() -> None:
    found = structures(shipped_clinic())
    assert found.keys() == shipped_clinic().flows.keys()
    assert found["booking"] != found["my_appointments"]


def test_nobody_is_moved_to_where_something_else_would_be_held() -> None:
    before = clinic_of(HOLDING)
    released = files_with(
        HOLDING,
        ("outcomes: {held: next,", "outcomes: {held: let_go,"),
        ("  give_back:\n    do: calendar.release\n    outcomes: {released: tell, failed: tell}\n", ""),
        (
            "  ask_name:\n",
            "  let_go:\n    do: calendar.release\n    outcomes: {released: next, failed: next}\n  ask_name:\n",
        ),
    )
    released = files_with(released, ("    save as: name\n", "    save as: name\n    go to: tell\n"))
    released = files_with(released, ("  ask_name:\n", "  ask_who:\n    renamed from: ask_name\n"))
    option = {"id": "x", "label": "X"}
    saved = dict.fromkeys(("service", "days", "day", "slots", "slot", "hold"), option)
    frame = Frame("visit", "ask_name", saved=saved, opened={"hold": "calendar.release"})
    found = fate(frame, before, clinic_of(released))
    assert (found.fate, found.why) == (
        "finishes",
        'hold would be held at "ask_who", which no way of the new flow leads to',
    )


def test_nobody_is_moved_with_an_answer_of_another_kind() -> None:
    before = clinic_of(dict(NESTED))
    after = clinic_of(
        files_with(
            NESTED, ("type: person name", "type: phone"), ("  ask_day:\n", "  when:\n    renamed from: ask_day\n")
        )
    )
    found = fate(Frame("visit", "ask_day", saved={"name": "Mei Ling Tan"}), before, after)
    assert (found.fate, found.why) == ("finishes", '"name" was something else before')


def test_back_leads_as_far_as_the_new_flow_knows_the_way() -> None:
    before = clinic_of(dict(NESTED))
    after = clinic_of(files_with(NESTED, ("  ask_name:\n", "  ask_who:\n")))
    passed = (Passed("ask_name", {}), Passed("ask_day", {"name": "Mei Ling Tan"}))
    saved = {"name": "Mei Ling Tan", "day": {"id": "today", "label": "Today"}}
    found = fate(Frame("visit", "confirm", saved=saved, passed=passed), before, after)
    assert found.fate == "moves"
    assert found.frame is not None
    assert [one.step for one in found.frame.passed] == ["ask_day"]


def test_a_question_of_the_same_name_with_fewer_options_than_shown_is_not_the_same() -> None:
    before = clinic_of(dict(NESTED))
    after = clinic_of(
        files_with(
            NESTED,
            ("      later: {label: Later}\n", "      soon: {label: Soon}\n"),
            ("  ask_day:\n", "  when:\n    renamed from: ask_day\n"),
        )
    )
    frame = Frame("visit", "ask_day", saved={"name": "Mei Ling Tan"})
    shown = Open(4, (Shown("today", "Today"), Shown("later", "Later")))
    conversation = Conversation("abcdefgh12", "", stack=(frame,), open=shown, edition=1)
    passage = Passage({1: numbered(1, before)}.get, numbered(2, after, moves=True))
    (found,) = passage.fates(conversation)
    assert (found.fate, found.why) == ("finishes", 'the step "when" takes other answers than "ask_day" did')


def test_a_conversation_of_an_edition_nobody_knows_goes_on_where_it_can() -> None:
    after = clinic_of(dict(NESTED))
    passage = Passage(lambda number: None, numbered(9, after))
    frames = (Frame("visit", "ask_day"), Frame("visit", "nowhere"))
    conversation = Conversation("abcdefgh12", "", stack=frames, edition=7)
    assert [one.fate for one in passage.fates(conversation)] == ["goes on", "stranded"]


def test_edits_at_random_strand_nobody_and_lose_no_answer() -> None:
    count = run(150, seed=7)
    assert count.triples == 150
    assert count.wrong == []
    assert count.compared > 150
