"""The page on how to write flows: its examples are a clinic that works, and it leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.adapters import flows_clinic, flows_facts, flows_steps, flows_transcripts
from bot.adapters.flows_transcripts import read_transcripts
from bot.adapters.flows_yaml import Loaded, checked, load_files
from bot.core.actions import ACTIONS
from bot.core.check import CHECKS, ENGINE_TEXTS, FOUND_WHILE_READING
from bot.desk.reading import reader
from bot.desk.transcripts import FOUND_BY_TESTS, run_transcript

PAGE = (Path(__file__).parents[2] / "docs" / "flows.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return checked(load_files({name: text.encode() for name, text in FILES.items()}))


def test_the_examples_are_a_clinic_without_mistakes(loaded: Loaded) -> None:
    assert {"_clinic.yaml", "clinic.yaml", "faq.yaml", "callback.yaml", "translations/ms/callback.yaml"} <= FILES.keys()
    assert [str(fault) for fault in loaded.faults if fault.code not in ("W70", "W91")] == []


def test_the_example_tests_pass(loaded: Loaded) -> None:
    transcripts, faults = read_transcripts(FILES["tests/callback.yaml"].encode(), "tests/callback.yaml")
    assert faults == ()
    assert len(transcripts) == 2
    assert loaded.clinic is not None
    read = reader(loaded.clinic, ZoneInfo("Asia/Singapore"))
    told = [str(mismatch) for one in transcripts for mismatch in run_transcript(loaded.clinic, one, read)]
    assert not told, "\n".join(told)


def test_every_key_is_on_the_page() -> None:
    step_keys = {key for keys in flows_steps.KINDS.values() for key in keys} | flows_steps.KINDS.keys()
    files = flows_facts.KEYS, flows_facts.SERVICE_KEYS, flows_clinic.QUESTION_KEYS, ENGINE_TEXTS
    tests = flows_transcripts.EXPECT_KEYS, flows_transcripts.GIVEN_KEYS, flows_transcripts.LINES
    other = (flows_steps.OPTION_KEYS, flows_transcripts.STAFF_DOES, ACTIONS, *files, *tests)
    missing = {key for keys in (step_keys, *other) for key in keys if not re.search(rf"\b{re.escape(key)}\b", PAGE)}
    assert missing == set()


def test_every_outcome_is_on_the_page() -> None:
    rows = {row.split("|")[1]: row for row in PAGE.split("\n") if row.startswith("| `")}
    for name, action in ACTIONS.items():
        row = next(row for names, row in rows.items() if f"`{name}`" in names)
        assert all(f"`{outcome}`" in row for outcome in action.gives), name


def test_every_code_is_on_the_page_with_what_it_means() -> None:
    for code, sentence in {**FOUND_WHILE_READING, **FOUND_BY_TESTS}.items():
        assert f"| {code} | {sentence} |" in PAGE
    for code, find in CHECKS.items():
        assert f"| {code} | {(find.__doc__ or '').removeprefix(f'{code}: ').split('.')[0]} |" in PAGE
