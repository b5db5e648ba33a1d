"""What the desk shows: the folders of the inbox, one conversation, and its thread. Nothing here changes anything.

Who looks at what comes from Redis and is a hint: while Redis is away nobody is shown to look.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeVar

from bot.core.conversation import Conversation
from bot.core.orders import Orders, orders_from
from bot.core.patience import PATIENCE, Alarm, Patience, alarm, silent_seconds
from bot.core.progress import Standing, standing
from bot.core.window import window_closes
from bot.ports import ChannelTrouble, Desk, Ledger, LiveAway
from bot.ports.reception import Doing, Filing, InLine, Place, Shelf, ThreadLine

FolderName = Literal["needs us", "mine", "mentions", "others", "with the bot", "failed", "later", "done"]
PAGE_ROWS = 50
DAY_SECONDS = 24 * 3600
FAILED_COUNT_MAX = 1000
IN_LINE_MAX = 100
"""Of those who need us so many are looked at for a sound or a badge: whoever stands behind them waits no longer."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Card:
    """One conversation as a row of the inbox, and as the head of its page."""

    id: str
    place: Place
    names: tuple[str, ...]
    about: int
    phone: str
    address: str
    language: str
    control: str
    version: int
    """Of control: rises with every change of who may speak."""
    since: int
    holder: str
    reason: str
    urgent: bool
    look: bool
    blocked: bool
    opted_out: bool
    waiting_since: int
    waiting_seconds: int
    silent_seconds: int
    """How long, in opening hours, the holder has left the patient without an answer."""
    holder_silent: bool
    later_until: int
    window_closes: int
    """Until when free words may be sent; 0 when the patient never wrote."""
    where: Standing | None
    last: str
    last_by: str
    last_at: int
    last_kind: str
    labels: tuple[str, ...]
    failed: str
    lookers: Mapping[str, Doing]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a folder. ``after`` continues it; None at its end."""

    cards: tuple[Card, ...]
    after: Place | None


def folder(desk: Desk, staff: str, name: FolderName, after: Place | None = None, rows_max: int = PAGE_ROWS) -> Page:
    """A page of a folder of her inbox. Urgent first, then who waits longest; the bot's and done newest first."""
    now = _stamp(desk)
    with desk.book.look() as ledger:
        filings = _read(desk, ledger, staff, name, after, rows_max)
    cards = _cards(desk, filings, now)
    if len(filings) < rows_max:
        return Page(cards, None)
    return Page(cards, filings[-1].place)


def _read(  # noqa: PLR0913 - whose, which and from where
    desk: Desk, ledger: Ledger, staff: str, name: FolderName, after: Place | None, rows_max: int
) -> tuple[Filing, ...]:
    match name:
        case "needs us":
            return ledger.folder(Shelf("needs"), rows_max, after)
        case "mine":
            return ledger.folder(Shelf("held", staff), rows_max, after)
        case "mentions":
            return ledger.mentioning(staff, rows_max, (after[1], after[2]) if after else None)
        case "others":
            return ledger.folder(Shelf("held", staff, others=True), rows_max, after)
        case "with the bot":
            return ledger.folder(Shelf("bot", since=_stamp(desk) - DAY_SECONDS), rows_max, after)
        case "later":
            return ledger.folder(Shelf("later"), rows_max, after)
        case "done":
            # Since ever. A patient without WhatsApp who was booked at the desk was never anybody's.
            return ledger.folder(Shelf("done", since=1), rows_max, after)
        case "failed":
            return ledger.undelivered(rows_max, (after[1], after[2]) if after else None)


@dataclass(frozen=True, slots=True)
class Counts:
    """How much lies in each folder; ``held`` by holder, ``mentions`` by who is named. ``bot`` and ``done`` count the
    last day's and today's."""

    needs: int
    held: Mapping[str, int]
    mentions: Mapping[str, int]
    bot: int
    failed: int
    later: int
    done: int

    def of(self, staff: str) -> Mapping[FolderName, int]:
        """As one of the staff sees them."""
        hers = self.held.get(staff, 0)
        return {
            "needs us": self.needs,
            "mine": hers,
            "mentions": self.mentions.get(staff, 0),
            "others": sum(self.held.values()) - hers,
            "with the bot": self.bot,
            "failed": self.failed,
            "later": self.later,
            "done": self.done,
        }


def counted(desk: Desk) -> Counts:
    """How much lies in each folder of everybody's inbox."""
    now = _stamp(desk)
    with desk.book.look() as ledger:
        return Counts(
            needs=sum(ledger.count_folder("needs").values()),
            held=ledger.count_folder("held"),
            mentions=ledger.count_mentions(),
            bot=sum(ledger.count_folder("bot", now - DAY_SECONDS).values()),
            failed=ledger.count_undelivered(FAILED_COUNT_MAX),
            later=sum(ledger.count_folder("later").values()),
            done=sum(ledger.count_folder("done", _midnight(desk, now)).values()),
        )


def counts(desk: Desk, staff: str) -> Mapping[FolderName, int]:
    """How much lies in each folder of her inbox."""
    return counted(desk).of(staff)


@dataclass(frozen=True, slots=True)
class House:
    """What holds for every conversation: why nothing leaves (None: it does), and what is ordered for all."""

    trouble: ChannelTrouble | None
    orders: Orders


def house(desk: Desk) -> House:
    """What everybody at the desk has to know before she looks at any conversation."""
    with desk.book.look() as ledger:
        return House(ledger.channel(), orders_from(ledger.orders()))


def card(desk: Desk, conversation: str) -> Card | None:
    """One conversation, as the head of its page shows it."""
    with desk.book.look() as ledger:
        filing = ledger.filing(conversation)
    return _cards(desk, (filing,), _stamp(desk))[0] if filing else None


# ---- a thread


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """Lines of a thread, oldest first. ``before`` continues towards the past; None at its beginning. ``newest`` is the
    last line shown: what a reply names as seen."""

    lines: tuple[ThreadLine, ...]
    before: int | None
    newest: int


def thread(desk: Desk, conversation: str, before: int | None = None, lines_max: int = PAGE_ROWS) -> ThreadPage:
    """A page of a thread, the newest first page by page."""
    with desk.book.look() as ledger:
        lines = ledger.lines_before(conversation, before, lines_max + 1)
    told = sorted({line.line for line in lines})
    if len(told) <= lines_max:
        return ThreadPage(lines, None, told[-1] if told else 0)
    first = told[1]
    return ThreadPage(tuple(line for line in lines if line.line >= first), first, told[-1])


def newer(desk: Desk, conversation: str, after: int, lines_max: int = PAGE_ROWS) -> tuple[ThreadLine, ...]:
    """What a thread has told since a line, oldest first."""
    with desk.book.look() as ledger:
        return ledger.lines_after(conversation, after, lines_max)


# ---- who looks, who watches


def look(desk: Desk, conversation: str, staff: str, doing: Doing) -> None:
    """She looks at a conversation; said again every ten seconds or so. Whoever else looks at it hears what is new."""
    now = _stamp(desk)

    def tell() -> None:
        lookers = desk.live.looking([conversation], now).get(conversation, {})
        desk.live.look(conversation, staff, doing, now)
        if lookers.get(staff) != doing and lookers.keys() - {staff}:
            desk.live.ring("words", conversation)

    _unless_away(tell, None)


def look_away(desk: Desk, conversation: str, staff: str) -> None:
    """She has left it."""

    def tell() -> None:
        desk.live.look_away(conversation, staff)
        if desk.live.looking([conversation], _stamp(desk)):
            desk.live.ring("words", conversation)

    _unless_away(tell, None)


def on_shift(desk: Desk, staff: str, here: bool = True) -> None:
    """She watches the queue (said again every half a minute), or does not any more."""
    now = _stamp(desk)
    _unless_away(lambda: desk.live.on_shift(staff, now) if here else desk.live.off_shift(staff), None)


def watchers(desk: Desk) -> frozenset[str]:
    """Who watches the queue now."""
    now = _stamp(desk)
    return _unless_away(lambda: desk.live.watchers(now), frozenset())


@dataclass(frozen=True, slots=True)
class Alarms:
    """Waiting conversations to bring before somebody, by whom: ``again`` the watchers, ``everybody`` all accounts."""

    again: tuple[str, ...]
    everybody: tuple[str, ...]


def in_line(desk: Desk) -> tuple[InLine, ...]:
    """The first hundred who need us. One bounded statement, however many wait: every page asks for it all day."""
    with desk.book.look() as ledger:
        return ledger.first_in_line(IN_LINE_MAX)


def alarms(desk: Desk, waiting: tuple[InLine, ...] | None = None, patience: Patience = PATIENCE) -> Alarms:
    """Who waits too long now, of the first in line. Ids only: for sounds, e-mail and push. Nobody is woken at night,
    but for a red flag."""
    now, here = _stamp(desk), len(watchers(desk))

    def level(one: InLine) -> int:
        return _LEVELS.index(alarm(desk.diary, one, now, here, patience))

    first = in_line(desk) if waiting is None else waiting
    urgent = [one.conversation for one in first if one.urgent and _LEVELS[level(one)] == "everybody"]
    # Opening hours are counted for a few of them alone: whoever has waited longer is never told of later.
    calm = sorted((one for one in first if one.control == "waiting" and not one.urgent), key=_waiting_since)
    told = bisect_left(calm, 1, key=level)
    again = bisect_left(calm, 2, lo=told, key=level)
    return Alarms(
        tuple(one.conversation for one in calm[told:again]),
        (*urgent, *(one.conversation for one in calm[:told])),
    )


_LEVELS: tuple[Alarm, ...] = ("everybody", "again", "none")


def _waiting_since(one: InLine) -> int:
    return one.waiting_since


# ---- parts


def _cards(desk: Desk, filings: tuple[Filing, ...], now: int) -> tuple[Card, ...]:
    ids = [one.conversation.id for one in filings]
    nobody: Mapping[str, Mapping[str, Doing]] = {}
    lookers = _unless_away(lambda: desk.live.looking(ids, now), nobody)
    return tuple(_card(desk, one, lookers.get(one.conversation.id, {}), now) for one in filings)


def _card(desk: Desk, filing: Filing, lookers: Mapping[str, Doing], now: int) -> Card:
    one: Conversation = filing.conversation
    silent = silent_seconds(desk.diary, one, 0, now)
    return Card(
        id=one.id,
        place=filing.place,
        names=filing.names,
        about=filing.about,
        phone=one.phone,
        address=one.address,
        language=one.language,
        control=one.control,
        version=one.control_version,
        since=one.control_since,
        holder=one.holder,
        reason=one.reason,
        urgent=one.urgent,
        look=one.look,
        blocked=one.blocked,
        opted_out=one.opted_out,
        waiting_since=one.waiting_since,
        waiting_seconds=max(0, now - one.waiting_since) if one.waiting_since else 0,
        silent_seconds=silent,
        holder_silent=silent >= PATIENCE.holder_silent,
        later_until=one.later_until,
        window_closes=window_closes(one.last_inbound_at),
        where=standing(desk.clinic, one),
        last=filing.last,
        last_by=filing.last_by,
        last_at=filing.last_at,
        last_kind=filing.last_kind,
        labels=filing.labels,
        failed=filing.failed,
        lookers=lookers,
    )


def _unless_away(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except LiveAway:
        return otherwise


def _midnight(desk: Desk, now: int) -> int:
    local = datetime.fromtimestamp(now, desk.diary.zone)
    return int(local.replace(hour=0, minute=0, second=0).timestamp())


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
