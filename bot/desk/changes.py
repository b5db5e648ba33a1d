"""What an edit of the flows would change for the patients who wrote lately, without showing a word of theirs.

Theory of operation
-------------------
Recorded conversations are walked turn by turn with the files that are running. At each turn the edited files decide the
same event from the same state, with the same outcomes of actions, and the two turns are laid side by side. Every turn
is compared from where the patient really stood, so that one edit is told once and not at everything that follows it.

What nobody can know is told as such: how an action would have come out that was not asked then, and what becomes of
somebody who stood at a step that is gone (publishing decides that).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bot.core.asking_faq import FAQ_SURE
from bot.core.conversation import Conversation
from bot.core.editions import Find, with_older
from bot.core.effects import DoAction, PassToPerson, Say
from bot.core.events import (
    DeliveryFailed,
    Event,
    FollowUpFellDue,
    Message,
    Outcome,
    Reading,
    SilenceRanOut,
    StaffHandedBack,
)
from bot.core.flow import Clinic
from bot.core.grounds import written
from bot.core.place import Stranded
from bot.core.turn import Turn
from bot.desk.faq_index import FaqIndex
from bot.desk.replaying import (
    NotRecorded,
    Recorded,
    as_read_back,
    as_recorded,
    decide_again,
    recorded,
    state_before,
)
from bot.desk.shelf import older_editions
from bot.ports import Desk, JournalEntry

TURNS_MAX = 50_000
"""Turns that are looked at; some ten thousand take about as many milliseconds, twice."""
EXAMPLES_MAX = 3
NOWHERE = "nothing open"

What = Literal["answer", "words"]
Undecided = Literal["action", "gone", "unknown"]
Conversations = Iterable[tuple[Conversation, tuple[JournalEntry, ...]]]


@dataclass(frozen=True, slots=True)
class Example:
    """``Example("a tap, option book", "booking.tell_booked", "a person", 14)``; never words of anybody."""

    happened: str
    led: str
    would_lead: str
    turns: int


@dataclass(frozen=True, slots=True)
class Change:
    """What would be another answer, or the same one in other words, to those who stood at a step (``booking.confirm``,
    or :data:`NOWHERE`)."""

    step: str
    what: What
    conversations: int
    turns: int
    examples: tuple[Example, ...]

    def __str__(self) -> str:
        who = "1 conversation" if self.conversations == 1 else f"{self.conversations} conversations"
        if self.what == "words":
            return f"{self.step}: {who} would read other words."
        (first, *_) = self.examples
        told = f"for example {first.happened} led to {first.led}, would lead to {first.would_lead}"
        return f"{self.step}: {who} would get another answer; {told}."


@dataclass(frozen=True, slots=True)
class Changes:
    """What an edit would change. ``undecided`` counts turns nobody can judge: an action was not asked then, the step
    somebody stood at is gone, or the turn was recorded before replays were possible. ``whole`` is False when there was
    more to look at than the limit."""

    conversations: int
    turns: int
    changes: tuple[Change, ...]
    undecided: Mapping[Undecided, int] = field(default_factory=dict)
    whole: bool = True

    def as_data(self) -> dict[str, Any]:
        """For another program."""
        return {
            "conversations": self.conversations,
            "turns": self.turns,
            "whole": self.whole,
            "undecided": dict(self.undecided),
            "changes": [
                {name: getattr(one, name) for name in ("step", "what", "conversations", "turns")}
                | {"examples": [{part: getattr(it, part) for part in it.__slots__} for it in one.examples]}
                for one in self.changes
            ],
        }


def what_would_change(
    desk: Desk, edit: Clinic, talks: Conversations, since: int, turns_max: int = TURNS_MAX
) -> Changes:
    """Lay an edit beside what runs, for every turn since then (epoch seconds) of recorded conversations, which come as
    from :func:`bot.desk.replaying.conversations`."""
    found = _Found(desk.clinic, edit, older_editions(desk), since, turns_max)
    for start, entries in talks:
        if found.turns >= turns_max:
            return found.told(whole=False)
        found.conversation(start, entries)
    return found.told(whole=found.turns < turns_max)


@dataclass
class _Found:
    """What has been found so far: as much as there are steps, however many conversations there are."""

    running: Clinic
    edit: Clinic
    older: Find
    since: int
    turns_max: int
    conversations: int = 0
    turns: int = 0
    examples: dict[tuple[str, What], Counter[tuple[str, str, str]]] = field(default_factory=dict)
    concerned: Counter[tuple[str, What]] = field(default_factory=Counter)
    undecided: Counter[Undecided] = field(default_factory=Counter)
    indexes: tuple[FaqIndex, FaqIndex] | None = None

    def __post_init__(self) -> None:
        if self.running.questions != self.edit.questions:
            # The recorded candidates are of the questions of that day: both sides are read anew.
            self.indexes = FaqIndex(self.running.questions), FaqIndex(self.edit.questions)

    def conversation(self, start: Conversation, entries: Iterable[JournalEntry]) -> None:
        self.conversations += 1
        concerned = {key for key in self._walk(start, entries) if key is not None}
        self.concerned.update(concerned)

    def _walk(self, start: Conversation, entries: Iterable[JournalEntry]) -> Iterator[tuple[str, What] | None]:
        state: Conversation | None = start
        for entry in entries:
            one = recorded(entry)
            state = state_before(state, one, start)
            looked_at = entry.at >= self.since and self.turns < self.turns_max
            self.turns += looked_at
            turn = self._as_it_runs(state, one)
            if state is None or turn is None:
                self.undecided["unknown"] += looked_at
                state = None
                continue
            if looked_at and one.grounds is not None and not one.grounds.failed:
                yield self._beside(state, one, turn)
            state = as_read_back(written(turn.conversation))

    def _as_it_runs(self, state: Conversation | None, one: Recorded) -> Turn | None:
        """The turn as the running files take it, which may be others than decided it then."""
        if state is None or one.grounds is None:
            return None
        try:
            return decide_again(
                self._with_older(self.running, state), state, self._read(one, 0), as_recorded(one.grounds.outcomes)
            )
        except (NotRecorded, Stranded):
            return None

    def _beside(self, state: Conversation, one: Recorded, turn: Turn) -> tuple[str, What] | None:
        step = _stands(state)
        other: Turn | None
        try:
            other = decide_again(self._with_older(self.edit, state), state, self._read(one, 1), _as_asked(turn))
        except NotRecorded:
            self.undecided["action"] += 1
            return None
        except Stranded:
            if _gone(self.edit, state):
                self.undecided["gone"] += 1
                return None
            other = None
        led, would_lead = _leads(turn), _leads(other)
        what: What = "words" if led == would_lead and _did(turn) == _did(other) else "answer"
        if what == "words" and _says(turn) == _says(other):
            return None
        self.examples.setdefault((step, what), Counter())[_happened(one.event, turn), led, would_lead] += 1
        return step, what

    def _with_older(self, clinic: Clinic, state: Conversation) -> Clinic:
        return with_older(clinic, state, self.older)

    def _read(self, one: Recorded, side: Literal[0, 1]) -> Recorded:
        if self.indexes is None or not isinstance(one.event, Message) or one.event.reading == Reading():
            return one
        faq = self.indexes[side].candidates(one.event.text)
        return replace(one, event=replace(one.event, reading=replace(one.event.reading, faq=faq)))

    def told(self, whole: bool) -> Changes:
        changes = [
            Change(
                step,
                what,
                self.concerned[step, what],
                sum(ways.values()),
                tuple(Example(*way, turns) for way, turns in ways.most_common(EXAMPLES_MAX)),
            )
            for (step, what), ways in self.examples.items()
        ]
        changes.sort(key=lambda one: (one.what, -one.conversations, one.step))
        return Changes(self.conversations, self.turns, tuple(changes), dict(self.undecided), whole)


def _as_asked(turn: Turn) -> Any:
    """What an action came out as when it was asked with the same inputs in the turn as it was."""
    asked = [effect for effect in turn.effects if isinstance(effect, DoAction) and not effect.quiet]
    pairs = list(zip(asked, turn.outcomes, strict=False))

    def came(wanted: DoAction) -> Outcome:
        for number, (one, outcome) in enumerate(pairs):
            if one == wanted:
                del pairs[number]
                return outcome
        raise NotRecorded(wanted.action)

    return came


# ---- what is compared, in words that are nobody's


def _stands(state: Conversation) -> str:
    running = state.running
    return f"{running.flow}.{running.step}" if running else NOWHERE


def _gone(edit: Clinic, state: Conversation) -> bool:
    return any(frame.flow not in edit.flows or frame.step not in edit.flows[frame.flow].steps for frame in state.stack)


def _leads(turn: Turn | None) -> str:
    """Where a turn leaves the patient."""
    if turn is None:
        return "an apology and a person"
    if any(isinstance(effect, PassToPerson) for effect in turn.effects):
        return "a person"
    ends = [f"{trod.flow} {trod.way}" for trod in turn.trace if trod.way.startswith("end ")]
    answered = [trod.way for trod in turn.trace if trod.way.startswith("faq ")]
    if turn.conversation.open is not None and turn.conversation.stack:
        return ", ".join([*answered, *ends, _stands(turn.conversation)])
    return ", ".join([*answered, *ends]) or (NOWHERE if _says(turn) else "silence")


def _did(turn: Turn | None) -> list[tuple[str, Any]]:
    effects = turn.effects if turn else ()
    return [(effect.action, effect.inputs) for effect in effects if isinstance(effect, DoAction)]


def _says(turn: Turn | None) -> list[Any]:
    effects = turn.effects if turn else ()
    return [
        (effect.text, effect.speech, [(one.label, one.description) for one in effect.choices])
        for effect in effects
        if isinstance(effect, Say)
    ]


def _happened(event: Event, turn: Turn) -> str:
    ways = [trod.way for trod in turn.trace if not trod.way.startswith(("started", "end "))]
    kind = _kind(event)
    return f"{kind} ({ways[0]})" if ways else kind


def _kind(event: Event) -> str:
    match event:
        case Message():
            return _kind_of_message(event)
        case SilenceRanOut():
            return "no answer"
        case FollowUpFellDue():
            return "a follow-up"
        case StaffHandedBack():
            return "staff who hand back"
        case DeliveryFailed():
            return "a delivery that failed"
        case _:
            return "something staff did"


def _kind_of_message(message: Message) -> str:
    if message.kind != "text":
        return {"tap": "a tap", "location": "a place", "contact": "a contact card"}.get(message.kind, "a file")
    reading = message.reading
    kinds = (
        ("a red flag", reading.red_flags),
        ("a date", reading.dates),
        ("a time", reading.times),
        ("a phone number", reading.phone),
        ("an e-mail address", reading.email),
        ("yes or no", reading.yes_no is not None),
        ("a number", reading.number),
        ("a question", reading.faq and reading.faq[0][1] >= FAQ_SURE),
    )
    return next((kind for kind, found in kinds if found), "other words")
