"""Which FAQ question a patient means: likeness of letter groups between her words and the ways each question is asked.

Every question is known by its own words and by the ways patients ask it, in each language. A way is a bag of letter
groups (two to four letters inside a word), weighted by how rare each group is; likeness is the cosine between two
bags, 0 to 100. Only ways that share a group are looked at, so the cost grows with the words asked and not with the FAQ.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from bot.core.answers import fold
from bot.core.flow import Question

CANDIDATES_MAX = 5
TEXT_CHARACTERS_MAX = 300
"""A question is asked in its first few hundred characters; the rest is not weighed."""
_BEFORE = re.compile(
    r"^(?:(?:actually|btw|by the way|sorry|wait|oh|ok|okay|so|and|also|hi|hello|hey|excuse me|may i ask|can i ask|"
    r"i want to ask|just want to ask|maaf|tumpang tanya) |请问|不好意思|另外)+"
)
_AFTER = re.compile(r"(?: (?:ah|lah|leh|hor|huh|pls|please|thanks|thank you))+$")


class FaqIndex:
    """The ways all questions are asked, weighed once; :meth:`candidates` is asked with each message."""

    def __init__(self, questions: Mapping[str, Question]) -> None:
        asked = ((id, _groups(fold(way))) for id, question in questions.items() for way in _ways(question))
        ways = [(id, bag) for id, bag in asked if bag]
        seen = Counter(group for _, bag in ways for group in bag)
        self._rarity = {group: math.log((1 + len(ways)) / (1 + count)) + 1 for group, count in seen.items()}
        # The ways of one question stand together: where they begin and end.
        owners = [id for id, _ in ways]
        self._spans = [(id, owners.index(id), owners.index(id) + owners.count(id)) for id in dict.fromkeys(owners)]
        self._ways = len(ways)
        self._unknown = math.log(1 + len(ways)) + 1
        self._postings: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for index, (_, bag) in enumerate(ways):
            for group, weight in self._weighed(bag).items():
                self._postings[group].append((index, weight))
        self._exact = {fold(way): id for id, question in questions.items() for way in _ways(question)}

    def candidates(self, text: str) -> tuple[tuple[str, int], ...]:
        """(question id, likeness 0..100), best first, at most five."""
        folded = _asked(fold(text[:TEXT_CHARACTERS_MAX]))
        if folded in self._exact:
            return ((self._exact[folded], 100),)
        score = [0.0] * self._ways
        for group, weight in self._weighed(_groups(folded)).items():
            for index, other in self._postings.get(group, ()):
                score[index] += weight * other
        best = [(id, max(score[start:end])) for id, start, end in self._spans]
        ranked = sorted(best, key=lambda item: (-item[1], item[0]))
        return tuple((id, round(likeness * 100)) for id, likeness in ranked[:CANDIDATES_MAX] if likeness >= 0.2)

    def _weighed(self, bag: Mapping[str, int]) -> dict[str, float]:
        raw = {group: (1 + math.log(count)) * self._rarity.get(group, self._unknown) for group, count in bag.items()}
        length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        return {group: weight / length for group, weight in raw.items()}


def _asked(folded: str) -> str:
    """The question itself, without what people say around it."""
    return _AFTER.sub("", _BEFORE.sub("", folded)) or folded


def _ways(question: Question) -> Iterable[str]:
    yield question.question.source
    yield question.short.source
    yield from question.question.translations.values()
    for ways in question.also.values():
        yield from ways


def _groups(folded: str) -> Counter[str]:
    """Letter groups of a text; of scripts written without spaces one to three characters, else two to four."""
    groups: list[str] = []
    for word in folded.split():
        dense = max(word) > "\u2e7f"
        padded, sizes = (word, (1, 2, 3)) if dense else (f" {word} ", (2, 3, 4))
        groups += [padded[i : i + size] for size in sizes for i in range(len(padded) - size + 1)]
    return Counter(groups)
