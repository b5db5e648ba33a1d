"""The state of one conversation: who may speak, what runs, which question is open, what was saved.

It is frozen; a turn makes a new one. :func:`to_data` and :func:`from_data` turn it into plain data and back for SQL and
Redis. Data written by an older version stays readable: unknown keys are dropped, missing ones take their defaults.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Literal, TypeVar

from bot.core.flow import NOTHING, Value

Control = Literal["bot", "waiting", "held", "closed"]
Then = Literal["go on", "return", "ask"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Passed:
    """A question that was answered, and what was saved when it was asked: where a step back leads."""

    step: str
    saved: Mapping[str, Value]
    opened: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """Days and times said ahead of the question for them (:mod:`bot.core.wishes`), as a reading has them."""

    dates: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    part: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Frame:
    """One running flow. The last frame of a conversation is the one that speaks."""

    flow: str
    step: str
    saved: Mapping[str, Value] = field(default_factory=dict)
    tries: int = 0
    """Answers to the open question that were not understood."""
    passed: tuple[Passed, ...] = ()
    entered: Mapping[str, int] = field(default_factory=dict)
    """How often each step with ``at most`` was entered."""
    opened: Mapping[str, str] = field(default_factory=dict)
    """Things this flow opened (``hold``) and the action that takes each back."""
    then: Then = "go on"
    """When this flow ends, the one below goes on at its step, asks its question again, or is offered."""
    page: int = 0
    """Page of a long list that is shown."""
    asked: int = 0
    """Turn in which the open question was first asked; it may have been repeated since, and its buttons still count."""
    edition: int = 0
    """The older edition of the flows that this one finishes on; 0 when it goes by the conversation's."""
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """An option as it was actually shown. Its value is found again by its id."""

    id: str
    label: str
    role: Literal["option", "more", "continue", "drop", "faq", "flow", "none"] = "option"
    """``more`` turns the page; ``continue``/``drop`` answer "shall we go on?"; ``faq``, ``flow`` and ``none`` answer
    "which one?"."""


@dataclass(frozen=True, slots=True)
class Open:
    """The question that is open: the turn it was asked in and everything that was offered."""

    turn: int
    options: tuple[Shown, ...] = ()
    asked_at: int = 0
    """Epoch seconds."""
    silence: int = 0
    """Index of the next silence rule."""
    about: Literal["step", "continue", "faq"] = "step"
    """A step of the running flow, "shall we go on?", or a choice between FAQ questions or flows."""


@dataclass(frozen=True, slots=True)
class Followed:
    """The follow-up that asked something last, beside the open question. Words mean it only as the next thing said."""

    turn: int
    id: int
    kind: str
    appointment: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True)
class Closed:
    """What staff closed by "done": all of it comes back when they take that back, if nothing happened since."""

    turn: int
    """The turn that closed it."""
    control: Control
    holder: str = ""
    introduced: str = ""
    reason: str = ""
    urgent: bool = False
    look: bool = False
    waiting_since: int = 0
    later_until: int = 0
    stack: tuple[Frame, ...] = ()
    open: Open | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """Everything a turn decides on. Instants are UTC epoch seconds; 0 means never."""

    id: str
    address: str
    language: str = "en"
    language_chosen: bool = False
    control: Control = "bot"
    control_version: int = 0
    holder: str = ""
    introduced: str = ""
    """Of whom the patient was told last that she answers, since a person was needed; an account's id."""
    reason: str = ""
    urgent: bool = False
    look: bool = False
    """Something arrived that the bot cannot read: staff should look, while the bot goes on."""
    waiting_since: int = 0
    """Since when the patient waits for words of a person; 0 while she does not."""
    control_since: int = 0
    """When who may speak last changed."""
    staff_at: int = 0
    """When staff last did something for the patient."""
    later_until: int = 0
    """Staff put it off until then; 0 when they did not."""
    blocked: bool = False
    """A nuisance: what arrives is kept, and only red flags and the safety words are answered."""
    escalated: str = ""
    """Who was told last that it waits, and under which version of control: ``everybody 7``."""
    closed: Closed | None = None
    told: str = ""
    """The clinic-wide notice that the patient was last told, by its id."""
    holding_texts: int = 0
    holding_text_at: int = 0
    stack: tuple[Frame, ...] = ()
    open: Open | None = None
    greeted: bool = False
    opted_out: bool = False
    agreed_at: int = 0
    """When the patient agreed to promotion; the journal has the words."""
    followed: Followed | None = None
    footer_at: int = 0
    unreachable: str = ""
    """Why nothing can be written to this address, until the patient writes from it again."""
    last_inbound_at: int = 0
    silence_due: int = 0
    """When the open question's next silence rule falls due; 0 when none does."""
    turn: int = 0
    """Turns taken; equals ``seq`` of the stored row."""
    edition: int = 0
    """The edition of the flows that the last turn went by; 0 before the first was published."""

    @property
    def phone(self) -> str:
        """The number behind the address in E.164, or empty when the address is a user id without one."""
        number = self.address.removeprefix("whatsapp:")
        return number if number.startswith("+") and number[1:].isdigit() else ""

    @property
    def running(self) -> Frame | None:
        """The flow that speaks, if any."""
        return self.stack[-1] if self.stack else None


_PLAIN = frozenset({str, int, bool, type(None)})
_DEFAULTS: Mapping[type, Mapping[str, Any]] = {
    kind: {
        one.name: one.default if one.default_factory is dataclasses.MISSING else one.default_factory()
        for one in dataclasses.fields(kind)
    }
    for kind in (Passed, Wish, Frame, Shown, Open, Followed, Closed, Conversation)
}
"""The fields of each kind, and what they hold by default. MISSING equals nothing: what must be given is always kept."""
_ALL_OF = {kind: attrgetter(*defaults) for kind, defaults in _DEFAULTS.items()}
_PLACES = {name: place for place, name in enumerate(_DEFAULTS[Conversation])}


def changed(conversation: Conversation, **fields: Any) -> Conversation:
    """The conversation with some fields changed: what dataclasses.replace gives, in half the time: a turn changes
    half a dozen of its three dozen fields, one after the other. Raises KeyError for a field there is not."""
    values = list(_ALL_OF[Conversation](conversation))
    for name, value in fields.items():
        values[_PLACES[name]] = value
    return Conversation(*values)


def to_data(conversation: Conversation) -> dict[str, Any]:
    """Plain data, small: fields that have their default value are left out."""
    data: dict[str, Any] = _lean(conversation)
    return data


def from_data(data: Mapping[str, Any]) -> Conversation:
    """The conversation that :func:`to_data` wrote down."""
    fields = _running(data)
    if data.get("closed") is not None:
        fields["closed"] = _made(Closed, _running(data["closed"]))
    if data.get("followed") is not None:
        fields["followed"] = _made(Followed, data["followed"])
    return _made(Conversation, fields)


def _running(data: Mapping[str, Any]) -> dict[str, Any]:
    """The flows that run and their open question, of a conversation or of what was closed."""
    question = data.get("open")
    running = {"stack": tuple(_frame(frame) for frame in data.get("stack", ()))}
    return {**data, **running, "open": None if question is None else _open(question)}


def _frame(data: Mapping[str, Any]) -> Frame:
    passed = tuple(
        Passed(row["step"], row.get("saved", NOTHING), tuple(row.get("opened", ()))) for row in data.get("passed", ())
    )
    said = data.get("wish")
    wish = None if said is None else _made(Wish, {name: tuple(words) for name, words in said.items()})
    return _made(Frame, {**data, "passed": passed, "wish": wish})


def _open(data: Mapping[str, Any]) -> Open:
    return _made(Open, {**data, "options": tuple(_made(Shown, row) for row in data.get("options", ()))})


def _made(kind: type[T], data: Mapping[str, Any]) -> T:
    names = _DEFAULTS[kind].keys()
    if data.keys() <= names:
        return kind(**data)
    return kind(**{name: value for name, value in data.items() if name in names})


def _lean(value: Any) -> Any:
    kind = type(value)
    if kind in _DEFAULTS:
        held = zip(_DEFAULTS[kind].items(), _ALL_OF[kind](value), strict=True)
        # Nearly everything is plain, and calling for each of them is most of what this costs.
        return {
            name: now if type(now) in _PLAIN else _lean(now)
            for (name, default), now in held
            if now is not default and now != default
        }
    if isinstance(value, tuple | list):
        return [_lean(one) for one in value]
    if isinstance(value, Mapping):
        return {name: now if type(now) in _PLAIN else _lean(now) for name, now in value.items()}
    return value
