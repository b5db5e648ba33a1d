"""Who is named in a note: an ``@`` and a colleague's name, as her account has it.

Of several names that fit the longest counts, so that "@Ana Lim" is not Ana. A first name alone is enough where only one
colleague has it. Neither case, width of a sign nor kind of a space tells two names apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping

# Not within a word: that is an e-mail address. Words of Chinese stand beside each other without a space.
_AT = re.compile(r"(?<![A-Za-z0-9._%+-])@")
_GOES_ON = re.compile(r"[^\W\u2e80-\uffff]")
"""A sign with which a name would be a longer word."""


def named(text: str, people: Mapping[str, str]) -> tuple[str, ...]:
    """The accounts that a text names, in its order. ``people`` are names by account; all of the same name are meant."""
    folded = _fold(text)
    called = _called(people)
    longest_first = sorted(called, key=len, reverse=True)
    found: dict[str, None] = {}
    for at in _AT.finditer(folded):
        name = next((one for one in longest_first if _stands(one, folded, at.end())), "")
        found |= dict.fromkeys(called.get(name, ()))
    return tuple(found)


def _called(people: Mapping[str, str]) -> Mapping[str, list[str]]:
    """What colleagues may be called, and who is meant by it."""
    called: defaultdict[str, list[str]] = defaultdict(list)
    first: defaultdict[str, list[str]] = defaultdict(list)
    for id, name in people.items():
        called[_fold(name)].append(id)
        first[_fold(name).partition(" ")[0]].append(id)
    alone = {name: ids for name, ids in first.items() if len(ids) == 1}
    return {**alone, **called}


def _stands(name: str, text: str, start: int) -> bool:
    return bool(name) and text.startswith(name, start) and not _GOES_ON.match(text, start + len(name))


def _fold(words: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", words).split()).casefold()
