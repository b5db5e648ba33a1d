"""What patients agreed to and took back; and everything that is kept about one of them, to be handed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Purpose = Literal["promotion", "follow-ups"]


@dataclass(frozen=True, slots=True)
class Consent:
    """A patient agreed to something (``given``) or took it back. Follow-ups need no consent and can be refused.

    ``at`` is 0 and ``words`` empty for what was said before this was kept.
    """

    conversation: str
    purpose: Purpose
    given: bool
    at: int
    sid: str = ""
    words: str = ""
    id: int = 0


class ConsentsPart(Protocol):
    """The book of record's part."""

    def note_consent(self, said: Consent) -> None:
        """Write it down, in the transaction that makes it hold."""

    def consents(self, limit: int, before: int = 0, conversation: str = "") -> tuple[Consent, ...]:
        """The newest first, of one conversation or of all, with ids under ``before`` (0: from the newest)."""

    def kept_about(self, patient_id: int, conversations: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        """Every row kept about a patient and in conversations, by table: all there is, but for the keys of files."""
