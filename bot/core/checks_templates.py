"""Checks that what says something by a template can fill it: a name it does not know, or another number of buttons, and
the message goes to a person each time, long after WhatsApp has approved the words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from bot.core.fault import Fault, did_you_mean, level_of
from bot.core.flow import Clinic, MessageTemplate
from bot.core.follow_up import KINDS

FILE = "templates.yaml"
OF_AN_APPOINTMENT = ("service", "when", "number", "practitioner")
OF_THE_DIARY = ("when", "number", "practitioner")


@dataclass(frozen=True, slots=True)
class Use:
    """What fills a template: the names it knows, and how many buttons it has (None: as many as are written)."""

    names: tuple[str, ...]
    buttons: int | None = None


BY_HAND = Use(("name", *OF_AN_APPOINTMENT))
"""Any other is chosen by staff, who are offered those that can be filled."""
USES: Mapping[str, Use] = MappingProxyType(
    {
        **{
            kind.template: Use((*OF_AN_APPOINTMENT, "clinic_name"), len(kind.options))
            for kind in KINDS.values()
            if kind.template
        },
        "confirmation": Use(OF_THE_DIARY, 0),
        "moved": Use(OF_THE_DIARY, 0),
        "cancelled": Use(OF_THE_DIARY, 0),
        "fell_through": Use((*OF_THE_DIARY, "times")),
    }
)


def unfillable(clinic: Clinic) -> Iterator[Fault]:
    """W63: a template that what it is used for cannot fill, so that staff get the message instead of the patient."""
    for template in clinic.templates.values():
        use = USES.get(template.name, BY_HAND)
        for name in template.samples:
            if name not in use.names:
                remedy = did_you_mean(name, use.names, f"It knows {', '.join(use.names)}.")
                yield _fault(template, f'nothing fills "{{{name}}}" of the template "{template.name}".', remedy)
        has = len(template.buttons)
        if use.buttons not in (None, has):
            message = f'the template "{template.name}" has {has} buttons, and what it says has {use.buttons}.'
            yield _fault(template, message, "Write as many, in the same order as in the message of the first 24 hours.")


def _fault(template: MessageTemplate, message: str, remedy: str) -> Fault:
    return Fault("W63", FILE, template.line, 0, template.name, message, remedy, level_of("W63"))
