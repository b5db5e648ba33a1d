"""The outbox: words on their way out, claimed one at a time per conversation.

Theory of operation
-------------------
A claim locks the conversation's row and its unfinished outbox rows, oldest first, and judges each (:func:`judge`): the
first that may go is claimed with a fresh attempt, and nothing behind it moves until that attempt is concluded. Rows
that may not go any more leave the queue with a reason; rows that merely wait (a follow-up while a receptionist talks,
or one due later) let others pass, but a row to be tried again holds its place. Safety text waits behind nothing.

What became of an attempt comes from three sides: the sender that made it, Twilio's callbacks, and whoever settles what
is unknown. The sender and the settler are fenced by the attempt's id and only touch a row that is still ``sending`` or
``unknown``; a callback only ever raises the status. So it does not matter who comes first, or twice.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, Text, and_, bindparam, case, exists, func, insert, not_, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql import direct
from bot.adapters.sql.channel import Channel
from bot.adapters.sql.desk_writing import returned_to_draft
from bot.adapters.sql.follow_ups import WHAT_IT_IS_ABOUT
from bot.adapters.sql.part import to_json
from bot.adapters.sql.schema import (
    UNFINISHED,
    appointment,
    channel,
    conversation,
    follow_up,
    outbox,
    send_attempt,
    standing_order,
)
from bot.core.control import WHO_MAY_SPEAK, may_speak
from bot.core.delivery import FIRST_LOOK_SECONDS, LOOK_AGAIN_SECONDS, RowStatus, rises
from bot.core.effects import Choice
from bot.core.follow_up import AS_TEMPLATE, Answer, would_send
from bot.core.orders import orders_from, while_silenced
from bot.core.template import Content, Unfit
from bot.core.window import WINDOW_CLOSED, window_open
from bot.ports import Failing, LeftBehind, Outgoing, Result, Words

REFUSED = "only the receptionist who has the conversation may write"
HELD_BACK: Mapping[str, str] = {"introduction": "the conversation was passed on before it left"}
"""Why words were not said that may not be said now; of the bot's own, the same for all."""
Row = Any
"""A row as a statement here selects it; its columns are that statement's."""
Judgement = Literal["claim", "pass", "stop", "suppressed", "expired", "needs_person"]

_UNSETTLED = frozenset({"sending", "unknown"})
_MAY_FAIL = _UNSETTLED | {"sent"}
_FAILING = ("id", "conversation", "speech", "tries", "template", "as_template", "content_sid")
_THESE: Any = bindparam("conversations", expanding=True)

_QUEUE = insert(outbox)
_QUEUE_ONCE = insert_or_leave(outbox).on_conflict_do_nothing(index_elements=["key"]).returning(outbox.c.id)

# SKIP LOCKED: a conversation in the middle of a turn is left alone; its own turn wakes a sender.
_LOCK = (
    select(
        conversation.c.id,
        conversation.c.address,
        conversation.c.control,
        conversation.c.holder,
        conversation.c.opted_out,
        conversation.c.unreachable,
        conversation.c.agreed_at,
        conversation.c.last_inbound_at,
        # Trouble that begins later than now was met by a clock that was set back since: it is over.
        select(channel.c.until)
        .where(channel.c.id == 1, channel.c.since <= bindparam("now"))
        .scalar_subquery()
        .label("channel_until"),
        select(standing_order.c.value).where(standing_order.c.name == "orders").scalar_subquery().label("orders"),
    )
    .where(conversation.c.id.in_(_THESE))
    .order_by(conversation.c.id)
    .with_for_update(of=conversation, key_share=True, skip_locked=True)
)
_CLAIMABLE = (
    select(outbox).where(outbox.c.conversation.in_(_THESE), text(UNFINISHED)).order_by(outbox.c.id).with_for_update()
)
_FOLLOWED_UP = (
    select(follow_up.c.id, *WHAT_IT_IS_ABOUT, func.coalesce(appointment.c.zone, follow_up.c.zone).label("zone"))
    .join_from(follow_up, appointment, isouter=True)
    .where(follow_up.c.id == bindparam("follow_up"))
)
_LANGUAGE = select(conversation.c.state).where(conversation.c.id == bindparam("whose"))
_NOT_SAID = update(follow_up).where(follow_up.c.id == bindparam("follow_up"))
_ROW = outbox.c.id == bindparam("row")
_CHANGE = update(outbox).where(_ROW)
_CLAIM = (
    update(outbox)
    .where(_ROW)
    .values(
        status="sending",
        tries=outbox.c.tries + 1,
        attempt=bindparam("fresh"),
        as_template=bindparam("templated"),
        content_sid=bindparam("content"),
        changed_at=bindparam("now"),
    )
)
_ATTEMPT = insert(send_attempt)

_ATTEMPTED = (
    select(outbox).where(outbox.c.id.in_(bindparam("rows", expanding=True))).order_by(outbox.c.id).with_for_update()
)
# Words said twice look alike in Twilio's list, so a message may have been settled as another attempt's: it stays there.
_other = send_attempt.alias()
_new_sid = bindparam("new_sid", type_=Text)
_is_anothers = exists().where(_other.c.sid == _new_sid, _other.c.id != send_attempt.c.id).correlate(send_attempt)
_free_sid = case((_is_anothers, None), else_=_new_sid)
_CONCLUDE = (
    update(send_attempt)
    # A callback that was faster knows better.
    .where(send_attempt.c.id == bindparam("attempt"), text("outcome IN ('', 'unknown')"))
    .values(sid=func.coalesce(_free_sid, send_attempt.c.sid))
)
_KNOWN = (
    select(outbox)
    .add_columns(send_attempt.c.id.label("called"), send_attempt.c.outcome)
    .join_from(outbox, send_attempt, send_attempt.c.outbox_id == outbox.c.id)
    .with_for_update()
)
_BY_ATTEMPT = _KNOWN.where(send_attempt.c.id == bindparam("called_back"))
_BY_SID = _KNOWN.where(send_attempt.c.sid == bindparam("called_back"))
_SAID_IN = (
    select(outbox.c.conversation)
    .join_from(send_attempt, outbox, outbox.c.id == send_attempt.c.outbox_id)
    .where(or_(send_attempt.c.id == bindparam("called_back"), send_attempt.c.sid == bindparam("called_sid")))
    .limit(1)
)
_LOCK_OF_CALLED = (
    select(conversation.c.id)
    .where(
        conversation.c.id.in_(
            select(outbox.c.conversation)
            .join_from(outbox, send_attempt, send_attempt.c.outbox_id == outbox.c.id)
            .where(or_(send_attempt.c.id == bindparam("called_back"), send_attempt.c.sid == bindparam("called_sid")))
        )
    )
    .with_for_update(key_share=True)
)
_HEARD = (
    update(send_attempt)
    .where(send_attempt.c.id == bindparam("attempt"))
    .values(sid=func.coalesce(send_attempt.c.sid, _free_sid))
)
_SID = select(send_attempt.c.id).where(send_attempt.c.sid == bindparam("message"))

_KEPT_UNDER = [control for control, verdict in WHO_MAY_SPEAK["follow-up"].items() if verdict == "keep"]
_IS_KEPT = and_(
    outbox.c.speech == "follow-up",
    conversation.c.control.in_(_KEPT_UNDER),
    not_(conversation.c.opted_out),
    or_(outbox.c.expires_at == 0, outbox.c.expires_at > bindparam("now")),
)
_now = bindparam("now", type_=BigInteger)
# What was put off later than now was put off by a clock that was set back since: it waits no more.
_WAITS = and_(outbox.c.due_at > _now, outbox.c.changed_at <= _now)
_GOES = and_(outbox.c.status == "queued", not_(_WAITS), not_(_IS_KEPT))
_IN_THE_WAY = or_(outbox.c.status != "queued", and_(outbox.c.tries > 0, _WAITS))
_first_that_goes = func.min(case((_GOES, outbox.c.id)))
_first_in_the_way = func.min(case((_IN_THE_WAY, outbox.c.id)))
# What a claim would find, asked of many conversations at once. It may name one too many: the claim has the last word.
_READY = (
    select(outbox.c.conversation)
    .join_from(outbox, conversation)
    .where(text(UNFINISHED))
    .group_by(outbox.c.conversation)
    .having(
        or_(
            func.coalesce(_first_that_goes < _first_in_the_way, _first_that_goes.is_not(None)),
            func.count(case((and_(_GOES, outbox.c.speech == "safety"), 1))) > 0,
        )
    )
)
_READY_THESE = _READY.where(outbox.c.conversation.in_(_THESE))
_READY_ALL = _READY.order_by(func.min(outbox.c.id)).limit(bindparam("rows_max"))

_LEFT_BEHIND = (
    select(outbox.c.id, outbox.c.attempt, send_attempt.c.claimer, outbox.c.speech, send_attempt.c.started_at)
    .join_from(outbox, send_attempt, send_attempt.c.id == outbox.c.attempt)
    .where(outbox.c.status == "sending", text(UNFINISHED))
    .order_by(outbox.c.conversation, outbox.c.id)
    .limit(bindparam("rows_max"))
)
_TO_SETTLE = (
    select(
        outbox,
        send_attempt.c.sid,
        send_attempt.c.started_at,
        send_attempt.c.looks,
        conversation.c.address,
        conversation.c.last_inbound_at,
    )
    .join_from(outbox, send_attempt, send_attempt.c.id == outbox.c.attempt)
    .join(conversation, conversation.c.id == outbox.c.conversation)
    .where(outbox.c.status == "unknown", text(UNFINISHED))
    .where(not_(outbox.c.look_at.between(_now + 1, _now + LOOK_AGAIN_SECONDS)))
    .order_by(outbox.c.look_at)
    .limit(bindparam("rows_max"))
)


_NEVER_SAID: Mapping[str, str] = {"expired": "expired", "needs_person": "needs_person"}
_UNLESS_YES: Mapping[Answer, Judgement] = {"later": "pass", "no": "suppressed", "person": "needs_person"}


class Outbox(Channel):
    """The outbox's part of :class:`bot.ports.Ledger`. It asks the channel whether and as what words may leave."""

    def queue(self, conversation: str, words: Sequence[Words], now: int) -> int:
        rows = [{**_row(conversation, one, now), "line": self._next_line(conversation)} for one in words]
        if any(row["key"] for row in rows):
            return sum(self._connection.execute(_QUEUE_ONCE, row).first() is not None for row in rows)
        if rows:
            direct.execute(self._connection, _QUEUE, *rows)
        return len(rows)

    def claim(
        self, conversations: Sequence[str], claimer: str, attempts: Sequence[str], now: int
    ) -> tuple[Outgoing, ...]:
        locked = {
            row.id: row for row in self._connection.execute(_LOCK, {"conversations": list(conversations), "now": now})
        }
        unfinished: dict[str, list[Row]] = defaultdict(list)
        for row in self._connection.execute(_CLAIMABLE, {"conversations": list(locked)}):
            unfinished[row.conversation].append(row)
        may_go = [
            (locked[id], row, content)
            for id in dict.fromkeys(conversations)
            if id in unfinished
            for row, content in self._may_go(locked[id], unfinished[id], now)
        ]
        claimed = tuple(
            _outgoing(row, conversation, content, attempt=attempt, tries=row.tries + 1, started_at=now)
            for (conversation, row, content), attempt in zip(may_go, attempts, strict=False)
        )
        if claimed:
            self._connection.execute(_CLAIM, [_claimed(one, now) for one in claimed])
            self._connection.execute(
                _ATTEMPT,
                [{"id": one.attempt, "outbox_id": one.id, "claimer": claimer, "started_at": now} for one in claimed],
            )
        return claimed

    def _may_go(self, conversation: Row, rows: Sequence[Row], now: int) -> list[tuple[Row, Content | None]]:
        """The rows that may go now: safety texts first, then at most one more. Closes those that never may again."""
        may_go, held_up = [], (conversation.channel_until or 0) > now
        for row in rows:
            if row.status in _UNSETTLED:
                held_up = True
            elif row.speech == "safety" or not held_up:
                behind = self._follow_up_behind(row)
                judgement, note, content = self._judged(conversation, row, behind, now)
                if judgement == "claim":
                    may_go.append((row, content))
                elif judgement not in ("pass", "stop"):
                    self._close(row, judgement, note, behind, now)
                    if note == REFUSED:
                        returned_to_draft(self._connection, row, now)
                held_up = held_up or judgement in ("claim", "stop")
        return sorted(may_go, key=lambda one: one[0].speech != "safety")

    def _judged(
        self, conversation: Row, row: Row, behind: Row | None, now: int
    ) -> tuple[Judgement, str, Content | None]:
        """What becomes of a queued row now, and the template it leaves as if it may not leave as it is."""
        judgement, note = judge(conversation, row, behind, now)
        closed = row.speech != "safety" and not window_open(conversation.last_inbound_at, now)
        if judgement != "claim" or not row.template or not (row.as_template or closed):
            return judgement, note, None
        state = json.loads(self._connection.scalar(_LANGUAGE, {"whose": conversation.id}) or "{}")
        try:
            return judgement, note, self._content(row, state.get("language", "en"))
        except Unfit as unfit:
            return "needs_person", f"{WINDOW_CLOSED}, and {unfit}", None

    def _close(self, row: Row, judgement: Judgement, note: str, behind: Row | None, now: int) -> None:
        """Take a row out of the queue for good; staff read the reason at the follow-up too."""
        self._connection.execute(_CHANGE, {"row": row.id, "status": judgement, "note": note, "changed_at": now})
        if behind is not None:
            ended = {"status": _NEVER_SAID.get(judgement, "skipped"), "why": note, "changed_at": now}
            self._connection.execute(_NOT_SAID, {"follow_up": behind.id, **ended})

    def _follow_up_behind(self, row: Row) -> Row | None:
        """The follow-up that these words come from, whose id their key ends with, and its appointment as it is now."""
        id = (row.key or "").rpartition(":")[2]
        if row.speech != "follow-up" or not id.isdigit():
            return None
        return self._connection.execute(_FOLLOWED_UP, {"follow_up": int(id)}).first()

    def conclude(self, results: Sequence[Result], now: int) -> tuple[str, ...]:
        if not results:
            return ()
        rows = {row.id: row for row in self._connection.execute(_ATTEMPTED, {"rows": [one.id for one in results]})}
        self._connection.execute(
            _CONCLUDE,
            [
                {
                    "attempt": one.attempt,
                    "outcome": one.status,
                    "new_sid": one.sid or None,
                    "error": one.error,
                    "looks": one.looks,
                }
                for one in results
            ],
        )
        changes = [
            _concluded(rows[one.id], one, now)
            for one in results
            if one.id in rows and rows[one.id].attempt == one.attempt and rows[one.id].status in _UNSETTLED
        ]
        if changes:
            self._connection.execute(_CHANGE, changes)
        return self._ready(list({row.conversation for row in rows.values()}), now)

    def callback(self, attempt: str, sid: str, status: RowStatus, now: int) -> str | None:
        known = self._heard(attempt, sid, status, None)
        if known is None or not rises(known.status, status):
            return None
        self._connection.execute(_CHANGE, {"row": known.id, "status": status, "changed_at": now})
        ready = self._ready([known.conversation], now) if known.status == "queued" or known.status in _UNSETTLED else ()
        return ready[0] if ready else None

    def conversation_of(self, attempt: str, sid: str) -> str | None:
        return self._connection.scalar(_SAID_IN, {"called_back": attempt, "called_sid": sid})

    def failing(self, attempt: str, sid: str, error: int | None) -> Failing | None:
        # A claim locks the conversation before its rows: whoever will mark it has to do the same.
        called = {"called_back": attempt, "called_sid": sid}
        self._connection.execute(_LOCK_OF_CALLED, called)
        known = self._heard(attempt, sid, "failed", error)
        # The failure of an attempt that was given up already must not stop the one that follows it.
        if known is None or known.attempt != known.called or known.status not in _MAY_FAIL:
            return None
        shared = {name: getattr(known, name) for name in _FAILING}
        return Failing(**shared, attempt=known.called, sid=sid)

    def fail(self, result: Result, now: int) -> tuple[str, ...]:
        row = self._connection.execute(_ATTEMPTED, {"rows": [result.id]}).one()
        self._connection.execute(_CHANGE, _concluded(row, result, now))
        return self._ready([row.conversation], now)

    def _heard(self, attempt: str, sid: str, status: RowStatus, error: int | None) -> Row | None:
        """The row that a callback is about, and what is known now of the attempt it names."""
        known = self._connection.execute(_BY_ATTEMPT, {"called_back": attempt}).first() if attempt else None
        known = known or self._connection.execute(_BY_SID, {"called_back": sid}).first()
        if known is not None and rises(known.outcome or "sending", status):
            heard = {"attempt": known.called, "outcome": status, "new_sid": sid or None, "error": error}
            self._connection.execute(_HEARD, heard)
        return known

    def with_unsent(self, now: int, limit: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_READY_ALL, {"now": now, "rows_max": limit}))

    def left_behind(self, limit: int) -> tuple[LeftBehind, ...]:
        return tuple(LeftBehind(*row) for row in self._connection.execute(_LEFT_BEHIND, {"rows_max": limit}))

    def to_settle(self, now: int, limit: int) -> tuple[Outgoing, ...]:
        rows = self._connection.execute(_TO_SETTLE, {"now": now, "rows_max": limit})
        return tuple(self._as_posted(row) for row in rows.all())

    def _as_posted(self, row: Row) -> Outgoing:
        made = {"attempt": row.attempt, "tries": row.tries, "started_at": row.started_at}
        return _outgoing(row, row, self._content_used(row), **made)

    def sid_known(self, sid: str) -> bool:
        return self._connection.scalar(_SID, {"message": sid}) is not None

    def _ready(self, conversations: Sequence[str], now: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_READY_THESE, {"now": now, "conversations": conversations}))


def judge(conversation: Row, row: Row, follow_up: Row | None, now: int) -> tuple[Judgement, str]:
    """What becomes of a queued row now, with the reason staff will read when it leaves the queue."""
    not_said = _not_said(conversation, row, follow_up, now) if row.speech == "follow-up" else None
    if not_said is not None:
        return not_said
    verdict = may_speak(row.speech, conversation.control, conversation.holder, row.speaker)
    if conversation.orders and orders_from(conversation.orders).silenced:
        verdict = while_silenced(row.speech, verdict)
    if verdict == "suppress":
        return "suppressed", HELD_BACK.get(row.speech, "the bot may not speak now")
    if verdict == "refuse":
        return "suppressed", REFUSED
    if 0 < row.expires_at <= now:
        return ("needs_person" if verdict == "keep" else "expired"), "it could not be said in time"
    if verdict == "keep":
        return "pass", ""
    if _waits(row, now):
        return "stop" if row.tries else "pass", ""
    return "claim", ""


def _not_said(conversation: Row, row: Row, follow_up: Row | None, now: int) -> tuple[Judgement, str] | None:
    """Why a follow-up is not said now, if it is not."""
    if conversation.unreachable:
        return "needs_person", conversation.unreachable
    if follow_up is not None:
        answer, why = would_send(follow_up, conversation, datetime.fromtimestamp(now, ZoneInfo(follow_up.zone)))
        if answer != "yes":
            return _UNLESS_YES[answer], why
        if why == AS_TEMPLATE and not row.template:
            return "needs_person", WINDOW_CLOSED
    if conversation.opted_out:
        return "suppressed", "the patient does not want follow-ups"
    return None


def _waits(row: Row, now: int) -> bool:
    """Whether a row is due later. One that was put off later than now is not: the clock was set back."""
    return bool(row.changed_at <= now < row.due_at)


def _row(conversation: str, words: Words, now: int) -> dict[str, Any]:
    return {
        "conversation": conversation,
        "speech": words.speech,
        "speaker": words.speaker,
        "text": words.text,
        "choices": to_json([(one.id, one.label, one.description) for one in words.choices]) if words.choices else "",
        "list_button": words.list_button,
        "hint": words.hint,
        "key": words.key or None,
        "status": words.status,
        "note": words.note,
        "template": words.template,
        "variables": to_json(words.variables) if words.variables else "",
        "due_at": words.due_at,
        "expires_at": words.expires_at,
        "created_at": now,
        "changed_at": now,
        "media": words.file,
    }


def _claimed(one: Outgoing, now: int) -> dict[str, Any]:
    return {
        "row": one.id,
        "fresh": one.attempt,
        "templated": one.as_template,
        "content": one.content.sid if one.content else "",
        "now": now,
    }


def _outgoing(row: Row, conversation: Row, content: Content | None, **attempt: Any) -> Outgoing:
    return Outgoing(
        **attempt,
        id=row.id,
        conversation=row.conversation,
        address=conversation.address,
        speech=row.speech,
        text=row.text,
        choices=tuple(Choice(*choice) for choice in json.loads(row.choices or "[]")),
        list_button=row.list_button,
        hint=row.hint,
        sid=getattr(row, "sid", None) or "",
        last_inbound_at=conversation.last_inbound_at,
        template=row.template,
        as_template=row.as_template or content is not None,
        content=content,
        file=row.media,
        probing=getattr(conversation, "channel_until", None) is not None,
        looks=getattr(row, "looks", 0),
        look_at=row.look_at,
    )


def _concluded(row: Row, result: Result, now: int) -> dict[str, Any]:
    look = LOOK_AGAIN_SECONDS if row.status == "unknown" else FIRST_LOOK_SECONDS
    return {
        "row": row.id,
        "status": result.status,
        "note": result.note or row.note,
        "due_at": result.again_at if result.status == "queued" else row.due_at,
        "look_at": (result.again_at or now + look) if result.status == "unknown" else 0,
        "as_template": result.as_template or row.as_template,
        # Never back to none: a row that was claimed once keeps its place before those behind it.
        "tries": row.tries if result.counts else max(1, row.tries - 1),
        "changed_at": now,
    }
