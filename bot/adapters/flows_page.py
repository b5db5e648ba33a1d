"""One file of the clinic while it is read: takes what the file says by shape and notes everything that is wrong.

Nothing here raises for content. What is missing or misshapen becomes a fault, and an empty value to go on with, so that
an admin sees all mistakes at once.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from bot.adapters.flows_nodes import Entries, Items, Node, Scalar
from bot.adapters.flows_slips import CURLY
from bot.core.fault import Fault, did_you_mean, level_of
from bot.core.flow import Text, Value

NAME = re.compile(r"[a-z][a-z0-9_]*")
RESERVED = frozenset({"next", "end", "clinic", "contact"})
_DURATION = re.compile(r"(\d{1,4}) (second|minute|hour|day)s?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
CHANGED = re.compile(
    r"(?i:yes|no|on|off|y|n|true|false|null|~)|[-+]?\d+(:\d\d)+|\+\d+|0\d+|0o[0-7]+|\d[\d_]*_[\d_]*|\d+(\.\d*)?e\d+"
)
"""What other YAML tools would turn into something else than text."""
_SECRET = re.compile(r"\b(?:AC|SK|MG|HX)[0-9a-f]{32}\b|\b[0-9a-f]{32}\b")
_PHONE = re.compile(r"\+\d[\d ]{7,}\d")

NOBODYS: Mapping[str, str] = MappingProxyType({})

Kind = TypeVar("Kind", Scalar, Items, Entries)
_SHAPES: Mapping[type, str] = {Scalar: "a text", Items: "a list", Entries: "keys with values"}
STEP_KINDS = frozenset({"ask", "say", "do", "check", "run", "hand over"})
"""The keys that say what a step does; it has one of them."""
_EXAMPLES: Mapping[str, str] = {
    '"options"': 'yes_please: {label: "Yes, please"}',
    "the option ": '{label: "Yes, please"}',
    "a flow": "flow: callback",
    '"steps"': "confirm: (and its keys below it)",
    '"outcomes"': "found: next",
    '"with"': "service: service",
    '"check"': "- {if: name = value, go to: STEP}",
    '"silent"': "- {after: 15 minutes, say: Are you still there?}",
}
"""What a part of a flow looks like, by how it is called."""


@dataclass(slots=True)
class Translation:
    """One file of translated texts: by path, the node it was made from and the node it became."""

    language: str
    file: str
    pairs: dict[str, tuple[Node, Node]] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)


class Page:
    """A file under the reader's finger. ``step`` is the step being read; faults name it."""

    def __init__(self, file: str, faults: list[Fault], translations: Collection[Translation] = ()) -> None:
        self.file = file
        self.faults = faults
        self.translations = translations
        self.step = ""

    def fault(self, code: str, at: Node, message: str, remedy: str = "") -> None:
        """Note a mistake. Codes that start with W are warnings."""
        self.faults.append(Fault(code, self.file, at.line, at.column, self.step, message, remedy, level_of(code)))

    # ---- shapes

    def of(self, shape: type[Kind], node: Node | None, what: str) -> Kind | None:
        """The node if it has this shape; otherwise a fault and None. Nothing at all is None without a fault."""
        if node is None or isinstance(node, shape):
            return node
        empty = isinstance(node, Scalar) and not node.text
        like = next((f", like {example}" for start, example in _EXAMPLES.items() if what.startswith(start)), "")
        found = "empty" if empty else _SHAPES[type(node)]
        self.fault("E04", node, f"{what} is {found}.", f"It has to be {_SHAPES[shape]}{like}.")
        return None

    def keys(self, node: Node | None, what: str, allowed: Collection[str], required: Collection[str] = ()) -> Entries:
        """Keys of a fixed set. What is not among them is told with what was probably meant."""
        entries = self.of(Entries, node, what) or _nothing(node)
        meant = {key: _meant(key, entries.values[key], allowed) for key in entries.keys if key not in allowed}
        for key, remedy in meant.items():
            self.fault("E03", entries.keys[key], f'{what} has no key "{key}".', remedy)
        if node is not None and (isinstance(node, Entries)):
            for key in required:
                # A mistyped key is one slip: what it was meant for is not missing besides.
                if key not in entries.values and f'Did you mean "{key}"?' not in meant.values():
                    self.fault("E04", entries, f'{what} has no "{key}".', f'Add "{key}: ...".')
        return entries

    def named(self, node: Node | None, what: str, pattern: re.Pattern[str] = NAME) -> Iterator[tuple[Scalar, Node]]:
        """Keys the clinic chooses itself, each with its value. A bad name is told and still given."""
        entries = self.of(Entries, node, what) or _nothing(node)
        for name, at in entries.keys.items():
            self.check_name(at, f'the name "{name}"', pattern)
            yield at, entries.values[name]

    def check_name(self, at: Scalar, what: str, pattern: re.Pattern[str] = NAME) -> None:
        """Tell a name that is not one."""
        if not pattern.fullmatch(at.text):
            self.fault(
                "E05", at, f"{what} has other characters than a-z, 0-9 and _.", f'Write it like "{_as_name(at.text)}".'
            )
        elif pattern is NAME and at.text in RESERVED:
            self.fault("E05", at, f"{what} means something else in this language.", "Choose another name.")

    # ---- values

    def word(self, entries: Entries, key: str, what: str = "") -> str:
        """The text under a key that is no text for patients; empty when it is not there."""
        node = self.of(Scalar, entries.values.get(key), what or f'"{key}"')
        if node is None:
            return ""
        if not node.text.strip():
            self.fault("E04", node, f'"{key}" is empty.', "Write something, or delete it.")
        self._watch(node, plain=False)
        return node.text.strip()

    def name(self, entries: Entries, key: str) -> str | None:
        """A name under a key (``save as``)."""
        word = self.word(entries, key)
        at = entries.values.get(key)
        if word and isinstance(at, Scalar):
            self.check_name(at, f'"{key}: {word}"')
        return word or None

    def number(self, entries: Entries, key: str, least: int = 1, most: int = 10_000) -> int | None:
        """A whole number within bounds under a key."""
        word = self.word(entries, key)
        if not word:
            return None
        if word.isascii() and word.isdigit() and len(word) < 6 and least <= int(word) <= most:
            return int(word)
        self.fault(
            "E04",
            entries.values[key],
            f'"{key}: {word[:20]}" is no number from {least} to {most}.',
            "Write digits only.",
        )
        return None

    def seconds(self, node: Node | None, what: str) -> int:
        """A duration like ``15 minutes`` in seconds; 0 with a fault when it is none."""
        scalar = self.of(Scalar, node, what)
        if scalar is None:
            return 0
        match = _DURATION.fullmatch(scalar.text.strip())
        if match is None or int(match.group(1)) == 0:
            self.fault("E04", scalar, f'{what} "{scalar.text[:20]}" is no length of time.', 'Write "15 minutes".')
            return 0
        return int(match.group(1)) * _SECONDS[match.group(2)]

    def one_of(
        self,
        entries: Entries,
        key: str,
        known: Collection[str],
        otherwise: str = "",
        meant: Mapping[str, str] = NOBODYS,
    ) -> str:
        """One of a few words under a key. ``meant`` has what other words probably mean."""
        word = self.word(entries, key)
        if not word or word in known:
            return word or otherwise
        self.fault(
            "E04",
            entries.values[key],
            f'"{key}: {word}" is not known.',
            did_you_mean(meant.get(word.lower(), word), known, f"Possible are: {', '.join(sorted(known))}."),
        )
        return otherwise

    def words(self, node: Node | None, what: str) -> tuple[str, ...]:
        """A list of texts. One text alone counts as a list of one."""
        if isinstance(node, Scalar):
            node = Items(node.line, node.column, [node])
        items = self.of(Items, node, what)
        found = []
        for item in items.items if items else ():
            scalar = self.of(Scalar, item, f"a line of {what}")
            if scalar is not None and scalar.text.strip():
                self._watch(scalar)
                found.append(scalar.text.strip())
        return tuple(found)

    # ---- texts and their translations

    def text(self, node: Node | None, path: str, what: str) -> Text | None:
        """A text for patients with its translations, or None when it is not there or empty."""
        scalar = self.of(Scalar, node, what)
        if scalar is None:
            return None
        source = scalar.text.strip()
        if not source:
            self.fault("E04", scalar, f"{what} is empty.", "Write what the patient should read.")
            return None
        self._watch(scalar)
        if scalar.cut:
            remedy = "Put quotes around the whole text. A remark is set apart by two spaces."
            self.fault("W07", scalar, 'what follows " #" is a remark, and never said.', remedy)
        translations = {}
        for translation in self.translations:
            pair = self._translated(translation, path)
            if pair is None:
                continue
            before, after = (self.of(Scalar, one, "a translation") for one in pair)
            if before is None or after is None or not after.text.strip():
                continue
            self._stale(translation, path, before, before.text.strip() == source)
            translations[translation.language] = after.text.strip()
        return Text(source, translations)

    def in_all_languages(self, node: Node | None, path: str, what: str) -> tuple[str, ...]:
        """A list of words together with its translations."""
        own = self.words(node, what)
        found = list(own)
        for translation in self.translations if node is not None else ():
            pair = self._translated(translation, path)
            if pair is not None:
                self._stale(translation, path, pair[0], self.words(pair[0], what) == own)
                found += self.words(pair[1], what)
        return tuple(dict.fromkeys(found))

    def _translated(self, translation: Translation, path: str) -> tuple[Node, Node] | None:
        translation.used.add(path)
        return translation.pairs.get(path)

    def _stale(self, translation: Translation, path: str, at: Node, same: bool) -> None:
        if not same:
            Page(translation.file, self.faults).fault(
                "W71",
                at,
                f'"{path}" was translated from an older text.',
                'Check the translation, then copy the new text into "from".',
            )

    def _watch(self, node: Scalar, plain: bool = True) -> None:
        if plain and node.plain and CHANGED.fullmatch(node.text):
            self.fault(
                "W07",
                node,
                f"other programs read {node.text} as something else than text.",
                f'Write "{node.text}" in quotes.',
            )
        if _SECRET.search(node.text):
            self.fault("W06", node, "this looks like a key or a secret.", "Keep secrets in the environment.")
        elif plain and _PHONE.search(node.text):
            self.fault(
                "W06",
                node,
                "there is a phone number in a text.",
                "Put it in clinic.yaml and write {clinic.phone} here.",
            )


def data(node: Node) -> Value:
    """What a node says as plain data: texts, tuples and mappings."""
    match node:
        case Scalar(text=text):
            return text.strip()
        case Items(items=items):
            return tuple(data(item) for item in items)
        case Entries(values=values):
            return {key: data(value) for key, value in values.items()}


def _meant(key: str, value: Node, allowed: Collection[str]) -> str:
    if isinstance(value, Entries) and not STEP_KINDS.isdisjoint(value.values) and STEP_KINDS & set(allowed):
        return f'If "{key}" is a step of its own, move it and its keys to the left, in line with the other steps.'
    if any(c in CURLY for c in key.strip("’")):
        return 'Type straight quotes, "like these": curly ones are for print, and hold no text together.'
    if value == Scalar("", value.line, value.column) and key not in allowed:
        # {label: Now, or later} reads as two keys.
        return "Put quotes around a text that contains a comma."
    return did_you_mean(key, allowed, f"Possible are: {', '.join(sorted(allowed))}.")


def _nothing(node: Node | None) -> Entries:
    return Entries(node.line, node.column) if node is not None else Entries(0, 0)


def _as_name(text: str) -> str:
    ascii_only = "".join(c if c.isascii() and c.isalnum() else "_" for c in text.lower()).strip("_")
    return ascii_only if NAME.fullmatch(ascii_only) else "confirm"
