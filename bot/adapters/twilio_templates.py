"""Questions that can be tapped, as Twilio wants them: content templates, one for each shape, filled with variables.

A shape is a kind (quick reply or list) and a number of choices; the words are all variables, so a handful of templates
serves every question of every clinic. In a conversation of the last 24 hours they need no approval
(https://www.twilio.com/docs/content/twilio-quick-reply, https://www.twilio.com/docs/content/twiliolist-picker).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from bot.core.template import Wording
from bot.core.wording import QUESTION_CHARACTERS_MAX
from bot.ports import Outgoing

BUTTONS_MAX = 3
BUTTON_CHARACTERS_MAX = 20
ROWS_MAX = 10
ROW_CHARACTERS_MAX = 24
ROW_DESCRIPTION_CHARACTERS_MAX = 72
ID_CHARACTERS_MAX = 200

# Twilio refuses an empty variable (error 21656); this is what an empty one looks like on a phone.
_NOTHING = "\u00a0"
_UNSAFE = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Shape:
    """What one content template can show. ``described``: the rows of the list have a second line."""

    kind: Literal["quick_reply", "list"]
    choices: int
    described: bool = False

    @property
    def name(self) -> str:
        """The template's friendly name in the Twilio account. A changed mapping needs a new version."""
        return f"frontdesk_{self.kind}_{self.choices}{'_described' if self.described else ''}_v1"

    def content(self) -> dict[str, Any]:
        """The template as the Content API makes it. :func:`variables` fills it in the same order."""
        slots = _Slots()
        body = slots.next("Question")
        if self.kind == "quick_reply":
            actions = [{"type": "QUICK_REPLY", "title": slots.next("Answer"), "id": slots.next("id")} for _ in self]
            types: dict[str, Any] = {"twilio/quick-reply": {"body": body, "actions": actions}}
        else:
            button = slots.next("Choose")
            types = {"twilio/list-picker": {"body": body, "button": button, "items": [self._row(slots) for _ in self]}}
        return {"friendly_name": self.name, "language": "en", "variables": slots.samples, "types": types}

    def variables(self, outgoing: Outgoing) -> dict[str, str]:
        """The words of a question for the template's variables: ``{"1": "When suits you?", "2": "Monday", …}``."""
        return {str(number): value for number, value in enumerate(self._values(outgoing), 1)}

    def _row(self, slots: _Slots) -> dict[str, str]:
        row = {"item": slots.next("Answer"), "id": slots.next("id")}
        return {**row, "description": slots.next("More")} if self.described else row

    def _values(self, outgoing: Outgoing) -> Iterator[str]:
        yield _fitting(outgoing.text, QUESTION_CHARACTERS_MAX)
        if self.kind == "list":
            yield _fitting(outgoing.list_button, BUTTON_CHARACTERS_MAX)
        for choice in outgoing.choices:
            yield _fitting(choice.label, ROW_CHARACTERS_MAX)
            yield choice.id
            if self.described:
                yield _fitting(choice.description, ROW_DESCRIPTION_CHARACTERS_MAX)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.choices))


QUESTION_SHAPES = (
    *(Shape("quick_reply", choices) for choices in range(1, BUTTONS_MAX + 1)),
    *(Shape("list", choices, described) for choices in range(1, ROWS_MAX + 1) for described in (False, True)),
)
"""Every shape a question can have."""


class _Slots:
    """Hands out ``{{1}}``, ``{{2}}`` … and remembers what each stands for."""

    def __init__(self) -> None:
        self.samples: dict[str, str] = {}

    def next(self, sample: str) -> str:
        number = str(len(self.samples) + 1)
        self.samples[number] = sample
        return f"{{{{{number}}}}}"


def shape_of(outgoing: Outgoing) -> Shape | None:
    """How these choices can be tapped, or None when they must be written as numbered lines."""
    choices, labels = outgoing.choices, [choice.label for choice in outgoing.choices]
    longest = max((len(label) for label in labels), default=0)
    fits = len(outgoing.text) <= QUESTION_CHARACTERS_MAX and all(len(one.id) <= ID_CHARACTERS_MAX for one in choices)
    # WhatsApp refuses two buttons that read the same.
    if not choices or not fits or len(set(labels)) < len(labels):
        return None
    described = any(choice.description for choice in choices)
    if len(choices) <= BUTTONS_MAX and longest <= BUTTON_CHARACTERS_MAX and not described:
        return Shape("quick_reply", len(choices))
    if len(choices) <= ROWS_MAX and longest <= ROW_CHARACTERS_MAX and outgoing.list_button:
        return Shape("list", len(choices), described)
    return None


def approvable(wording: Wording) -> dict[str, Any]:
    """A template for WhatsApp's approval as the Content API makes it.

    What a button sends back is a variable behind those of the words: a button of one appointment must not speak of
    another (https://www.twilio.com/docs/content/twilio-quick-reply).
    """
    first = len(wording.variables) + 1
    samples = [*wording.samples, *(f"{wording.name}_{number}" for number, _ in enumerate(wording.buttons, 1))]
    types: dict[str, Any] = {"twilio/text": {"body": wording.body}}
    if wording.buttons:
        actions = [
            {"type": "QUICK_REPLY", "title": title, "id": f"{{{{{number}}}}}"}
            for number, title in enumerate(wording.buttons, first)
        ]
        types = {"twilio/quick-reply": {"body": wording.body, "actions": actions}}
    return {
        "friendly_name": wording.key,
        "language": wording.whatsapp_language,
        "variables": {str(number): sample for number, sample in enumerate(samples, 1)},
        "types": types,
    }


def _fitting(words: str, limit: int) -> str:
    tidy = _UNSAFE.sub(" ", words).strip()
    return (tidy if len(tidy) <= limit else tidy[: limit - 1] + "…") or _NOTHING
