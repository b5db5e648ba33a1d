"""Consents with their words, and every row that is kept about a patient."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Table, insert, or_, select

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import appointment, consent, follow_up, metadata, patient
from bot.ports.consents import Consent

_COLUMNS = [consent.c[field.name] for field in fields(Consent)]
_NOT_HERS = frozenset({"key", "attempt", "digest"})
"""Columns that say nothing of anybody: keys of files, and names of our own for a click or an attempt."""


class Consents(Part):
    """The consents' part of :class:`bot.ports.Ledger`."""

    def note_consent(self, said: Consent) -> None:
        row = {name: value for name, value in asdict(said).items() if name != "id"}
        self._connection.execute(insert(consent), row)

    def consents(self, limit: int, before: int = 0, conversation: str = "") -> tuple[Consent, ...]:
        wanted = select(*_COLUMNS).order_by(consent.c.id.desc()).limit(limit)
        if before:
            wanted = wanted.where(consent.c.id < before)
        if conversation:
            wanted = wanted.where(consent.c.conversation == conversation)
        return tuple(Consent(*row) for row in self._connection.execute(wanted))

    def kept_about(self, patient_id: int, conversations: Sequence[str]) -> Mapping[str, list[dict[str, Any]]]:
        visits = appointment.c.patient_id == patient_id
        theirs = select(appointment.c.id).where(or_(visits, appointment.c.conversation.in_(conversations)))
        found = {
            patient.name: self._rows(patient, patient.c.id == patient_id),
            appointment.name: self._rows(appointment, visits),
            follow_up.name: self._rows(follow_up, follow_up.c.appointment_id.in_(theirs)),
        }
        for table in metadata.sorted_tables:
            if table.name in found:
                continue
            if table.name == "conversation":
                found[table.name] = self._rows(table, table.c.id.in_(conversations))
            elif "conversation" in table.c:
                found[table.name] = self._rows(table, table.c.conversation.in_(conversations))
        return {name: rows for name, rows in found.items() if rows}

    def _rows(self, table: Table, where: Any) -> list[dict[str, Any]]:
        shown = [column for column in table.c if column.name not in _NOT_HERS]
        rows = self._connection.execute(select(*shown).where(where).order_by(*table.primary_key)).mappings()
        return [{name: _readable(value) for name, value in row.items()} for row in rows]


def _readable(value: Any) -> Any:
    """What is kept as JSON, as what it says."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
