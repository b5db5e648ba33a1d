"""The desk's pure rules: opening hours as a clock, folders, where a flow stands, and what is ordered for all."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import get_args

from bot.core import staffing
from bot.core.calendar import Diary, Opening
from bot.core.conversation import Conversation, Frame
from bot.core.events import StaffEvent, StaffHandedOn, StaffReplied, event_from_data, event_to_data
from bot.core.folders import Filed, filed
from bot.core.opening import closings, is_open, open_seconds, opens_next
from bot.core.orders import NONE, Orders, orders_from, orders_to, while_silenced
from bot.core.progress import standing, straight_questions
from tests.universe import SINGAPORE, shipped_clinic

HOURS = {day: (Opening(9 * 60, 12 * 60), Opening(13 * 60, 17 * 60)) for day in range(5)}
DIARY = Diary(SINGAPORE, {}, {}, closed={date(2026, 3, 4): ""}, hours=HOURS)
MEI_LING = Conversation("mei", "whatsapp:+6591234567")


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 3, day, hour, minute, tzinfo=SINGAPORE).timestamp())


def test_only_open_hours_count_across_lunch_nights_closed_days_and_weekends() -> None:
    assert open_seconds(DIARY, at(2, 11), at(2, 14)) == 2 * 3600
    assert open_seconds(DIARY, at(2, 16), at(3, 10)) == 2 * 3600
    assert open_seconds(DIARY, at(3, 16), at(5, 10)) == 2 * 3600
    assert open_seconds(DIARY, at(6, 16), at(9, 10)) == 2 * 3600
    assert open_seconds(DIARY, at(2, 14), at(2, 11)) == 0


def test_when_reception_is_there_and_when_it_is_again() -> None:
    assert is_open(DIARY, at(2, 9))
    assert not is_open(DIARY, at(2, 12, 30))
    assert opens_next(DIARY, at(2, 12, 30)) == at(2, 13)
    assert opens_next(DIARY, at(3, 18)) == at(5, 9)
    assert opens_next(DIARY, at(2, 10)) == at(2, 10)
    assert opens_next(replace(DIARY, hours={}), at(2, 10)) == 0
    assert closings(DIARY, at(2, 10), at(5, 12)) == (at(2, 17), at(3, 17))


def test_every_event_of_the_desk_is_taken_up_and_survives_the_journal() -> None:
    assert staffing._DOES.keys() == set(get_args(StaffEvent))
    for event in (StaffReplied("ana", "Hi", "click-1", 5, "answer", {"name": "Mei"}), StaffHandedOn("ana", "ben")):
        assert event_from_data(event_to_data(event)) == event


def test_put_off_closed_and_unseen_lie_in_their_folders() -> None:
    assert filed(replace(MEI_LING, control="waiting", waiting_since=5, later_until=9)).folder == "later"
    assert filed(replace(MEI_LING, control="closed", look=True, last_inbound_at=7)) == Filed("needs", 1, 7)
    assert filed(replace(MEI_LING, look=True)).folder == "needs"
    assert filed(replace(MEI_LING, control="closed", control_since=7)).sort_at == 7
    assert filed(replace(MEI_LING, urgent=True, control="waiting", waiting_since=5)).rank == 0


def test_where_a_flow_stands_is_counted_on_its_straight_way() -> None:
    booking = shipped_clinic().flows["booking"]
    way = tuple(straight_questions(booking))
    assert way == (
        "choose_service", "choose_practitioner", "choose_day", "choose_time", "ask_whom", "ask_name", "confirm",
    )  # fmt: skip
    at_time = replace(MEI_LING, stack=(Frame("booking", "choose_time", tries=2),))
    where = standing(shipped_clinic(), at_time)
    assert where is not None
    assert (where.title, where.step, where.number, where.of, where.tries) == (
        "Book an appointment", "choose time", 4, 7, 2,
    )  # fmt: skip
    gone = standing(shipped_clinic(), replace(MEI_LING, stack=(Frame("old", "was_here"),)))
    assert gone is not None
    assert (gone.step, gone.of) == ("was here", 0)
    assert standing(shipped_clinic(), MEI_LING) is None


def test_orders_survive_as_data_and_nothing_ordered_is_no_data() -> None:
    orders = Orders(silenced=True, notice="Closed", notice_id="n1", notice_until=9)
    assert orders_from(orders_to(orders)) == orders
    assert orders_to(NONE) == ""
    assert (orders.notice_now(8), orders.notice_now(9)) == ("Closed", "")


def test_while_the_bot_is_silenced_safety_notices_and_staff_speak() -> None:
    assert while_silenced("reply", "speak") == "suppress"
    assert while_silenced("follow-up", "speak") == "keep"
    assert {while_silenced(speech, "speak") for speech in ("safety", "notice", "staff", "introduction")} == {"speak"}
    assert while_silenced("staff", "refuse") == "refuse"
