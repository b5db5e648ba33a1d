"""What patients are told of an appointment, in their language and the clinic's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.calendar import Diary
from bot.desk.clinic_time import short_label, when_label
from bot.ports import Appointment, FollowUp


def told_of(diary: Diary, about: FollowUp | Appointment, language: str) -> Mapping[str, str]:
    """What follow-ups and the answers to them may name of an appointment, in the patient's language."""
    service, practitioner = diary.services.get(about.service), diary.practitioners.get(about.practitioner)
    starts = datetime.fromtimestamp(about.starts_at, diary.zone)
    return {
        "service": service.names.get(language, service.name) if service else "",
        "when": when_label(starts, language) if about.starts_at else "",
        "number": about.number,
        "practitioner": practitioner.name if practitioner else "",
    }


def option_of(diary: Diary, appointment: Appointment, language: str) -> Mapping[str, str]:
    """An appointment as flows know one: an option, with everything they may name of it."""
    local = datetime.fromtimestamp(appointment.starts_at, diary.zone)
    told = told_of(diary, appointment, language)
    service = told["service"] or appointment.service
    return {
        **told,
        "id": str(appointment.id),
        "version": str(appointment.version),
        "label": short_label(local, language),
        "description": service,
        "service": service,
        "service_id": appointment.service,
        "practitioner_id": appointment.practitioner,
        "patient": appointment.patient,
        "date": local.date().isoformat(),
    }
