"""When the follow-ups of an appointment fall due. Instants are UTC epoch seconds; quiet hours are clinic time.

What would fall into the quiet hours moves: before an appointment to earlier, after it to later.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from bot.core.calendar import Diary, Service, Slot
from bot.core.follow_up import LAST_CALL_SECONDS, WAKING_FROM, WAKING_UNTIL
from bot.core.window import window_closes
from bot.ports import FollowUpDraft

DAY_SECONDS = 24 * 3600
REBOOK_EXPIRES_SECONDS = 3 * DAY_SECONDS


def drafts(diary: Diary, starts_at: int, now: int, service: str = "") -> tuple[FollowUpDraft, ...]:
    """The follow-ups of an appointment that starts then: reminders, earliest first, notes to prepare, a check-in.

    A reminder whose time has passed already is not made; notes that should have been sent by now are due at once. A
    reminder expires when the next one takes its place, the last one two hours before the start.
    """
    known = diary.services.get(service)
    return (*_reminders(diary, known, starts_at, now), *_around(diary, known, starts_at, now))


def invitation(diary: Diary, service: str, now: int) -> tuple[FollowUpDraft, ...]:
    """What follows when staff mark a patient as missed at ``now``: an invitation to book again, if the clinic sends
    one."""
    after = diary.plan_of(diary.services.get(service)).rebook
    due = later_in_waking_hours(now + after, diary.zone)
    return (FollowUpDraft("rebook", due, due + REBOOK_EXPIRES_SECONDS),) if after else ()


def after_visit(diary: Diary, service: str, starts_at: int) -> tuple[FollowUpDraft, ...]:
    """What follows a visit that began then: a check-in, if the clinic sends one."""
    known = diary.services.get(service)
    after = diary.plan_of(known).check_in
    if known is None or not after:
        return ()
    due = later_in_waking_hours(starts_at + known.minutes * 60 + after, diary.zone)
    return (FollowUpDraft("check-in", due, due + DAY_SECONDS),)


def nudge(diary: Diary, last_inbound_at: int, now: int) -> FollowUpDraft | None:
    """A question whether to go on with a booking that was left; None when it could not leave in the 24-hour window."""
    due, end = later_in_waking_hours(now + diary.plan.nudge, diary.zone), window_closes(last_inbound_at)
    return FollowUpDraft("nudge", due, end) if diary.plan.nudge and due < end else None


def offer(slot: Slot, now: int, until: int) -> FollowUpDraft:
    """A time that came free, offered at ``now`` and kept until an instant."""
    return FollowUpDraft(f"offer-{slot.start}", now, until, slot)


def awake(now: datetime, zone: tzinfo) -> bool:
    """Whether patients may be written to now."""
    return WAKING_FROM <= now.astimezone(zone).time() < WAKING_UNTIL


def later_in_waking_hours(due: int, zone: tzinfo) -> int:
    """The same moment, or the next one at which patients may be written to."""
    local = datetime.fromtimestamp(due, UTC).astimezone(zone)
    if WAKING_FROM <= local.time() < WAKING_UNTIL:
        return due
    day = local.date() + timedelta(days=0 if local.time() < WAKING_FROM else 1)
    return int(datetime.combine(day, WAKING_FROM, zone).timestamp())


def _reminders(diary: Diary, service: Service | None, starts_at: int, now: int) -> Iterator[FollowUpDraft]:
    leads = sorted(diary.reminders_of(service), reverse=True)
    coming = [(lead, due) for lead in leads if (due := _in_waking_hours(starts_at - lead, diary.zone)) > now]
    ends = [due for _, due in coming[1:]]
    for (lead, due), end in zip(coming, [*ends, starts_at - _last_call(coming)], strict=False):
        yield FollowUpDraft(f"reminder-{lead // 3600}h", due, end)


def _around(diary: Diary, service: Service | None, starts_at: int, now: int) -> Iterator[FollowUpDraft]:
    if service is None:
        return
    plan, last_call = diary.plan_of(service), starts_at - LAST_CALL_SECONDS
    if service.preparation and plan.preparation and now < last_call:
        due = max(now, _in_waking_hours(starts_at - plan.preparation, diary.zone))
        yield FollowUpDraft("preparation", due, last_call)
    yield from after_visit(diary, service.id, starts_at)


def _last_call(coming: list[tuple[int, int]]) -> int:
    """How long before the start the last reminder expires; a short-notice one has half its time."""
    return min(LAST_CALL_SECONDS, coming[-1][0] // 2) if coming else LAST_CALL_SECONDS


def _in_waking_hours(due: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(due, UTC).astimezone(zone)
    if WAKING_FROM <= local.time() <= WAKING_UNTIL:
        return due
    day = local.date() - timedelta(days=1) if local.time() < WAKING_FROM else local.date()
    return int(datetime.combine(day, WAKING_UNTIL, zone).timestamp())
