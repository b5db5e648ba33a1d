"""The shapes the desk needs from outside, and :class:`Desk`, the frozen bundle of them that every use case takes.

A port exists only where something is really swapped: databases, Redis, Twilio, the queue, the clock and chance.
Instants are UTC epoch seconds unless a name says ``now: datetime`` (aware, UTC).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from bot.core.calendar import Diary
from bot.core.events import Reading
from bot.core.flow import Clinic
from bot.ports.alerts import Mail
from bot.ports.devices import Push
from bot.ports.diary import Appointment, Booking, FollowUp, FollowUpDraft, FollowUpEnd, Freed, NewTime
from bot.ports.erasure import ErasedList
from bot.ports.journal import JournalEntry
from bot.ports.ledger import Book, Ledger
from bot.ports.media import (
    Attachment,
    Fetched,
    MediaAway,
    MediaLost,
    MediaRefused,
    MediaRow,
    MediaSource,
    MediaStore,
)
from bot.ports.outbox import ChannelTrouble, Failing, LeftBehind, Outgoing, Result, Standing, Usable, Words
from bot.ports.outside import (
    BookAway,
    BookRefused,
    Carrier,
    CarrierAway,
    CarrierRefused,
    CarrierUnclear,
    Chance,
    Claim,
    Claims,
    Clock,
    Contents,
    Listed,
    ListedInbound,
    Live,
    LiveAway,
    Queue,
    SlotTaken,
    Spool,
    Taken,
)
from bot.ports.pulse import Backlog, Pulse
from bot.ports.revisions import Draft, Files, Published, Shelf
from bot.ports.turns import Head, Inbound, Line, Waiting

__all__ = [
    "Appointment",
    "Attachment",
    "Backlog",
    "Book",
    "BookAway",
    "BookRefused",
    "Booking",
    "Carrier",
    "CarrierAway",
    "CarrierRefused",
    "CarrierUnclear",
    "Chance",
    "ChannelTrouble",
    "Claim",
    "Claims",
    "Clock",
    "Contents",
    "Desk",
    "Draft",
    "Failing",
    "Fetched",
    "Files",
    "FollowUp",
    "FollowUpDraft",
    "FollowUpEnd",
    "Freed",
    "Head",
    "Inbound",
    "JournalEntry",
    "Ledger",
    "LeftBehind",
    "Line",
    "Listed",
    "ListedInbound",
    "Live",
    "LiveAway",
    "MediaAway",
    "MediaLost",
    "MediaRefused",
    "MediaRow",
    "MediaSource",
    "MediaStore",
    "NewTime",
    "Outgoing",
    "Published",
    "Pulse",
    "Queue",
    "Result",
    "Shelf",
    "SlotTaken",
    "Spool",
    "Standing",
    "Taken",
    "Usable",
    "Waiting",
    "Words",
]


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything outside, in one frozen value."""

    shelf: Shelf
    """What the bot says now: ``clinic``, ``diary`` and ``read`` come from it, and may be newer at the next look."""
    clock: Clock
    chance: Chance
    live: Live
    book: Book
    queue: Queue
    carrier: Callable[[], Carrier]
    """Made when first needed: Twilio's client costs 100 ms and the webhook never posts."""
    spool: Spool
    media_source: Callable[[], MediaSource]
    """Made when first needed, like the carrier."""
    media_store: MediaStore
    claims: Claims
    erased_list: ErasedList
    redraw: Callable[[bytes, str, int], bytes]
    """A picture of a content type drawn anew, with nothing in it but what is seen, and smaller where it would have more
    bytes than that. Raises MediaRefused."""
    mail: Callable[[], Mail] | None = None
    """Our way out by e-mail; None where none is set up."""
    push: Callable[[], Push] | None = None
    """Our way out to staff's own devices; made when first needed, like the carrier."""
    desk_url: str = ""
    """Where browsers reach the desk, for links in letters; without a slash at the end."""
    conversation_key: bytes = b""
    callback_base: str = ""
    """Public URL that status callbacks come back to, without a slash at the end."""
    keep_files_days: int = 0
    """How long patients' files are kept; 0: for good."""
    keep_words_days: int = 0
    """How long words of and to patients are kept; 0: for good."""
    keep_safety_days: int = 0
    """How long a conversation in which a safety text was said is left whole, whatever ``keep_words_days`` says."""
    messages_per_second: float = 80.0
    """What our WhatsApp sender may send; more of it only fills Twilio's own queue."""
    report: Callable[[str, Mapping[str, object]], None] = field(default=lambda event, ids: None)
    """Tell the operator what happened, with ids only: ``report("turn_failed", {"conversation": id})``."""
    note: Callable[[str, Mapping[str, object]], None] = field(default=lambda event, ids: None)
    """Leave a line about what is in order, with ids only: ``note("turn", {"conversation": id, "seq": 4})``."""
    working_copy: Callable[[], Draft | None] = field(default=lambda: None)
    """The folder of flow files where saving is publishing, if it has changed since the last look: in a trial."""

    @property
    def clinic(self) -> Clinic:
        """Everything the clinic's files say."""
        return self.shelf.now.clinic

    @property
    def diary(self) -> Diary:
        """When the clinic sees whom."""
        return self.shelf.now.diary

    @property
    def read(self) -> Callable[[str, datetime], Reading]:
        """Reads a patient's words (:func:`bot.desk.reading.reader`)."""
        return self.shelf.now.read
