"""A conversation, an edit and a way of publishing it, at random: no answer is lost, nobody meets silence, nobody stands
at a wrong step.

The same patient does the same twice: in the clinic as it was, and with the edit published under her. As long as nothing
leads her into a flow that does something else now, she has to walk the very same steps and ways.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random
from typing import Any

from bot.core.actions import ACTIONS
from bot.core.check import check
from bot.core.checks_actions import states
from bot.core.checks_names import given_names, saved_before
from bot.core.conversation import Conversation, Frame, from_data, to_data
from bot.core.editions import Edition, Fated, Passage, with_older
from bot.core.effects import PassToPerson, Say
from bot.core.events import Event, Message, Outcome, Reading, SilenceRanOut
from bot.core.flow import Ask, Clinic, Value
from bot.core.names import Names
from bot.core.structure import structures
from bot.core.turn import Turn, take_turn
from tests.publishing.edits import edited
from tests.publishing.house import NESTED, draft_of
from tests.universe import MEI_LING, NOW, SITI, edition, shipped_clinic

WAYS = ("finish", "move", "and back")
TURNS_MAX = 6
WALK_MAX = 14
ACTIONS_MAX = 30
CONVERSATIONS = 400
PER_EDIT = 25
"""Triples made of one edit: checking it costs more than all of them."""
TYPED = (
    "Mei Ling Tan",
    "9123 4567",
    "book",
    "my appointments",
    "visit",
    "bring",
    "qwrtz",
    "later",
    "yes",
    "no",
    "tomorrow",
)
DOINGS = ("tap",) * 8 + ("type",) * 4 + ("back", "menu", "nonsense", "nonsense", "number", "silence", "photo", "human")


class Wrong(AssertionError):
    """What may never happen."""


@dataclass
class Actor:
    """What a patient does and what her clinic's system answers, from one seed: the same twice."""

    seed: int
    chance: Random = field(init=False)
    number: int = 0

    def __post_init__(self) -> None:
        self.chance = Random(self.seed)  # noqa: S311 - a patient, repeatable

    def does(self, conversation: Conversation, buttons: list[str], may_number: bool) -> Event:
        """The next thing that happens, from what can be tapped now."""
        self.number += 1
        doing, sid = self.chance.choice(DOINGS), f"SM{self.number}"
        draw = self.chance.random()
        typed = self.chance.choice(TYPED)
        match doing:
            case "tap" if buttons:
                return Message(sid, "tap", "something", buttons[int(draw * len(buttons))])
            case "number" if may_number:
                return Message(sid, text=str(1 + int(draw * 4)))
            case "silence" if conversation.silence_due and conversation.control == "bot":
                return SilenceRanOut()
            case "photo":
                return Message(sid, "media")
            case "back" | "menu" | "human":
                return Message(sid, text=doing)
            case "type":
                return Message(sid, text=typed, reading=Reading(phone="+6591234567" if typed[0] == "9" else None))
            case _:
                return Message(sid, text="qwrtz")

    def outcome(self, action: str) -> Outcome:
        """How an action comes out, mostly well."""
        declared = ACTIONS[action]
        names = list(declared.gives)
        name = names[0] if self.chance.random() < 0.7 else self.chance.choice(names)
        carries, value = declared.gives[name], None
        many = self.chance.choice((1, 2, 12))
        if carries == ("*",):
            value = tuple({"id": f"o{n}", "label": f"Option {n}", "date": f"2026-03-{n + 1:02d}"} for n in range(many))
        elif carries:
            value = {one: f"some {one}" for one in carries}  # type: ignore[assignment]
        return Outcome(action, name, _as_value(value), language="ms" if action == "language.set" else None)


def _as_value(value: Any) -> Value:
    return value  # type: ignore[no-any-return]


def whole_turn(clinic: Clinic, conversation: Conversation, event: Event, actor: Actor) -> Turn:
    """One turn with the outcomes of its actions; the conversation as it comes back from the database."""
    turn = take_turn(clinic, conversation, event, NOW)
    for _ in range(ACTIONS_MAX):
        if turn.asked is None:
            return replace(turn, conversation=from_data(json.loads(json.dumps(to_data(turn.conversation)))))
        turn = turn.then(take_turn(clinic, turn.conversation, actor.outcome(turn.asked.action), NOW + timedelta(0)))
    raise Wrong("actions without end")


def buttons_of(turn: Turn, conversation: Conversation) -> list[str]:
    """What can be tapped after a turn, by name: an edit may show it in another order."""
    if conversation.open is None:
        return []
    open_ids = {one.id for one in conversation.open.options}
    shown = [choice.id for say in turn.effects if isinstance(say, Say) for choice in say.choices]
    return sorted(id for id in shown if id.split(".", 2)[-1] in open_ids)


@dataclass(frozen=True)
class Start:
    """A conversation in the middle of something, and what can be tapped in it."""

    conversation: Conversation
    buttons: list[str]


def starts(clinic: Clinic, chance: Random, count: int) -> list[Start]:
    """Conversations in the middle of something, from walks at random."""
    found: list[Start] = []
    while len(found) < count:
        actor = Actor(chance.getrandbits(32))
        conversation = Conversation("abcdefgh12", chance.choice((MEI_LING, SITI)), edition=1)
        buttons: list[str] = []
        for _ in range(WALK_MAX):
            turn = whole_turn(clinic, conversation, actor.does(conversation, buttons, True), actor)
            conversation = turn.conversation
            buttons = buttons_of(turn, conversation) or buttons
            if conversation.control != "bot":
                break
            if conversation.stack and (conversation.stack[-1].saved or chance.random() < 0.3):
                found.append(Start(conversation, buttons))
    return found[:count]


@dataclass
class Clinics:
    """A clinic before and after an edit, as editions 1 and 2, and 3 when the edit is taken back."""

    before: Clinic
    after: Clinic

    def __post_init__(self) -> None:
        plain = edition()
        old, new = structures(self.before), structures(self.after)
        same = {name for name, flow in self.before.flows.items() if flow == self.after.flows.get(name)}
        self.edited = self.before.flows.keys() - same
        self.changed = {name for name in old if old[name] != new.get(name)}
        self._editions = {
            1: replace(plain, number=1, clinic=self.before, structures=old),
            2: replace(plain, number=2, clinic=self.after, structures=new),
            3: replace(plain, number=3, clinic=self.before, structures=old),
        }
        self._saved: dict[tuple[int, str], dict[str, frozenset[str]]] = {}
        self._held: dict[tuple[int, str], dict[str, set[frozenset[str]]]] = {}

    def edition(self, number: int, moves: bool = False) -> Edition:
        return replace(self._editions[number], moves=moves)

    def saved_before(self, number: int, flow: str) -> dict[str, frozenset[str]]:
        """For each step of a flow, what is known there on every way."""
        if (number, flow) not in self._saved:
            clinic = self._editions[number].clinic
            self._saved[number, flow] = saved_before(clinic.flows[flow], given_names(clinic, clinic.flows[flow]))
        return self._saved[number, flow]

    def held(self, number: int, flow: str) -> dict[str, set[frozenset[str]]]:
        """For each step of a flow, what may be held there."""
        if (number, flow) not in self._held:
            found: dict[str, set[frozenset[str]]] = {}
            for step, before, _, _ in states(self._editions[number].clinic.flows[flow]):
                found.setdefault(step.name, set()).add(before)
            self._held[number, flow] = found
        return self._held[number, flow]


@dataclass
class Live:
    """The patient under whom it is published."""

    clinics: Clinics
    conversation: Conversation
    number: int = 1

    def published(self, number: int, moves: bool) -> list[Fated]:
        """An edition is published; what becomes of each of her flows."""
        shown = self._shown()
        before, coming = self.conversation, self.clinics.edition(number, moves)
        passage = Passage(self.clinics.edition, coming)
        fates = list(passage.fates(before))
        self.conversation, self.number = passage.brought_up(before), number
        for frame, fated in zip(before.stack, fates, strict=True):
            self._kept(frame, fated, coming)
        if self.conversation.stack and not shown <= self._shown():
            raise Wrong(f"{_place(before)} does not take {sorted(shown - self._shown())} any more")
        for frame in self.conversation.stack:
            self._belongs(frame, frame.edition or number)
        return fates

    def _shown(self) -> frozenset[str]:
        """What the open question offers of its own; nothing when she stands at none."""
        frame, question = self.conversation.running, self.conversation.open
        flow = self.clinic.flow(frame.flow, frame.edition) if frame else None
        ask = flow.steps[frame.step].body if flow and frame else None
        if question is None or question.about != "step" or not isinstance(ask, Ask):
            return frozenset()
        own = {option.id for option in (*ask.options, *ask.more_options)}
        return frozenset(own & {one.id for one in question.options})

    def _kept(self, frame: Frame, fated: Fated, coming: Edition) -> None:
        """No answer is lost, and she stands where she stood."""
        after = fated.frame
        if after is None:
            if fated.fate != "begins anew" or frame.flow != self.clinics.before.otherwise:
                raise Wrong(f"{frame.flow}.{frame.step} was left")
            return
        if after.saved != frame.saved or after.opened != frame.opened:
            raise Wrong(f"answers of {frame.flow} were lost")
        if fated.fate == "stranded":
            raise Wrong(f"stranded at {frame.flow}.{frame.step}")
        held = self.clinics.held(coming.number, after.flow) if fated.fate == "moves" else {}
        if fated.fate == "moves" and frozenset(after.opened) not in held[after.step]:
            raise Wrong(f"{after.flow}.{after.step} never holds {sorted(after.opened)}")
        if after.step != frame.step:
            step = coming.clinic.flows[after.flow].steps[after.step]
            if fated.fate not in ("moves", "goes on") or step.renamed_from != frame.step:
                raise Wrong(f"{frame.step} became {after.step}")

    @property
    def clinic(self) -> Clinic:
        newest = self.clinics.edition(self.number)
        return with_older(newest.clinic, self.conversation, self.clinics.edition)

    def happens(self, event: Event, actor: Actor) -> Turn:
        """One turn, after which she must have been answered and know all that her step needs."""
        had, clinic = self.conversation, self.clinic
        turn = whole_turn(clinic, had, event, actor)
        heard = any(isinstance(effect, Say | PassToPerson) for effect in turn.effects)
        if isinstance(event, Message) and had.control in ("bot", "closed") and not heard:
            raise Wrong(f"silence at {_place(had)}")
        self.conversation = turn.conversation
        for frame in turn.conversation.stack:
            self._belongs(frame, frame.edition or self.number)
        self._reads_the_right_words(clinic, turn)
        return turn

    def _belongs(self, frame: Frame, number: int) -> None:
        """Her flow could have come here: it knows what it would, and all she can go back to is there."""
        where = f"{frame.flow}.{frame.step} of edition {number}"
        missing = self.clinics.saved_before(number, frame.flow).get(frame.step, frozenset()) - frame.saved.keys()
        if missing:
            raise Wrong(f"{where} does not know {sorted(missing)}")
        steps = self.clinics.edition(number).clinic.flows[frame.flow].steps
        if any(passed.step not in steps for passed in frame.passed):
            raise Wrong(f"{where} leads back to nowhere")

    def _reads_the_right_words(self, clinic: Clinic, turn: Turn) -> None:
        """A question is asked in the words of the edition its flow goes by: new ones at once, old ones to the end."""
        frame, question = turn.conversation.running, turn.conversation.open
        if frame is None or question is None or question.about != "step" or question.turn != turn.conversation.turn:
            return
        flow = clinic.flow(frame.flow, frame.edition)
        ask = flow.steps[frame.step].body if flow else None
        said = [effect.text for effect in turn.effects if isinstance(effect, Say) and effect.choices]
        if not isinstance(ask, Ask) or not said:
            return
        names = Names(clinic, turn.conversation, frame.saved)
        words = names.render(ask.text.in_language(turn.conversation.language))
        which_one = clinic.texts["which one"].in_language(turn.conversation.language).partition("{")[0]
        if words != said[-1] and not said[-1].startswith(which_one):
            raise Wrong(f"{frame.flow}.{frame.step} was asked in other words")


def one(clinics: Clinics, start: Start, way: str, seed: int, count: Count) -> None:
    """One triple. Raises Wrong."""
    live, before = Live(clinics, start.conversation), start.conversation
    count.fates.update(fated.fate for fated in live.published(2, moves=way == "move"))
    theirs, hers, buttons = Actor(seed), Actor(seed), start.buttons
    compares = True
    for turns in range(TURNS_MAX):
        if way == "and back" and turns == 2:
            live.published(3, moves=seed % 2 == 0)
        event = theirs.does(live.conversation, buttons, may_number=turns == 0)
        if compares and hers.does(before, buttons, may_number=turns == 0) != event:
            compares = False  # Only a silence can fall due in one of the two alone.
        turn = live.happens(event, theirs)
        if compares:
            known = whole_turn(clinics.before, before, event, hers)
            compares = _same_way(clinics, known, turn, way)
            count.compared += compares
            before = known.conversation
        buttons = buttons_of(turn, turn.conversation)
        if turn.conversation.control != "bot":
            return


def _same_way(clinics: Clinics, known: Turn, turn: Turn, way: str) -> bool:
    """Whether the two still have to walk alike. Raises Wrong when they do not although they have to."""
    expected, got = list(known.trace), list(turn.trace)
    kept = clinics.before.flows.keys() - clinics.changed
    begun = {trod.flow for trod in (*known.trace, *turn.trace) if trod.way == "started"}
    moved = way != "finish" and any(trod.flow in clinics.changed for trod in known.trace)
    if moved or not begun <= kept:
        return False  # She is in a flow that does something else now.
    menu = clinics.before.otherwise
    if menu in clinics.changed and any(trod.flow == menu for trod in known.trace):
        return False  # A menu that changed is shown anew.
    if expected != got:
        raise Wrong(f"walked {got} where {expected} was the way")
    return True


def _place(conversation: Conversation) -> str:
    frame = conversation.running
    return f"{frame.flow}.{frame.step}" if frame else "nothing"


def _somebody(clinics: Clinics, pool: list[Start], chance: Random) -> Start:
    """Mostly somebody in the middle of what was edited."""
    hit = [one for one in pool if any(frame.flow in clinics.edited for frame in one.conversation.stack)]
    return chance.choice(hit) if hit and chance.random() < 0.8 else chance.choice(pool)


@dataclass
class Count:
    """What was tried. ``compared`` turns had to walk the same way; ``fates`` are counted over all running flows."""

    triples: int = 0
    edits: int = 0
    refused: int = 0
    compared: int = 0
    fates: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def run(triples: int, seed: int) -> Count:
    """Try so many triples, each from a seed that a failure names."""
    chance, count = Random(seed), Count()  # noqa: S311 - repeatable
    small = draft_of(NESTED).clinic
    assert small is not None
    pools = [(clinic, starts(clinic, chance, CONVERSATIONS)) for clinic in (shipped_clinic(), small)]
    while count.triples < triples:
        own = chance.getrandbits(32)
        clinic, pool = pools[count.edits % len(pools)]
        after, what = edited(Random(own), clinic)  # noqa: S311
        if any(fault.level == "error" for fault in check(after)):
            count.refused += 1
            continue
        count.edits += 1
        clinics, drawn = Clinics(clinic, after), Random(own + 1)  # noqa: S311
        for _ in range(min(PER_EDIT, triples - count.triples)):
            start, way, talk = _somebody(clinics, pool, drawn), drawn.choice(WAYS), drawn.getrandbits(32)
            count.triples += 1
            try:
                one(clinics, start, way, talk, count)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others are tried too
                place = _place(start.conversation)
                count.wrong.append(
                    f"edit {own} ({what}), {way}, talk {talk} from {place}: {type(error).__name__} {error}"
                )
    return count
