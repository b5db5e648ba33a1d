"""What patients agreed to and took back, when, and by which words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.core.conversation import Conversation
from bot.core.events import Event, Message
from bot.ports import Desk, Ledger
from bot.ports.consents import Consent, Purpose
from bot.ports.staff import Audited

ROWS_A_PAGE = 100
ROWS_A_READ = 1_000


def note_consents(ledger: Ledger, before: Conversation, after: Conversation, event: Event, now: int) -> None:
    """Write down what a turn changed about what the patient agrees to, in the turn's own transaction."""
    said = (event.sid, event.text) if isinstance(event, Message) else ("", "")
    for purpose, given in _changed(before, after):
        ledger.note_consent(Consent(after.id, purpose, given, now, *said))


def _changed(before: Conversation, after: Conversation) -> Iterator[tuple[Purpose, bool]]:
    if before.opted_out != after.opted_out:
        yield "follow-ups", not after.opted_out
    if before.agreed_at != after.agreed_at:
        yield "promotion", after.agreed_at > 0


def page(desk: Desk, before: int = 0) -> tuple[tuple[Consent, ...], int]:
    """The newest consents, and the id to go on before for older ones (0: there are none)."""
    with desk.book.look() as ledger:
        found = ledger.consents(ROWS_A_PAGE + 1, before)
    return found[:ROWS_A_PAGE], found[ROWS_A_PAGE - 1].id if len(found) > ROWS_A_PAGE else 0


def of(desk: Desk, conversations: Sequence[str]) -> tuple[Consent, ...]:
    """What was agreed to and taken back in some conversations, the newest first."""
    with desk.book.look() as ledger:
        found = [one for id in conversations for one in ledger.consents(ROWS_A_PAGE, conversation=id)]
    return tuple(sorted(found, key=lambda one: -one.id))


def export(desk: Desk, staff: str) -> Iterator[Consent]:
    """All of them, newest first; that they were taken out is written down before the first one is."""
    with desk.book.begin() as ledger:
        ledger.audit(Audited(int(desk.clock.now().timestamp()), staff, "exported", "consents"))
    return _all(desk)


def _all(desk: Desk) -> Iterator[Consent]:
    before = 0
    while True:
        with desk.book.look() as ledger:
            found = ledger.consents(ROWS_A_READ, before)
        yield from found
        if len(found) < ROWS_A_READ:
            return
        before = found[-1].id
