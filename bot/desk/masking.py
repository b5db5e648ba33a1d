"""What a patient wrote, with nothing left in it that is anybody's.

Names cannot be told from other words, so nothing is looked for: a word stays only when the clinic's own files use it as
an ordinary word, in small letters. Every other word, and whatever has a figure in it, becomes an ellipsis. So do the
words that follow where people say who they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from bot.core.flow import Clinic

GONE = "…"
_AROUND = " \t\n.,;:!?\"'()[]*~–—-“”‘’。，！？、"
_WORDS = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_INTRODUCES: Mapping[str, int] = {
    **dict.fromkeys("name names named called nama bernama mr mrs ms mdm madam miss mister puan encik".split(), 4),
    **dict.fromkeys("am i'm i’m im this its it's myself saya".split(), 2),
}
"""After these words so many are taken for a name, whatever they are."""
_SENTENCE_ENDS = ".!?"


class Masking:
    """The words that may stay, for one clinic. ``names`` never do, however ordinary they are."""

    def __init__(self, clinic: Clinic, names: Iterable[str] = ()) -> None:
        said = list(_strings((clinic.flows, clinic.questions, clinic.anywhere, clinic.texts)))
        said += [*clinic.start_words, *clinic.anywhere_words]
        said += [str(one.get("label", "")) for name in ("services", "faq_topics") for one in clinic.lists.get(name, ())]
        theirs = {word.casefold() for name in names for word in _WORDS.findall(name)}
        self._words = {word for text in said for word in _WORDS.findall(text) if word == word.lower()} | {"i"}
        self._words -= theirs
        self._phrases = {phrase for text in said if not theirs & set(_WORDS.findall(phrase := _folded(text)))}

    def __call__(self, text: str) -> str:
        """The text without anything that is anybody's."""
        if _folded(text) in self._phrases:
            return text.strip()
        kept: list[str] = []
        introduced, begins = 0, True
        for chunk in text.split():
            word = _folded(chunk)
            stays = introduced == 0 and self._stays(chunk, word, begins)
            introduced = max(introduced - 1, _INTRODUCES.get(word, 0))
            begins = chunk[-1] in _SENTENCE_ENDS
            if stays:
                kept.append(chunk)
            elif kept[-1:] != [GONE]:
                kept.append(GONE)
        return " ".join(kept)

    def _stays(self, chunk: str, word: str, begins: bool) -> bool:
        if not word:
            return chunk.isascii()
        shouted = chunk.isupper() and len(word) > 1
        capital = chunk.strip(_AROUND)[:1].isupper() and word != "i"
        return word in self._words and (begins or shouted or not capital)


def _folded(text: str) -> str:
    return text.strip(_AROUND).casefold()


def _strings(value: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for one in value.values() for text in _strings(one))
    elif isinstance(value, tuple | list):
        yield from (text for one in value for text in _strings(one))
    elif is_dataclass(value):
        yield from (text for field in fields(value) for text in _strings(getattr(value, field.name)))
