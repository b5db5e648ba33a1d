"""Reads the definition of a Twilio Studio flow: JSON with states (widgets) and their transitions.

A widget there sends, waits, splits on something or calls something else; an answer is looked at by the split that
follows it. Written from the public format; whatever has another shape counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.elsewhere.naming import as_label, as_name, first_words, with_names
from bot.adapters.elsewhere.opened import NODES_MAX, entries, objects, text, whole
from bot.adapters.elsewhere.shapes import Case, Foreign, Node, Refused
from bot.core.flow import Text

_EXPRESSION = re.compile(r"\{\{[^{}]{0,300}\}\}|\{%[^%]{0,300}%\}")
_ANSWER = re.compile(r"\{\{-?\s*widgets\.([A-Za-z0-9_-]+)\.inbound\.Body\b[^{}]*\}\}")
_VARIABLE = re.compile(r"\{\{-?\s*flow\.variables\.([A-Za-z0-9_-]+)\s*(?:\|[^{}]*)?\}\}")
_PHONE = re.compile(r"\{\{-?\s*contact\.channel\.address\s*-?\}\}|\{\{-?\s*trigger\.message\.From\s*-?\}\}")
_FIRST = ("incomingMessage", "incomingConversationMessage", "incomingParent", "incomingRequest")
_GOES_ON = {"send-message": "sent", "set-variables": "next", "make-http-request": "success", "run-function": "success"}
_SAYS_BODY = ("send-message", "send-and-wait-for-reply")
_TO_STAFF = ("send-to-flex", "enqueue-call", "send-to-autopilot", "connect-virtual-agent", "connect-virtual-agent-v2")
_EXACT = ("equal_to", "matches_any_of", "contains", "starts_with")
_BOUNDS = {"less_than": "<", "greater_than": ">"}


def is_studio(data: Mapping[str, Any]) -> bool:
    """Whether a file looks like a Studio flow, or the answer of Twilio's API that has one inside."""
    return isinstance(_definition(data).get("states"), list)


def read_studio(data: Mapping[str, Any]) -> list[Foreign]:
    """The flow of a definition. Raises Refused when it takes no messages."""
    definition = _definition(data)
    title = text(data, "friendly_name") or text(definition, "description") or "Imported flow"
    return [_Reading(definition, as_label(title)[:100]).flow()]


def _definition(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return entries(data, "definition") or data


@dataclass
class _Reading:
    """One flow while it is read."""

    data: Mapping[str, Any]
    title: str
    states: dict[str, Mapping[str, Any]] = field(init=False)
    kept: dict[str, str] = field(default_factory=dict)
    """What a variable of the flow holds: the answer to which widget."""

    def __post_init__(self) -> None:
        self.states = {text(one, "name"): one for one in objects(self.data, "states") if text(one, "name")}
        if len(self.states) > NODES_MAX:
            raise Refused(f"The flow has more than {NODES_MAX} widgets.")
        for state in self.states.values():
            for variable in objects(entries(state, "properties"), "variables"):
                answered = _ANSWER.fullmatch(text(variable, "value"))
                if answered is not None:
                    self.kept[text(variable, "key")] = answered.group(1)
        self.found = Foreign(self.title, self._first(), {})

    def flow(self) -> Foreign:
        for name, state in self.states.items():
            if text(state, "type") != "trigger":
                self.found.nodes[name] = self._node(name, state)
        return self.found

    def _first(self) -> str:
        trigger = self.states.get(text(self.data, "initial_state"), {})
        ways = dict(self._ways(trigger))
        first = next((ways[event] for event in _FIRST if ways.get(event)), "")
        if not first:
            what = "It only takes calls." if ways.get("incomingCall") else "Its trigger leads nowhere."
            raise Refused(f"This Studio flow answers no messages. {what}")
        return first

    def _ways(self, state: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        for one in objects(state, "transitions"):
            to = text(one, "next")
            yield text(one, "event"), to if to in self.states else ""

    # ---- a widget

    def _node(self, name: str, state: Mapping[str, Any]) -> Node:
        kind, properties = text(state, "type"), entries(state, "properties")
        ways = dict(self._ways(state))
        node = Node(name, name)
        if kind in _SAYS_BODY:
            self._body(node, properties)
        if kind == "send-and-wait-for-reply":
            node.asks, node.saves = True, as_name(name, "answer")
            node.otherwise, node.silent = ways.get("incomingMessage", ""), ways.get("timeout", "")
            node.silent_seconds = whole(properties, "timeout") if node.silent else 0
        elif kind == "split-based-on":
            self._split(node, state, text(properties, "input"), ways.get("noMatch", ""))
        elif kind in _GOES_ON:
            node.otherwise = ways.get(_GOES_ON[kind], "")
            self._tell_what_is_left(node, kind, properties)
        elif kind in _TO_STAFF:
            node.hands_over = "Imported: the patient needs a person"
        else:
            self._no_counterpart(node, kind)
        return node

    def _body(self, node: Node, properties: Mapping[str, Any]) -> None:
        said = self._said(node, text(properties, "body"))
        if said:
            node.says.append(Text(said))
        if text(properties, "content_sid") or text(properties, "message_type") == "content_template":
            self.found.left(node.id, "It sends a content template.", "Write its words here.")
        if text(properties, "media_url"):
            self.found.left(node.id, "A file goes out with this text.", "Put a link into the text.")

    def _tell_what_is_left(self, node: Node, kind: str, properties: Mapping[str, Any]) -> None:
        if kind == "set-variables":
            lost = [text(one, "key") for one in objects(properties, "variables") if text(one, "key") not in self.kept]
            if lost:
                why = f"It sets {', '.join(lost)[:80]}."
                self.found.left(node.id, why, 'Answers are kept with "save as"; nothing else need be.')
        elif kind != "send-message":
            self._left_out(node, kind, "A flow here calls no other computer: have staff do it, or use an action.")

    def _no_counterpart(self, node: Node, kind: str) -> None:
        self._left_out(node, kind, "Until you put something else there, a person is called.")
        node.hands_over = f"Imported: {kind[:40] or 'a widget'} that the bot does not have"

    def _left_out(self, node: Node, kind: str, do: str) -> None:
        self.found.left(node.id, f'"{kind[:40]}" has no counterpart.', do)

    # ---- splits

    def _split(self, node: Node, state: Mapping[str, Any], asked: str, no_match: str) -> None:
        node.decides = self._answer_named(asked) or ""
        node.otherwise = no_match
        if not node.decides:
            why = f"It decides by {asked[:60] or 'nothing'}, which nothing here knows."
            self.found.left(node.id, why, "Until you ask the patient or check a saved answer, a person is called.")
            node.hands_over = "Imported: a decision that the bot cannot take"
            return
        for way in objects(state, "transitions"):
            if text(way, "event") == "match":
                self._case(node, way)

    def _case(self, node: Node, way: Mapping[str, Any]) -> None:
        to = text(way, "next")
        target = to if to in self.states else ""
        conditions = list(objects(way, "conditions"))
        kinds = {text(one, "type") for one in conditions}
        values = [" ".join(text(one, "value").split()) for one in conditions]
        if kinds and kinds <= set(_EXACT):
            parts = (
                [part.strip() for value in values for part in value.split(",")] if "matches_any_of" in kinds else values
            )
            words = tuple(dict.fromkeys(part for part in parts if part))
            node.cases.append(Case(target, Text(_label(words)), words))
        elif kinds and kinds <= _BOUNDS.keys() and all(re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", one) for one in values):
            bounds = tuple((_BOUNDS[text(one, "type")], text(one, "value")) for one in conditions)
            node.cases.append(Case(target, Text(""), kind="number", bounds=bounds))
        elif kinds == {"is_not_blank"}:
            node.cases.append(Case(target, Text(""), kind="text"))
        else:
            named = ", ".join(sorted(kinds)) or "nothing"
            why = f'An answer is found by "{named[:60]}", which has no counterpart.'
            self.found.left(node.id, why, "Make it an option, or let staff look.")

    # ---- texts

    def _answer_named(self, expression: str) -> str | None:
        answered, variable = _ANSWER.fullmatch(expression), _VARIABLE.fullmatch(expression)
        widget = answered.group(1) if answered else self.kept.get(variable.group(1)) if variable else None
        return as_name(widget, "answer") if widget in self.states else None

    def _said(self, node: Node, written: str) -> str:
        def known(expression: str) -> str | None:
            return "contact.phone" if _PHONE.fullmatch(expression) else self._answer_named(expression)

        said, lost = with_names(written, _EXPRESSION, known)
        for one in dict.fromkeys(lost):
            self.found.left(node.id, f'The text names "{one[:60]}", which nothing here knows.', "Word it without.")
        return said


def _label(words: tuple[str, ...]) -> str:
    """What an option is called: its longest word, as a word begins."""
    best = max(words, key=lambda one: (not one.isdecimal(), len(one)), default="")
    return as_label(first_words(best, 8).capitalize() or best)
