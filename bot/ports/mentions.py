"""Colleagues named in notes, as the book of record keeps them.

``staff`` is an account's id, ``line`` that of the note in its thread; instants are UTC epoch seconds, 0 means never.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.ports.reception import Filing


@dataclass(frozen=True, slots=True)
class Mention:
    """A colleague named in a note. ``seen_at`` is when she opened the conversation afterwards; 0 while she has not."""

    line: int
    staff: str
    seen_at: int = 0


class MentionsPart(Protocol):
    """The book of record's part."""

    def mention(self, conversation: str, line: int, staff: Sequence[str], now: int) -> None:
        """A note names these colleagues."""

    def is_mentioned(self, staff: str, conversation: str) -> bool:
        """Whether a note names her that she has not seen."""

    def mentions_seen(self, staff: str, conversation: str, line: int, now: int) -> None:
        """She has seen the conversation up to a line."""

    def mentions_in(self, conversation: str, first: int, last: int) -> tuple[Mention, ...]:
        """Who is named in the notes between two lines, those included, in the order of lines and of accounts."""

    def mentioning(self, staff: str, limit: int, after: tuple[int, str] | None = None) -> tuple[Filing, ...]:
        """Conversations with notes that name her and that she has not seen, the newest note first. The last words of
        each are that note's; its place is (0, when the note was written, the conversation), and continues a page."""

    def count_mentions(self) -> Mapping[str, int]:
        """In how many conversations each is named without having seen it; only who is."""
