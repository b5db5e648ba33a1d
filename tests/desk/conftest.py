"""A front desk of which everything but the database is in memory."""

from collections.abc import Iterator

import pytest

from bot.adapters.sql import SqlBook
from bot.core.calendar import Busy, Slot
from bot.desk.planning import drafts
from bot.ports import Appointment, Booking
from tests.desk.front import TOMORROW_AT_TEN, Front


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    """A desk on a fresh SQLite database; what differs between databases is tested with the book of record."""
    front = Front(sqlite_url)
    yield front
    assert isinstance(front.desk.book, SqlBook)
    front.desk.book.dispose()


@pytest.fixture
def appointment(front: Front) -> Appointment:
    """Mei Ling sees somebody tomorrow at ten; her reminder is due in an hour."""
    diary, start = front.desk.diary, TOMORROW_AT_TEN
    service = next(iter(diary.services.values()))
    slot = Slot(service.practitioners[0], start, start + service.minutes * 60)
    booking = Booking(
        number="K7QF2X-M",
        conversation="mei",
        patient="Mei Ling Tan",
        phone="+6591234567",
        whom="me",
        service=service.id,
        slot=slot,
        busy=Busy(slot.practitioner, slot.start, slot.end),
        local_start="2026-03-03T10:00",
        zone="Asia/Singapore",
        follow_ups=drafts(diary, start, front.clock.epoch),
    )
    with front.desk.book.begin() as ledger:
        return ledger.book(booking, front.clock.epoch)
