"""What a page was asked for, read strictly: days, times and ids as forms and addresses carry them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from io import BytesIO
from typing import Any

from flask import Request, abort, request
from werkzeug.datastructures import ImmutableMultiDict

from bot.core.calendar import instant
from bot.ports import Desk

ID_MAX = 2**62
"""Ids are 64-bit; a larger number cannot be anybody's."""
CHARACTERS_MAX = 2_000


class Fields(ImmutableMultiDict[str, Any]):
    """What was typed, without the one sign that no text can hold: PostgreSQL takes no NUL, and SQLite ends there."""

    def __init__(self, fields: Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__([(name, said.replace("\x00", "") if isinstance(said, str) else said) for name, said in fields])


class PageRequest(Request):
    """A request as pages read it."""

    parameter_storage_class = Fields

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> BytesIO:
        # Never on a disk, where it would lie as it is.
        return BytesIO()


def number(typed: str) -> int:
    """An id in an address; whatever cannot be one leads to "nothing here"."""
    if not (typed.isascii() and typed.isdigit() and len(typed) < 20 and int(typed) < ID_MAX):
        abort(404)
    return int(typed)


def number_or_nothing(typed: str) -> int:
    """An id in a form; 0 when none was given."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 20 and int(typed) < ID_MAX else 0


def today(desk: Desk) -> date:
    """The day it is at the clinic."""
    return desk.clock.now().astimezone(desk.diary.zone).date()


def day_or(typed: str, otherwise: date) -> date:
    """A day as an address carries it; what cannot be read, or is centuries away, counts as not asked."""
    try:
        day = date.fromisoformat(typed)
    except ValueError:
        return otherwise
    return day if 2000 <= day.year < 2200 else otherwise


def minute(typed: str) -> int | None:
    """Minutes after midnight of ``09:30``; None when it is no time of day."""
    hour, colon, rest = typed.partition(":")
    if not (colon and hour.isascii() and hour.isdigit() and rest[:2].isascii() and rest[:2].isdigit()):
        return None
    found = int(hour) * 60 + int(rest[:2])
    return found if int(rest[:2]) < 60 and len(hour) < 3 and found <= 24 * 60 else None


def moment(desk: Desk, day: str, time: str) -> int | None:
    """The instant of a day and a time of day at the clinic; None when there is no such moment."""
    on, at = day_or(day, date.min), minute(time)
    return instant(desk.diary.zone, on, at) if on != date.min and at is not None and at < 24 * 60 else None


def typed(*names: str) -> dict[str, str]:
    """Fields of the form, or of the address."""
    return {name: request.values.get(name, "").strip()[:CHARACTERS_MAX] for name in names}
