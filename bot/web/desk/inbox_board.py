"""What everybody's inbox shows: looked up and drawn once for all who ask at the same moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from flask import current_app
from flask.blueprints import BlueprintSetupState
from markupsafe import Markup

from bot.desk import inbox, staff
from bot.desk.inbox import Card, Counts, FolderName, House
from bot.ports import Desk
from bot.ports.reception import Place
from bot.web.desk.together import Together

Draw = Callable[..., Markup]
HERS: frozenset[FolderName] = frozenset({"mine", "mentions", "others"})
"""Folders in which each finds something else."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page of a folder. ``draw`` draws a row for one of the staff; ``rows`` are as most of them see them."""

    cards: tuple[Card, ...]
    after: Place | None
    people: Mapping[str, str]
    draw: Draw
    rows: Mapping[str, Markup]

    def row(self, card: Card, her: str, open_id: str) -> Markup:
        """A row as she sees it: one that is open is marked, and nobody is shown to herself."""
        if card.id == open_id or her in card.lookers:
            return self.draw(card, her, open_id)
        return self.rows[card.id]


@dataclass(frozen=True, slots=True)
class InLine:
    """How many need us, a hundred at most, and whether one of them is urgent; ``alarm`` tells that who waits too long
    has changed, and names nobody."""

    waiting: int
    urgent: bool
    alarm: str


class Board:
    """One for all pages of a process."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._together = Together()

    def page(self, folder: FolderName, her: str, after: Place | None, drawn_by: Callable[..., Draw]) -> Drawn:
        """A page of a folder of her inbox. ``drawn_by`` is given the names of the staff."""
        whose = her if folder in HERS else ""

        def look() -> Drawn:
            found, people = inbox.folder(self._desk, her, folder, after), staff.names(self._desk)
            draw = drawn_by(people)
            return Drawn(found.cards, found.after, people, draw, {card.id: draw(card, "", "") for card in found.cards})

        return self._together.ask((folder, whose, after), look)

    def counts(self) -> Counts:
        """How much lies in each folder."""
        return self._together.ask("counts", lambda: inbox.counted(self._desk))

    def house(self) -> House:
        """What holds for every conversation."""
        return self._together.ask("house", lambda: inbox.house(self._desk))

    def watchers(self) -> frozenset[str]:
        """Who watches the queue."""
        return self._together.ask("watchers", lambda: inbox.watchers(self._desk))

    def line(self) -> InLine:
        """Who needs us, as far as every page tells."""

        def look() -> InLine:
            waiting = inbox.in_line(self._desk)
            alarms = inbox.alarms(self._desk, waiting)
            loud = ",".join((*alarms.again, *alarms.everybody))
            urgent = any(one.urgent for one in waiting)
            return InLine(len(waiting), urgent, sha256(loud.encode()).hexdigest()[:12] if loud else "")

        return self._together.ask("line", look)


def put_up(desk: Desk) -> Callable[[BlueprintSetupState], None]:
    """Give the app that a room is put into its board."""

    def put(state: BlueprintSetupState) -> None:
        state.app.extensions["inbox_board"] = Board(desk)

    return put


def board() -> Board:
    """The board of this app."""
    found: Board = current_app.extensions["inbox_board"]
    return found
