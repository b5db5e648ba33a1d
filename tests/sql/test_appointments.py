"""Holds and appointments. That no two overlap is raced in tests/races; here is what each act promises."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.adapters.sql import SqlBook
from bot.adapters.sql.patients import folded
from bot.adapters.sql.schema import patient, wish
from bot.core.calendar import Busy
from bot.ports import NewTime, SlotTaken
from tests.sql.clinic import DAY, HOUR, MEI_LING, MINUTE, NOW, RAVI, TEN, book_one, booking, busy, reminder, slot

UNTIL = NOW + 10 * MINUTE
DAY_START, DAY_END = TEN - 2 * HOUR, TEN + 8 * HOUR


@pytest.fixture(autouse=True)
def ravi(book: SqlBook) -> None:
    """Ravi writes too."""
    with book.begin() as ledger:
        ledger.create(RAVI, NOW)


def taken(book: SqlBook, conversation: str = "nobody", now: int = NOW, practitioner: str = "lim") -> list[int]:
    with book.begin() as ledger:
        return [one.start for one in ledger.busy([practitioner], DAY_START, DAY_END, now, conversation)]


def hold(book: SqlBook, conversation: str = "meiling", wanted: Busy | None = None, now: int = NOW) -> None:
    with book.begin() as ledger:
        ledger.hold(conversation, wanted or busy(), now + 10 * MINUTE, now)


def test_a_held_time_is_taken_for_everybody_else(book: SqlBook) -> None:
    hold(book)
    assert taken(book) == [TEN]
    assert taken(book, "ravi") == [TEN]
    assert taken(book, "meiling") == []
    assert taken(book, practitioner="ong") == []
    with pytest.raises(SlotTaken):
        hold(book, "ravi")


def test_a_hold_that_ran_out_is_free(book: SqlBook) -> None:
    hold(book)
    assert taken(book, now=UNTIL - 1) == [TEN]
    assert taken(book, now=UNTIL) == []
    hold(book, "ravi", now=UNTIL)
    assert taken(book, now=UNTIL) == [TEN]
    assert taken(book, "ravi", now=UNTIL) == []


def test_a_conversation_holds_one_time_only(book: SqlBook) -> None:
    hold(book)
    hold(book, wanted=busy(TEN + HOUR))
    assert taken(book) == [TEN + HOUR]


def test_a_hold_that_fails_keeps_the_one_before(book: SqlBook) -> None:
    hold(book)
    hold(book, "ravi", busy(TEN + HOUR))
    with book.begin() as ledger, pytest.raises(SlotTaken), ledger.savepoint():
        ledger.hold("meiling", busy(TEN + HOUR), UNTIL, NOW)
    assert taken(book) == [TEN, TEN + HOUR]
    assert taken(book, "meiling") == [TEN + HOUR]


def test_a_released_time_is_free(book: SqlBook) -> None:
    hold(book)
    with book.begin() as ledger:
        ledger.release("meiling")
        ledger.release("ravi")
    assert taken(book) == []


def test_holds_that_ran_out_are_tidied(book: SqlBook) -> None:
    hold(book)
    with book.begin() as ledger:
        assert ledger.expire_holds(UNTIL - 1) == 0
        assert ledger.expire_holds(UNTIL) == 1


@pytest.mark.parametrize("held", [True, False])
def test_booking_takes_the_held_time_or_takes_it_anew(book: SqlBook, held: bool) -> None:
    if held:
        hold(book)
    made = book_one(book)
    assert (made.number, made.version, made.patient, made.status) == ("K7QF2X-M", 1, "Mei Ling Tan", "booked")
    assert (made.starts_at, made.ends_at, made.practitioner) == (TEN, TEN + 30 * MINUTE, "lim")
    assert taken(book, "meiling") == [TEN]
    with book.begin() as ledger:
        assert ledger.appointment(made.id, "meiling") == made
        assert ledger.appointment(made.id, "ravi") is None
        assert ledger.expire_holds(NOW + DAY) == 0


def test_a_confirmation_tapped_twice_books_once(book: SqlBook) -> None:
    first = book_one(book, booking(follow_ups=(reminder(),)))
    assert book_one(book, booking("0000AA-0", follow_ups=(reminder(),))) == first
    with book.begin() as ledger:
        assert ledger.appointments("meiling", NOW) == (first,)
        assert len(ledger.follow_ups_due(NOW + DAY, 10)) == 1


def test_nobody_books_what_another_holds_or_has(book: SqlBook) -> None:
    hold(book)
    with pytest.raises(SlotTaken):
        book_one(book, booking("0000AA-0", "ravi"))
    book_one(book, booking("0000AA-0", "ravi"), now=UNTIL)
    with pytest.raises(SlotTaken):
        book_one(book, booking("0000BB-0"), now=UNTIL)


@pytest.mark.parametrize(("seconds", "free"), [(-1800, True), (-1799, False), (0, False), (1799, False), (1800, True)])
def test_appointments_touch_but_never_overlap(book: SqlBook, seconds: int, free: bool) -> None:
    book_one(book)
    other = booking("0000AA-0", "ravi", TEN + seconds)
    if free:
        book_one(book, other)
    else:
        with pytest.raises(SlotTaken):
            book_one(book, other)


def test_a_buffer_is_taken_with_the_appointment(book: SqlBook) -> None:
    book_one(book, booking(busy=Busy("lim", TEN - 10 * MINUTE, TEN + 45 * MINUTE)))
    assert taken(book) == [TEN - 10 * MINUTE]
    with pytest.raises(SlotTaken):
        hold(book, "ravi", busy(TEN + 40 * MINUTE))


def test_a_moved_appointment_frees_its_old_time(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    hold(book, wanted=busy(TEN + HOUR, "ong"))
    later = reminder(NOW + 2 * HOUR)
    with book.begin() as ledger:
        new_slot, new_busy = slot(TEN + HOUR, "ong"), busy(TEN + HOUR, "ong")
        moved = ledger.move(made.id, NewTime(new_slot, new_busy, "2026-03-03T11:00", (later,)), NOW)
        assert moved == replace(
            made, version=2, practitioner="ong", starts_at=TEN + HOUR, ends_at=TEN + HOUR + 30 * MINUTE
        )
        (due,) = ledger.follow_ups_due(NOW + DAY, 10)
        follow_up = ledger.follow_up(due)
        assert follow_up is not None
        assert (follow_up.made_for_version, follow_up.appointment_version, follow_up.due_at) == (2, 2, NOW + 2 * HOUR)
    assert taken(book) == []
    assert taken(book, practitioner="ong") == [TEN + HOUR]


def test_an_appointment_may_move_into_its_own_time(book: SqlBook) -> None:
    made = book_one(book)
    start = TEN + 15 * MINUTE
    with book.begin() as ledger:
        assert ledger.move(made.id, NewTime(slot(start), busy(start), "2026-03-03T10:15", ()), NOW) is not None
    assert taken(book) == [start]


def test_a_move_to_a_taken_time_keeps_the_old_one(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    book_one(book, booking("0000AA-0", "ravi", TEN + HOUR))
    with book.begin() as ledger:
        with pytest.raises(SlotTaken), ledger.savepoint():
            ledger.move(made.id, NewTime(slot(TEN + HOUR), busy(TEN + HOUR), "2026-03-03T11:00", ()), NOW)
        assert ledger.appointments("meiling", NOW) == (made,)
        assert len(ledger.follow_ups_due(NOW + DAY, 10)) == 1
    assert taken(book) == [TEN, TEN + HOUR]


def test_a_cancelled_appointment_frees_its_time_and_stays_cancelled(book: SqlBook) -> None:
    made = book_one(book, booking(follow_ups=(reminder(),)))
    with book.begin() as ledger:
        assert ledger.cancel(made.id, NOW) == replace(made, version=2, status="cancelled")
        assert ledger.cancel(made.id, NOW) is None
        assert ledger.move(made.id, NewTime(slot(), busy(), "2026-03-03T10:00", ()), NOW) is None
        assert ledger.appointments("meiling", NOW) == ()
        assert ledger.follow_ups_due(NOW + DAY, 10) == ()
    assert taken(book) == []
    assert book_one(book, booking("0000AA-0")).id != made.id


def test_coming_appointments_are_listed_soonest_first(book: SqlBook) -> None:
    late = book_one(book, booking("0000AA-0", start=TEN + HOUR))
    soon = book_one(book)
    book_one(book, booking("0000BB-0", "ravi", TEN + 2 * HOUR))
    with book.begin() as ledger:
        assert ledger.appointments("meiling", NOW) == (soon, late)
        assert ledger.appointments("meiling", TEN) == (late,)


def test_the_same_name_in_a_conversation_is_the_same_patient(book: SqlBook) -> None:
    for hours, name in enumerate(["Mei Ling Tan", " mei ling  TAN", "Tan Ah Kow"]):
        book_one(book, booking(f"{hours}000AA-0", start=TEN + hours * HOUR, patient=name))
    book_one(book, booking("9000AA-0", "ravi", TEN + 5 * HOUR))
    with book.begin() as ledger:
        names = ledger._connection.scalars(select(patient.c.name).order_by(patient.c.id)).all()
    assert names == ["Mei Ling Tan", "Tan Ah Kow", "Mei Ling Tan"]
    assert folded(" ＭＥＩ  ling ") == "mei ling"


def test_a_wish_is_kept_for_staff(book: SqlBook) -> None:
    with book.begin() as ledger:
        ledger.request("K7QF2X-M", MEI_LING.id, {"when": "a morning"}, NOW)
        assert ledger._connection.execute(select(wish.c.number, wish.c.wishes)).all() == [
            ("K7QF2X-M", '{"when":"a morning"}')
        ]
