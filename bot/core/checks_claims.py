"""Checks on what no text to a patient may say: claims and comfort that a clinic may not give, and links that lie.

What grades, comforts, promises or advises is an error: it may keep somebody at home who should not stay there, or it is
what the law on advertising for medical services forbids (Singapore: HCSA Advertisement Regulations 2021, reg 5 and 14).
Praise that can be meant otherwise ("top floor") is a warning. Only English is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.checks_languages import spots
from bot.core.fault import Fault
from bot.core.flow import Clinic

FACTS_FILE = "clinic.yaml"
NEVER = re.compile(
    r"(?i)\bnot (?:urgent|serious)\b|\blow risk\b|\bnothing to worry\b|\b(?:don.t|do not|no need to) worry\b"
    r"|\bharmless\b|\byou(?: are|.re| will be|.ll be) fine\b|\bis (?:quite |perfectly |completely |all )?normal\b"
    r"|\bguarantee\w*|\b100 ?%|\bpain-?free\b|\bpainless\b|\bcure[sd]?\b|\bmost effective\b|\bsafest\b|\bworld.class\b"
    r"|\bsuccess rate|\bpatients say\b|\bbefore.and.after (?:photo|picture|image)|\bno\. ?1\b|\bnumber one\b"
    r"|\bbetter than (?:other|any|most)\b|\byou should (?:take|stop|start|rest|exercise|fast)\b"
    r"|\byou (?:probably )?have (?:a |an )?(?:slipped|pinched|sciatica|stenosis)\b"
    r"|\byou need (?:an? )?(?:mri|surgery|operation)\b|\bi am (?:an? )?(?:nurse|doctor|human|person)\b|[★⭐]"
)
PRAISE = re.compile(
    r"(?i)\b(?:best|leading|top|renowned|unique|award\w*|expert\w*|trusted by|state.of.the.art|proven|permanent\w*"
    r"|discount\w*|promo\w*|free of charge|for free|24/7|as soon as possible|right away)\b"
)
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


def _found(clinic: Clinic, code: str, words: re.Pattern[str], why: str, remedy: str) -> Iterator[Fault]:
    for spot in spots(clinic):
        said = words.search(_NAME.sub("", spot.text.source))
        if said is not None and not spot.name:
            yield spot.fault(code, f'says "{said.group(0)}", which {why}.', remedy)


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
    yield from _LINK.findall(text)
    for link in _HTTPS.findall(text):
        host = link.split("/")[2]
        if not host.startswith("{") and (not _PLAIN_HOST.match(link) or "xn--" in host.lower() or "@" in host):
            yield link
