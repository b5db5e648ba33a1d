"""Follow-ups: due once, closed once, with what their words need."""

from sqlalchemy import select

from bot.adapters.sql import SqlBook
from bot.adapters.sql.schema import follow_up
from bot.ports import FollowUp
from tests.sql.clinic import HOUR, NOW, TEN, book_one, booking, reminder


def test_a_follow_up_falls_due_and_is_closed_once(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(NOW + 2 * HOUR, "reminder_2h"), reminder())))
    with book.begin() as ledger:
        assert ledger.follow_ups_due(NOW + HOUR - 1, 10) == ()
        (first,) = ledger.follow_ups_due(NOW + HOUR, 10)
        assert len(ledger.follow_ups_due(NOW + 2 * HOUR, 10)) == 2
        assert ledger.follow_ups_due(NOW + 2 * HOUR, 1) == (first,)
        assert ledger.follow_up(first) == FollowUp(
            id=first,
            kind="reminder_24h",
            conversation="meiling",
            appointment=made.id,
            made_for_version=1,
            appointment_version=1,
            appointment_status="booked",
            starts_at=TEN,
            service="consultation",
            practitioner="lim",
            number="K7QF2X-M",
            due_at=NOW + HOUR,
            expires_at=NOW + 3 * HOUR,
            made_at=NOW,
        )
        ledger.follow_up_done(first, "queued", "it was due", NOW + HOUR)
        ledger.follow_up_done(first, "skipped", "too late to change one's mind", NOW + HOUR)
        assert ledger._connection.scalar(select(follow_up.c.why).where(follow_up.c.id == first)) == "it was due"
        assert ledger.follow_up(first) is None
        assert ledger.follow_up(99) is None
        assert first not in ledger.follow_ups_due(NOW + 2 * HOUR, 10)
