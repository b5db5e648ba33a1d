"""Moving a conversation from a step of one edition of a flow to the step that takes its place in another.

It moves only where the new flow could have brought it: the step is the same, or says ``renamed from``; every name
that is saved on all ways to it is saved here; each value is of the kind it would be; and what is held is what would be
held. So everything the checks proved of the new flow holds for who is moved into it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bot.core.checks_actions import states
from bot.core.checks_kinds import Kinds, kinds_of_names
from bot.core.checks_names import given_names, saved_before
from bot.core.conversation import Frame, Passed
from bot.core.flow import Ask, Clinic, Flow, Step
from bot.core.structure import shape


@dataclass(frozen=True, slots=True)
class Road:
    """The way from one edition of a flow into another, worked out once for all who stand in it."""

    old: Flow
    new: Flow
    renamed: Mapping[str, str]
    saved: Mapping[str, frozenset[str]]
    held: Mapping[str, frozenset[frozenset[str]]]
    kinds: tuple[Kinds, Kinds]


def road(name: str, old: Clinic, new: Clinic) -> Road | None:
    """The road between two editions of a flow; None when one of them has no such flow."""
    before, after = old.flows.get(name), new.flows.get(name)
    if before is None or after is None:
        return None
    held: dict[str, frozenset[frozenset[str]]] = {}
    for step, open_there, _, _ in states(after):
        held[step.name] = held.get(step.name, frozenset()) | {open_there}
    return Road(
        old=before,
        new=after,
        renamed={step.renamed_from: step.name for step in after.steps.values() if step.renamed_from},
        saved=saved_before(after, given_names(new, after)),
        held=held,
        kinds=(kinds_of_names(old)[name], kinds_of_names(new)[name]),
    )


def moved(frame: Frame, along: Road, shown: Collection[str] | None, loosely: bool = False) -> tuple[Frame | None, str]:
    """Where a frame stands in the new flow, or None and why not.

    ``shown`` are the options of its open question; None when it is not the one that asks. ``loosely`` takes a step of
    the same name for the same as long as it takes the same answers.
    """
    step, why = _step_after(along, frame.step, shown, loosely)
    why = why or _lacking(along, step, frame.saved) or _held_otherwise(along, step, frame.opened)
    if why:
        return None, why
    entered = {along.renamed.get(name, name): times for name, times in frame.entered.items()}
    passed = _still_behind(along, frame.passed)
    here = {name: times for name, times in entered.items() if name in along.new.steps}
    return replace(frame, step=step, passed=passed, entered=here, edition=0), ""


def _step_after(along: Road, name: str, shown: Collection[str] | None, loosely: bool) -> tuple[str, str]:
    """The step that takes the place of one, or why none does."""
    before = along.old.steps.get(name)
    new_name = along.renamed.get(name, name)
    after = along.new.steps.get(new_name)
    if before is None or after is None:
        return "", f'the step "{name}" is gone, and no step says "renamed from: {name}"'
    if new_name == name and not loosely:
        same = shape(before, along.renamed) == shape(after)
        return (new_name, "") if same else ("", f'the step "{name}" is another one')
    if not _takes_the_same(before, after, shown):
        return "", f'the step "{new_name}" takes other answers than "{name}" did'
    return new_name, ""


def _takes_the_same(before: Step, after: Step, shown: Collection[str] | None) -> bool:
    """Whether what may be answered now may be answered there, and a question is still a question."""
    one, other = before.body, after.body
    if not isinstance(one, Ask) or not isinstance(other, Ask):
        return type(one) is type(other) and shown is None
    own = {option.id for option in (*one.options, *one.more_options)}
    theirs = {option.id for option in (*other.options, *other.more_options)}
    offered = own if shown is None else own & set(shown)
    return offered <= theirs and one.options_from == other.options_from and one.type == other.type


def _lacking(along: Road, step: str, saved: Mapping[str, object]) -> str:
    """Why the new flow cannot go on there with what is known; empty when it can."""
    if step not in along.saved:
        return f'no way leads to the step "{step}" from where the flow begins'
    missing = along.saved[step] - saved.keys()
    if missing:
        return f'"{min(missing)}" was not asked yet, and is known at "{step}" now'
    before, after = along.kinds
    for name in sorted(saved.keys() & after.keys()):
        if not before.get(name, frozenset()) <= after[name]:
            return f'"{name}" was something else before'
    return ""


def _held_otherwise(along: Road, step: str, opened: Mapping[str, str]) -> str:
    if frozenset(opened) in along.held.get(step, frozenset()):
        return ""
    things = ", ".join(sorted(opened)) or "nothing"
    return f'{things} would be held at "{step}", which no way of the new flow leads to'


def _still_behind(along: Road, passed: tuple[Passed, ...]) -> tuple[Passed, ...]:
    """The questions that "back" can still lead to: the latest ones, as far back as all of them are there."""
    kept: list[Passed] = []
    for one in reversed(passed):
        step, why = _step_after(along, one.step, None, loosely=False)
        if why or _lacking(along, step, one.saved) or _held_otherwise(along, step, dict.fromkeys(one.opened, "")):
            break
        kept.append(replace(one, step=step))
    return tuple(reversed(kept))
