"""What the clinic's system answers in a talk that is made up: nobody's appointments, at times that are easy to read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from bot.core.actions import ACTIONS
from bot.core.flow import Clinic, Value
from bot.core.names import label
from bot.core.transcript import StandIn
from bot.desk.clinic_time import day_label, short_label, time_label, when_label

NAMES = ("Mei Ling Tan", "Ravi Kumar", "Siti Aminah")
PHONE, EMAIL = "9123 4567", "mei.ling@example.com"
_FIRST = datetime(2026, 3, 3, 10, tzinfo=UTC)
"""Clinic time: a Tuesday, the day after every test's Monday."""
_MINUTES_APART = 15


def stand_in(clinic: Clinic, action: str, outcome: str, options: int = 2) -> StandIn:
    """One way an action comes out, with so many options where it gives a list."""
    declared = ACTIONS[action]
    gives = declared.gives[outcome]
    if "*" in gives:
        return StandIn(outcome, tuple(_option(clinic, declared.of, number) for number in range(options)))
    if gives and declared.of:
        return StandIn(outcome, _option(clinic, declared.of, 0))
    says = {
        "until": "09:15",
        "when": when_label(_FIRST, "en"),
        "number": "K7QF2X-M",
        "text": "There is a car park under the building.",
    }
    return StandIn(outcome, {name: says.get(name, f"({name})") for name in gives} or None)


def _option(clinic: Clinic, of: str, number: int) -> Mapping[str, Value]:
    """One of the options that an action finds; the same number is the same one each time, and none is like another."""
    fields = _of(clinic, of, number)
    return {"id": fields["label"], **fields}


def _of(clinic: Clinic, of: str, number: int) -> Mapping[str, Value]:
    day, time = _FIRST + timedelta(days=number), _FIRST + timedelta(minutes=_MINUTES_APART * number)
    match of:
        case "practitioner":
            return _person(clinic, number)
        case "day":
            return {"label": day_label(day.date(), "en"), "date": f"{day:%Y-%m-%d}"}
        case "slot":
            person = _person(clinic, 0)["label"]
            told = {"time": time_label(time), "when": when_label(time, "en"), "practitioner": person}
            return {"label": time_label(time), **told}
        case "appointment":
            return _appointment(clinic, number, day)
        case _:
            return {"label": f"Choice {number + 1}"}


def _listed(clinic: Clinic, name: str, number: int) -> dict[str, Value]:
    """One of the clinic's own people or services."""
    known = clinic.lists.get(name, ())
    if number >= len(known):
        return {}
    return {"id": known[number].get("id"), "label": label(known[number], clinic.languages[0])}


def _person(clinic: Clinic, number: int) -> dict[str, Value]:
    return _listed(clinic, "practitioners", number) or {"id": str(number), "label": f"Dr {number + 1}"}


def _appointment(clinic: Clinic, number: int, starts: datetime) -> Mapping[str, Value]:
    service, person = _listed(clinic, "services", 0), _person(clinic, 0)
    return {
        "id": str(number + 1),
        "label": short_label(starts, "en"),
        "when": when_label(starts, "en"),
        "number": f"K7QF2{number % 10}-M",
        "service": service.get("label", "First consultation"),
        "service_id": service.get("id", "first"),
        "practitioner": person["label"],
        "practitioner_id": person["id"],
    }
