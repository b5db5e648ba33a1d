"""What can happen to a conversation. Each event is a frozen value, and becomes plain data for the journal.

A patient's words are read once, outside the core, into a :class:`Reading` that travels inside the event, so that
replaying a journal needs no reader and no clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, get_args

from bot.core.delivery import Mark
from bot.core.flow import Value
from bot.core.location import Location

MessageKind = Literal["text", "tap", "location", "media", "contact", "unknown"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a patient's words say, as far as the desk could read them.

    ``red_flags`` are families, most urgent first. ``faq`` holds (question id, score 0..100), best first. ``dates`` are
    ISO dates in clinic time, ``times`` ``HH:MM``. ``part_of_day`` is from when and until before when, or empty.
    ``phone`` is E.164. ``yes_no`` is None when it says neither. ``no_such_day`` is a day that does not come, as it was
    written ("31 April").
    """

    language: str | None = None
    red_flags: tuple[str, ...] = ()
    faq: tuple[tuple[str, int], ...] = ()
    dates: tuple[str, ...] = ()
    times: tuple[str, ...] = ()
    part_of_day: tuple[str, ...] = ()
    number: str | None = None
    phone: str | None = None
    email: str | None = None
    yes_no: bool | None = None
    no_such_day: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """A patient wrote, tapped or sent something.

    ``{"sid": "SM…", "kind": "tap", "text": "Yes, book it", "button": "4.2.book"}``
    """

    sid: str
    kind: MessageKind = "text"
    text: str = ""
    button: str = ""
    """Id of the button or list row that was tapped, as we sent it."""
    reading: Reading = field(default_factory=Reading)
    sent_at: int = 0
    """Epoch seconds; set when Twilio never brought the message and it was found in its list later."""
    location: Location | None = None
    """The place that was sent."""
    quotes: str = ""
    """Twilio's id of the message she replied to."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an action that the turn asked for. ``{"action": "calendar.hold", "name": "taken"}``"""

    action: str
    name: str
    value: Value = None
    language: str | None = None
    """Set when the action changed the language the patient is answered in."""
    opted_out: bool | None = None
    """Set when the action recorded that the patient wants no more messages, or wants them again."""
    agreed: bool = False
    """Set when the patient agreed to promotion."""
    for_staff: str = ""
    """Set when staff have to do something now, while the bot goes on: what it is."""


@dataclass(frozen=True, slots=True)
class FollowUpFellDue:
    """A follow-up is said now. ``said`` holds what its text may name, in the patient's language.

    ``{"id": 7, "kind": "reminder-24h", "appointment": 3, "version": 1, "said": {"when": "Tuesday …"}}``
    """

    id: int
    kind: str
    appointment: int = 0
    version: int = 0
    """Of the appointment when it was said: an answer counts for that one."""
    said: Mapping[str, str] = field(default_factory=dict)
    expires_at: int = 0


@dataclass(frozen=True, slots=True)
class SilenceRanOut:
    """Nobody answered the open question until the moment the conversation was waiting for."""


@dataclass(frozen=True, slots=True)
class StaffTookOver:
    """A receptionist holds the conversation from now on; ``taken_from`` is the colleague who held it until now."""

    by: str
    taken_from: str = ""
    called: str = ""
    """Her name for the patient; empty where the patient is not told who answers."""


@dataclass(frozen=True, slots=True)
class StaffReplied:
    """A receptionist wrote to the patient. ``token`` makes the same click one message; words leave at ``due_at``
    (epoch seconds, 0 at once). ``template`` is what they leave as when the 24-hour window is closed.

    ``{"by": "ana", "text": "Dr Nolan can see you at ten.", "token": "5f0c…", "due_at": 1772413205}``
    """

    by: str
    text: str
    token: str = ""
    due_at: int = 0
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()
    """What the template's buttons read like."""
    called: str = ""
    """Her name for the patient, as when she takes over."""
    file: str = ""
    """Id of the file that goes with her words."""
    captioned: bool = False
    """Whether phones show words under such a file."""


@dataclass(frozen=True, slots=True)
class StaffHandedBack:
    """A receptionist gave the conversation back: to the bot's greeting, its open question, or closed it silently.

    ``{"by": "ana", "mode": "silent", "closed_as": "booked"}``
    """

    by: str
    mode: Literal["menu", "continue", "silent"] = "menu"
    closed_as: str = ""
    """What it was closed as: an id of the clinic's own list; empty when she did not say."""


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """Words failed in a way that says something of the address.

    ``{"mark": "unreachable", "why": "the number is not on WhatsApp"}``
    """

    mark: Mark
    why: str


@dataclass(frozen=True, slots=True)
class StaffHandedOn:
    """A receptionist gave the conversation to a colleague. ``{"by": "ana", "to": "ben"}``"""

    by: str
    to: str


@dataclass(frozen=True, slots=True)
class StaffReleased:
    """A receptionist put the conversation back into the queue, with the reason for whoever takes it next."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class StaffPutOff:
    """A receptionist wants to see the conversation again at a moment (epoch seconds; 0: now)."""

    by: str
    until: int


@dataclass(frozen=True, slots=True)
class StaffMarked:
    """A receptionist marked the conversation as urgent, or as urgent no more."""

    by: str
    urgent: bool


@dataclass(frozen=True, slots=True)
class StaffBlocked:
    """The address is a nuisance (what it sends is kept, red flags alone are answered), or is none any more."""

    by: str
    blocked: bool


@dataclass(frozen=True, slots=True)
class StaffLooked:
    """A receptionist has seen what the bot could not read."""

    by: str


@dataclass(frozen=True, slots=True)
class StaffReopened:
    """A receptionist took "done" back: the conversation is as it was before."""

    by: str


@dataclass(frozen=True, slots=True)
class StaffDid:
    """Staff did something besides the conversation that its thread should tell: a past-tense name, and ids.

    ``{"by": "ana", "what": "appointment_booked", "detail": "K7QF2X-M"}``
    """

    by: str
    what: str
    detail: str = ""


ReturnRule = Literal["holder_silent", "holder_left", "no_answer", "later_over"]


@dataclass(frozen=True, slots=True)
class Returned:
    """A rule of the desk moved the conversation: its holder answered nobody or left, the patient never answered us,
    or the moment came that it was put off to. ``holder`` is who had it."""

    rule: ReturnRule
    holder: str = ""


Escalation = Literal["urgent", "again", "everybody"]


@dataclass(frozen=True, slots=True)
class Escalated:
    """A patient waits too long: those on shift are told again, or everybody is; everybody at once for what is urgent.

    ``{"level": "everybody"}``
    """

    level: Escalation


StaffEvent: TypeAlias = (
    StaffTookOver
    | StaffReplied
    | StaffHandedBack
    | StaffHandedOn
    | StaffReleased
    | StaffPutOff
    | StaffMarked
    | StaffBlocked
    | StaffLooked
    | StaffReopened
    | StaffDid
    | Returned
    | Escalated
)
Event: TypeAlias = Message | Outcome | FollowUpFellDue | SilenceRanOut | DeliveryFailed | StaffEvent

_KINDS: Mapping[str, type[Any]] = {
    kind.__name__: kind
    for kind in (Message, Outcome, FollowUpFellDue, SilenceRanOut, DeliveryFailed, *get_args(StaffEvent))
}


def event_to_data(event: Event) -> dict[str, Any]:
    """The event as plain data for a journal; :func:`event_from_data` gives it back unchanged."""
    data = {"event": type(event).__name__, **_fields(event)}
    if isinstance(event, Message):
        data["reading"] = _fields(event.reading)
        _only_what_is_there(data, event)
    return data


def _only_what_is_there(data: dict[str, Any], message: Message) -> None:
    # Nearly all messages are words alone: their rows read as they did before there was anything else.
    for name in ("location", "quotes"):
        if not data[name]:
            del data[name]
    if not message.reading.no_such_day:
        del data["reading"]["no_such_day"]
    if message.location:
        data["location"] = _fields(message.location)


def _fields(value: Event | Reading | Location) -> dict[str, Any]:
    # dataclasses.asdict copies all there is, value by value; what is frozen needs no copy.
    return {name: getattr(value, name) for name in value.__slots__}


def event_from_data(data: Mapping[str, Any]) -> Event:
    """The event that :func:`event_to_data` wrote down. Raises KeyError or TypeError on anything else."""
    fields = {name: value for name, value in data.items() if name != "event"}
    if "buttons" in fields:
        fields["buttons"] = tuple(fields["buttons"])
    if "reading" in fields:
        reading = dict(fields["reading"])
        reading["faq"] = tuple((str(row[0]), int(row[1])) for row in reading.get("faq", ()))
        for name in ("red_flags", "dates", "times", "part_of_day"):
            reading[name] = tuple(reading.get(name, ()))
        fields["reading"] = Reading(**reading)
    if "location" in fields:
        fields["location"] = Location(**fields["location"])
    event: Event = _KINDS[data["event"]](**fields)
    return event
