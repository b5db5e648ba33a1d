"""The fixed universe: Monday 2 March 2026, 09:00 in Singapore, and what happens in it."""

from itertools import count

from bot.adapters.sql import SqlBook
from bot.core.calendar import Busy, Slot
from bot.core.conversation import Conversation
from bot.ports import Appointment, Booking, FollowUpDraft, Inbound, Outgoing, Result, Words

NOW = 1772413200
MINUTE, HOUR, DAY = 60, 3600, 86400
TEN = NOW + DAY + HOUR
"""Tuesday, 10:00."""

MEI_LING = Conversation("meiling", "whatsapp:+6580000001")
RAVI = Conversation("ravi", "whatsapp:+6580000002")

_attempts = count(1)


def slot(start: int = TEN, practitioner: str = "lim", minutes: int = 30) -> Slot:
    return Slot(practitioner, start, start + minutes * MINUTE)


def busy(start: int = TEN, practitioner: str = "lim", minutes: int = 30) -> Busy:
    return Busy(practitioner, start, start + minutes * MINUTE)


def booking(number: str = "K7QF2X-M", conversation: str = "meiling", start: int = TEN, **other: object) -> Booking:
    fields: dict[str, object] = {
        "number": number,
        "conversation": conversation,
        "patient": "Mei Ling Tan",
        "phone": "+6580000001",
        "whom": "me",
        "service": "consultation",
        "slot": slot(start),
        "busy": busy(start),
        "local_start": "2026-03-03T10:00",
        "zone": "Asia/Singapore",
        **other,
    }
    return Booking(**fields)  # type: ignore[arg-type]


def reminder(due_at: int = NOW + HOUR, kind: str = "reminder_24h") -> FollowUpDraft:
    return FollowUpDraft(kind, due_at, due_at + 2 * HOUR)


def message(sid: str = "SM1", conversation: str = "meiling", arrival: int = 1, text: str = "Hello") -> Inbound:
    return Inbound(sid, conversation, arrival, {"event": "Message", "sid": sid, "kind": "text", "text": text}, NOW)


def say(book: SqlBook, *words: Words | str, conversation: str = "meiling", now: int = NOW) -> int:
    with book.begin() as ledger:
        return ledger.queue(conversation, [Words(one, "reply") if isinstance(one, str) else one for one in words], now)


def claim(book: SqlBook, *conversations: str, now: int = NOW) -> tuple[Outgoing, ...]:
    """What a sender claims, with attempts that are never used twice."""
    with book.begin() as ledger:
        return ledger.claim(conversations or ("meiling",), "sender", [f"a{next(_attempts)}" for _ in range(9)], now)


def conclude(book: SqlBook, outgoing: Outgoing, status: str, now: int = NOW, **other: object) -> tuple[str, ...]:
    with book.begin() as ledger:
        return ledger.conclude([Result(outgoing.id, outgoing.attempt, status, **other)], now)  # type: ignore[arg-type]


def save(book: SqlBook, conversation: Conversation, now: int = NOW) -> None:
    with book.begin() as ledger:
        ledger.save(conversation, 1, 1, now)


def statuses(book: SqlBook, conversation: str = "meiling") -> list[str]:
    """The status of everything said to a patient, oldest first."""
    with book.begin() as ledger:
        return [line.status for line in ledger.thread(conversation, 100) if line.who in ("bot", "staff")]


def book_one(book: SqlBook, made: Booking | None = None, now: int = NOW) -> Appointment:
    with book.begin() as ledger:
        return ledger.book(made or booking(), now)
