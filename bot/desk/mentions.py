"""Colleagues named in notes: each finds the conversation in a folder of her own until she opens it, and is told of it
off the screen if she asked to be told of everything. Nothing here comes near the outbox: no patient reads a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core.mention import named
from bot.core.opening import opens_next
from bot.desk.apart import apart
from bot.desk.staff import everybody
from bot.ports import Desk, Ledger
from bot.ports.alerts import Alert
from bot.ports.mentions import Mention
from bot.ports.reception import ThreadLine


def can_be_named(desk: Desk, by: str) -> Mapping[str, str]:
    """The names of those whom ``by`` can name in a note, by account: colleagues who work here now."""
    return {one.id: one.name for one in everybody(desk) if one.status == "active" and one.id != by}


def tell_named(desk: Desk, ledger: Ledger, conversation: str, note: ThreadLine) -> None:
    """Tell those whom a note names, in the transaction that keeps it. Whoever writes it has seen those before it."""
    ledger.mentions_seen(note.speaker, conversation, note.line, note.at)
    people = {one.id: one.name for one in ledger.accounts() if one.status == "active" and one.id != note.speaker}
    whom = named(note.text, people)
    ledger.mention(conversation, note.line, whom, note.at)
    # Nobody is woken for it.
    due_at = opens_next(desk.diary, note.at) or note.at
    for one in whom:
        key = f"mention:{conversation}:{note.line}:{one}"
        ledger.raise_alert(Alert(key, "mention", conversation, note.at, staff=one), due_at)


def seen(desk: Desk, staff: str, conversation: str, line: int) -> None:
    """She has opened a conversation and was shown its thread up to a line."""
    with desk.book.look() as ledger:
        if not ledger.is_mentioned(staff, conversation):
            return
    with desk.book.begin() as ledger:
        ledger.mentions_seen(staff, conversation, line, int(desk.clock.now().timestamp()))
    with apart(desk, "bell_failed", conversation=conversation):
        desk.live.ring("conv", conversation)


def named_in(desk: Desk, conversation: str, lines: Sequence[ThreadLine]) -> Mapping[int, tuple[Mention, ...]]:
    """Who is named in the notes among some lines of a thread, by line."""
    if not lines:
        return {}
    with desk.book.look() as ledger:
        found = ledger.mentions_in(conversation, lines[0].line, lines[-1].line)
    return {line: tuple(one for one in found if one.line == line) for line in {one.line for one in found}}
