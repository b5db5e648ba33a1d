"""Why a day that a patient named is not among the free ones (:mod:`bot.core.other_days`)."""

from __future__ import annotations

from datetime import date, timedelta

from bot.desk.clinic_time import day_label
from bot.desk.doing import Came, Doing


def day_named(doing: Doing) -> Came:
    """Of the days that were named (ISO, in clinic time, spaces between): the clinic is closed then, they are further
    ahead than it books, or nothing is free for what is wanted."""
    diary = doing.desk.diary
    days = sorted(map(date.fromisoformat, doing.text("days").split()))
    last = doing.now.astimezone(diary.zone).date() + timedelta(days=diary.horizon_days)
    told = {"day": day_label(days[0], doing.language), "last": day_label(last, doing.language)}
    if days[0] > last:
        return "too_far", told
    if len(days) > 1:
        return "none_free", None
    shut = days[0] in diary.closed or not diary.hours.get(days[0].weekday(), ())
    return ("closed" if shut else "not_free"), {"day": told["day"]}
