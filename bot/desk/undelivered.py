"""What follows when words could not be delivered: later, as a template, never, or nothing at all until somebody acts.

The table of :mod:`bot.core.delivery` decides. Here its verdict is written down, in one transaction with what it says of
the address or of the whole channel, so that a failure is acted upon once, however often it is told.
"""

from __future__ import annotations

from dataclasses import replace

from bot.core.delivery import CONTENT_STATUS, Verdict, channel_waits, verdict
from bot.core.events import DeliveryFailed
from bot.core.turn import take_turn
from bot.desk.writing import write_down
from bot.ports import ChannelTrouble, Desk, Failing, Head, Ledger, Outgoing, Result


def failed_later(desk: Desk, ledger: Ledger, attempt: str, sid: str, error: int | None) -> tuple[str, ...]:
    """Take up a status callback that says words failed; conversations that have more to say now."""
    words = ledger.failing(attempt, sid, error)
    if words is None:
        return ()
    judged = verdict(error, words, later=True)
    follow_from(desk, ledger, words, error, judged)
    if judged.status == "failed" or judged.loud:
        desk.report("delivery_failed", {"sid": sid, "code": error})
    return ledger.fail(replace(becomes(desk, words, error, judged), sid=sid), _stamp(desk))


def becomes(desk: Desk, words: Failing | Outgoing, error: int | None, judged: Verdict) -> Result:
    """A verdict as what becomes of the row. Chance keeps rows from coming back all at once."""
    wait = min(judged.wait_seconds_max, judged.wait_seconds + desk.chance.below(max(1, judged.wait_seconds)))
    again_at = _stamp(desk) + wait if judged.status == "queued" else 0
    return Result(
        words.id,
        words.attempt,
        judged.status,
        error=error,
        note=judged.why,
        again_at=again_at,
        as_template=judged.as_template,
        counts=judged.remedy != "channel",
    )


def follow_from(desk: Desk, ledger: Ledger, words: Failing | Outgoing, error: int | None, judged: Verdict) -> None:
    """Write down what a failure says of the address, the channel or the template. Locks the conversation if it must."""
    if judged.mark:
        _mark(desk, ledger, words.conversation, DeliveryFailed(judged.mark, judged.why))
    if judged.remedy == "channel":
        _stop_channel(desk, ledger, error, judged.why)
    content = words.content_sid if isinstance(words, Failing) else words.content.sid if words.content else ""
    if judged.remedy == "content" and content:
        status = CONTENT_STATUS.get(error or 0, "unusable")
        ledger.template_status(content, status, judged.why, _stamp(desk))
        desk.report("template_unusable", {"template": words.template, "status": status, "code": error})


def _mark(desk: Desk, ledger: Ledger, conversation: str, failed: DeliveryFailed) -> None:
    """A turn of its own: Redis is behind from now on, and the next turn reads the mark from the book of record."""
    head, state = ledger.head(conversation), ledger.read(conversation)
    if head is None or state is None:
        return
    now = desk.clock.now()
    turn = take_turn(desk.clinic, state, failed, now)
    write_down(ledger, state, turn, failed, Head(head.seq + 1, head.arrived), now)


def _stop_channel(desk: Desk, ledger: Ledger, error: int | None, why: str) -> None:
    now = _stamp(desk)
    known = ledger.channel() is not None
    until = now + channel_waits(error, known, now)
    if ledger.stop_channel(ChannelTrouble(error or 0, why, now, until)):
        desk.report("channel_out_of_order", {"code": error, "until": until})


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
