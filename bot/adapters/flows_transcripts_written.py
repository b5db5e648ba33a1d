"""Writes the clinic's own tests as files, in the manner of the shipped ones: what
:mod:`bot.adapters.flows_transcripts` reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping

from bot.core.flow import Value
from bot.core.transcript import Expected, Given, Hears, Sends, Spoken, Staff, StandIn, Transcript, Waits

_PLAIN = re.compile(r"[A-Za-z](?:[A-Za-z0-9 .?!()'/_-]|:(?=[A-Za-z0-9]))*(?<! )")
_PLAIN_ALONE = re.compile(r"""[A-Za-z](?:[A-Za-z0-9 .?!()'/_,;"+&-]|:(?=[A-Za-z0-9]))*(?<! )|\.\.\.""")
"""What means itself in YAML inside brackets, and alone on its line; everything else is quoted."""
_NOT_TEXT = frozenset("y n yes no on off true false null".split())
"""What other programs take for something else than text."""
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))
_SENDS = {"media": "photo", "location": "location", "contact": "contact"}
TIME_TEXT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")


def write_transcripts(transcripts: Iterable[Transcript], about: str = "") -> str:
    """A file of tests, one document each, under a comment that says what they are."""
    heading = "".join(f"# {line}\n" for line in about.splitlines())
    return heading + "---\n".join("\n".join(_lines(one)) + "\n" for one in transcripts)


def rewritten(content: str, talk: Iterable[Spoken], answers: Mapping[int, Iterable[Hears]]) -> str:
    """A file with other lines of the bot behind some of the patient's, which are named by their line; ``talk`` is
    everything spoken in the file. Whatever else is in it stays as it is."""
    lines = content.split("\n")
    spoken = sorted(talk, key=lambda one: one.line)
    for place in range(len(spoken) - 1, -1, -1):
        said = spoken[place]
        if isinstance(said, Hears) or said.line not in answers:
            continue
        dash = len(lines[said.line - 1]) - len(lines[said.line - 1].lstrip())
        after = next((one for one in spoken[place + 1 :] if not isinstance(one, Hears)), None)
        ends = _talk_ends(lines, said.line, dash)
        start = min(spoken[place + 1].line - 1 if place + 1 < len(spoken) else ends, ends)
        stop = min(after.line - 1 if after else ends, ends)
        while stop > start and lines[stop - 1].lstrip()[:1] in ("", "#"):
            stop -= 1
        new = [line for one in answers[said.line] for line in _spoken(one)]
        lines[start:stop] = [" " * dash + line[2:] if line else line for line in new]
    return "\n".join(lines)


def _talk_ends(lines: list[str], line: int, dash: int) -> int:
    """How many lines of a file there are until the list is over that an item of it, at this line, belongs to."""
    for number in range(line, len(lines)):
        text = lines[number]
        depth = len(text) - len(text.lstrip())
        if text.strip() and (depth < dash or (depth == dash and text[dash] not in "-#") or text.startswith("---")):
            return number
    return len(lines)


def _lines(transcript: Transcript) -> Iterator[str]:
    yield f"test: {_text(transcript.name, _PLAIN_ALONE)}"
    yield f"flow: {transcript.flow}"
    yield from _given(transcript.given)
    yield "talk:"
    for spoken in transcript.talk:
        yield from _spoken(spoken)
    yield from _expected(transcript.expected)


def _given(given: Given) -> Iterator[str]:
    yield "given:"
    yield f"  now: {given.now if TIME_TEXT.fullmatch(given.now) else _text(given.now)}"
    if given.facts:
        yield f"  facts: {_flow({name.replace(' ', '_'): value for name, value in given.facts.items()})}"
    if given.language:
        yield f"  language: {given.language}"
    if not given.phone:
        yield '  phone: "no"'
    if given.first_contact:
        yield '  first contact: "yes"'
    for action, outcomes in given.in_turn.items():
        yield f"  {action}:"
        yield from (f"    - {_stand_in(one)}" for one in outcomes)


def _stand_in(one: StandIn) -> str:
    return one.outcome if one.value is None else f"{one.outcome}: {_flow(one.value)}"


def _spoken(spoken: Spoken) -> Iterator[str]:
    match spoken:
        case Waits(seconds=seconds):
            yield f"  - silence: {_span(seconds)}"
        case Sends(kind="text", text=text):
            yield from _said("patient", text)
        case Sends(kind="tap", text=text):
            yield from _said("taps", text)
        case Sends(kind=kind):
            yield f"  - sends: {_SENDS.get(kind, 'file')}"
        case Staff(does=does):
            yield f"  - staff: {does}"
        case Hears(text=text, options=options):
            yield from _said("bot", text)
            if options is not None:
                yield f"    options: {_flow(options)}"


def _said(who: str, text: str) -> Iterator[str]:
    lines = text.split("\n")
    if len(lines) == 1 or any(line != line.strip() or not line.isprintable() for line in lines):
        yield f"  - {who}: {_text(text, _PLAIN_ALONE)}"
        return
    yield f"  - {who}: |"
    yield from (f"      {line}".rstrip() for line in lines)


def _span(seconds: int) -> str:
    """A span in the largest unit in which it is a whole number; what is no whole minute is told as the next."""
    unit, name = next(((unit, name) for unit, name in _UNITS if seconds % unit == 0), _UNITS[-1])
    count = -(-seconds // unit)
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _expected(expected: Expected) -> Iterator[str]:
    yield "expect:"
    if expected.ended is not None:
        yield f"  ended: {expected.ended}"
    if expected.saved:
        yield f"  saved: {_flow(expected.saved)}"
    if expected.effects is not None:
        yield f"  effects: [{', '.join(expected.effects)}]"
    if expected.control is not None:
        yield f"  control: {expected.control}"
    if expected.urgent is not None:
        yield f'  urgent: "{"yes" if expected.urgent else "no"}"'


def _flow(value: Value | Mapping[str, str]) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        # A test's option is called by its label where it has no other id.
        told = {name: one for name, one in value.items() if name != "id" or one != value.get("label")}
        return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in told.items()) + "}"
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_flow(one) for one in value) + "]"
    return _text("" if value is None else str(value))


def _text(text: str, means_itself: re.Pattern[str] = _PLAIN) -> str:
    """A text as YAML reads it back to the letter, whatever is in it."""
    plain = means_itself.fullmatch(text) is not None and text.casefold() not in _NOT_TEXT
    return text if plain else json.dumps(text, ensure_ascii=not text.replace("\n", "").isprintable())
