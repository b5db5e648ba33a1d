"""The options of a question, out of the answers that led somewhere elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bot.adapters.elsewhere.naming import as_label
from bot.adapters.elsewhere.shapes import Case, Node
from bot.core.answers import fold
from bot.core.flow import Text

_MENU_LINE = re.compile(r"\s*(?:(?:reply|type|press|send) )?\*?(\d{1,2})\*?\s?[.):=\u2013\u2014-]\*?\s*(\S.*)", re.I)


class Also(list[str]):
    """Other words for an option, and what they are in other languages."""

    def __init__(self, words: Sequence[str], translations: Mapping[str, tuple[str, ...]]) -> None:
        super().__init__(words)
        self.translations = translations


@dataclass(frozen=True, slots=True)
class Choice:
    """An option in the making: what it is called, other words for it, and the node it leads to."""

    label: Text
    words: tuple[str, ...]
    words_in: Mapping[str, tuple[str, ...]]
    goes: str

    def also(self, position: int, label: Text) -> Also:
        """Its other words: neither its label nor its number, which are understood anyway."""
        known = {fold(label.source), str(position), ""}
        return Also([word for word in self.words if fold(word) not in known], self.words_in)


def choices(node: Node, menu: Mapping[str, Text]) -> list[Choice]:
    """The options of a question: its cases by words. Without cases, its quick replies."""
    if not node.cases:
        return [Choice(reply, (), {}, node.otherwise) for reply in node.replies]
    found: dict[tuple[str, str], Choice] = {}
    for case in (one for one in node.cases if one.words):
        label = _label(case, node.replies, menu)
        before = found.get((label.source, case.goes), Choice(label, (), {}, case.goes))
        words = tuple(dict.fromkeys((*before.words, *case.words)))
        found[label.source, case.goes] = replace(before, words=words, words_in={**before.words_in, **case.words_in})
    return _told_apart(_by_number(list(found.values())))


def _label(case: Case, replies: list[Text], menu: Mapping[str, Text]) -> Text:
    """What an option is called: by a quick reply, a line of the menu, its category, or its first word."""
    said = {fold(word) for word in (*case.words, case.name.source)}
    exact = (one for one in replies if fold(one.source) in said)
    partly = (one for one in replies if said & set(fold(one.source).split()))
    lines = (menu[word] for word in case.words if word in menu)
    named = (one for one in (case.name, Text(case.words[0])) if one.source)
    return next(one for ways in (exact, partly, lines, named) for one in ways)


def _by_number(found: list[Choice]) -> list[Choice]:
    """In the order of the numbers that patients write, where all have one."""
    numbers = [next((int(word) for word in one.words if re.fullmatch(r"\d{1,2}", word)), 0) for one in found]
    if sorted(numbers) != list(range(1, len(found) + 1)):
        return found
    return [one for _, one in sorted(zip(numbers, found, strict=True), key=lambda pair: pair[0])]


def _told_apart(found: list[Choice]) -> list[Choice]:
    """The same word stands for one option only: the first that has it."""
    labels = {fold(one.label.source): one for one in reversed(found)}
    taken: set[str] = set()
    apart = []
    for one in found:
        words = tuple(word for word in one.words if fold(word) not in taken and labels.get(fold(word), one) is one)
        taken |= set(map(fold, words))
        if labels[fold(one.label.source)] is one:
            apart.append(replace(one, words=words))
    return apart


def without_menu(texts: list[Text]) -> tuple[list[Text], dict[str, Text]]:
    """The texts without the lines of a numbered menu, and what those lines say, by number."""
    menu: dict[str, Text] = {}
    kept = []
    for one in texts:
        lines = [(line, _MENU_LINE.fullmatch(line)) for line in one.source.split("\n")]
        found = {match[1]: Text(as_label(match[2].strip(" *"))) for _, match in lines if match}
        if len(found) < 2 or one.translations:
            kept.append(one)
            continue
        menu |= found
        rest = re.sub(r"\n{3,}", "\n\n", "\n".join(line for line, match in lines if not match)).strip()
        kept += [Text(rest)] if rest else []
    return kept, menu
