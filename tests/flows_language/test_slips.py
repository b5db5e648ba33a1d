"""A beginner's slips in a flow: each is told at its own line, in words that say what to type instead."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bot.adapters.flows_yaml import Loaded, load_checked
from bot.core.fault import Fault
from tests.flows_language.small import SMALL, clinic_with
from tests.universe import SHIPPED

REFILL = """\
flow: refill
title: Repeat prescription
starts with: [refill, more medicine]

steps:

  which:
    ask: Which medicine do you need again?
    type: text
    save as: medicine

  who:
    ask: What is the patient's full name?
    type: person name
    save as: name

  confirm:
    ask: |
      A repeat of {medicine}
      for {name}.
      Shall I pass it on?
    options:
      send: {label: "Yes, please", also: [ok, sure]}
      leave: {label: "No, leave it", go to: not_sent}

  pass_on:
    hand over: A repeat prescription is asked for
    say: Thank you. Our staff will look at it and write to you here.
    end: asked

  not_sent:
    say: Nothing was sent. Write REFILL when you need it.
    end: left
"""

SLIPS = [
    ("    type: text\n", "    type text\n", 9, "a colon is missing in this line", 'Write "type: ..."'),
    ("  who:\n", "  who\n", 12, "a colon is missing in this line", 'Write "who:"'),
    ("type: text", "type:text", 9, "a space is missing behind the colon", 'Write "type: text"'),
    ("type: text", "type：text", 9, "there is a Chinese colon", 'Write "type: "'),
    ("    type: text", "\ttype: text", 9, "there is a tab", "Use spaces"),
    ("    type: text", "\u00a0\u00a0\u00a0 type: text", 9, "a special space", "ordinary spaces"),
    ("      leave:", "     leave:", 24, "indented by 5 spaces", "line 23 by 6"),
    ("  who:\n", "who:\n", 17, "indented by 2 spaces", "line 12 by 0"),
    ("  who:\n    ask", "    who:\n      ask", 12, 'has no key "who"', "move it and its keys to the left"),
    ("      A repeat", "    A repeat", 19, "no further to the right than its key", "two spaces further"),
    ('"Yes, please"', '"Yes, please', 23, "a quote is opened here and not closed", 'Write " at the end'),
    ("ask: Which medicine", 'ask: "Which medicine', 8, "a quote is opened here and not closed", 'Write " at the end'),
    ("ask: What is the patient's full name?", "ask: 'What is the patient's name?'", 13, "an apostrophe", "double"),
    ('"Yes, please"', "“Yes, please”", 23, "has no key", "Type straight quotes"),
    ('"Yes, please"', "Yes, please", 23, 'has no key "please"', "a text that contains a comma"),
    ("more medicine]", "more medicine", 3, '"[" is opened in this line and not closed', 'Write "]"'),
    ("go to: not_sent}", "go to: not_sent", 24, '"{" is opened in this line and not closed', 'Write "}"'),
    ("say: Nothing", "say: {name}, nothing", 32, 'a text begins with "{"', "double quotes"),
    ("say: Nothing", "say: [Info] nothing", 32, 'a text begins with "["', "double quotes"),
    ("say: Nothing", "say: - Nothing", 32, 'a text begins with "-"', "double quotes"),
    ("ask: Which", "ask: *Which*", 8, 'a text begins with "*"', "double quotes"),
    ("ask: Which medicine do", "ask: Medicine: which do", 8, "a second colon", "Put quotes around"),
    ("medicine do you", "medicine # do you", 8, "is a remark, and never said", "Put quotes around"),
    ("      send:", "      - send:", 24, 'line 23 begins a list with "- "', "no lists"),
    ("    say: Nothing", "<<<<<<< HEAD\n    say: Nothing", 32, "two people changed these lines", '"<<<<<<<"'),
    ("for {name}.", "for {name.", 17, 'says "{name." as it stands', 'Write "{name}"'),
    ("for {name}.", "for {patient}.", 17, 'names "patient", which nothing saves', 'save as: patient'),
    ("    type: text\n", "    type: text\n    type: text\n", 10, '"type" is here twice', "Delete or rename"),
    ("      leave:", "      send:", 24, '"send" is here twice', "Delete or rename"),
    ("save as: medicine", "save_as: medicine", 10, 'has no key "save_as"', 'Did you mean "save as"?'),
    ("go to: not_sent", "go to: not_send", 24, "no such step", 'Did you mean "not_sent"?'),
    ("more medicine]", "human]", 3, '"human" means "person" anywhere', "Take it away"),
]  # fmt: skip


def told(text: str) -> tuple[Fault, ...]:
    return clinic_with({"refill.yaml": text}).faults


def test_the_flow_itself_has_no_slip() -> None:
    assert [fault for fault in told(REFILL) if fault.file == "refill.yaml" and fault.code != "W70"] == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "message", "remedy"), SLIPS, ids=[slip[1].strip() for slip in SLIPS]
)
def test_a_slip_is_told_where_it_is_with_what_to_type(
    right: str, wrong: str, line: int, message: str, remedy: str
) -> None:
    assert right in REFILL
    found = [one for one in told(REFILL.replace(right, wrong, 1)) if one.line == line and message in one.message]
    assert found, [str(one) for one in told(REFILL.replace(right, wrong, 1))]
    assert remedy in found[0].remedy
    assert found[0].column > 0


@pytest.mark.parametrize(
    "text", [REFILL.replace("\n", "\r\n"), "\ufeff" + REFILL, REFILL.replace("Thank you.", "Thank you 😊")]
)
def test_what_editors_do_by_themselves_is_no_slip(text: str) -> None:
    assert [fault for fault in told(text) if fault.file == "refill.yaml" and fault.level == "error"] == []


def test_one_line_has_all_of_it() -> None:
    [fault] = [one for one in told(REFILL.replace("go to: not_sent", "go to: not_send")) if one.code == "E10"]
    assert fault.told == (
        'refill.yaml:24:23 confirm: the option "No, leave it" goes to "not_send" - no such step. '
        'Did you mean "not_sent"? (E10)'
    )


# ---- a file too many, or too few


def of_folder(folder: Path, **files: str) -> Loaded:
    for name, text in {**SMALL, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_checked(folder)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("refill.yml", 'Rename it to "refill.yaml".'),
        ("tests/refill.yml", 'Rename it to "refill.yaml".'),
        ("old/refill.yaml", "Flows lie in the folder itself"),
        ("translations/refill.yaml", "translations in translations/LANGUAGE/"),
    ],
)
def test_a_file_that_is_not_read_is_told(tmp_path: Path, name: str, remedy: str) -> None:
    loaded = of_folder(tmp_path, **{name: REFILL})
    [fault] = [one for one in loaded.faults if one.code == "W08"]
    assert fault.file == name
    assert remedy in fault.remedy
    assert loaded.sound


def test_what_editors_leave_behind_is_not_told(tmp_path: Path) -> None:
    left = {".refill.yaml.swp": "x", "refill.yaml~": "x", "notes.txt": "x", ".refill.yaml": "x"}
    assert [one for one in of_folder(tmp_path, **left).faults if one.code == "W08"] == []


def test_of_a_flow_and_its_copy_the_copy_is_told_and_nothing_else() -> None:
    loaded = clinic_with({"refill.yaml": REFILL, "copy of refill.yaml": REFILL})
    errors = [str(one) for one in loaded.faults if one.level == "error"]
    assert errors == [
        'copy of refill.yaml:1: the flow "refill" is also in refill.yaml. Rename one of them, or delete the copy.'
    ]


@pytest.mark.parametrize("missing", ["_clinic.yaml", "clinic.yaml"])
def test_a_missing_file_is_not_lost_among_what_follows_from_it(tmp_path: Path, missing: str) -> None:
    of_folder(tmp_path)
    (tmp_path / missing).unlink()
    assert [str(one) for one in load_checked(tmp_path).faults] == [
        f"{missing}: this file is missing. Every clinic needs it."
    ]


def test_a_flow_that_cannot_be_read_is_the_one_thing_told_and_not_all_that_leads_to_it(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path / "flows")
    flow = tmp_path / "flows" / "booking.yaml"
    sound = flow.read_text()
    flow.write_text(sound.replace("steps:\n", "steps\n", 1))
    before, after = load_checked(SHIPPED), load_checked(tmp_path / "flows")
    assert flow.read_text() != sound
    assert [(fault.code, fault.file) for fault in after.faults if fault not in before.faults] == [
        ("E01", "booking.yaml")
    ]


def test_a_slip_in_the_clinics_facts_is_told_alone(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    facts = (tmp_path / "clinic.yaml").read_text(encoding="utf-8")
    right, slip = '{on: "2026-12-24", reason: Christmas Eve}', 'on: "2026-12-24" reason: Christmas Eve'
    assert right in facts
    (tmp_path / "clinic.yaml").write_text(facts.replace(right, slip), encoding="utf-8")
    (fault,) = (one for one in load_checked(tmp_path).faults if one.level == "error")
    line = facts[: facts.index(right)].count("\n") + 1
    assert (fault.file, fault.line, fault.message) == ("clinic.yaml", line, "there is more behind the closing quote.")


def test_a_mistyped_key_that_is_needed_is_not_missing_besides(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    faq = (tmp_path / "faq.yaml").read_text(encoding="utf-8").replace("    answer: ", "    anser: ", 1)
    (tmp_path / "faq.yaml").write_text(faq, encoding="utf-8")
    assert [one.code for one in load_checked(tmp_path).faults if one.level == "error"] == ["E03"]


def test_somebody_new_whom_no_service_names_is_told(tmp_path: Path) -> None:
    shutil.copytree(SHIPPED, tmp_path, dirs_exist_ok=True)
    facts = (tmp_path / "clinic.yaml").read_text(encoding="utf-8")
    facts = facts.replace("practitioners:\n", "practitioners:\n  tan: {name: Dr Tan}\n", 1)
    (tmp_path / "clinic.yaml").write_text(facts, encoding="utf-8")
    (fault,) = (one for one in load_checked(tmp_path).faults if one.code == "W09")
    assert '"tan"' in fault.message
