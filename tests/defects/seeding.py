"""Mistakes an admin could make in a flow, one at a time: each flow file with each of them."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

TARGET_KEYS = ("go to", "after that", "after last try")
TEXT_KEYS = ("ask", "say")


@dataclass(frozen=True, slots=True)
class Defect:
    """One mistake: what it is, in which file, and the file with it."""

    what: str
    file: str
    text: bytes


def defects(file: str, text: str) -> Iterator[Defect]:
    """Every mistake of these kinds in one flow file: steps and keys deleted or misspelt, outcomes and options rewired
    or deleted, names used too early, labels too long, words that collide, steps that lead to themselves."""
    whole = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - it makes nothing but texts
    seen = {_dump(whole)}
    for what, changed in _changes(whole):
        dumped = _dump(changed)
        if dumped not in seen:
            seen.add(dumped)
            yield Defect(what, file, dumped)


def _dump(whole: Any) -> bytes:
    # Every scalar in quotes: the loader warns of values that other programs would change.
    dumped: bytes = yaml.dump(whole, allow_unicode=True, sort_keys=False, width=10_000, encoding="utf-8")
    return dumped


def _changes(whole: Any) -> Iterator[tuple[str, Any]]:
    names = list(whole["steps"])
    for at, name in enumerate(names):
        changed = copy.deepcopy(whole)
        del changed["steps"][name]
        yield f"{name}: deleted", changed
        for what, change in _in_step(whole["steps"][name], names, at):
            changed = copy.deepcopy(whole)
            change(changed["steps"][name])
            yield f"{name}: {what}", changed
    saved = [step["save as"] for step in whole["steps"].values() if "save as" in step]
    for early in saved[-1:]:
        changed = copy.deepcopy(whole)
        first = next((step for step in changed["steps"].values() if any(key in step for key in TEXT_KEYS)), None)
        if first is not None:
            key = next(key for key in TEXT_KEYS if key in first)
            first[key] += f" {{{early}}}"
            yield f"{{{early}}} is named before it is saved", changed


def _in_step(step: Any, names: list[str], at: int) -> Iterator[tuple[str, Any]]:
    name, others = names[at], [names[at - 1], names[(at + 2) % len(names)]]
    for key in step:
        yield f'"{key}" deleted', lambda one, key=key: one.pop(key)
        yield f'"{key}" misspelt', lambda one, key=key: one.update({key[:-1]: one.pop(key)})
    for key in ("do", "save as", "options from", "type", "run"):
        if key in step:
            yield f'"{key}" names something else', lambda one, key=key: one.update({key: one[key][:-1] or "x"})
    for key in (key for key in TARGET_KEYS if key in step):
        for to in _others(step[key].removeprefix("go to "), name, others):
            yield f'"{key}" leads to {to}', lambda one, key=key, to=to: one.update({key: to})
    yield from _in_action(step, name, others)
    for where in ("options", "more options"):
        yield from _in_options(step, where, name, others)
    if "say" in step:
        yield "leads to itself", lambda one: (one.pop("end", None), one.update({"go to": name}))


def _in_action(step: Any, name: str, others: list[str]) -> Iterator[tuple[str, Any]]:
    for name_of_input in step.get("with", ()):
        yield f"input {name_of_input} deleted", lambda one, key=name_of_input: one["with"].pop(key)
        yield (
            f"input {name_of_input} misspelt",
            lambda one, key=name_of_input: one["with"].update({key: one["with"][key] + "x"}),
        )
    for outcome, goes in step.get("outcomes", {}).items():
        yield f"outcome {outcome} deleted", lambda one, key=outcome: one["outcomes"].pop(key)
        yield (
            f"outcome {outcome} misspelt",
            lambda one, key=outcome: one["outcomes"].update({key[:-1]: one["outcomes"].pop(key)}),
        )
        for to in _others(goes, name, others):
            yield f"outcome {outcome} leads to {to}", lambda one, key=outcome, to=to: one["outcomes"].update({key: to})


def _others(goes: str, name: str, others: list[str]) -> Iterator[str]:
    yield from (to for to in (goes[:-1] or "x", name, *others) if to != goes)


def _in_options(step: Any, where: str, name: str, others: list[str]) -> Iterator[tuple[str, Any]]:
    options = step.get(where)
    if not isinstance(options, dict):
        return
    ids = list(options)
    for at, id in enumerate(ids):
        option = options[id]
        yield f"option {id} deleted", lambda one, id=id: one[where].pop(id)
        yield (
            f"option {id} has a long label",
            lambda one, id=id: one[where][id].update({"label": one[where][id]["label"] + " and then some more words"}),
        )
        for to in _others(option.get("go to", ""), name, others):
            yield (
                f"option {id} leads to {to}",
                lambda one, id=id, to=to: (one[where][id].pop("end", None), one[where][id].pop("run", None),
                                           one[where][id].update({"go to": to})),
            )  # fmt: skip
        if at:
            taken = options[ids[0]]["label"]
            yield (
                f"option {id} takes another's words",
                lambda one, id=id, taken=taken: one[where][id].update({"also": [taken]}),
            )
            yield (
                f"option {id} takes another's label",
                lambda one, id=id, taken=taken: one[where][id].update({"label": taken}),
            )
