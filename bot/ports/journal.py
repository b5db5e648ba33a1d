"""The journal: every turn of every conversation, and what it was decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One turn as it is kept, in plain data: the event (:func:`bot.core.events.event_to_data`), the steps trodden and
    notes made, and the grounds (:func:`bot.core.grounds.grounds_data`; empty for a turn from before they were kept).

    ``at`` is when it was decided, in epoch seconds.
    """

    seq: int
    at: int
    event: Mapping[str, Any]
    trace: Sequence[Any] = ()
    grounds: Mapping[str, Any] = field(default_factory=dict)


class JournalPart(Protocol):
    """What happened in each turn, for replay, analytics and the thread."""

    def journal(self, conversation: str, entry: JournalEntry) -> None:
        """Keep what happened in a turn."""

    def recorded(self, since: int, after: str, limit: int) -> tuple[tuple[str, str], ...]:
        """Conversations in which something happened since then: (id, address) by id, those after an id, so many."""

    def journal_of(self, conversation: str, limit: int) -> tuple[JournalEntry, ...]:
        """The last turns of a conversation, oldest first."""
