"""Words leave here: rows of the outbox are claimed, posted, and what became of them is written down.

Theory of operation
-------------------
A claim is one transaction that writes each row's attempt before anything is posted, and it is the ordering point
against take-over, cancellation and opt-out. Posts happen outside of any transaction, one after the other within a
conversation, each noted beside the claim just before. Results are written down together, in the commit that claims what
these conversations say next. A sender that dies in between leaves rows in ``sending``, and its claim is over: the tick
puts back what was not begun, and the rest is settled like every attempt of which nobody knows what became of it. Where
nothing can be known of the claim, its lease decides. A POST is never repeated blindly; only safety text is, because
there twice is better than never.

Posts keep to two paces, which safety text overtakes: what our sender may send, and what one patient may be sent. What
an error means is data (:mod:`bot.core.delivery`); what follows from it is written down by :mod:`bot.desk.undelivered`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Event

from bot.core.delivery import (
    BACKOFF_SECONDS_MAX,
    FIRST_LOOK_SECONDS,
    RETRY_AFTER_SECONDS_MAX,
    TRIES_MAX,
    RowStatus,
    Verdict,
    verdict,
)
from bot.core.window import WINDOW_CLOSED, window_open
from bot.desk.apart import apart
from bot.desk.sent_files import address_of
from bot.desk.undelivered import becomes, failed_later, follow_from
from bot.ports import (
    BookAway,
    CarrierAway,
    CarrierRefused,
    CarrierUnclear,
    Claim,
    Desk,
    Ledger,
    LiveAway,
    Outgoing,
    Result,
)

LEASE_SECONDS = 30.0
"""A row seen in ``sending`` for so long has been left behind, whatever is known of its claim."""
PAUSE_SECONDS_MAX = LEASE_SECONDS / 3
"""Whoever was stopped for longer after a claim does not post: another may think it dead by the time it has."""
BATCH_CONVERSATIONS_MAX = 32
ROWS_CLAIMED_MAX = 2
"""Of one conversation in a claim: its next words, and a safety text. Further ones have their turn after these."""
POSTING_THREADS_MAX = 8
WAIT_SECONDS = 1.0
"""How long a sender waits for the wake list, and between looks into the outbox while Redis is away."""
SAFETY_TRIES_MAX = 3
CONCLUDE_TRIES_MAX = 2
PATIENCE_SECONDS = 1.0
"""A sender waits so long for a place; for a later one the row goes back to the queue."""
SENDER = "sender"
PATIENT_SECONDS, PATIENT_BURST = 6.0, 45
"""What Meta lets one patient be sent: a message every six seconds, after 45 at once (its error 131056, our 63018)."""


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of one row, and the verdict of the error table if it was refused."""

    row: Outgoing
    result: Result
    at: int
    """What the clock said then: it may be set before this is written down, and waits count from there on."""
    refused: Verdict | None = None


def send(desk: Desk, conversations: Sequence[str], claimer: str) -> None:
    """Post what these conversations have to say, until nothing is left that may go now. Raises BookAway."""
    if not conversations:
        return
    with desk.claims.making(claimer) as claim:
        claimed_at = desk.clock.monotonic()
        with desk.book.begin() as ledger:
            rows = _claimed(desk, ledger, conversations, claim)
        while rows:
            posted = _post_all(desk, rows, claim, claimed_at)
            claimed_at = desk.clock.monotonic()
            following = _written_and_claimed(desk, posted, claim)
            _tell_lookers(desk, list({row.conversation for row in rows}))
            rows = following


def keep_sending(desk: Desk, claimer: str, stop: Event) -> None:
    """Send what the wake list names, or what the outbox holds while Redis is away, until ``stop`` is set."""
    while not stop.is_set():
        sent = False
        with apart(desk, "sending_failed", claimer=claimer):
            send(desk, _awake(desk, stop), claimer)
            sent = True
        if not sent:
            # Whatever is wrong is not put right by trying a thousand times a second.
            stop.wait(WAIT_SECONDS)


def wake(desk: Desk, conversations: Sequence[str]) -> None:
    """Have senders look at these conversations at once. While Redis is away they look by themselves."""
    try:
        desk.live.wake(conversations)
    except LiveAway:
        return


def status(desk: Desk, attempt: str, sid: str, status: RowStatus, error: int | None) -> None:
    """Write a status callback down; words that waited for it may leave now. Raises BookAway."""
    with desk.book.begin() as ledger:
        if status == "failed":
            more = failed_later(desk, ledger, attempt, sid, error)
        else:
            woken = ledger.callback(attempt, sid, status, _stamp(desk))
            more = (woken,) if woken else ()
        spoken_in = ledger.conversation_of(attempt, sid)
    if more:
        wake(desk, more)
    if spoken_in and status == "failed":
        with suppress(LiveAway):
            desk.live.ring("conv", spoken_in)
    elif spoken_in:
        _tell_lookers(desk, [spoken_in])


def _tell_lookers(desk: Desk, conversations: Sequence[str]) -> None:
    """Whoever looks at one of these sees how its words fared. Nobody else is told: it may be hundreds a second."""
    with suppress(LiveAway):
        for conversation in desk.live.looking(conversations, _stamp(desk)):
            desk.live.ring("words", conversation)


def _awake(desk: Desk, stop: Event) -> tuple[str, ...]:
    try:
        awake = desk.live.next_awake(WAIT_SECONDS, BATCH_CONVERSATIONS_MAX)
    except LiveAway:
        stop.wait(WAIT_SECONDS)
        awake = ()
    if awake:
        return awake
    # Nobody rang for words whose time has come, such as a reply that could be taken back for five seconds.
    with desk.book.begin() as ledger:
        return ledger.with_unsent(_stamp(desk), BATCH_CONVERSATIONS_MAX)


def _claimed(desk: Desk, ledger: Ledger, conversations: Sequence[str], claim: Claim) -> tuple[Outgoing, ...]:
    attempts = [desk.chance.token() for _ in range(ROWS_CLAIMED_MAX * len(conversations))]
    return ledger.claim(conversations, claim.name, attempts, _stamp(desk))


def _written_and_claimed(desk: Desk, posted: Sequence[Posted], claim: Claim) -> tuple[Outgoing, ...]:
    """Write down what was posted and claim what these conversations say next, in one commit."""
    try:
        with desk.book.begin() as ledger:
            more = _written(desk, ledger, posted)
            return _claimed(desk, ledger, more, claim) if more else ()
    except Exception:
        # Nobody knows whether this was committed. The claim's file stays, and the tick puts back what was not posted.
        wake(desk, _conclude(desk, posted))
        raise


def _conclude(desk: Desk, posted: Sequence[Posted]) -> tuple[str, ...]:
    """Write down what was posted, and nothing else: what is not written down has to be looked for at Twilio."""
    for _ in range(CONCLUDE_TRIES_MAX - 1):
        try:
            with desk.book.begin() as ledger:
                return _written(desk, ledger, posted)
        except BookAway:
            desk.report("results_not_written", {"rows": len(posted)})
    with desk.book.begin() as ledger:
        return _written(desk, ledger, posted)


def _written(desk: Desk, ledger: Ledger, posted: Sequence[Posted]) -> tuple[str, ...]:
    # Conversations are locked before their rows, and in order: claims and turns do so too.
    for one in sorted(posted, key=lambda one: one.row.conversation):
        if one.refused is not None:
            follow_from(desk, ledger, one.row, one.result.error, one.refused)
    now = _stamp(desk)
    more = ledger.conclude([_from_now_on(one, now) for one in posted], now)
    if any(one.row.probing and one.result.status == "sent" for one in posted) and ledger.open_channel():
        desk.report("channel_in_order", {})
        more = ledger.with_unsent(_stamp(desk), BATCH_CONVERSATIONS_MAX)
    return more


def _from_now_on(posted: Posted, now: int) -> Result:
    result = posted.result
    return replace(result, again_at=now + max(0, result.again_at - posted.at)) if result.again_at else result


def _post_all(desk: Desk, rows: Sequence[Outgoing], claim: Claim, claimed_at: float) -> list[Posted]:
    queues: dict[str, list[Outgoing]] = defaultdict(list)
    # Whoever may be in danger is written to first.
    for row in sorted(rows, key=lambda row: row.speech != "safety"):
        queues[row.conversation].append(row)

    def post_queue(queue: Sequence[Outgoing]) -> list[Posted]:
        return [_post(desk, row, claim, claimed_at) for row in queue]

    if len(queues) == 1:
        return post_queue(rows)
    with ThreadPoolExecutor(min(len(queues), POSTING_THREADS_MAX)) as pool:
        return [one for posted in pool.map(post_queue, queues.values()) for one in posted]


def _post(desk: Desk, row: Outgoing, claim: Claim, claimed_at: float) -> Posted:
    try:
        held_back = _held_back(desk, row, claimed_at)
        return Posted(row, held_back or _tried(desk, row, claim), _stamp(desk))
    except CarrierRefused as refused:
        code = _code(refused)
        judged = verdict(code, row)
        if judged.status == "failed" or judged.loud:
            desk.report("message_refused", {"row": row.id, "status": refused.status, "code": code})
        return Posted(row, _refused(desk, row, judged, refused), _stamp(desk), judged)


def _held_back(desk: Desk, row: Outgoing, claimed_at: float) -> Result | None:
    """What becomes of a row that must not be posted now; None when it may."""
    if row.speech != "safety" and (wait := _pace(desk, row)) > 0:
        if wait > PATIENCE_SECONDS:
            return Result(row.id, row.attempt, "queued", again_at=_stamp(desk) + math.ceil(wait), counts=False)
        desk.clock.sleep(wait)
    now = _stamp(desk)
    if desk.clock.monotonic() - claimed_at > PAUSE_SECONDS_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now, counts=False)
    if row.speech == "safety" or row.content is not None or window_open(row.last_inbound_at, now):
        return None
    if row.template:
        # The window has closed since the claim; the next one takes the template.
        return Result(row.id, row.attempt, "queued", again_at=now, counts=False)
    return Result(row.id, row.attempt, "needs_person", note=WINDOW_CLOSED)


def _pace(desk: Desk, row: Outgoing) -> float:
    """How long these words have to wait for their place, in seconds. While Redis is away they have none."""
    a_second = desk.messages_per_second
    try:
        hers = desk.live.pace(row.conversation, PATIENT_SECONDS, PATIENT_BURST, PATIENCE_SECONDS)
        if hers > PATIENCE_SECONDS:
            return hers
        return max(hers, desk.live.pace(SENDER, 1 / a_second, max(1, int(a_second)), PATIENCE_SECONDS))
    except LiveAway:
        return 0


def _tried(desk: Desk, row: Outgoing, claim: Claim) -> Result:
    """Post. Raises CarrierRefused."""
    now = _stamp(desk)
    try:
        claim.begins(row.attempt)
        outgoing = replace(row, media=address_of(desk, row.attempt)) if row.file else row
        sid = desk.carrier().post(outgoing, f"{desk.callback_base}/twilio/status?m={row.attempt}")
    except CarrierRefused:
        raise
    except CarrierAway:
        return _again(desk, row, "Twilio cannot be reached")
    except CarrierUnclear:
        return _unclear(row, now)
    except Exception as error:  # noqa: BLE001 - it may have been posted: never lost, never repeated blindly
        desk.report("posting_failed", {"row": row.id, "error": type(error).__name__})
        return _unclear(row, now)
    return Result(row.id, row.attempt, "sent", sid=sid)


def _refused(desk: Desk, row: Outgoing, judged: Verdict, refused: CarrierRefused) -> Result:
    if judged.status == "unknown":
        return _unclear(row, _stamp(desk))
    result = becomes(desk, row, _code(refused), judged)
    at_least = _stamp(desk) + min(math.ceil(refused.retry_after or 0), RETRY_AFTER_SECONDS_MAX)
    return replace(result, again_at=max(result.again_at, at_least)) if result.status == "queued" else result


def _code(refused: CarrierRefused) -> int | None:
    """Twilio's code; what HTTP says goes before it where it leaves no doubt."""
    return {429: 20429, 401: 20003}.get(refused.status, refused.code)


def _again(desk: Desk, row: Outgoing, why: str) -> Result:
    """Later, each time about twice as late; at last a person should know."""
    if row.tries >= TRIES_MAX:
        return Result(row.id, row.attempt, "needs_person", note=why)
    step = 2 ** (row.tries - 1)
    wait = min(BACKOFF_SECONDS_MAX, step + desk.chance.below(step))
    return Result(row.id, row.attempt, "queued", note=why, again_at=_stamp(desk) + wait)


def _unclear(row: Outgoing, now: int) -> Result:
    if row.speech == "safety" and row.tries < SAFETY_TRIES_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now)
    return Result(row.id, row.attempt, "unknown", again_at=now + FIRST_LOOK_SECONDS)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
