"""A test a receptionist can read: what the patient does, what the bot says, and what the clinic's system answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from bot.core.conversation import Control
from bot.core.events import MessageKind
from bot.core.flow import Value


@dataclass(frozen=True, slots=True)
class Sends:
    """The patient writes, taps the button with this label, or sends a photo, a place, a contact."""

    line: int
    text: str = ""
    kind: MessageKind = "text"


@dataclass(frozen=True, slots=True)
class Waits:
    """The patient does not answer for so long."""

    line: int
    seconds: int


StaffDoes = Literal["take over", "back to the menu", "back to the question", "back to the queue", "done"]


@dataclass(frozen=True, slots=True)
class Staff:
    """What staff do with the conversation: have it, give it back to the bot or into the queue, or close it."""

    line: int
    does: StaffDoes


@dataclass(frozen=True, slots=True)
class Hears:
    """One message of the bot. ``...`` in the text stands for any words; ``options`` None are not looked at."""

    line: int
    text: str
    options: tuple[str, ...] | None = None


Doing: TypeAlias = Sends | Waits | Staff
Spoken: TypeAlias = Doing | Hears


@dataclass(frozen=True, slots=True)
class StandIn:
    """What an action comes out as in a test. ``StandIn("booked", {"number": "A17"})``"""

    outcome: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Given:
    """What is so before the patient writes. ``now`` is clinic time."""

    now: str = "2026-03-02 09:00"
    facts: Mapping[str, Value] = field(default_factory=dict)
    lists: Mapping[str, tuple[Mapping[str, Value], ...]] = field(default_factory=dict)
    language: str = ""
    phone: bool = True
    """Whether the address has a phone number behind it."""
    first_contact: bool = False
    in_turn: Mapping[str, tuple[StandIn, ...]] = field(default_factory=dict)
    """By action: what it comes out as the first time, the second time ..."""
    always: Mapping[str, StandIn] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be so afterwards; what is None is not looked at."""

    ended: str | None = None
    saved: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[str, ...] | None = None
    control: Control | None = None
    urgent: bool | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class Transcript:
    """One test: ``flow`` is the flow it is about."""

    name: str
    file: str
    line: int
    flow: str
    talk: tuple[Spoken, ...]
    given: Given = field(default_factory=Given)
    expected: Expected = field(default_factory=Expected)
