"""Finding out what became of an attempt when nobody knows: Twilio's own list of messages is asked.

A listed message is ours if its sid belongs to no other row, its address and words are ours, and it was made after the
attempt. The first look is after 10 s, the second a minute later; then the words are sent again. Looks are counted, not
told from an attempt's age, which a clock that is set makes an hour out of a second; two that look at once count the
same one. A status callback may settle an attempt before.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.delivery import FIRST_LOOK_SECONDS, FROM_TWILIO, LOOK_AGAIN_SECONDS, TRIES_MAX, verdict
from bot.core.wording import numbered
from bot.desk.apart import apart
from bot.desk.speaking import SAFETY_TRIES_MAX, wake
from bot.desk.undelivered import becomes, follow_from
from bot.ports import CarrierAway, Desk, Ledger, Listed, Outgoing, Result

LOOKS_MAX = 5
"""After so many more looks at a list that cannot be had, a person should know."""
LATE_SECONDS_MAX = 300
"""A look that is later than that was not late: the clock was set forward, or nobody was there. It does not count. Nor
does one that comes before it was put off to, which a clock that was set back brings about."""
CLOCKS_APART_SECONDS = 2 * 3600
"""How far our clock may have been ahead of Twilio's: an hour, when summer time was done wrong, and some more.

What is older than the attempt and still has our words, and a sid that no row of ours has, is mostly ours too.
"""
ROWS_MAX = 100
NOBODY_KNOWS = "nobody knows whether Twilio took it"


def settle(desk: Desk) -> None:
    """Look at every attempt whose look is due. Raises BookAway."""
    with desk.book.begin() as ledger:
        rows = ledger.to_settle(int(desk.clock.now().timestamp()), ROWS_MAX)
    for row in rows:
        with apart(desk, "settling_failed", row=row.id):
            _settle(desk, row)


def _settle(desk: Desk, row: Outgoing) -> None:
    listed: tuple[Listed, ...] | None
    try:
        listed = desk.carrier().listed(row.address, row.started_at - CLOCKS_APART_SECONDS)
    except CarrierAway:
        listed = None
    words = {desk.carrier().words_of(row).strip(), numbered(row.text, row.choices, row.hint).strip()}
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        ours = _ours(ledger, listed or (), words)
        result = (
            _found(desk, ledger, row, ours)
            if ours
            else _cannot_look(row, now)
            if listed is None
            else _not_found(row, now)
        )
        more = ledger.conclude((result,), now)
    wake(desk, more)


def _ours(ledger: Ledger, listed: tuple[Listed, ...], words: set[str]) -> Listed | None:
    """The oldest listed message that can only be this attempt's."""
    alike = sorted((one for one in listed if one.body.strip() in words), key=lambda one: one.created_at)
    return next((one for one in alike if not ledger.sid_known(one.sid)), None)


def _found(desk: Desk, ledger: Ledger, row: Outgoing, ours: Listed) -> Result:
    if FROM_TWILIO.get(ours.status) != "failed":
        return Result(row.id, row.attempt, "sent", sid=ours.sid)
    judged = verdict(ours.error, row, later=True)
    follow_from(desk, ledger, row, ours.error, judged)
    desk.report("delivery_failed", {"sid": ours.sid, "code": ours.error})
    return replace(becomes(desk, row, ours.error, judged), sid=ours.sid)


def _not_found(row: Outgoing, now: int) -> Result:
    if row.speech == "safety" and row.tries < SAFETY_TRIES_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now)
    if _out_of_time(row, now):
        return Result(row.id, row.attempt, "unknown", again_at=now + FIRST_LOOK_SECONDS, looks=row.looks)
    if not row.looks:
        return Result(row.id, row.attempt, "unknown", again_at=now + LOOK_AGAIN_SECONDS, looks=1)
    looks = row.looks + 1
    if row.tries >= TRIES_MAX:
        return Result(row.id, row.attempt, "needs_person", note=NOBODY_KNOWS, looks=looks)
    return Result(row.id, row.attempt, "queued", again_at=now, looks=looks)


def _cannot_look(row: Outgoing, now: int) -> Result:
    if row.speech == "safety" and row.tries < SAFETY_TRIES_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now)
    if row.looks >= LOOKS_MAX:
        return Result(row.id, row.attempt, "needs_person", note=NOBODY_KNOWS)
    return Result(row.id, row.attempt, "unknown", again_at=now + LOOK_AGAIN_SECONDS, looks=row.looks + 1)


def _out_of_time(row: Outgoing, now: int) -> bool:
    """Whether the clock was set since this look was put off, so that nobody knows how long it was waited for."""
    return not row.look_at - LOOK_AGAIN_SECONDS <= now <= row.look_at + LATE_SECONDS_MAX
