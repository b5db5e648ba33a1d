"""A recorded conversation as a test of the clinic's own, with nothing in it that is anybody's.

Theory of operation
-------------------
The talk is decided again from its journal, and held a second time beside it with somebody made up: another name,
number and day, and appointments that are nobody's. What the patient said is put into words that go the same way: her
own without whatever might be hers (:mod:`bot.desk.masking`), or else the clinic's own words for the same thing. The
bot's lines are never copied: they are what it answers to the made-up patient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from types import MappingProxyType

from bot.core.actions import ACTIONS
from bot.core.conversation import Conversation
from bot.core.effects import Say, Trod
from bot.core.events import (
    DeliveryFailed,
    Escalated,
    Event,
    FollowUpFellDue,
    Message,
    Returned,
    StaffBlocked,
    StaffDid,
    StaffHandedBack,
    StaffHandedOn,
    StaffLooked,
    StaffMarked,
    StaffPutOff,
    StaffReleased,
    StaffReopened,
    StaffReplied,
    StaffTookOver,
)
from bot.core.flow import Ask, Clinic, Value
from bot.core.grounds import written
from bot.core.place import Stranded
from bot.core.questions import button_id
from bot.core.transcript import Doing, Given, Sends, Staff, StaffDoes, StandIn, Transcript, Waits
from bot.core.turn import Turn
from bot.desk.masking import GONE, Masking
from bot.desk.proposing import NONSENSE, answered, sample
from bot.desk.rehearsing import STAFF, CannotPlayError, Read, Rehearsal
from bot.desk.replaying import NotRecorded, Recorded, as_read_back, as_recorded, decide_again, recorded, state_before
from bot.desk.stand_ins import stand_in
from bot.ports import JournalEntry

PAUSE_SECONDS = 6 * 3600
"""After so long without a word another talk begins."""
OPTIONS_MAX = 9
"""Of a long list so many options are kept, a page of it, unless the patient turned the pages."""
RED_FLAG = "I cannot pee and I am numb between my legs"
_BESIDE = (DeliveryFailed, Escalated, StaffDid, StaffHandedOn, StaffLooked, StaffMarked, StaffPutOff, StaffReplied)
"""What changes nothing that the bot says."""
_CANNOT_BE_TOLD: Mapping[type[Event], str] = MappingProxyType(
    {
        FollowUpFellDue: "a follow-up was said, for which tests have no words",
        Returned: "a rule of the desk moved the conversation, for which tests have no words",
        StaffBlocked: "staff blocked the address",
        StaffReopened: "staff took it up again, for which tests have no words",
    }
)
_UNKNOWN = "what came next cannot be decided again with these files"
_WITH_STAFF = "staff had it from then on"


class NothingToSave(Exception):
    """There is no such talk. The message says why."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One recorded turn, decided again: what it began with and what came of it."""

    one: Recorded
    before: Conversation
    turn: Turn


@dataclass(frozen=True, slots=True)
class Talk:
    """Turns that a test can hold. ``ends`` says why it ends where more was said; empty when it just ended."""

    moments: tuple[Moment, ...]
    ends: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """The test, in how many places the made-up talk goes another way than the recorded one did, and what whoever reads
    the test should know of its end."""

    transcript: Transcript
    otherwise: int
    about: str = ""


def talks(clinic: Clinic, start: Conversation, entries: Iterable[JournalEntry]) -> tuple[Talk, ...]:
    """The talks of a conversation that a test can hold, oldest first. Each ends at a pause, or at something for which
    the language of tests has no words."""
    found: list[Talk] = []
    moments: list[Moment] = []
    for moment in _moments(clinic, start, entries):
        why = _why_not(moment)
        if why or (moments and moment and _begins_anew(clinic, moments[-1], moment)):
            found.append(_with_the_bot(moments, why))
            moments = []
        if moment is not None and not why:
            moments.append(moment)
    found.append(_with_the_bot(moments, ""))
    return tuple(talk for talk in found if any(isinstance(moment.one.event, Message) for moment in talk.moments))


def _begins_anew(clinic: Clinic, last: Moment, moment: Moment) -> bool:
    fresh = isinstance(moment.one.event, Message) and _rests(clinic, moment.before)
    return fresh and (moment.one.at - last.one.at).total_seconds() >= PAUSE_SECONDS


def _with_the_bot(moments: Sequence[Moment], ends: str) -> Talk:
    """What was said until staff took over for good: of what they talk about a test tells nothing."""
    kept = list(moments)
    while kept and kept[-1].turn.conversation.control == "held":
        kept.pop()
    return Talk(tuple(kept), _WITH_STAFF if len(kept) < len(moments) else ends)


def save(clinic: Clinic, read: Read, talk: Talk, name: str) -> Saved:
    """A talk as a test with everything replaced that is the patient's. Raises NothingToSave."""
    names = (value for moment in talk.moments for value in _names(clinic, moment))
    return _held_again(clinic, read, talk, Transcript(name, "", 0, _about(clinic, talk), ()), Masking(clinic, names))


def save_as_it_was(clinic: Clinic, read: Read, talk: Talk, name: str, zone: tzinfo) -> Saved:
    """A talk as a test, word by word: for a talk that nobody had but whoever saves it. Raises NothingToSave."""
    now = f"{talk.moments[0].one.at.astimezone(zone):%Y-%m-%d %H:%M}"
    draft = Transcript(name, "", 0, _about(clinic, talk), (), Given(now=now))
    return _held_again(clinic, read, talk, draft, None)


def _held_again(clinic: Clinic, read: Read, talk: Talk, draft: Transcript, mask: Masking | None) -> Saved:
    given = _given(clinic, talk, draft.given, mask)
    at, said, otherwise = Rehearsal(clinic, given, read), list[Doing](), 0
    for moment in filter(_is_heard, talk.moments):
        ways = list(_ways(moment.turn.trace))
        tried = [_tried(at, spoken) for spoken in _spoken(at, moment, mask)]
        possible = [one for one in tried if one is not None]
        same = next((one for one in possible if list(_ways(one[0].trace[len(at.trace) :])) == ways), None)
        otherwise += same is None
        chosen = same or next(iter(possible), None)
        if chosen is not None:
            at, spoken = chosen
            said.append(spoken)
    if not said:
        raise NothingToSave("Nothing that the patient said can be put into a test.")
    try:
        about = f"It ends here because {talk.ends}." if talk.ends else ""
        return Saved(answered(clinic, read, replace(draft, given=given, talk=tuple(said))), otherwise, about)
    except (CannotPlayError, Stranded, LookupError) as stuck:
        raise NothingToSave(f"The talk cannot be held again with these files: {stuck}") from stuck


def _tried(at: Rehearsal, spoken: Doing) -> tuple[Rehearsal, Doing] | None:
    twin = at.twin()
    try:
        twin.happens(spoken)
    except (CannotPlayError, Stranded, LookupError):
        return None
    return twin, spoken


def _ways(trace: Iterable[Trod]) -> Iterator[Trod]:
    return (trod for trod in trace if trod.way != "stood")


# ---- what was recorded


def _moments(clinic: Clinic, start: Conversation, entries: Iterable[JournalEntry]) -> Iterator[Moment | None]:
    """Every turn decided again; None for one that cannot be."""
    state: Conversation | None = start
    for entry in entries:
        one = recorded(entry)
        state = state_before(state, one, start)
        moment = _moment(clinic, state, one)
        state = as_read_back(written(moment.turn.conversation)) if moment else None
        if moment is None or not isinstance(one.event, _BESIDE):
            yield moment


def _moment(clinic: Clinic, state: Conversation | None, one: Recorded) -> Moment | None:
    if state is None or one.grounds is None or one.grounds.failed or one.grounds.orders:
        return None
    try:
        return Moment(one, state, decide_again(clinic, state, one, as_recorded(one.grounds.outcomes)))
    except (NotRecorded, Stranded):
        return None


def _why_not(moment: Moment | None) -> str:
    """Why a test cannot tell of a turn; empty when it can."""
    if moment is None or any(outcome.action not in ACTIONS for outcome in moment.turn.outcomes):
        return _UNKNOWN
    return _CANNOT_BE_TOLD.get(type(moment.one.event), "")


def _is_heard(moment: Moment) -> bool:
    """Whether the bot has to do with a turn: what is said to a person stays between the two."""
    to_staff = isinstance(moment.one.event, Message) and moment.before.control == "held"
    return not to_staff or any(isinstance(effect, Say) for effect in moment.turn.effects)


def _rests(clinic: Clinic, state: Conversation) -> bool:
    return not state.stack or [frame.flow for frame in state.stack] == [clinic.otherwise]


def _about(clinic: Clinic, talk: Talk) -> str:
    """The flow that most of a talk is in."""
    trod = Counter(one.flow for moment in talk.moments for one in moment.turn.trace)
    del trod[""], trod[clinic.otherwise]
    return max(trod, key=lambda flow: trod[flow], default=clinic.otherwise)


def _names(clinic: Clinic, moment: Moment) -> Iterator[str]:
    """What is known to be somebody's name: answers to questions for one, and what the system told with one."""
    event, asking = moment.one.event, _asking(clinic, moment.before)
    if isinstance(event, Message) and asking is not None and asking.type == "person name":
        taken = {one.way for one in moment.turn.trace}
        yield from (event.text for _ in taken & {"typed", "not understood"})
    for outcome in moment.turn.outcomes:
        yield from _patients(outcome.value)


def _patients(value: Value) -> Iterator[str]:
    if isinstance(value, tuple):
        for one in value:
            yield from _patients(one)
    elif hasattr(value, "get") and not isinstance(value, str | int):
        yield str((value or {}).get("patient") or "")


def _asking(clinic: Clinic, state: Conversation) -> Ask | None:
    running = state.running
    body = clinic.flows[running.flow].steps[running.step].body if running and state.open else None
    return body if isinstance(body, Ask) else None


# ---- what is said instead


def _given(clinic: Clinic, talk: Talk, given: Given, mask: Masking | None) -> Given:
    first, in_turn = talk.moments[0].before, dict[str, tuple[StandIn, ...]]()
    one_page = not any(frame.page for moment in talk.moments for frame in moment.before.stack)
    for outcome in (outcome for moment in talk.moments for outcome in moment.turn.outcomes):
        value = outcome.value
        options = min(len(value), OPTIONS_MAX if one_page else len(value)) if isinstance(value, tuple) else 0
        came = stand_in(clinic, outcome.action, outcome.name, options) if mask else StandIn(outcome.name, value)
        in_turn[outcome.action] = (*in_turn.get(outcome.action, ()), came)
    chosen = first.language_chosen or first.language != clinic.languages[0]
    return replace(
        given,
        language=first.language if chosen else "",
        phone=bool(first.phone),
        first_contact=not first.greeted,
        in_turn=in_turn,
    )


def _spoken(at: Rehearsal, moment: Moment, mask: Masking | None) -> Iterator[Doing]:
    """Ways to say or do what the patient did, the nearest to her own first."""
    event = moment.one.event
    if isinstance(event, StaffTookOver | StaffHandedBack | StaffReleased):
        yield Staff(0, _does(event))
        return
    if not isinstance(event, Message):
        due = at.conversation.silence_due
        if due:
            yield Waits(0, due - int(at.now.timestamp()))
        return
    chosen = _chosen(at, moment)
    if event.kind == "tap" and chosen:
        yield Sends(0, chosen, "tap")
    elif event.kind not in ("text", "tap"):
        yield Sends(0, kind=event.kind)
    elif mask is None:
        yield Sends(0, event.text)
    else:
        yield from (Sends(0, words) for words in _in_other_words(at, moment, mask(event.text), chosen) if words)


def _does(event: StaffTookOver | StaffHandedBack | StaffReleased) -> StaffDoes:
    return next(does for does, one in STAFF.items() if _alike(one, event))


def _alike(one: Event, event: Event) -> bool:
    """Whether two things that staff do are the same, whoever did them and why."""
    return type(one) is type(event) and getattr(one, "mode", "") == getattr(event, "mode", "")


def _in_other_words(at: Rehearsal, moment: Moment, masked: str, chosen: str) -> Iterator[str]:
    event, clinic, asking = moment.one.event, at.clinic, _asking(at.clinic, moment.before)
    assert isinstance(event, Message)
    if event.reading.red_flags:
        yield RED_FLAG
        return
    trod = {one.way.partition(" ")[::2] for one in moment.turn.trace}
    if ("typed", "") in trod and asking is not None and asking.type:
        yield sample(asking.type)
    if masked.strip(GONE + " "):
        yield masked
    yield chosen
    for kind, name in sorted(trod):
        if kind == "faq" and name in clinic.questions:
            yield clinic.questions[name].question.in_language(at.conversation.language)
        if kind == "anywhere":
            yield from (one.words[0] for one in clinic.anywhere if one.name == name and one.words)
    started = [one.flow for one in moment.turn.trace if one.way == "started"]
    yield from (words for words, flow in clinic.start_words.items() if flow in started)
    yield GONE
    yield NONSENSE


def _chosen(at: Rehearsal, moment: Moment) -> str:
    """The label, in the made-up talk, of the option that a message meant: the one whose tap comes to the same."""
    question, shown = moment.before.open, at.conversation.open
    event = moment.one.event
    if question is None or shown is None or not isinstance(event, Message):
        return ""
    for place, option in enumerate(question.options[: len(shown.options)]):
        button = button_id(moment.before, question.turn, option.id)
        tapped = replace(event, kind="tap", button=button)
        if event.button == button or (not event.button and _comes_to_the_same(at.clinic, moment, tapped)):
            return shown.options[place].label
    return ""


def _comes_to_the_same(clinic: Clinic, moment: Moment, event: Message) -> bool:
    grounds = moment.one.grounds
    assert grounds is not None
    try:
        turn = decide_again(clinic, moment.before, replace(moment.one, event=event), as_recorded(grounds.outcomes))
    except (NotRecorded, Stranded):
        return False
    return (turn.conversation, turn.effects) == (moment.turn.conversation, moment.turn.effects)
