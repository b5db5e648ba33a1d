"""Checks on actions: known, complete, told, given back, and never without the patient's yes."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.actions import ACTIONS, OPTIONAL_INPUTS, Declared
from bot.core.checks_graph import circles, steps_that_go_on
from bot.core.fault import At, Fault, did_you_mean
from bot.core.flow import Ask, Check, Clinic, Do, Flow, HandOver, Step, Stop, Target
from bot.core.names import names_in
from bot.core.ways import Way, reached, ways_of

FAILURES = frozenset({"none", "taken", "gone", "failed"})
"""Outcomes that the patient has to be told; after every other one all is well."""


def declared_actions(clinic: Clinic) -> Iterator[tuple[Flow, Step, Do, Declared]]:
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Do) and step.body.action in ACTIONS:
                yield flow, step, step.body, ACTIONS[step.body.action]


def unknown_actions(clinic: Clinic) -> Iterator[Fault]:
    """E50: an action or input that does not exist, or an input that is missing."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Do) and step.body.action not in ACTIONS:
                yield At(flow, step).fault(
                    "E50",
                    f'there is no action "{step.body.action}".',
                    did_you_mean(step.body.action, ACTIONS, "docs/flows.md lists the actions."),
                )
    for flow, step, do, declared in declared_actions(clinic):
        for name in do.inputs.keys() - set(declared.takes):
            takes = f"It takes: {', '.join(declared.takes)}." if declared.takes else "It takes none."
            yield At(flow, step).fault(
                "E50", f'{do.action} has no input "{name}".', did_you_mean(name, declared.takes, takes)
            )
        for name in set(declared.takes) - OPTIONAL_INPUTS - do.inputs.keys():
            yield At(flow, step).fault(
                "E50", f'{do.action} needs the input "{name}".', f'Add it under "with": {name}: NAME.'
            )


def unhandled_outcomes(clinic: Clinic) -> Iterator[Fault]:
    """E51: an outcome the flow has no way for."""
    for flow, step, do, declared in declared_actions(clinic):
        for name in declared.gives.keys() - do.outcomes.keys():
            yield At(flow, step).fault(
                "E51",
                f'{do.action} can come out as "{name}", and no way is given for it.',
                f'Add "{name}: STEP" under "outcomes".',
            )


def impossible_outcomes(clinic: Clinic) -> Iterator[Fault]:
    """E52: an outcome the action never has."""
    for flow, step, do, declared in declared_actions(clinic):
        for name in do.outcomes.keys() - declared.gives.keys():
            yield At(flow, step).fault(
                "E52",
                f'{do.action} never comes out as "{name}".',
                did_you_mean(name, declared.gives, f"Its outcomes are: {', '.join(declared.gives)}."),
            )


def untold_failures(clinic: Clinic) -> Iterator[Fault]:
    """E53: something failed, and the patient hears nothing, or hears that it worked."""
    for flow, step, do, declared in declared_actions(clinic):
        # What only gives something back is over either way: nobody has to hear that it failed.
        giving_back = bool(declared.closes) and not declared.needs_confirmation
        worked = {target for name, target in do.outcomes.items() if name not in FAILURES}
        for name, target in do.outcomes.items():
            if name not in FAILURES or giving_back:
                continue
            if declared.kind == "write" and target in worked:
                yield At(flow, step).fault(
                    "E53",
                    f'after "{name}" the patient hears the same as when it worked.',
                    "Lead it to a step of its own, or to a hand-over.",
                )
            elif target.end is not None or _ends_unheard(flow, target):
                yield At(flow, step).fault(
                    "E53",
                    f'after "{name}" the flow can end without telling the patient.',
                    "Say what happened, or hand over.",
                )


def _ends_unheard(flow: Flow, target: Target) -> bool:
    silent = {step.name for step in flow.steps.values() if isinstance(step.body, Do | Check | Stop)}
    return any(
        way.target is not None and way.target.end is not None
        for name in reached(flow, [target.step or ""], silent)
        for way in ways_of(flow.steps[name])
    )


# ---- what is open

State = tuple[str, frozenset[str]]


def states(flow: Flow) -> Iterator[tuple[Step, frozenset[str], Way, frozenset[str]]]:
    """Every way out of every step with what is open before and after it: the steps walked with what they hold."""
    seen: set[State] = set()
    waiting: list[State] = [(flow.first.name, frozenset())]
    while waiting:
        state = waiting.pop()
        name, before = state
        if state in seen or name not in flow.steps:
            continue
        seen.add(state)
        for way in ways_of(flow.steps[name]):
            after = _after(flow.steps[name], way, before)
            yield flow.steps[name], before, way, after
            if way.target is not None and way.target.step is not None:
                waiting.append((way.target.step, after))


def _after(step: Step, way: Way, before: frozenset[str]) -> frozenset[str]:
    if not isinstance(step.body, Do) or step.body.action not in ACTIONS or way.kind != "outcome":
        return before
    declared, outcome = ACTIONS[step.body.action], way.name.removeprefix("outcome ")
    opened = {declared.opens[outcome]} if outcome in declared.opens else set()
    closed = {declared.closes[outcome]} if outcome in declared.closes else set()
    return (before | opened) - closed


def left_open(clinic: Clinic) -> Iterator[Fault]:
    """E54: a way ends the flow while something is still held. A silence and a hand-over give it back by themselves."""
    for flow in clinic.flows.values():
        for step, _, way, after in states(flow):
            ends = way.target is not None and way.target.end is not None
            if ends and after and way.kind != "silence" and not isinstance(step.body, HandOver):
                things = ", ".join(sorted(after))
                yield At(flow, step, way.line).fault(
                    "E54",
                    f"{way.words} ends the flow while the {things} is still open.",
                    "Release it on the way, for example with calendar.release.",
                )


def opened_twice(clinic: Clinic) -> Iterator[Fault]:
    """E55: a way comes here with something already held."""
    for flow in clinic.flows.values():
        for step, before, way, _ in states(flow):
            if isinstance(step.body, Do) and step.body.action in ACTIONS and way.kind == "outcome":
                thing = ACTIONS[step.body.action].opens.get(way.name.removeprefix("outcome "))
                if thing in before:
                    yield At(flow, step).fault(
                        "E55",
                        f"a way leads here while a {thing} is already open.",
                        "Release it before a new one is opened.",
                    )


def unconfirmed(clinic: Clinic) -> Iterator[Fault]:
    """E56: what needs the patient's yes is reached without it.

    Every way to the action must come from one option of a question that has at least two and shows what is confirmed.
    """
    for flow, step, do, declared in declared_actions(clinic):
        if declared.needs_confirmation:
            for why in _missing_yes(flow, step):
                yield At(flow, step).fault(
                    "E56",
                    f"{do.action} needs the patient's yes: {why}.",
                    "Ask first, showing what it is, and let exactly one option lead here.",
                )


def _missing_yes(flow: Flow, step: Step) -> Iterator[str]:
    gates, from_start = _gates(flow, step)
    if from_start:
        yield "the flow comes here without a question"
    yes: dict[str, set[str]] = {}
    for asking, way in gates:
        ask = asking.body
        if way.option is None or not isinstance(ask, Ask):
            yield f"{way.words} of {asking.name} comes here"
            continue
        yes.setdefault(asking.name, set()).add(way.name)
        if len(ask.options) + len(ask.more_options) < 2:
            yield f"{asking.name} offers nothing else"
        if all(name.startswith(("clinic.", "contact.")) for name in names_in(ask.text.source)):
            yield f"{asking.name} does not show what is confirmed"
    for name, options in yes.items():
        if len(options) > 1:
            yield f"{len(options)} options of {name} come here"


def _gates(flow: Flow, step: Step) -> tuple[list[tuple[Step, Way]], bool]:
    """The questions' ways through which a step is reached, and whether it is reached from the start without any."""
    into: dict[str, list[tuple[Step, Way]]] = {}
    for name in reached(flow, [flow.first.name]):
        for way in ways_of(flow.steps[name]):
            if way.target is not None and way.target.step is not None:
                into.setdefault(way.target.step, []).append((flow.steps[name], way))
    gates: list[tuple[Step, Way]] = []
    seen: set[str] = set()
    waiting = [step.name]
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for source, way in into.get(name, ()):
            if isinstance(source.body, Ask):
                gates.append((source, way))
            else:
                waiting.append(source.name)
    return gates, flow.first.name in seen


def repeated_writes(clinic: Clinic) -> Iterator[Fault]:
    """E57: an action that changes something is done again and again without a question."""
    for flow in clinic.flows.values():
        for circle in circles(flow, steps_that_go_on(clinic, flow)):
            for name in circle:
                body = flow.steps[name].body
                if isinstance(body, Do) and body.action in ACTIONS and ACTIONS[body.action].kind == "write":
                    yield At(flow, flow.steps[name]).fault(
                        "E57",
                        f"{body.action} can be done again without a question.",
                        "Ask the patient before trying again, or hand over.",
                    )
