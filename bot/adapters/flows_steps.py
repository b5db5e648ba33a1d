"""Reads one flow file: its steps, and where each goes. "The next step is the next one in the file" is resolved here.

Whether a target exists is left to the checks; a step that falls off the end of the file gets a target without step
and end.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from bot.adapters.flows_nodes import Entries, Items, Node, Scalar
from bot.adapters.flows_page import STEP_KINDS, Page
from bot.core.flow import (
    NEXT,
    AnswerType,
    Ask,
    Body,
    Check,
    Condition,
    Do,
    Flow,
    HandOver,
    Option,
    Run,
    Say,
    SilenceRule,
    Step,
    Stop,
    Target,
    Text,
)

OFF_THE_END = Target()
MORE = "more"
"""The engine's own option under a long list."""
_FLOW_KEYS = ("flow", "title", "starts with", "steps")
KINDS: Mapping[str, tuple[str, ...]] = {
    "ask": (
        "options",
        "options from",
        "more options",
        "type",
        "save as",
        "tries",
        "not understood",
        "after last try",
        "silent",
        "go to",
        "end",
    ),
    "say": ("go to", "end"),
    "do": ("with", "save as", "outcomes"),
    "check": ("otherwise",),
    "run": ("with", "go to", "end"),
    "hand over": ("say", "go to", "end"),
}
"""What a step can be, and the keys each kind has beside those of every step."""
_EVERY_STEP = ("at most", "after that", "renamed from")
OPTION_KEYS = ("label", "also", "description", "go to", "run", "end")
_OPTION_ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_ANSWER_TYPES = get_args(AnswerType)
_SAVED = r"[a-z][a-z0-9_]*(?:[. ][a-z0-9_]+)*?"
_CONDITION = re.compile(rf"({_SAVED})(?: (is empty|is set)| ?(<=|>=|=|<|>) ?([^\s=<>!].*)| (is not) (\S.*))")
_MEANT = {
    "name": "person name", "full name": "person name", "string": "text", "str": "text", "int": "number",
    "integer": "number", "boolean": "yes or no", "tel": "phone", "mobile": "phone",
    "mail": "email", "bool": "yes or no",
}  # fmt: skip
"""What other languages call a type of answer."""
_SAVED_NAME = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z0-9_]+)*")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What every question has unless it says otherwise."""

    tries: int = 3
    not_understood: Text | None = None
    silent: tuple[SilenceRule, ...] = ()


def read_flow(page: Page, node: Node, defaults: Defaults) -> Flow | None:
    """The flow of a file, as far as it can be read. None when it has no name or no steps."""
    entries = page.keys(node, "a flow", _FLOW_KEYS, ("flow", "title", "steps"))
    name = page.name(entries, "flow")
    title = page.text(entries.values.get("title"), "title", '"title"')
    starts_with = page.in_all_languages(entries.values.get("starts with"), "starts with", '"starts with"')
    nodes = list(page.named(entries.values.get("steps"), '"steps"'))
    reader = _Steps(page, defaults)
    steps = {}
    for index, (key, step) in enumerate(nodes):
        following = Target(step=nodes[index + 1][0].text) if index + 1 < len(nodes) else OFF_THE_END
        steps[key.text] = reader.step(key, step, following)
    for key, _ in nodes:
        was = steps[key.text].renamed_from
        if was in steps or (sum(one.renamed_from == was for one in steps.values()) > 1 and was):
            page.fault(
                "E05",
                key,
                f'"renamed from: {was}" names a step that is still there, or that another step was.',
                "Delete it: whoever stands at a step can be moved to one place only.",
            )
    if name is None or not steps:
        return None
    return Flow(name, title or Text(name), steps, starts_with, page.file)


def read_silence(page: Page, node: Node | None, path: str) -> tuple[SilenceRule, ...]:
    """The rules for a patient who does not answer, in order of time."""
    items = page.of(Items, node, '"silent"')
    rules: list[SilenceRule] = []
    for number, item in enumerate(items.items if items else (), start=1):
        entries = page.keys(item, "a silence rule", ("after", "say", "go to", "end"), ("after",))
        after = page.seconds(entries.values.get("after"), '"after"')
        if rules and 0 < after <= rules[-1].after_seconds:
            page.fault(
                "E80",
                item,
                "this silence rule is not later than the one before.",
                '"after" counts from the question; put the rules in order of time.',
            )
        say = page.text(entries.values.get("say"), f"{path}.{number}.say", '"say"')
        goes = _explicit(page, entries)
        if say is None and goes is None and isinstance(item, Entries):
            page.fault("E04", item, "this silence rule does nothing.", 'Add "say", "go to" or "end".')
        rules.append(SilenceRule(after, say, goes, item.line))
    return tuple(rules)


def _explicit(page: Page, entries: Entries) -> Target | None:
    """Where ``go to`` or ``end`` lead, if either is there."""
    if "go to" in entries.values and "end" in entries.values:
        page.fault("E04", entries.keys["end"], '"go to" and "end" exclude each other.', "Delete one of them.")
    if "go to" in entries.values:
        return Target(step=page.word(entries, "go to"))
    if "end" in entries.values:
        return Target(end=page.name(entries, "end") or "ended")
    return None


class _Steps:
    """Reads the steps of one file."""

    def __init__(self, page: Page, defaults: Defaults) -> None:
        self.page = page
        self.defaults = defaults

    def step(self, key: Scalar, node: Node, following: Target) -> Step:
        page = self.page
        page.step = key.text
        if not isinstance(node, Entries):
            page.fault("E04", key, "this step has no keys.", 'Write what it does below its name: "say: ...".')
            node = Entries(key.line, key.column, {"end": key}, {"end": key})
        kind = self._kind(key, node)
        kinds = STEP_KINDS.intersection(node.values)  # More than one has been told.
        entries = page.keys(node, f"{_a(kind)} step", (kind, *KINDS.get(kind, ("end",)), *_EVERY_STEP, *kinds))
        goes = _explicit(page, entries) or following
        body = self._body(kind, entries, key.text, following)
        if goes == OFF_THE_END:
            body, goes = _ending_with_what_they_run(body)
        at_most = page.number(entries, "at most", most=20)
        after_that = Target(step=page.word(entries, "after that")) if "after that" in entries.values else None
        if at_most is not None and after_that is None:
            page.fault(
                "E18",
                entries.keys["at most"],
                '"at most" needs "after that".',
                'Add "after that: STEP" for the time when it was enough.',
            )
        if after_that is not None and "at most" not in entries.values:
            page.fault("E18", entries.keys["after that"], '"after that" needs "at most".', 'Add "at most: 3".')
        renamed_from = page.name(entries, "renamed from") or ""
        page.step = ""
        return Step(key.text, body, goes, at_most, after_that, key.line, renamed_from)

    def _kind(self, key: Scalar, node: Node) -> str:
        page = self.page
        found = [kind for kind in KINDS if isinstance(node, Entries) and kind in node.values]
        if "hand over" in found and "say" in found:
            found.remove("say")
        if len(found) > 1:
            page.fault("E04", key, f"a step does one thing, and this one has {_and(found)}.", "Make two steps of it.")
        if found:
            return found[0]
        written = list(node.values) if isinstance(node, Entries) else []
        misspelt = [kind for one in written for kind in difflib.get_close_matches(one, KINDS, n=1, cutoff=0.6)]
        if misspelt:
            return misspelt[0]
        if "end" not in written:
            page.fault("E04", key, "this step does nothing.", f"Give it one of: {', '.join(KINDS)}, end.")
        return "end"

    def _body(self, kind: str, entries: Entries, name: str, following: Target) -> Body:
        match kind:
            case "ask":
                return self._ask(entries, name)
            case "do":
                return self._do(entries, following)
            case "check":
                return self._check(entries, following)
            case "run":
                return Run(self.page.word(entries, "run"), self._inputs(entries.values.get("with")))
            case _:
                return self._words(kind, entries, name)

    def _words(self, kind: str, entries: Entries, name: str) -> Body:
        say = self.page.text(entries.values.get("say"), f"{name}.say", '"say"')
        if kind == "hand over":
            return HandOver(self.page.word(entries, "hand over"), say)
        return Say(say or Text("")) if kind == "say" else Stop()

    # ---- questions

    def _ask(self, entries: Entries, name: str) -> Ask:
        page, values = self.page, entries.values
        options = self._options(values.get("options"), f"{name}.options")
        more = self._options(values.get("more options"), f"{name}.more options")
        if "options" in values and ("options from" in values or "more options" in values):
            page.fault(
                "E04",
                entries.keys["options"],
                '"options" stands alone.',
                'Beside "options from", write "more options".',
            )
        if not any(key in values for key in ("options", "options from", "type")):
            page.fault("E04", entries, "this question takes no answer.", 'Add "options", "options from" or "type".')
        silent = self.defaults.silent
        if "silent" in values:
            silent = read_silence(page, values["silent"], f"{name}.silent")
        answer = page.one_of(entries, "type", _ANSWER_TYPES, meant=_MEANT)
        return Ask(
            text=page.text(values.get("ask"), f"{name}.ask", '"ask"') or Text(""),
            options=options,
            options_from=page.word(entries, "options from") or None,
            more_options=more,
            type=next((known for known in _ANSWER_TYPES if known == answer), None),
            save_as=page.name(entries, "save as"),
            tries=page.number(entries, "tries", most=10) or self.defaults.tries,
            not_understood=page.text(values.get("not understood"), f"{name}.not understood", '"not understood"'),
            after_last_try=self._after_last_try(entries),
            silent=silent,
        )

    def _after_last_try(self, entries: Entries) -> Target | None:
        word = self.page.word(entries, "after last try")
        if not word or word == "hand over":
            return None
        if word.startswith("go to "):
            return Target(step=word.removeprefix("go to ").strip())
        self.page.fault(
            "E04",
            entries.values["after last try"],
            f'"after last try: {word}" is not known.',
            'Write "hand over" or "go to STEP".',
        )
        return None

    def _options(self, node: Node | None, path: str) -> tuple[Option, ...]:
        page = self.page
        options = []
        for key, value in page.named(node, '"options"', _OPTION_ID):
            what = f'the option "{key.text}"'
            if key.text == MORE:
                page.fault("E05", key, f"{what} has the name of the button that turns a page.", "Choose another name.")
            entries = page.keys(value, what, OPTION_KEYS, ("label",))
            here = f"{path}.{key.text}"
            options.append(
                Option(
                    id=key.text,
                    label=page.text(entries.values.get("label"), f"{here}.label", f'"label" of {what}')
                    or Text(key.text),
                    also=page.in_all_languages(entries.values.get("also"), f"{here}.also", '"also"'),
                    description=page.text(entries.values.get("description"), f"{here}.description", '"description"'),
                    goes=_explicit(page, entries),
                    run=page.word(entries, "run") or None,
                    line=key.line,
                )
            )
        return tuple(options)

    # ---- actions and conditions

    def _do(self, entries: Entries, following: Target) -> Do:
        page = self.page
        if "outcomes" not in entries.values:
            page.fault("E04", entries, 'this step has no "outcomes".', "Say where each outcome leads.")
        outcomes = {}
        for key, value in page.named(entries.values.get("outcomes"), '"outcomes"'):
            scalar = page.of(Scalar, value, f'the outcome "{key.text}"')
            if scalar is not None:
                outcomes[key.text] = self._target(scalar, following)
        inputs = self._inputs(entries.values.get("with"))
        return Do(page.word(entries, "do"), inputs, page.name(entries, "save as"), outcomes)

    def _target(self, at: Scalar, following: Target) -> Target:
        word = at.text.strip()
        if word == NEXT:
            return following
        if word.startswith("end "):
            how = word.removeprefix("end ").strip()
            self.page.check_name(Scalar(how, at.line, at.column), f'"end {how}"')
            return Target(end=how)
        if not word:
            self.page.fault("E04", at, "this leads nowhere.", 'Write "next", a step, or "end HOW".')
        return Target(step=word)

    def _inputs(self, node: Node | None) -> dict[str, str]:
        """Inputs by name: a saved name, or a literal in double quotes (what is quoted or no name is a literal)."""
        inputs = {}
        for key, value in self.page.named(node, '"with"'):
            scalar = self.page.of(Scalar, value, f'the input "{key.text}"')
            if scalar is not None:
                is_name = scalar.plain and _SAVED_NAME.fullmatch(scalar.text)
                inputs[key.text] = scalar.text if is_name else f'"{scalar.text.strip().strip(chr(34))}"'
        return inputs

    def _check(self, entries: Entries, following: Target) -> Check:
        page = self.page
        items = page.of(Items, entries.values.get("check"), '"check"')
        ways = []
        for item in items.items if items else ():
            way = page.keys(item, "a condition", ("if", "go to", "end"), ("if",))
            goes = _explicit(page, way)
            if goes is None and isinstance(item, Entries):
                page.fault("E04", item, "this condition leads nowhere.", 'Add "go to: STEP".')
            condition = self._condition(page.word(way, "if"), way.values.get("if", item))
            if condition is not None and goes is not None:
                ways.append((condition, goes))
        if "otherwise" not in entries.values:
            page.fault("E17", entries, 'this check has no "otherwise".', "Say where to go when no condition holds.")
        otherwise = page.of(Scalar, entries.values.get("otherwise"), '"otherwise"')
        return Check(tuple(ways), self._target(otherwise, following) if otherwise else following)

    def _condition(self, written: str, at: Node) -> Condition | None:
        match = _CONDITION.fullmatch(written)
        if match is None:
            if written:
                self.page.fault(
                    "E04",
                    at,
                    f'"if: {written[:40]}" cannot be read.',
                    'Write "name = value", "name is not value", "name >= 3" or "name is empty".',
                )
            return None
        name, bare, operator, value, is_not, other = match.groups()
        return Condition(name, bare or operator or is_not, value or other or "")


def _ending_with_what_they_run(body: Body) -> tuple[Body, Target]:
    """The last step of a file may run a flow without saying more: the flow then ends under the name of what it ran."""
    match body:
        case Run(flow=flow):
            return body, Target(end=flow)
        case Ask():
            return replace(body, options=_ending(body.options), more_options=_ending(body.more_options)), OFF_THE_END
        case _:
            return body, OFF_THE_END


def _ending(options: tuple[Option, ...]) -> tuple[Option, ...]:
    return tuple(
        replace(option, goes=Target(end=option.run)) if option.run and option.goes is None else option
        for option in options
    )


def _a(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeo" else f"a {kind}"


def _and(words: list[str]) -> str:
    return " and ".join(f'"{word}"' for word in words)
