"""One conversation held for trial: with the engine that answers patients, and stand-ins for the clinic's system."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from bot.core.actions import DAY_NAMED
from bot.core.conversation import Conversation
from bot.core.effects import DoAction, Effect, Say, Trod
from bot.core.events import (
    Event,
    Message,
    Outcome,
    Reading,
    SilenceRanOut,
    StaffEvent,
    StaffHandedBack,
    StaffReleased,
    StaffTookOver,
)
from bot.core.flow import Clinic, Do, Step, Value
from bot.core.transcript import Doing, Given, Sends, Staff, StaffDoes, StandIn, Waits
from bot.core.turn import take_turn
from bot.desk.clinic_time import day_label

Read = Callable[[str, datetime], Reading]
MEI_LING, WITHOUT_PHONE = "whatsapp:+6591234567", "whatsapp:SG.1A2B3C4D5E"
ACTIONS_MAX = 20
"""Actions in one turn; a flow that asks for more runs in a circle."""
STAFF: Mapping[StaffDoes, StaffEvent] = MappingProxyType(
    {
        "take over": StaffTookOver("staff"),
        "back to the menu": StaffHandedBack("staff", "menu"),
        "back to the question": StaffHandedBack("staff", "continue"),
        "back to the queue": StaffReleased("staff", "put back in a test"),
        "done": StaffHandedBack("staff", "silent"),
    }
)
"""What happens in the words that tests have for it."""
AT_ONCE = "several at once"
"""What a trace says of a step at which the patient sent more than one thing before she read an answer."""
WHO_IS_HEARD = frozenset({"reply", "notice", "safety"})


class CannotPlayError(Exception):
    """The test asks for something that is not there: a stand-in, a button. The message says what to add."""


class NoStandIn(CannotPlayError):
    """Nothing says how an action comes out, which is asked for once more than that."""

    def __init__(self, action: str, times: int) -> None:
        super().__init__(f'"given" says {times} time(s) how {action} comes out; it is asked {times + 1}.')
        self.action = action


@dataclass
class Rehearsal:
    """One conversation with the real engine, and stand-ins for the clinic's system."""

    clinic: Clinic
    given: Given
    read: Read
    conversation: Conversation = field(init=False)
    now: datetime = field(init=False)
    said: list[Say] = field(default_factory=list)
    """What the bot said since the patient last did something."""
    offered: dict[str, str] = field(default_factory=dict)
    """Button id by label, from the last message that had some."""
    did: list[str] = field(default_factory=list)
    trace: list[Trod] = field(default_factory=list)
    saved: dict[str, Value] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    """How often each action was asked for."""

    def __post_init__(self) -> None:
        given = self.given
        facts, lists = {**self.clinic.facts, **given.facts}, {**self.clinic.lists, **given.lists}
        self.clinic = replace(self.clinic, facts=facts, lists=lists)
        zone = ZoneInfo(str(self.clinic.facts.get("time zone") or "UTC"))
        self.now = datetime.fromisoformat(given.now).replace(tzinfo=zone).astimezone(UTC)
        self.conversation = Conversation(
            id="transcript",
            address=MEI_LING if given.phone else WITHOUT_PHONE,
            language=given.language or self.clinic.languages[0],
            language_chosen=bool(given.language),
            greeted=not given.first_contact,
        )

    def twin(self, given: Given | None = None) -> Rehearsal:
        """Another one that stands where this one does, and goes its own way from here."""
        twin = copy(self)
        twin.given = given or self.given
        twin.offered, twin.saved, twin.asked = dict(self.offered), dict(self.saved), dict(self.asked)
        twin.said, twin.did, twin.trace = list(self.said), list(self.did), list(self.trace)
        return twin

    def happens(self, *spoken: Doing) -> None:
        """The patient does something, or nothing for a while, or staff do; or she sends several things at once, before
        she reads what is answered to the first."""
        self.said = []
        # What she taps is what she sees, not what the first of them brings.
        messages = [self._message(one) for one in spoken if isinstance(one, Sends)]
        if len(messages) > 1 and self.conversation.running:
            running = self.conversation.running
            self.trace.append(Trod(running.flow, running.step, AT_ONCE))
        for message in messages:
            self._turn(message)
        for one in spoken:
            if isinstance(one, Staff):
                self._turn(STAFF[one.does])
        self.now += timedelta(seconds=sum(one.seconds for one in spoken if isinstance(one, Waits)))
        while 0 < self.conversation.silence_due <= self.now.timestamp():
            self._turn(SilenceRanOut())

    def _message(self, spoken: Sends) -> Message:
        button = ""
        if spoken.kind == "tap":
            if spoken.text not in self.offered:
                shown = ", ".join(f'"{one}"' for one in self.offered) or "none"
                raise CannotPlayError(f'There is no button "{spoken.text}" to tap. Shown are: {shown}.')
            button = self.offered[spoken.text]
        return Message(f"SM{spoken.line:032d}", spoken.kind, spoken.text, button, self.read(spoken.text, self.now))

    def _turn(self, event: Event) -> None:
        turn = take_turn(self.clinic, self.conversation, event, self.now)
        self._take_down(turn.conversation, turn.effects, turn.trace)
        for _ in range(ACTIONS_MAX):
            if turn.asked is None:
                return
            turn = take_turn(self.clinic, self.conversation, self._outcome(turn.asked), self.now)
            self._take_down(turn.conversation, turn.effects, turn.trace)
        raise CannotPlayError(f"More than {ACTIONS_MAX} actions follow each other.")

    def _take_down(self, conversation: Conversation, effects: Iterable[Effect], trace: Iterable[Trod]) -> None:
        self.conversation = conversation
        self.trace += trace
        for frame in conversation.stack:
            self.trace.append(Trod(frame.flow, frame.step, "stood"))
            self.saved |= frame.saved
        for effect in effects:
            if isinstance(effect, DoAction) and effect.action != DAY_NAMED:
                self.did.append(effect.action)
            elif isinstance(effect, Say) and effect.speech in WHO_IS_HEARD:
                self.said.append(effect)
                if effect.choices:
                    self.offered = {choice.label: choice.id for choice in effect.choices}

    def _outcome(self, asked: DoAction) -> Outcome:
        if asked.action == DAY_NAMED:
            day = date.fromisoformat(str(asked.inputs["days"]).split()[0])
            return Outcome(DAY_NAMED, "not_free", {"day": day_label(day, self.conversation.language)})
        stand_in = self._stand_in(asked.action)
        value = self._with_times(stand_in.value)
        body = self._step().body
        if isinstance(body, Do) and body.save_as and value is not None:
            self.saved[body.save_as] = value
        outcome = Outcome(asked.action, stand_in.outcome, value)
        if asked.action == "language.set":
            chosen = asked.inputs.get("language")
            return replace(outcome, language=str(chosen.get("id") if isinstance(chosen, Mapping) else chosen))
        if stand_in.outcome in ("stopped", "started"):
            return replace(outcome, opted_out=stand_in.outcome == "stopped")
        return outcome

    def _stand_in(self, action: str) -> StandIn:
        given, time = self.given, self.asked.get(action, 0)
        self.asked[action] = time + 1
        if action in given.always:
            return given.always[action]
        outcomes = given.in_turn.get(action, ())
        if time < len(outcomes):
            return outcomes[time]
        raise NoStandIn(action, len(outcomes))

    def _step(self) -> Step:
        frame = self.conversation.stack[-1]
        return self.clinic.flows[frame.flow].steps[frame.step]

    def _with_times(self, value: Value) -> Value:
        """Options with the date and time their labels name, as those of the calendar have them."""
        if not isinstance(value, tuple):
            return value
        return tuple(self._with_time(one) if isinstance(one, Mapping) else one for one in value)

    def _with_time(self, option: Mapping[str, Value]) -> Mapping[str, Value]:
        reading = self.read(str(option.get("label", "")), self.now)
        found: dict[str, Value] = {}
        if len(reading.dates) == 1:
            found["date"] = reading.dates[0]
        if len(reading.times) == 1:
            found["time"] = reading.times[0]
        return {**found, **option}
