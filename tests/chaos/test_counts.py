"""What the chaos run counts is really counted: a clean book gives nothing, and each harm that is done to it is seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos.counts import FAILED_TURN, Evidence, count
from tests.chaos.patients import RED_FLAG, Message
from tests.chaos.twilio import Accepted

MEI, RAVI = "whatsapp:+6580000001", "whatsapp:+6580000002"


def row(**columns: Any) -> Any:
    return SimpleNamespace(**columns)


def turn(conversation: str, seq: int, sid: str) -> Any:
    return row(conversation=conversation, seq=seq, event=json.dumps({"event": "Message", "sid": sid}))


def taken(attempt: str, sid: str = "") -> Accepted:
    return Accepted(sid or f"MM{attempt}", MEI, "words", attempt, at=0, made_at=0)


@pytest.fixture
def clean() -> Evidence:
    """Mei Ling wrote twice and Ravi once, of a red flag; everything went well."""
    return Evidence(
        messages=[
            Message(MEI, "hello", "one", posted_at=1, acknowledged_at=2),
            Message(MEI, "book", "two", posted_at=3, acknowledged_at=4),
            Message(RAVI, RED_FLAG, "flag", posted_at=1, acknowledged_at=2),
            Message(RAVI, "hello", "never taken", posted_at=5),
        ],
        accepted=[taken("a1"), taken("a2"), taken("a3"), taken("a4")],
        inbound=[
            row(sid="one", conversation="mei", arrival=1, status="done"),
            row(sid="two", conversation="mei", arrival=2, status="done"),
            row(sid="flag", conversation="ravi", arrival=1, status="done"),
        ],
        journal=[turn("mei", 1, "one"), turn("mei", 2, "two"), turn("ravi", 1, "flag")],
        conversations=[row(id="mei", seq=2, reason=""), row(id="ravi", seq=1, reason="A red flag")],
        outbox=[
            row(id=1, conversation="mei", speech="reply", status="sent", key=None),
            row(id=2, conversation="mei", speech="reply", status="read", key=None),
            row(id=3, conversation="ravi", speech="safety", status="delivered", key="safety:flag:1"),
        ],
        # Safety text may be said twice.
        attempts=[row(id=f"a{number}", outbox_id=outbox) for number, outbox in ((1, 1), (2, 2), (3, 3), (4, 3))],
    )


def changed(found: Evidence, table: str, number: int, **columns: Any) -> Evidence:
    rows = list(getattr(found, table))
    rows[number] = row(**{**vars(rows[number]), **columns})
    return replace(found, **{table: rows})


def first_left_out(found: Evidence, table: str) -> Evidence:
    return replace(found, **{table: getattr(found, table)[1:]})


HARMS: dict[str, tuple[str, Callable[[Evidence], Evidence]]] = {
    "a message is gone": ("acknowledged messages lost", lambda found: first_left_out(found, "journal")),
    "a message still waits": (
        "acknowledged messages lost",
        lambda found: changed(found, "inbound", 0, status="waiting"),
    ),
    "a turn is taken again": (
        "turns taken twice",
        lambda found: replace(found, journal=[*found.journal, turn("ravi", 2, "flag")]),
    ),
    "a turn left no trace": ("turns taken twice", lambda found: changed(found, "conversations", 0, seq=3)),
    "the later message came first": (
        "messages out of order",
        lambda found: replace(found, journal=[turn("mei", 1, "two"), turn("mei", 2, "one"), found.journal[2]]),
    ),
    "words are said twice": (
        "messages accepted twice by Twilio",
        lambda found: replace(found, accepted=[*found.accepted, taken("a2", "MMagain")]),
    ),
    "words come from nowhere": (
        "messages accepted that no row knows of",
        lambda found: replace(found, accepted=[*found.accepted, taken("a9")]),
    ),
    "the later words leave first": (
        "messages said out of order",
        lambda found: replace(found, accepted=[found.accepted[1], found.accepted[0], *found.accepted[2:]]),
    ),
    "words never left": ("messages silently dropped", lambda found: first_left_out(found, "accepted")),
    "words still wait": ("messages silently dropped", lambda found: changed(found, "outbox", 0, status="queued")),
    "no safety text left": (
        "red flags without a safety text",
        lambda found: replace(found, accepted=found.accepted[:2]),
    ),
    "a person must look": (
        "waiting for a person because of a fault",
        lambda found: changed(found, "outbox", 0, status="needs_person"),
    ),
    "a turn failed": (
        "waiting for a person because of a fault",
        lambda found: changed(found, "conversations", 0, reason=FAILED_TURN),
    ),
}


def test_nothing_is_counted_where_nothing_went_wrong(clean: Evidence) -> None:
    assert not any(count(clean).values())


@pytest.mark.parametrize("harm", HARMS)
def test_each_harm_is_counted(clean: Evidence, harm: str) -> None:
    what, do = HARMS[harm]
    assert count(do(clean))[what] > 0
