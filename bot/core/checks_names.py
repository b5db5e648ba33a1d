"""Checks on names: everything a text, condition or input names is saved, and saved on every way that leads there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.actions import ACTIONS, OPTIONAL_INPUTS, PARTS
from bot.core.checks_kinds import kinds_of_names
from bot.core.checks_words import Spot, engine_spots, flow_spots
from bot.core.engine_texts import ENGINE_TEXTS
from bot.core.fault import At, Fault, did_you_mean
from bot.core.flow import Ask, Check, Clinic, Do, Flow, Run, Step
from bot.core.names import braces_in, doubled_in, names_in
from bot.core.ways import Way, ways_of

CONTACT_NAMES = ("contact.phone", "contact.language", "contact.opted_out")
_WORD = re.compile(r"[a-z]\w*(?:\.\w+)*")
CONDITION = "the condition"
_MAY_BE_EMPTY = frozenset(f'the input "{name}"' for name in OPTIONAL_INPUTS)

Scope = dict[str, frozenset[str] | None]
"""What a flow saves, by name, with the fields each has; None when they are not known before."""


def _scope(clinic: Clinic, flow: Flow) -> Scope:
    scope: Scope = {}
    for step in flow.steps.values():
        match step.body:
            case Ask(save_as=str(name)) as ask:
                scope[name] = None if ask.options_from else frozenset({"id", "label"})
            case Do(save_as=str(name), action=action) if action in ACTIONS:
                given = {part for parts in ACTIONS[action].gives.values() for part in parts}
                scope[name] = None if "*" in given or scope.get(name, given) is None else frozenset(given)
    for other in clinic.flows.values():
        for step in other.steps.values():
            if isinstance(step.body, Run) and step.body.flow == flow.name:
                scope |= dict.fromkeys(step.body.inputs)
    return scope


def unknown_names(clinic: Clinic) -> Iterator[Fault]:
    """E40: a text, condition, input or list names something that nothing saves."""
    kinds = kinds_of_names(clinic)
    for flow in clinic.flows.values():
        scope = _scope(clinic, flow)
        for name, found in kinds[flow.name].items():
            if scope.get(name, frozenset()) is None and found and found <= PARTS.keys():
                scope[name] = frozenset().union(*(PARTS[kind] for kind in found))
        for step, where, name in names_used(clinic, flow):
            if not _is_known(clinic, scope, name):
                yield At(flow, step).fault(
                    "E40", f'{where} names "{name}", which nothing saves.', _meant(clinic, scope, name)
                )
        for spot in flow_spots(flow):
            yield from _said_with_braces(clinic, scope, spot)
    engine = {f'the text "{name}"': names for name, names in ENGINE_TEXTS.items()}
    for spot in engine_spots(clinic):
        for name in names_in(spot.text.source):
            if name not in engine.get(spot.what, ()) and not _is_known(clinic, {}, name):
                yield spot.fault("E40", f'names "{name}", which nothing saves.', _meant(clinic, {}, name))
        yield from _said_with_braces(clinic, dict.fromkeys(engine.get(spot.what, ())), spot)


def _said_with_braces(clinic: Clinic, scope: Scope, spot: Spot) -> Iterator[Fault]:
    """What was meant as a name, and the patient would read as it stands."""
    for said in braces_in(spot.text.source):
        words = _WORD.findall(said.lower())
        # "{Full name}" is one name of two words; in "{name, shall I?" the first word was meant.
        meant = next((one for one in ("_".join(words), *words[:1]) if _is_known(clinic, scope, one)), "")
        remedy = f'Write "{{{meant}}}".' if meant else "Name something that is saved; two braces are one that is said."
        yield spot.fault("E40", f'says "{said}" as it stands.', remedy)
    for said in doubled_in(spot.text.source):
        if _is_known(clinic, scope, said.lower()):
            yield spot.fault("E40", f'says "{{{said}}}" as it stands.', f'Write "{{{said.lower()}}}", with one brace.')


def names_used(clinic: Clinic, flow: Flow) -> Iterator[tuple[Step, str, str]]:
    for spot in flow_spots(flow):
        for name in names_in(spot.text.source):
            yield flow.steps.get(spot.step, flow.first), spot.what, name
    for step in flow.steps.values():
        match step.body:
            case Ask(options_from=str(name)) if name not in clinic.lists:
                yield step, '"options from"', name
            case Do(inputs=inputs) | Run(inputs=inputs):
                for key, name in inputs.items():
                    if not name.startswith('"'):
                        yield step, f'the input "{key}"', name
            case Check(ways=ways):
                for condition, _ in ways:
                    yield step, CONDITION, condition.name


def _is_known(clinic: Clinic, scope: Scope, name: str) -> bool:
    head, _, rest = name.partition(".")
    if head == "clinic":
        return _facts(clinic) >= {name.replace("_", " ")}
    if name in CONTACT_NAMES:
        return True
    fields = scope.get(head)
    return head in scope and (not rest or fields is None or rest.partition(".")[0] in fields)


def _facts(clinic: Clinic) -> set[str]:
    known: set[str] = set()
    waiting = [("clinic", clinic.facts)]
    while waiting:
        path, value = waiting.pop()
        for key, part in value.items():
            known.add(f"{path}.{key}".replace("_", " "))
            if isinstance(part, dict):
                waiting.append((f"{path}.{key}", part))
    return known


def _meant(clinic: Clinic, scope: Scope, name: str) -> str:
    head = name.partition(".")[0]
    fields = scope.get(head) or ()
    known = [*scope, *CONTACT_NAMES, *(f"{head}.{field}" for field in fields)]
    known += [fact.replace(" ", "_") for fact in _facts(clinic)]
    if head == "clinic":
        return did_you_mean(name, known, f'Write "{name.partition(".")[2].replace("_", " ")}: ..." in clinic.yaml.')
    return did_you_mean(name, known, f'Save it in a step before ("save as: {head}"), or take it out.')


def names_not_set(clinic: Clinic) -> Iterator[Fault]:
    """E41: a way leads here on which something that is named was never saved."""
    for flow in clinic.flows.values():
        scope, before = _scope(clinic, flow), saved_before(flow, given_names(clinic, flow))
        for step, where, name in names_used(clinic, flow):
            head = name.partition(".")[0]
            if where == CONDITION or where in _MAY_BE_EMPTY or step.name not in before:
                continue
            if head in scope and head not in before[step.name]:
                yield At(flow, step).fault(
                    "E41",
                    f'{where} names "{head}", and a way leads here on which nobody saved it.',
                    "Lead that way elsewhere, or save it first.",
                )


def given_names(clinic: Clinic, flow: Flow) -> frozenset[str]:
    """What other flows pass in when they run this one."""
    steps = (step.body for other in clinic.flows.values() for step in other.steps.values())
    return frozenset(name for body in steps if isinstance(body, Run) and body.flow == flow.name for name in body.inputs)


def saved_before(flow: Flow, given: frozenset[str]) -> dict[str, frozenset[str]]:
    """For every step that can be reached, the names saved on every way to it."""
    before = {flow.first.name: given}
    waiting = [flow.first.name]
    while waiting:
        name = waiting.pop()
        for way in ways_of(flow.steps[name]):
            to = way.target.step if way.target else None
            if to is None or to not in flow.steps:
                continue
            after = before[name] | _saved_on(flow.steps[name], way)
            known = before.get(to, after) & after
            if before.get(to) != known:
                before[to] = known
                waiting.append(to)
    return before


def forgotten_inputs(clinic: Clinic) -> Iterator[Fault]:
    """E48: an action may take something that is saved on the way to it, and does not get it."""
    for flow in clinic.flows.values():
        may_be = _saved_on_some_way(flow, given_names(clinic, flow))
        for name, known in may_be.items():
            step = flow.steps[name]
            if not isinstance(step.body, Do) or step.body.action not in ACTIONS:
                continue
            optional = ACTIONS[step.body.action].takes.keys() & OPTIONAL_INPUTS & known
            for key in sorted(optional - step.body.inputs.keys()):
                message = f'{step.body.action} takes "{key}", which was saved before, and does not get it.'
                yield At(flow, step).fault(
                    "E48", message, f'Add "{key}: {key}" under "with", or save it as another name.'
                )


def _saved_on_some_way(flow: Flow, given: frozenset[str]) -> dict[str, frozenset[str]]:
    """For every step that can be reached, the names saved on at least one way to it."""
    before = {flow.first.name: given}
    waiting = [flow.first.name]
    while waiting:
        step = flow.steps[waiting.pop()]
        for way in ways_of(step):
            to = way.target.step if way.target else None
            if to not in flow.steps or to is None:
                continue
            known = before.get(to, frozenset()) | before[step.name] | _saved_on(step, way)
            if before.get(to) != known:
                before[to] = known
                waiting.append(to)
    return before


def _saved_on(step: Step, way: Way) -> frozenset[str]:
    """What is saved when a step is left this way."""
    match step.body:
        case Ask(save_as=str(name)) if way.kind == "answer":
            return frozenset({name})
        case Do(save_as=str(name), action=action) if action in ACTIONS:
            outcome = way.name.removeprefix("outcome ")
            return frozenset({name}) if ACTIONS[action].gives.get(outcome) else frozenset()
        case _:
            return frozenset()


def unused_names(clinic: Clinic) -> Iterator[Fault]:
    """W44: something is saved and never used in its flow."""
    for flow in clinic.flows.values():
        used = {name.partition(".")[0] for _, _, name in names_used(clinic, flow)}
        for step in flow.steps.values():
            match step.body:
                case Ask(save_as=str(name)) | Do(save_as=str(name)) if name not in used:
                    yield At(flow, step).fault("W44", f'"{name}" is saved and never used.', 'Delete "save as".')
