"""Talks that are proposed walk what no test walks, read like those of a receptionist, and pass."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import trials
from bot.adapters.flows_transcripts import read_transcripts
from bot.adapters.flows_transcripts_written import write_transcripts
from bot.core.flow import Clinic
from bot.core.transcript import Expected, Given, Hears, Sends, StandIn, Transcript, Waits
from bot.desk.proposing import Proposed, propose
from bot.desk.reading import reader
from bot.desk.transcripts import FOUND_BY_TESTS, coverage, judge, play
from tests.flows_language.small import SMALL
from tests.flows_language.test_transcripts import BOOKED, BOOKING, clinic, played
from tests.universe import SINGAPORE

__all__ = ["clinic"]


def test_from_nothing_every_way_of_a_small_clinic_is_proposed_and_passes(clinic: Clinic) -> None:
    read = reader(clinic, SINGAPORE)
    proposed = propose(clinic, read, ())
    read_back, faults = read_transcripts(write_transcripts(proposed.transcripts).encode(), "tests/proposed.yaml")
    now = [play(clinic, one, read) for one in read_back]
    assert (proposed.left, faults) == ((), ())
    assert [str(one) for two in now for one in two.mismatches] == []
    assert coverage(clinic, now).never == ()
    trod = (trod for one in now for trod in one.trace)
    assert propose(clinic, read, trod) == Proposed((), ())


def test_a_way_that_no_talk_walks_is_told(clinic: Clinic) -> None:
    few = propose(clinic, reader(clinic, SINGAPORE), (), states_max=1)
    assert ("visit", "book", "outcome booked") in few.left


def test_the_file_is_written_beside_the_tests_and_nothing_is_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests").mkdir()
    for name, text in {**SMALL, "visit.yaml": BOOKING, "tests/proposed.yaml": BOOKED}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert trials.test(tmp_path, trials.Wanted(write=True)) == 0
    assert "talks proposed in" in capsys.readouterr().out
    assert (tmp_path / "tests" / "proposed.yaml").read_text() == BOOKED
    assert (tmp_path / "tests" / "proposed2.yaml").read_text().startswith("# Proposed by")
    assert trials.test(tmp_path, trials.Wanted(coverage=True, write=True)) == 0
    told = capsys.readouterr().out
    assert "12 of 12 steps" in told
    assert "There is nothing to propose" in told


COMMENTED = BOOKED.replace("Your number is A17.", "...").replace("  - taps:", "  # Kept: why she taps.\n  - taps:")
MANY = (
    f"# Kept: what is said above the tests.\n{COMMENTED}"
    + """\
---
test: Ravi asks for a person
flow: visit
talk:
- patient: book
- bot: Whom shall I ask for?
  options: [Nobody]
- bot: Is anybody there?

# Kept: a comment between.
- {patient: human}
expect: {control: waiting}   # Kept: a comment behind
"""
)


def test_a_test_is_rewritten_as_the_bot_speaks_today_and_the_rest_of_its_file_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests").mkdir()
    changed = BOOKING.replace("What is the patient's full name?", '"Who is it for? Please write: the full name"')
    changed = changed.replace("label: None of these", "label: Nothing here")
    for name, text in {**SMALL, "visit.yaml": changed, "tests/visit.yaml": MANY}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert trials.test(tmp_path, trials.Wanted()) == 1
    assert trials.test(tmp_path, trials.Wanted(rewrite=True)) == 0
    assert "tests/visit.yaml: 5 answers rewritten." in capsys.readouterr().out
    before, after = MANY.splitlines(), (tmp_path / "tests" / "visit.yaml").read_text().splitlines()
    asked, told = '- bot: "Who is it for? Please write: the full name"', "- bot: Passed on. Mondays"
    assert [line for line in after if line not in before] == [
        f"  {asked}",
        "    options: [Tue 3 Mar 10:00, Wed 4 Mar 14:30, Nothing here]",
        "    options: [Wed 4 Mar 14:30, Nothing here]",
        asked,
        told,
    ]
    assert [line for line in before if line not in after] == [
        "  - bot: What is the patient's full name?",
        "    options: [Tue 3 Mar 10:00, Wed 4 Mar 14:30, None of these]",
        "    options: [Wed 4 Mar 14:30, None of these]",
        "- bot: Whom shall I ask for?",
        "  options: [Nobody]",
        "- bot: Is anybody there?",
    ]


def test_what_the_tests_tell_has_codes(clinic: Clinic) -> None:
    faults = judge(clinic, [played(clinic, BOOKED.replace("number is A17", "number is A18"))])
    assert {fault.code for fault in faults} == FOUND_BY_TESTS.keys()
    told = {str(fault) for fault in faults}
    assert (
        'tests/visit.yaml:23: "Mei Ling books, after somebody else took the first time" goes otherwise here. '
        "See: python -m bot test" in told
    )
    assert "visit.yaml:1: in no test the patient goes back. Add one: what was held must be given back." in told


MEANS_MUCH = "aZ09 :#-?!'\"{}[],&*|>%@`~./\\=+"
TEXTS = (
    st.one_of(
        st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" ")),
        st.text(MEANS_MUCH),
        st.sampled_from(
            ["yes", "No", "null", "10:30", "1e3", "+65 6000 0000", "2026-03-02", "- a", "a: b", "a #b", "..."]
        ),
    )
    .map(str.strip)
    .filter(bool)
)
"""Anything that can be seen, and what means something in YAML."""


@given(TEXTS, TEXTS, st.integers(1, 5_000), st.sampled_from(["text", "tap"]))
def test_whatever_is_said_is_read_back_to_the_letter(said: str, answer: str, minutes: int, kind: str) -> None:
    draft = Transcript(
        said,
        "tests/a.yaml",
        1,
        "visit",
        (Sends(9, said, kind), Hears(11, f"{answer}\n{said}", (said, answer)), Waits(20, minutes * 60)),  # type: ignore[arg-type]
        Given(in_turn={"calendar.hold": (StandIn("held", {"until": said, "when": answer}), StandIn("taken"))}),
        Expected("done", {"name": said}, ("calendar.hold",), "waiting", True),
    )
    [found], faults = read_transcripts(write_transcripts([draft]).encode(), "tests/a.yaml")
    assert faults == ()
    assert found.name == said.strip()
    assert [getattr(one, "text", 0) for one in found.talk] == [said, f"{answer}\n{said}", 0]
    assert found.talk[1].options == (said, answer)  # type: ignore[union-attr]
    assert (found.given.in_turn, found.expected.saved) == (draft.given.in_turn, {"name": said})
    assert (found.talk[2].seconds, found.expected.urgent) == (minutes * 60, True)  # type: ignore[union-attr]
