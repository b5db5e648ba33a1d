"""The actions a flow may ask for: what each takes, how it can come out, what it opens and closes.

This table is all that flows and their checks know of an action; :mod:`bot.desk.actions` carries it out, and a test
holds the two together. ``opens``/``closes`` are a small typestate: a hold that was opened must be released or used on
every way through a flow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Declared:
    """One action. ``gives`` maps each outcome to the names its value carries (empty: no value, ``*``: options)."""

    name: str
    takes: tuple[str, ...]
    gives: Mapping[str, tuple[str, ...]]
    kind: Literal["read", "write"] = "read"
    opens: Mapping[str, str] = field(default_factory=dict)
    closes: Mapping[str, str] = field(default_factory=dict)
    undo: str | None = None
    """The action that takes it back when the flow is left or the patient goes a step back."""
    needs_confirmation: bool = False


_OPTIONS = ("*",)
_WHEN = ("number", "when")

ACTIONS: Mapping[str, Declared] = MappingProxyType(
    {
        declared.name: declared
        for declared in (
            Declared("calendar.practitioners", ("service",), {"choice": _OPTIONS, "one": ("label",), "failed": ()}),
            Declared("calendar.find_days", ("service", "practitioner"), {"found": _OPTIONS, "none": (), "failed": ()}),
            Declared(
                "calendar.find_slots",
                ("service", "practitioner", "day"),
                {"found": _OPTIONS, "none": (), "failed": ()},
            ),
            Declared(
                "calendar.hold",
                ("service", "slot"),
                {"held": ("until", "when"), "taken": (), "failed": ()},
                kind="write",
                opens={"held": "hold"},
                undo="calendar.release",
            ),
            Declared(
                "calendar.release",
                (),
                {"released": (), "failed": ()},
                kind="write",
                closes={"released": "hold", "failed": "hold"},
            ),
            Declared(
                "calendar.book",
                ("service", "slot", "name", "phone", "whom"),
                {"booked": _WHEN, "taken": (), "failed": ()},
                kind="write",
                closes={"booked": "hold", "taken": "hold"},
                needs_confirmation=True,
            ),
            Declared(
                "calendar.request",
                ("service", "practitioner", "wishes", "name", "phone"),
                {"requested": ("number",), "failed": ()},
                kind="write",
                needs_confirmation=True,
            ),
            Declared(
                "calendar.move",
                ("appointment", "slot"),
                {"moved": _WHEN, "taken": (), "gone": (), "failed": ()},
                kind="write",
                closes={"moved": "hold", "taken": "hold"},
                needs_confirmation=True,
            ),
            Declared(
                "calendar.cancel",
                ("appointment",),
                {"cancelled": _WHEN, "gone": (), "failed": ()},
                kind="write",
                needs_confirmation=True,
            ),
            Declared("appointments.list", (), {"found": _OPTIONS, "none": (), "failed": ()}),
            Declared(
                "waiting_list.join",
                ("appointment",),
                {"joined": (), "gone": (), "failed": ()},
                kind="write",
            ),
            Declared("faq.questions", ("topic",), {"found": _OPTIONS, "none": ()}),
            Declared("faq.answer", ("question",), {"found": ("text",), "none": ()}),
            Declared("contact.stop", (), {"stopped": (), "failed": ()}, kind="write"),
            Declared("contact.start", (), {"started": (), "failed": ()}, kind="write"),
            Declared("contact.agree", (), {"agreed": (), "failed": ()}, kind="write"),
            Declared("language.set", ("language",), {"set": ()}, kind="write"),
        )
    }
)

FOLLOW_UP_ANSWER, FOLLOW_UP_NUDGE = "follow_up.answer", "follow_up.nudge"
ENGINES_OWN: Mapping[str, Declared] = MappingProxyType(
    {
        declared.name: declared
        for declared in (
            Declared(
                FOLLOW_UP_ANSWER,
                ("follow_up", "appointment", "version", "answer"),
                dict.fromkeys(
                    ("confirmed", "move", "cancel", "moved", "taken", "kept", "changed"),
                    ("service", "when", "number", "practitioner"),
                )
                | {"gone": (), "not_theirs": (), "failed": ()},
                kind="write",
            ),
            Declared(FOLLOW_UP_NUDGE, (), {"made": (), "none": (), "failed": ()}, kind="write"),
        )
    }
)
"""What the engine asks for by itself; no flow may."""

OPTIONAL_INPUTS = frozenset({"phone", "whom", "practitioner"})
"""Inputs that a flow may leave out."""
