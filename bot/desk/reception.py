"""Who has a conversation, and passing it from one to another. Each change is a turn on the locked row.

Only one person holds a conversation. Whoever loses the race is told who won, and when. What staff write is in
:mod:`bot.desk.replying`, what they see in :mod:`bot.desk.inbox`. ``by`` and ``staff`` are ids of accounts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.core.calendar import Busy
from bot.core.conversation import Conversation
from bot.core.events import (
    Escalated,
    Event,
    Returned,
    StaffBlocked,
    StaffHandedBack,
    StaffHandedOn,
    StaffLooked,
    StaffMarked,
    StaffPutOff,
    StaffReleased,
    StaffReopened,
    StaffTookOver,
)
from bot.core.flow import Ask
from bot.core.patience import escalates, returns
from bot.core.progress import standing
from bot.desk.apart import apart
from bot.desk.inbox import alarms, watchers
from bot.desk.shelf import at_newest, retrying
from bot.desk.turns import happen
from bot.ports import Desk, Ledger, Line, Waiting

BackTo = Literal["menu", "continue", "silent"]
PUT_OFF_SECONDS_MAX = 60 * 24 * 3600
ROWS_MAX = 500


class Refused(Exception):
    """What staff asked for was not done; the message says why, to whoever asked."""


class NotYours(Refused):
    """Somebody else has the conversation, or it is the bot's. ``holder`` is who has it (empty: nobody) since
    ``since`` (epoch seconds)."""

    def __init__(self, words: str, holder: str = "", since: int = 0) -> None:
        super().__init__(words)
        self.holder, self.since = holder, since


class NotPossible(Refused):
    """It cannot be done as things are now."""


class Unread(Refused):
    """The patient wrote something that she has not seen; letting go of the conversation would leave it unread."""

    def __init__(self) -> None:
        super().__init__("The patient has just written. Look at that first.")


def needing_a_person(desk: Desk) -> tuple[Waiting, ...]:
    """Everybody who needs a person, urgent first."""
    with desk.book.look() as ledger:
        return ledger.needing_a_person()


def thread(desk: Desk, conversation: str, lines_max: int = 50) -> tuple[Line, ...]:
    """The last lines of a conversation, oldest first."""
    with desk.book.look() as ledger:
        return ledger.thread(conversation, lines_max)


# ---- taking


def take_over(desk: Desk, conversation: str, by: str, from_holder: str = "") -> None:
    """Hold a conversation; the bot is silent from this commit on.

    From a colleague it is taken only by naming her as ``from_holder``: who pressed "Take over" before a colleague did
    gets NotYours, and not the conversation out of her hands. Taking what one holds already changes nothing.
    """

    def taken(ledger: Ledger, state: Conversation) -> Event | None:
        if state.control != "held":
            return StaffTookOver(by, called=called(desk, ledger, by))
        if state.holder == by:
            return None
        if state.holder != from_holder:
            raise _held_by_another(state)
        return StaffTookOver(by, from_holder, called(desk, ledger, by))

    _happen(desk, conversation, taken)


def must_claim(state: Conversation, by: str) -> bool:
    """Whether she has to take it before she may write: nobody has it. Raises NotYours when the bot or a colleague
    does."""
    if state.control == "bot":
        raise NotYours("The assistant has this conversation. Take it over first.", since=state.control_since)
    if state.control == "held" and state.holder != by:
        raise _held_by_another(state)
    return state.control != "held"


def called(desk: Desk, ledger: Ledger, staff: str) -> str:
    """The name under which patients are told of her; empty where they are not told, or she has no account."""
    if not desk.clinic.says_who_answers:
        return ""
    return next((account.name for account in ledger.accounts() if account.id == staff), "")


# ---- giving


def hand_back(desk: Desk, conversation: str, by: str, mode: BackTo, last_seen: int | None = None) -> None:
    """Give a conversation back: to the menu, to the question that was open, or closed without a word (done).

    ``last_seen`` is the last line her page showed (None: not asked). Raises NotYours when a colleague holds it, Unread
    when the patient has written since, NotPossible when it cannot go on at its question (:func:`ways_back`).
    """
    _give_back(desk, conversation, StaffHandedBack(by, mode), last_seen)


def close(desk: Desk, conversation: str, by: str, closed_as: str, last_seen: int | None = None) -> None:
    """Be done with a conversation, as :func:`hand_back` does, and say what it was: an id of the clinic's own list, or
    nothing. Raises NotPossible when the list has no such id."""
    if closed_as and closed_as not in desk.clinic.closed_as:
        raise NotPossible("The clinic's list does not have this any more. Choose again.")
    _give_back(desk, conversation, StaffHandedBack(by, "silent", closed_as), last_seen)


def _give_back(desk: Desk, conversation: str, back: StaffHandedBack, last_seen: int | None) -> None:
    def given(ledger: Ledger, state: Conversation) -> Event | None:
        _mine_or_nobodys(state, back.by)
        _nothing_unread(ledger, state, back.by, last_seen)
        if back.mode == "continue" and state.stack:
            why_not = _why_not_continue(desk, ledger, state)
            if why_not:
                raise NotPossible(why_not)
        at_rest = state.control == "bot" or (back.mode == "silent" and state.control == "closed")
        return None if at_rest and not state.look else back

    _happen(desk, conversation, given)


@dataclass(frozen=True, slots=True)
class WaysBack:
    """How a conversation may go back to the bot. ``step`` is where it was frozen; ``why_not`` why it cannot go on."""

    step: str
    why_not: str

    @property
    def can_continue(self) -> bool:
        return bool(self.step) and not self.why_not


def ways_back(desk: Desk, conversation: str) -> WaysBack:
    """Whether the patient could go on where she was, and where that is."""

    def look() -> WaysBack:
        with desk.book.look() as ledger:
            state = ledger.read(conversation)
            where = standing(desk.clinic, state) if state else None
            if state is None or where is None:
                return WaysBack("", "No question was open.")
            return WaysBack(where.step, _why_not_continue(desk, ledger, state))

    return retrying(desk, look)


def undo_done(desk: Desk, conversation: str, by: str) -> None:
    """Take "done" back: whoever had the conversation has it again, and its open question is frozen as it was. Raises
    NotPossible when anything has happened in it since."""

    def reopened(ledger: Ledger, state: Conversation) -> Event | None:
        if state.closed is None or state.closed.turn != state.turn:
            raise NotPossible("Something has happened in it since. Take it over instead.")
        return StaffReopened(by)

    _happen(desk, conversation, reopened)


def hand_on(desk: Desk, conversation: str, by: str, to: str) -> None:
    """Give a conversation one holds (or that nobody has) to a colleague."""

    def given(ledger: Ledger, state: Conversation) -> Event | None:
        _mine_or_nobodys(state, by)
        return None if state.control == "held" and state.holder == to else StaffHandedOn(by, to)

    _happen(desk, conversation, given)


def release(desk: Desk, conversation: str, by: str, reason: str) -> None:
    """Put a conversation back into the queue, with a reason for whoever takes it next; it must not be empty."""
    if not reason.strip():
        raise NotPossible("Say why, for whoever takes it next.")

    def given(ledger: Ledger, state: Conversation) -> Event | None:
        _mine_or_nobodys(state, by)
        return None if state.control == "waiting" else StaffReleased(by, reason.strip())

    _happen(desk, conversation, given)


def put_off(desk: Desk, conversation: str, by: str, until: int, last_seen: int | None = None) -> None:
    """See a conversation again at ``until`` (epoch seconds; 0 now), or when the patient writes before that.

    Raises NotYours, NotPossible, and Unread when the patient wrote after the line ``last_seen`` (None: not asked).
    """
    now = _stamp(desk)
    if until and not now < until <= now + PUT_OFF_SECONDS_MAX:
        raise NotPossible("Choose a moment within the next sixty days.")

    def put(ledger: Ledger, state: Conversation) -> Event | None:
        _mine_or_nobodys(state, by)
        if state.control not in ("waiting", "held"):
            raise NotPossible("Take it over first.")
        if until:
            _nothing_unread(ledger, state, by, last_seen)
        return None if state.later_until == until else StaffPutOff(by, until)

    _happen(desk, conversation, put)


# ---- marking


def mark_urgent(desk: Desk, conversation: str, by: str, urgent: bool) -> None:
    """Pin a conversation that needs people to the top, or let it go."""

    def marked(ledger: Ledger, state: Conversation) -> Event | None:
        if urgent and state.control not in ("waiting", "held"):
            raise NotPossible("Take it over first.")
        return None if state.urgent == urgent else StaffMarked(by, urgent)

    _happen(desk, conversation, marked)


def looked(desk: Desk, conversation: str, by: str) -> None:
    """She has seen what the bot could not read, or what could not be delivered; the bot goes on."""

    def seen(ledger: Ledger, state: Conversation) -> Event | None:
        ledger.failures_seen(conversation, _stamp(desk))
        return StaffLooked(by) if state.look else None

    if not _happen(desk, conversation, seen):
        with apart(desk, "bell_failed", conversation=conversation):
            desk.live.ring("conv", conversation)


def block(desk: Desk, conversation: str, by: str, blocked: bool) -> None:
    """Block a nuisance, or let it write again. What it sends is kept all the same, and red flags are answered."""

    def marked(ledger: Ledger, state: Conversation) -> Event | None:
        _mine_or_nobodys(state, by)
        return None if state.blocked == blocked else StaffBlocked(by, blocked)

    _happen(desk, conversation, marked)


# ---- what happens by itself


def staff_left(desk: Desk, staff: str, for_good: bool = False) -> int:
    """She signed out: conversations in which a patient waits for her go to the queue now; how many. ``for_good``: all
    of hers do (her account is closed)."""

    def left(ledger: Ledger, state: Conversation) -> Event | None:
        hers = state.control == "held" and state.holder == staff
        return Returned("holder_left", staff) if hers and (for_good or state.waiting_since) else None

    with desk.book.begin() as ledger:
        hers = [state.id for state, _ in ledger.held() if state.holder == staff]
    return sum(happen(desk, id, left) for id in hers)


def keep_order(desk: Desk) -> int:
    """Let the rules of the desk move what nobody moves: held conversations whose patients wait too long or never
    answered, and what was put off until now; how many. For the tick; doing it twice is harmless."""
    now, moved = _stamp(desk), 0

    def over(ledger: Ledger, state: Conversation) -> Event | None:
        return Returned("later_over", state.holder) if 0 < state.later_until <= now else None

    with desk.book.begin() as ledger:
        due = [
            (state.id, drafted_at) for state, drafted_at in ledger.held() if returns(desk.diary, state, drafted_at, now)
        ]
        over_now = ledger.put_off_until(now, ROWS_MAX)
    for id, drafted_at in due:

        def returned(ledger: Ledger, state: Conversation, drafted_at: int = drafted_at) -> Event | None:
            rule = returns(desk.diary, state, drafted_at, now)
            return Returned(rule, state.holder) if rule else None

        with apart(desk, "return_failed", conversation=id):
            moved += happen(desk, id, returned)
    for id in over_now:
        with apart(desk, "return_failed", conversation=id):
            moved += happen(desk, id, over)
    return moved


def escalate(desk: Desk) -> int:
    """Say in the threads of those who wait too long that somebody was told, once for each step; how many. For the
    tick."""
    here, told = len(watchers(desk)), 0
    loud = alarms(desk)
    with desk.book.look() as ledger:
        waiting = [state for id in (*loud.everybody, *loud.again) if (state := ledger.read(id))]

    def escalated(ledger: Ledger, state: Conversation) -> Event | None:
        level = escalates(desk.diary, state, _stamp(desk), here)
        return Escalated(level) if level else None

    for state in waiting:
        if escalates(desk.diary, state, _stamp(desk), here):
            with apart(desk, "escalation_failed", conversation=state.id):
                told += happen(desk, state.id, escalated)
    return told


# ---- parts


def _happen(desk: Desk, conversation: str, event_for: Callable[[Ledger, Conversation], Event | None]) -> bool:
    found = False

    def noticed(ledger: Ledger, state: Conversation) -> Event | None:
        nonlocal found
        found = True
        return event_for(ledger, state)

    happened = happen(desk, conversation, noticed)
    if not found:
        raise NotYours("There is no such conversation.")
    return happened


def _mine_or_nobodys(state: Conversation, by: str) -> None:
    if state.control == "held" and state.holder != by:
        raise _held_by_another(state)


def _nothing_unread(ledger: Ledger, state: Conversation, by: str, last_seen: int | None) -> None:
    if last_seen is None:
        return
    if any(line.kind == "patient" for line in ledger.messages_after(state.id, last_seen, by)):
        raise Unread


def _held_by_another(state: Conversation) -> NotYours:
    return NotYours(f"{state.holder} has this conversation.", state.holder, state.control_since)


def _why_not_continue(desk: Desk, ledger: Ledger, state: Conversation) -> str:
    """Why the frozen question cannot be asked again; empty when it can."""
    desk, state = at_newest(desk, desk.shelf.now.number, state)
    if not state.stack:
        return "No question was open."
    frame = state.stack[-1]
    flow = desk.clinic.flow(frame.flow, frame.edition)
    step = flow.steps.get(frame.step) if flow else None
    if flow is None or step is None:
        return "This question is not in the flows any more."
    if not isinstance(step.body, Ask):
        return "It stands at no question."
    slot = frame.saved.get("slot")
    if "hold" in frame.opened and isinstance(slot, dict):
        practitioner, _, start = str(slot.get("id", "")).rpartition("@")
        if _somebody_elses(desk, ledger, state.id, practitioner, int(start or 0)):
            return "The time she chose is not free any more."
    return ""


def _somebody_elses(desk: Desk, ledger: Ledger, conversation: str, practitioner: str, start: int) -> bool:
    minute = Busy(practitioner, start, start + 60)
    return bool(ledger.busy([practitioner], minute.start, minute.end, _stamp(desk), conversation))


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
