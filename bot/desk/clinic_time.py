"""How days and times read to a patient, in her language and the clinic's time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

_DAY = {"en": "EEE d MMM", "zh": "M月d日 EEE", "ms": "EEE d MMM", "ta": "EEE d MMM"}
_DAY_AND_YEAR = {"en": "EEEE d MMMM y", "zh": "y年M月d日 EEEE", "ms": "EEEE, d MMMM y", "ta": "EEEE, d MMMM y"}


def day_label(day: date, language: str) -> str:
    """A day for a button or list row: ``Tue 3 Mar``. At most 24 characters in every language we speak."""
    return _written(day, _DAY, language)


def time_label(local: datetime) -> str:
    """A time of day: ``14:30``."""
    return f"{local:%H:%M}"


def when_label(local: datetime, language: str) -> str:
    """A moment nobody can misread: ``Tuesday 3 March 2026, 10:00``."""
    return f"{_written(local.date(), _DAY_AND_YEAR, language)}, {time_label(local)}"


def short_label(local: datetime, language: str) -> str:
    """A moment for a list row: ``Tue 3 Mar 10:00``."""
    return f"{day_label(local.date(), language)} {time_label(local)}"


def _written(day: date, patterns: Mapping[str, str], language: str) -> str:
    # Imported where days are written: most processes never write one.
    from babel.dates import format_date

    return format_date(day, patterns.get(language, patterns["en"]), locale=language)
