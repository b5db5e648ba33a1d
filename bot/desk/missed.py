"""Messages of patients that Twilio has and never brought: its webhook failed, and it does not try for long.

Every few minutes its list is compared with ours. What never arrived is taken up through the same door as any message,
marked with when it was written; what follows from its age is decided in the turn (:mod:`bot.core.hearing`). How far the
list was looked through is kept, so that nothing from before the first start, and nothing that was since forgotten on
purpose, is taken up again. A button's id is not in the list: its words are, and lead to the same answer.
"""

from __future__ import annotations

from bot.core.events import MessageKind
from bot.desk.apart import apart
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import CarrierAway, Desk, ListedInbound

LOOK_SECONDS = 180
GRACE_SECONDS = 60
"""A younger message is still on its way: Twilio tries its webhook for 15 s, and then the fallback."""
OVERLAP_SECONDS = 2 * 3600
"""Looked at again each time: what Twilio listed late, and a clock of ours that was ahead by an hour."""
ROWS_MAX = 5_000
TEXT_CHARACTERS_MAX = 4_096
BEFORE_US_SECONDS = 600
"""What is older than that when it is first looked was for whoever answered before us. A red flag is taken up all the
same: our clock may have been ahead at that first look, and told twice is better than never."""
INBOUND, BEGAN = "inbound", "inbound began"


def look_for_missed(desk: Desk) -> int:
    """Take up every message that never arrived; how many. While Twilio cannot be asked it is left to the next time."""
    now = int(desk.clock.now().timestamp())
    begin_looking(desk)
    with desk.book.begin() as ledger:
        began = ledger.looked_until(BEGAN)
        since = max(ledger.looked_until(INBOUND), began) - OVERLAP_SECONDS
    try:
        listed = desk.carrier().inbound(since, ROWS_MAX)
    except CarrierAway:
        desk.report("inbound_not_listed", {})
        return 0
    if len(listed) >= ROWS_MAX:
        desk.report("inbound_list_cut", {"rows": len(listed)})
    ripe = [one for one in listed if one.sent_at <= now - GRACE_SECONDS and _is_ours(desk, one, began)]
    with desk.book.begin() as ledger:
        unknown = ledger.unknown([one.sid for one in ripe]) if ripe else frozenset()
    missed = [one for one in ripe if one.sid in unknown]
    taken = []
    for one in missed:
        with apart(desk, "missed_not_taken_up", sid=one.sid):
            _take_up(desk, one, now)
            taken.append(one.sid)
    if len(taken) == len(missed):
        with desk.book.begin() as ledger:
            ledger.look_until(INBOUND, now - GRACE_SECONDS)
    return len(taken)


def _is_ours(desk: Desk, one: ListedInbound, began: int) -> bool:
    if one.sent_at >= began - BEFORE_US_SECONDS:
        return True
    return bool(desk.read(one.body, desk.clock.now()).red_flags)


def begin_looking(desk: Desk) -> int:
    """How far the list was looked through. The first time that is now: what was written before is not ours.

    So it is when our clock was set back since.
    """
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        for what in (BEGAN, INBOUND):
            if not 0 < ledger.looked_until(what) <= now:
                ledger.look_until(what, now)
        return ledger.looked_until(INBOUND)


def _take_up(desk: Desk, one: ListedInbound, now: int) -> None:
    with desk.book.begin() as ledger:
        if one.sent_at <= ledger.erased_at(conversation_id(desk.conversation_key, one.address)):
            return  # What was said before an erasure is not brought back by it.
    text = one.body.replace("\x00", "")[:TEXT_CHARACTERS_MAX]
    received = receive(desk, Arrived(one.sid, one.address, _kind(one), text, sent_at=one.sent_at))
    if received != "known":
        desk.report("message_found_late", {"sid": one.sid, "seconds": now - one.sent_at})


def _kind(one: ListedInbound) -> MessageKind:
    if one.media:
        return "media"
    return "text" if one.body.strip() else "unknown"
