"""Every mistake in the clinic's files is told: where, what, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.adapters.flows_nodes import parse
from bot.adapters.flows_page import data
from bot.adapters.flows_yaml import Loaded
from bot.core import safety_texts
from bot.core.check import CHECKS, FOUND_WHILE_READING
from tests.flows_language.small import SMALL, clinic_with, visit

Mistake = dict[str, str]
[_DOCUMENT], _FAULTS = parse((Path(__file__).parent / "mistakes.yaml").read_bytes(), "mistakes.yaml")
MISTAKES: list[Mistake] = list(data(_DOCUMENT))  # type: ignore[arg-type]


def _file_of(mistake: Mistake) -> tuple[str, str]:
    """The file a mistake is in, and its text."""
    if "steps" in mistake:
        return "visit.yaml", visit(mistake["steps"], mistake.get("starts", "visit"))
    if "text" in mistake:
        return mistake["file"], mistake["text"]
    whole, part = SMALL[mistake["file"]], mistake["instead of"]
    assert part in whole
    return mistake["file"], whole.replace(part, mistake["write"])


def _line_of(mistake: Mistake, text: str) -> int:
    marked = [number for number, line in enumerate(text.split("\n"), 1) if "# here" in line]
    return int(mistake["line"]) if "line" in mistake else marked[0]


def codes(loaded: Loaded) -> list[str]:
    return [fault.code for fault in loaded.faults if fault.code not in ("W70", "W91")]


def test_the_small_clinic_has_no_mistakes() -> None:
    loaded = clinic_with()
    assert codes(loaded) == []
    assert loaded.sound


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["code"])
def test_a_mistake_is_told_with_its_file_its_line_and_what_to_do(mistake: Mistake) -> None:
    file, text = _file_of(mistake)
    loaded = clinic_with({file: text})
    here = (mistake["code"], mistake.get("told in", file), _line_of(mistake, text))
    found = [fault for fault in loaded.faults if (fault.code, fault.file, fault.line) == here]
    assert found, [f"{fault.code} {fault}" for fault in loaded.faults]
    assert any(mistake["remedy"] in fault.remedy for fault in found), [str(fault) for fault in found]
    assert all(fault.column > 0 for fault in found if fault.line)
    assert mistake["code"].startswith("W") or not loaded.sound


def test_a_translation_that_names_other_things_is_told() -> None:
    flow = visit("bye:\n  say: Call {clinic.phone}\n  end: done")
    texts = "status: draft\ntexts:\n  bye.say: {from: 'Call {clinic.phone}', to: 'Panggil {clinic.name}'}\n"
    loaded = clinic_with({"visit.yaml": flow, "translations/ms/visit.yaml": texts})
    [fault] = [fault for fault in loaded.faults if fault.code == "E72"]
    assert (fault.file, fault.line, fault.step) == ("visit.yaml", 5, "bye")
    assert "in ms lacks {clinic.phone} and has {clinic.name} too many" in fault.message


def test_unsigned_safety_texts_are_a_warning() -> None:
    told = [fault for fault in clinic_with().faults if fault.code == "W91"]
    assert bool(told) == (safety_texts.SIGNED_BY is None)


def test_every_code_has_a_file_that_shows_it() -> None:
    shown = {mistake["code"] for mistake in MISTAKES} | {"E72", "W91", "W08", "W09"}
    assert shown == CHECKS.keys() | FOUND_WHILE_READING.keys()


def test_all_mistakes_are_told_at_once() -> None:
    flow = visit("hello:\n  say: Hello {nobody}\n  go to: nowhere\nbye:\n  say: Bye", "human")
    assert {"E10", "E11", "E33", "E40"} <= set(codes(clinic_with({"visit.yaml": flow})))


def test_a_mistake_reads_as_one_line() -> None:
    flow = visit(
        "ask_time:\n  ask: When?\n  options:\n    none: {label: None of these, go to: no_slot}\n"
        "no_slots:\n  say: Sorry\n  end: none_left"
    )
    told = [str(fault) for fault in clinic_with({"visit.yaml": flow}).faults if fault.code == "E10"]
    assert told == [
        'visit.yaml:8 ask_time: the option "None of these" goes to "no_slot" - no such step. Did you mean "no_slots"?'
    ]


def test_a_mistake_is_pointed_at_where_its_word_stands() -> None:
    flow = visit("hello:\n  say: Hello\n  go to: nowhere")
    [fault] = [fault for fault in clinic_with({"visit.yaml": flow}).faults if fault.code == "E10"]
    assert fault.as_data() == {
        "code": "E10", "file": "visit.yaml", "line": 5, "column": 3, "step": "hello",
        "message": 'it goes to "nowhere" - no such step.', "remedy": "Make that step, or go to another.",
        "level": "error",
    }  # fmt: skip


def test_a_file_with_a_misspelt_key_is_not_blamed_for_what_follows_from_it() -> None:
    flow = visit("hello:\n  sya: Hello\n  end: done")
    assert set(codes(clinic_with({"visit.yaml": flow}))) == {"E03"}


def test_an_option_may_take_the_word_for_a_person_if_it_calls_one() -> None:
    flow = visit(
        "hello:\n  ask: Well?\n  options:\n    who: {label: Human, go to: pass_on}\n"
        "pass_on:\n  hand over: Asked for a person\n  end: passed_on"
    )
    assert codes(clinic_with({"visit.yaml": flow})) == []


def test_a_held_time_given_back_on_every_way_is_no_mistake() -> None:
    flow = visit(
        """
        hold:
          do: calendar.hold
          with: {service: "first", slot: "ten"}
          outcomes: {held: next, taken: sorry, failed: sorry}
        give_back:
          do: calendar.release
          outcomes: {released: sorry, failed: sorry}
        sorry:
          say: Nothing is kept.
          end: nothing
        """
    )
    assert codes(clinic_with({"visit.yaml": flow})) == []


def test_a_cancellation_the_patient_said_yes_to_is_no_mistake() -> None:
    flow = visit(
        """
        find:
          do: appointments.list
          save as: theirs
          outcomes: {found: next, none: sorry, failed: sorry}
        choose:
          ask: Which appointment?
          options from: theirs
          save as: theirs
        confirm:
          ask: Shall I cancel {theirs}?
          options:
            cancel: {label: Cancel it}
            leave: {label: Keep it, go to: kept}
        cancel:
          do: calendar.cancel
          with: {appointment: theirs}
          outcomes: {cancelled: next, gone: sorry, failed: sorry}
        cancelled:
          say: It is cancelled.
          end: cancelled
        kept:
          say: It stays.
          end: kept
        sorry:
          hand over: It could not be cancelled
          end: handed_over
        """
    )
    assert codes(clinic_with({"visit.yaml": flow})) == []
    two_yes = flow.replace("go to: kept", "go to: cancel")
    assert "E56" in codes(clinic_with({"visit.yaml": two_yes}))


def test_a_silence_and_a_hand_over_give_a_held_time_back_by_themselves() -> None:
    flow = visit(
        """
        hold:
          do: calendar.hold
          with: {service: "first", slot: "ten"}
          outcomes: {held: next, taken: pass_on, failed: pass_on}
        ask_name:
          ask: Shall we call you?
          options: {call: {label: Call me}}
          silent: [{after: 5 minutes, end: left}]
        pass_on:
          hand over: Somebody wants a time
          end: handed_over
        """
    )
    assert codes(clinic_with({"visit.yaml": flow})) == []


def test_a_flow_run_by_another_may_end_without_words() -> None:
    part = visit("hello:\n  ask: Well?\n  options:\n    fine: {label: Fine, end: fine}")
    part = part.replace("starts with: [visit]\n", "").replace("flow: visit", "flow: part")
    flow = visit("first:\n  run: part\nbye:\n  say: Bye\n  end: done")
    assert codes(clinic_with({"visit.yaml": flow, "part.yaml": part})) == []


def test_a_menu_that_a_flow_leads_back_to_is_no_endless_loop() -> None:
    hours = visit("tell:\n  say: Mon-Fri\nback:\n  run: other_menu\n  end: told")
    menu = visit(
        "choose:\n  ask: Well?\n  options:\n    hours: {label: Hours, run: visit}\n"
        "    fine: {label: Fine, go to: bye}\n"
        "  end: chosen\nbye:\n  say: Bye\n  end: done",
        starts="other",
    ).replace("flow: visit", "flow: other_menu")
    assert codes(clinic_with({"visit.yaml": hours, "other_menu.yaml": menu})) == []
    for_ever = menu.replace("  end: chosen\n", "  go to: choose\n")
    assert "E16" in codes(clinic_with({"visit.yaml": hours, "other_menu.yaml": for_ever}))
