"""Writing down what staff are to be told of off the screen.

An alert is a row. A red flag's is written in the turn that heard it; the others the tick derives from what it sees,
each under a key that is told once. :mod:`bot.desk.alerts` sends them.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.alerts import Alarming, alarming_from
from bot.core.conversation import Conversation
from bot.core.events import Event, Message
from bot.core.opening import is_open, open_seconds
from bot.core.orders import orders_from
from bot.ports import Desk, Ledger
from bot.ports.alerts import Alert
from bot.ports.reception import Shelf

ROWS_MAX = 500


def alarm_at_once(ledger: Ledger, before: Conversation, event: Event, now: int) -> None:
    """Have staff told of a red flag, in the transaction of its turn; while it is urgent, further ones say no more."""
    if isinstance(event, Message) and event.reading.red_flags and not before.urgent:
        ledger.raise_alert(Alert(f"red_flag:{event.sid}", "red_flag", before.id, now), now)


def raise_alerts(desk: Desk) -> bool:
    """Write down what staff are to be told of now; whether a letter is to be sent. For the tick."""
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        if desk.mail is None and not (desk.push is not None and ledger.devices()):
            _tell_nobody(ledger, now)
            return False
        for one in _seen(desk, ledger, alarming_from(ledger.alarming()), now):
            ledger.raise_alert(one, now)
        return ledger.alerts_due(now)


def _tell_nobody(ledger: Ledger, now: int) -> None:
    """Without a mail server and devices the screen alone tells; what was written down is not for some later day's."""
    if not ledger.alerts_due(now):
        return
    due = ledger.take_alerts("", ROWS_MAX, now)
    # What somebody was to be told of and was not is no matter of course: the screen says so.
    lost = [one.id for one in due if one.trouble]
    ledger.alerts_over(lost, "given_up", now)
    ledger.alerts_over([one.id for one in due if one.id not in lost], "over", now)


def _seen(desk: Desk, ledger: Ledger, alarming: Alarming, now: int) -> Iterator[Alert]:
    trouble = ledger.channel()
    if trouble is not None:
        yield Alert(f"channel:{trouble.since}", "channel", since=trouble.since)
    if not is_open(desk.diary, now):
        return
    for filing in ledger.folder(Shelf("needs"), ROWS_MAX):
        state = filing.conversation
        if _waits_too_long(desk, state, alarming, now):
            since = state.waiting_since
            yield Alert(f"waiting:{state.id}:{since}", "waiting", state.id, since)
    for conversation, row, failed_at in ledger.unseen_failures(ROWS_MAX):
        yield Alert(f"failed:{row}", "failed", conversation, failed_at)
    since = orders_from(ledger.orders()).silenced_since
    if since and open_seconds(desk.diary, since, now) >= alarming.silenced_minutes * 60:
        yield Alert(f"silenced:{since}", "silenced", since=since)


def _waits_too_long(desk: Desk, state: Conversation, alarming: Alarming, now: int) -> bool:
    if state.control != "waiting" or state.later_until or not state.waiting_since:
        return False
    return open_seconds(desk.diary, state.waiting_since, now) >= alarming.wait_minutes * 60
