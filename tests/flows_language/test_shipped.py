"""The flows that ship with the project are sound, and their own tests pass."""

from __future__ import annotations

from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.flows_transcripts import load_transcripts
from bot.adapters.flows_yaml import Loaded, load_checked
from bot.core.transcript import Transcript
from bot.desk.reading import reader
from bot.desk.transcripts import Played, coverage, play
from tests.universe import SHIPPED

TRANSCRIPTS, FAULTS = load_transcripts(SHIPPED)


@cache
def shipped() -> Loaded:
    return load_checked(SHIPPED)


@cache
def played() -> dict[str, Played]:
    clinic = shipped().clinic
    assert clinic is not None
    read = reader(clinic, ZoneInfo("Asia/Singapore"))
    return {f"{one.file}:{one.line}": play(clinic, one, read) for one in TRANSCRIPTS}


def test_the_shipped_flows_have_no_mistakes() -> None:
    assert shipped().sound, [str(fault) for fault in shipped().faults if fault.level == "error"]


def test_the_shipped_tests_can_be_read() -> None:
    assert FAULTS == (), [str(fault) for fault in FAULTS]
    assert TRANSCRIPTS


@pytest.mark.parametrize("transcript", TRANSCRIPTS, ids=lambda one: f"{one.file}:{one.line}")
def test_the_shipped_flows_talk_as_their_tests_say(transcript: Transcript) -> None:
    mismatches = played()[f"{transcript.file}:{transcript.line}"].mismatches
    assert not mismatches, "\n".join(map(str, mismatches))


def test_the_shipped_tests_walk_every_step() -> None:
    clinic = shipped().clinic
    assert clinic is not None
    found = coverage(clinic, played().values())
    assert found.steps_walked == found.steps, str(found)
