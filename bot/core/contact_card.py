"""Contact cards (vCard, RFC 6350 and the two before it) that patients send: names and numbers, and nothing else.

A card may come from anywhere and hold anything, pictures and addresses too. What is read is bounded, what is not
understood is passed over, and only what was read is ever kept: the card is written anew from it.
"""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.core.one_line import one_line

VCARD = "text/vcard"
READ_BYTES_MAX = 1024 * 1024
CARDS_MAX = 10
NUMBERS_MAX = 5
NAME_CHARACTERS_MAX = 100
NUMBER_CHARACTERS_MAX = 40
LINE_CHARACTERS_MAX = 2_000
"""Of a longer line no more is looked at: it is a picture."""

_FOLD = re.compile(r"\r?\n[ \t]")
_END = re.compile(r"\r\n|\r|\n")
_LINE = re.compile(r'(?:[A-Z0-9-]+\.)?(BEGIN|FN|N|ORG|TEL)((?:;(?:"[^"]*"|[^":;])*)*):(.*)', re.ASCII | re.IGNORECASE)
_ESCAPED = re.compile(r"\\(.)")
_SEPARATOR = re.compile(r"(?<!\\);")
_SCHEME = re.compile(r"(?:\s*tel:)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ContactCard:
    """Somebody's card. ``{"name": "Dr Lim Wei", "numbers": ["+65 6000 0000"]}``; one of both may be empty."""

    name: str
    numbers: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The whole card in one line."""
        return ", ".join(filter(None, (self.name, *self.numbers)))


def is_card(content: bytes) -> bool:
    """Whether a file is a contact card, by its own beginning."""
    return content[:64].removeprefix(b"\xef\xbb\xbf").lstrip().upper().startswith(b"BEGIN:VCARD")


def read_cards(content: bytes) -> tuple[ContactCard, ...]:
    """The cards of a file that say a name or a number; none when there is nothing of the kind in it."""
    text = _FOLD.sub("", content[:READ_BYTES_MAX].decode("utf-8-sig", "replace"))
    cards: list[dict[str, list[str]]] = []
    for name, value in _lines(text):
        if name == "BEGIN":
            cards.append({})
        elif cards:
            cards[-1].setdefault(name, []).append(value)
        if len(cards) > CARDS_MAX:
            break
    read = (_card(card) for card in cards[:CARDS_MAX])
    return tuple(card for card in read if card.name or card.numbers)


def written(cards: Iterable[ContactCard]) -> bytes:
    """The cards as a file that address books take, and that :func:`read_cards` reads as these again."""
    lines: list[str] = []
    for card in cards:
        name = _escaped(card.name)
        lines += ["BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}"]
        lines += [*(f"TEL:{_escaped(number)}" for number in card.numbers), "END:VCARD"]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in _END.split(text):
        if found := _LINE.fullmatch(line[:LINE_CHARACTERS_MAX]):
            name, parameters, value = found.groups()
            if "QUOTED-PRINTABLE" in parameters.upper():
                value = a2b_qp(value.encode()).decode("utf-8", "replace")
            yield name.upper(), value


def _card(said: dict[str, list[str]]) -> ContactCard:
    names = (_plain(said.get("FN", [""])[0]), _by_parts(said.get("N", [""])[0]), _plain(said.get("ORG", [""])[0]))
    numbers = (
        one_line(_SCHEME.sub("", _unescaped(one), count=1), NUMBER_CHARACTERS_MAX) for one in said.get("TEL", ())
    )
    dialled = dict.fromkeys(number for number in numbers if any(c.isdigit() for c in number))
    return ContactCard(next(filter(None, names), ""), tuple(dialled)[:NUMBERS_MAX])


def _by_parts(name: str) -> str:
    """``Lim;Wei;;Dr;`` is Dr Wei Lim."""
    family, given, more, before, after = [*_SEPARATOR.split(name), "", "", "", "", ""][:5]
    return _plain(" ".join((before, given, more, family, after)))


def _plain(value: str) -> str:
    return one_line(_unescaped(value), NAME_CHARACTERS_MAX)


def _unescaped(value: str) -> str:
    return _ESCAPED.sub(lambda found: " " if found[1] in "nN" else found[1], value)


def _escaped(value: str) -> str:
    return re.sub(r"[\\,;]", lambda found: "\\" + found[0], value)
