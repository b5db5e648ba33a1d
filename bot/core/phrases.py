"""Phrases of the clinic within a patient's sentence: which of them it contains, mistyped words included.

The longest phrase of several words decides, else the longest word. Another one that does not overlap it counts as well
when it is sure to mean something of its own: it has several words, or "and" stands between the two ("I want to book and
also how much is it"). A single word ("appointment") stands in many a sentence about something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

_DENSE = "\u2e7f"
"""What lies behind this code point is written without spaces."""
_JOINING = frozenset(
    "and also then plus n but or & dan juga lepas atau \u0bae\u0bb1\u0bcd\u0bb1\u0bc1\u0bae\u0bcd".split()
)
_MENDED_LETTERS_MIN = 5
"""Shorter words are one letter away from too many others."""
_SWAPPED_LETTERS_MIN = 8
"""From this length a wrong letter counts as a slip. In shorter words it makes another word ("charge", "change")."""


class _Match(NamedTuple):
    start: int
    end: int
    leads_to: str
    several_words: bool


def led_to(phrases: Mapping[str, str], folded: str) -> tuple[str, ...]:
    """What the ``phrases`` (folded) that a message contains lead to, the longest first.

    >>> led_to({"book": "booking", "my appointments": "mine"}, "i want to book please")
    ('booking',)
    >>> led_to({"book": "booking", "how much": "fees"}, "i want to book and also how much is it")
    ('fees', 'booking')
    """
    matches = sorted(_matches(phrases, folded), key=lambda match: (not match.several_words, match.start - match.end))
    found = matches[:1]
    for match in matches[1:]:
        apart = all(match.end <= other.start or other.end <= match.start for other in found)
        if apart and (match.several_words or not found[0].several_words or _joined(folded, found[0], match)):
            found.append(match)
    return tuple(dict.fromkeys(match.leads_to for match in found))


@lru_cache(maxsize=4096)
def has_several_words(phrase: str) -> bool:
    """Whether a phrase is more than one word; of what is written without spaces, more than one character."""
    return " " in phrase or (len(phrase) > 1 and max(phrase) > _DENSE)


def _matches(phrases: Mapping[str, str], folded: str) -> Iterable[_Match]:
    padded = f" {folded} "
    for phrase, leads_to in phrases.items():
        if phrase not in folded:
            continue
        dense = any(c > _DENSE for c in phrase)
        at = padded.find(phrase if dense else f" {phrase} ")
        if at >= 0:
            start = at - 1 if dense else at
            yield _Match(start, start + len(phrase), leads_to, has_several_words(phrase))


def _joined(folded: str, one: _Match, other: _Match) -> bool:
    first, second = sorted((one, other))
    return not _JOINING.isdisjoint(folded[first.end : second.start].split())


class Phrasebook:
    """Phrases (folded), in order, by the words they begin with: what a message costs grows with the message and not
    with the clinic's phrases."""

    def __init__(self, phrases: tuple[str, ...]) -> None:
        self._phrases = tuple(dict.fromkeys(phrases))
        self._words = frozenset(word for phrase in phrases for word in phrase.split())
        self._places: dict[str, list[int]] = {}
        """Where phrases stand that begin with a word, or of which it is the first sign of those written without
        spaces."""
        for place, phrase in enumerate(self._phrases):
            begins = next((sign for sign in phrase if sign > _DENSE), phrase.partition(" ")[0])
            self._places.setdefault(begins, []).append(place)
        self._meant: dict[str, list[str]] = {}
        """Words that a slip may have been meant for, by the letter they begin with."""
        for word in sorted(self._words):
            if len(word) >= _MENDED_LETTERS_MIN and word.isascii():
                self._meant.setdefault(word[0], []).append(word)

    def within(self, folded: str) -> tuple[str, ...]:
        """The phrases that a message may contain, for :func:`led_to`.

        >>> Phrasebook(("opening hours", "how much", "much")).within("how much is it")
        ('how much', 'much')
        """
        begins = {*folded.split(), *(sign for sign in folded if sign > _DENSE)}
        places = sorted(place for one in begins for place in self._places.get(one, ()))
        return tuple(phrase for phrase in map(self._phrases.__getitem__, places) if phrase in folded)

    def mended(self, folded: str) -> str:
        """A message in which each word that is one slip away from a word of the phrases is that word.

        >>> Phrasebook(("appointment",)).mended("bk an apointment")
        'bk an appointment'
        """
        return " ".join(word if word in self._words else _mend(word, self._meant) for word in folded.split())


phrasebook = lru_cache(maxsize=64)(Phrasebook)
"""Made once for the phrases of a clinic."""


def _mend(word: str, by_beginning: Mapping[str, Sequence[str]]) -> str:
    if len(word) < _MENDED_LETTERS_MIN or not word.isalpha():
        return word
    return next((one for one in by_beginning.get(word[0], ()) if _one_slip(word, one)), word)


def _one_slip(written: str, meant: str) -> bool:
    """Whether one letter is missing, too many, or changed places with its neighbour; in long words also wrong."""
    if written[0] != meant[0] or abs(len(written) - len(meant)) > 1:
        return False
    same = next(
        (at for at, (a, b) in enumerate(zip(written, meant, strict=False)) if a != b), min(len(written), len(meant))
    )
    rest, other = written[same:], meant[same:]
    if len(written) != len(meant):
        return rest[1:] == other or rest == other[1:]
    if rest[2:] == other[2:] and rest[:2] == other[:2][::-1]:
        return True
    return len(meant) >= _SWAPPED_LETTERS_MIN and rest[1:] == other[1:]
