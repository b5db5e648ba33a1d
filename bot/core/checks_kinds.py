"""Checks on what a saved value is: an action gets the kind of value it takes, and a comparison can come out both ways.

What a name can hold is gathered over the whole flow, whichever way was walked, and over all flows that pass it in: a
mistake is told only when no way gives the right kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.core.actions import ACTIONS
from bot.core.checks_actions import declared_actions
from bot.core.fault import At, Fault
from bot.core.flow import Ask, Check, Clinic, Condition, Do, Flow, Run, Step

CHOICE = "an answer chosen here"
OF_LISTS: Mapping[str, str] = MappingProxyType(
    {"services": "service", "practitioners": "practitioner", "languages": "language", "faq_topics": "topic"}
)
TAKEN_FOR: Mapping[str, frozenset[str]] = MappingProxyType(
    {"name": frozenset({"person name", "text"}), "phone": frozenset({"phone"})}
)
"""Kinds that pass for another. Anything passes for a ``text``."""
_ORDER = frozenset({"<", ">", "<=", ">="})

Kinds = Mapping[str, frozenset[str]]


def wrong_kinds(clinic: Clinic) -> Iterator[Fault]:
    """E42: an action is given something else than it takes, or words are compared as if they were numbers."""
    known = kinds_of_names(clinic)
    for flow, step, do, declared in declared_actions(clinic):
        for key, name in do.inputs.items():
            wanted, found = declared.takes.get(key, "text"), _kinds(known[flow.name], name)
            if found and not found & {wanted, *TAKEN_FOR.get(wanted, ())} and wanted != "text":
                yield At(flow, step).fault(
                    "E42",
                    f'{do.action} takes a {wanted} as "{key}", and "{name}" is {_listed(found)}.',
                    f"Give it a {wanted} that the patient chose or wrote.",
                )
    for flow, step, condition in _conditions(clinic):
        found = _kinds(known[flow.name], condition.name)
        if condition.operator in _ORDER and found and "number" not in found:
            yield At(flow, step).fault(
                "E42",
                f'"{condition.name}" is {_listed(found)}: it is neither more nor less than {condition.value}.',
                'Compare it with "=" or "is not".',
            )


def kinds_of_names(clinic: Clinic) -> dict[str, Kinds]:
    """For each flow, what each saved name can be. Names of unknown kind are left out."""
    known: dict[str, dict[str, frozenset[str]]] = {name: {} for name in clinic.flows}
    while True:
        before = {name: dict(kinds) for name, kinds in known.items()}
        for flow in clinic.flows.values():
            for step in flow.steps.values():
                for where, name, kinds in _saved(clinic, flow, step, before):
                    known[where][name] = known[where].get(name, frozenset()) | kinds
        if known == before:
            return {name: MappingProxyType(kinds) for name, kinds in known.items()}


def _saved(
    clinic: Clinic, flow: Flow, step: Step, known: Mapping[str, Kinds]
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """What a step saves: in which flow, under which name, of which kinds."""
    match step.body:
        case Ask(save_as=str(name)) as ask:
            yield flow.name, name, _answer(clinic, ask, known[flow.name])
        case Do(save_as=str(name), action=action) if action in ACTIONS and ACTIONS[action].of:
            yield flow.name, name, frozenset({ACTIONS[action].of})
        case Run(flow=other, inputs=inputs) if other in clinic.flows:
            for name, given in inputs.items():
                yield other, name, _kinds(known[flow.name], given)


def _answer(clinic: Clinic, ask: Ask, known: Kinds) -> frozenset[str]:
    kinds: frozenset[str] = frozenset({ask.type}) if ask.type else frozenset()
    if ask.options_from:
        listed = OF_LISTS.get(ask.options_from) if ask.options_from in clinic.lists else None
        kinds |= {listed} if listed else known.get(ask.options_from, frozenset())
    return kinds | {CHOICE} if ask.options else kinds


def _kinds(known: Kinds, name: str) -> frozenset[str]:
    """What a name can be; nothing for a literal, a field of a value, or what is not known."""
    if name == "contact.phone":
        return frozenset({"phone"})
    return known.get(name, frozenset())


def _listed(kinds: frozenset[str]) -> str:
    return " or ".join(kind if kind == CHOICE else f"a {kind}" for kind in sorted(kinds))


def _conditions(clinic: Clinic) -> Iterator[tuple[Flow, Step, Condition]]:
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Check):
                for condition, _ in step.body.ways:
                    yield flow, step, condition


def answered_before(clinic: Clinic) -> Iterator[Fault]:
    """E35: a condition that never decides anything, because an earlier one always does."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Check):
                conditions = [condition for condition, _ in step.body.ways]
                for at, later in enumerate(conditions):
                    earlier = next((one for one in conditions[:at] if _covers(one, later)), None)
                    if earlier is not None:
                        yield At(flow, step).fault(
                            "E35",
                            f'the condition "{_words(later)}" is never reached: "{_words(earlier)}" comes first.',
                            "Change their order, or delete one.",
                        )


def _words(condition: Condition) -> str:
    return f"{condition.name} {condition.operator} {condition.value}".strip()


def _covers(earlier: Condition, later: Condition) -> bool:
    """Whether everything that the later condition lets through the earlier one has taken already."""
    if earlier.name != later.name:
        return False
    if earlier == later or (earlier.operator == "is set" and later.operator in {"=", *_ORDER}):
        return True
    one, other = _range(earlier), _range(later)
    return one is not None and other is not None and one[0] <= other[0] and other[1] <= one[1]


def _range(condition: Condition) -> tuple[float, float] | None:
    """The numbers a condition lets through, as from and to; an edge that is not meant is a hair's breadth off."""
    try:
        value = float(condition.value)
    except ValueError:
        return None
    hair, far = 1e-9, float("inf")
    ranges = {
        "=": (value, value),
        "<": (-far, value - hair),
        "<=": (-far, value),
        ">": (value + hair, far),
        ">=": (value, far),
    }
    return ranges.get(condition.operator)
