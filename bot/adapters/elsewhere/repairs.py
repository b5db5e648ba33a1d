"""Puts right in a draft what the check finds and nobody needs to decide; each repair is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from bot.adapters.elsewhere.naming import as_name, tidied
from bot.adapters.elsewhere.steps import Draft, Written
from bot.core.answers import fold
from bot.core.fault import Fault
from bot.core.flow import Text

LOOPS_MAX = "3"
_QUOTED = re.compile(r'"([^"]*)"')


def repair(draft: Draft, fault: Fault) -> bool:
    """Put one mistake right. Whether anything was changed."""
    mend = _REPAIRS.get(fault.code)
    step = draft.steps.get(fault.step)
    return mend is not None and mend(draft, fault, step if step is not None else {})


def _quoted(fault: Fault) -> str:
    """The first thing a fault names."""
    return next(iter(_QUOTED.findall(fault.message)), "")


def _without_name(draft: Draft, fault: Fault, step: Written) -> bool:
    """A text does without a name that may not be known there; a decision by it becomes a person's."""
    named = re.findall(r'names "([^"]+)"', fault.message)
    if "check" in step:
        return _pass_on(draft, fault, step)
    if not named:
        return False
    name = re.compile(rf" ?\{{{re.escape(named[0].split('.')[0])}(?:\.[a-z0-9_.]+)?\}}")
    changed = False
    for key, value in step.items():
        if isinstance(value, Text) and name.search(value.source):
            there = {code: tidied(name.sub("", said)) for code, said in value.translations.items()}
            step[key] = Text(tidied(name.sub("", value.source)) or "…", there)
            changed = True
    if changed:
        draft.left(
            fault.step, f'The text named "{named[0]}", which is not known on every way here.', "Word it without."
        )
    return changed


def _pass_on(draft: Draft, fault: Fault, step: Written) -> bool:
    """A decision that cannot be taken goes to a person."""
    if "check" not in step:
        return False
    ways = ", ".join(str(way.get("if")) for way in step["check"])
    step.clear()
    step.update({"hand over": "Imported: a decision that the bot cannot take", "end": "handed_over"})
    draft.left(
        fault.step, f"It decided by {ways[:120]}; {fault.message}", "Until you decide otherwise, a person is called."
    )
    return True


def _bound(draft: Draft, fault: Fault, step: Written) -> bool:
    """Steps that go round without a question do so three times."""
    if "at most" in step or not step:
        return False
    passing = {"hand over": "Imported: it went round and round", "end": "handed_over"}
    name = next((known for known, one in draft.steps.items() if one == passing), "")
    if not name:
        name = as_name("pass_on", "step", draft.steps)
        draft.steps[name] = passing
    step |= {"at most": LOOPS_MAX, "after that": name}
    draft.left(fault.step, "It leads round in a circle without a question.", f"It ends after {LOOPS_MAX} times now.")
    return True


def _end_there(draft: Draft, fault: Fault, step: Written) -> bool:
    """Flows that run each other end where they run the other."""
    if "run" not in step or "end" in step:
        return False
    step.pop("go to", None)
    step["end"] = "went_on"
    draft.left(fault.step, "The two flows run each other for ever.", "This one ends here now.")
    return True


def _drop_start(draft: Draft, fault: Fault, step: Written) -> bool:
    """Words that start something else already do not start this flow."""
    words = _quoted(fault)
    kept = [one for one in draft.starts_with if fold(one) != fold(words)]
    if len(kept) == len(draft.starts_with):
        return False
    draft.starts_with = kept
    draft.left("(start)", f'"{words}" means something else here already.', 'Write other words under "starts with".')
    return True


def _drop_word(draft: Draft, fault: Fault, step: Written) -> bool:
    """An option does without a word that means something else everywhere. Its label is left to a person."""
    words = fold(_quoted(fault))
    for option in step.get("options", {}).values():
        also = option.get("also", ())
        if words in map(fold, also):
            option["also"][:] = [one for one in also if fold(one) != words]
            if not option["also"]:
                del option["also"]
            return True
    return False


_REPAIRS: Mapping[str, Callable[[Draft, Fault, Written], bool]] = {
    "E15": _bound,
    "E16": _end_there,
    "E30": _drop_word,
    "E31": _drop_word,
    "E32": _drop_word,
    "E33": _drop_start,
    "E35": _pass_on,
    "E40": _without_name,
    "E41": _without_name,
    "E42": _pass_on,
    "E43": _without_name,
}
