"""Words leave here: rows of the outbox are claimed, posted, and what became of them is written down.

Theory of operation
-------------------
A claim is one transaction that writes each row's attempt before anything is posted, and it is the ordering point
against take-over, cancellation and opt-out. Posts happen outside of any transaction, one after the other within a
conversation. Results are written down together. A sender that dies in between leaves rows in ``sending``; the tick
finds them, and they are settled like every attempt of which nobody knows what became of it. A POST is never repeated
blindly; only safety text is, because there twice is better than never.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from bot.core.delivery import RowStatus, remedy
from bot.core.window import window_open
from bot.desk.apart import apart
from bot.ports import BookAway, CarrierAway, CarrierRefused, CarrierUnclear, Desk, LiveAway, Outgoing, Result

LEASE_SECONDS = 30.0
"""A row seen in ``sending`` for so long has been left behind."""
PAUSE_SECONDS_MAX = LEASE_SECONDS / 3
"""Whoever was stopped for longer after a claim does not post: another may think it dead by the time it has."""
BATCH_CONVERSATIONS_MAX = 32
CLAIMED_ROWS_MAX = 2 * BATCH_CONVERSATIONS_MAX
"""A conversation has one row in a claim, and its safety texts besides."""
POSTING_THREADS_MAX = 8
WAIT_SECONDS = 1.0
"""How long a sender waits for the wake list, and between looks into the outbox while Redis is away."""
BACKOFF_SECONDS_MAX = 60
TRIES_MAX = 8
SAFETY_TRIES_MAX = 3
FIRST_LOOK_SECONDS = 10
CONCLUDE_TRIES_MAX = 3
WINDOW_CLOSED = "the 24-hour window is closed"


def send(desk: Desk, conversations: Sequence[str], claimer: str) -> None:
    """Post what these conversations have to say, until nothing is left that may go now. Raises BookAway."""
    while conversations:
        claimed_at = desk.clock.monotonic()
        attempts = [desk.chance.token() for _ in range(CLAIMED_ROWS_MAX)]
        with desk.book.begin() as ledger:
            rows = ledger.claim(conversations, claimer, attempts, _stamp(desk))
        conversations = _conclude(desk, _post_all(desk, rows, claimed_at)) if rows else ()


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
        conversation = ledger.callback(attempt, sid, status, error, _stamp(desk))
    if status == "failed":
        desk.report("delivery_failed", {"sid": sid, "code": error})
    if conversation is not None:
        wake(desk, (conversation,))


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


def _conclude(desk: Desk, results: Sequence[Result]) -> tuple[str, ...]:
    """Write down what was posted. Tried again at once: what is not written down takes half a minute to be found."""
    for _ in range(CONCLUDE_TRIES_MAX - 1):
        try:
            with desk.book.begin() as ledger:
                return ledger.conclude(results, _stamp(desk))
        except BookAway:
            desk.report("results_not_written", {"rows": len(results)})
    with desk.book.begin() as ledger:
        return ledger.conclude(results, _stamp(desk))


def _post_all(desk: Desk, rows: Sequence[Outgoing], claimed_at: float) -> list[Result]:
    queues: dict[str, list[Outgoing]] = defaultdict(list)
    for row in rows:
        queues[row.conversation].append(row)

    def post_queue(queue: Sequence[Outgoing]) -> list[Result]:
        return [_post(desk, row, claimed_at) for row in queue]

    if len(queues) == 1:
        return post_queue(rows)
    with ThreadPoolExecutor(min(len(queues), POSTING_THREADS_MAX)) as pool:
        return [result for results in pool.map(post_queue, queues.values()) for result in results]


def _post(desk: Desk, row: Outgoing, claimed_at: float) -> Result:
    now = _stamp(desk)
    if desk.clock.monotonic() - claimed_at > PAUSE_SECONDS_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now)
    if row.speech != "safety" and not window_open(row.last_inbound_at, now):
        return Result(row.id, row.attempt, "needs_person", note=WINDOW_CLOSED)
    try:
        sid = desk.carrier().post(row, f"{desk.callback_base}/twilio/status?m={row.attempt}")
    except CarrierRefused as refused:
        return _refused(desk, row, refused)
    except CarrierAway:
        return _again(desk, row, "Twilio cannot be reached")
    except CarrierUnclear:
        return _unclear(row, now)
    except Exception as error:  # noqa: BLE001 - it may have been posted: never lost, never repeated blindly
        desk.report("posting_failed", {"row": row.id, "error": type(error).__name__})
        return _unclear(row, now)
    return Result(row.id, row.attempt, "sent", sid=sid)


def _refused(desk: Desk, row: Outgoing, refused: CarrierRefused) -> Result:
    code = refused.code
    what, why = ("again", "Twilio asks us to slow down") if refused.status == 429 else remedy(code)
    if what == "again":
        return _again(desk, row, why, refused.retry_after or 0)
    if what == "settle":
        return _unclear(row, _stamp(desk))
    if what == "template":
        return Result(row.id, row.attempt, "needs_person", error=code, note=WINDOW_CLOSED)
    desk.report("message_refused", {"row": row.id, "status": refused.status, "code": code})
    return Result(row.id, row.attempt, "failed", error=code, note=why)


def _again(desk: Desk, row: Outgoing, why: str, retry_after: float = 0) -> Result:
    """Later, each time about twice as late; at last a person should know."""
    if row.tries >= TRIES_MAX:
        return Result(row.id, row.attempt, "needs_person", note=why)
    step = 2 ** (row.tries - 1)
    wait = max(min(BACKOFF_SECONDS_MAX, step + desk.chance.below(step)), int(retry_after + 0.999))
    return Result(row.id, row.attempt, "queued", note=why, again_at=_stamp(desk) + wait)


def _unclear(row: Outgoing, now: int) -> Result:
    if row.speech == "safety" and row.tries < SAFETY_TRIES_MAX:
        return Result(row.id, row.attempt, "queued", again_at=now)
    return Result(row.id, row.attempt, "unknown", again_at=now + FIRST_LOOK_SECONDS)


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
