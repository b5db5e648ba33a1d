"""What the reception desk asks of the book of record and of Redis, a noun at a time.

``staff`` is an account's id; names are looked up where they are shown. Instants are UTC epoch seconds; 0 means never.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bot.core.conversation import Conversation
from bot.core.folders import Folder

LineKind = Literal["patient", "bot", "staff", "note", "event"]


@dataclass(frozen=True, slots=True)
class ThreadLine:
    """One line of a thread. ``line`` counts them within the conversation: the order in which they were written down.

    Of an event ``text`` is its past-tense name (``staff_took_over``) and ``details`` what belongs to it. Of words,
    ``status`` is how they fared (:data:`bot.core.delivery.RowStatus`) and ``why`` says it in words.
    """

    line: int
    at: int
    kind: LineKind
    text: str
    speaker: str = ""
    status: str = ""
    why: str = ""
    speech: str = ""
    row: int = 0
    """Id of the outbox row or note; 0 for others."""
    sid: str = ""
    """Of a patient's message, to find what was attached to it."""
    media: str = ""
    """``media``, ``location`` ... when a patient's message was no text."""
    details: Mapping[str, str] | None = None


Place = tuple[int, int, str]
"""Where a conversation lies within its folder: (rank, sort_at, id). What a page is continued after."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A conversation as the inbox lists it. ``last`` is the last thing written or said, and ``last_by`` whose words:
    ``patient``, ``bot``, or a receptionist."""

    conversation: Conversation
    place: Place
    about: int
    names: tuple[str, ...]
    """Patients spoken of in it, the one it is about first."""
    last: str
    last_by: str
    last_at: int
    labels: tuple[str, ...] = ()
    failed: str = ""
    """Why words to the patient could not be delivered, when she should still be told otherwise."""


class InboxDeskPart(Protocol):
    """Conversations as the inbox lists them."""

    def folder(  # noqa: PLR0913 - whose and from where
        self, folder: Folder, limit: int, after: Place | None = None, holder: str = "", others: bool = False, since: int = 0
    ) -> tuple[Filing, ...]:
        """A page of a folder, in its order (newest first for ``bot`` and ``done``), after ``after``; only what
        ``holder`` has, or with ``others`` only what somebody else has; only where ``sort_at`` is at least ``since``."""

    def undelivered(self, limit: int, after: tuple[int, str] | None = None) -> tuple[Filing, ...]:
        """Conversations with words that could not be delivered and that nobody has seen to, newest first."""

    def count_folder(self, folder: Folder, since: int = 0) -> Mapping[str, int]:
        """How many conversations lie in a folder, by holder (``""`` where nobody has them)."""

    def count_undelivered(self, limit: int) -> int:
        """How many conversations have words that could not be delivered; counts up to ``limit``."""

    def filing(self, conversation: str) -> Filing | None:
        """One conversation as the inbox would list it."""

    def failures_seen(self, conversation: str, now: int) -> None:
        """What failed until now has been seen to."""

    def held(self) -> tuple[tuple[Conversation, int], ...]:
        """Every conversation somebody holds, and when its holder last saved a draft."""

    def put_off_until(self, now: int, limit: int) -> tuple[str, ...]:
        """Conversations that were put off until an instant that has come."""


class ThreadPart(Protocol):
    """The thread of a conversation."""

    def lines_before(self, conversation: str, before: int | None, limit: int) -> tuple[ThreadLine, ...]:
        """The last lines before a line (or the very last), oldest first. What happened in one turn shares a line."""

    def lines_after(self, conversation: str, after: int, limit: int) -> tuple[ThreadLine, ...]:
        """The first lines after a line, oldest first."""

    def messages_after(self, conversation: str, after: int, staff: str) -> tuple[ThreadLine, ...]:
        """Words of the patient, the bot and colleagues of ``staff`` after a line, oldest first."""
