"""Reads flows that RapidPro and TextIt export: JSON of version 13 and 14, one object a flow, with nodes and exits.

A node there does its actions, then its router waits for an answer or decides, and each of its categories has an exit.
Written from the public format; whatever has another shape counts as not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.adapters.elsewhere.naming import LANGUAGES, as_label, as_name, first_words, with_names
from bot.adapters.elsewhere.opened import FLOWS_MAX, NODES_MAX, entries, items, objects, text, whole
from bot.adapters.elsewhere.shapes import Case, Foreign, Node, Refused, Untranslated
from bot.core.flow import AnswerType, Text

_EXPRESSION = re.compile(
    r"@@|@\((?:[^()\"]|\"[^\"]*\"|\((?:[^()\"]|\"[^\"]*\"|\([^()]*\))*\))*\)"
    r"|@(?:contact|fields|globals|input|legacy_extra|node|parent|child|results|run|trigger|ticket|urns|webhook|resume)"
    r"(?:\.[A-Za-z0-9_]+)*"
)
_RESULT = re.compile(r"@\(?(?:run\.)?results\.([A-Za-z0-9_]+)(?:\.(?:value|category|category_localized|input))?\)?")
_PHONE = re.compile(r"@\(?(?:contact\.(?:urn|tel|phone)|urns\.(?:tel|whatsapp))\)?")
_TYPES: Mapping[str, AnswerType] = {
    "has_number": "number", "has_date": "date", "has_time": "time", "has_phone": "phone", "has_email": "email",
    "has_text": "text",
}  # fmt: skip
_BOUNDS = {
    "has_number_lt": "<", "has_number_lte": "<=", "has_number_eq": "=", "has_number_gte": ">=", "has_number_gt": ">",
}  # fmt: skip
_EACH_WORD = ("has_any_word",)
_PHRASE = ("has_phrase", "has_only_phrase", "has_only_text", "has_beginning", "has_all_words", "has_category")
_DO: Mapping[str, str] = {
    "call_webhook": "A flow here calls no other computer: have staff do it, or use one of the actions.",
    "call_resthook": "A flow here calls no other computer: have staff do it, or use one of the actions.",
    "call_llm": "No generated words reach patients here: write the text.",
    "send_email": "Hand over instead: staff see it at the desk.",
    "start_session": "Run the flow, or hand over.",
    "set_contact_field": "Answers are kept with \"save as\" for as long as the flow runs.",
    "set_run_result": "Answers are kept with \"save as\"; a text alone need not be kept.",
    "add_contact_groups": "There are no groups: patients and appointments are in the diary.",
    "remove_contact_groups": "There are no groups: patients and appointments are in the diary.",
    "set_contact_language": 'Patients choose it in the flow "language"; the action is language.set.',
    "play_audio": "The bot writes and does not speak.",
    "say_msg": "The bot writes and does not speak.",
}  # fmt: skip


def is_rapidpro(data: Mapping[str, Any]) -> bool:
    """Whether a file looks like an export of RapidPro, or one flow out of it."""
    return isinstance(data.get("flows"), list) or isinstance(data.get("nodes"), list)


def read_rapidpro(data: Mapping[str, Any]) -> list[Foreign]:
    """The flows of an export. Raises Refused when there is none that can be read."""
    flows = list(objects(data, "flows")) if "flows" in data else [data]
    if len(flows) > FLOWS_MAX:
        raise Refused(f"The file has more than {FLOWS_MAX} flows. Export fewer at once.")
    if any("action_sets" in one or "rule_sets" in one for one in flows):
        raise Refused(
            "The flows are of RapidPro's old format (before version 13). Import them into RapidPro or TextIt and "
            "export them again."
        )
    found = [_Reading(one, data).flow() for one in flows if isinstance(one.get("nodes"), list)]
    if not any(one.nodes for one in found):
        raise Refused("There is no flow in the file that has a step.")
    for campaign in objects(data, "campaigns"):
        found[0].untranslated.append(Untranslated(
            found[0].title, f'(campaign "{text(campaign, "name")[:60]}")',
            "Messages at times are follow-ups here.",
            'Say in clinic.yaml when each falls due ("reminders", "follow ups").',
        ))  # fmt: skip
    return found


@dataclass
class _Reading:
    """One flow while it is read."""

    data: Mapping[str, Any]
    export: Mapping[str, Any]
    found: Foreign = field(init=False)
    nodes: dict[str, Mapping[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = {text(one, "uuid"): one for one in objects(self.data, "nodes") if text(one, "uuid")}
        if len(self.nodes) > NODES_MAX:
            raise Refused(f'The flow "{text(self.data, "name")[:40]}" has more than {NODES_MAX} nodes.')
        self.found = Foreign(
            title=as_label(text(self.data, "name"))[:100] or "Imported flow",
            first=next(iter(self.nodes), ""),
            nodes={},
            starts_with=tuple(self._keywords()),
            language=LANGUAGES.get(text(self.data, "language"), ""),
        )

    def flow(self) -> Foreign:
        kind = text(self.data, "type")
        if kind in ("voice", "messaging_background", "messaging_offline"):
            words = {"voice": "is for telephone calls"}.get(kind, "runs without the patient")
            self.found.left("(the whole flow)", f"It {words}.", "Leave it out.")
            return self.found
        for uuid, node in self.nodes.items():
            self.found.nodes[uuid] = self._node(uuid, node)
        return self.found

    def _keywords(self) -> Iterator[str]:
        for trigger in objects(self.export, "triggers"):
            flow = entries(trigger, "flow")
            mine = text(flow, "uuid") == text(self.data, "uuid") != "" or text(flow, "name") == text(self.data, "name")
            if mine and text(trigger, "trigger_type") in ("K", ""):
                yield from filter(None, (text(one) for one in items(trigger, "keywords")))
                yield from filter(None, (text(trigger, "keyword"),))

    # ---- a node

    def _node(self, uuid: str, data: Mapping[str, Any]) -> Node:
        node = Node(uuid)
        exits = {text(one, "uuid"): text(one, "destination_uuid") for one in objects(data, "exits")}
        exits = {key: to if to in self.nodes else "" for key, to in exits.items()}
        node.otherwise = next(iter(exits.values()), "")
        router = entries(data, "router")
        node.name = self._name(data, router)
        for action in objects(data, "actions"):
            self._action(node, action)
        if router and not node.hands_over:
            self._router(node, router, exits)
        return node

    def _name(self, data: Mapping[str, Any], router: Mapping[str, Any]) -> str:
        """What a node is called here: it has no name there."""
        result = text(router, "result_name")
        if result and "wait" in router:
            return f"ask {result}"
        actions = list(objects(data, "actions"))
        run = next((text(entries(one, "flow"), "name") for one in actions if text(one, "type") == "enter_flow"), "")
        said = next((text(one, "text") for one in actions if text(one, "type") == "send_msg"), "")
        named = first_words(_EXPRESSION.sub("", said)) or (f"run {run}" if run else "")
        kind = text(next(iter(actions), {}), "type")
        decided = f"check {result or text(router, 'operand').rpartition('.')[2]}" if router and not kind else ""
        return named or ("question" if "wait" in router else decided or kind or "step")

    def _action(self, node: Node, action: Mapping[str, Any]) -> None:
        kind = text(action, "type")
        match kind:
            case "send_msg":
                self._message(node, action)
            case "enter_flow":
                node.runs = text(entries(action, "flow"), "name")
                node.otherwise = "" if action.get("terminal") is True else node.otherwise
            case "open_ticket" | "request_optin":
                topic = text(entries(action, "topic"), "name")
                node.hands_over = f"Imported: {topic or 'the patient needs a person'}"
            case "set_contact_name" | "add_input_labels" | "set_contact_status" | "set_contact_timezone":
                pass  # nothing a patient would notice
            case _:
                do = _DO.get(kind, "Do it by hand, or leave it.")
                self.found.left(node.id, f'"{kind[:40]}" has no counterpart.', do)

    def _message(self, node: Node, action: Mapping[str, Any]) -> None:
        said = self._text(action, "text", node.id)
        if said.source:
            node.says.append(said)
        if items(action, "attachments"):
            self.found.left(node.id, "A file went out with this text.", "Put a link into the text.")
        if entries(action, "template") or entries(action, "templating"):
            self.found.left(node.id, "A WhatsApp template was sent here.", "Write it in templates.yaml.")
        replies = [_label(_reply(one)) for one in items(action, "quick_replies")]
        translated = self._translated(text(action, "uuid"), "quick_replies")
        node.replies = [
            Text(reply, {lang: words[at] for lang, words in translated.items() if at < len(words) and words[at]})
            for at, reply in enumerate(replies)
            if reply
        ]

    # ---- what a node waits for, or decides by

    def _router(self, node: Node, router: Mapping[str, Any], exits: Mapping[str, str]) -> None:
        wait, operand = entries(router, "wait"), text(router, "operand")
        categories = {text(one, "uuid"): one for one in objects(router, "categories")}

        def goes(category: str) -> str:
            return exits.get(text(categories.get(category, {}), "exit_uuid"), "")

        node.asks = text(wait, "type") in ("msg", "location", "image", "audio", "video")
        if not node.asks and (node.runs or len(set(exits.values())) == 1):
            return  # how the other flow came out is not asked here
        node.otherwise = goes(text(router, "default_category_uuid"))
        if text(router, "result_name") and node.asks:
            node.saves = as_name(text(router, "result_name"), "answer")
        decided = _RESULT.fullmatch(operand)
        if not node.asks and decided is None:
            self._cannot_decide(node, operand or text(router, "type"), categories)
            return
        if not node.asks and decided is not None:
            node.decides = as_name(decided.group(1), "answer")
        timeout = entries(wait, "timeout")
        node.silent_seconds, node.silent = whole(timeout, "seconds"), goes(text(timeout, "category_uuid"))
        for case in objects(router, "cases"):
            category = text(case, "category_uuid")
            self._case(node, case, categories.get(category, {}), goes(category))

    def _cannot_decide(self, node: Node, operand: str, categories: Mapping[str, Mapping[str, Any]]) -> None:
        names = ", ".join(f'"{text(one, "name")[:30]}"' for one in list(categories.values())[:8])
        why = f"It decides by {operand[:60] or 'chance'} between {names or 'ways'}, which nothing here knows."
        self.found.left(node.id, why, "Until you ask the patient or check a saved answer, a person is called.")
        node.hands_over = "Imported: a decision that the bot cannot take"

    def _case(self, node: Node, case: Mapping[str, Any], category: Mapping[str, Any], target: str) -> None:
        kind = text(case, "type")
        arguments = [text(one) for one in items(case, "arguments")]
        name = self._named(category)
        if kind in _EACH_WORD or kind in _PHRASE:
            translated = self._translated(text(case, "uuid"), "arguments")
            words = _words(kind, arguments)
            there = {lang: _words(kind, said) for lang, said in translated.items()}
            node.cases.append(Case(target, name, words, there))
        elif kind in _TYPES:
            node.cases.append(Case(target, name, kind=_TYPES[kind]))
        elif (bounds := _bounds(kind, arguments)) is not None:
            node.cases.append(Case(target, name, kind="number", bounds=bounds))
        elif kind.startswith("has_date_"):
            node.cases.append(Case(target, name, kind="date"))
            self._lost_case(node, kind, name, "Any date is taken.")
        else:
            self._lost_case(node, kind, name, "")

    def _lost_case(self, node: Node, kind: str, name: Text, instead: str) -> None:
        why = f'"{name.source[:40]}" is found by "{kind[:40]}", which has no counterpart. {instead}'.strip()
        self.found.left(node.id, why, "Make it an option, or let staff look.")

    def _named(self, category: Mapping[str, Any]) -> Text:
        translated = self._translated(text(category, "uuid"), "name")
        named = {lang: _label(said[0]) for lang, said in translated.items() if said}
        return Text(_label(text(category, "name")), named)

    # ---- texts

    def _text(self, action: Mapping[str, Any], key: str, where: str) -> Text:
        source = self._said(text(action, key), where)
        translated = self._translated(text(action, "uuid"), key)
        return Text(source, {lang: self._said(said[0], where) for lang, said in translated.items() if said and said[0]})

    def _said(self, written: str, where: str) -> str:
        said, lost = with_names(written, _EXPRESSION, _known)
        for one in dict.fromkeys(lost):
            self.found.left(where, f'The text names "{one[:60]}", which nothing here knows.', "Word it without.")
        return said

    def _translated(self, uuid: str, key: str) -> dict[str, list[str]]:
        """The translations of one thing, by our language code."""
        localization = entries(self.data, "localization")
        found = {}
        for code in localization:
            said = [text(one) or _reply(one) for one in items(entries(entries(localization, code), uuid), key)]
            if any(said):
                found[LANGUAGES.get(str(code), str(code)[:8])] = said
        return found


def _known(expression: str) -> str | None:
    if expression == "@@":
        return "@"
    match = _RESULT.fullmatch(expression)
    if match is not None:
        return as_name(match.group(1), "answer")
    return "contact.phone" if _PHONE.fullmatch(expression) else None


def _reply(one: object) -> str:
    """A quick reply: a text, or since version 14 an object."""
    return text(one) or text(one, "text")


def _label(written: str) -> str:
    return as_label(_EXPRESSION.sub("", written))


def _words(kind: str, arguments: list[str]) -> tuple[str, ...]:
    said = arguments[-1:] if kind == "has_category" else arguments[:1]
    words = " ".join(said).split()
    return tuple(words) if kind in _EACH_WORD else tuple(filter(None, (" ".join(words),)))


def _bounds(kind: str, arguments: list[str]) -> tuple[tuple[str, str], ...] | None:
    numbers = [one for one in arguments if re.fullmatch(r"-?\d{1,9}(\.\d{1,6})?", one)]
    if len(numbers) != len(arguments):
        return None
    if kind == "has_number_between" and len(numbers) == 2:
        return ((">=", numbers[0]), ("<=", numbers[1]))
    return ((_BOUNDS[kind], numbers[0]),) if kind in _BOUNDS and len(numbers) == 1 else None
