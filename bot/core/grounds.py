"""What a turn was decided on besides the conversation and the event, so that it can be decided again from its journal.

A row of the journal holds the event with its reading. With these grounds beside it the same pure function gives the
same turn, to the byte; the fingerprint tells whether it did.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.core.conversation import Conversation, from_data, to_data
from bot.core.effects import Effect, Note, Say
from bot.core.events import Outcome
from bot.core.flow import Value
from bot.core.turn import Turn

STATE_KEPT_EVERY = 16
"""So many turns apart the state a turn began with is kept whole: a replay can begin there when older rows are gone, or
were decided by files that are."""
TURN_FAILED = "turn_failed"
"""The note of a turn that could not be decided, and was an apology."""

_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class Grounds:
    """``clinic`` is the version of the files; ``orders`` what held for the whole clinic
    (:class:`bot.core.orders.Orders` as data); ``outcomes`` what the actions came out as, in order; ``failed`` an
    apology; ``began`` the state before the turn, where it was kept; ``fingerprint`` what came of it all.

    ``{"clinic": "5f0c…", "outcomes": [{"action": "calendar.hold", "name": "taken"}], "fingerprint": "91b2…"}``
    """

    clinic: str
    fingerprint: str
    orders: str = ""
    outcomes: tuple[Outcome, ...] = ()
    failed: bool = False
    began: Conversation | None = None


def written(conversation: Conversation) -> str:
    """The state of a conversation as it is kept in SQL and Redis."""
    return _to_json(to_data(conversation))


def grounds_data(before: Conversation, turn: Turn, state: str, orders: str, keep: bool = False) -> dict[str, Any]:
    """The grounds of a turn as plain data for its row; ``state`` is what :func:`written` gave of the state after it.
    ``keep`` has the state before it kept whatever its number."""
    data: dict[str, Any] = {"clinic": turn.clinic, "fingerprint": fingerprint(state, turn.effects)}
    if orders:
        data["orders"] = orders
    if turn.outcomes:
        data["outcomes"] = [_lean(outcome) for outcome in turn.outcomes]
    if any(isinstance(effect, Note) and effect.kind == TURN_FAILED for effect in turn.effects):
        data["failed"] = True
    if keep or (before.turn % STATE_KEPT_EVERY == 0 and before != Conversation(before.id, before.address)):
        data["began"] = to_data(before)
    return data


def grounds_from_data(data: Mapping[str, Any]) -> Grounds | None:
    """The grounds that :func:`grounds_data` wrote down; None for a row from before they were kept."""
    if "clinic" not in data:
        return None
    return Grounds(
        data["clinic"],
        data["fingerprint"],
        data.get("orders", ""),
        tuple(Outcome(**{**one, "value": _as_found(one.get("value"))}) for one in data.get("outcomes", ())),
        data.get("failed", False),
        from_data(data["began"]) if "began" in data else None,
    )


def fingerprint(state: str, effects: Iterable[Effect]) -> str:
    """16 characters that are the same for the same state and the same effects, byte by byte."""
    told = _to_json([_plain(effect) for effect in effects])
    return hashlib.blake2b(f"{state}\n{told}".encode(), digest_size=8).hexdigest()


def _plain(effect: Effect) -> list[Any]:
    if isinstance(effect, Say):
        choices = [(choice.id, choice.label, choice.description) for choice in effect.choices]
        return ["Say", effect.text, effect.speech, choices, effect.list_button, effect.hint]
    return [type(effect).__name__, *(getattr(effect, name) for name in effect.__slots__)]


_DEFAULTS = {field.name: field.default for field in fields(Outcome)}


def _lean(outcome: Outcome) -> dict[str, Any]:
    """What an outcome says besides what every outcome says."""
    held = ((name, getattr(outcome, name)) for name in outcome.__slots__)
    return {name: value for name, value in held if value != _DEFAULTS[name]}


def _as_found(value: Any) -> Value:
    """A value as an action gives it: JSON knows no tuples."""
    if isinstance(value, list):
        return tuple(_as_found(one) for one in value)
    if isinstance(value, Mapping):
        return {name: _as_found(one) for name, one in value.items()}
    return value  # type: ignore[no-any-return]
