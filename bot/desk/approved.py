"""Approved templates as one patient would be sent them: filled with what is known of her, in her language.

A template that names something nobody knows of her (an appointment, when she has none) is not offered: it could not
leave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.core.template import Unfit, filled
from bot.desk.telling import told_of
from bot.ports import Desk, Ledger, Usable

NOT_BY_HAND = frozenset({"check_in", "rebook", "waiting_list"})
"""Templates that follow-ups say: about a visit that was, one that was missed, a time that came free. Filled with the
next appointment they would be untrue."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A template ready to be sent: what it reads like, and what its names stand for."""

    name: str
    text: str
    variables: Mapping[str, str]
    buttons: tuple[str, ...]


def ready_for(desk: Desk, conversation: str) -> tuple[Ready, ...]:
    """Every approved template that can be sent into a conversation now, by name."""
    with desk.book.look() as ledger:
        filing = ledger.filing(conversation)
        if filing is None:
            return ()
        language = filing.conversation.language
        known = {
            "name": filing.names[0] if filing.names else "",
            **_next_appointment(desk, ledger, conversation, language),
        }
        usable = ledger.usable_templates(language)
    return _ready(desk, usable, known)


def ready_in(desk: Desk, language: str, name: str = "") -> tuple[Ready, ...]:
    """Every approved template that can be sent to somebody of whom no more than her name is known."""
    with desk.book.look() as ledger:
        usable = ledger.usable_templates(language)
    return _ready(desk, usable, {"name": name})


def _next_appointment(desk: Desk, ledger: Ledger, conversation: str, language: str) -> Mapping[str, str]:
    coming = ledger.appointments(conversation, int(desk.clock.now().timestamp()))
    return told_of(desk.diary, coming[0], language) if coming else {}


def _ready(desk: Desk, usable: Sequence[Usable], known: Mapping[str, str]) -> tuple[Ready, ...]:
    found = []
    for one in usable:
        if one.name in NOT_BY_HAND:
            continue
        variables = {name: known.get(name, "") for name in one.variables}
        buttons = _buttons(desk, one)
        try:
            text = filled(one.sid, one.body, one.variables, variables).body
        except Unfit:
            continue
        if len(buttons) == one.buttons:
            found.append(Ready(one.name, text, variables, buttons))
    return tuple(found)


def _buttons(desk: Desk, one: Usable) -> tuple[str, ...]:
    written = desk.clinic.templates.get(one.name)
    return tuple(button.in_language(one.language) for button in written.buttons) if written and one.buttons else ()
