"""Who may do what at the desk, and how long somebody who guesses has to wait.

Both are tables. A page names the permission it needs; a permission that does not stand here cannot be named.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Role = Literal["reception", "lead", "admin", "read_only"]
ROLES: tuple[Role, ...] = get_args(Role)
ROLE_WORDS: Mapping[Role, tuple[str, str]] = {
    "reception": ("Reception", "Answers patients and keeps the diary."),
    "lead": ("Lead", "Also sees the numbers, and may silence the assistant for everybody."),
    "admin": ("Admin", "Also looks after staff, what the assistant says, and patients' data."),
    "read_only": ("Read only", "Sees conversations and the diary, and changes nothing."),
}
"""Each role's name, and what it is for in one sentence."""

_ALL: frozenset[Role] = frozenset(ROLES)
_AT_WORK: frozenset[Role] = frozenset({"reception", "lead", "admin"})
_LEADING: frozenset[Role] = frozenset({"lead", "admin"})
_ADMIN: frozenset[Role] = frozenset({"admin"})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "account": _ALL,  # one's own password, second factor and preferences
    "inbox.read": _ALL,
    "inbox.work": _AT_WORK,  # take over, reply, note, hand back
    "inbox.block": _LEADING,  # a nuisance number
    "patients.read": _ALL,
    "patients.change": _AT_WORK,
    "patients.merge": _AT_WORK,
    "patients.export": _ADMIN,
    "patients.erase": _ADMIN,
    "consents.read": _LEADING,  # what patients agreed to, with their words
    "diary.read": _ALL,
    "diary.change": _AT_WORK,
    "numbers.read": _LEADING,
    "clinic.change": _LEADING,  # notices, quick replies, the switch that silences the assistant
    "flows.read": _LEADING,
    "flows.change": _ADMIN,
    "staff.manage": _ADMIN,
    "audit.read": _ADMIN,
}


def may(role: Role, permission: str) -> bool:
    """Whether a role has a permission. Raises KeyError when there is no such permission."""
    return role in PERMISSIONS[permission]


# ---- words to sign in with

LOGIN_CHARACTERS_MAX = 64
NAME_CHARACTERS_MAX = 80
PASSWORD_CHARACTERS_MIN = 12
PASSWORD_CHARACTERS_MAX = 200
PASSWORD_DISTINCT_MIN = 5
WELL_KNOWN = ("password", "passwort", "qwerty", "123456", "letmein", "welcome", "iloveyou", "frontdesk", "reception")
"""What passwords in every stolen list begin with (NIST SP 800-63B 5.1.1.2 wants such lists compared)."""


def fold_login(typed: str) -> str:
    """A sign-in name as it is kept: neither case nor space around it tells two people apart."""
    return typed.strip().casefold()[:LOGIN_CHARACTERS_MAX]


def weakness(password: str, login: str, name: str) -> str | None:
    """A sentence on why a password is refused, or None. Length counts, not signs (NIST SP 800-63B 5.1.1.2)."""
    folded = password.casefold()
    if len(password) < PASSWORD_CHARACTERS_MIN:
        return f"Use {PASSWORD_CHARACTERS_MIN} characters or more: four unrelated words are easy to keep in mind."
    if len(password) > PASSWORD_CHARACTERS_MAX:
        return f"Use at most {PASSWORD_CHARACTERS_MAX} characters."
    if len(set(folded)) < PASSWORD_DISTINCT_MIN or folded in (folded + folded)[1:-1]:
        return "Use a password that does not repeat itself."
    own = [part for part in (login.partition("@")[0], *name.casefold().split()) if len(part) >= 3]
    rest = folded
    for known in (*WELL_KNOWN, *own):
        rest = rest.replace(known, "")
    # A well-known word may be part of a password, but not nearly all of it.
    return "Use a password that is hard to guess for others." if len(rest) < PASSWORD_CHARACTERS_MIN // 2 else None


# ---- waiting after wrong passwords


@dataclass(frozen=True, slots=True)
class Patience:
    """How many wrong tries are free, and how the wait after each further one doubles (seconds)."""

    free_tries: int
    first_wait_seconds: int
    wait_seconds_max: int


PATIENCE: Mapping[str, Patience] = {
    "device": Patience(10, 15, 300),
    "pair": Patience(5, 15, 900),
    "account": Patience(100, 5, 60),
    "address": Patience(50, 5, 300),
    "code": Patience(5, 30, 900),
}
"""What wrong tries are counted by.

A browser that an account has signed in from before is counted by itself alone (``device``), so that nobody who guesses
elsewhere can keep a receptionist out of her own desk. Any other try counts for the name together with the network
address, for the name, and for the address; nothing is ever locked, waits end by themselves. Which names exist plays no
part: a name that nobody has is counted like any other. ``code`` counts second factors typed in strange browsers.
"""
FORGOTTEN_AFTER_SECONDS = 3_600
"""Without a wrong try for this long the count starts again."""


def wait_seconds(bucket: str, failures: int) -> int:
    """How long to wait after this many wrong tries in a row; 0 while they are free."""
    patience = PATIENCE[bucket]
    over = failures - patience.free_tries
    if over <= 0:
        return 0
    # The doubling is cut off where it passes every maximum, or it would grow without end.
    return min(patience.wait_seconds_max, patience.first_wait_seconds << min(over - 1, 16))
