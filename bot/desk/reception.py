"""What a receptionist can do with a conversation: take it over, reply, hand it back. All of it is a turn.

Only one person holds a conversation. Whoever loses the race is told who won.
"""

from __future__ import annotations

from typing import Literal

from bot.core.conversation import Conversation
from bot.core.events import Event, StaffHandedBack, StaffReplied, StaffTookOver
from bot.core.window import window_open
from bot.desk.turns import happen
from bot.ports import Desk, Ledger, Line, Waiting


class NotYours(Exception):
    """Somebody else has the conversation, or it is the bot's. The message is for whoever tried."""


def needing_a_person(desk: Desk) -> tuple[Waiting, ...]:
    """Everybody who needs a person, urgent first."""
    with desk.book.begin() as ledger:
        return ledger.needing_a_person()


def thread(desk: Desk, conversation: str, lines_max: int = 50) -> tuple[Line, ...]:
    """The last lines of a conversation, oldest first."""
    with desk.book.begin() as ledger:
        return ledger.thread(conversation, lines_max)


def take_over(desk: Desk, conversation: str, by: str) -> None:
    """Hold a conversation; the bot is silent from this commit on. Raises NotYours when a colleague holds it."""

    def taken(ledger: Ledger, state: Conversation) -> Event | None:
        if state.control == "held" and state.holder != by:
            raise NotYours(f"{state.holder} has this conversation.")
        return None if state.control == "held" else StaffTookOver(by)

    happen(desk, conversation, taken)


def reply(desk: Desk, conversation: str, by: str, text: str) -> None:
    """Write to the patient, taking a conversation that waits. Raises NotYours when it is not hers to answer."""
    with desk.book.begin() as ledger:
        state = ledger.read(conversation)
    if state is None:
        raise NotYours("There is no such conversation.")
    if state.control in ("waiting", "closed"):
        take_over(desk, conversation, by)

    def said(ledger: Ledger, state: Conversation) -> Event | None:
        if state.control != "held":
            raise NotYours("The assistant has this conversation. Take it over first.")
        if state.holder != by:
            raise NotYours(f"{state.holder} has this conversation.")
        if not window_open(state.last_inbound_at, int(desk.clock.now().timestamp())):
            raise NotYours("The patient wrote more than 24 hours ago: WhatsApp allows only a template now.")
        return StaffReplied(by, text)

    happen(desk, conversation, said)


def hand_back(desk: Desk, conversation: str, by: str, mode: Literal["menu", "continue", "silent"]) -> None:
    """Give a conversation back: to the menu, to the question that was open, or closed without a word."""

    def given(ledger: Ledger, state: Conversation) -> Event | None:
        if state.control == "held" and state.holder != by:
            raise NotYours(f"{state.holder} has this conversation.")
        return None if state.control == "bot" and not state.look else StaffHandedBack(by, mode)

    happen(desk, conversation, given)
