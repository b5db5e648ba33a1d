"""Templates: words that may start a conversation, once WhatsApp has approved them.

Outside the 24-hour window nothing else may be sent. An admin writes them with names (``{when}``); Twilio and WhatsApp
number them (``{{1}}``). Limits are Meta's and Twilio's (https://www.twilio.com/docs/content/content-types-overview,
https://www.twilio.com/docs/content/using-variables-with-content-api), as a table of checks that a reader scans.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.core.flow import MessageTemplate

BODY_CHARACTERS_MAX = 1024
"""Of the text itself, and of what it becomes with its variables (error 63021)."""
VARIABLES_MAX = 100
VARIABLE_CHARACTERS_MAX = 255
BUTTONS_MAX = 3
"""Ten are allowed with approval; inside the window, where the same question goes without, only three."""
BUTTON_CHARACTERS_MAX = 20
WHATSAPP_LANGUAGES: Mapping[str, str] = {"zh": "zh_CN"}
"""WhatsApp's code where it differs from ours."""

_PLACE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_BRACE = re.compile(r"[{}]")
_NEIGHBOURS = re.compile(r"\}\s*\{")
_EMPTY_LINES = re.compile(r"\n\s*\n\s*\n")
_UNFIT = re.compile(r"[\n\r\t]| {5,}")
_DECORATED = re.compile(r"[*_~`{}\n]")
# Chinese and its like have no spaces: a character counts as a word.
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\s\u3400-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True, slots=True)
class Wording:
    """A template in one language, as Twilio keeps it: ``Wording("reminder", "en", "See you {{1}}.", ("when",), …)``.

    ``place`` is the language's place among the clinic's.
    """

    name: str
    language: str
    body: str
    variables: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    buttons: tuple[str, ...] = ()
    place: int = 0

    @property
    def key(self) -> str:
        """Its name in the Twilio account: other words are another template, for an approved one cannot be changed."""
        said = json.dumps([self.body, self.samples, self.buttons], ensure_ascii=False)
        return f"frontdesk_{self.name}_{self.language.lower()}_{hashlib.sha256(said.encode()).hexdigest()[:10]}"

    @property
    def whatsapp_language(self) -> str:
        """WhatsApp's code of the language."""
        return WHATSAPP_LANGUAGES.get(self.language, self.language.replace("-", "_"))


@dataclass(frozen=True, slots=True)
class Content:
    """A template with its variables, ready to be posted. ``body`` is what the patient reads, and Twilio lists."""

    sid: str
    body: str
    variables: Mapping[str, str]


class Unfit(Exception):
    """These variables cannot fill the template. The sentence is for staff."""


def wordings(template: MessageTemplate, languages: Sequence[str]) -> tuple[Wording, ...]:
    """The template in each language it is written in; the first language is the one it was written in."""
    names = tuple(template.samples)
    return tuple(
        Wording(
            template.name,
            language,
            _PLACE.sub(lambda found: f"{{{{{names.index(found[1]) + 1}}}}}", template.body.in_language(language)),
            names,
            tuple(template.samples.values()),
            tuple(button.in_language(language) for button in template.buttons),
            place,
        )
        for place, language in enumerate(languages)
        if place == 0 or language in template.body.translations
    )


def filled(
    sid: str, body: str, variables: Sequence[str], values: Mapping[str, str], buttons: Sequence[str] = ()
) -> Content:
    """A template's body with its variables. ``buttons`` are the ids that come back when one is tapped.

    Raises Unfit for a value that is missing or empty, and for a text that becomes too long. A value that is too long
    is cut, and line breaks become spaces: WhatsApp takes neither.
    """
    said = {}
    for number, name in enumerate(variables, 1):
        value = " ".join(values.get(name, "").split())
        if not value:
            raise Unfit(f'the template\'s "{name}" is empty')
        said[str(number)] = (
            value if len(value) <= VARIABLE_CHARACTERS_MAX else value[: VARIABLE_CHARACTERS_MAX - 1] + "…"
        )
    words = re.sub(r"\{\{(\d+)\}\}", lambda found: said[found[1]], body)
    if len(words) > BODY_CHARACTERS_MAX:
        raise Unfit("the template becomes too long with these words")
    ids = {str(number): id for number, id in enumerate(buttons, len(variables) + 1)}
    return Content(sid, words, {**said, **ids})


def mistakes_in_body(body: str, samples: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What WhatsApp would refuse a body for, each with what to do about it."""
    text = body.strip()
    names = [found[1] for found in _PLACE.finditer(text)]
    for name in dict.fromkeys(names):
        if name not in samples:
            yield f'"{{{name}}}" has no sample.', 'Add it to "variables" with a value as patients would read it.'
    if _BRACE.search(_PLACE.sub("", text)):
        yield "a brace belongs to no variable.", "Write variables as {name}, and no other braces."
    if text.startswith("{") or text.endswith("}"):
        yield "it starts or ends with a variable.", "Put words before and after it; a full stop is enough at the end."
    if _NEIGHBOURS.search(text):
        yield "two variables stand side by side.", "Put a word between them."
    if _EMPTY_LINES.search(text):
        yield "there is more than one empty line in a row.", "Leave one."
    words, least = len(_WORD.findall(_PLACE.sub(" ", text))), 2 * len(set(names)) + 1
    if names and words < least:
        yield f"it has {words} words for {len(set(names))} variables.", f"Write at least {least} words around them."
    longest = max(len(text), len(_PLACE.sub(lambda found: samples.get(found[1], ""), text)))
    if longest > BODY_CHARACTERS_MAX:
        yield f"it has {longest} characters.", f"WhatsApp takes {BODY_CHARACTERS_MAX}: shorten it."


def mistakes_in_sample(name: str, sample: str, body: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the sample of a variable."""
    if f"{{{name}}}" not in body:
        yield f'the variable "{name}" is not in the text.', f"Write {{{name}}} in the body, or delete it here."
    if not sample.strip() or len(sample) > VARIABLE_CHARACTERS_MAX:
        yield f'the sample of "{name}" is empty or too long.', f"Write 1 to {VARIABLE_CHARACTERS_MAX} characters."
    if _UNFIT.search(sample.strip()):
        yield f'the sample of "{name}" has a line break or a gap.', "Write it in one line with single spaces."


def mistakes_in_buttons(titles: Sequence[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with a template's buttons in one language."""
    if len(titles) > BUTTONS_MAX:
        yield f"there are {len(titles)} buttons.", f"WhatsApp shows {BUTTONS_MAX}."
    if len(set(titles)) < len(titles):
        yield "two buttons read the same.", "WhatsApp refuses that: word them apart."
    for title in titles:
        if len(title) > BUTTON_CHARACTERS_MAX:
            yield f'the button "{title}" has {len(title)} characters.', f"WhatsApp shows {BUTTON_CHARACTERS_MAX}."
        if _DECORATED.search(title):
            yield f'the button "{title[:20]}" has a variable, a line break or a sign such as *.', "Write plain words."
