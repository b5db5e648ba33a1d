"""The sentences the engine itself speaks. A clinic words each of them in ``_clinic.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

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
        "back again": (),
        "list button": (),
        "more": (),
        "numbered": (),
        "anything else": (),
        "reminder": ("service", "when", "number", "practitioner"),
        "desk booked": ("when", "number", "practitioner"),
        "desk moved": ("when", "number", "practitioner"),
        "desk cancelled": ("when", "number", "practitioner"),
        "desk fell through": ("when", "number", "practitioner", "times"),
        "stopped": (),
        "started": (),
        "not understood": (),
    }
)
"""Every text that must exist, and the names it may use besides ``clinic.…`` and ``contact.…``."""
