"""Forgetting what patients wrote, and what was written to them, once the clinic's time for keeping words is over.

It is an erasure up to a moment in the past (:mod:`bot.desk.erasure` carries it out, here and at Twilio): ids, times,
statuses, appointments, consents and the audit stay. A conversation is left alone while anything in it is open, until a
visit it booked is that old as well, and, whole, for the time that safety events are kept.
"""

from __future__ import annotations

from contextlib import suppress

from bot.desk.erasure import SCRUB_SECONDS
from bot.ports import Desk, LiveAway
from bot.ports.erasure import AGE, Older
from bot.ports.staff import Audited

DAY_SECONDS = 24 * 3600
SECONDS_MAX = 30.0
"""A job begins for so long; the next goes on after it."""
ROWS_MAX = 50
"""Conversations begun in one transaction: others have to write meanwhile."""


def forget_old_words(desk: Desk) -> int:
    """Begin to forget all words that are too old; in how many steps. For the queue, which then erases them."""
    if not desk.keep_words_days:
        return 0
    now = int(desk.clock.now().timestamp())
    older = Older(now - desk.keep_words_days * DAY_SECONDS, now - desk.keep_safety_days * DAY_SECONDS)
    begun, after, give_up = 0, "", desk.clock.monotonic() + SECONDS_MAX
    while desk.clock.monotonic() < give_up:
        with desk.book.look() as ledger:
            found = ledger.forgettable(older, after, ROWS_MAX)
        if not found:
            return begun
        after = found[-1]
        with desk.book.begin() as ledger:
            id = ledger.begin_forgetting(found, older, now)
            if id:
                begun += 1
                ledger.leave(id, "scrub", [str(id)], now + SCRUB_SECONDS)
                ledger.audit(Audited(now, AGE, "erased", "words", f"older than {desk.keep_words_days} days"))
    # What was begun is not found again, so the next job comes further.
    if begun:
        with suppress(LiveAway):
            desk.queue.enqueue("forget_old_words")
    return begun
