"""Reads when the clinic's follow-ups fall due, for all services or for one, and what patients should prepare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.adapters.flows_nodes import Entries, Items, Node, Scalar
from bot.adapters.flows_page import Page
from bot.core.calendar import Plan

_FIELDS: Mapping[str, str] = MappingProxyType(
    {
        "preparation before": "preparation",
        "check in after": "check_in",
        "missed after": "rebook",
        "nudge after": "nudge",
        "offer for": "offer",
    }
)
_NEVER = "never"
NOTES_CHARACTERS_MAX = 800
"""A note goes out in one message, with the sentence around it."""


def read_reminders(page: Page, node: Node | None) -> tuple[int, ...] | None:
    """How long before an appointment reminders go out, in seconds, earliest first; None when nothing is said."""
    if node is None:
        return None
    entries = page.keys(node, '"reminders"', ("before",), ("before",))
    items = page.of(Items, entries.values.get("before"), '"before"')
    found = (page.seconds(page.of(Scalar, item, '"before"'), '"before"') for item in (items.items if items else ()))
    return tuple(sorted((seconds for seconds in found if seconds), reverse=True))


def read_plan(page: Page, node: Node | None, otherwise: Plan) -> Plan:
    """When the other follow-ups fall due. What is not named is as in ``otherwise``; "never" turns one off."""
    entries = page.keys(node, '"follow ups"', _FIELDS)
    said = {name: value for name, value in entries.values.items() if name in _FIELDS}
    return replace(otherwise, **{_FIELDS[name]: _length(page, value, name) for name, value in said.items()})


def read_notes(page: Page, node: Node | None, languages: tuple[str, ...]) -> dict[str, str]:
    """What to bring or to do, by language: one text in the first language, or one for each."""
    if node is None:
        return {}
    if isinstance(node, Scalar):
        node = Entries(node.line, node.column, {languages[0]: node}, {languages[0]: node})
    entries = page.keys(node, '"preparation"', languages, languages[:1])
    notes = {language: page.word(entries, language) for language in entries.values if language in languages}
    for language, words in notes.items():
        if len(words) > NOTES_CHARACTERS_MAX:
            message = f"the notes have {len(words)} characters in {language}."
            page.fault("E60", entries.values[language], message, f"Shorten them to {NOTES_CHARACTERS_MAX}.")
    return {language: words for language, words in notes.items() if words}


def _length(page: Page, node: Node, name: str) -> int:
    if isinstance(node, Scalar) and node.text.strip() == _NEVER:
        return 0
    return page.seconds(node, f'"{name}"')
