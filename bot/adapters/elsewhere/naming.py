"""Names and texts on their way into our language: what may be a name, and what a text may name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection

from bot.adapters.flows_page import NAME, RESERVED

NAME_CHARACTERS_MAX = 40
LANGUAGES = {
    "ara": "ar", "ben": "bn", "cmn": "zh", "deu": "de", "eng": "en", "fra": "fr", "hin": "hi", "ind": "id",
    "ita": "it", "jpn": "ja", "khm": "km", "kor": "ko", "mal": "ml", "msa": "ms", "mya": "my", "nep": "ne",
    "nld": "nl", "pan": "pa", "por": "pt", "rus": "ru", "sin": "si", "spa": "es", "swa": "sw", "swh": "sw",
    "tam": "ta", "tel": "te", "tgl": "tl", "tha": "th", "urd": "ur", "vie": "vi", "zho": "zh", "zlm": "ms",
    "zsm": "ms",
}  # fmt: skip
"""ISO 639-3 as RapidPro writes it, and the codes of `_clinic.yaml`."""


def as_name(written: str, otherwise: str, taken: Collection[str] = ()) -> str:
    """A name that files may have: ``"Next Appointment"`` becomes ``next_appointment``, and ``_2`` when it is taken."""
    plain = unicodedata.normalize("NFKD", written.casefold()).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:NAME_CHARACTERS_MAX].strip("_")
    if name and not name[0].isalpha():
        name = f"{otherwise}_{name}"
    if not NAME.fullmatch(name) or name in RESERVED:
        name = otherwise
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def as_label(written: str) -> str:
    """What stands on a button or as a title: one line, and nothing that names something."""
    return " ".join(written.replace("{", "(").replace("}", ")").split())


def first_words(text: str, count: int = 4) -> str:
    """The words a step is named after."""
    return " ".join(re.findall(r"[A-Za-z']+", text.replace("'", ""))[:count])


def with_names(written: str, pattern: re.Pattern[str], known: Callable[[str], str | None]) -> tuple[str, list[str]]:
    """The text with its expressions turned into ``{names}``, and the expressions that have no counterpart.

    ``known`` gives the name for what a match of ``pattern`` says: empty for a part that is said as nothing, None when
    there is no counterpart. What has none is left out of the text; braces of the text itself are doubled.
    """
    parts: list[str] = []
    lost: list[str] = []
    at = 0
    for match in pattern.finditer(written):
        parts.append(_braced(written[at : match.start()]))
        at = match.end()
        name = known(match.group(0))
        if name is None:
            lost.append(match.group(0))
        elif name:
            parts.append(name if name == "@" else f"{{{name}}}")
    parts.append(_braced(written[at:]))
    said = "".join(parts)
    return (tidied(said) if lost else said), lost


def _braced(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def tidied(text: str) -> str:
    """What is left when a word went: no double spaces, no empty brackets, no comma before a full stop."""
    text = re.sub(r" {2,}", " ", re.sub(r" ?\( *\)", "", text))
    return re.sub(r"[ ,;:]+([.!?]|$)| +(?=[,;:])", r"\1", text, flags=re.MULTILINE).strip()
