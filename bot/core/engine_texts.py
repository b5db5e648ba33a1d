"""The sentences the engine itself speaks. A clinic words each of them in ``_clinic.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_APPOINTMENT = ("service", "when", "number", "practitioner")

ENGINE_TEXTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "which one": ("first", "second"),
        "which question": (),
        "none of these": (),
        "old button": (),
        "apology": (),
        "continue question": ("title",),
        "continue yes": (),
        "continue no": (),
        "nothing to undo": (),
        "cannot read": (),
        "handed over": (),
        "still waiting": (),
        "found late": (),
        "who answers": ("staff",),
        "back again": (),
        "list button": (),
        "more": (),
        "numbered": (),
        "anything else": (),
        "reminder": _APPOINTMENT,
        "reminder confirm": (),
        "reminder move": (),
        "reminder cancel": (),
        "preparation": (*_APPOINTMENT, "notes"),
        "check in": _APPOINTMENT,
        "check in well": (),
        "check in call": (),
        "rebook": _APPOINTMENT,
        "rebook book": (),
        "rebook no": (),
        "offer": (*_APPOINTMENT, "offered"),
        "offer take": (),
        "offer keep": (),
        "nudge": (),
        "nudge book": (),
        "nudge no": (),
        "confirmed": _APPOINTMENT,
        "changed since": _APPOINTMENT,
        "not booked": _APPOINTMENT,
        "not theirs": (),
        "moved to": _APPOINTMENT,
        "offer gone": _APPOINTMENT,
        "kept": _APPOINTMENT,
        "left for staff": (),
        "no thanks": (),
        "desk booked": ("when", "number", "practitioner"),
        "desk moved": ("when", "number", "practitioner"),
        "desk cancelled": ("when", "number", "practitioner"),
        "desk fell through": ("when", "number", "practitioner", "times"),
        "new times": (),
        "new time gone": (),
        "said ahead": (),
        "no such day": ("day",),
        "day closed": ("day",),
        "day too far": ("day", "last"),
        "day not free": ("day",),
        "days not free": (),
        "stopped": (),
        "started": (),
        "not understood": (),
    }
)
"""Every text there is, and the names it may use besides ``clinic.…`` and ``contact.…``."""

ONLY_WITH: Mapping[str, str] = MappingProxyType({"who answers": "say who answers"})
"""Texts that must exist only where ``clinic.yaml`` says yes to a key, and that key."""

MAY_MISS = frozenset({"said ahead", "no such day", "day closed", "day too far", "day not free", "days not free"})
"""Texts that came later than what clinics have published: without them a question's own "not understood" is said, or
nothing ("said ahead"). All others always must exist."""
