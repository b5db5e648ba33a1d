"""How a thread is laid out: which of its lines a page shows, and under which day."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import request

from bot.desk import inbox
from bot.desk.inbox import ThreadPage
from bot.ports import Desk
from bot.ports.reception import ThreadLine
from bot.web.desk.asked import number_or_nothing

LINES_MAX = 2_000
"""Lines of a thread that stay on one screen; further back one starts anew from the newest."""


def asked_for(desk: Desk, conversation: str) -> ThreadPage:
    """The newest lines, or everything from a line on that the page has shown already (or wants to show as well)."""
    since, earlier = (number_or_nothing(request.args.get(name, "")) for name in ("since", "earlier"))
    if earlier:
        older = inbox.thread(desk, conversation, earlier)
        first = older.lines[0].line if older.lines else earlier
    elif since:
        first = since
    else:
        return inbox.thread(desk, conversation)
    lines = inbox.newer(desk, conversation, first - 1, LINES_MAX)
    if not lines or len({line.line for line in lines}) >= LINES_MAX:
        return inbox.thread(desk, conversation)
    before = inbox.thread(desk, conversation, first, 1)
    return ThreadPage(lines, first if before.lines else None, lines[-1].line)


def whole(desk: Desk, conversation: str) -> ThreadPage:
    """The thread for paper: all of it, or its newest lines when it is longer than anybody prints."""
    return inbox.thread(desk, conversation, lines_max=LINES_MAX)


def by_day(desk: Desk, lines: tuple[ThreadLine, ...]) -> list[tuple[str, list[ThreadLine]]]:
    """Lines under the day they belong to, as one calls it at the clinic."""
    days: list[tuple[str, list[ThreadLine]]] = []
    today = desk.clock.now().astimezone(desk.diary.zone).date()
    for line in lines:
        day = datetime.fromtimestamp(line.at, desk.diary.zone).date()
        near = {today: "Today", today - timedelta(days=1): "Yesterday"}
        title = near.get(day) or day.strftime("%A, %-d %B" + ("" if day.year == today.year else " %Y"))
        if not days or days[-1][0] != title:
            days.append((title, []))
        days[-1][1].append(line)
    return days
