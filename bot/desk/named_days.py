"""Days that a patient calls by their name: public holidays, and days on which the clinic itself is closed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta

_ALSO_CALLED = (
    ("christmas", "xmas|x'mas|圣诞节?|聖誕節?|krismas|கிறிஸ்துமஸ்"),
    ("chinese new year", "cny|lunar new year|春节|春節|农历新年|農曆新年|华人新年|tahun baru cina|சீனப் புத்தாண்டு"),
    ("new year's day", "new year|元旦|新年|tahun baru|புத்தாண்டு"),
    ("good friday", "耶稣受难日|受难节|耶穌受難日|jumaat agung|புனித வெள்ளி"),
    ("vesak", "wesak|卫塞节|衛塞節|வெசாக்"),
    ("labour day", "labor day|may day|劳动节|勞動節|hari pekerja|தொழிலாளர் தினம்"),
    ("national day", "国庆节?|國慶|hari kebangsaan|தேசிய தினம்"),
    ("hari raya puasa", "(?:hari raya )?aidil ?fitri|eid al.fitr|开斋节|開齋節|நோன்புப் பெருநாள்"),
    ("hari raya haji", "(?:hari raya )?aidil ?adha|eid al.adha|哈芝节|哈芝節|ஹஜ்ஜுப் பெருநாள்"),
    ("hari raya", "raya"),
    ("deepavali", "diwali|屠妖节|屠妖節|தீபாவளி"),
)  # fmt: skip
"""How a calendar calls a holiday, and what else it is called. What stands within another one's words comes later."""
_EVE = r"(?P<eve>(?:'s)? eve\b|前夕|前夜)?"


class NamedDays:
    """Closed days by what they are called, ready to be found in what patients write. A day without a name is none."""

    def __init__(self, called: Mapping[date, str]) -> None:
        self._called = {day: name.casefold().replace("’", "'") for day, name in called.items() if name}
        own = sorted(set(self._called.values()), key=len, reverse=True)
        also = [(name, f"{re.escape(name)}|{words}") for name, words in _ALSO_CALLED]
        self._words = [
            (name, re.compile(rf"(?<![^\W\d_])(?:{words}){_EVE}(?![a-z])"))
            for name, words in [*((name, re.escape(name)) for name in own), *also]
        ]

    def find(self, low: str, today: date) -> tuple[tuple[date, ...], str]:
        """The coming days that a text (case folded) calls by name, and the text without what named them: "good friday"
        names no Friday besides."""
        days: list[date] = []
        rest = low.replace("’", "'")
        for name, words in self._words:
            match = words.search(rest)
            on = self._next(name, today) if match else None
            if match is not None and on is not None:
                days.append(on - timedelta(days=1) if match["eve"] else on)
                rest = f"{rest[: match.start()]} {rest[match.end() :]}"
        return tuple(dict.fromkeys(days)), rest

    def _next(self, name: str, today: date) -> date | None:
        return min((day for day, words in self._called.items() if day >= today and _is(name, words)), default=None)


def _is(name: str, called: str) -> bool:
    """Whether a day is called so, or begins so: "christmas" is Christmas Day, not its eve, nor a day off later."""
    more = called.removeprefix(name)
    return called.startswith(name) and "eve" not in more.split() and "(observed)" not in more
