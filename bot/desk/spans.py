"""Weeks and months in a patient's words, each as its days: "next week", "end of the month", "下下周", "bulan depan".

What is meant is asked back wherever it is more than one of the free days; here no day is chosen.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable
from datetime import date, timedelta

_NUMBERS = {
    "a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "一": 1, "两": 2, "二": 2, "三": 3, "四": 4,
    "se": 1, "dua": 2, "tiga": 3,
}  # fmt: skip
_COUNTED_WEEKS = re.compile(
    r"\bin (a|one|two|three|four|[1-4]) (?:weeks?|wks?)\b"
    r"|\b(a|one|two|three|four|[1-4]) (?:weeks?|wks?)(?:'s?)? (?:time|later|from now)\b"
    r"|([一两二三四1-4])个?(?:周|星期|礼拜)(?:后|後|以后|之后)"
    r"|\b(se|dua |tiga |[1-4] )minggu (?:lagi|akan datang)\b"
)
_WEEKS = (
    (2, re.compile(
        r"\bnext next (?:week|wk)\b|\b(?:week|wk) after next\b"
        r"|\bthe week after(?=$|[?.!,]| (?:please|pls|can|ok|lah)\b)"
        r"|下下(?:个|個)?(?:周|星期|礼拜|禮拜)(?![一二三四五六日天])|அடுத்த வாரத்திற்கு அடுத்த வாரம்"
    )),
    (1, re.compile(
        r"\b(?:next|following) (?:week|wk)\b|அடுத்த வாரம்"
        r"|(?<!下)下(?:个|個)?(?:周|星期|礼拜|禮拜)(?![一二三四五六日天])|\bminggu (?:depan|hadapan)\b"
    )),
    (0, re.compile(
        r"\bthis (?:week|wk)\b(?! ?end)|(?:这个?|這個?|本)(?:周|星期)(?![一二三四五六日天末])"
        r"|\bminggu ini\b|இந்த வாரம்"
    )),
)  # fmt: skip
_NEXT_WEEKEND = re.compile(r"\bnext week ?end\b|\bhujung minggu (?:depan|hadapan)\b")
"""Of which nobody knows whether it is the coming one; "下周末" is the one after."""
_WEEKEND = re.compile(r"\bweek ?end\b|周末|週末|\bhujung minggu\b|வார இறுதி")

_NEXT_MONTH = re.compile(
    r"\b(?:next|following|nxt) (?:month|mth)\b|下个?月|下個月|\bbulan (?:depan|hadapan)\b|அடுத்த மாத"
)
_THIS_MONTH = re.compile(r"\bthis (?:month|mth)\b|[这這]个?個?月|本月|\bbulan ini\b|இந்த மாத")
_PARTS = (
    ((21, 31), re.compile(
        r"\bend(?:ing)? of|\bend (?=[a-z]+ ?$)|\b(?:month|mth) ?end\b|\blate (?:in )?(?!for|to)|月底|月末|下旬"
        r"|\b(?:hujung|akhir) bulan\b|மாத இறுதி|மாதக் கடைசி"
    )),
    ((1, 10), re.compile(r"\b(?:beginning|start) of|\bearly (?:in )?|月初|上旬|\bawal bulan\b|மாத தொடக்க")),
    ((11, 20), re.compile(r"\bmiddle of|\bmid\b[ -]?|月中|中旬|\bpertengahan bulan\b|மாத நடு")),
)  # fmt: skip
"""Parts of a month: their first and last day, and their words."""
_A_MONTH = re.compile(r"\b(?:month|mth|bulan)|月(?:[底末初中]|[上中下]旬)|மாத")
"""What a part is of where no month is named: "late" alone is no part of a month."""
_ALSO_NAMES = frozenset("may mei mac mar jan jun sat oct dec".split())
"""Months that are words or names of people too: only behind a word that makes them one."""
_BEFORE_A_MONTH = (
    r"(?:in|of|by|next|this|until|till|around|during|early|mid|late|end|bulan|awal|akhir|hujung|pertengahan)[ -]"
)
_CHINESE_MONTH = re.compile(
    r"(?<![\d一二三四五六七八九十])(1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])月(?![\d一二三四五六七八九十])"
)
_CHINESE_DIGITS = "〇一二三四五六七八九十"


def weeks(low: str, today: date) -> list[date]:
    """Each day of the weeks a text (case folded) speaks of, or of their weekends; from today on."""
    monday = today - timedelta(days=today.weekday())
    ahead = _weeks_ahead(low)
    weekend = bool(_WEEKEND.search(low))
    if weekend and (not ahead or _NEXT_WEEKEND.search(low)):
        ahead = [0, 1] if _NEXT_WEEKEND.search(low) else [0]
    days = [monday + timedelta(days=7 * week + day) for week in ahead for day in range(5 if weekend else 0, 7)]
    return [day for day in days if day >= today]


def _weeks_ahead(low: str) -> list[int]:
    found = [_number(next(filter(None, match.groups())).strip()) for match in _COUNTED_WEEKS.finditer(low)]
    for ahead, words in _WEEKS:
        if words.search(low):
            found.append(ahead)
            low = words.sub(" ", low)
    return found


def _number(said: str) -> int:
    return _NUMBERS.get(said) or int(said)


def months(low: str, today: date, names: dict[str, int]) -> list[date]:
    """Each day of the month a text (case folded) speaks of, or of its beginning, middle or end; from today on.
    ``names`` are the months by name, January 1."""
    part = next((days for days, words in _PARTS if words.search(low)), None)
    month = _month(low, today, names)
    if month is None and (part is None or not _A_MONTH.search(low)):
        return []
    first, last = part or (1, 31)
    if month is not None:
        return [day for day in _days(*month, first, last) if day >= today]
    # "The end of the month": of the next one, when nothing of it is left in this one.
    this = [day for day in _days(today.year, today.month, first, last) if day >= today]
    return this or list(_days(*_after(today), first, last))


def _month(low: str, today: date, names: dict[str, int]) -> tuple[int, int] | None:
    if _NEXT_MONTH.search(low):
        return _after(today)
    if _THIS_MONTH.search(low):
        return today.year, today.month
    named = _CHINESE_MONTH.search(low)
    number = _chinese(named.group(1)) if named else next((names[name] for name in names if _names(low, name)), 0)
    return (today.year + (number < today.month), number) if number else None


def _chinese(said: str) -> int:
    return int(said) if said.isascii() else sum(map(_CHINESE_DIGITS.index, said))


def _names(low: str, name: str) -> bool:
    if name not in low:
        return False
    needed = _BEFORE_A_MONTH if name in _ALSO_NAMES else ""
    return re.search(rf"(?<!\w){needed}{re.escape(name)}(?!\w)", low) is not None


def _after(today: date) -> tuple[int, int]:
    return today.year + today.month // 12, today.month % 12 + 1


def _days(year: int, month: int, first: int, last: int) -> Iterable[date]:
    return (date(year, month, day) for day in range(first, min(last, monthrange(year, month)[1]) + 1))
