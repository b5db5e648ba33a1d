"""Reminders: made with the appointment, sent in waking hours, never for an appointment that has changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.core.calendar import Diary, Plan, Service
from bot.core.conversation import Conversation
from bot.core.follow_up import AS_TEMPLATE, Purpose, may_be_told, would_send
from bot.desk.follow_ups import send_follow_up
from bot.desk.planning import drafts, invitation, nudge
from bot.ports import Appointment, FollowUp
from tests.desk.front import TOMORROW_AT_TEN, Front
from tests.universe import MEI_LING, NOW, SINGAPORE

HOUR = 3600
DIARY = Diary(SINGAPORE, {}, {})
STAMP = int(NOW.timestamp())


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SINGAPORE)


def at(text: str) -> int:
    return int(local(text).timestamp())


def reminders(starts: str, now: str = "2026-03-02T09:00", diary: Diary = DIARY) -> list[tuple[str, str, str]]:
    def told(stamp: int) -> str:
        return f"{datetime.fromtimestamp(stamp, SINGAPORE):%a %H:%M}"

    return [(one.kind, told(one.due_at), told(one.expires_at)) for one in drafts(diary, at(starts), at(now))]


def test_an_appointment_is_reminded_of_three_days_and_one_day_before() -> None:
    assert reminders("2026-03-06T10:00") == [
        ("reminder-72h", "Tue 10:00", "Thu 10:00"),
        ("reminder-24h", "Thu 10:00", "Fri 08:00"),
    ]


def test_an_appointment_booked_within_the_lead_time_has_no_such_reminder() -> None:
    assert reminders("2026-03-04T10:00") == [("reminder-24h", "Tue 10:00", "Wed 08:00")]
    assert reminders("2026-03-03T09:00") == []


def test_a_reminder_that_would_disturb_the_night_comes_earlier() -> None:
    late, early = reminders("2026-03-06T21:30"), reminders("2026-03-06T07:30")
    assert [due for _, due, _ in late] == ["Tue 20:00", "Thu 20:00"]
    assert [due for _, due, _ in early] == ["Mon 20:00", "Wed 20:00"]


def test_a_reminder_that_would_have_to_come_before_now_is_not_made() -> None:
    assert [kind for kind, _, _ in reminders("2026-03-05T21:30", now="2026-03-02T20:30")] == ["reminder-24h"]


def test_a_clinic_may_remind_shortly_before() -> None:
    assert reminders("2026-03-02T17:00", diary=replace(DIARY, reminders=(2 * HOUR,))) == [
        ("reminder-2h", "Mon 15:00", "Mon 16:00")
    ]


def test_a_clinic_may_remind_of_nothing() -> None:
    assert reminders("2026-03-06T10:00", diary=replace(DIARY, reminders=())) == []


FIRST = Service("first", "First visit", 30, ("nolan",), preparation={"en": "Bring your scans."})
PLANNED = replace(DIARY, services={"first": FIRST}, plan=Plan(check_in=24 * HOUR, rebook=HOUR, nudge=3 * HOUR))


def planned(starts: str, now: str = "2026-03-02T09:00", service: Service = FIRST) -> list[tuple[str, str]]:
    diary = replace(PLANNED, services={"first": service})
    made = drafts(diary, at(starts), at(now), "first")
    return [(one.kind, f"{datetime.fromtimestamp(one.due_at, SINGAPORE):%a %H:%M}") for one in made]


def test_notes_come_two_days_before_and_the_check_in_a_day_after_in_waking_hours() -> None:
    assert planned("2026-03-06T07:30")[2:] == [("preparation", "Tue 20:00"), ("check-in", "Sat 08:00")]


def test_notes_that_should_have_come_by_now_come_at_once_unless_it_is_too_late() -> None:
    assert ("preparation", "Mon 09:00") in planned("2026-03-03T10:00")
    assert "preparation" not in dict(planned("2026-03-02T11:00"))


def test_a_service_may_have_follow_ups_of_its_own() -> None:
    own = replace(FIRST, reminders=(2 * HOUR,), plan=Plan(check_in=0), preparation={})
    assert planned("2026-03-06T10:00", service=own) == [("reminder-2h", "Fri 08:00")]


def test_a_missed_patient_is_invited_in_waking_hours_and_only_if_the_clinic_does() -> None:
    (one,) = invitation(PLANNED, "first", at("2026-03-02T19:30"))
    assert one.due_at == at("2026-03-03T08:00")
    assert invitation(DIARY, "first", STAMP) == ()


def test_a_nudge_that_could_not_leave_in_the_window_is_not_made() -> None:
    wrote = at("2026-03-02T09:00")
    made = nudge(PLANNED, wrote, at("2026-03-02T21:00"))
    assert made is not None
    assert made.due_at == at("2026-03-03T08:00")
    assert nudge(PLANNED, wrote, at("2026-03-03T06:00")) is None
    assert nudge(DIARY, wrote, at("2026-03-02T09:30")) is None


MEI = Conversation("mei", MEI_LING, last_inbound_at=STAMP)
DUE = FollowUp(
    id=1,
    kind="reminder-24h",
    conversation="mei",
    appointment=1,
    made_for_version=1,
    appointment_version=1,
    appointment_status="booked",
    starts_at=TOMORROW_AT_TEN,
    service="",
    practitioner="",
    number="",
    due_at=at("2026-03-02T10:00"),
    expires_at=at("2026-03-03T08:00"),
)
AT_TEN = local("2026-03-02T10:00")
CHECK_IN = replace(DUE, kind="check-in", starts_at=at("2026-03-01T10:00"))
NUDGE = replace(DUE, kind="nudge", appointment=0, appointment_status="", made_at=STAMP + 60)
WROTE_LONG_AGO = replace(MEI, last_inbound_at=STAMP - 86_400)


@pytest.mark.parametrize(
    ("due", "conversation", "now", "answer", "why"),
    [
        (DUE, MEI, AT_TEN, "yes", ""),
        (replace(DUE, appointment_status="cancelled"), MEI, AT_TEN, "no", "the appointment is not booked any more"),
        (replace(DUE, appointment_version=2), MEI, AT_TEN, "no", "the appointment was moved"),
        (DUE, replace(MEI, opted_out=True), AT_TEN, "no", "the patient does not want follow-ups"),
        (DUE, MEI, local("2026-03-02T09:59"), "later", "it is not due yet"),
        (DUE, replace(MEI, control="held"), AT_TEN, "later", "a person has the conversation"),
        (DUE, replace(MEI, control="waiting"), AT_TEN, "later", "a person has the conversation"),
        (DUE, replace(MEI, control="held"), local("2026-03-02T09:59"), "later", "a person has the conversation"),
        (DUE, replace(MEI, control="closed"), AT_TEN, "yes", ""),
        (DUE, replace(MEI, last_inbound_at=STAMP - 86_400), AT_TEN, "yes", AS_TEMPLATE),
        (replace(NUDGE, expires_at=STAMP + 2 * 86_400), WROTE_LONG_AGO, AT_TEN, "no", "the 24-hour window is closed"),
        (DUE, MEI, local("2026-03-02T20:20"), "yes", ""),
        (DUE, MEI, local("2026-03-02T20:30"), "later", "it is too late or too early in the day"),
        (DUE, MEI, local("2026-03-03T07:59"), "later", "it is too late or too early in the day"),
        (DUE, replace(MEI, control="held"), local("2026-03-03T08:00"), "person", "it could not leave in time"),
        (DUE, MEI, local("2026-03-03T10:00"), "no", "the appointment has begun"),
        (replace(DUE, expires_at=at("2026-03-02T09:00")), MEI, AT_TEN, "no", "a later one takes its place"),
        (replace(DUE, not_theirs_at=STAMP), MEI, AT_TEN, "no", "the appointment is not theirs, says who was asked"),
        (replace(DUE, kind="a new one"), MEI, AT_TEN, "person", "nobody knows this kind of follow-up"),
        (CHECK_IN, MEI, AT_TEN, "yes", ""),
        (replace(CHECK_IN, appointment_status="fulfilled"), MEI, AT_TEN, "yes", ""),
        (replace(CHECK_IN, appointment_status="noshow"), MEI, AT_TEN, "no", "the appointment is not booked any more"),
        (replace(CHECK_IN, expires_at=STAMP), MEI, AT_TEN, "no", "its time has passed"),
        (replace(DUE, kind="rebook"), MEI, AT_TEN, "no", "the patient was not missed"),
        (replace(DUE, kind="rebook", appointment_status="noshow"), MEI, AT_TEN, "yes", ""),
        (NUDGE, MEI, AT_TEN, "yes", ""),
        (replace(NUDGE, made_at=STAMP), MEI, AT_TEN, "no", "the patient has written since"),
    ],
)
def test_whether_a_follow_up_would_still_be_sent_has_a_reason(
    due: FollowUp, conversation: Conversation, now: datetime, answer: str, why: str
) -> None:
    assert would_send(due, conversation, now) == (answer, why)


@pytest.mark.parametrize(
    ("purpose", "opted_out", "agreed_at", "may"),
    [
        ("service", False, 0, True),
        ("service", True, 0, False),
        ("safety", True, 0, True),
        ("promotion", False, 0, False),
        ("promotion", False, STAMP, True),
        ("promotion", True, STAMP, False),
    ],
)
def test_stop_ends_service_and_promotion_needs_a_consent(
    purpose: Purpose, opted_out: bool, agreed_at: int, may: bool
) -> None:
    assert (may_be_told(purpose, opted_out, agreed_at) == "") is may


def due_ids(front: Front) -> tuple[int, ...]:
    with front.desk.book.begin() as ledger:
        return ledger.follow_ups_due(front.clock.epoch, 100)


def send_what_is_due(front: Front) -> None:
    for id in due_ids(front):
        send_follow_up(front.desk, id)
    front.sends(*front.live.next_awake(0, 10))


@pytest.mark.usefixtures("appointment")
def test_a_reminder_names_what_when_and_with_whom_and_nothing_else(front: Front) -> None:
    front.later(hours=1)
    send_what_is_due(front)
    service, practitioner = next((s.name, s.practitioners[0]) for s in front.desk.diary.services.values())
    name = front.desk.diary.practitioners[practitioner].name
    assert front.carrier.words == [f"{service} with {name}: Tuesday 3 March 2026, 10:00. Number K7QF2X-M."]


@pytest.mark.usefixtures("appointment")
def test_a_reminder_asked_for_twice_is_sent_once(front: Front) -> None:
    front.later(hours=1)
    ids = due_ids(front)
    for id in ids * 3:
        send_follow_up(front.desk, id)
    front.sends()
    assert len(front.carrier.posted) == len(ids) == 1


@pytest.mark.usefixtures("appointment")
def test_a_reminder_waits_while_a_receptionist_has_the_conversation(front: Front) -> None:
    front.later(hours=1)
    front.becomes(control="held", holder="Ana")
    send_what_is_due(front)
    assert front.carrier.words == []
    front.becomes(control="bot", holder="")
    front.later(minutes=1)
    send_what_is_due(front)
    assert len(front.carrier.words) == 1


def test_a_cancelled_appointment_is_not_reminded_of(front: Front, appointment: Appointment) -> None:
    front.later(hours=1)
    ids = due_ids(front)
    with front.desk.book.begin() as ledger:
        ledger.cancel(appointment.id, front.clock.epoch)
    for id in ids:
        send_follow_up(front.desk, id)
    front.sends()
    assert front.carrier.words == []


def test_an_appointment_cancelled_after_its_reminder_was_queued_is_not_reminded_of(
    front: Front, appointment: Appointment
) -> None:
    front.later(hours=1)
    for id in due_ids(front):
        send_follow_up(front.desk, id)
    with front.desk.book.begin() as ledger:
        ledger.cancel(appointment.id, front.clock.epoch)
    front.sends()
    assert front.carrier.words == []
    assert front.statuses() == ["suppressed"]


@pytest.mark.usefixtures("appointment")
def test_after_the_24_hour_window_the_reminder_is_left_to_a_person(front: Front) -> None:
    front.becomes(last_inbound_at=STAMP - 86_400)
    front.later(hours=1)
    send_what_is_due(front)
    assert front.carrier.words == []
    assert due_ids(front) == ()


@pytest.mark.usefixtures("appointment")
def test_a_reminder_that_was_queued_too_long_never_leaves(front: Front) -> None:
    front.later(hours=1)
    for id in due_ids(front):
        send_follow_up(front.desk, id)
    front.later(hours=22)
    front.sends()
    assert front.carrier.words == []
    assert front.statuses() == ["needs_person"]


@pytest.mark.usefixtures("appointment")
def test_a_reminder_is_queued_while_redis_is_away(front: Front) -> None:
    front.later(hours=1)
    front.live.away = True
    for id in due_ids(front):
        send_follow_up(front.desk, id)
    assert front.unsent() == ("mei",)
