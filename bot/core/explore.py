"""Walks everything the clinic's files can do to a patient, and tells where she would be left alone.

From the first message on, every kind of thing happens in every state that can be reached: each option, an answer of the
type asked for, nonsense, a photo, an old button, words that work anywhere, a question, silence, a red flag, a person
taking over and handing back; and every action comes out in every way it can. States that differ in nothing a patient
could notice are one. What was answered further back than the question before counts as the same, and so do the flows
below the running one once something was answered in it: it leads where it leads whatever lies below, and coming back to
each of them was walked before. Two messages at once are two messages one after the other, because turns keep their
order; only that the second was written before the first was answered: so each answer is also sent twice at once.

The shortest conversation that breaks a rule is given as the lines of a talk.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.core.actions import ACTIONS
from bot.core.conversation import Conversation, Frame
from bot.core.effects import DoAction, Say
from bot.core.events import (
    Event,
    Message,
    Outcome,
    Reading,
    SilenceRanOut,
    StaffHandedBack,
    StaffTookOver,
)
from bot.core.flow import AnswerType, Ask, Check, Clinic, Value
from bot.core.place import Stranded
from bot.core.questions import button_id
from bot.core.turn import Turn, take_turn

STATES_MAX = 50_000
ACTIONS_MAX = 20
NONSENSE_MAX = 12
"""So many answers in a row that nobody understands bring a person, whatever was open."""
SILENCES_MAX = 12
START = datetime(2026, 3, 2, 1, tzinfo=UTC)

NONSENSE, SILENCE, PERSON, RED_FLAG = "nonsense", "silence", "a person is asked for", "a red flag"
HANDED_BACK = "staff hand back"

TYPED: Mapping[AnswerType, tuple[str, Reading]] = {
    "text": ("Something of my own", Reading()),
    "person name": ("Mei Ling Tan", Reading()),
    "phone": ("9123 4567", Reading(phone="+6591234567")),
    "date": ("3 March", Reading(dates=("2026-03-03",))),
    "time": ("10:00", Reading(times=("10:00",))),
    "number": ("7", Reading(number="7")),
    "email": ("mei@example.com", Reading(email="mei@example.com")),
    "yes or no": ("yes", Reading(yes_no=True)),
}
"""An answer of each type, and how it is read."""
_FOUND: Value = (
    {"id": "one", "label": "The first", "date": "2026-03-03", "time": "10:00", "text": "The first answer"},
    {"id": "two", "label": "The second", "date": "2026-03-04", "time": "11:00", "text": "The second answer"},
)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, and what the bot said to it."""

    happened: str
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A conversation in which the patient is left alone. ``str()`` reads as a talk."""

    why: str
    talk: tuple[Line, ...]

    def __str__(self) -> str:
        lines = [f"{self.why}:"]
        for line in self.talk:
            lines.append(f"  - {line.happened}")
            lines += [f"      bot: {said}" for words in line.said for said in words.split("\n")[:2]]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Explored:
    """What was walked. ``whole`` is False when there was more to walk than :data:`STATES_MAX`."""

    states: int
    turns: int
    left_alone: tuple[LeftAlone, ...]
    whole: bool


Key = tuple[object, ...]


def explore(clinic: Clinic, states_max: int = STATES_MAX) -> Explored:
    """Walk every state of a clinic whose files are free of errors."""
    return _Exploration(clinic, states_max).walk()


class _Exploration:
    def __init__(self, clinic: Clinic, states_max: int) -> None:
        self._clinic = clinic
        self._states_max = states_max
        self._decisive = frozenset(decisive_names(clinic))
        self._came: dict[Key, tuple[Key | None, Line]] = {}
        self._after: dict[tuple[Key, str], list[Key]] = {}
        self._states: dict[Key, Conversation] = {}
        self._found: dict[str, LeftAlone] = {}
        self._turns = 0

    def walk(self) -> Explored:
        first = Conversation("explore0", "whatsapp:+6591234567", self._clinic.languages[0])
        nobody = replace(first, address="whatsapp:SG.explore")
        waiting = deque(self._new(conversation, None, Line("")) for conversation in (first, nobody))
        whole = True
        while waiting:
            key = waiting.popleft()
            if key is None:
                continue
            if len(self._states) > self._states_max:
                whole = False
                break
            waiting += self._events_at(key)
        self._repeat(NONSENSE, NONSENSE_MAX, "nonsense never brings a person")
        self._repeat(SILENCE, SILENCES_MAX, "the bot never stops reminding")
        return Explored(len(self._states), self._turns, tuple(self._found.values()), whole)

    def _new(self, conversation: Conversation, before: Key | None, line: Line) -> Key | None:
        key = state_key(conversation, self._decisive)
        if key in self._came:
            return None
        self._came[key] = before, line
        self._states[key] = conversation
        return key

    def _events_at(self, key: Key) -> Iterator[Key]:
        conversation = self._states[key]
        for what, event in events_for(self._clinic, conversation):
            now = conversation.silence_due if what == SILENCE else conversation.last_inbound_at + 60
            for happened, turn in self._take(conversation, what, event, now or int(START.timestamp())):
                line = Line(happened, _said(turn) if turn else ())
                yield from self._note(key, line, broken_rule(what, conversation, turn), turn)
                if turn is not None:
                    after = state_key(turn.conversation, self._decisive)
                    self._after.setdefault((key, what), []).append(after)
                if turn is not None and isinstance(event, Message) and _answers_something(conversation, event):
                    yield from self._twice_at_once(key, line, event, turn)

    def _twice_at_once(self, key: Key, line: Line, event: Message, first: Turn) -> Iterator[Key]:
        """The same answer once more, written before what came of the first was read."""
        between = first.conversation
        words = f"{line.happened}, twice at once"
        for happened, turn in self._take(between, words, event, between.last_inbound_at):
            said = (*line.said, *_said(turn)) if turn else line.said
            why = broken_rule("", between, turn) or _done_twice(first, turn)
            yield from self._note(key, Line(happened, said), why, turn)

    def _note(self, key: Key, line: Line, why: str, turn: Turn | None) -> Iterator[Key]:
        """Count a turn, tell which rule it breaks, and give the state it leads to if that is a new one."""
        self._turns += 1
        if why:
            self._tell(why, key, line)
        fresh = self._new(turn.conversation, key, line) if turn else None
        if fresh is not None:
            yield fresh

    def _take(
        self, conversation: Conversation, what: str, event: Event, stamp: int
    ) -> Iterator[tuple[str, Turn | None]]:
        """The turn of an event, once for every way its actions can come out; None when it strands."""
        now = datetime.fromtimestamp(stamp, UTC)
        waiting: list[tuple[str, Turn | None, Event, Conversation, int]] = [(what, None, event, conversation, 0)]
        while waiting:
            words, before, happens, state, actions = waiting.pop()
            try:
                turn = take_turn(self._clinic, state, happens, now)
            except (Stranded, LookupError):
                yield words, None
                continue
            whole = before.then(turn) if before else turn
            if turn.asked is None:
                yield words, whole
            elif actions == ACTIONS_MAX:
                yield words, None
            else:
                waiting += [
                    (f"{words}; {turn.asked.action}: {outcome.name}", whole, outcome, turn.conversation, actions + 1)
                    for outcome in outcomes_of(turn.asked.action, self._clinic)
                ]

    def _repeat(self, what: str, most: int, why: str) -> None:
        """From every state, the same thing again and again leads to a person or to rest."""
        for key in self._states:
            at, seen = key, 0
            while self._states[at].control == "bot" and (following := self._after.get((at, what))) and seen <= most:
                at, seen = following[0], seen + 1
            if seen > most:
                self._tell(why, key, Line(f"{what}, again and again"))

    def _tell(self, why: str, key: Key, line: Line) -> None:
        if why in self._found:
            return
        talk = [line]
        at: Key | None = key
        while at is not None:
            at, came = self._came[at]
            talk.append(came)
        self._found[why] = LeftAlone(why, tuple(one for one in reversed(talk) if one.happened))


def decisive_names(clinic: Clinic) -> Iterator[str]:
    """Names that a condition of some flow asks for."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Check):
                for condition, _ in step.body.ways:
                    yield condition.name
                    yield condition.name.partition(".")[0]


def state_key(conversation: Conversation, decisive: frozenset[str]) -> Key:
    """What of a conversation can make a difference to what the patient gets.

    Of what was saved only that counts which conditions ask for (``decisive``).
    """
    question, top = conversation.open, conversation.running
    below = conversation.stack[-2] if len(conversation.stack) > 1 else None
    who = (
        conversation.control,
        conversation.greeted,
        conversation.opted_out if "contact.opted_out" in decisive else None,
    )
    if conversation.control != "bot":
        return (*who, conversation.holding_texts, (top.flow, top.step, top.then) if top else None, bool(below))
    fresh = top is None or not (top.tries or top.passed or top.entered or (question and question.silence))
    return (
        *who,
        bool(conversation.phone) if "contact.phone" in decisive else None,
        bool(conversation.silence_due),
        (below.flow, below.step, below.then) if below and fresh else bool(below),
        _frame_key(top, decisive) if top else None,
        (question.about, question.silence, tuple(one.id for one in question.options)) if question else None,
    )


def _frame_key(frame: Frame, decisive: frozenset[str]) -> Key:
    return (
        frame.flow,
        frame.step,
        frame.then,
        frame.tries,
        frame.page,
        frame.passed[-1].step if frame.passed else "",
        tuple(sorted(frame.entered.items())),
        tuple(sorted(frame.opened)),
        tuple((name, _plain(frame.saved[name])) for name in sorted(decisive & frame.saved.keys())),
    )


def _plain(value: Value) -> str:
    return str(value.get("id", "")) if isinstance(value, Mapping) else str(value) if isinstance(value, str) else ""


def events_for(clinic: Clinic, conversation: Conversation) -> Iterator[tuple[str, Event]]:
    """Everything that can happen in a state, and what it is called."""
    yield NONSENSE, Message("", text="qzx vbnk")
    yield RED_FLAG, Message("", text="…", reading=Reading(red_flags=("cauda_equina",)))
    match conversation.control:
        case "held":
            yield f"{HANDED_BACK} to the menu", StaffHandedBack("staff", "menu")
            yield f"{HANDED_BACK} to the open question", StaffHandedBack("staff", "continue")
            yield f"{HANDED_BACK} in silence", StaffHandedBack("staff", "silent")
        case "waiting":
            yield "staff take over", StaffTookOver("staff")
        case _:
            yield from _without_a_person(clinic, conversation)


def _without_a_person(clinic: Clinic, conversation: Conversation) -> Iterator[tuple[str, Event]]:
    if conversation.silence_due:
        yield SILENCE, SilenceRanOut()
    yield "a photo", Message("", kind="media")
    yield "an old button", Message("", kind="tap", text="Yes", button=button_id(conversation, 0, "gone"))
    for one in (one for one in clinic.anywhere if one.words):
        yield PERSON if one.act == "hand over" else f'"{one.words[0]}"', Message("", text=one.words[0])
    for flow in (flow for flow in clinic.flows.values() if flow.starts_with):
        yield f'"{flow.starts_with[0]}"', Message("", text=flow.starts_with[0])
    yield from _two_wishes(clinic, conversation)
    yield from _questions(clinic)
    yield from _answers(clinic, conversation)


def _two_wishes(clinic: Clinic, conversation: Conversation) -> Iterator[tuple[str, Event]]:
    """A sentence that speaks of two flows, where it is asked back."""
    flows = [one for one in clinic.flows.values() if one.starts_with and one.name != clinic.otherwise][:2]
    running = conversation.running
    if len(flows) == 2 and (running is None or running.flow == clinic.otherwise):
        words = " and ".join(one.starts_with[0] for one in flows)
        yield f'"{words}"', Message("", text=words)


def _questions(clinic: Clinic) -> Iterator[tuple[str, Event]]:
    ids = list(clinic.questions)
    if ids:
        yield "a question", Message("", text="qzx?", reading=Reading(faq=((ids[0], 100),)))
    if len(ids) > 1:
        unsure = Reading(faq=((ids[0], 60), (ids[1], 60)))
        yield "a question that may be two", Message("", text="qzx?", reading=unsure)


def _answers(clinic: Clinic, conversation: Conversation) -> Iterator[tuple[str, Event]]:
    question, running = conversation.open, conversation.running
    if question is None:
        return
    step = clinic.flows[running.flow].steps[running.step].body if running else None
    own = {one.id for one in (*step.options, *step.more_options)} if isinstance(step, Ask) else set()
    found = [one for one in question.options if one.role == "option" and one.id not in own]
    for one in question.options:
        # What an action found is all alike: the first stands for all.
        if one not in found[1:]:
            button = button_id(conversation, question.turn, one.id)
            yield f'"{one.label}"', Message("", kind="tap", text=one.label, button=button)
    if isinstance(step, Ask) and step.type and question.about == "step":
        words, reading = TYPED[step.type]
        yield f'"{words}"', Message("", text=words, reading=reading)


def _answers_something(conversation: Conversation, event: Message) -> bool:
    """Whether it is one of :func:`_answers`: a tap on what is open, or a value that is asked for."""
    question = conversation.open
    if question is None:
        return False
    if event.kind == "tap":
        return event.button in {button_id(conversation, question.turn, one.id) for one in question.options}
    return (event.text, event.reading) in TYPED.values()


def _done_twice(first: Turn, second: Turn | None) -> str:
    """Whether one answer sent twice does twice what a patient says yes to."""
    did = [effect for effect in first.effects if isinstance(effect, DoAction)]
    for effect in second.effects if second else ():
        if isinstance(effect, DoAction) and effect in did and ACTIONS[effect.action].needs_confirmation:
            return "what was asked for once is done twice"
    return ""


def outcomes_of(action: str, clinic: Clinic) -> Iterator[Outcome]:
    """Every way an action can come out, each with a value of the shape it declares."""
    for name, gives in ACTIONS[action].gives.items():
        value: Value = _FOUND if "*" in gives else {part: f"({part})" for part in gives} or None
        if action == "language.set":
            yield Outcome(action, name, value, language=clinic.languages[-1])
        elif action in ("contact.stop", "contact.start") and name != "failed":
            yield Outcome(action, name, value, opted_out=action == "contact.stop")
        else:
            yield Outcome(action, name, value)


def broken_rule(what: str, before: Conversation, turn: Turn | None) -> str:
    """Which rule a turn breaks, if any."""
    if turn is None:
        return "the flow leads nowhere"
    after = turn.conversation
    said = [effect for effect in turn.effects if isinstance(effect, Say)]
    if what == RED_FLAG:
        if not said or said[0].speech != "safety" or after.control == "bot" or not after.urgent:
            return "a red flag does not get the safety text and a person"
        return ""
    if before.control in ("held", "waiting"):
        return (
            "the bot speaks over a person" if any(one.speech == "reply" for one in said) and "back" not in what else ""
        )
    if not said and what != SILENCE:
        return "the patient gets no answer"
    if what == PERSON and after.control != "waiting":
        return "a person is asked for and not called"
    if after.control == "bot" and after.stack and after.open is None:
        return "a flow runs and nothing is asked"
    return ""


def _said(turn: Turn) -> tuple[str, ...]:
    return tuple(effect.text for effect in turn.effects if isinstance(effect, Say))
