"""Colleagues named in notes, and the folder of the inbox that each has of her own because of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, func, insert, select, text, tuple_, update

from bot.adapters.sql.desk_inbox import SNIPPET_CHARACTERS_MAX, DeskInbox
from bot.adapters.sql.schema import conversation, mention, note
from bot.ports.mentions import Mention
from bot.ports.reception import Filing

# Written out: the index knows only what nobody has seen.
_UNSEEN = text("mention.seen_at = 0")
_HERS = (mention.c.staff == bindparam("of_staff"), _UNSEEN)
_HERE = mention.c.conversation == bindparam("in_conversation")

_KEEP = insert(mention)
_IS = select(mention.c.line).where(*_HERS, _HERE).limit(1)
_SEEN = update(mention).where(*_HERS, _HERE, mention.c.line <= bindparam("up_to")).values(seen_at=bindparam("now"))
_IN = (
    select(mention.c.line, mention.c.staff, mention.c.seen_at)
    .where(_HERE, mention.c.line.between(bindparam("first"), bindparam("last")))
    .order_by(mention.c.line, mention.c.staff)
)
_COUNT = select(mention.c.staff, func.count(mention.c.conversation.distinct())).where(_UNSEEN).group_by(mention.c.staff)
_NEWEST = (
    select(mention.c.conversation, func.max(mention.c.line).label("line"), func.max(mention.c.at).label("at"))
    .where(*_HERS)
    .group_by(mention.c.conversation)
    .subquery()
)
# An erasure takes notes and mentions one after the other: what is counted is listed until both are gone.
_LISTED = (
    select(
        *(conversation.c[name] for name in ("rank", "sort_at", "id", "state", "about")),
        _NEWEST.c.at.label("noted_at"),
        func.coalesce(note.c.staff, "").label("noted_by"),
        func.coalesce(note.c.text, "").label("noted"),
    )
    .join_from(_NEWEST, conversation, conversation.c.id == _NEWEST.c.conversation)
    .join(note, (note.c.conversation == _NEWEST.c.conversation) & (note.c.line == _NEWEST.c.line), isouter=True)
    .order_by(_NEWEST.c.at.desc(), conversation.c.id.desc())
    .limit(bindparam("rows_max"))
)


class Mentions(DeskInbox):
    """The mentions' part of :class:`bot.ports.Ledger`, and the inbox's own, whose rows it lists."""

    def mention(self, conversation: str, line: int, staff: Sequence[str], now: int) -> None:
        for one in staff:
            row = {"conversation": conversation, "line": line, "staff": one, "at": now}
            self._connection.execute(_KEEP, row)

    def is_mentioned(self, staff: str, conversation: str) -> bool:
        hers = {"of_staff": staff, "in_conversation": conversation}
        return self._connection.execute(_IS, hers).first() is not None

    def mentions_seen(self, staff: str, conversation: str, line: int, now: int) -> None:
        seen = {"of_staff": staff, "in_conversation": conversation, "up_to": line, "now": now}
        self._connection.execute(_SEEN, seen)

    def mentions_in(self, conversation: str, first: int, last: int) -> tuple[Mention, ...]:
        these = {"in_conversation": conversation, "first": first, "last": last}
        return tuple(Mention(*row) for row in self._connection.execute(_IN, these))

    def mentioning(self, staff: str, limit: int, after: tuple[int, str] | None = None) -> tuple[Filing, ...]:
        page = _LISTED
        if after is not None:
            page = page.where(tuple_(_NEWEST.c.at, conversation.c.id) < tuple_(*after))
        rows = self._connection.execute(page, {"of_staff": staff, "rows_max": limit}).all()
        return tuple(_with_its_note(one, row) for one, row in zip(self._filings(rows), rows, strict=True))

    def count_mentions(self) -> Mapping[str, int]:
        return {staff: int(count) for staff, count in self._connection.execute(_COUNT)}


def _with_its_note(filing: Filing, row: Any) -> Filing:
    filing = replace(filing, place=(0, row.noted_at, row.id))
    if not row.noted:
        return filing
    last = " ".join(row.noted.split())[:SNIPPET_CHARACTERS_MAX]
    return replace(filing, last=last, last_by=row.noted_by, last_at=row.noted_at)
