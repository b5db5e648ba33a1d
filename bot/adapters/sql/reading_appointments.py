"""How an appointment is read, wherever it is asked for."""

from __future__ import annotations

from sqlalchemy import select

from bot.adapters.sql.schema import appointment, patient

READ = select(
    appointment.c.id,
    appointment.c.number,
    appointment.c.version,
    appointment.c.conversation,
    patient.c.name.label("patient"),
    appointment.c.service,
    appointment.c.practitioner,
    appointment.c.starts_at,
    appointment.c.ends_at,
    appointment.c.status,
    appointment.c.confirmed_at,
).join_from(appointment, patient)
"""A row as :class:`bot.ports.Appointment`."""
