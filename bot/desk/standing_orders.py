"""What a lead orders for the whole clinic: the bot silenced, a notice with an end. It holds from the commit on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from bot.core.orders import Orders, orders_from, orders_to
from bot.desk.apart import apart
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.ports.staff import Audited

NOTICE_CHARACTERS_MAX = 600
NOTICE_SECONDS_MAX = 31 * 24 * 3600


def orders(desk: Desk) -> Orders:
    """What is ordered now."""
    with desk.book.look() as ledger:
        return orders_from(ledger.orders())


def silence_bot(desk: Desk, staff: str, silent: bool) -> None:
    """Silence the bot for the whole clinic, or let it speak again. Whoever writes meanwhile waits for a person; safety
    texts leave all the same, and so do words of staff."""
    since = int(desk.clock.now().timestamp())
    _give(
        desk,
        staff,
        lambda orders: replace(
            orders, silenced=silent, silenced_since=(orders.silenced_since or since) if silent else 0
        ),
    )


def give_notice(desk: Desk, staff: str, text: str, until: int) -> None:
    """Tell everybody who writes until ``until`` (epoch seconds), once each. Raises NotPossible."""
    text, now = text.strip(), int(desk.clock.now().timestamp())
    if not 0 < len(text) <= NOTICE_CHARACTERS_MAX:
        raise NotPossible(f"A notice has 1 to {NOTICE_CHARACTERS_MAX} characters.")
    if not now < until <= now + NOTICE_SECONDS_MAX:
        raise NotPossible("A notice ends within a month.")
    id = desk.chance.token()[:12]
    _give(desk, staff, lambda orders: replace(orders, notice=text, notice_id=id, notice_until=until))


def drop_notice(desk: Desk, staff: str) -> None:
    """Tell it no more."""
    _give(desk, staff, lambda orders: replace(orders, notice="", notice_id="", notice_until=0))


def _give(desk: Desk, staff: str, change: Callable[[Orders], Orders]) -> None:
    with desk.book.begin() as ledger:
        given = change(orders_from(ledger.orders()))
        now = int(desk.clock.now().timestamp())
        ledger.give_orders(orders_to(given), staff, now)
        ledger.audit(Audited(now, staff, "changed", "orders", "silenced" if given.silenced else ""))
    with apart(desk, "bell_failed"):
        desk.live.ring("queue", "orders")
