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
_NEVER = (
    # grades and comforts
    "not (?:urgent|serious)", "low risk", "harmless", "nothing to worry", "(?:don.t|do not|no need to) worry",
    "you(?: are|.re| will be|.ll be) fine", "is (?:quite |perfectly |completely |all )?normal",
    # promises, praises above others, shows witnesses
    r"guarantee\w*", "pain-?free", "painless", "cure[sd]?", "most effective", "safest", "world.class", "success rates?",
    "patients say", "before.and.after (?:photo|picture|image)s?", r"no\. ?1", "number one",
    "better than (?:other|any|most)",
    # advises and finds out
    "you should (?:take|stop|start|rest|exercise|fast)", "you need (?:an? )?(?:mri|surgery|operation)",
    "you (?:probably )?have (?:a |an )?(?:slipped|pinched|sciatica|stenosis)",
    # is somebody
    "i am (?:an? )?(?:nurse|doctor|human|person)",
)  # fmt: skip
NEVER = re.compile(rf"(?i)\b(?:{'|'.join(_NEVER)})\b|\b100 ?%|[★⭐]")
_PRAISE = (
    "best", "leading", "top", "renowned", "unique", r"award\w*", r"expert\w*", "trusted by", "state.of.the.art",
    "proven", r"permanent\w*", r"discount\w*", r"promo\w*", "free of charge", "for free", "24/7", "as soon as possible",
    "right away",
)  # fmt: skip
PRAISE = re.compile(rf"(?i)\b(?:{'|'.join(_PRAISE)})\b")
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
    if ":" not in text:
        return
    yield from _LINK.findall(text)
    for link in _HTTPS.findall(text):
        host = link.split("/")[2]
        if not host.startswith("{") and (not _PLAIN_HOST.match(link) or "xn--" in host.lower() or "@" in host):
            yield link
