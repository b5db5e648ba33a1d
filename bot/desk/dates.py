"""Days and times in a patient's words, in English, Chinese, Malay and Tamil. A small, bounded grammar.

What is read is always shown back with weekday and date before anything is booked. An expression without an agreed
meaning ("next Wednesday", "next week") gives every day it may mean, so that the patient is asked. Days come before
months (3/4 is 3 April), the future is preferred. A bare hour from 1 to 6 is in the afternoon: no clinic opens at three
in the night. "After lunch" and "before 11" are a part of the day: from when, until before when.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from bot.core.answers import fold
from bot.desk.named_days import NamedDays
from bot.desk.spans import months, weeks

_TOMORROW = ("tomorrow", "tmr", "tmrw", "tml", "tomoro", "tomorow", "tmw")
_RELATIVE = {
    0: ("today", "tdy", "tonight", "今天", "今日", "hari ini", "இன்று", "இன்றைக்கு"),
    1: (*_TOMORROW, "明天", "明日", "esok", "besok", "நாளை", "நாளைக்கு"),
    2: (*(f"{after} {word}" for after in ("day after", "day aft") for word in _TOMORROW),
        "后天", "後天", "lusa", "நாளை மறுநாள்"),
    3: ("大后天", "大後天", "tulat"),
}  # fmt: skip
_AHEAD = re.compile(
    r"\b(\d{1,2}|two|three|four|five) days?(?:'s)?(?: time| later| from now)"
    r"|\bin (\d{1,2}|two|three|four|five) days\b"
    r"|(\d{1,2}|[一二两三四五六七八九十])天(?:后|後|以后|之后)|(\d{1,2}) hari (?:lagi|akan datang)"
)
_COUNTED = {"two": 2, "three": 3, "four": 4, "five": 5}
_OF_MONTH = re.compile(
    r"(?<![\d:./-])(\d{1,2})(?:st|nd|rd|th)\b(?! (?:floor|level|time|visit|one|option|storey))"
    r"|(?<!\d)(\d{1,2})[号號]|\b(\d{1,2})hb\b"
)
_WEEKDAYS = (
    ("monday", "mon", "星期一", "周一", "礼拜一", "isnin", "திங்கள்"),
    ("tuesday", "tue", "tues", "星期二", "周二", "礼拜二", "selasa", "செவ்வாய்"),
    ("wednesday", "wed", "weds", "星期三", "周三", "礼拜三", "rabu", "புதன்"),
    ("thursday", "thu", "thur", "thurs", "星期四", "周四", "礼拜四", "khamis", "வியாழன்"),
    ("friday", "fri", "星期五", "周五", "礼拜五", "jumaat", "வெள்ளி"),
    ("saturday", "sat", "星期六", "周六", "礼拜六", "sabtu", "சனி"),
    ("sunday", "sun", "星期日", "星期天", "周日", "周天", "礼拜天", "ahad", "ஞாயிறு"),
)
_MONTHS = (
    ("january", "jan", "januari", "ஜனவரி"),
    ("february", "feb", "februari", "பிப்ரவரி"),
    ("march", "mar", "mac", "மார்ச்"),
    ("april", "apr", "ஏப்ரல்"),
    ("may", "mei", "மே"),
    ("june", "jun", "ஜூன்"),
    ("july", "jul", "julai", "ஜூலை"),
    ("august", "aug", "ogos", "ஆகஸ்ட்"),
    ("september", "sep", "sept", "செப்டம்பர்"),
    ("october", "oct", "oktober", "அக்டோபர்"),
    ("november", "nov", "நவம்பர்"),
    ("december", "dec", "disember", "டிசம்பர்"),
)
_MONTH_OF = {name: index + 1 for index, names in enumerate(_MONTHS) for name in names}
_WEEKDAY_OF = sorted(
    ((fold(name), index) for index, names in enumerate(_WEEKDAYS) for name in names), key=lambda named: -len(named[0])
)
_DAY_NAMED = re.compile("|".join([*sum(_RELATIVE.values(), ()), *(name for name, _ in _WEEKDAY_OF)]))
_DIGIT = re.compile(r"\d")
"""Whether it is worth looking for what is made of them."""
_MONTH = "|".join(sorted(_MONTH_OF, key=len, reverse=True))

_ISO = re.compile(r"\b(20\d\d)-(\d{1,2})-(\d{1,2})\b")
_SLASHED = re.compile(r"(?<![\d/.-])(\d{1,2})[/.-](\d{1,2})(?:[/.-](\d{4}|\d{2}))?(?![\d/]|[.:]\d|\s?[ap]\.?m)")
_DAY_MONTH = re.compile(
    rf"(?<!\d)(\d{{1,2}})(?:st|nd|rd|th)?\s?(?:of\s)?(?:hb\s)?({_MONTH})(?![^\W\d_])(?:\s(20\d\d))?"
)
_MONTH_DAY = re.compile(rf"(?<![^\W\d_])({_MONTH})\s?(\d{{1,2}})(?:st|nd|rd|th)?(?![\d:])(?:\s(20\d\d))?")
_CHINESE_DAY = re.compile(r"(\d{1,2})月(\d{1,2})[日号號]?")
_NEXT = re.compile(r"(?:\bnext|\bdepan|下(?:个|個)?|அடுத்த)\s*$|^\s*(?:depan|hadapan)")
_WEEK_AFTER_NEXT = re.compile(r"(?:\bnext next|下下(?:个|個)?)\s*$")

_CLOCK = re.compile(r"(?<![\d:./-])(\d{1,2})[:.](\d{2})\s?(a\.?m|p\.?m|pagi|petang|malam)?(?![\d/.-])")
_HOUR = re.compile(r"(?<![\d:./-])(\d{1,2})\s?(a\.?m\b|p\.?m\b|o'?clock|pagi\b|petang\b|malam\b|மணி)")
_MALAY_HOUR = re.compile(r"\bpukul (\d{1,2})(?![\d:.]| ?(?:pagi|petang|malam))")
_CHINESE_HOUR = re.compile(
    r"(上午|早上|下午|晚上|中午)?\s?(\d{1,2}|[一二三四五六七八九十]{1,2})[点點](半|(\d{1,2})分?)?"
)
_MIDNIGHT = "24:00"
_FROM = ("after", "from", "lepas", "selepas")
_BOUND = re.compile(r"\b(after|from|before|by|lepas|selepas|sebelum) (?:pukul )?\d{1,2}(?:[:.]\d{2})?")
_GREETING = re.compile(r"\b(?:good|selamat) \w+|(?:早上|下午|晚上)好|(?:காலை|மாலை) வணக்கம்")
_PARTS = {
    ("00:00", "12:00"): ("morning", "before lunch", "before noon", "上午", "早上", "pagi", "காலை", "காலையில்"),
    ("12:00", "18:00"): ("afternoon", "noon time", "下午", "petang", "tengah hari", "பிற்பகல்", "மதியம்", "மாலை"),
    ("13:00", "18:00"): ("after lunch", "午饭后", "午餐后", "lepas makan tengah hari", "selepas makan tengah hari"),
    ("17:00", _MIDNIGHT): ("evening", "after work", "晚上", "malam", "இரவு"),
}
_NOON = re.compile(r"(?<!before )\b(?:noon|midday)\b(?! time)|中午(?!前|后|後|\d)")
_CHINESE_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")}
_AFTERNOON = ("pm", "p.m", "petang", "malam", "下午", "晚上")
_MORNING = ("am", "a.m", "pagi", "上午", "早上")


def find_dates(text: str, today: date, named_days: NamedDays | None = None) -> tuple[str, ...]:
    """ISO dates the words may mean, in the order they appear; several when they have no agreed meaning. A week, a month
    or a part of one is each of its days."""
    low = text.casefold()
    found: dict[str, None] = {}
    called, low = named_days.find(low, today) if named_days else ((), low)
    has_digits, names_days = _DIGIT.search(low) is not None, _DAY_NAMED.search(low) is not None
    named = [
        *called,
        *(_written(low, today) if has_digits else ()),
        *(_relative(low, today) if names_days else ()),
        *_counted(low, today),
    ]
    # "Wed 11 March" is one day, not the coming Wednesday besides.
    taken = {one.weekday() for one in named}
    weekdays = [day for day in _weekdays(low, today) if day.weekday() not in taken] if names_days else []
    # "31 April" is no day, and not every day of April either.
    exact = bool(named or find_no_such_day(text, today))
    wider = _of_month(low, today) if has_digits and not exact else []
    wider = wider or weeks(low, today) or (months(low, today, _MONTH_OF) if not exact else [])
    for day in (*named, *_which_of(weekdays, wider)):
        found.setdefault(day.isoformat())
    return tuple(found)


def find_no_such_day(text: str, today: date) -> str:
    """The first day that is written and does not come within a year ("31 April"), as it reads; empty when none is."""
    low = text.casefold()
    if not _DIGIT.search(low):
        return ""
    written = [
        *((m[1], _MONTH_OF[m[2]], m[3], f"{m[1]} {m[2].capitalize()}") for m in _DAY_MONTH.finditer(low)),
        *((m[2], _MONTH_OF[m[1]], m[3], f"{m[2]} {m[1].capitalize()}") for m in _MONTH_DAY.finditer(low)),
        *((m[2], int(m[1]), None, f"{m[1]}月{m[2]}日") for m in _CHINESE_DAY.finditer(low)),
        *((m[1], int(m[2]), m[3], f"{m[1]}/{m[2]}") for m in _SLASHED.finditer(low)),
    ]
    possible = ((int(day), month, year, reads) for day, month, year, reads in written if 1 <= month <= 12)
    none = (reads for day, month, year, reads in possible if day <= 31 and _coming(today, month, day, year) is None)
    return next(none, "")


def find_times(text: str) -> tuple[str, ...]:
    """Times of day as ``HH:MM``, in the order of how clearly they are written."""
    low = text.casefold()
    found: dict[str, None] = {}
    if _DIGIT.search(low):
        for match in _CLOCK.finditer(low):
            _add(found, int(match.group(1)), int(match.group(2)), match.group(3) or "")
        for match in _HOUR.finditer(low):
            _add(found, int(match.group(1)), 0, match.group(2))
        for match in _MALAY_HOUR.finditer(low):
            _add(found, int(match.group(1)), 0, "")
    if _NOON.search(low):
        found.setdefault("12:00")
    for match in _CHINESE_HOUR.finditer(low):
        minute = 30 if match.group(3) == "半" else int(match.group(4) or 0)
        _add(found, _chinese_number(match.group(2)), minute, match.group(1) or "")
    return tuple(found)


def find_part_of_day(text: str) -> tuple[str, ...]:
    """A part of the day, as ``HH:MM`` from when and until before when. Empty when the words name none, or several, or
    a time itself ("3 in the afternoon")."""
    low = _GREETING.sub(" ", text.casefold())
    bound = _BOUND.search(low)
    found = {part for part, words in _PARTS.items() if any(word in low and _says(low, word) for word in words)}
    if not bound and len(found) != 1:
        return ()
    times = find_times(low)
    if bound and times:
        return (times[0], _MIDNIGHT) if bound.group(1) in _FROM else ("00:00", times[0])
    return found.pop() if len(found) == 1 and not times else ()


def _counted(low: str, today: date) -> list[date]:
    days = []
    for match in _AHEAD.finditer(low):
        said = next(filter(None, match.groups()))
        ahead = _COUNTED.get(said) or _chinese_number(said)
        days.append(today + timedelta(days=ahead))
    return days


def _of_month(low: str, today: date) -> list[date]:
    """A day of the month without its month: the next one there is."""
    days = []
    for match in _OF_MONTH.finditer(low):
        day = int(next(filter(None, match.groups())))
        coming = (_day(today.year + (today.month + ahead - 1) // 12, (today.month + ahead - 1) % 12 + 1, day)
                  for ahead in range(3))  # fmt: skip
        days += [one for one in coming if one is not None and one >= today][:1]
    return days


def _which_of(weekdays: list[date], wider: list[date]) -> list[date]:
    """ "Friday the 13th", "Friday next week": the wider words say which Friday. If they cannot agree, all of them."""
    both = [day for day in wider if any(day.weekday() == named.weekday() for named in weekdays)]
    return both or [*weekdays, *wider]


def _written(low: str, today: date) -> list[date]:
    days: list[date | None] = []
    for match in _ISO.finditer(low):
        days.append(_day(int(match.group(1)), int(match.group(2)), int(match.group(3))))
    rest = _ISO.sub(" ", low)
    for match in _SLASHED.finditer(rest):
        days.append(_coming(today, int(match.group(2)), int(match.group(1)), match.group(3)))
    for match in _CHINESE_DAY.finditer(rest):
        days.append(_coming(today, int(match.group(1)), int(match.group(2)), None))
    taken = [match.span() for match in _DAY_MONTH.finditer(rest)]
    for match in _DAY_MONTH.finditer(rest):
        days.append(_coming(today, _MONTH_OF[match.group(2)], int(match.group(1)), match.group(3)))
    for match in _MONTH_DAY.finditer(rest):
        if not any(start < match.end() and match.start() < end for start, end in taken):
            days.append(_coming(today, _MONTH_OF[match.group(1)], int(match.group(2)), match.group(3)))
    return [day for day in days if day is not None]


def _relative(low: str, today: date) -> list[date]:
    days: list[date] = []
    rest = low
    for ahead in sorted(_RELATIVE, reverse=True):
        for words in _RELATIVE[ahead]:
            if _says(rest, words):
                days.append(today + timedelta(days=ahead))
                rest = rest.replace(words, " ")
    return days


def _weekdays(low: str, today: date) -> list[date]:
    days: list[date] = []
    rest = low
    for name, weekday in _WEEKDAY_OF:
        at = _position(rest, name)
        if at < 0:
            continue
        first = today + timedelta(days=(weekday - today.weekday()) % 7)
        before, after = rest[:at], rest[at + len(name) :]
        rest = before + " " * len(name) + after
        monday = today - timedelta(days=today.weekday())
        if _WEEK_AFTER_NEXT.search(before):
            days.append(monday + timedelta(days=14 + weekday))
        elif not _NEXT.search(before) and not _NEXT.match(after):
            days.append(first)
        elif "下" in before[-3:]:
            # In Chinese "next" week is the week after this one, whatever today is.
            days.append(monday + timedelta(days=7 + weekday))
        else:
            days += [first or today, first + timedelta(days=7)] if first != today else [first + timedelta(days=7)]
    return days


def _says(text: str, words: str) -> bool:
    return _position(text, words) >= 0


def _position(text: str, words: str) -> int:
    at = text.find(words)
    if at < 0 or any(ord(c) > 0x2E7F for c in words):
        return at
    match = re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text)
    return match.start() if match else -1


def _coming(today: date, month: int, day: int, year: str | None) -> date | None:
    if year is not None:
        return _day(int(year) + (2000 if len(year) == 2 else 0), month, day)
    coming = (_day(today.year + ahead, month, day) for ahead in (0, 1))
    return next((one for one in coming if one is not None and one >= today), None)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _add(found: dict[str, None], hour: int, minute: int, half: str) -> None:
    if half.startswith(_AFTERNOON) and hour < 12:
        hour += 12
    elif half.startswith(_MORNING):
        hour = 0 if hour == 12 else hour
    elif 1 <= hour <= 6:
        hour += 12
    if hour < 24 and minute < 60:
        found.setdefault(f"{hour:02d}:{minute:02d}")


def _chinese_number(text: str) -> int:
    if text.isdecimal():
        return int(text)
    if text.startswith("十"):
        return 10 + _CHINESE_DIGITS.get(text[1:], 0)
    return _CHINESE_DIGITS.get(text[0], 0)
