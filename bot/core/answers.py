"""Which option a reply means, and whether a typed answer is what a question asked for.

A reply that fits two options is never guessed: :func:`options_meant` gives both, and the patient is asked again. A
reply with a "no" in it never means an option without one ("not ok" is not "ok").
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from bot.core.events import Message, Reading
from bot.core.flow import AnswerType, Value

NEGATIONS = frozenset(
    """no not dont don't didnt didn't cannot cant can't never without except tak tidak jangan bukan kecuali
    வேண்டாம் இல்லை""".split()
)
NEGATIONS_WITHIN = frozenset("不没沒別别勿")
"""Scripts without spaces: here a word of the whole text."""
TEXT_CHARACTERS_MAX = 500
NAME_CHARACTERS_MAX = 80
_ALIKE = 0.8
"""Likeness from which a mistyped word counts as the word; one wrong letter in five."""
_LENGTHS_MAX = (2 - _ALIKE) / _ALIKE
"""How much longer one of two texts may be, if they are to be so alike."""
_NUMBER = re.compile(
    r"(?:i (?:want|choose|take|pick) )?(?:(?:the|no|number|option|nr|nombor|第) ?)*(\d{1,2})"
    r"(?: ?(?:one|option|个|個|项|項|号))?(?: (?:please|pls|lah|thanks))?"
)
_ORDER = re.compile(
    r"(?:i (?:want|choose|take|pick) )?(?:(?:the|yang|第) ?)*"
    r"(first|second|third|fourth|fifth|pertama|kedua|ketiga|[一二三四五])"
    r"(?: ?(?:one|option|个|個|项|項))?(?: (?:please|pls|lah|thanks))?"
)
_PLACES = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "pertama": 1, "kedua": 2, "ketiga": 3,
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5,
}  # fmt: skip
"""What the words of order count; they are tried after the options' own ("First consultation")."""
_EARLIEST = re.compile(
    r"\b(?:earliest|soonest|first available|asap|any ?time|any ?day|paling awal|secepat mungkin|bila bila)\b"
    r"|最早|最快|越早越好|随便哪"
)
"""Whoever says so takes the first day or time there is; it is shown back before anything is booked."""
_DENIES_NOTHING = re.compile(
    r"\b(?:(?:or|why) not|no (?:problem|worries|prob)|(?:boleh|ada|ke) (?:tak|tidak)|tak apa)\b"
    r"|([可能行好是要有方])以?便?不\1以?便?|不好意思|没问题|沒問題|对不起|對不起"
)
"""Words with a "no" in them that say none: "can or not?", "可不可以", "boleh tak"."""
_NOT_A_NAME = re.compile(r"[\d?!:;@#$%^&*()_+=<>\[\]{}|\\/~`\"]|https?|www\.", re.IGNORECASE)

_BEFORE_A_NAME = re.compile(
    r"(?:(?:hi|hello|ok|okay|sure|yes)[,.!]? )?(?:"
    r"(?:(?:my|his|her|the) |patient'?s? )*(?:full )?name(?: is|'s)?|(?:the )?patient is|it'?s|i am|i'm|this is|"
    r"nama(?: penuh)?(?: saya| dia)?(?: ialah| adalah)?|saya)[ :]+"
    r"|(?:(?:我的?)?名字?(?:是|叫)|我叫|我是|他叫|她叫)[:：]?|(?:என் )?பெயர்[ :]+",
    re.IGNORECASE,
)
_AFTER_A_NAME = re.compile(r"[,.]? (?:thanks|thank you|thx|pls|please|terima kasih)[.!]?$|[.,]$", re.IGNORECASE)
_IN_NO_NAME = frozenset(
    """i i'm im the is are was it it's its that this there want wanted need like please pls thanks thank would could
    should can't cant cannot don't dont not no yes yeah ok okay what when where which why how who much many cost price
    book booking cancel change appointment appt time date never mind forget wait sorry for with from about back menu can
    lah leh sure right wrong number me my mother father mum mom dad wife husband son daughter child mind
    saya nak boleh tak tidak apa bila mana berapa kenapa macam batal tukar masa temujanji untuk dengan""".split()
)
"""Words of sentences: whoever writes nothing but one of them, or two, has not written a name."""
_IN_NO_HAN_NAME = frozenset("我你您吗嗎么麼怎哪不没沒这這什")


class _Compared(dict[int, str]):
    """How each character is compared, by its code point. A character is judged when it is first met: texts are folded
    a hundred times a turn."""

    def __missing__(self, code: int) -> str:
        c = chr(code)
        self[code] = c if unicodedata.category(c)[0] in "LMN" or c in "':" else " "
        return self[code]


_COMPARED = _Compared({ord("’"): "'"})


@lru_cache(maxsize=64)
def fold(text: str) -> str:
    """Text as it is compared: one width, one case, no punctuation, single spaces.

    A turn asks a dozen times for the same words; a few turns' words are remembered, and no more.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().translate(_COMPARED).split())


class _Spelled(NamedTuple):
    """A label, or one word of it, with the letters it is made of (:func:`_letters`)."""

    words: str
    length: int
    letters: int


class _Label(NamedTuple):
    """One way to say an option, as replies are compared with it."""

    folded: str
    words: frozenset[str]
    negates: bool
    spelled: tuple[_Spelled, ...]
    """The whole of it, and then each word."""


class _Labels(NamedTuple):
    """All ways to say an option, and what rules out most options at one glance."""

    each: tuple[_Label, ...]
    folded: frozenset[str]
    words: frozenset[str]
    wordless: bool
    """Whether one of them has no words, as an emoji alone: it is part of whatever is said."""


@lru_cache(maxsize=10_000)
def _labels(ways: tuple[str, ...]) -> _Labels:
    """For what the clinic wrote: it is compared with every reply. What patients wrote is not kept."""
    each = tuple(map(_label, ways))
    folded, words = frozenset(one.folded for one in each), frozenset(word for one in each for word in one.words)
    return _Labels(each, folded, words, not all(folded))


def _label(way: str) -> _Label:
    folded = fold(way)
    words = folded.split()
    return _Label(folded, frozenset(words), negates(way), tuple(map(_spelled, (folded, *words))))


def _spelled(text: str) -> _Spelled:
    return _Spelled(text, len(text), _letters(text))


@dataclass(frozen=True, slots=True)
class Offered:
    """An option a reply can mean: its id, every way to say it, and the date and time it stands for if any."""

    id: str
    words: tuple[str, ...]
    date: str = ""
    time: str = ""


def options_meant(text: str, reading: Reading, offered: Sequence[Offered], shown: int = 99) -> tuple[str, ...]:
    """Ids of the options a reply may mean: none, one, or several when it fits several equally well.

    The first ``shown`` of them are what the patient sees: only those have a number.
    """
    folded = fold(text)
    if not folded or not offered:
        return ()
    by_number = _by_number(folded, offered, shown)
    if by_number:
        return by_number
    for find in (_by_exact_words, _by_date_and_time, _by_shared_words, _by_order, _by_likeness):
        found = find(folded, reading, offered)
        if found:
            return found
    return ()


def _by_number(folded: str, offered: Sequence[Offered], shown: int) -> tuple[str, ...]:
    match = _NUMBER.fullmatch(folded)
    if match is None:
        return ()
    number = int(match.group(1))
    found = [offered[number - 1].id] if 1 <= number <= min(shown, len(offered)) else []
    if match.group(1) == folded:
        # "10" may be the tenth option, ten o'clock or the tenth of the month: all are offered back.
        hours, day = (f"{number:02d}:00", f"{number + 12}:00"), f"-{number:02d}"
        found += [one.id for one in offered if one.time in hours or one.date.endswith(day)]
    return tuple(dict.fromkeys(found))


def _by_exact_words(folded: str, reading: Reading, offered: Sequence[Offered]) -> tuple[str, ...]:
    return tuple([one.id for one in offered if folded in _labels(one.words).folded])


def _by_date_and_time(folded: str, reading: Reading, offered: Sequence[Offered]) -> tuple[str, ...]:
    if not any(one.date or one.time for one in offered):
        return ()
    by_date = [one for one in offered if one.date and one.date in reading.dates]
    by_time = [one for one in offered if one.time and _at_that_time(one.time, reading)]
    both = [one for one in by_date if one in by_time]
    found = tuple(one.id for one in both or by_date or by_time)
    if not found and not (reading.dates or reading.times or reading.part_of_day) and _EARLIEST.search(folded):
        found = tuple(one.id for one in offered if one.date or one.time)[:1]
    # "Not tomorrow" names a day and does not choose it. Of two days one may be denied and the other meant.
    return () if len(found) == 1 and negates(folded) else found


def _at_that_time(time: str, reading: Reading) -> bool:
    if not reading.part_of_day:
        return time in reading.times
    begins, ends = reading.part_of_day
    return begins <= time < ends


def _by_shared_words(folded: str, reading: Reading, offered: Sequence[Offered]) -> tuple[str, ...]:
    said, said_no = set(folded.split()), negates(folded)
    same_sense, other_sense = [], []
    for one in offered:
        labels = _labels(one.words)
        if labels.words.isdisjoint(said) and not labels.wordless:
            continue
        found = [label for label in labels.each if said <= label.words or label.words <= said]
        if any(label.negates == said_no for label in found):
            same_sense.append(one.id)
        elif found:
            other_sense.append(one.id)
    # "No wait, change the time" has the words of two answers: it is asked back.
    return tuple(same_sense + other_sense) if same_sense else ()


def _by_order(folded: str, reading: Reading, offered: Sequence[Offered]) -> tuple[str, ...]:
    """ "The second one", where no option has these words itself."""
    match = _ORDER.fullmatch(folded)
    place = _PLACES[match.group(1)] if match else 0
    return (offered[place - 1].id,) if 1 <= place <= len(offered) else ()


def _by_likeness(folded: str, reading: Reading, offered: Sequence[Offered]) -> tuple[str, ...]:
    # 11:00 is one character from 10:00: what has digits is never corrected.
    if not 4 <= len(folded) <= 60 or any(map(str.isdigit, folded)):
        return ()
    said_no, spelled = negates(folded), slice(None if " " not in folded else 1)
    texts = [
        (one.id, text)
        for one in offered
        for label in _labels(one.words).each
        if label.negates == said_no
        for text in label.spelled[spelled]
    ]
    return tuple(dict.fromkeys(id for id, words in _perhaps_alike(folded, texts) if _alike(folded, words)))


def _perhaps_alike(said: str, texts: Iterable[tuple[str, _Spelled]]) -> Iterator[tuple[str, str]]:
    """Nearly nothing is alike: what the lengths rule out, or letters that were not said, is not looked at."""
    long, unsaid = len(said), ~_letters(said)
    shortest, longest = long / _LENGTHS_MAX, long * _LENGTHS_MAX
    for id, (words, length, letters) in texts:
        if shortest <= length <= longest and (letters & unsaid).bit_count() <= length - _ALIKE * (length + long) / 2:
            yield id, words


def _letters(text: str) -> int:
    """The letters of a text as bits of a number. Some share a bit: two texts differ by no fewer than it says."""
    letters = 0
    for c in text:
        letters |= 1 << (ord(c) & 63)
    return letters


def _alike(said: str, words: str) -> bool:
    """Whether two texts are alike. What their letters rule out is not compared."""
    if sum(map(said.__contains__, words)) < _ALIKE * (len(said) + len(words)) / 2:
        return False
    return difflib.SequenceMatcher(None, words, said).ratio() >= _ALIKE


def negates(text: str) -> bool:
    """Whether a text has a "no" in it."""
    folded = fold(text)
    return _has_negation(folded) and _has_negation(_DENIES_NOTHING.sub(" ", folded))


def _has_negation(folded: str) -> bool:
    return not (NEGATIONS.isdisjoint(folded.split()) and NEGATIONS_WITHIN.isdisjoint(folded))


def typed_answer(kind: AnswerType, message: Message, tries: int) -> Value:
    """The value a typed reply gives for a question of this type, or None when it is none.

    Dates come as ``yyyy-mm-dd`` and times as ``HH:MM`` in clinic time, phones as E.164, numbers as their digits.
    """
    reading, text = message.reading, message.text.strip()
    match kind:
        case "text":
            return text[:TEXT_CHARACTERS_MAX] or None
        case "person name":
            return person_name(text, strict=tries == 0)
        case "phone":
            return reading.phone
        case "date":
            return reading.dates[0] if len(reading.dates) == 1 else None
        case "time":
            return reading.times[0] if len(reading.times) == 1 else None
        case "number":
            return reading.number
        case "email":
            return reading.email
        case "yes or no":
            return None if reading.yes_no is None else ("yes" if reading.yes_no else "no")


def person_name(text: str, strict: bool) -> str | None:
    """A person's name, without "my name is", or None. ``strict`` wants two words; many people have one name, so a
    second try does not. Scripts written without spaces need two characters."""
    name = " ".join(text.split())
    name = _AFTER_A_NAME.sub("", _BEFORE_A_NAME.sub("", name, count=1) if _BEFORE_A_NAME.match(name) else name)
    letters = [c for c in name if unicodedata.category(c)[0] == "L"]
    if not len(letters) >= 2 or len(name) > NAME_CHARACTERS_MAX or _NOT_A_NAME.search(name) or _is_a_sentence(name):
        return None
    if any(ord(c) > 0x2E7F for c in letters):
        return name
    words = name.split()
    return name if len(words) >= 2 or (not strict and len(letters) >= 3) else None


def _is_a_sentence(name: str) -> bool:
    """Whether this is said about something else. One such word may be a name of its own ("Mana", "Will Time")."""
    words = fold(name).split()
    ordinary = sum(word in _IN_NO_NAME for word in words)
    return ordinary >= 2 or ordinary == len(words) or not _IN_NO_HAN_NAME.isdisjoint(name)
