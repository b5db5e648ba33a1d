"""What changed between two revisions, as an admin reads it: flow by flow and step by step, and line by line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bot.core.flow import Clinic, Flow
from bot.core.structure import content, shape

Change = Literal["new", "gone", "does something else", "says something else"]


@dataclass(frozen=True, slots=True)
class StepChange:
    """One step that changed. ``was`` is what it was called before, where it says so."""

    step: str
    change: Change
    was: str = ""

    def __str__(self) -> str:
        return f"{self.step}: {self.change}" + (f" (renamed from {self.was})" if self.was else "")


@dataclass(frozen=True, slots=True)
class FlowChange:
    """One flow that changed. Where its structure changed, whoever is in the middle of it finishes or is moved."""

    flow: str
    change: Change
    steps: tuple[StepChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """From one revision to another. ``files`` are the paths that differ, ``lines`` a unified diff of them."""

    before: str
    after: str
    flows: tuple[FlowChange, ...]
    files: tuple[str, ...]
    lines: tuple[str, ...]

    def as_data(self) -> Mapping[str, Any]:
        """For other programs."""
        flows = [
            {
                "flow": one.flow,
                "change": one.change,
                "steps": [{"step": step.step, "change": step.change, "was": step.was} for step in one.steps],
            }
            for one in self.flows
        ]
        return {"from": self.before, "to": self.after, "flows": flows, "files": self.files, "lines": self.lines}


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two revisions: its files by path, and what they say as far as it can be read."""

    files: Mapping[str, bytes]
    clinic: Clinic | None
    structures: Mapping[str, str]


def difference(before: Side, after: Side) -> Difference:
    """What leads from one revision to the other. Files whose lines only end otherwise are the same."""
    old, new = _lines(before.files), _lines(after.files)
    files = tuple(name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name))
    lines = [line for name in files for line in _unified(name, old.get(name, []), new.get(name, []))]
    return Difference(_name(before), _name(after), tuple(_flows(before, after)), files, tuple(lines))


def _name(side: Side) -> str:
    return side.clinic.version if side.clinic else ""


def _lines(files: Mapping[str, bytes]) -> dict[str, list[str]]:
    return {name: data.decode(errors="replace").splitlines() for name, data in files.items()}


def _unified(name: str, old: list[str], new: list[str]) -> Iterator[str]:
    yield from difflib.unified_diff(old, new, name if old else "", name if new else "", lineterm="")


def _flows(before: Side, after: Side) -> Iterator[FlowChange]:
    if before.clinic is None or after.clinic is None:
        return
    one, other = before.clinic.flows, after.clinic.flows
    for name in [*one, *(name for name in other if name not in one)]:
        if name not in other:
            yield FlowChange(name, "gone")
        elif name not in one:
            yield FlowChange(name, "new")
        elif before.structures[name] != after.structures[name]:
            yield FlowChange(name, "does something else", tuple(_steps(one[name], other[name])))
        elif content(one[name]) != content(other[name]):
            yield FlowChange(name, "says something else", tuple(_steps(one[name], other[name])))


def _steps(before: Flow, after: Flow) -> Iterator[StepChange]:
    renamed = {step.renamed_from: step.name for step in after.steps.values() if step.renamed_from in before.steps}
    was = {new: old for old, new in renamed.items()}
    for name, step in after.steps.items():
        old = before.steps.get(was.get(name, name))
        if old is None:
            yield StepChange(name, "new")
        elif shape(old, renamed) != shape(step):
            yield StepChange(name, "does something else", was.get(name, ""))
        elif name in was or content(old) != content(step):
            yield StepChange(name, "says something else", was.get(name, ""))
    for name in before.steps:
        if name not in after.steps and name not in renamed:
            yield StepChange(name, "gone")
