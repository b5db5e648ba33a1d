"""Forgetting what patients wrote, and what was written to them, once the clinic's time for keeping words is over.

It is an erasure up to a moment in the past (:mod:`bot.desk.erasure` carries it out, here and at Twilio): ids, times,
statuses, appointments, consents and the audit stay. A conversation is left alone while anything in it is open, until a
visit it booked is that old as well, and, whole, for the time that safety events are kept.
"""

from __future__ import annotations

from bot.desk.erasure import SCRUB_SECONDS, go_on
from bot.ports import Desk
from bot.ports.erasure import AGE, Older
from bot.ports.staff import Audited

DAY_SECONDS = 24 * 3600
ROWS_MAX = 50
"""Conversations begun in one transaction: others have to write meanwhile."""


def forget_old_words(desk: Desk) -> int:
    """Begin to forget all words that are too old, and go on with it; in how many steps it was begun. For the queue."""
    if not desk.keep_words_days:
        return 0
    now = int(desk.clock.now().timestamp())
    older = Older(now - desk.keep_words_days * DAY_SECONDS, now - desk.keep_safety_days * DAY_SECONDS)
    begun, after = 0, ""
    while True:
        with desk.book.look() as ledger:
            found = ledger.forgettable(older, after, ROWS_MAX)
        if not found:
            break
        after = found[-1]
        with desk.book.begin() as ledger:
            id = ledger.begin_forgetting(found, older, now)
            if id:
                begun += 1
                ledger.leave(id, "scrub", [str(id)], now + SCRUB_SECONDS)
                ledger.audit(Audited(now, AGE, "erased", "words", f"older than {desk.keep_words_days} days"))
    if begun:
        go_on(desk)
    return begun
