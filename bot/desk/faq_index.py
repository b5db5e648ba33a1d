"""Which FAQ question a patient means: likeness of letter groups between her words and the ways each question is asked.

Every question is known by its own words and by the ways patients ask it, in each language. A way is a bag of letter
groups, of a length that suits its script, weighted by how rare each group is; likeness is the cosine between two bags,
0 to 100. Only ways that share a group are looked at, so the cost grows with the words asked and not with the FAQ.
"""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from sys import byteorder
from typing import NamedTuple

from bot.core.answers import fold
from bot.core.asking_faq import FAQ_SURE
from bot.core.flow import Question

CANDIDATES_MAX = 5
LIKENESS_MIN = 20
EXACT = 100
"""The likeness of what is asked word for word, and of nothing else."""
ELSEWHERE_MAX = 0.12
"""No question is surely meant when more of a message than this speaks of something else: "is a slipped disc an illness"
is very like "is sciatica an illness", and so is "is gout an illness"; the answer would be wrong."""
_UNKNOWN = 1 / 2
"""How much of what no question knows counts as something else: it may be the name of another illness, or a slip."""
_WHOLE = 1024
"""The length of a bag: its weights are whole numbers, and likeness goes up to this squared."""
_MANY = 1 / 25
"""More than this share of all ways are many: fewer are sooner weighed one by one."""
TEXT_CHARACTERS_MAX = 300
"""A question is asked in its first few hundred characters; the rest is not weighed."""
_BEFORE = re.compile(
    r"^(?:(?:actually|btw|by the way|sorry|wait|oh|ok|okay|so|and|also|hi|hello|hey|excuse me|may i ask|can i ask|"
    r"i want to ask|just want to ask|hai|helo|salam|assalamualaikum|maaf|tumpang tanya|(?:saya )?nak tanya|வணக்கம்|"
    r"மன்னிக்கவும்|ஒரு கேள்வி) |(?:[你您]好|请问(?:一下)?|不好意思|另外|我?想问(?:一下)?|我?想知道) ?)+"
)
_AFTER = re.compile(
    r"(?: (?:ah|lah|leh|hor|huh|pls|please|thanks|thank you|ya|eh|terima kasih|tq|நன்றி))+$| ?(?:谢谢[你您]?|[啊呢呀])+$"
)
_WORDS = re.compile(r"[^\s\u2e80-\uffff]+|[\u2e80-\uffff]+")
"""What is written without spaces stands apart from other letters: patients mix both, spaced or not."""
_SIZES = (("\u2e80", (1, 2)), ("\u0b80", (3, 4)), ("", (2, 3, 4)))
"""How long groups are in words with a character from this one on: Chinese, where a character is a word; Tamil, where a
letter often takes two; all others."""
_CHINESE = 7 / 6
"""How much more likeness counts in Chinese: with a word to each character, the same asked otherwise shares fewer."""


class _Asked(NamedTuple):
    """The question that a way asks, and in which of the other languages."""

    question: str
    language: str | None


class FaqIndex:
    """The ways all questions are asked, weighed once; :meth:`candidates` is asked with each message.

    Where a group stands is a stretch of two arrays: which way has it there, and with what weight. There are more than a
    hundred thousand such places, so they are bare numbers: as objects they would be a tenth of the web process. A group
    that many ways have is a row as well, one large number with 32 bits for the weight in each way: one multiplication
    weighs them all, where a message has dozens of such groups in hundreds of ways each.
    """

    def __init__(self, questions: Mapping[str, Question]) -> None:
        ways = [(asked, fold(way)) for id, question in questions.items() for asked, way in _ways(id, question)]
        self._exact = {folded: asked for asked, folded in ways}
        owners, folded_ways = [asked.question for asked, _ in ways], [folded for _, folded in ways]
        self._ways = len(ways)
        # The ways of one question stand together: where they begin and end.
        self._spans = [(id, owners.index(id), owners.index(id) + owners.count(id)) for id in dict.fromkeys(owners)]
        # Groups are made twice: all bags at once would be more than the index, and leave the process as large.
        seen = Counter(group for folded in folded_ways for group in _groups(folded))
        self._rarity = {group: math.log((1 + len(ways)) / (1 + count)) + 1 for group, count in seen.items()}
        self._unknown = math.log(1 + len(ways)) + 1
        ends = list(accumulate(seen.values()))
        self._stretches = {group: slice(end - seen[group], end) for group, end in zip(seen, ends, strict=True)}
        self._in_ways, self._weights = self._placed(folded_ways, sum(seen.values()))
        many = [group for group, count in seen.items() if count > len(ways) * _MANY]
        self._rows = {group: self._row(self._stretches[group]) for group in many}

    def candidates(self, text: str) -> tuple[tuple[str, int], ...]:
        """(question id, likeness 0..100), best first, at most five."""
        exact = self._word_for_word(text)
        if exact is not None:
            return ((exact.question, EXACT),)
        asked = _asked(fold(text[:TEXT_CHARACTERS_MAX]))
        weighed = self._weighed(_groups(asked))
        of_ways = self._likeness(weighed)
        counts = (100 * _CHINESE if asked and max(asked) >= "\u2e80" else 100) / _WHOLE**2
        best = []
        for id, start, end in self._spans:
            alike = counts * max(of_ways[start:end])
            if alike < LIKENESS_MIN:
                continue
            likeness = min(round(alike), EXACT - 1)
            if likeness >= FAQ_SURE and self._elsewhere(weighed, start, end) > ELSEWHERE_MAX:
                likeness = FAQ_SURE - 1
            best.append((id, likeness))
        return tuple(sorted(best, key=lambda item: (-item[1], item[0]))[:CANDIDATES_MAX])

    def _likeness(self, weighed: Mapping[str, int]) -> array[int]:
        """How like each way is, 0 to _WHOLE squared."""
        score, rows = array("I", bytes(4 * self._ways)), 0
        for group, weight in weighed.items():
            row = self._rows.get(group)
            if row is not None:
                rows += weight * row
            elif group in self._stretches:
                places = self._stretches[group]
                for way, other in zip(self._in_ways[places], self._weights[places], strict=True):
                    score[way] += weight * other
        rows += int.from_bytes(score.tobytes(), byteorder)
        return array("I", rows.to_bytes(4 * self._ways, byteorder))

    def _row(self, places: slice) -> int:
        row = array("I", bytes(4 * self._ways))
        for way, weight in zip(self._in_ways[places], self._weights[places], strict=True):
            row[way] = weight
        return int.from_bytes(row.tobytes(), byteorder)

    def _elsewhere(self, weighed: Mapping[str, int], start: int, end: int) -> float:
        """The share of a message (0..1) that none of these ways know: perhaps it is about something else."""
        elsewhere = 0.0
        for group, weight in weighed.items():
            places = self._stretches.get(group)
            if places is None:
                elsewhere += _UNKNOWN * weight**2
            elif not self._in_one_of(places, start, end):
                elsewhere += weight**2
        return elsewhere / _WHOLE**2

    def _in_one_of(self, places: slice, start: int, end: int) -> bool:
        """Whether a group that stands in these places has one in the ways from start to before end."""
        at = bisect_left(self._in_ways, start, places.start, places.stop)
        return at < places.stop and self._in_ways[at] < end

    def language(self, text: str) -> str | None:
        """The language of a question asked word for word; None for the first one, whose words stand in all others."""
        exact = self._word_for_word(text)
        return exact.language if exact is not None else None

    def _word_for_word(self, text: str) -> _Asked | None:
        folded = fold(text[:TEXT_CHARACTERS_MAX])
        return self._exact.get(folded) or self._exact.get(_asked(folded))

    def _placed(self, folded_ways: Sequence[str], places: int) -> tuple[array[int], array[int]]:
        """Of every place of every group the way that has it, and the group's weight there."""
        free = {group: stretch.start for group, stretch in self._stretches.items()}
        in_ways, weights = array("I", bytes(4 * places)), array("H", bytes(2 * places))
        for way, folded in enumerate(folded_ways):
            for group, weight in self._weighed(_groups(folded)).items():
                in_ways[free[group]], weights[free[group]] = way, weight
                free[group] += 1
        return in_ways, weights

    def _weighed(self, bag: Mapping[str, int]) -> dict[str, int]:
        raw = {group: (1 + math.log(count)) * self._rarity.get(group, self._unknown) for group, count in bag.items()}
        whole = _WHOLE / (math.hypot(*raw.values()) or 1.0)
        return {group: round(weight * whole) for group, weight in raw.items()}


def _asked(folded: str) -> str:
    """The question itself, without what people say around it."""
    return _AFTER.sub("", _BEFORE.sub("", folded)) or folded


def _ways(id: str, question: Question) -> Iterator[tuple[_Asked, str]]:
    """Every way a question is asked, those of one language after those of another."""
    for way in (question.question.source, question.short.source):
        yield _Asked(id, None), way
    for language, way in question.question.translations.items():
        yield _Asked(id, language), way
    for place, (language, ways) in enumerate(question.also.items()):
        asked = _Asked(id, language if place else None)
        yield from ((asked, way) for way in ways)


def _groups(folded: str) -> Counter[str]:
    """Letter groups of a text, within its words; of spaced scripts the space around a word is one of its letters."""
    groups: list[str] = []
    for word in _WORDS.findall(folded):
        sizes = next(sizes for first, sizes in _SIZES if max(word) >= first)
        padded = word if sizes[0] == 1 else f" {word} "
        groups += [padded[i : i + size] for size in sizes for i in range(len(padded) - size + 1)]
    return Counter(groups)
