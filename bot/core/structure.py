"""What a flow does, apart from what it says.

Two flows of the same structure ask for the same answers, keep them under the same names and lead on by the same ways:
a conversation in the middle of one can go on in the other, and reads its words at once. Texts, translations, titles,
labels and other words for an option are not structure, nor are how often and how long a question waits.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, assert_never

from bot.core.checks_kinds import kinds_of_names
from bot.core.flow import Ask, Check, Clinic, Do, Flow, HandOver, Run, Say, Step, Stop, Target

Shape = tuple[Any, ...]
"""Plain data, the same for the same structure."""
Renamed = Mapping[str, str]
"""New names of steps by their old ones."""

_NOT_CONTENT = frozenset({"line", "file"})


def structures(clinic: Clinic) -> dict[str, str]:
    """The structure of every flow, as a digest, by its name."""
    kinds = kinds_of_names(clinic)
    return {
        name: _digest(
            (
                flow.first.name,
                sorted((step.name, shape(step)) for step in flow.steps.values()),
                sorted(_given(clinic, name)),
                # What is passed in is of the kind that the flow's own texts and actions were checked with.
                sorted((one, sorted(kinds[name].get(one, ()))) for given in _given(clinic, name) for one in given),
                sorted(entry.step for entry in clinic.follow_ups.values() if entry.flow == name),
            )
        )
        for name, flow in clinic.flows.items()
    }


def contents(clinic: Clinic) -> dict[str, str]:
    """Everything every flow says and does, as a digest, by its name; comments and the order of lines do not count."""
    return {name: content(flow) for name, flow in clinic.flows.items()}


def content(part: Flow | Step) -> str:
    """Everything a flow or step says and does, as a digest."""
    return _digest(_plain(part))


def shape(step: Step, renamed: Renamed = {}) -> Shape:  # noqa: B006 - never changed
    """The structure of one step, with its ways as they lead once steps have been renamed."""

    def way(target: Target | None) -> Shape:
        return () if target is None else (renamed.get(target.step or "", target.step or ""), target.end or "")

    last = (way(step.goes), way(step.after_that), step.at_most is not None)
    return (*_shape_of_body(step, way), *last)


def _shape_of_body(step: Step, way: Callable[[Target | None], Shape]) -> Shape:
    body = step.body
    match body:
        case Ask():
            options = sorted((one.id, way(one.goes), one.run or "") for one in (*body.options, *body.more_options))
            silent = [way(rule.goes) for rule in body.silent if rule.goes is not None]
            takes = (body.options_from or "", body.type or "", body.save_as or "")
            return ("ask", options, takes, way(body.after_last_try), silent)
        case Do():
            outcomes = sorted((name, way(target)) for name, target in body.outcomes.items())
            return ("do", body.action, sorted(body.inputs.items()), body.save_as or "", outcomes)
        case Check():
            conditions = [(one.name, one.operator, one.value, way(target)) for one, target in body.ways]
            return ("check", conditions, way(body.otherwise))
        case Run():
            return ("run", body.flow, sorted(body.inputs.items()))
        case Say() | HandOver() | Stop():
            return (type(body).__name__,)
        case _:
            assert_never(body)


def _given(clinic: Clinic, name: str) -> Iterator[tuple[str, ...]]:
    """What each flow that runs this one passes in: a flow is checked with all who run it."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Run) and step.body.flow == name:
                yield tuple(sorted(step.body.inputs))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        named = [(one.name, getattr(value, one.name)) for one in dataclasses.fields(value)]
        return (type(value).__name__, [(name, _plain(part)) for name, part in named if name not in _NOT_CONTENT])
    if isinstance(value, Mapping):
        return [(name, _plain(part)) for name, part in value.items()]
    return [_plain(part) for part in value] if isinstance(value, tuple | list) else value


def _digest(plain: Any) -> str:
    return sha256(repr(plain).encode()).hexdigest()[:12]
