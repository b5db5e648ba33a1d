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
    """One action.

    ``takes`` maps each input to the kind of value it takes: an option of ``service``, ``practitioner``, ``day``,
    ``slot``, ``appointment``, ``topic``, ``question`` or ``language``; or ``name``, ``phone``, ``text``. ``gives`` maps
    each outcome to the names its value carries (empty: no value, ``*``: options, of the kind ``of``).
    """

    name: str
    takes: Mapping[str, str]
    gives: Mapping[str, tuple[str, ...]]
    kind: Literal["read", "write"] = "read"
    opens: Mapping[str, str] = field(default_factory=dict)
    closes: Mapping[str, str] = field(default_factory=dict)
    undo: str | None = None
    """The action that takes it back when the flow is left or the patient goes a step back."""
    needs_confirmation: bool = False
    of: str = ""


def _of_kind(kinds: str) -> Mapping[str, str]:
    """Inputs that are called like their kind."""
    return MappingProxyType({kind: kind for kind in kinds.split()})


_OPTIONS = ("*",)
_WHEN = ("number", "when")

ACTIONS: Mapping[str, Declared] = MappingProxyType(
    {
        declared.name: declared
        for declared in (
            Declared(
                "calendar.practitioners",
                _of_kind("service"),
                {"choice": _OPTIONS, "one": ("label",), "failed": ()},
                of="practitioner",
            ),
            Declared(
                "calendar.find_days",
                _of_kind("service practitioner"),
                {"found": _OPTIONS, "none": (), "failed": ()},
                of="day",
            ),
            Declared(
                "calendar.find_slots",
                _of_kind("service practitioner day"),
                {"found": _OPTIONS, "none": (), "failed": ()},
                of="slot",
            ),
            Declared(
                "calendar.hold",
                _of_kind("service slot"),
                {"held": ("until", "when"), "taken": (), "failed": ()},
                kind="write",
                opens={"held": "hold"},
                undo="calendar.release",
            ),
            Declared(
                "calendar.release",
                {},
                {"released": (), "failed": ()},
                kind="write",
                closes={"released": "hold", "failed": "hold"},
            ),
            Declared(
                "calendar.book",
                {**_of_kind("service slot name phone"), "whom": "text"},
                {"booked": _WHEN, "taken": (), "failed": ()},
                kind="write",
                closes={"booked": "hold", "taken": "hold"},
                needs_confirmation=True,
            ),
            Declared(
                "calendar.request",
                {**_of_kind("service practitioner name phone"), "wishes": "text"},
                {"requested": ("number",), "failed": ()},
                kind="write",
                needs_confirmation=True,
            ),
            Declared(
                "calendar.move",
                _of_kind("appointment slot"),
                {"moved": _WHEN, "taken": (), "gone": (), "failed": ()},
                kind="write",
                closes={"moved": "hold", "taken": "hold"},
                needs_confirmation=True,
            ),
            Declared(
                "calendar.cancel",
                _of_kind("appointment"),
                {"cancelled": _WHEN, "gone": (), "failed": ()},
                kind="write",
                needs_confirmation=True,
            ),
            Declared("appointments.list", {}, {"found": _OPTIONS, "none": (), "failed": ()}, of="appointment"),
            Declared(
                "waiting_list.join",
                _of_kind("appointment"),
                {"joined": (), "gone": (), "failed": ()},
                kind="write",
            ),
            Declared("faq.questions", _of_kind("topic"), {"found": _OPTIONS, "none": ()}, of="question"),
            Declared("faq.answer", _of_kind("question"), {"found": ("text",), "none": ()}),
            Declared("contact.stop", {}, {"stopped": (), "failed": ()}, kind="write"),
            Declared("contact.start", {}, {"started": (), "failed": ()}, kind="write"),
            Declared("contact.agree", {}, {"agreed": (), "failed": ()}, kind="write"),
            Declared("language.set", _of_kind("language"), {"set": ()}, kind="write"),
        )
    }
)

FOLLOW_UP_ANSWER, FOLLOW_UP_NUDGE, NEW_TIME = "follow_up.answer", "follow_up.nudge", "new_time.book"
DAY_NAMED = "day.named"
ENGINES_OWN: Mapping[str, Declared] = MappingProxyType(
    {
        declared.name: declared
        for declared in (
            Declared(
                FOLLOW_UP_ANSWER,
                dict.fromkeys(("follow_up", "appointment", "version", "answer"), "text"),
                dict.fromkeys(
                    ("confirmed", "move", "cancel", "moved", "taken", "kept", "changed"),
                    ("service", "when", "number", "practitioner"),
                )
                | {"gone": (), "not_theirs": (), "failed": ()},
                kind="write",
            ),
            Declared(
                NEW_TIME,
                dict.fromkeys(("appointment", "slot"), "text"),
                dict.fromkeys(("booked", "kept"), ("when", "number", "practitioner"))
                | dict.fromkeys(("found", "taken"), ("appointment", "times"))
                | {"none": (), "gone": (), "failed": ()},
                kind="write",
            ),
            Declared(
                DAY_NAMED,
                {"days": "text"},
                {"closed": ("day",), "too_far": ("day", "last"), "not_free": ("day",), "none_free": (), "failed": ()},
            ),
            Declared(FOLLOW_UP_NUDGE, {}, {"made": (), "none": (), "failed": ()}, kind="write"),
        )
    }
)
"""What the engine asks for by itself; no flow may."""

OPTIONAL_INPUTS = frozenset({"phone", "whom", "practitioner"})
"""Inputs that a flow may leave out."""

PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "day": frozenset({"id", "label", "date"}),
        "slot": frozenset({"id", "label", "time", "when", "practitioner"}),
        "appointment": frozenset({
            "id", "label", "description", "version", "number", "when", "date", "service", "service_id", "practitioner",
            "practitioner_id", "patient",
        }),
        "question": frozenset({"id", "label", "name"}),
    }
)  # fmt: skip
"""What texts and inputs may name of an option that an action found, by its kind."""
