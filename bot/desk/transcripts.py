"""Plays the clinic's own tests against the real engine, with stand-ins for the clinic's system."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from zoneinfo import ZoneInfo

from bot.core.conversation import Conversation
from bot.core.effects import DoAction, Effect, Say, Trod
from bot.core.events import Event, Message, Outcome, Reading, SilenceRanOut
from bot.core.flow import Ask, Clinic, Do, Step, Value
from bot.core.names import label
from bot.core.place import Stranded
from bot.core.transcript import Given, Hears, Sends, StandIn, Transcript, Waits
from bot.core.turn import take_turn
from bot.core.ways import Way, ways_of

Read = Callable[[str, datetime], Reading]
MEI_LING, WITHOUT_PHONE = "whatsapp:+6591234567", "whatsapp:SG.1A2B3C4D5E"
ACTIONS_MAX = 20
"""Actions in one turn; a flow that asks for more runs in a circle."""
COLUMN = 46
"""Characters of each of the two columns a mismatch is shown in."""
WHO_IS_HEARD = frozenset({"reply", "notice", "safety"})


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


class CannotPlayError(Exception):
    """The test asks for something that is not there: a stand-in, a button. The message says what to add."""


def run_transcript(clinic: Clinic, transcript: Transcript, read: Read) -> list[Mismatch]:
    """Where a test and the bot disagree: nothing when it passes. ``read`` is :func:`bot.desk.reading.reader`'s."""
    return list(play(clinic, transcript, read).mismatches)


def play(clinic: Clinic, transcript: Transcript, read: Read) -> Played:
    """Play one test until it is over or the bot first says something else."""
    table = _Table(_as_given(clinic, transcript.given), transcript, read)
    mismatches: list[Mismatch] = []
    for spoken, heard in _rounds(transcript):
        try:
            table.happens(spoken)
        except (CannotPlayError, Stranded, LookupError) as stuck:
            mismatches.append(table.mismatch(spoken.line, "", f"(stopped) {stuck}"))
            break
        mismatches += _compare(table, spoken.line, heard)
        if mismatches:
            break
    else:
        mismatches += _afterwards(table, transcript)
    return Played(transcript, tuple(mismatches), tuple(table.trace))


def _as_given(clinic: Clinic, given: Given) -> Clinic:
    return replace(clinic, facts={**clinic.facts, **given.facts}, lists={**clinic.lists, **given.lists})


def _rounds(transcript: Transcript) -> list[tuple[Sends | Waits, list[Hears]]]:
    """Each thing the patient does, with the bot's lines that follow it."""
    rounds: list[tuple[Sends | Waits, list[Hears]]] = []
    for line in transcript.talk:
        if not isinstance(line, Hears):
            rounds.append((line, []))
        elif rounds:
            rounds[-1][1].append(line)
        else:
            rounds.append((Waits(line.line, 0), [line]))
    return rounds


@dataclass
class _Table:
    """One conversation under test: the engine on one side, the stand-ins on the other."""

    clinic: Clinic
    transcript: Transcript
    read: Read
    conversation: Conversation = field(init=False)
    now: datetime = field(init=False)
    said: list[Say] = field(default_factory=list)
    """What the bot said since the patient last did something."""
    offered: dict[str, str] = field(default_factory=dict)
    """Button id by label, from the last message that had some."""
    did: list[str] = field(default_factory=list)
    trace: list[Trod] = field(default_factory=list)
    saved: dict[str, Value] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    """How often each action was asked for."""

    def __post_init__(self) -> None:
        given = self.transcript.given
        zone = ZoneInfo(str(self.clinic.facts.get("time zone") or "UTC"))
        self.now = datetime.fromisoformat(given.now).replace(tzinfo=zone).astimezone(UTC)
        self.conversation = Conversation(
            id="transcript",
            address=MEI_LING if given.phone else WITHOUT_PHONE,
            language=given.language or self.clinic.languages[0],
            language_chosen=bool(given.language),
            greeted=not given.first_contact,
        )

    def happens(self, spoken: Sends | Waits) -> None:
        """The patient does something, or nothing for a while."""
        self.said = []
        if isinstance(spoken, Sends):
            self._turn(self._message(spoken))
            return
        self.now += timedelta(seconds=spoken.seconds)
        while 0 < self.conversation.silence_due <= self.now.timestamp():
            self._turn(SilenceRanOut())

    def _message(self, spoken: Sends) -> Message:
        button = ""
        if spoken.kind == "tap":
            if spoken.text not in self.offered:
                shown = ", ".join(f'"{one}"' for one in self.offered) or "none"
                raise CannotPlayError(f'There is no button "{spoken.text}" to tap. Shown are: {shown}.')
            button = self.offered[spoken.text]
        return Message(f"SM{spoken.line:032d}", spoken.kind, spoken.text, button, self.read(spoken.text, self.now))

    def _turn(self, event: Event) -> None:
        turn = take_turn(self.clinic, self.conversation, event, self.now)
        self._take_down(turn.conversation, turn.effects, turn.trace)
        for _ in range(ACTIONS_MAX):
            if turn.asked is None:
                return
            turn = take_turn(self.clinic, self.conversation, self._outcome(turn.asked), self.now)
            self._take_down(turn.conversation, turn.effects, turn.trace)
        raise CannotPlayError(f"More than {ACTIONS_MAX} actions follow each other.")

    def _take_down(self, conversation: Conversation, effects: Iterable[Effect], trace: Iterable[Trod]) -> None:
        self.conversation = conversation
        self.trace += trace
        for frame in conversation.stack:
            self.trace.append(Trod(frame.flow, frame.step, "stood"))
            self.saved |= frame.saved
        for effect in effects:
            if isinstance(effect, DoAction):
                self.did.append(effect.action)
            elif isinstance(effect, Say) and effect.speech in WHO_IS_HEARD:
                self.said.append(effect)
                if effect.choices:
                    self.offered = {choice.label: choice.id for choice in effect.choices}

    def _outcome(self, asked: DoAction) -> Outcome:
        stand_in = self._stand_in(asked.action)
        value = self._with_times(stand_in.value)
        body = self._step().body
        if isinstance(body, Do) and body.save_as and value is not None:
            self.saved[body.save_as] = value
        outcome = Outcome(asked.action, stand_in.outcome, value)
        if asked.action == "language.set":
            chosen = asked.inputs.get("language")
            return replace(outcome, language=str(chosen.get("id") if isinstance(chosen, Mapping) else chosen))
        if stand_in.outcome in ("stopped", "started"):
            return replace(outcome, opted_out=stand_in.outcome == "stopped")
        return outcome

    def _stand_in(self, action: str) -> StandIn:
        given, time = self.transcript.given, self.asked.get(action, 0)
        self.asked[action] = time + 1
        if action in given.always:
            return given.always[action]
        outcomes = given.in_turn.get(action, ())
        if time < len(outcomes):
            return outcomes[time]
        raise CannotPlayError(f'"given" says {len(outcomes)} time(s) how {action} comes out; it is asked {time + 1}.')

    def _step(self) -> Step:
        frame = self.conversation.stack[-1]
        return self.clinic.flows[frame.flow].steps[frame.step]

    def _with_times(self, value: Value) -> Value:
        """Options with the date and time their labels name, as those of the calendar have them."""
        if not isinstance(value, tuple):
            return value
        return tuple(self._with_time(one) if isinstance(one, Mapping) else one for one in value)

    def _with_time(self, option: Mapping[str, Value]) -> Mapping[str, Value]:
        reading = self.read(str(option.get("label", "")), self.now)
        found: dict[str, Value] = {}
        if len(reading.dates) == 1:
            found["date"] = reading.dates[0]
        if len(reading.times) == 1:
            found["time"] = reading.times[0]
        return {**found, **option}

    def mismatch(self, line: int, expected: str, got: str) -> Mismatch:
        """A disagreement at a line of this test."""
        return Mismatch(self.transcript.name, self.transcript.file, line, expected, got)


# ---- comparing


def _compare(table: _Table, line: int, heard: Sequence[Hears]) -> list[Mismatch]:
    """All bot lines between two of the patient, in order, none left over."""
    mismatches = []
    for expected, said in zip_longest(heard, table.said):
        line = expected.line if expected else line
        if expected is None or said is None or not _same(expected, said):
            mismatches.append(table.mismatch(line, _expected_words(expected), _said_words(said, expected)))
    return mismatches


def _same(expected: Hears, said: Say) -> bool:
    if expected.options is not None and expected.options != tuple(choice.label for choice in said.choices):
        return False
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


def _afterwards(table: _Table, transcript: Transcript) -> list[Mismatch]:
    wanted, mismatches = transcript.expected, []

    def compare(what: str, expected: object, got: object) -> None:
        if expected is not None and expected != got:
            mismatches.append(table.mismatch(wanted.line, f"{what}: {_shown(expected)}", f"{what}: {_shown(got)}"))

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


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the flows the tests walk. ``never`` has a line for each step and way none of them walks."""

    steps: int
    steps_walked: int
    ways: int
    ways_walked: int
    never: tuple[str, ...] = ()

    def __str__(self) -> str:
        steps = f"{self.steps_walked} of {self.steps} steps"
        return "\n".join([*self.never, f"walked: {steps}, {self.ways_walked} of {self.ways} ways"])


def coverage(clinic: Clinic, played: Iterable[Played]) -> Coverage:
    """Steps and ways the tests walked. Ways every question has by default are the engine's, and not counted."""
    trod = {(one.flow, one.step, one.way) for test in played for one in test.trace}
    stood = {(flow, step) for flow, step, _ in trod}
    steps = [(flow, step) for flow in clinic.flows.values() for step in flow.steps.values()]
    ways = [(flow, step, way) for flow, step in steps for way in ways_of(step) if _written(step, way)]
    missed = [(flow, step) for flow, step in steps if (flow.name, step.name) not in stood]
    untrod = [(flow, step, way) for flow, step, way in ways if (flow.name, step.name, way.name) not in trod]
    never = [(flow.file, step.line, f"{step.name}: never reached") for flow, step in missed]
    never += [
        (flow.file, way.line, f"{step.name}: never {way.name}")
        for flow, step, way in untrod
        if (flow.name, step.name) in stood
    ]
    lines = tuple(f"{file}:{line} {what}" for file, line, what in sorted(never))
    return Coverage(len(steps), len(steps) - len(missed), len(ways), len(ways) - len(untrod), lines)


def _written(step: Step, way: Way) -> bool:
    """Whether the flow itself says so, and not the defaults."""
    if not isinstance(step.body, Ask):
        return True
    if way.kind == "last try":
        return step.body.after_last_try is not None
    return way.kind != "silence" or any(rule.line == way.line for rule in step.body.silent)
