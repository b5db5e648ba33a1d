"""What a name in a text or a condition stands for, and how it reads to the patient.

Names are dotted: something the running flow saved, ``clinic.…`` (the clinic's facts) or ``contact.…`` (phone,
language, opted_out). There is no expression language: a text can only name things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.core.conversation import Conversation
from bot.core.flow import NOTHING, Clinic, Condition, Value

_NAME = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]*(?:[ .][a-z0-9_]+)*)\}")

_BRACES = re.compile(r"\{[^{}\n]{0,40}\}?|\}")
_DOUBLED = re.compile(r"\{\{ ?([A-Za-z][A-Za-z0-9_.]{0,60}) ?\}\}")


def names_in(template: str) -> tuple[str, ...]:
    """The names a text uses, in order: ``"{slot} for {name}"`` gives ``("slot", "name")``."""
    return tuple(match.group(1) for match in _NAME.finditer(template) if match.group(1))


def braces_in(template: str) -> tuple[str, ...]:
    """Braces that stand for nothing, so that the patient would read them: ``"{Name}"`` of ``"Dear {Name}"``."""
    return tuple(_BRACES.findall(_NAME.sub("", template)))


def doubled_in(template: str) -> tuple[str, ...]:
    """What stands in two braces, which are how one is said: ``"name"`` of ``"Dear {{name}}"``."""
    return tuple(_DOUBLED.findall(template))


class Names:
    """Everything a text or condition may name at one moment of one conversation."""

    def __init__(self, clinic: Clinic, conversation: Conversation, saved: Mapping[str, Value] = NOTHING) -> None:
        self._language = conversation.language
        self._saved = saved
        self._clinic = clinic
        self._conversation = conversation

    def value(self, dotted: str) -> Value:
        """The value behind a name, or None where nothing is known."""
        head, *rest = dotted.split(".")
        value: Value
        if head == "clinic":
            value = self._clinic.facts
        elif head == "contact":
            value = {
                "phone": self._conversation.phone,
                "language": self._conversation.language,
                "opted_out": "yes" if self._conversation.opted_out else "",
            }
        else:
            value = self._saved.get(head)
        for part in rest:
            if not isinstance(value, Mapping):
                return None
            if part == "label":
                value = label(value, self._language)
            else:
                value = value.get(part, value.get(part.replace("_", " ")))
        return value

    def render(self, template: str) -> str:
        """The text with its names filled in; what is unknown is left out. ``{{`` and ``}}`` are literal braces."""

        def fill(match: re.Match[str]) -> str:
            if match.group(1) is None:
                return match.group(0)[0]
            return self.words(self.value(match.group(1)))

        return _NAME.sub(fill, template).strip()

    def words(self, value: Value) -> str:
        """How a value reads: an option by its label, a list by its parts."""
        if value is None or value is False:
            return ""
        if value is True:
            return "yes"
        if isinstance(value, Mapping):
            return label(value, self._language)
        if isinstance(value, tuple | list):
            return ", ".join(self.words(one) for one in value)
        return str(value)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition is true now. An option compares by its id, numbers as numbers, the rest as text."""
        value = self.value(condition.name)
        if isinstance(value, Mapping):
            value = value.get("id", label(value, self._language))
        left = self.words(value)
        match condition.operator:
            case "is empty":
                return not left
            case "is set":
                return bool(left)
            case "=":
                return left.casefold() == condition.value.casefold()
            case "is not":
                return left.casefold() != condition.value.casefold()
            case operator:
                return _compare(left, operator, condition.value)


def clinic_fact(facts: Mapping[str, Value], name: str) -> Value:
    """The fact behind ``clinic.…``, or None where the clinic says nothing."""
    value: Value = facts
    for part in name.split(".")[1:]:
        if not isinstance(value, Mapping):
            return None
        value = value.get(part, value.get(part.replace("_", " ")))
    return value


def label(option: Mapping[str, Value], language: str) -> str:
    """What an option is called in ``language``."""
    labels = option.get("labels")
    if isinstance(labels, Mapping) and labels.get(language):
        return str(labels[language])
    return str(option.get("label", ""))


def _compare(left: str, operator: str, right: str) -> bool:
    try:
        a, b = float(left), float(right)
    except ValueError:
        return False
    return {"<": a < b, ">": a > b, "<=": a <= b, ">=": a >= b}[operator]
