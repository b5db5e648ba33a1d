"""The way to all patients: whether it is open, which templates may be used, how far Twilio was looked through."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.adapters.sql.part import Part, to_json
from bot.adapters.sql.schema import channel, looked, template, word
from bot.core.template import Content, Unfit, Wording, filled
from bot.ports import ChannelTrouble, Standing, Usable

_THE_ONE = channel.c.id == 1
_CHANNEL = select(channel.c.code, channel.c.why, channel.c.since, channel.c.until).where(_THE_ONE)
_STOP = insert(channel).on_conflict_do_nothing(index_elements=["id"]).returning(channel.c.id)
_STILL = update(channel).where(_THE_ONE)
_OPEN = delete(channel).where(_THE_ONE).returning(channel.c.id)

_STANDING = select(
    template.c.key,
    template.c.name,
    template.c.language,
    template.c.sid,
    template.c.status,
    template.c.reason,
    template.c.looked_at,
).order_by(template.c.name, template.c.place, template.c.made_at.desc(), template.c.key)
_made = insert(template)
# A template of another account was approved there, not here.
_status_then = case((_made.excluded.sid == template.c.sid, template.c.status), else_=word("made"))
_MADE = _made.on_conflict_do_update(index_elements=["key"], set_={"sid": _made.excluded.sid, "status": _status_then})
_STATUS = update(template).where(template.c.sid == bindparam("content"))
# The patient's language first, then the clinic's own order; the newest words of each.
_USABLE = (
    select(template.c.sid, template.c.body, template.c.variables, template.c.buttons)
    .where(template.c.name == bindparam("wanted"), template.c.status == word("approved"))
    .order_by(
        case((template.c.language == bindparam("spoken"), 0), else_=1), template.c.place, template.c.made_at.desc()
    )
    .limit(1)
)
_ALL_USABLE = (
    select(
        template.c.name,
        template.c.language,
        template.c.sid,
        template.c.body,
        template.c.variables,
        template.c.buttons,
    )
    .where(template.c.status == word("approved"))
    .order_by(
        template.c.name,
        case((template.c.language == bindparam("spoken"), 0), else_=1),
        template.c.place,
        template.c.made_at.desc(),
    )
)
_USED = select(template.c.sid, template.c.body, template.c.variables, template.c.buttons).where(
    template.c.sid == bindparam("content")
)

_UNTIL = select(looked.c.until).where(looked.c.what == bindparam("what"))
_look = insert(looked)
_LOOK = _look.on_conflict_do_update(
    index_elements=["what"],
    set_={"until": _look.excluded.until},
)


class Channel(Part):
    """The channel's part of :class:`bot.ports.Ledger`."""

    def channel(self) -> ChannelTrouble | None:
        row = self._connection.execute(_CHANNEL).first()
        return ChannelTrouble(**row._mapping) if row else None

    def stop_channel(self, trouble: ChannelTrouble) -> bool:
        values = asdict(trouble)
        if self._connection.execute(_STOP, {"id": 1, **values}).first() is not None:
            return True
        self._connection.execute(_STILL, {name: values[name] for name in ("code", "why", "until")})
        return False

    def open_channel(self) -> bool:
        return self._connection.execute(_OPEN).first() is not None

    def templates(self) -> tuple[Standing, ...]:
        return tuple(Standing(**row._mapping) for row in self._connection.execute(_STANDING))

    def usable_templates(self, language: str) -> tuple[Usable, ...]:
        found: dict[str, Usable] = {}
        for row in self._connection.execute(_ALL_USABLE, {"spoken": language}):
            named = {**row._mapping, "variables": tuple(json.loads(row.variables))}
            found.setdefault(row.name, Usable(**named))
        return tuple(found.values())

    def template_made(self, wording: Wording, sid: str, now: int) -> None:
        row = {
            "key": wording.key,
            "name": wording.name,
            "language": wording.language,
            "place": wording.place,
            "sid": sid,
            "body": wording.body,
            "variables": to_json(wording.variables),
            "buttons": len(wording.buttons),
            "made_at": now,
        }
        self._connection.execute(_MADE, row)

    def template_status(self, sid: str, status: str, reason: str, now: int) -> None:
        said = {"content": sid, "status": status, "reason": reason, "looked_at": now}
        self._connection.execute(_STATUS, said)

    def looked_until(self, what: str) -> int:
        return int(self._connection.scalar(_UNTIL, {"what": what}) or 0)

    def look_until(self, what: str, at: int) -> None:
        self._connection.execute(_LOOK, {"what": what, "until": at})

    def _content(self, row: Any, language: str) -> Content:
        """The words of an outbox row as its template. Raises Unfit when they cannot leave so."""
        usable = self._connection.execute(_USABLE, {"wanted": row.template, "spoken": language}).first()
        if usable is None:
            raise Unfit(f'the template "{row.template}" is not approved')
        return _with_words(usable, row)

    def _content_used(self, row: Any) -> Content | None:
        """The template a row last left as."""
        used = self._connection.execute(_USED, {"content": row.content_sid}).first() if row.content_sid else None
        try:
            return _with_words(used, row) if used else None
        except Unfit:
            return None


def _with_words(made: Any, row: Any) -> Content:
    ids = [choice[0] for choice in json.loads(row.choices or "[]")]
    if made.buttons != len(ids):
        raise Unfit(f'the template "{row.template}" has {made.buttons} buttons, these words have {len(ids)}')
    return filled(made.sid, made.body, json.loads(made.variables), json.loads(row.variables or "{}"), ids)
