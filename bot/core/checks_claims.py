"""Checks on what no text to a patient may say: claims and comfort that a clinic may not give, and links that lie.

What grades, comforts, promises or advises is an error: it may keep somebody at home who should not stay there, or it is
what the law on advertising for medical services forbids (Singapore: HCSA Advertisement Regulations 2021, reg 5 and 14).
Praise that can be meant otherwise ("top floor") is a warning. Only English is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from bot.core.checks_languages import spots
from bot.core.claims_lexicon import NEVER, PRAISE
from bot.core.fault import Fault
from bot.core.flow import Clinic

ENGINE_FILE, FACTS_FILE = "_clinic.yaml", "clinic.yaml"
_LINK = re.compile(r"(?i)\b(?:javascript|vbscript|data|file|ftp|tel|sms|mailto|intent|http):(?=[^\s,;.])[^\s<>]*")
_HTTPS = re.compile(r"(?i)\bhttps://[^\s<>]{0,300}")
_PLAIN_HOST = re.compile(r"(?i)https://(?:[a-z0-9-]{1,63}\.)+[a-z]{2,20}(?:[:/?#).,!]|$)")
_NAME = re.compile(r"\{[^{}]*\}")


def claims(clinic: Clinic) -> Iterator[Fault]:
    """E94: a text grades, comforts, promises or advises."""
    yield from _found(clinic, "E94", NEVER, "a clinic may not", "Say what happens, not how it will turn out.")


def praise(clinic: Clinic) -> Iterator[Fault]:
    """W94: a text praises or promotes."""
    yield from _found(clinic, "W94", PRAISE, "reads as praise or promotion", "Word it plainly.")


def unknown_languages(clinic: Clinic) -> Iterator[Fault]:
    """W95: a language in which it cannot be decided whether a text claims something."""
    for language in clinic.languages:
        if language not in NEVER:
            message = f'"{language}": whether its texts promise, comfort or praise is not looked at.'
            remedy = "Have somebody who speaks it look for what the check tells of in English."
            yield Fault("W95", ENGINE_FILE, 0, 0, "", message, remedy, "warning")


def _found(clinic: Clinic, code: str, words: Mapping[str, re.Pattern[str]], why: str, remedy: str) -> Iterator[Fault]:
    first = clinic.languages[0]
    for spot in spots(clinic):
        texts = {} if spot.name else {first: spot.text.source, **spot.text.translations}
        for language, text in texts.items():
            said = words[language].search(_NAME.sub("", text)) if language in words else None
            if said is not None:
                where = "" if language == first else f"in {language} "
                yield spot.fault(code, f'{where}says "{said.group(0)}", which {why}.', remedy)


def deceptive_links(clinic: Clinic) -> Iterator[Fault]:
    """E46: a link that is no plain https address: it runs something, hides where it leads, or lets others read."""
    for spot in spots(clinic):
        for text in (spot.text.source, *spot.text.translations.values()):
            for link in _deceptive(text):
                yield spot.fault("E46", f'has the link "{link[:60]}".', "Write it with https:// and the plain name.")
    for key, value in clinic.facts.items():
        for link in _deceptive(value) if isinstance(value, str) else ():
            message = f'"{key}" has the link "{link[:60]}".'
            yield Fault("E46", FACTS_FILE, 0, 0, "", message, "Write it with https:// and the plain name.")


def _deceptive(text: str) -> Iterator[str]:
    if ":" not in text:
        return
    yield from _LINK.findall(text)
    for link in _HTTPS.findall(text):
        host = link.split("/")[2]
        if not host.startswith("{") and (not _PLAIN_HOST.match(link) or "xn--" in host.lower() or "@" in host):
            yield link
