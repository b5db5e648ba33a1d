"""Follow-ups of an appointment: made with it in one transaction, and turned into words when they fall due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from bot.core.calendar import Diary
from bot.core.conversation import Conversation
from bot.core.flow import Value
from bot.core.follow_up import LAST_CALL_SECONDS, WAKING_FROM, WAKING_UNTIL, Answer, would_send
from bot.core.names import Names
from bot.desk.clinic_time import when_label
from bot.desk.speaking import wake
from bot.ports import Desk, FollowUp, FollowUpDraft, Words

_CLOSED: Mapping[Answer, Literal["queued", "skipped", "needs_person"]] = {
    "yes": "queued",
    "no": "skipped",
    "person": "needs_person",
}


def drafts(diary: Diary, starts_at: int, now: int) -> tuple[FollowUpDraft, ...]:
    """The reminders of an appointment, earliest first; none whose time has passed already. Instants in epoch seconds.

    One that would fall into the quiet hours moves earlier. It expires when the next one takes its place, the last one
    two hours before the start.
    """
    ahead = [(lead, _in_waking_hours(starts_at - lead, diary.zone)) for lead in sorted(diary.reminders, reverse=True)]
    coming = [(lead, due) for lead, due in ahead if due > now]
    ends = [due for _, due in coming[1:]]
    return tuple(
        FollowUpDraft(f"reminder-{lead // 3600}h", due, end)
        for (lead, due), end in zip(coming, [*ends, starts_at - _last_call(coming)], strict=False)
    )


def send_follow_up(desk: Desk, id: int) -> None:
    """Put a follow-up that is due into the outbox, or close it with the reason. One that is closed already is left."""
    now = desk.clock.now()
    stamp = int(now.timestamp())
    with desk.book.begin() as ledger:
        due = ledger.follow_up(id)
        conversation = ledger.read(due.conversation) if due else None
        if due is None or conversation is None:
            return
        answer, why = would_send(due, conversation, now.astimezone(desk.diary.zone))
        if answer == "later":
            return
        if answer == "yes":
            ledger.queue(due.conversation, [_words(desk, due, conversation)], stamp)
        ledger.follow_up_done(id, _CLOSED[answer], why, stamp)
    if answer == "yes":
        wake(desk, (due.conversation,))


def _words(desk: Desk, due: FollowUp, conversation: Conversation) -> Words:
    diary, language = desk.diary, conversation.language
    service, practitioner = diary.services.get(due.service), diary.practitioners.get(due.practitioner)
    said: Mapping[str, Value] = {
        "service": service.names.get(language, service.name) if service else "",
        "when": when_label(datetime.fromtimestamp(due.starts_at, diary.zone), language),
        "number": due.number,
        "practitioner": practitioner.name if practitioner else "",
    }
    text = Names(desk.clinic, conversation, said).render(desk.clinic.texts["reminder"].in_language(language))
    return Words(text, "follow-up", expires_at=due.expires_at, key=f"follow-up:{due.id}")


def _last_call(coming: list[tuple[int, int]]) -> int:
    """How long before the start the last reminder expires; a short-notice one has half its time."""
    return min(LAST_CALL_SECONDS, coming[-1][0] // 2) if coming else LAST_CALL_SECONDS


def _in_waking_hours(due: int, zone: tzinfo) -> int:
    local = datetime.fromtimestamp(due, UTC).astimezone(zone)
    if WAKING_FROM <= local.time() <= WAKING_UNTIL:
        return due
    day = local.date() - timedelta(days=1) if local.time() < WAKING_FROM else local.date()
    return int(datetime.combine(day, WAKING_UNTIL, zone).timestamp())
