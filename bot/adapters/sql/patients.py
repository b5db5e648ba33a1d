"""Patients: the same name in the same conversation is the same patient."""

from __future__ import annotations

import unicodedata

from sqlalchemy import bindparam, insert, select, update

from bot.adapters.sql.part import Part
from bot.adapters.sql.schema import patient, patient_of_conversation

_OURS = patient_of_conversation.c

_FIND = select(_OURS.patient_id).where(
    _OURS.conversation == bindparam("conversation"), _OURS.folded_name == bindparam("folded_name")
)
_MAKE = insert(patient).returning(patient.c.id)
_LINK = insert(patient_of_conversation)
_PHONE = update(patient).where(patient.c.id == bindparam("patient"))


class Patients(Part):
    """Finds or makes the patient an appointment is for. The conversation's row must be locked."""

    def _patient(self, conversation: str, name: str, phone: str, now: int) -> int:
        key = {"conversation": conversation, "folded_name": folded(name)}
        found: int | None = self._connection.scalar(_FIND, key)
        if found is None:
            made = self._connection.scalar(_MAKE, {"name": name, "phone": phone, "created_at": now})
            assert made is not None
            self._connection.execute(_LINK, {**key, "patient_id": made})
            return int(made)
        if phone:
            self._connection.execute(_PHONE, {"patient": found, "phone": phone})
        return found


def folded(name: str) -> str:
    """A name without what people write differently each time: case, widths and spaces."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
