"""Plays the clinic's own tests against the real engine, with stand-ins for the clinic's system."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from types import MappingProxyType

from bot.core.actions import ACTIONS
from bot.core.effects import Say, Trod
from bot.core.fault import At, Fault, did_you_mean, in_reading_order
from bot.core.flow import Ask, Clinic, Do, Step, Value
from bot.core.names import label
from bot.core.place import Stranded
from bot.core.transcript import Doing, Hears, Sends, Transcript, Waits
from bot.core.ways import Way, ways_of
from bot.desk.rehearsing import AT_ONCE, CannotPlayError, Read, Rehearsal

COLUMN = 46
"""Characters of each of the two columns a mismatch is shown in."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Where a test and the bot disagree. ``str()`` shows both side by side."""

    test: str
    file: str
    line: int
    expected: str
    got: str

    def __str__(self) -> str:
        rows = zip_longest(_wrapped("expected", self.expected), _wrapped("got", self.got), fillvalue="")
        return "\n".join([f"{self.file}:{self.line} {self.test}", *(f"  {a:<{COLUMN}} | {b}" for a, b in rows)])


def _wrapped(head: str, text: str) -> list[str]:
    return [head, *(part for line in text.splitlines() for part in textwrap.wrap(line, COLUMN) or [""])]


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one test: where it disagrees, and everything that happened, for coverage."""

    transcript: Transcript
    mismatches: tuple[Mismatch, ...]
    trace: tuple[Trod, ...]


def run_transcript(clinic: Clinic, transcript: Transcript, read: Read) -> list[Mismatch]:
    """Where a test and the bot disagree: nothing when it passes. ``read`` is :func:`bot.desk.reading.reader`'s."""
    return list(play(clinic, transcript, read).mismatches)


def play(clinic: Clinic, transcript: Transcript, read: Read) -> Played:
    """Play one test until it is over or the bot first says something else."""
    if transcript.flow not in clinic.flows:
        there_is = did_you_mean(transcript.flow, clinic.flows)
        no_flow = f'there is no flow "{transcript.flow}". {there_is}'.strip()
        return Played(transcript, (_mismatch(transcript, transcript.line, "", f"(stopped) {no_flow}"),), ())
    table = Rehearsal(clinic, transcript.given, read)
    mismatches: list[Mismatch] = []
    for spoken, heard in _rounds(transcript):
        line = spoken[-1].line
        try:
            table.happens(*spoken)
        except (CannotPlayError, Stranded, LookupError) as stuck:
            mismatches.append(_mismatch(transcript, line, "", f"(stopped) {stuck}"))
            break
        mismatches += _compare(transcript, heard=table.said, line=line, hears=heard)
        if mismatches:
            break
    else:
        mismatches += _afterwards(table, transcript)
    return Played(transcript, tuple(mismatches), tuple(table.trace))


def as_it_goes(clinic: Clinic, transcript: Transcript, read: Read) -> dict[int, tuple[Hears, ...]]:
    """What the bot says today where a test expects something else, by the line of what the patient did before. The
    test is played as far as it can be."""
    table = Rehearsal(clinic, transcript.given, read)
    answers: dict[int, tuple[Hears, ...]] = {}
    for spoken, heard in _rounds(transcript):
        line = spoken[-1].line
        try:
            table.happens(*spoken)
        except (CannotPlayError, Stranded, LookupError):
            break
        if _compare(transcript, heard=table.said, line=line, hears=heard):
            expected = heard if len(heard) == len(table.said) else [None] * len(table.said)
            answers[line] = tuple(map(_as_said, table.said, expected))
    return answers


def _as_said(said: Say, expected: Hears | None) -> Hears:
    """A line as it must be, with whatever of it is right already: any words, options that are not looked at."""
    now = heard_as(said)
    if expected is None:
        return now
    text = expected.text if _says_so(expected, said) else now.text
    return replace(now, text=text, options=None if expected.options is None else now.options)


def heard_as(said: Say) -> Hears:
    """Words of the bot as a line of a test."""
    return Hears(0, said.text, tuple(choice.label for choice in said.choices) or None)


def _rounds(transcript: Transcript) -> list[tuple[tuple[Doing, ...], list[Hears]]]:
    """Each thing the patient does, or several that she sends at once, with the bot's lines that follow."""
    rounds: list[tuple[tuple[Doing, ...], list[Hears]]] = []
    for line in transcript.talk:
        if isinstance(line, Hears):
            if not rounds:
                rounds.append(((Waits(line.line, 0),), []))
            rounds[-1][1].append(line)
        elif rounds and _at_once(rounds[-1], line):
            rounds[-1] = ((*rounds[-1][0], line), [])
        else:
            rounds.append(((line,), []))
    return rounds


def _at_once(before: tuple[tuple[Doing, ...], list[Hears]], line: Doing) -> bool:
    spoken, heard = before
    return not heard and isinstance(spoken[-1], Sends) and isinstance(line, Sends)


# ---- comparing


def _mismatch(transcript: Transcript, line: int, expected: str, got: str) -> Mismatch:
    return Mismatch(transcript.name, transcript.file, line, expected, got)


def _compare(transcript: Transcript, heard: Sequence[Say], line: int, hears: Sequence[Hears]) -> list[Mismatch]:
    """All bot lines between two of the patient, in order, none left over."""
    mismatches = []
    for expected, said in zip_longest(hears, heard):
        line = expected.line if expected else line
        if expected is None or said is None or not _same(expected, said):
            mismatches.append(_mismatch(transcript, line, _expected_words(expected), _said_words(said, expected)))
    return mismatches


def _same(expected: Hears, said: Say) -> bool:
    if expected.options is not None and expected.options != tuple(choice.label for choice in said.choices):
        return False
    return _says_so(expected, said)


def _says_so(expected: Hears, said: Say) -> bool:
    parts = [re.escape(_spaced(part)) for part in expected.text.split("...")]
    return re.fullmatch(r"\s*.*?\s*".join(parts), _spaced(said.text), re.DOTALL) is not None


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _expected_words(expected: Hears | None) -> str:
    if expected is None:
        return "(nothing)"
    return expected.text if expected.options is None else f"{expected.text}\n[{', '.join(expected.options)}]"


def _said_words(said: Say | None, expected: Hears | None) -> str:
    if said is None:
        return "(nothing)"
    labels = ", ".join(choice.label for choice in said.choices)
    shown = said.choices if expected is None else expected.options is not None
    return f"{said.text}\n[{labels}]" if shown else said.text


def _afterwards(table: Rehearsal, transcript: Transcript) -> list[Mismatch]:
    wanted, mismatches = transcript.expected, []

    def compare(what: str, expected: object, got: object) -> None:
        if expected is not None and expected != got:
            told = f"{what}: {_shown(expected)}", f"{what}: {_shown(got)}"
            mismatches.append(_mismatch(transcript, wanted.line, *told))

    ends = [
        one.way.removeprefix("end ") for one in table.trace if one.flow == transcript.flow and one.way[:4] == "end "
    ]
    compare("ended", wanted.ended, ends[-1] if ends else "(it did not end)")
    for name, value in wanted.saved.items():
        got = _plain(table.saved.get(name), table.conversation.language)
        compare(f"saved {name}", value, value if value in got else got[0])
    compare("effects", wanted.effects, tuple(table.did))
    compare("control", wanted.control, table.conversation.control)
    compare("urgent", wanted.urgent, table.conversation.urgent)
    return mismatches


def _plain(value: Value, language: str) -> tuple[str, ...]:
    """How a saved value may be written in a test: an option by its label or its id."""
    if isinstance(value, Mapping):
        return label(value, language), str(value.get("id", ""))
    return ("(nothing)" if value is None else str(value),)


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


# ---- coverage

FOUND_BY_TESTS: Mapping[str, str] = MappingProxyType(
    {
        "E110": "a test fails",
        "W111": "a step or way that no test walks",
        "W112": "no test goes back, asks for a person, is silent or sends two at once in a flow that changes something",
    }
)
"""What the clinic's own tests tell of its files, by code."""
GIVEN_BACK = "Add one: what was held must be given back."


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the flows the tests walk. ``never`` has a warning for each step and way none of them walks."""

    steps: int
    steps_walked: int
    ways: int
    ways_walked: int
    never: tuple[Fault, ...] = ()

    def __str__(self) -> str:
        steps = f"{self.steps_walked} of {self.steps} steps"
        return "\n".join([*map(str, self.never), f"walked: {steps}, {self.ways_walked} of {self.ways} ways"])


def coverage(clinic: Clinic, played: Iterable[Played]) -> Coverage:
    """Steps and ways the tests walked. Ways every question has by default are the engine's, and not counted."""
    trod = {(one.flow, one.step, one.way) for test in played for one in test.trace}
    stood = {(flow, step) for flow, step, _ in trod}
    steps = [(flow, step) for flow in clinic.flows.values() for step in flow.steps.values()]
    ways = [(flow, step, way) for flow, step in steps for way in ways_of(step) if _written(step, way)]
    missed = [(flow, step) for flow, step in steps if (flow.name, step.name) not in stood]
    untrod = [(flow, step, way) for flow, step, way in ways if (flow.name, step.name, way.name) not in trod]
    never = [At(flow, step).fault("W111", "never reached", "") for flow, step in missed]
    never += [
        At(flow, step, way.line).fault("W111", f"never {way.name}", "")
        for flow, step, way in untrod
        if (flow.name, step.name) in stood
    ]
    return Coverage(len(steps), len(steps) - len(missed), len(ways), len(ways) - len(untrod), in_reading_order(never))


def judge(clinic: Clinic, played: Sequence[Played]) -> tuple[Fault, ...]:
    """Everything that the tests tell, as publishing and other programs ask for it (:data:`FOUND_BY_TESTS`)."""
    failing = (
        Fault("E110", one.file, one.line, 0, "", f'"{one.test}" goes otherwise here.', "See: python -m bot test")
        for test in played
        for one in test.mismatches
    )
    return in_reading_order((*failing, *coverage(clinic, played).never, *_never_disturbed(clinic, played)))


def _never_disturbed(clinic: Clinic, played: Iterable[Played]) -> Iterator[Fault]:
    """Flows that change something, and what a patient may do at any question that no test does in them."""
    trod = {(one.flow, one.way) for test in played for one in test.trace}
    person = {f"anywhere {one.name}" for one in clinic.anywhere if one.act == "hand over"}
    disturbances = {
        "goes back": ({"back"}, GIVEN_BACK),
        "asks for a person": (person, GIVEN_BACK),
        "falls silent": ({"silence 1", "silence 2"}, GIVEN_BACK),
        "sends two things at once": ({AT_ONCE}, "Add one: what is asked for once is done once."),
    }
    for flow in clinic.flows.values():
        bodies = [step.body for step in flow.steps.values()]
        changes = any(isinstance(body, Do) and _changes(body.action) for body in bodies)
        if changes and any(isinstance(body, Ask) for body in bodies):
            for what, (ways, remedy) in disturbances.items():
                if not any((flow.name, way) in trod for way in ways):
                    yield At(flow).fault("W112", f"in no test the patient {what}.", remedy)


def _changes(action: str) -> bool:
    declared = ACTIONS.get(action)
    return declared is not None and (declared.needs_confirmation or bool(declared.opens))


def written_ways(clinic: Clinic) -> Iterator[tuple[str, str, str]]:
    """Every way the flows themselves have: flow, step and way, as a trace names them."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            yield from ((flow.name, step.name, way.name) for way in ways_of(step) if _written(step, way))


def _written(step: Step, way: Way) -> bool:
    """Whether the flow itself says so, and not the defaults."""
    if not isinstance(step.body, Ask):
        return True
    if way.kind == "last try":
        return step.body.after_last_try is not None
    return way.kind != "silence" or any(rule.line == way.line for rule in step.body.silent)
