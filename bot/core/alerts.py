"""What staff are told off the screen, and how it is put: ids and a link, never a name, a number or a word of anybody.

A red flag and a channel that is out of order are told at any hour; what can wait until somebody is there is told in
opening hours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

AlertKind = Literal["red_flag", "waiting", "failed", "channel", "silenced", "mention", "trial"]
Wants = Literal["", "urgent", "all"]
"""What somebody is told: nothing, red flags alone, or everything."""

MINUTES_MAX = 24 * 60
ADDRESSES_MAX = 20
ADDRESS = r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]{1,63})+"
"""Addresses we write to: what mail servers of today take, without quotes, comments and line breaks."""
LINES_MAX = 20
"""A letter names so many things; the rest is on the screen."""


@dataclass(frozen=True, slots=True)
class Alarming:
    """When and where the whole clinic is told. Minutes are opening hours; ``addresses`` are told everything."""

    wait_minutes: int = 20
    silenced_minutes: int = 120
    addresses: tuple[str, ...] = ()


def alarming_from(data: str) -> Alarming:
    """The settings as :func:`alarming_to` wrote them; no data, the defaults."""
    told = json.loads(data) if data else {}
    return Alarming(**{**told, "addresses": tuple(told.get("addresses", ()))})


def alarming_to(alarming: Alarming) -> str:
    """The settings as data."""
    return json.dumps(asdict(alarming))


@dataclass(frozen=True, slots=True)
class Told:
    """One thing in a letter, with when it began in the clinic's own words."""

    kind: AlertKind
    conversation: str
    since: str


_LINES: Mapping[AlertKind, str] = {
    "red_flag": "RED FLAG since {since}: the patient has the safety text. Look at once.",
    "waiting": "Waits for a person since {since}, and nobody has taken it.",
    "failed": "Words to a patient could not be delivered ({since}).",
    "channel": "Nobody can be written to since {since}: WhatsApp or Twilio refuses our messages.",
    "silenced": "The assistant is switched off since {since}.",
    "mention": "A colleague names you in a note ({since}).",
    "trial": "This is a trial: alerts arrive here.",
}
_SUBJECTS: Mapping[AlertKind, str] = {
    "red_flag": "Red flag",
    "channel": "Nobody can be written to",
    "waiting": "A patient waits",
    "failed": "A message was not delivered",
    "silenced": "The assistant is switched off",
    "mention": "You are named in a note",
    "trial": "A trial alert",
}
"""In the order of weight: a letter is named for the weightiest thing in it."""
_PLACES: Mapping[AlertKind, str] = {"channel": "/desk/inbox", "silenced": "/desk/admin/clinic", "trial": "/desk/inbox"}


def is_urgent(kind: AlertKind) -> bool:
    """Whether those are told as well who only want to hear of red flags."""
    return kind in ("red_flag", "trial")


def letter(things: Sequence[Told], desk_url: str, clinic: str) -> tuple[str, str]:
    """Subject and text of a letter about some things."""
    lines = [_line(one, desk_url) for one in things[:LINES_MAX]]
    if len(things) > LINES_MAX:
        lines.append(f"And {len(things) - LINES_MAX} more: {desk_url}/desk/inbox")
    text = "\n\n".join([*lines, "Sign in to see who it is. This letter names nobody on purpose."])
    return _subject(things, clinic), text + "\n"


def shown(things: Sequence[Told], clinic: str) -> tuple[str, str, str]:
    """Title, text and path of a notice about some things, on a device whose screen others may see."""
    weightiest = _weightiest(things)
    path = _path(weightiest) if len(things) == 1 else "/desk/inbox"
    return _subject(things, clinic), _LINES[weightiest.kind].format(since=weightiest.since), path


def _subject(things: Sequence[Told], clinic: str) -> str:
    more = f" and {len(things) - 1} more" if len(things) > 1 else ""
    whose = f" ({clinic})" if clinic else ""
    return f"{_SUBJECTS[_weightiest(things).kind]}{more}{whose}"


def _weightiest(things: Sequence[Told]) -> Told:
    order = list(_SUBJECTS)
    return min(things, key=lambda one: order.index(one.kind))


def _line(one: Told, desk_url: str) -> str:
    return f"{_LINES[one.kind].format(since=one.since)}\n{desk_url}{_path(one)}"


def _path(one: Told) -> str:
    return _PLACES.get(one.kind) or f"/desk/inbox/{one.conversation}"
