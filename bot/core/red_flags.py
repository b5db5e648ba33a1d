"""Finds what in a message speaks of a red flag: fixed words in, names of families out, nothing concluded.

Theory of operation. A message becomes *units*: words, or single characters in Chinese, in one spelling, without the
small words that only stand between. Each unit has a place; a comma costs two places, the end of a sentence a hundred,
so that words of different sentences never meet. One walk over the units through a trie of all languages' phrases finds
the *concepts* of `safety_lexicon`. A concept that may be denied and is denied ("no numbness down there") is dropped,
and so is one that a longer phrase explains away ("the bottom of my foot"). A family is flagged when the concepts of one
of its rules meet within the language's reach.

It leans to flagging: a false alarm costs a receptionist a look, a miss may cost a patient her legs. Its time is linear
in the length of the message, and no regular expression here can backtrack.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple, TypeAlias

from bot.core.safety_lexicon import LEXICONS, NOISE, SPELLINGS, URGENCY

LENGTH_MAX = 4_000
"""Characters read of a message; WhatsApp carries at most 1,600 at a time through Twilio."""

_GAPS = {**dict.fromkeys(",:、()\n", 2), **dict.fromkeys(".!?;。", 100)}
"""Places that a sign puts between the units around it."""
_STEM_MIN = 3
_VIRAMA = "\u0bcd"
_STEM_OPENED_MIN = 5
"""A shorter Tamil stem would begin too many other words: "leg" opened is also "morning"."""
_DENIAL_REACH = 6
NEGATOR, BETWEEN, JOIN = "negator", "between", "join"
_WORDS = r"[㐀-鿿]|[஀-௿]+{0}|[^\W_㐀-鿿஀-௿]+{0}"
_TOKENS = re.compile(r"[.!?;。,:、()\n]|" + _WORDS.format(""))
_PHRASE_TOKENS = re.compile(_WORDS.format(r"\*?"))
_REPEATS = re.compile(r"(.)\1{2,}")
_DROPPED = dict.fromkeys(map(ord, "'’‘`´\u200b\u200c\u200d\u2060\ufeff\u00ad"))
_JOINED = {
    ("can", "not"): "cannot", ("can", "t"): "cannot", ("could", "not"): "cannot", ("not", "able"): "cannot",
    ("do", "not"): "not", ("does", "not"): "not", ("did", "not"): "not", ("have", "not"): "not", ("will", "not"): "not",
}  # fmt: skip

Concept: TypeAlias = tuple[str, str]
"""A language and the name of a group of phrases in it."""


class Found(NamedTuple):
    """A phrase of a concept: units `start` up to, not including, `end`."""

    concept: Concept
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Units:
    """The words (in Chinese: characters) of a message in one spelling, and the place of each."""

    words: list[str]
    places: list[int]


@dataclass(slots=True)
class _Node:
    words: dict[str, _Node] = field(default_factory=dict)
    stems: dict[str, list[tuple[str, _Node]]] = field(default_factory=dict)
    concepts: list[Concept] = field(default_factory=list)

    def after(self, word: str) -> list[_Node]:
        exact = self.words.get(word)
        nodes = [exact] if exact else []
        if self.stems:
            nodes += [node for stem, node in self.stems.get(word[:_STEM_MIN], ()) if word.startswith(stem)]
        return nodes

    def grow(self, word: str) -> _Node:
        if not word.endswith("*"):
            return self.words.setdefault(word, _Node())
        stem = _open_ended(word[:-1])
        branch = self.stems.setdefault(stem[:_STEM_MIN], [])
        for known, node in branch:
            if known == stem:
                return node
        branch.append((stem, _Node()))
        return branch[-1][1]


class _Rule(NamedTuple):
    family: str
    reach: int
    concepts: frozenset[Concept]


@dataclass(frozen=True, slots=True)
class _Index:
    root: _Node
    rules: dict[Concept, list[_Rule]]
    """Each rule under one of its concepts: a message that does not speak of that one cannot meet the rule."""


def find_red_flags(text: str) -> tuple[str, ...]:
    """The families of red flags that the text speaks of, the most urgent first; empty if none.

    >>> find_red_flags("Cannot pee since this morning, both legs numb")
    ('bladder', 'both_legs')
    >>> find_red_flags("Can I book an appointment for my back pain?")
    ()
    """
    index = _index()
    units = read_units(text)
    spoken = _find(index.root, units)
    if not spoken:
        return ()
    starts: dict[Concept, list[int]] = defaultdict(list)
    for found in _standing(units, spoken):
        starts[found.concept].append(found.start)
    if not starts:
        return ()
    spoken_of = starts.keys()
    rules = [rule for concept in spoken_of for rule in index.rules.get(concept, ()) if rule.concepts <= spoken_of]
    families = {rule.family for rule in rules if _meets(rule, starts, units.places)}
    return tuple(family for family in URGENCY if family in families)


def read_units(text: str) -> Units:
    """The text as units in one spelling, each with its place."""
    plain = unicodedata.normalize("NFKC", text[:LENGTH_MAX]).casefold().translate(_DROPPED)
    words: list[str] = []
    places: list[int] = []
    place = 0
    for token in _spelled(_TOKENS.findall(_REPEATS.sub(r"\1\1", plain))):
        if token in _GAPS:
            place += _GAPS[token]
        else:
            words.append(token)
            places.append(place)
            place += 1
    return Units(words, places)


def _spelled(tokens: Iterable[str]) -> list[str]:
    spelled = [""]
    for token in tokens:
        if token in NOISE:
            continue
        word = SPELLINGS.get(token, token)
        joined = _JOINED.get((spelled[-1], word))
        if joined:
            spelled[-1] = joined
        else:
            spelled.append(word)
    return spelled[1:]


def _find(root: _Node, units: Units) -> list[Found]:
    words, places = units.words, units.places
    found: list[Found] = []
    for start, first in enumerate(words):
        if first not in root.words and first[:_STEM_MIN] not in root.stems:
            continue
        reached, end = root.after(first), start + 1
        while reached:
            found += [Found(concept, start, end) for node in reached for concept in node.concepts]
            if end == len(words) or places[end] - places[end - 1] > 1:
                break
            word = words[end]
            reached = [after for node in reached for after in node.after(word)]
            end += 1
    return found


def _standing(units: Units, found: list[Found]) -> list[Found]:
    """What was found, without what is denied or explained away."""
    explained = {
        (language, name.removeprefix("not_"), at)
        for (language, name), start, end in found if name.startswith("not_") for at in range(start, end)
    }  # fmt: skip
    before = _words_before(found)
    return [
        one for one in found
        if (*one.concept, one.start) not in explained
        and not (_deniable(one) and _denied(before[one.concept[0]], units.places, one.start))
    ]  # fmt: skip


def _deniable(found: Found) -> bool:
    language, name = found.concept
    return name in LEXICONS[language].deniable


_Before: TypeAlias = dict[int, list[tuple[int, bool]]]
"""Where phrases that a denial may run through end: where each starts, and whether it is the denying word itself."""


def _words_before(found: list[Found]) -> dict[str, _Before]:
    before: dict[str, _Before] = defaultdict(lambda: defaultdict(list))
    deniable: dict[tuple[str, int], list[int]] = defaultdict(list)
    for one in found:
        if _deniable(one):
            deniable[one.concept[0], one.end].append(one.start)
    for (language, name), start, end in found:
        if name in (NEGATOR, BETWEEN, JOIN):
            before[language][end].append((start, name == NEGATOR))
        if name == JOIN:
            before[language][end] += [(further, False) for further in deniable[language, start]]
    return before


def _denied(before: _Before, places: list[int], start: int) -> bool:
    """Whether the phrase that starts here is denied by a word before it, with only small words and "or" between."""
    reached = {start}
    for _ in range(_DENIAL_REACH):
        ways = [way for at in reached if at and places[at] - places[at - 1] == 1 for way in before.get(at, ())]
        if any(denying for _, denying in ways):
            return True
        reached = {begins for begins, _ in ways}
    return False


def _meets(rule: _Rule, starts: dict[Concept, list[int]], places: list[int]) -> bool:
    """Whether all concepts of the rule, each of which was found, begin within its reach of one another."""
    latest: dict[Concept, int] = {}
    for start, concept in sorted((start, one) for one in rule.concepts for start in starts[one]):
        latest[concept] = places[start]
        if len(latest) == len(rule.concepts) and places[start] - min(latest.values()) <= rule.reach:
            return True
    return False


@cache
def _index() -> _Index:
    root = _Node()
    rules: dict[Concept, list[_Rule]] = defaultdict(list)
    for language, lexicon in LEXICONS.items():
        for name, phrases in lexicon.concepts.items():
            _plant(root, (language, name), phrases)
        for family, ways in lexicon.rules.items():
            for way in ways:
                parts = [part.strip() for part in way.split("+")]
                for literal in parts:
                    if literal not in lexicon.concepts:
                        _plant(root, (language, literal), literal)
                concepts = frozenset((language, part) for part in parts)
                rules[min(concepts)].append(_Rule(family, lexicon.reach, concepts))
        for name, phrases in ((NEGATOR, lexicon.negators), (BETWEEN, lexicon.between), (JOIN, lexicon.joins)):
            _plant(root, (language, name), phrases)
    return _Index(root, dict(rules))


def _plant(root: _Node, concept: Concept, phrases: str) -> None:
    for phrase in phrases.split(","):
        node = root
        for word in _phrase_words(phrase):
            node = node.grow(word)
        if node is not root and concept not in node.concepts:
            node.concepts.append(concept)


def _open_ended(stem: str) -> str:
    """A stem that Tamil endings can follow: they take the place of the sign that closes its last letter."""
    return stem.removesuffix(_VIRAMA) if len(stem) > _STEM_OPENED_MIN else stem


def _phrase_words(phrase: str) -> list[str]:
    """A phrase in the spelling of the units; a word that ends with `*` stays a stem."""
    return _spelled(_PHRASE_TOKENS.findall(phrase))
