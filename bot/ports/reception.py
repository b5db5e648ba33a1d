"""What the reception desk asks of the book of record and of Redis, a noun at a time.

``staff`` is an account's id; names are looked up where they are shown. Instants are UTC epoch seconds; 0 means never.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from bot.core.conversation import Conversation
from bot.core.folders import Folder
from bot.core.location import Location

if TYPE_CHECKING:
    from bot.ports.diary import FollowUpDraft

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
    choices: tuple[str, ...] = ()
    """What was offered under the words, as the patient reads it."""
    location: Location | None = None
    quotes: str = ""
    """Sid of the message that a patient's replies to, and its words in one line if they are ours and still kept."""
    quoted: str = ""
    file: str = ""
    """Id of the file that left with words of ours."""


Place = tuple[int, int, str]
"""Where a conversation lies within its folder: (rank, sort_at, id). What a page is continued after."""


@dataclass(frozen=True, slots=True)
class Filing:
    """A conversation as the inbox lists it. ``last`` is the last thing written or said (while a patient waits, not the
    bot's words), and ``last_by`` whose words: ``patient``, ``bot``, or a receptionist."""

    conversation: Conversation
    place: Place
    about: int
    names: tuple[str, ...]
    """Patients spoken of in it, the one it is about first."""
    last: str
    last_by: str
    last_at: int
    last_kind: str = "text"
    """``media``, ``location`` ... when a patient's message was no text, and ``last`` at most its caption."""
    labels: tuple[str, ...] = ()
    failed: str = ""
    """Why words to the patient could not be delivered, when she should still be told otherwise."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder, or what one person (or with ``others`` everybody else) holds in it, where ``sort_at`` is at least
    ``since``."""

    folder: Folder
    holder: str = ""
    others: bool = False
    since: int = 0


@dataclass(frozen=True, slots=True)
class InLine:
    """One who needs us, and no more of the conversation than how long it has waited."""

    conversation: str
    control: str
    urgent: bool
    waiting_since: int
    later_until: int = 0
    """Who was put off stands in another folder."""


class InboxDeskPart(Protocol):
    """Conversations as the inbox lists them."""

    def folder(self, shelf: Shelf, limit: int, after: Place | None = None) -> tuple[Filing, ...]:
        """A page of a folder, in its order (newest first for ``bot`` and ``done``), after ``after``."""

    def first_in_line(self, limit: int) -> tuple[InLine, ...]:
        """The first of those who need us, in the order of their folder: one short walk along its index."""

    def undelivered(self, limit: int, after: tuple[int, str] | None = None) -> tuple[Filing, ...]:
        """Conversations with words that could not be delivered and that nobody has seen to, newest first. The place of
        each is (0, when that was, the conversation), and continues a page."""

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


DraftMode = Literal["reply", "note"]


@dataclass(frozen=True, slots=True)
class QuickReply:
    """Words staff use often. ``text`` may name ``{patient}``, ``{staff}`` and ``{clinic.…}``."""

    shortcut: str
    text: str
    used: int = 0


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Words that were taken back before they left: what they said, and the file that would have gone with them."""

    text: str
    file: str = ""


class WritingPart(Protocol):
    """What staff write: replies that can be taken back, drafts, notes, labels, quick replies."""

    def staff_rows(self, token: str) -> tuple[tuple[int, str, int], ...]:
        """What one click put into the outbox, in order: (id, status, when it leaves). Empty when it is new."""

    def staff_words(self, token: str) -> tuple[str, str] | None:
        """What one click put into the outbox: its parts one after the other, and its file. None when it is new."""

    def take_back(self, token: str, speaker: str, now: int) -> TakenBack | None:
        """Keep a message of hers from leaving. None when a part of it was claimed already: then all of it leaves."""

    def save_draft(self, conversation: str, staff: str, mode: DraftMode, text: str, now: int) -> None:
        """Keep what she has begun to write; an empty text drops it."""

    def drafts(self, conversation: str, staff: str) -> Mapping[str, str]:
        """What she has begun to write, by mode."""

    def add_note(self, conversation: str, staff: str, text: str, now: int) -> int:
        """Keep a note; its line in the thread."""

    def notes(self, conversation: str, limit: int) -> tuple[ThreadLine, ...]:
        """The newest notes of a conversation, newest first."""

    def put_label(self, conversation: str, name: str, staff: str, now: int) -> bool:
        """Label a conversation; False when it has that label."""

    def drop_label(self, conversation: str, name: str) -> bool:
        """Take a label off; False when it had none of that name."""

    def labels(self) -> Mapping[str, int]:
        """Every label in use, and on how many conversations."""

    def quick_replies(self) -> tuple[QuickReply, ...]:
        """All of them, by shortcut."""

    def save_quick_reply(self, shortcut: str, text: str, staff: str, now: int) -> None:
        """Keep words under a shortcut; an empty text drops it."""

    def used_quick_reply(self, shortcut: str) -> None:
        """Count that it was used."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """One stretch in which a person was needed or had a conversation. ``ended`` says how: ``menu``, ``continue``,
    ``silent`` (closed), ``no_answer``; ``closed_as`` what staff closed it as, by the id of the clinic's own list."""

    conversation: str
    asked_at: int
    reason: str
    urgent: bool
    claimed_at: int
    claimed_by: str
    answered_at: int
    ended_at: int
    ended: str
    closed_as: str = ""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of a period."""

    failed: Mapping[str, int]
    """Words that did not arrive, by why."""
    appointments: Mapping[tuple[str, str], int]
    """Appointments that start in the period, by (status, ``bot`` or ``staff``)."""
    booked: Mapping[str, int]
    """Appointments made in the period, by ``bot`` or ``staff``."""


class NumbersPart(Protocol):
    """What the lead's numbers are counted from."""

    def hand_over_asked(self, conversation: str, reason: str, urgent: bool, now: int) -> None:
        """A person is needed, or took it unasked; one stretch that runs already goes on."""

    def hand_over_claimed(self, conversation: str, by: str, now: int) -> None:
        """Somebody has it; the first of a stretch counts."""

    def hand_over_answered(self, conversation: str, now: int) -> None:
        """The patient has an answer; the first of a stretch counts."""

    def hand_over_ended(self, conversation: str, how: str, now: int, closed_as: str = "") -> None:
        """The stretch is over."""

    def hand_over_goes_on(self, conversation: str) -> bool:
        """The stretch that staff closed last is not over after all; False when the last one ended otherwise."""

    def hand_overs(self, start: int, end: int) -> tuple[HandOver, ...]:
        """The stretches that began between two instants."""

    def tally(self, start: int, end: int) -> Tally:
        """What else happened between two instants."""


class OrdersPart(Protocol):
    """What holds for the whole clinic."""

    def orders(self) -> str:
        """The standing orders as data; empty when there are none."""

    def give_orders(self, orders: str, staff: str, now: int) -> None:
        """Write them down anew."""


@dataclass(frozen=True, slots=True)
class Patient:
    """A person who is treated. ``born`` is an ISO date or empty; ``merged_into`` the record that took her place."""

    id: int
    name: str
    phone: str
    born: str
    remarks: str
    merged_into: int = 0


class PatientsPart(Protocol):
    """Patients, who are not addresses: several may share one, and one may change it."""

    def patient(self, id: int) -> Patient | None:
        """One patient."""

    def patients_of(self, conversation: str) -> tuple[Patient, ...]:
        """Everybody spoken of in a conversation."""

    def conversations_of(self, patient: int) -> tuple[str, ...]:
        """Where a patient is spoken of."""

    def find_patients(self, words: str, limit: int) -> tuple[Patient, ...]:
        """Patients by a part of their name, the end of a phone number, or an appointment's number."""

    def add_patient(self, conversation: str, patient: Patient, now: int) -> int:
        """Add a patient to a conversation (or find the one of that name there); her id. ``patient.id`` is not read."""

    def change_patient(self, patient: Patient) -> None:
        """Write a patient's data down anew."""

    def set_about(self, conversation: str, patient: int) -> None:
        """Whom a conversation is about; 0 for nobody in particular."""

    def merge_patients(self, kept: int, gone: int, staff: str, now: int) -> int:
        """Give everything of one record to the other; the merge's id."""

    def undo_merge(self, merge: int, since: int, now: int) -> bool:
        """Give back what a merge moved; False when it was made before ``since`` or undone already."""

    def opted_out(self, limit: int, after: str = "") -> tuple[str, ...]:
        """Conversations of patients who want no follow-ups, by id."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the diary: an appointment with whom it is for, or blocked time (``status`` ``blocked``, ``patient``
    empty, ``remark`` the reason). ``version`` must be named when it is changed."""

    kind: Literal["appointment", "block"]
    id: int
    practitioner: str
    starts_at: int
    ends_at: int
    status: str
    number: str = ""
    version: int = 0
    conversation: str = ""
    patient: str = ""
    patient_id: int = 0
    phone: str = ""
    service: str = ""
    made_by: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a time that somebody else wanted: an appointment, a patient's hold that ends at ``until``, or a block."""

    what: Literal["appointment", "hold", "block"]
    starts_at: int
    ends_at: int
    number: str = ""
    patient: str = ""
    conversation: str = ""
    until: int = 0


@dataclass(frozen=True, slots=True)
class Blocking:
    """Time in which a practitioner sees nobody, and who says so."""

    practitioner: str
    starts_at: int
    ends_at: int
    reason: str
    made_by: str


class DeskDiaryPart(Protocol):
    """The diary as staff see and change it."""

    def entries(self, start: int, end: int, practitioner: str = "") -> tuple[Entry, ...]:
        """Appointments (cancelled ones too) and blocks that touch a stretch of time, by start."""

    def entry(self, appointment: int, locked: bool = True) -> Entry | None:
        """One appointment, locked unless it is only looked at."""

    def entries_of(self, patient: int, limit: int) -> tuple[Entry, ...]:
        """Appointments of a patient wherever they were made (cancelled ones too), the latest first."""

    def who_has(self, practitioner: str, start: int, end: int, now: int) -> Holder | None:
        """Who has a practitioner's time first between two instants."""

    def mark(self, appointment: int, status: str, follow_ups: Sequence[FollowUpDraft], why: str, now: int) -> None:
        """Write how an appointment came out, raising its version and closing what was to be said about it."""

    def block(self, blocking: Blocking, now: int) -> int:
        """Block what is free of a stretch now; what comes free in it later is blocked as well. The block's id."""

    def fill_block(self, block: int, now: int) -> None:
        """Take what has come free in a block."""

    def lift_block(self, block: int, now: int) -> bool:
        """Give a block's time back; False when it was lifted already."""

    def wishes_of(self, conversation: str) -> tuple[tuple[int, str, Mapping[str, str]], ...]:
        """Appointments a patient asked for that nobody has confirmed: (id, number, what was asked)."""

    def wish_done(self, id: int) -> None:
        """It was seen to."""


class ReceptionPart(
    InboxDeskPart, ThreadPart, WritingPart, NumbersPart, OrdersPart, PatientsPart, DeskDiaryPart, Protocol
):
    """Everything the reception desk asks of one open transaction."""


Bell = Literal["conv", "queue", "cal", "words"]
"""``conv``: a conversation changed (and so may the list). ``queue``: who is on shift, or what holds for all. ``cal``: a
day of the diary; its id is the ISO date. ``words``: how words of a conversation fared; rung only if somebody looks."""
Doing = Literal["reading", "typing"]


class Doorbell(Protocol):
    """What desks tell each other through Redis, ids only. Losing any of it is harmless. Raises :class:`LiveAway`."""

    def ring(self, kind: Bell, id: str) -> None:
        """Tell every open page that something changed."""

    def heard(self, stop: Callable[[], bool]) -> Iterator[tuple[str, str]]:
        """Rings as they come, as (kind, id), with ("", "") about once a second, until ``stop`` says so."""

    def look(self, conversation: str, staff: str, doing: Doing, now: int) -> None:
        """She is looking at a conversation, and will be for some seconds unless she says so again."""

    def look_away(self, conversation: str, staff: str) -> None:
        """She is not looking any more."""

    def looking(self, conversations: Sequence[str], now: int) -> Mapping[str, Mapping[str, Doing]]:
        """Who looks at which of these conversations, and what each does."""

    def on_shift(self, staff: str, now: int) -> None:
        """She watches the queue, and will for a minute and a half unless she says so again."""

    def off_shift(self, staff: str) -> None:
        """She does not watch any more."""

    def watchers(self, now: int) -> frozenset[str]:
        """Who watches the queue."""
