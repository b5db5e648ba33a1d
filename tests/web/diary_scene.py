"""A Tuesday at the clinic for the diary's pages: who is booked with whom."""

from __future__ import annotations

import re
from datetime import date, datetime

from bot.desk import diary
from bot.desk.diary import New
from bot.ports import Appointment
from bot.ports.reception import Entry
from tests.desk.test_turns import Patient
from tests.universe import MEI_LING, SINGAPORE
from tests.web.desk_pages import ANA, Front

TUESDAY = date(2026, 3, 3)
DAY = "/desk/diary?day=2026-03-03"


def at(hour: int, minute: int = 0, day: date = TUESDAY) -> int:
    """An instant in Singapore."""
    return int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=SINGAPORE).timestamp())


def writes(front: Front, address: str = MEI_LING) -> str:
    """Somebody writes to the clinic; the conversation's id."""
    patient = Patient(front.desk, address)
    patient.says("hello")
    return patient.conversation


def booked(
    front: Front,
    name: str = "Mei Ling Tan",
    start: int = 0,
    conversation: str = "",
    practitioner: str = "nolan",
    service: str = "first",
    phone: str = "",
) -> Appointment:
    """Ana books a time; ten on Tuesday with Dr Nolan unless told otherwise."""
    new = New(service, practitioner, start or at(10), name, phone, conversation)
    return diary.book(front.desk, front.ids[ANA], new)


def entry(front: Front, id: int) -> Entry:
    """An appointment as the diary has it."""
    found = diary.appointment(front.desk, id)
    assert found is not None
    return found


def words_of(html: str) -> str:
    """What a page says, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())
