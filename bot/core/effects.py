"""What a turn wants done, and what happened in it. The desk carries effects out; analytics and replay read the
trace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.core.flow import Value

Speech = Literal["reply", "notice", "safety", "follow-up", "staff", "introduction"]
"""Kinds of words, which decide when they may leave (see :mod:`bot.core.control`). An ``introduction`` says who answers:
it belongs to whoever holds the conversation, as her own words do."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing a patient can tap: the id that comes back, what she reads, and the value it stands for."""

    id: str
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Say:
    """Words to the patient, with choices if it is a question. ``list_button`` opens a list of over three choices.

    ``Say("Shall I book it?", choices=(Choice("7.1.book", "Yes, book it"),))``
    """

    text: str
    speech: Speech = "reply"
    choices: tuple[Choice, ...] = ()
    list_button: str = ""
    hint: str = ""
    """Added when the choices must go out as numbered text: ``Reply with a number.``"""
    file: str = ""
    """Id of the file that goes with it; there may be no words then."""


@dataclass(frozen=True, slots=True)
class DoAction:
    """Something to ask of the clinic's system; its outcome is the next event of the same turn.

    ``quiet`` means that nobody waits for the outcome (a hold given back because the patient left).
    """

    action: str
    inputs: Mapping[str, Value] = field(default_factory=dict)
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class PassToPerson:
    """The conversation waits for a person from now on. ``urgent`` puts it on top of the desk in red."""

    reason: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """A line for staff in the conversation's own history. ``kind`` is past tense: ``patient_gave_up``."""

    kind: str
    detail: str = ""


Effect: TypeAlias = Say | DoAction | PassToPerson | Note


@dataclass(frozen=True, slots=True)
class Trod:
    """One thing that happened: ``Trod("booking", "confirm", "option book")``. Ways are what coverage counts."""

    flow: str
    step: str
    way: str
