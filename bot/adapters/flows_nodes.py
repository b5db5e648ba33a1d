"""YAML as the clinic may write it: a strict, small part, where every value is a text and knows its place.

libyaml's events are read one by one, so that nothing is ever constructed, expanded or nested deeper than allowed.
Tags, anchors, aliases, merge keys, tabs and duplicate keys are refused, each with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

import yaml

from bot.adapters.flows_slips import merge_mark, odd_space, slip_in
from bot.core.fault import Fault

FILE_BYTES_MAX = 1_000_000
NODES_MAX = 50_000
DEPTH_MAX = 20
SAVE_AS = 'Save it as UTF-8: most editors offer that under "Save as", as the encoding.'
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""What makes a text read otherwise than it is written. The marks that Arabic and Hebrew need are not among them."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text. ``plain`` when it was written without quotes and on one line. ``cut`` when a remark stands so close
    behind it (`` #``) that it may have been meant as part of the text."""

    text: str
    line: int
    column: int
    plain: bool = True
    cut: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    line: int
    column: int
    items: list[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Entries:
    """Keys and their values, in the order they were written. ``keys`` has where each key stands."""

    line: int
    column: int
    values: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, Scalar] = field(default_factory=dict)


Node: TypeAlias = "Scalar | Items | Entries"


class _RefusedError(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def parse(data: bytes, file: str) -> tuple[list[Node], list[Fault]]:
    """The documents of a file and what is wrong with them. A file that is no strict YAML gives no document."""
    faults: list[Fault] = []
    text = ""
    try:
        text = _decoded(data, file)
        return list(_documents(text, file, faults)), faults
    except _RefusedError as refused:
        return [], [*faults, refused.fault]
    except yaml.MarkedYAMLError as error:
        return [], [*faults, _not_yaml(error, text, file)]
    except yaml.YAMLError:
        return [], [
            *faults,
            Fault(
                "E01",
                file,
                1,
                message="there is a control character in this file.",
                remedy="Type the text again instead of pasting it.",
            ),
        ]


def _refuse(file: str, line: int, column: int, message: str, remedy: str) -> NoReturn:
    raise _RefusedError(Fault("E01", file, line, column, message=message, remedy=remedy))


def _decoded(data: bytes, file: str) -> str:
    if len(data) > FILE_BYTES_MAX:
        _refuse(file, 1, 1, "the file is larger than 1 MB.", "Split it into several flows.")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        _refuse(file, line, 0, "the file is not plain UTF-8 text (it has NUL bytes).", SAVE_AS)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        _refuse(file, line, 0, "the file is not UTF-8 text.", SAVE_AS)
    turned = _TURNING.search(text)
    if turned is not None:
        sign = f"U+{ord(turned.group(0)):04X}"
        message = f"there is an invisible character that turns the direction of the text ({sign})."
        _refuse(file, *_at(text, turned.start()), message, "Type the text again instead of pasting it.")
    for slip in filter(None, (merge_mark(text), odd_space(text))):
        _refuse(file, slip.line, slip.column, slip.message, slip.remedy)
    if "\t" in text:
        _refuse(file, *_at(text, text.index("\t")), "there is a tab.", "Use spaces instead.")
    return text


def _at(text: str, index: int) -> tuple[int, int]:
    """Line and column of a character."""
    before = text[:index]
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _documents(text: str, file: str, faults: list[Fault]) -> Iterator[Node]:
    composer = _Composer(file, faults, text.split("\n"))
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        document = composer.take(event)
        if document is not None:
            yield document


@dataclass(slots=True)
class _Composer:
    """Builds nodes without recursion. ``unclosed`` has what is open, each with the key that waits for a value."""

    file: str
    faults: list[Fault]
    lines: list[str]
    unclosed: list[tuple[Items | Entries, Scalar | None]] = field(default_factory=list)
    nodes: int = 0

    def take(self, event: yaml.Event) -> Node | None:
        """Take up one event. Gives a document when it is complete."""
        if isinstance(event, yaml.DocumentStartEvent) and (event.version or event.tags):
            _refuse(self.file, _place_of(event)[0], 1, "a % line is not allowed.", "Delete it.")
        if isinstance(event, yaml.CollectionEndEvent):
            closed, _ = self.unclosed.pop()
            return None if self.unclosed else closed
        return self._add(_node(event, self.file, self.lines)) if isinstance(event, yaml.NodeEvent) else None

    def _add(self, node: Node) -> Node | None:
        self.nodes += 1
        if self.nodes > NODES_MAX:
            _refuse(self.file, node.line, node.column, f"the file has more than {NODES_MAX} values.", "Split it.")
        if self.unclosed:
            parent, key = self.unclosed[-1]
            self.unclosed[-1] = (parent, _place(node, parent, key, self.file, self.faults))
        if isinstance(node, Scalar):
            return None if self.unclosed else node
        if len(self.unclosed) >= DEPTH_MAX:
            _refuse(self.file, node.line, node.column, f"this is nested more than {DEPTH_MAX} deep.", "Flatten it.")
        self.unclosed.append((node, None))
        return None


def _node(event: yaml.NodeEvent, file: str, lines: list[str]) -> Node:
    line, column = _place_of(event)
    if isinstance(event, yaml.AliasEvent):
        _refuse(
            file,
            line,
            column,
            f'"*{event.anchor}" stands for something written elsewhere.',
            "Write it out, or put it in quotes if it is a text.",
        )
    if event.anchor is not None:
        _refuse(file, line, column, f'"&{event.anchor}" is an anchor.', "Delete it, or quote it if it is a text.")
    tag = getattr(event, "tag", None)
    if tag is not None:
        _refuse(file, line, column, f'"{tag}" is a tag.', "Delete it, or quote it if it is a text.")
    if isinstance(event, yaml.ScalarEvent):
        plain = event.style is None or event.style == ""
        return Scalar(event.value, line, column, plain, cut=plain and _followed_by(event, lines).startswith(" #"))
    return Items(line, column) if isinstance(event, yaml.SequenceStartEvent) else Entries(line, column)


def _followed_by(event: yaml.Event, lines: list[str]) -> str:
    """What stands behind a value on its line."""
    mark = event.end_mark
    return lines[mark.line][mark.column :] if mark and mark.line < len(lines) else ""


def _place_of(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _place(node: Node, parent: Items | Entries, key: Scalar | None, file: str, faults: list[Fault]) -> Scalar | None:
    """Put a node into what is open. Gives back the key that now waits for its value."""
    if isinstance(parent, Items):
        parent.items.append(node)
        return None
    if key is None:
        if not isinstance(node, Scalar):
            _refuse(
                file,
                node.line,
                node.column,
                "a key must be a word.",
                'Put quotes around a text that starts with "{" or "[".',
            )
        if node.text == "<<":
            _refuse(file, node.line, node.column, '"<<" copies other keys in.', "Write the keys out.")
        return node
    if key.text in parent.values:
        first = parent.keys[key.text].line
        faults.append(
            Fault(
                "E02",
                file,
                key.line,
                key.column,
                message=f'"{key.text}" is here twice (first in line {first}).',
                remedy="Delete or rename one of them.",
            )
        )
    else:
        parent.values[key.text] = node
        parent.keys[key.text] = key
    return None


_WHY: tuple[tuple[str, str, str], ...] = (
    (
        "mapping values are not allowed",
        "there is a second colon in this line.",
        'Put quotes around a text that contains ": ".',
    ),
    ("cannot start any token", "a text starts with a special character here.", "Put quotes around the text."),
    ("could not find expected ':'", "a colon is missing after a key.", 'Write "key: text".'),
    (
        "did not find expected key",
        "this line is not indented like its neighbours, or a quote is left over.",
        "Line it up with the lines above.",
    ),
    (
        "did not find expected '-' indicator",
        "this line does not fit the list it stands in.",
        'Start it with "- ", or indent it.',
    ),
    (
        "did not find expected ',' or",
        "a bracket or a comma is missing.",
        "Close the bracket, or put quotes around a text that contains , [ ] { }.",
    ),
    ("while scanning a quoted scalar", "a quote is not closed.", "Close it."),
    ("unexpected end of stream", "a quote is not closed.", "Close it."),
    (
        "did not find expected node content",
        "a value is missing or starts with a special character.",
        "Put quotes around the text.",
    ),
)


def _not_yaml(error: yaml.MarkedYAMLError, text: str, file: str) -> Fault:
    slip = slip_in(text, error)
    if slip is not None:
        return Fault("E01", file, slip.line, slip.column, message=slip.message, remedy=slip.remedy)
    said = f"{error.context or ''} {error.problem or ''}"
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    for sign, message, remedy in _WHY:
        if sign in said:
            return Fault("E01", file, line, column, message=message, remedy=remedy)
    return Fault(
        "E01",
        file,
        line,
        column,
        message="this cannot be read.",
        remedy="Compare it with the lines above; put quotes around unusual texts.",
    )
