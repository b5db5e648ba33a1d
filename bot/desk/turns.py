"""A patient's message, from its arrival to its answer in the outbox. One turn is one transaction on the book of record.

Theory of operation
-------------------
Redis keeps a hold on each conversation and its state as of (``seq``, ``arrived``); SQL keeps the truth. Whoever has the
hold takes the turn: decide on what Redis said, lock the row, compare its counters with those of Redis (decide again if
they differ), write everything down, commit, give the hold back with the new state. Whoever does not have it parks the
message as a waiting row for the holder. The hold only saves work: it is the comparison in SQL that keeps the order, so
all of this stays right when Redis is lost, late or wrong.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Literal, TypeVar

from bot.core.conversation import Conversation
from bot.core.effects import Trod
from bot.core.events import Event, FollowUpFellDue, Message, MessageKind, SilenceRanOut, event_from_data, event_to_data
from bot.core.location import Location
from bot.core.orders import after as ordered_after
from bot.core.orders import before as ordered_before
from bot.core.orders import orders_from
from bot.core.turn import Turn, take_turn
from bot.desk.alarms import alarm_at_once
from bot.desk.apart import apart
from bot.desk.consents import note_consents
from bot.desk.deciding import Foreseen, apology, decide, foresee
from bot.desk.media import attach
from bot.desk.shelf import Unread, at_newest, retrying
from bot.desk.stretches import count_stretch
from bot.desk.writing import safety_at_once, write_down
from bot.ports import Attachment, BookAway, Desk, Head, Inbound, Ledger, LiveAway, Taken

TAKE_UP_ROWS_MAX = 5
TAKE_UP_SECONDS_MAX = 0.5
"""A holder takes up so many parked messages, or for so long, before it leaves the rest to the worker."""
ATTEMPTS_MAX = 5
"""A parked message taken up so often without success goes to a person."""
TURN_SECONDS_MAX = 3.0
"""A turn that takes longer is given up before its commit: its hold (4 s) might be somebody else's by then."""

Received = Literal["taken", "parked", "known"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came in, before it is read. ``button`` is the id of what was tapped."""

    sid: str
    address: str
    kind: MessageKind = "text"
    text: str = ""
    button: str = ""
    attachments: tuple[Attachment, ...] = ()
    sent_at: int = 0
    """Epoch seconds; set when Twilio never brought it and it was found in its list."""
    location: Location | None = None
    quotes: str = ""
    """Sid of the message that this one replies to."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a finished turn leaves behind: the state (JSON) to put into Redis, and whether words wait in the outbox."""

    state: str
    seq: int
    arrived: int
    speaks: bool = False


NOTHING_NEW = Done("", -1, -1)
"""Older than whatever Redis knows: only the hold is given back."""


@dataclass(frozen=True, slots=True)
class Found:
    """A conversation as its turn finds it under the lock: its state, and what was counted before this turn."""

    state: Conversation
    head: Head
    foreseen: Foreseen | None = None
    """What was decided already, on this very state."""


class Overran(BookAway):
    """A turn took longer than its hold may last; nothing was written, the sender tries again."""


def conversation_id(key: bytes, address: str) -> str:
    """The id of an address's conversation: keyed, so that it says nothing of a number to whoever reads a log."""
    digest = hmac.digest(key, address.encode(), "sha256")
    return base64.b32encode(digest[:15])[:20].decode().lower()


def receive(desk: Desk, arrived: Arrived) -> Received:
    """Take in one message of a patient. Raises BookAway when the database is away: nothing was stored then.

    ``taken``: its turn is committed. ``parked``: it is stored, and whoever holds the conversation takes it up next.
    ``known``: this message was here before; nothing changed.
    """
    try:
        return _receive(desk, arrived)
    except Unread as unread:
        # Read anew as well: a question that was published is known from its first message on.
        desk.shelf.fetch(unread.numbers)
        return _receive(desk, arrived)


def _receive(desk: Desk, arrived: Arrived) -> Received:
    now = desk.clock.now()
    reading = desk.read(arrived.text, now)
    event = Message(
        arrived.sid,
        arrived.kind,
        arrived.text,
        arrived.button,
        reading,
        arrived.sent_at,
        arrived.location,
        arrived.quotes,
    )
    conversation = conversation_id(desk.conversation_key, arrived.address)
    token = desk.chance.token()
    taken = _from_redis(lambda: desk.live.take(conversation, token))
    if taken is not None and not taken.held:
        return _park(desk, conversation, arrived, event, token)
    try:
        result, done = _take(desk, conversation, arrived, event, taken)
    except BookAway:
        _let_go(desk, conversation, token)
        raise
    except Exception as error:  # noqa: BLE001 - it could not be written down: kept, tried again, and then a person's
        desk.report("turn_not_written", {"conversation": conversation, "error": type(error).__name__})
        _let_go(desk, conversation, token)
        return _park(desk, conversation, arrived, event, token)
    _give_back(desk, conversation, token, done, waiting=result == "parked")
    return result


def _take(
    desk: Desk, conversation: str, arrived: Arrived, event: Message, taken: Taken | None
) -> tuple[Received, Done | None]:
    """Take the turn of a message under our hold, or park it when older ones wait."""
    started = desk.clock.monotonic()
    now = desk.clock.now()
    foreseen, kept = foresee(desk.clinic, taken, event, now), event_to_data(event)
    with desk.book.begin() as ledger:
        found = _found(ledger, conversation, arrived.address, foreseen, now)
        head = found.head
        in_order = ledger.oldest_waiting(conversation) is None if _behind(taken, head) else True
        inbound = Inbound(event.sid, conversation, head.arrived + 1, kept, int(now.timestamp()))
        if not ledger.record(inbound, "done" if in_order else "waiting"):
            known = ledger.inbound_status(event.sid)
            return ("parked", None) if known == "waiting" else ("known", None)
        attach(desk, ledger, conversation, event.sid, arrived.attachments)
        if not in_order:
            ledger.arrived_at(conversation, inbound.arrival)
            return "parked", None
        counted = replace(head, arrived=inbound.arrival)
        done = _turn(desk, ledger, replace(found, head=counted), event)
        if desk.clock.monotonic() - started > TURN_SECONDS_MAX:
            raise Overran(f"turn of {conversation} overran")
    _note(desk, conversation, done, event, started)
    return "taken", done


def _note(desk: Desk, conversation: str, done: Done, event: Event, started: float) -> None:
    """One line for each turn that is committed."""
    milliseconds = round((desk.clock.monotonic() - started) * 1000)
    ids = {"conversation": conversation, "seq": done.seq, "kind": type(event).__name__, "ms": milliseconds}
    desk.note("turn", {**ids, "sid": event.sid} if isinstance(event, Message) else ids)


def _behind(taken: Taken | Foreseen | None, head: Head) -> bool:
    """Whether Redis knows (or knew) less or more than the book of record."""
    return taken is None or (taken.seq, taken.arrived) != (head.seq, head.arrived)


def _found(ledger: Ledger, conversation: str, address: str, foreseen: Foreseen | None, now: datetime) -> Found:
    """The conversation as the book of record has it: as Redis had it when the counters agree, else read back."""
    head = ledger.head(conversation)
    if head is None:
        fresh = Conversation(conversation, address)
        head = ledger.create(fresh, int(now.timestamp()))
        if head.seq == 0 and head.arrived == 0:
            return Found(fresh, head)
    if foreseen is not None and foreseen.state.address and not _behind(foreseen, head):
        return Found(foreseen.state, head, foreseen)
    state = ledger.read(conversation) or Conversation(conversation, address)
    if not state.address:
        # Erased since: whoever writes again is somebody new, at the same address.
        state = replace(state, address=address)
        ledger.save(state, head.seq, head.arrived, int(now.timestamp()))
    return Found(state, head)


def _turn(desk: Desk, ledger: Ledger, found: Found, event: Event) -> Done:
    """Decide and write down, inside an open transaction."""
    state, head, foreseen = found.state, found.head, found.foreseen
    # What was foreseen was decided at its own moment, and is journaled under it.
    now = foreseen.now if foreseen else desk.clock.now()
    orders, stamp = orders_from(head.orders), int(now.timestamp())
    desk, brought = at_newest(desk, head.edition, state)
    begun = ordered_before(orders, brought, event, stamp)
    try:
        if foreseen is not None and begun is state and desk.clinic is foreseen.clinic:
            first = foreseen.turn
        else:
            first = take_turn(desk.clinic, begun, event, now)
        decided = ordered_after(orders, decide(desk, ledger, first, now), event, stamp)
    except BookAway:
        raise
    except Exception as error:  # whatever failed, the patient gets an apology and a person
        if isinstance(event, FollowUpFellDue):
            raise  # She has asked for nothing: an apology would be the first she hears of it.
        desk.report("turn_failed", {"conversation": state.id, "seq": head.seq + 1, "error": type(error).__name__})
        decided = apology(desk.clinic, begun, event, now)
    if brought.edition != state.edition:
        decided = replace(decided, trace=(Trod("", "", f"edition {brought.edition}"), *decided.trace))
    return _written(ledger, decided, event, head, now, brought, brought.edition != state.edition)


def _written(  # noqa: PLR0913 - both ends of a turn, and everything that is written down between them
    ledger: Ledger,
    decided: Turn,
    event: Event,
    head: Head,
    now: datetime,
    before: Conversation,
    brought: bool = False,
) -> Done:
    """``brought`` says that ``before`` is not what the turn before came to, but what a new edition made of that."""
    after, stamp = replace(head, seq=head.seq + 1), int(now.timestamp())
    count_stretch(ledger, before, decided.conversation, event, stamp)
    note_consents(ledger, before, decided.conversation, event, stamp)
    alarm_at_once(ledger, before, event, stamp)
    state, speaks = write_down(ledger, before, decided, event, after, now, keep_before=brought)
    return Done(state, after.seq, after.arrived, speaks)


def _park(desk: Desk, conversation: str, arrived: Arrived, event: Message, token: str) -> Received:
    """Somebody else holds the conversation: store the message for them, and take over if they have just let go."""
    now = desk.clock.now()
    with desk.book.begin() as ledger:
        found = _found(ledger, conversation, arrived.address, None, now)
        inbound = Inbound(event.sid, conversation, found.head.arrived + 1, event_to_data(event), int(now.timestamp()))
        if ledger.record(inbound, "waiting"):
            ledger.arrived_at(conversation, inbound.arrival)
            attach(desk, ledger, conversation, event.sid, arrived.attachments)
            safety_at_once(ledger, found.state, event, now)
        elif ledger.inbound_status(event.sid) != "waiting":
            return "known"
    taken = _from_redis(lambda: desk.live.note_more(conversation, token))
    if taken is None or taken.held:
        _give_back(desk, conversation, token, None, waiting=True)
    if event.reading.red_flags:
        _from_redis(lambda: desk.live.wake([conversation]))
    return "parked"


def take_up_waiting(desk: Desk, conversation: str) -> int:
    """Take up parked messages of a conversation, oldest first, hold or no hold; how many. For the worker and the
    tick."""
    token = desk.chance.token()
    taken = _from_redis(lambda: desk.live.take(conversation, token))
    if taken is not None and not taken.held:
        # Whoever holds it may be dead: the comparison in SQL keeps the order all the same.
        done, count, _ = _take_up(desk, conversation)
        _after(desk, conversation, done)
        return count
    return _give_back(desk, conversation, token, None, waiting=True)


def _take_up(desk: Desk, conversation: str) -> tuple[Done | None, int, bool]:
    """Take up parked messages until none is left or it is somebody else's turn: last state, how many, whether all."""
    started = desk.clock.monotonic()
    done: Done | None = None
    for count in range(TAKE_UP_ROWS_MAX):
        if desk.clock.monotonic() - started > TAKE_UP_SECONDS_MAX:
            return done, count, False
        with desk.book.begin() as ledger:
            row = ledger.oldest_waiting(conversation)
            attempts = ledger.count_attempt(row.sid) if row else 0
        if row is None:
            return done, count, True
        began = desk.clock.monotonic()

        def turn(sid: str = row.sid, attempts: int = attempts) -> Done | None:
            with desk.book.begin() as ledger:
                return _take_up_one(desk, ledger, sid, attempts, conversation)

        taken_up = retrying(desk, turn)
        if taken_up is not None:
            _note(desk, conversation, taken_up, event_from_data(row.event), began)
        done = taken_up or done
    return done, TAKE_UP_ROWS_MAX, False


def _take_up_one(desk: Desk, ledger: Ledger, sid: str, attempts: int, conversation: str) -> Done | None:
    head, now = ledger.head(conversation), desk.clock.now()
    row = ledger.oldest_waiting(conversation)
    state = ledger.read(conversation)
    if head is None or row is None or state is None or row.sid != sid:
        return None
    event = event_from_data(row.event)
    if attempts > ATTEMPTS_MAX:
        desk.report("message_given_up", {"conversation": conversation, "sid": sid})
        ledger.taken_up(sid, "person")
        begun = ordered_before(orders_from(head.orders), state, event, int(now.timestamp()))
        done = _written(ledger, apology(desk.clinic, begun, event, now), event, head, now, state)
    else:
        ledger.taken_up(sid, "done")
        done = _turn(desk, ledger, Found(state, head), event)
    # Redis learns of this arrival only: while later ones wait, its count must not agree with the book of record.
    return replace(done, arrived=row.arrival)


def happen(desk: Desk, conversation: str, event_for: Callable[[Ledger, Conversation], Event | None]) -> bool:
    """Let something other than a patient's message happen to a conversation: staff, a timer, a failing delivery.

    ``event_for`` looks at the locked conversation and gives the event, or None when it does not happen after all.
    """
    started = desk.clock.monotonic()

    def turn() -> tuple[Done, Event] | None:
        with desk.book.begin() as ledger:
            head, state = ledger.head(conversation), ledger.read(conversation)
            event = event_for(ledger, state) if head is not None and state is not None else None
            if head is None or state is None or event is None:
                return None
            return _turn(desk, ledger, Found(state, head), event), event

    happened = retrying(desk, turn)
    if happened is None:
        return False
    _note(desk, conversation, *happened, started)
    _after(desk, conversation, happened[0])
    return True


def silence(desk: Desk, conversation: str) -> bool:
    """Nobody answered: let the silence rule happen that is due, unless the conversation has moved on."""

    def due(ledger: Ledger, state: Conversation) -> Event | None:
        now = int(desk.clock.now().timestamp())
        return SilenceRanOut() if 0 < state.silence_due <= now and state.control == "bot" else None

    return happen(desk, conversation, due)


# ---- Redis, which may be away at any moment


def _from_redis(ask: Callable[[], T]) -> T | None:
    """What Redis says, or None while it is away: SQL alone then carries the turn."""
    try:
        return ask()
    except LiveAway:
        return None


def _give_back(desk: Desk, conversation: str, token: str, done: Done | None, waiting: bool) -> int:
    """Put the new state into Redis and free the hold, taking up what was parked meanwhile; how many were taken up.

    A patient who sends ten photos at once has always more under way: after some rounds the worker goes on, and the hold
    is let go, or all she wrote in its four seconds would lie there.
    """
    count, rest = 0, False
    for later_rounds in reversed(range(TAKE_UP_ROWS_MAX)):
        if waiting:
            later, more, all_taken = None, 0, False
            # Whatever fails here is another message's turn; ours is committed, and the tick finds the other.
            with apart(desk, "taking_up_failed", conversation=conversation):
                later, more, all_taken = _take_up(desk, conversation)
            done, count, rest = _later(done, later), count + more, not all_taken
        last = done or NOTHING_NEW
        came = _from_redis(
            lambda last=last, goes_on=later_rounds > 0: desk.live.give_back(  # type: ignore[misc]
                conversation, token, last.seq, last.arrived, last.state, last.speaks, goes_on
            )
        )
        if not came:
            break
        waiting, rest = True, True
    if rest:
        _from_redis(lambda: desk.queue.enqueue("take_up_waiting", conversation))
    return count


def _later(done: Done | None, later: Done | None) -> Done | None:
    if done is None or later is None:
        return later or done
    return replace(later, speaks=done.speaks or later.speaks)


def _after(desk: Desk, conversation: str, done: Done | None) -> None:
    """Without a hold of our own: drop what Redis knows (it is behind now), and let the words leave."""
    if done is None:
        return
    _from_redis(lambda: desk.live.forget(conversation))
    _from_redis(lambda: desk.live.ring("conv", conversation))
    if done.speaks:
        _from_redis(lambda: desk.live.wake([conversation]))


def _let_go(desk: Desk, conversation: str, token: str) -> None:
    _from_redis(lambda: desk.live.give_back(conversation, token, -1, -1, "", False, False))


def as_kept(arrived: Arrived) -> Mapping[str, str]:
    """A message as the spool keeps it, until :func:`take_from_spool` writes it down."""
    files = json.dumps([asdict(one) for one in arrived.attachments])
    kept = {"address": arrived.address, "kind": arrived.kind, "text": arrived.text, "attachments": files}
    return {**kept, "location": json.dumps(asdict(arrived.location))} if arrived.location else kept


def take_from_spool(desk: Desk) -> int:
    """Write down what came in while the database was away; how many messages. Raises BookAway.

    One that cannot be written down stays where it is, is told at every look, and holds back no other.
    """
    written = 0
    for sid, message in desk.spool.kept():
        try:
            receive(desk, _from_spool(sid, message))
        except BookAway:
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the next one must be written down
            desk.report("red_flag_not_written", {"sid": sid, "error": type(error).__name__})
            continue
        desk.spool.drop(sid)
        written += 1
    return written


def _from_spool(sid: str, message: Mapping[str, str]) -> Arrived:
    files = tuple(Attachment(**one) for one in json.loads(message.get("attachments", "[]")))
    arrived = Arrived(sid, message["address"], "text", message["text"], attachments=files)
    if "location" not in message:
        return arrived
    return replace(arrived, kind="location", location=Location(**json.loads(message["location"])))
