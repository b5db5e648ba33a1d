"""What could not be delivered is tried later, leaves as a template, or is put before a person: once, however often it
is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.core.delivery import ERRORS
from bot.core.template import Wording
from bot.desk.speaking import send, status
from bot.ports import CarrierRefused, ChannelTrouble
from tests.desk.front import Front

SORRY = Wording("notice", "en", "Hello {{1}}, we have news for you.", ("name",), ("Mei Ling",))
TEMPLATE = {"template": "notice", "variables": {"name": "Mei Ling"}}


@pytest.fixture
def approved(front: Front) -> Front:
    """A clinic whose template "notice" is approved."""
    with front.desk.book.begin() as ledger:
        ledger.template_made(SORRY, "HX1", front.clock.epoch)
        ledger.template_status("HX1", "approved", "", front.clock.epoch)
    return front


def refuses(front: Front, code: int | None, http: int = 400, **more: Any) -> None:
    front.carrier.troubles = [CarrierRefused(http, code, **more)]


def fails_later(front: Front, code: int | None, word: Any = "failed") -> None:
    """Twilio calls back about the words that were posted last."""
    posted = front.carrier.posted[-1]
    status(front.desk, posted.outgoing.attempt, posted.sid, word, code)


def as_templates(front: Front) -> list[str]:
    return [one.outgoing.content.body for one in front.carrier.posted if one.outgoing.content]


# ---- again, and again


@pytest.mark.parametrize("code", [None, 99999])
def test_a_code_nobody_knows_is_not_tried_again(front: Front, code: int | None) -> None:
    front.says("Hello")
    front.sends()
    fails_later(front, code)
    front.later(hours=5)
    assert front.statuses() == ["failed"]
    assert front.unsent() == ()


def waits(front: Front, code: int) -> list[int]:
    """How long each try is after the one before, in seconds, while the words keep failing later."""
    found = []
    while front.statuses() != ["needs_person"]:
        start = front.clock.epoch
        while not front.unsent():
            front.later(seconds=1)
        found.append(front.clock.epoch - start)
        front.sends()
        fails_later(front, code)
    return found


def test_whatsapp_that_asks_for_patience_later_gets_more_and_more_of_it(front: Front) -> None:
    front.says("Hello")
    assert waits(front, 63018) == [0, 60, 120, 240, 480, 960, 1920, 3600]
    assert front.reasons() == ["WhatsApp asks us to slow down"]


def test_an_outage_of_whatsapp_is_waited_for_a_little(front: Front) -> None:
    front.says("Hello")
    assert waits(front, 63010) == [0, 5, 10, 20, 40, 80, 160, 320]


# ---- the window


@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_words_outside_the_window_are_sent_once_more_as_their_template(approved: Front, later: bool) -> None:
    approved.says("News for you.", **TEMPLATE)
    if not later:
        refuses(approved, 63016)
    approved.sends()
    for _ in range(100 if later else 0):
        first = approved.carrier.posted[0]
        status(approved.desk, first.outgoing.attempt, first.sid, "failed", 63016)
    approved.sends()
    approved.sends()
    assert as_templates(approved) == ["Hello Mei Ling, we have news for you."]
    assert approved.statuses() == ["sent"]


def test_a_template_that_fails_for_the_window_too_is_a_persons(approved: Front) -> None:
    approved.says("News for you.", **TEMPLATE)
    refuses(approved, 63016)
    approved.sends()
    fails_later(approved, 63016)
    approved.sends()
    assert len(approved.carrier.posted) == 1
    assert approved.statuses() == ["needs_person"]


def test_after_the_window_the_template_leaves_at_once_and_before_it_ordinary_words(approved: Front) -> None:
    approved.says("Inside.", **TEMPLATE)
    approved.sends()
    approved.later(hours=24)
    approved.says("Outside.", **TEMPLATE)
    approved.sends()
    assert [one.outgoing.content is None for one in approved.carrier.posted] == [True, False]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"template": "unheard_of"}, 'the template "unheard_of" is not approved'),
        ({"variables": {"name": "  "}}, 'the template\'s "name" is empty'),
        ({"variables": {}}, 'the template\'s "name" is empty'),
    ],
)
def test_a_template_that_cannot_be_used_is_a_persons_with_the_reason(
    approved: Front, changes: dict[str, Any], why: str
) -> None:
    approved.later(hours=24)
    approved.says("News for you.", **{**TEMPLATE, **changes})
    approved.sends()
    assert approved.carrier.posted == []
    assert approved.reasons() == [f"the 24-hour window is closed, and {why}"]


def test_a_value_that_is_too_long_or_has_several_lines_is_made_to_fit(approved: Front) -> None:
    approved.later(hours=24)
    approved.says("News for you.", template="notice", variables={"name": "Mei\nLing\t" + "x" * 300})
    approved.sends()
    (posted,) = approved.carrier.posted
    assert posted.outgoing.content is not None
    value = posted.outgoing.content.variables["1"]
    assert value.startswith("Mei Ling x")
    assert len(value) == 255


@pytest.mark.parametrize(("code", "status"), [(63041, "paused"), (63040, "rejected"), (21655, "unusable")])
def test_a_template_that_meta_stopped_is_not_used_again_and_told_loudly(
    approved: Front, code: int, status: str
) -> None:
    approved.later(hours=24)
    approved.says("One", "Two", **TEMPLATE)
    refuses(approved, code)
    approved.sends()
    assert approved.carrier.posted == []
    assert approved.statuses() == ["needs_person", "needs_person"]
    with approved.desk.book.begin() as ledger:
        assert [one.status for one in ledger.templates()] == [status]
    assert "template_unusable" in [event for event, _ in approved.reports]


# ---- the address


@pytest.mark.parametrize("code", [63003, 63024, 21211, 21614])
def test_an_address_that_cannot_be_reached_is_marked_until_the_patient_writes(front: Front, code: int) -> None:
    front.says("Hello")
    front.sends()
    fails_later(front, code)
    front.says("Tomorrow at ten", speech="follow-up")
    front.sends()
    assert front.statuses() == ["failed", "needs_person"]
    with front.desk.book.begin() as ledger:
        state = ledger.read("mei")
        assert state is not None
        assert state.unreachable == ERRORS[code].why
        assert f"delivery_failed: {ERRORS[code].why}" in [line.text for line in ledger.thread("mei", 9)]


@pytest.mark.parametrize("code", [21610, 63014])
def test_a_patient_who_blocked_us_gets_no_more_follow_ups_and_staff_see_why(front: Front, code: int) -> None:
    front.says("Hello")
    refuses(front, code)
    front.sends()
    front.says("Tomorrow at ten", speech="follow-up")
    front.sends()
    assert front.statuses() == ["failed", "suppressed"]
    assert front.reasons() == [ERRORS[code].why]


def test_a_mark_is_not_lost_to_what_redis_remembers(front: Front) -> None:
    front.says("Hello")
    refuses(front, 63014)
    before = front.desk.book
    with before.begin() as ledger:
        head = ledger.head("mei")
    front.sends()
    with before.begin() as ledger:
        after = ledger.head("mei")
    assert head is not None
    assert after == replace(head, seq=head.seq + 1)


# ---- the channel


def trouble(front: Front) -> ChannelTrouble | None:
    with front.desk.book.begin() as ledger:
        return ledger.channel()


@pytest.mark.parametrize(("code", "http"), [(20003, 401), (None, 401), (63007, 400), (63051, 400)])
def test_a_channel_out_of_order_stops_everybodys_words_and_goes_on_by_itself(
    front: Front, code: int | None, http: int
) -> None:
    front.says("Hello", to="mei")
    refuses(front, code, http)
    front.sends("mei")
    front.says("Hello", to="ravi")
    front.sends("mei", "ravi")
    assert front.carrier.posted == []
    assert (front.statuses("mei"), front.statuses("ravi")) == (["queued"], ["queued"])
    known = trouble(front)
    assert known is not None
    assert [event for event, _ in front.reports] == ["message_refused", "channel_out_of_order"]
    front.later(seconds=60)
    front.sends(*front.unsent())
    assert (front.statuses("mei"), front.statuses("ravi")) == (["sent"], ["sent"])
    assert trouble(front) is None
    assert front.reports[-1] == ("channel_in_order", {})


def test_however_long_the_channel_is_out_of_order_no_try_is_counted(front: Front) -> None:
    front.says("Hello")
    for _ in range(20):
        refuses(front, 20003, 401)
        front.sends()
        front.later(seconds=60)
    refuses(front, 63018)
    front.sends()
    assert front.statuses() == ["queued"]
    front.later(seconds=120)
    front.sends()
    assert front.statuses() == ["sent"]


def test_safety_text_is_tried_while_the_channel_is_out_of_order(front: Front) -> None:
    front.says("Hello")
    refuses(front, 20003, 401)
    front.sends()
    front.says("Call 995 now.", speech="safety")
    front.sends()
    assert front.carrier.words == ["Call 995 now."]
    front.later(seconds=60)
    front.sends()
    assert front.carrier.words == ["Call 995 now.", "Hello"]


def test_a_daily_limit_is_over_tomorrow_and_words_that_came_too_late_are_a_persons(front: Front) -> None:
    front.says("Hello")
    refuses(front, 63038)
    front.sends()
    known = trouble(front)
    assert known is not None
    assert known.until - front.clock.epoch == 23 * 3600  # It is 01:00 UTC.
    front.later(hours=23, seconds=1)
    refuses(front, 63038)
    front.sends()
    front.later(hours=1)
    front.sends()
    assert front.statuses() == ["needs_person"]


# ---- how fast


def test_what_our_sender_may_send_in_a_second_is_kept_to(front: Front) -> None:
    start = front.clock.monotonic()
    for number in range(30):
        front.says(f"Number {number}", to="mei")
    desk = replace(front.desk, messages_per_second=10)
    send(desk, ("mei",), "sender")
    assert len(front.carrier.posted) == 30
    assert front.clock.monotonic() - start == pytest.approx(2.0)


def test_one_patient_is_not_flooded_and_order_is_kept(front: Front) -> None:
    front.says(*(f"Number {number}" for number in range(47)))
    front.sends()
    assert len(front.carrier.posted) == 45
    front.later(seconds=6)
    front.sends()
    front.later(seconds=6)
    front.sends()
    assert front.carrier.words == [f"Number {number}" for number in range(47)]


def test_safety_text_keeps_to_no_pace(front: Front) -> None:
    front.says(*(f"Number {number}" for number in range(46)))
    front.sends()
    front.says("Call 995 now.", speech="safety")
    front.sends()
    assert front.carrier.words[-1] == "Call 995 now."


def test_twilio_says_when_to_come_back_and_is_obeyed(front: Front) -> None:
    front.says("Hello")
    refuses(front, 20429, 429, retry_after=90.5)
    front.sends()
    front.later(seconds=90)
    assert front.unsent() == ()
    front.later(seconds=1)
    assert front.unsent() == ("mei",)


# ---- callbacks


def test_a_failure_that_is_told_before_the_post_returned_is_acted_upon_once(front: Front) -> None:
    front.says("Hello")
    with front.desk.book.begin() as ledger:
        (row,) = ledger.claim(("mei",), "sender", ["a" * 32], front.clock.epoch)
    for _ in range(100):
        status(front.desk, row.attempt, "SM" + "1" * 32, "failed", 63018)
    assert front.statuses() == ["queued"]
    front.later(seconds=60)
    front.sends()
    assert front.carrier.words == ["Hello"]


def test_a_failure_of_a_message_nobody_knows_changes_nothing(front: Front) -> None:
    front.says("Hello")
    front.sends()
    status(front.desk, "f" * 32, "SM" + "f" * 32, "failed", 63003)
    assert front.statuses() == ["sent"]
    assert front.reports == []


def test_a_failure_told_after_the_words_arrived_is_no_news(front: Front) -> None:
    front.says("Hello")
    front.sends()
    fails_later(front, None, "delivered")
    fails_later(front, 63016)
    assert front.statuses() == ["delivered"]


def test_a_template_that_arrives_after_its_ordinary_words_failed_is_counted_once(approved: Front) -> None:
    approved.says("News for you.", **TEMPLATE)
    approved.sends()
    fails_later(approved, 63016)
    approved.sends()
    fails_later(approved, None, "delivered")
    first = approved.carrier.posted[0]
    status(approved.desk, first.outgoing.attempt, first.sid, "failed", 63016)
    assert approved.statuses() == ["delivered"]
    assert len(approved.carrier.posted) == 2
