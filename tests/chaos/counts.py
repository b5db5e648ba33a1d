"""What may never have happened: counted by SQL of our own and by what Twilio took, never by asking the program."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from sqlalchemy import Engine, create_engine, text

from tests.chaos.patients import RED_FLAG, Message
from tests.chaos.twilio import Accepted

UNFINISHED = (
    "SELECT (SELECT COUNT(*) FROM inbound WHERE status = 'waiting')"
    " + (SELECT COUNT(*) FROM outbox WHERE status IN ('queued', 'sending', 'unknown'))"
)
ON_ITS_WAY = (
    "SELECT COUNT(*) FROM outbox WHERE conversation = :conversation AND status IN ('queued', 'sending', 'unknown')"
)
INBOUND = "SELECT sid, conversation, arrival, status FROM inbound"
JOURNAL = "SELECT conversation, seq, event FROM journal ORDER BY conversation, seq, id"
SEQ = "SELECT id, seq, reason FROM conversation"
OUTBOX = "SELECT id, conversation, speech, status, key FROM outbox"
ATTEMPTS = "SELECT id, outbox_id FROM send_attempt"
STATE = "SELECT c.id, c.seq, c.state FROM conversation c WHERE c.address = :address"
FAILED_TURN = "Something failed while answering"


def open_book(url: str) -> Engine:
    """A way in of our own, that waits when somebody writes and notices when the database was away."""
    return create_engine(url, pool_pre_ping=True, connect_args={"timeout": 30} if url.startswith("sqlite") else {})


def unfinished(book: Engine) -> int:
    """How many messages wait to be taken up, or to leave."""
    with book.connect() as connection:
        return int(connection.scalar(text(UNFINISHED)) or 0)


def has_said_all(book: Engine, conversation: str) -> bool:
    """Whether nothing of a conversation is on its way any more."""
    with book.connect() as connection:
        return not connection.scalar(text(ON_ITS_WAY), {"conversation": conversation})


def question(book: Engine, address: str) -> tuple[str, int, list[tuple[str, str]]]:
    """A patient's conversation: its id, its turns, and where it stands, as (flow, step) from the lowest to the top."""
    with book.connect() as connection:
        row = connection.execute(text(STATE), {"address": address}).one()
    return row.id, row.seq, [(frame["flow"], frame["step"]) for frame in json.loads(row.state).get("stack", ())]


@dataclass(frozen=True)
class Evidence:
    """Everything that is left after a run: what patients posted, what Twilio took, what the book says."""

    messages: Sequence[Message]
    accepted: Sequence[Accepted]
    inbound: Sequence[Any]
    journal: Sequence[Any]
    conversations: Sequence[Any]
    outbox: Sequence[Any]
    attempts: Sequence[Any]


def evidence(book: Engine, messages: Sequence[Message], accepted: Sequence[Accepted]) -> Evidence:
    with book.connect() as connection:
        rows = [connection.execute(text(query)).all() for query in (INBOUND, JOURNAL, SEQ, OUTBOX, ATTEMPTS)]
    return Evidence(messages, accepted, *rows)


def count(found: Evidence) -> dict[str, int]:
    """Each thing that may never happen, and how often it did."""
    turns = _turns(found)
    return {
        "acknowledged messages lost": _lost(found, turns),
        "turns taken twice": _twice(sid for sids in turns.values() for sid in sids) + _torn(found),
        "messages out of order": _out_of_order(found, turns),
        **words(found),
        "waiting for a person because of a fault": for_a_person(found),
    }


def _turns(found: Evidence) -> dict[str, list[str]]:
    """The messages of each conversation in the order in which their turns were taken."""
    turns = defaultdict(list)
    for row in found.journal:
        event = json.loads(row.event)
        if event["event"] == "Message":
            turns[row.conversation].append(event["sid"])
    return turns


def _lost(found: Evidence, turns: dict[str, list[str]]) -> int:
    taken = {sid for sids in turns.values() for sid in sids}
    done = {row.sid for row in found.inbound if row.status != "waiting"}
    return sum(1 for one in found.messages if one.acknowledged_at and one.sid not in taken & done)


def _twice(things: Iterable[Any]) -> int:
    return sum(times - 1 for times in Counter(things).values())


def _torn(found: Evidence) -> int:
    """Conversations whose turns are not counted 1, 2, 3 up to the number the conversation says."""
    counted = defaultdict(list)
    for row in found.journal:
        counted[row.conversation].append(row.seq)
    return sum(1 for row in found.conversations if counted[row.id] != list(range(1, row.seq + 1)))


def _out_of_order(found: Evidence, turns: dict[str, list[str]]) -> int:
    """Turns not in the order of arrival, or after a message that was posted only when theirs was acknowledged."""
    arrival = {row.sid: row.arrival for row in found.inbound}
    written = {one.sid: one for one in found.messages}
    broken = 0
    for sids in turns.values():
        broken += sum(1 for first, then in pairwise(sids) if arrival[first] >= arrival[then])
        mine = [written[sid] for sid in sids if sid in written]
        broken += sum(1 for first, then in combinations(mine, 2) if 0 < then.acknowledged_at < first.posted_at)
    return broken


def words(found: Evidence) -> dict[str, int]:
    row_of = {row.id: row.outbox_id for row in found.attempts}
    rows = {row.id: row for row in found.outbox}
    taken = [rows.get(row_of.get(one.attempt, 0)) for one in found.accepted]
    ours = [row for row in taken if row is not None]
    often = Counter(row.id for row in ours)
    once = {row.id: row for row in ours if row.speech != "safety"}
    order = defaultdict(list)
    for row in once.values():
        order[row.conversation].append(row.id)
    said = [row for row in found.outbox if row.status in ("sent", "delivered", "read")]
    gone = {row.key.split(":")[1] for row in ours if row.speech == "safety" and row.key}
    flagged = [one.sid for one in found.messages if one.body == RED_FLAG and one.acknowledged_at]
    return {
        "messages accepted twice by Twilio": sum(often[id] - 1 for id in once),
        "messages accepted that no row knows of": len(taken) - len(ours),
        "messages said out of order": sum(1 for ids in order.values() for one, two in pairwise(ids) if one > two),
        "messages silently dropped": sum(1 for row in said if not often[row.id]) + _left(found),
        "red flags without a safety text": sum(1 for sid in flagged if sid not in gone),
    }


def _left(found: Evidence) -> int:
    return sum(1 for row in found.outbox if row.status in ("queued", "sending", "unknown"))


def for_a_person(found: Evidence) -> int:
    return (
        sum(1 for row in found.outbox if row.status in ("needs_person", "failed", "expired"))
        + sum(1 for row in found.inbound if row.status == "person")
        + sum(1 for row in found.conversations if row.reason == FAILED_TURN)
    )
