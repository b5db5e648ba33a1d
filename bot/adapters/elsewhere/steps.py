"""Makes steps of our language out of a foreign flow's nodes: a :class:`Draft`, as its file will say it.

What has no counterpart was noted while it was read. Here names are made, texts are cut to what WhatsApp shows, and
nothing is left without an end.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import takewhile, zip_longest
from typing import Any

from bot.adapters.elsewhere.choices import Choice, choices, without_menu
from bot.adapters.elsewhere.fitting import cut, duration, messages
from bot.adapters.elsewhere.joining import in_reading_order, join, joined
from bot.adapters.elsewhere.naming import as_name
from bot.adapters.elsewhere.shapes import Case, Foreign, Node, Untranslated
from bot.core.answers import fold
from bot.core.checks_time import REMINDER_SECONDS_MAX
from bot.core.checks_words import BUTTON_CHARACTERS_MAX, BUTTONS_MAX, ROW_CHARACTERS_MAX, ROWS_MAX
from bot.core.flow import Text
from bot.core.wording import QUESTION_CHARACTERS_MAX, TEXT_CHARACTERS_MAX

FINISHED, THANKS, CHOOSE = "finished", "Thank you.", "Please choose."
_OTHERWISE = {"<": ">=", "<=": ">", "=": "is not", ">=": "<", ">": "<="}
"""The comparison that holds when another does not."""

Written = dict[str, Any]
"""A step as its file will say it: keys of the language, and :class:`Text` where patients read."""


@dataclass(slots=True)
class Draft:
    """A flow file in the making."""

    name: str
    title: str
    starts_with: list[str] = field(default_factory=list)
    steps: dict[str, Written] = field(default_factory=dict)
    unreached: dict[str, Written] = field(default_factory=dict)
    """Steps no way leads to any more: written as remarks, so that their words are not lost."""
    untranslated: list[Untranslated] = field(default_factory=list)

    def left(self, step: str, why: str, do: str) -> None:
        """Note something that needs a person."""
        one = Untranslated(self.name, step, why, do)
        if one not in self.untranslated:
            self.untranslated.append(one)


def drafted(flow: Foreign, name: str, flows: Mapping[str, str]) -> Draft:
    """The steps of one flow. ``flows`` has the name that each flow of the export was given, by what it was called."""
    join(flow)
    return _Drafting(flow, name, flows).draft


class _Drafting:
    """One flow while its steps are made."""

    def __init__(self, flow: Foreign, name: str, flows: Mapping[str, str]) -> None:
        self.flow, self.flows = flow, flows
        self.draft = Draft(name, flow.title, list(flow.starts_with))
        self.names: dict[str, str] = {}
        """A node's id -> the step that a way to it leads to."""
        self.taken: set[str] = set()
        self.last: dict[str, Written] = {}
        """Steps at the end of the file, which several ways may share."""
        self.options: dict[str, dict[str, str]] = {}
        """Of each saved answer: the option that a word means."""
        self._draft_steps()

    def _draft_steps(self) -> None:
        reached = [node for node in in_reading_order(self.flow) if not node.passes]
        met = {node.id for node in reached}
        unmet = [node for node in self.flow.nodes.values() if node.id not in met and not node.joined]
        lost = [node for node in unmet if not node.passes]
        for node in (*reached, *lost):
            self.names[node.id] = self._new(node.name)
        self.used = _names_used(reached)
        self.draft.steps = self._steps(reached)
        self.draft.unreached = self._steps(lost)
        called = {node.id: self._step(node.joined or node.id) or node.name for node in self.flow.nodes.values()}
        for one in self.flow.untranslated:
            self.draft.left(called.get(one.node, one.node), one.why, one.do)
        if lost:
            why = f"No way leads to {', '.join(self.draft.unreached)[:120]} any more."
            self.draft.left("(end of the file)", why, 'They stand behind "#": lead a way to them, or delete them.')

    def _steps(self, nodes: list[Node]) -> dict[str, Written]:
        self.steps: dict[str, Written] = {}
        self.last = {}
        for node, following in zip_longest(nodes, nodes[1:]):
            name = self.names[node.id]
            self._write(name, node, following.id if following else "")
        return self.steps | self.last

    def _new(self, written: str) -> str:
        name = as_name(written, "step", self.taken)
        self.taken.add(name)
        return name

    # ---- where steps lead

    def _step(self, id: str) -> str:
        """The step that a way to a node leads to, past those that say nothing; empty where the flow ends."""
        return self.names.get(self.flow.after(id), "")

    def _goes(self, id: str, following: str = "") -> Written:
        """``go to`` or ``end``; nothing where the next step of the file is meant."""
        step = self._step(id)
        if not step:
            return {"end": FINISHED}
        return {} if step == self.names.get(following) else {"go to": step}

    def _after_an_answer(self, id: str) -> str:
        """The step that an answer leads to. Where the flow ended without a word, the patient is thanked."""
        step = self._step(id)
        if step:
            return step
        name = self._shared("thank_you", {"say": Text(THANKS), "end": FINISHED})
        why = f'Elsewhere the flow ended after an answer without a word; here it says "{THANKS}"'
        self.draft.left(name, why, "Write what the patient should read.")
        return name

    def _shared(self, name: str, step: Written) -> str:
        for known, one in self.last.items():
            if one == step:
                return known
        name = self._new(name)
        self.last[name] = step
        return name

    # ---- steps

    def _write(self, name: str, node: Node, following: str) -> None:
        if node.asks:
            self._ask(name, node, following)
        elif node.hands_over:
            said = {"say": joined(node.says)} if node.says else {}
            self.steps[name] = {"hand over": node.hands_over, **said, "end": "handed_over"}
        elif node.decides or node.runs:
            name = self._say_before(name, node.says, TEXT_CHARACTERS_MAX)
            self.steps[name] = self._check(name, node) if node.decides else self._run(name, node, following)
        else:
            *before, last = messages(node.says, TEXT_CHARACTERS_MAX)
            name = self._say_before(name, before, TEXT_CHARACTERS_MAX)
            self.steps[name] = {"say": last, **self._goes(node.otherwise, following)}

    def _say_before(self, name: str, texts: list[Text], most: int) -> str:
        """Say something first, under the name that ways lead to; the name that is left for the step itself."""
        for said in messages(texts, most):
            self.steps[name] = {"say": said}
            name = self._new(f"{name}_then")
        return name

    def _run(self, name: str, node: Node, following: str) -> Written:
        known = self.flows.get(node.runs)
        if known is not None:
            return {"run": known, **self._goes(node.otherwise, following)}
        why = f'It runs the flow "{node.runs[:40]}", which is not in the file.'
        self.draft.left(name, why, "Export both together. Until then a person is called.")
        return {"hand over": "Imported: a flow that is not here", "end": "handed_over"}

    # ---- questions

    def _ask(self, name: str, node: Node, following: str) -> None:
        texts, menu = without_menu(node.says)
        offered = choices(node, menu)
        if not {one.source for one in menu.values()} <= {one.label.source for one in offered}:
            texts = node.says
        most = QUESTION_CHARACTERS_MAX if offered else TEXT_CHARACTERS_MAX
        *before, asked = messages(texts or [Text(CHOOSE)], most)
        name = self._say_before(name, before, most)
        self.steps[name] = {"ask": asked}
        self.steps[name] |= self._answers(name, node, offered, following)
        if node.not_understood is not None:
            self.steps[name]["not understood"] = node.not_understood
        if node.silent_seconds and self._step(node.silent):
            self.steps[name] |= self._silent(name, node)

    def _answers(self, name: str, node: Node, offered: list[Choice], following: str) -> Written:
        typed = [case for case in node.cases if case.kind is not None]
        kind = typed[0].kind if typed else None if offered and node.cases else "text"
        bounded = any(case.bounds for case in typed)
        node.saves = node.saves or (as_name(name, "number") if bounded else "")
        step: Written = {}
        if offered:
            step["options"] = self._options(name, node, offered)
        if kind is not None:
            step["type"] = kind
        leads_twice = len({self._step(one.goes) for one in offered}) < len(offered)
        if node.saves and (kind is not None or node.saves in self.used or leads_twice):
            step["save as"] = node.saves
        if bounded:
            return step | {"go to": self._numbers(node.saves, typed, node.otherwise)}
        if kind is not None:
            to = self._after_an_answer(typed[0].goes if typed else node.otherwise)
            step |= {} if to == self.names.get(following) else {"go to": to}
        if node.cases and self._step(node.otherwise):
            step |= {"tries": "1", "after last try": f"go to {self._step(node.otherwise)}"}
        return step

    def _options(self, name: str, node: Node, offered: list[Choice]) -> Written:
        if len(offered) > ROWS_MAX:
            lost = ", ".join(f'"{one.label.source}"' for one in offered[ROWS_MAX:])
            self.draft.left(name, f"WhatsApp shows {ROWS_MAX} answers; left out: {lost[:200]}.", "Ask in two steps.")
        most = BUTTON_CHARACTERS_MAX if len(offered) <= BUTTONS_MAX else ROW_CHARACTERS_MAX
        options: dict[str, Written] = {}
        meant = self.options.setdefault(node.saves, {})
        for position, choice in enumerate(offered[:ROWS_MAX], start=1):
            label = self._fitted(name, choice.label, most)
            id = as_name(choice.label.source, "answer", [*options, "more"])
            also = choice.also(position, label)
            options[id] = {"label": label} | ({"also": also} if also else {})
            options[id]["go to"] = self._after_an_answer(choice.goes)
            meant |= dict.fromkeys(map(fold, (choice.label.source, *choice.words)), id)
        return options

    def _fitted(self, step: str, label: Text, most: int) -> Text:
        shorter = Text(cut(label.source, most), {code: cut(said, most) for code, said in label.translations.items()})
        if shorter != label:
            why = f'"{label.source[:60]}" has more than the {most} characters that WhatsApp shows.'
            self.draft.left(step, why, f'It is "{shorter.source}" now: word it shorter.')
        return shorter

    def _silent(self, name: str, node: Node) -> Written:
        if node.silent_seconds <= REMINDER_SECONDS_MAX:
            return {"silent": [{"after": duration(node.silent_seconds), "go to": self._step(node.silent)}]}
        why = f"It went on after {node.silent_seconds // 3600} hours without an answer, when WhatsApp takes no words."
        self.draft.left(name, why, 'The usual "silent" rules of _clinic.yaml hold.')
        return {}

    # ---- decisions

    def _check(self, name: str, node: Node) -> Written:
        otherwise = self._after_an_answer(node.otherwise)
        if any(case.bounds for case in node.cases):
            first = self._numbers(node.decides, node.cases, node.otherwise)
            return {"check": [{"if": f"{node.decides} is empty", "go to": otherwise}], "otherwise": first}
        ways: dict[str, str] = {}
        for case in node.cases:
            for condition in self._conditions(node.decides, case):
                ways.setdefault(condition, self._after_an_answer(case.goes))
        ways = ways or {f"{node.decides} is empty": otherwise}
        return {"check": [{"if": when, "go to": to} for when, to in ways.items()], "otherwise": otherwise}

    def _conditions(self, saved: str, case: Case) -> list[str]:
        if not case.words:
            return [f"{saved} is set"]
        meant = self.options.get(saved, {})
        return [f"{saved} = {one}" for one in dict.fromkeys(meant.get(fold(word), word) for word in case.words)]

    def _numbers(self, saved: str, cases: list[Case], otherwise: str) -> str:
        """Steps that hold a number against one case after the other; the name of the first."""
        bounded = list(takewhile(lambda case: case.bounds, cases))
        names = [self._new(f"check {saved}") for _ in bounded]
        rest = next((self._after_an_answer(case.goes) for case in cases if not case.bounds), "")
        leads_on = [*names[1:], rest or self._after_an_answer(otherwise)]
        for own, case, missed in zip(names, bounded, leads_on, strict=True):
            misses = [{"if": f"{saved} {_OTHERWISE[sign]} {value}", "go to": missed} for sign, value in case.bounds]
            self.last[own] = {"check": misses, "otherwise": self._after_an_answer(case.goes)}
        return names[0] if names else rest


def _names_used(nodes: list[Node]) -> set[str]:
    said = " ".join(text.source for node in nodes for text in node.says)
    return {node.decides for node in nodes} | set(re.findall(r"\{([a-z][a-z0-9_]*)", said))
