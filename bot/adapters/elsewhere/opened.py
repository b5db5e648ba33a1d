"""Opens a file that somebody else made: JSON of a bounded size and depth, or a refusal with a sentence.

What is inside is only ever asked for by shape (:func:`text`, :func:`items`, :func:`entries`): a value of another shape
counts as not there.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from bot.adapters.elsewhere.shapes import Refused

FILE_BYTES_MAX = 10_000_000
DEPTH_MAX = 40
VALUES_MAX = 300_000
NUMBER_DIGITS_MAX = 30
TEXT_CHARACTERS_MAX = 20_000
"""Of one text; the rest is cut off."""
FLOWS_MAX = 200
NODES_MAX = 2_000
"""Of one flow."""


def read(path: Path) -> bytes:
    """A file's content. Raises Refused for what is no file, or larger than any flow."""
    try:
        if not path.is_file():
            raise Refused(f"{path} is no file.")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise Refused(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > FILE_BYTES_MAX:
        raise Refused(f"The file is larger than {FILE_BYTES_MAX // 1_000_000} MB. Export fewer flows at once.")
    return data


def opened(data: bytes) -> Mapping[str, Any]:
    """The object that a JSON file holds. Raises Refused for everything else."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_object, parse_int=_number, parse_float=_number,
            parse_constant=_no_number,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise Refused("The file is not UTF-8 text. Export it again, or save it as UTF-8.") from error
    except RecursionError as error:
        raise Refused(f"The file is nested more than {DEPTH_MAX} deep. No flow is.") from error
    except json.JSONDecodeError as error:
        raise Refused(f"The file is no JSON: line {error.lineno}, column {error.colno}.") from error
    if not isinstance(value, Mapping):
        raise Refused("The file holds no flow: it is JSON, but not an object.")
    _bound(value)
    return value


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise Refused(f'The key "{twice[:40]}" is there twice in one object.')
    return found


def _number(digits: str) -> str:
    """A number as it was written: Python's own would refuse the longest, and change others."""
    if len(digits) > NUMBER_DIGITS_MAX:
        raise Refused(f"There is a number of {len(digits)} digits.")
    return digits


def _no_number(word: str) -> NoReturn:
    raise Refused(f'"{word}" is no number in JSON.')


def _bound(value: object) -> None:
    count, level = 0, [value]
    for _ in range(DEPTH_MAX):
        inside: list[object] = []
        for one in level:
            if isinstance(one, Mapping):
                inside += one.values()
            elif isinstance(one, list):
                inside += one
        count += len(inside)
        if count > VALUES_MAX:
            raise Refused(f"The file has more than {VALUES_MAX} values. Export fewer flows at once.")
        if not inside:
            return
        level = inside
    raise Refused(f"The file is nested more than {DEPTH_MAX} deep. No flow is.")


# ---- asking for a shape


def text(value: object, key: str = "") -> str:
    """A text, or the one under ``key``: as people read it, without control characters and trailing spaces."""
    found = value.get(key) if key and isinstance(value, Mapping) else value
    if not isinstance(found, str):
        return ""
    lines = found[:TEXT_CHARACTERS_MAX].replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ").split("\n")
    return "\n".join("".join(c for c in line if _shown(c)).rstrip() for line in lines).strip()


def _shown(c: str) -> bool:
    # Cf holds what turns the direction of a text, and the joiners that emoji and Tamil are written with.
    return c in "\u200c\u200d" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp")


def whole(value: object, key: str) -> int:
    """The whole number under ``key``; 0 when there is none, or more than nine digits."""
    digits = text(value, key)
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 10 else 0


def items(value: object, key: str) -> list[Any]:
    """The list under ``key``."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, list) else []


def entries(value: object, key: str) -> Mapping[str, Any]:
    """The object under ``key``."""
    found = value.get(key) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def objects(value: object, key: str) -> Iterator[Mapping[str, Any]]:
    """The objects of the list under ``key``."""
    return (one for one in items(value, key) if isinstance(one, Mapping))
