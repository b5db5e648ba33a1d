"""Talks for the ways that no test walks: found by trying, shortest first, and written down as the bot speaks today.

Theory of operation
-------------------
A patient's talk is tried out from its beginning: at every question each option, an answer of the type asked for,
something nobody understands, and silence; at the start every flow's own words; and every action comes out in every way
it can. Talks that stand where another one stood are not followed further, so the first to walk a way is a shortest. Of
all talks found the longest are kept first, and those that walk nothing new are left out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from bot.core.actions import ACTIONS
from bot.core.effects import Trod
from bot.core.events import Reading
from bot.core.explore import TYPED, decisive_names, state_key
from bot.core.flow import AnswerType, Ask, Check, Clinic
from bot.core.place import Stranded
from bot.core.transcript import Doing, Expected, Given, Hears, Sends, Spoken, Transcript, Waits
from bot.core.ways import runs, ways_of
from bot.desk.rehearsing import CannotPlayError, NoStandIn, Read, Rehearsal
from bot.desk.stand_ins import stand_in
from bot.desk.transcripts import heard_as, written_ways

STATES_MAX = 20_000
TURNS_MAX = 40
"""A talk longer than this is not followed: nobody would read it."""
NONSENSE = "hmm"
FOUND_MAX = 2
"""Of options that an action found, so many are tried: they all lead the same way."""

WayId: TypeAlias = tuple[str, str, str]
"""Flow, step and way, as the trace names them."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """``transcripts`` walk ways that no test walks; ``left`` are those that no talk was found for."""

    transcripts: tuple[Transcript, ...]
    left: tuple[WayId, ...]


@dataclass(frozen=True, slots=True)
class _Talk:
    """A talk so far, and where it stands."""

    at: Rehearsal
    said: tuple[Doing, ...] = ()


def propose(clinic: Clinic, read: Read, walked: Iterable[Trod], states_max: int = STATES_MAX) -> Proposed:
    """Talks for every way of the flows that ``walked`` (of :func:`bot.desk.transcripts.play`) does not have."""
    trod = {(one.flow, one.step, one.way) for one in walked}
    wanted = {one for one in written_ways(clinic) if one not in trod}
    found = _search(clinic, _once(read), wanted, states_max) if wanted else {}
    transcripts, covered = [], set[WayId]()
    for way, (talk, walks) in sorted(found.items(), key=lambda one: (-len(one[1][0].said), one[0])):
        if way not in covered:
            covered |= walks
            draft = Transcript(_name(clinic, way), "", 0, way[0], talk.said, talk.at.given)
            transcripts.append(answered(clinic, read, draft))
    return Proposed(tuple(transcripts), tuple(sorted(wanted - found.keys())))


def answered(clinic: Clinic, read: Read, draft: Transcript) -> Transcript:
    """A test that has only what the patient says and does, with what the bot answers to it today. Raises
    CannotPlayError, or what the core raises."""
    talk: list[Spoken] = []
    rehearsal = Rehearsal(clinic, draft.given, read)
    for spoken in draft.talk:
        if not isinstance(spoken, Hears):
            rehearsal.happens(spoken)
            talk.append(spoken)
            talk += map(heard_as, rehearsal.said)
    flow, control = draft.flow, rehearsal.conversation.control
    ends = [one.way.removeprefix("end ") for one in rehearsal.trace if one.flow == flow and one.way[:4] == "end "]
    expected = Expected(ends[-1] if ends else None, {}, tuple(rehearsal.did) or None, control)
    return replace(draft, talk=tuple(talk), expected=expected)


def _name(clinic: Clinic, way: WayId) -> str:
    flow, step, id = way
    words = next((one.words for one in ways_of(clinic.flows[flow].steps[step]) if one.name == id), id)
    return f"{clinic.flows[flow].title.source}, {step}: {'straight on' if words == 'it' else words}"


# ---- trying


def _search(
    clinic: Clinic, read: Read, wanted: Collection[WayId], states_max: int
) -> dict[WayId, tuple[_Talk, set[WayId]]]:
    """The first talk that walks each way, and all wanted ways it walks."""
    decisive = frozenset(decisive_names(clinic))
    waiting = deque(_Talk(Rehearsal(clinic, given, read)) for given in _beginnings(clinic))
    towards = _flows_towards(clinic, {flow for flow, _, _ in wanted})
    known: set[object] = set()
    found: dict[WayId, tuple[_Talk, set[WayId]]] = {}
    while waiting and len(known) < states_max and len(found) < len(wanted):
        before = waiting.popleft()
        for talk in _next(before):
            walks = {way for one in talk.at.trace if (way := (one.flow, one.step, one.way)) in wanted}
            for way in walks:
                found.setdefault(way, (talk, walks))
            key = (repr(before.at.given.facts), state_key(talk.at.conversation, decisive))
            if key not in known and len(talk.said) < TURNS_MAX and _may_lead(talk, towards):
                known.add(key)
                waiting.append(talk)
    return found


def _flows_towards(clinic: Clinic, flows: set[str]) -> set[str]:
    """These flows, and those that run one of them."""
    after = {flow.name: {way.run for _, way in runs(flow) if way.run} for flow in clinic.flows.values()}
    while more := {name for name, led in after.items() if led & flows} - flows:
        flows = flows | more
    return flows


def _may_lead(talk: _Talk, towards: set[str]) -> bool:
    stack = talk.at.conversation.stack
    return not stack or any(frame.flow in towards for frame in stack)


def _beginnings(clinic: Clinic) -> Iterator[Given]:
    """What may be so before a patient writes: as usual, no number behind the address, her first time, and every fact
    that some flow asks for."""
    yield Given()
    yield Given(phone=False)
    yield Given(first_contact=True)
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            for condition, _ in step.body.ways if isinstance(step.body, Check) else ():
                fact = condition.name.removeprefix("clinic.")
                if fact != condition.name and condition.operator == "=" and "." not in fact:
                    facts = {fact.replace("_", " "): condition.value}
                    yield Given(facts=facts)
                    yield Given(facts=facts, phone=False)


def _next(talk: _Talk) -> Iterator[_Talk]:
    """The talk with one more thing that the patient says or does, once for each way the actions come out."""
    for spoken in _doings(talk):
        waiting = [talk.at.given]
        while waiting:
            given = waiting.pop(0)
            at = talk.at.twin(given)
            try:
                at.happens(spoken)
            except NoStandIn as asked:
                waiting += _with_each_outcome(at.clinic, given, asked.action)
            except (CannotPlayError, Stranded, LookupError):
                continue
            else:
                yield _Talk(at, (*talk.said, spoken))


def _with_each_outcome(clinic: Clinic, given: Given, action: str) -> Iterator[Given]:
    so_far = given.in_turn.get(action, ())
    for outcome in ACTIONS[action].gives:
        yield replace(given, in_turn={**given.in_turn, action: (*so_far, stand_in(clinic, action, outcome))})


def _doings(talk: _Talk) -> Iterator[Doing]:
    conversation, clinic = talk.at.conversation, talk.at.clinic
    if conversation.control != "bot":
        return
    question, running = conversation.open, conversation.running
    if question is None or running is None:
        yield from _openings(clinic)
        return
    ask = clinic.flows[running.flow].steps[running.step].body
    own = {one.id for one in (*ask.options, *ask.more_options)} if isinstance(ask, Ask) else set()
    found = 0
    for one in question.options:
        found += one.id not in own
        if one.role == "option" and (one.id in own or found <= FOUND_MAX):
            yield Sends(0, one.label, "tap")
    if isinstance(ask, Ask) and ask.type and question.about == "step":
        yield Sends(0, sample(ask.type))
    yield Sends(0, NONSENSE)
    if conversation.silence_due:
        yield Waits(0, conversation.silence_due - int(talk.at.now.timestamp()))


def sample(type: AnswerType) -> str:
    """An answer of this type that is nobody's."""
    return TYPED[type][0]


def _openings(clinic: Clinic) -> Iterator[Sends]:
    for flow in clinic.flows.values():
        if flow.starts_with:
            yield Sends(0, flow.starts_with[0])
    for anywhere in clinic.anywhere:
        if anywhere.run and anywhere.words:
            yield Sends(0, anywhere.words[0])
    led = {one.run: one.question.source for one in clinic.questions.values() if one.run}
    yield from (Sends(0, question) for question in led.values())


def _once(read: Read) -> Read:
    """The same words on the same day are read once."""
    known: dict[tuple[str, str], Reading] = {}

    def reads(text: str, now: datetime) -> Reading:
        key = text, f"{now:%F}"
        if key not in known:
            known[key] = read(text, now)
        return known[key]

    return reads
