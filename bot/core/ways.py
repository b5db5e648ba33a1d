"""The ways out of a step: what checks walk, and what coverage counts. Named as the trace of a turn names them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, assert_never

from bot.core.flow import Ask, Check, Clinic, Do, Flow, HandOver, Option, Run, Say, Step, Stop, Target

WayKind = Literal["answer", "last try", "silence", "outcome", "condition", "straight", "limit"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a step. ``Way("option book", "answer", Target(step="book"), 'the option "Yes, book it"')``"""

    name: str
    kind: WayKind
    target: Target | None
    """None: a person has the conversation, or the question stays open."""
    words: str
    """What an admin calls it, as the beginning of a sentence."""
    run: str | None = None
    """A flow that runs before the target is reached."""
    option: Option | None = None
    line: int = 0


def ways_of(step: Step) -> tuple[Way, ...]:
    """Every way out of a step."""
    ways = tuple(_by_body(step))
    if step.at_most is None:
        return ways
    return (*ways, Way("at most", "limit", step.after_that, '"after that"', line=step.line))


def _by_body(step: Step) -> Iterator[Way]:
    body, line = step.body, step.line
    match body:
        case Ask():
            yield from _answers(step, body)
        case Do():
            for name, target in body.outcomes.items():
                yield Way(f"outcome {name}", "outcome", target, f'the outcome "{name}"', line=line)
        case Check():
            for number, (_, target) in enumerate(body.ways, start=1):
                yield Way(f"way {number}", "condition", target, f"condition {number}", line=line)
            yield Way("otherwise", "condition", body.otherwise, '"otherwise"', line=line)
        case Say():
            yield Way("said", "straight", step.goes, "it", line=line)
        case Run(flow=flow):
            yield Way(f"run {flow}", "straight", step.goes, "it", run=flow, line=line)
        case HandOver():
            yield Way("handed over", "straight", step.goes, "it", line=line)
        case Stop():
            yield Way(f"end {step.goes.end}", "straight", step.goes, "it", line=line)
        case _:
            assert_never(body)


def _answers(step: Step, ask: Ask) -> Iterator[Way]:
    for one in (*ask.options, *ask.more_options):
        words = f'the option "{one.label.source}"'
        yield Way(f"option {one.id}", "answer", one.goes or step.goes, words, one.run, one, one.line or step.line)
    if ask.options_from:
        yield Way("option", "answer", step.goes, "an offered option", line=step.line)
    if ask.type:
        yield Way("typed", "answer", step.goes, "the typed answer", line=step.line)
    yield Way("last try", "last try", ask.after_last_try, '"after last try"', line=step.line)
    for number, rule in enumerate(ask.silent, start=1):
        yield Way(f"silence {number}", "silence", rule.goes, f"silence rule {number}", line=rule.line or step.line)


def reached(flow: Flow, starts: Iterable[str], through: Iterable[str] | None = None) -> set[str]:
    """Names of the steps that can be walked to from ``starts`` (included), only over steps in ``through`` if given."""
    allowed = None if through is None else set(through)
    found: set[str] = set()
    waiting = [name for name in starts if name in flow.steps]
    while waiting:
        name = waiting.pop()
        if name in found or (allowed is not None and name not in allowed):
            continue
        found.add(name)
        for way in ways_of(flow.steps[name]):
            if way.target is not None and way.target.step in flow.steps and way.target.step is not None:
                waiting.append(way.target.step)
    return found


def following(flow: Flow) -> dict[str, set[str]]:
    """For every step, the steps its ways lead to."""
    after: dict[str, set[str]] = {name: set() for name in flow.steps}
    for name, step in flow.steps.items():
        targets = (way.target.step for way in ways_of(step) if way.target)
        after[name].update(target for target in targets if target is not None and target in flow.steps)
    return after


def runs(flow: Flow) -> Iterator[tuple[Step, Way]]:
    """Every way of a flow that runs another flow."""
    for step in flow.steps.values():
        for way in ways_of(step):
            if way.run is not None:
                yield step, way


def entrances(clinic: Clinic) -> set[str]:
    """Flows a patient can come to by herself; the others are only parts of these."""
    named = {clinic.first_contact, clinic.otherwise}
    named |= {one.run for one in clinic.anywhere if one.run} | {one.run for one in clinic.questions.values() if one.run}
    named |= {flow.name for flow in clinic.flows.values() if flow.starts_with}
    for flow in clinic.flows.values():
        named |= {way.run for _, way in runs(flow) if way.run and way.target is not None and way.target.step is None}
    return named
