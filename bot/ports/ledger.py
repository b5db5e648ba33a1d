"""The book of record, a noun at a time: what one open transaction can be asked and told."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from bot.ports.alerts import AlertsPart
from bot.ports.consents import ConsentsPart
from bot.ports.devices import DevicesPart
from bot.ports.diary import DiaryPart, FollowUpsPart, WaitingListPart
from bot.ports.erasure import ErasurePart
from bot.ports.journal import JournalPart
from bot.ports.media import MediaPart
from bot.ports.mentions import MentionsPart
from bot.ports.outbox import ChannelPart, OutboxPart
from bot.ports.pulse import PulsePart
from bot.ports.reception import ReceptionPart
from bot.ports.revisions import RevisionsPart
from bot.ports.sent_files import SentFilesPart
from bot.ports.staff import StaffPart
from bot.ports.turns import ConversationsPart, InboxPart


class Ledger(
    ConversationsPart,
    InboxPart,
    JournalPart,
    OutboxPart,
    ChannelPart,
    DiaryPart,
    FollowUpsPart,
    WaitingListPart,
    MediaPart,
    PulsePart,
    ReceptionPart,
    StaffPart,
    RevisionsPart,
    AlertsPart,
    ConsentsPart,
    ErasurePart,
    DevicesPart,
    MentionsPart,
    SentFilesPart,
    Protocol,
):
    """One open transaction on the book of record. It commits when its ``with`` block ends well."""

    def savepoint(self) -> AbstractContextManager[None]:
        """Undo only what happens inside when it raises."""


class Book(Protocol):
    """The database. Both SQLite and PostgreSQL enforce that no two appointments overlap."""

    def begin(self) -> AbstractContextManager[Ledger]:
        """Open a transaction (SQLite: IMMEDIATE). Raises :class:`BookAway` within a second when it cannot."""

    def look(self) -> AbstractContextManager[Ledger]:
        """Open a transaction that only reads: on SQLite it waits for no writer and no writer waits for it."""

    def conversation_key(self) -> bytes:
        """The installation's own key from which conversation ids are made, so that an id says nothing of a number."""

    def scrub(self) -> bool:
        """Take what was erased out of the database's own files, where that is ours to do; False: not now, try again."""

    def healthy(self) -> bool:
        """Whether the database answers now. Never raises."""
