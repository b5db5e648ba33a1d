"""The inbox of the desk: folders read page by page along one index, however many conversations there are."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Integer, Select, bindparam, func, select, text, tuple_, update

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import (
    UNDELIVERED,
    conversation,
    draft,
    inbound,
    label,
    outbox,
    patient,
    patient_of_conversation,
    word,
)
from bot.core.conversation import Conversation, from_data
from bot.core.folders import Folder
from bot.core.location import Location
from bot.ports.reception import Filing, InLine, Place, Shelf

_KEY = (conversation.c.rank, conversation.c.sort_at, conversation.c.id)
_NEWEST_FIRST: frozenset[Folder] = frozenset({"bot", "done"})
_LISTED = select(*_KEY, conversation.c.state, conversation.c.about)
_THESE: Any = bindparam("conversations", expanding=True)

_FIRST_IN_LINE = (
    select(conversation.c.id, conversation.c.control, conversation.c.urgent, conversation.c.waiting_since)
    .where(conversation.c.folder == word("needs"))
    .order_by(*_KEY)
    .limit(bindparam("rows_max"))
)
_COUNT = (
    select(conversation.c.holder, func.count())
    .where(conversation.c.folder == bindparam("folder"), conversation.c.sort_at >= bindparam("since"))
    .where(conversation.c.rank.in_([0, 1]))
    .group_by(conversation.c.holder)
)
_UNSEEN = (
    select(outbox.c.conversation, outbox.c.changed_at, outbox.c.note)
    .join_from(outbox, conversation)
    .where(text(UNDELIVERED), outbox.c.changed_at >= conversation.c.held_at)
)
_COUNT_UNSEEN = select(func.count()).select_from(
    _UNSEEN.with_only_columns(outbox.c.conversation).distinct().limit(bindparam("rows_max")).subquery()
)
_FAILED_HERE = _UNSEEN.where(outbox.c.conversation.in_(_THESE)).order_by(outbox.c.changed_at)
_NAMES = (
    select(patient_of_conversation.c.conversation, patient.c.id, patient.c.name)
    .join_from(patient_of_conversation, patient)
    .where(patient_of_conversation.c.conversation.in_(_THESE))
    .order_by(patient.c.id)
)
_LABELS = select(label.c.conversation, label.c.name).where(label.c.conversation.in_(_THESE)).order_by(label.c.name)
_WROTE = (
    select(inbound.c.conversation, inbound.c.line, inbound.c.received_at, inbound.c.event)
    .join_from(conversation, inbound, inbound.c.conversation == conversation.c.id)
    .where(
        conversation.c.id.in_(_THESE),
        inbound.c.line
        == select(func.max(inbound.alias("newest").c.line))
        .where(text("newest.conversation = conversation.id"))
        .correlate(conversation)
        .scalar_subquery(),
    )
)
_SAID = (
    select(outbox.c.conversation, outbox.c.line, outbox.c.created_at, outbox.c.speaker, outbox.c.text, outbox.c.media)
    .join_from(conversation, outbox, outbox.c.conversation == conversation.c.id)
    .where(
        conversation.c.id.in_(_THESE),
        outbox.c.line
        == select(func.max(outbox.alias("newest").c.line))
        .where(text("newest.conversation = conversation.id"))
        .correlate(conversation)
        .scalar_subquery(),
    )
)
_SEEN = update(conversation).where(conversation.c.id == bindparam("conversation")).values(held_at=bindparam("now"))
_HELD = (
    select(conversation.c.state, func.coalesce(func.max(draft.c.saved_at), 0))
    .join_from(
        conversation,
        draft,
        (draft.c.conversation == conversation.c.id) & (draft.c.staff == conversation.c.holder),
        isouter=True,
    )
    .where(conversation.c.folder == "held")
    .group_by(conversation.c.id, conversation.c.state)
)
_LATER_OVER = (
    select(conversation.c.id)
    .where(conversation.c.folder == "later", conversation.c.rank == 1, conversation.c.sort_at <= bindparam("now"))
    .order_by(conversation.c.sort_at)
    .limit(bindparam("rows_max"))
)
SNIPPET_CHARACTERS_MAX = 160


class DeskInbox(Part):
    """The inbox's part of :class:`bot.ports.Ledger`."""

    def folder(self, shelf: Shelf, limit: int, after: Place | None = None) -> tuple[Filing, ...]:
        where = {"folder": shelf.folder, "since": shelf.since, "rows_max": limit, "holder": shelf.holder}
        return self._filings(self._connection.execute(_page(shelf, after), {**where, **_place(after)}).all())

    def first_in_line(self, limit: int) -> tuple[InLine, ...]:
        return tuple(InLine(*row) for row in self._connection.execute(_FIRST_IN_LINE, {"rows_max": limit}))

    def undelivered(self, limit: int, after: tuple[int, str] | None = None) -> tuple[Filing, ...]:
        newest = (
            _UNSEEN.with_only_columns(outbox.c.conversation, func.max(outbox.c.changed_at).label("at"))
            .group_by(outbox.c.conversation)
            .subquery()
        )
        page = _LISTED.add_columns(newest.c.at.label("failed_at")).join_from(
            newest, conversation, conversation.c.id == newest.c.conversation
        )
        if after is not None:
            page = page.where(tuple_(newest.c.at, conversation.c.id) < tuple_(*after))
        page = page.order_by(newest.c.at.desc(), conversation.c.id.desc()).limit(limit)
        rows = self._connection.execute(page).all()
        # A page goes on after when it failed, which is not where the conversation lies in its folder.
        return tuple(
            replace(one, place=(0, row.failed_at, row.id)) for one, row in zip(self._filings(rows), rows, strict=True)
        )

    def count_folder(self, folder: Folder, since: int = 0) -> Mapping[str, int]:
        return {
            holder: int(count) for holder, count in self._connection.execute(_COUNT, {"folder": folder, "since": since})
        }

    def count_undelivered(self, limit: int) -> int:
        return int(self._connection.scalar(_COUNT_UNSEEN, {"rows_max": limit}) or 0)

    def filing(self, conversation: str) -> Filing | None:
        found = self._filings(self._connection.execute(_ONE, {"conversation": conversation}).all())
        return found[0] if found else None

    def failures_seen(self, conversation: str, now: int) -> None:
        # One second more: what fails at this very moment is seen as well.
        self._connection.execute(_SEEN, {"conversation": conversation, "now": now + 1})

    def held(self) -> tuple[tuple[Conversation, int], ...]:
        rows = self._connection.execute(_HELD)
        return tuple((from_data(json.loads(state)), int(saved_at)) for state, saved_at in rows)

    def put_off_until(self, now: int, limit: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_LATER_OVER, {"now": now, "rows_max": limit}))

    def _filings(self, rows: Sequence[Any]) -> tuple[Filing, ...]:
        """The rows of a page with what is told beside them: four statements, whatever the length of the page."""
        these = {"conversations": [row.id for row in rows]}
        if not rows:
            return ()
        names = _gathered((id, (patient, name)) for id, patient, name in self._connection.execute(_NAMES, these))
        labels = _gathered((id, name) for id, name in self._connection.execute(_LABELS, these))
        failed = {row.conversation: row.note for row in self._connection.execute(_FAILED_HERE, these)}
        said = {row.conversation: row for row in self._connection.execute(_SAID, these)}
        wrote = {row.conversation: row for row in self._connection.execute(_WROTE, these)}
        return tuple(
            _filing(
                row, names[row.id], (said.get(row.id), wrote.get(row.id)), tuple(labels[row.id]), failed.get(row.id)
            )
            for row in rows
        )


def _page(shelf: Shelf, after: Place | None) -> Select[Any]:
    down = shelf.folder in _NEWEST_FIRST
    page = _LISTED.where(conversation.c.folder == bindparam("folder"), conversation.c.sort_at >= bindparam("since"))
    if after is not None:
        here, there = tuple_(*_KEY), tuple_(*(bindparam(f"after_{n}") for n in range(3)))
        page = page.where(here < there if down else here > there)
    if shelf.holder:
        hers = conversation.c.holder == bindparam("holder")
        page = page.where(~hers if shelf.others else hers)
    in_order = (column.desc() if down else column for column in _KEY)
    return page.order_by(*in_order).limit(bindparam("rows_max", type_=Integer))


_ONE = _LISTED.where(conversation.c.id == bindparam("conversation"))


def _place(after: Place | None) -> dict[str, Any]:
    return {} if after is None else {f"after_{n}": value for n, value in enumerate(after)}


def _gathered(pairs: Iterable[tuple[str, Any]]) -> defaultdict[str, list[Any]]:
    found: defaultdict[str, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def _filing(
    row: Any,
    people: list[tuple[int, str]],
    newest: tuple[Any, Any],
    labels: tuple[str, ...],
    failed: str | None,
) -> Filing:
    people = sorted(people, key=lambda one: one[0] != row.about)
    state = from_data(json.loads(row.state))
    at, by, kind, words = _last(state, *newest)
    return Filing(
        conversation=state,
        place=(row.rank, row.sort_at, row.id),
        about=row.about,
        names=tuple(dict.fromkeys(name for _, name in people)),
        last=" ".join(words.split())[:SNIPPET_CHARACTERS_MAX],
        last_by=by,
        last_at=at,
        last_kind=kind,
        labels=labels,
        failed="" if failed is None else failed or "a message could not be delivered",
    )


def _last(state: Conversation, said: Any, wrote: Any) -> tuple[int, str, str, str]:
    """The last of a conversation: when, whose, what kind, and the words. Where a patient waits for somebody, what she
    wrote tells who comes first; the sentence that passed her on is the same for all."""
    awaited = bool(state.waiting_since or state.look)
    if wrote and (not said or wrote.line >= said.line or (awaited and said.speaker == "bot")):
        event = json.loads(wrote.event)
        words = event.get("text") or Location(**event.get("location", {})).words
        return wrote.received_at, "patient", event.get("kind", "unknown"), words
    if not said:
        return 0, "", "text", ""
    return said.created_at, said.speaker, "file" if said.media else "text", said.text
