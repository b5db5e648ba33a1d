"""Patients as staff see them: who is spoken of where, what is known of them, and two records that are one person."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import bindparam, exists, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_or_leave

from bot.adapters.sql.part import to_json
from bot.adapters.sql.patients import Patients, folded
from bot.adapters.sql.schema import appointment, conversation, patient, patient_merge, patient_of_conversation
from bot.ports.reception import Patient

_OURS = patient_of_conversation.c
_COLUMNS = (patient.c.id, patient.c.name, patient.c.phone, patient.c.born, patient.c.remarks, patient.c.merged_into)
_ONE = select(*_COLUMNS).where(patient.c.id == bindparam("patient"))
_OF = (
    select(*_COLUMNS)
    .where(
        exists()
        .where(_OURS.patient_id == patient.c.id, _OURS.conversation == bindparam("conversation"))
        .correlate(patient)
    )
    .order_by(patient.c.id)
)
_WHERE_SPOKEN_OF = (
    select(_OURS.conversation).where(_OURS.patient_id == bindparam("patient")).distinct().order_by(_OURS.conversation)
)
_FIND = (
    select(*_COLUMNS)
    .where(
        patient.c.merged_into == 0,
        or_(
            exists().where(
                _OURS.patient_id == patient.c.id, _OURS.folded_name.like(bindparam("name_like"), escape="\\")
            ),
            patient.c.phone.like(bindparam("phone_like"), escape="\\"),
            exists().where(appointment.c.patient_id == patient.c.id, appointment.c.number == bindparam("number")),
        ),
    )
    .order_by(patient.c.name, patient.c.id)
    .limit(bindparam("rows_max"))
)
_CHANGE = update(patient).where(patient.c.id == bindparam("patient"))
_ABOUT = update(conversation).where(conversation.c.id == bindparam("at_conversation"))
_LINK = insert_or_leave(patient_of_conversation).on_conflict_do_nothing()

_APPOINTMENTS_OF = select(appointment.c.id).where(appointment.c.patient_id == bindparam("patient"))
_NAMES_OF = select(_OURS.conversation, _OURS.folded_name).where(_OURS.patient_id == bindparam("patient"))
_ABOUT_OF = select(conversation.c.id).where(conversation.c.about == bindparam("patient"))
_GIVE_APPOINTMENTS = update(appointment).where(appointment.c.id.in_(bindparam("rows", expanding=True)))
_GIVE_NAME = update(patient_of_conversation).where(
    _OURS.conversation == bindparam("at_conversation"), _OURS.folded_name == bindparam("named")
)
_GIVE_ABOUT = update(conversation).where(conversation.c.id.in_(bindparam("rows", expanding=True)))
_MERGED = insert(patient_merge).returning(patient_merge.c.id)
_MERGE = (
    select(patient_merge.c.gone, patient_merge.c.moved)
    .where(
        patient_merge.c.id == bindparam("merge"),
        patient_merge.c.undone_at == 0,
        patient_merge.c.at >= bindparam("since"),
    )
    .with_for_update()
)
_UNDONE = update(patient_merge).where(patient_merge.c.id == bindparam("merge"))
_OPTED_OUT = (
    select(conversation.c.id)
    .where(text("opted_out"), conversation.c.id > bindparam("after"))
    .order_by(conversation.c.id)
    .limit(bindparam("rows_max"))
)


class DeskPatients(Patients):
    """The patients' part of :class:`bot.ports.Ledger`."""

    def patient(self, id: int) -> Patient | None:
        row = self._connection.execute(_ONE, {"patient": id}).first()
        return Patient(*row) if row else None

    def patients_of(self, conversation: str) -> tuple[Patient, ...]:
        return tuple(Patient(*row) for row in self._connection.execute(_OF, {"conversation": conversation}))

    def conversations_of(self, patient: int) -> tuple[str, ...]:
        return tuple(self._connection.scalars(_WHERE_SPOKEN_OF, {"patient": patient}))

    def find_patients(self, words: str, limit: int) -> tuple[Patient, ...]:
        digits = "".join(one for one in words if one.isdigit())
        where = {
            "name_like": f"%{_escaped(folded(words))}%",
            # Fewer than three digits would find half the clinic; a phone never holds a line break.
            "phone_like": f"%{digits}" if len(digits) > 2 else "\n",
            "number": words.strip().upper(),
            "rows_max": limit,
        }
        return tuple(Patient(*row) for row in self._connection.execute(_FIND, where)) if words.strip() else ()

    def add_patient(self, conversation: str, patient: Patient, now: int) -> int:
        id = self._patient(conversation, patient.name, patient.phone, now)
        if patient.born or patient.remarks:
            self.change_patient(Patient(id, patient.name, patient.phone, patient.born, patient.remarks))
        return id

    def change_patient(self, patient: Patient) -> None:
        fields = {"name": patient.name, "phone": patient.phone, "born": patient.born, "remarks": patient.remarks}
        self._connection.execute(_CHANGE, {"patient": patient.id, **fields})

    def set_about(self, conversation: str, patient: int) -> None:
        self._connection.execute(_ABOUT, {"at_conversation": conversation, "about": patient})

    def merge_patients(self, kept: int, gone: int, staff: str, now: int) -> int:
        theirs = {"patient": gone}
        moved = {
            "appointments": list(self._connection.scalars(_APPOINTMENTS_OF, theirs)),
            "names": [list(row) for row in self._connection.execute(_NAMES_OF, theirs)],
            "about": list(self._connection.scalars(_ABOUT_OF, theirs)),
        }
        self._give(moved, kept)
        self._connection.execute(_CHANGE, {"patient": gone, "merged_into": kept})
        row = {"kept": kept, "gone": gone, "moved": to_json(moved), "staff": staff, "at": now}
        return int(self._connection.scalar(_MERGED, row) or 0)

    def undo_merge(self, merge: int, since: int, now: int) -> bool:
        row = self._connection.execute(_MERGE, {"merge": merge, "since": since}).first()
        if row is None:
            return False
        self._give(json.loads(row.moved), row.gone)
        self._connection.execute(_CHANGE, {"patient": row.gone, "merged_into": 0})
        self._connection.execute(_UNDONE, {"merge": merge, "undone_at": now})
        return True

    def _give(self, moved: dict[str, Any], to: int) -> None:
        self._connection.execute(_GIVE_APPOINTMENTS, {"rows": moved["appointments"], "patient_id": to})
        self._connection.execute(_GIVE_ABOUT, {"rows": moved["about"], "about": to})
        for at, name in moved["names"]:
            self._connection.execute(_GIVE_NAME, {"at_conversation": at, "named": name, "patient_id": to})

    def opted_out(self, limit: int, after: str = "") -> tuple[str, ...]:
        return tuple(self._connection.scalars(_OPTED_OUT, {"after": after, "rows_max": limit}))


def _escaped(words: str) -> str:
    return words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
