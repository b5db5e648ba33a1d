"""One file with a clinic's flows that another clinic can load: its words and ways, and nothing of its own people.

It is JSON with the files as they are, by name, so that there is nothing to unpack. ``clinic.yaml`` alone is made anew:
names, numbers and addresses become examples that the other clinic is told to replace. Tests stay at home unless they
are asked for: they may have been made from what patients wrote.
"""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from typing import Any

from bot.adapters.elsewhere.shapes import Refused
from bot.adapters.elsewhere.writing import dumped
from bot.adapters.flows_nodes import FILE_BYTES_MAX, parse
from bot.adapters.flows_page import data
from bot.core.flow import Value

VERSION = "1"
KEY = "frontdesk flows"
FILES_MAX = 500
FACTS_FILE = "clinic.yaml"
MAY_BE = re.compile(
    r"(?:_clinic|[a-z][a-z0-9_]{0,79})\.yaml|tests/[a-z][a-z0-9_]{0,79}\.yaml"
    r"|translations/[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?/(?:_clinic|[a-z][a-z0-9_]{0,79})\.yaml"
)
"""The paths that a file of flows can have: no way leads out of the folder."""
_SECRET = re.compile(
    r"\b(?:AC|SK|MG|HX)[0-9a-f]{32}\b|\b[0-9a-f]{32,}\b|(?i:password|secret|api[ _-]?key|auth[ _-]?token)\s*[:=]\s*\S"
)
_EXAMPLES: Mapping[str, str] = {
    "name": "Your clinic", "short name": "Your clinic", "phone": "+65 6000 0000", "address": "Your address",
    "directions": "How to find you", "email": "hello@clinic.example", "website": "https://clinic.example",
}  # fmt: skip


def is_bundle(found: Mapping[str, Any]) -> bool:
    """Whether a file is one of ours."""
    return KEY in found


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as one. Raises Refused for a file that must not leave the house."""
    for name, content in files.items():
        if not MAY_BE.fullmatch(name):
            raise Refused(f'"{name}" has a name that other systems may not have. Use a-z, 0-9 and _.')
        found = _SECRET.search(content.decode())
        if found is not None:
            line = content[: len(content.decode()[: found.start()].encode())].count(b"\n") + 1
            raise Refused(f"{name}:{line}: this looks like a key or a secret. Take it out; nothing was exported.")
    texts = {name: content.decode() for name, content in sorted(files.items())}
    if FACTS_FILE in texts:
        texts[FACTS_FILE] = _of_no_clinic(files[FACTS_FILE])
    return (json.dumps({KEY: VERSION, "files": texts}, ensure_ascii=False, indent=1) + "\n").encode()


def unpacked(found: Mapping[str, Any]) -> dict[str, bytes]:
    """The files of a bundle. Raises Refused for one that could not have been made here."""
    if found.get(KEY) != VERSION:
        raise Refused("The file is of a newer Frontdesk. Update this one first.")
    files = found.get("files")
    if not isinstance(files, Mapping) or not files:
        raise Refused("There are no files in it.")
    if len(files) > FILES_MAX:
        raise Refused(f"There are more than {FILES_MAX} files in it.")
    for name, content in files.items():
        if not MAY_BE.fullmatch(name):
            raise Refused(f'"{name[:60]}" is no name of a flow file. Nothing was written.')
        if not isinstance(content, str) or len(content) > FILE_BYTES_MAX:
            raise Refused(f'"{name}" is no text of at most 1 MB. Nothing was written.')
    try:
        return {name: content.encode() for name, content in files.items()}
    except UnicodeEncodeError as error:
        raise Refused("There is half a character in it. Nothing was written.") from error


def _of_no_clinic(content: bytes) -> str:
    """``clinic.yaml`` with examples in the place of what is this clinic's own."""
    [document], _ = parse(content, FACTS_FILE)
    facts = data(document)
    assert isinstance(facts, Mapping)
    own = {key: value for key, value in facts.items() if key not in ("closed", "example values", "confirmed")}
    own |= {key: example for key, example in _EXAMPLES.items() if key in own}
    people = own.get("practitioners")
    if isinstance(people, Mapping):
        own["practitioners"] = {
            id: _of_nobody(person, letter) for (id, person), letter in zip(people.items(), _letters(), strict=False)
        }
    head = '# Facts about the clinic, with examples for what is yours: replace them, then set "confirmed" to "yes".\n'
    return head + dumped({**_lists(own), "example values": [*own], "confirmed": "no"})


def _letters() -> list[str]:
    return [a + b for a in ("", *string.ascii_uppercase) for b in string.ascii_uppercase]


def _of_nobody(person: Value, letter: str) -> dict[str, Value]:
    kept = person if isinstance(person, Mapping) else {}
    return {"name": f"Practitioner {letter}"} | {key: value for key, value in kept.items() if key == "hours"}


def _lists(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lists(part) for key, part in value.items()}
    return [_lists(part) for part in value] if isinstance(value, tuple) else value
