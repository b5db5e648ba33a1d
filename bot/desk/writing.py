"""Writing a decided turn down: what happened, the words that leave, and the state afterwards, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from bot.core.control import may_speak
from bot.core.conversation import Conversation
from bot.core.effects import Note, PassToPerson, Say
from bot.core.events import Event, FollowUpFellDue, Message, StaffReplied, StaffTookOver, event_to_data
from bot.core.follow_up import kind_of
from bot.core.grounds import grounds_data, written
from bot.core.orders import Orders, orders_from, while_silenced
from bot.core.safety import words_for
from bot.core.turn import Turn
from bot.core.window import window_closes
from bot.core.wording import split
from bot.ports import Head, JournalEntry, Ledger, Words

TEXT_CHARACTERS_MAX = 1600
INTERACTIVE_CHARACTERS_MAX = 1024
"""Twilio's limits for a message's text (error 21617) and for a text with buttons or a list."""


def write_down(  # noqa: PLR0913 - both ends of a turn, what led from one to the other, and under which counters
    ledger: Ledger,
    before: Conversation,
    turn: Turn,
    event: Event,
    head: Head,
    now: datetime,
    keep_before: bool = False,
) -> tuple[str, bool]:
    """Write a turn down inside the open transaction, under its new counters: the state as it is kept, and whether words
    wait in the outbox now. ``keep_before`` has the journal keep the state before the turn, which no turn came to."""
    stamp, state = int(now.timestamp()), written(turn.conversation)
    grounds = grounds_data(before, turn, state, head.orders, keep_before)
    entry = JournalEntry(head.seq, stamp, event_to_data(event), list(_happenings(turn)), grounds)
    ledger.journal(turn.conversation.id, entry)
    words = list(_words(turn, event, orders_from(head.orders)))
    queued = ledger.queue(turn.conversation.id, words, stamp) if words else 0
    # The row of the conversation comes last: it counts what the others told.
    ledger.save(turn.conversation, head.seq, head.arrived, stamp, state)
    return state, queued > 0


def safety_at_once(ledger: Ledger, conversation: Conversation, event: Message, now: datetime) -> None:
    """Queue the safety text of a red flag that is parked behind somebody else's turn: it waits for nobody.

    Its own turn later queues the same words under the same keys, which changes nothing.
    """
    language = event.reading.language or conversation.language
    words = [Say(text, "safety") for text in words_for(event.reading.red_flags, language)]
    if words:
        ledger.queue(conversation.id, list(_keyed(words, event)), int(now.timestamp()))


def _happenings(turn: Turn) -> Iterator[dict[str, Any]]:
    for trod in turn.trace:
        yield {"flow": trod.flow, "step": trod.step, "way": trod.way}
    for effect in turn.effects:
        if isinstance(effect, Note):
            yield {"note": effect.kind, "detail": effect.detail}
        elif isinstance(effect, PassToPerson):
            yield {"note": "passed_to_person", "detail": effect.reason}


def _words(turn: Turn, event: Event, orders: Orders) -> Iterator[Words]:
    said = [effect for effect in turn.effects if isinstance(effect, Say)]
    conversation = turn.conversation
    speaker = event.by if isinstance(event, StaffReplied | StaffTookOver) else "bot"
    told = _told(event)
    for words in _keyed(said, event):
        verdict = may_speak(words.speech, conversation.control, conversation.holder, speaker)
        if orders.silenced:
            verdict = while_silenced(words.speech, verdict)
        status, note = ("suppressed", "the bot may not speak now") if verdict == "suppress" else ("queued", "")
        yield Words(
            words.text,
            words.speech,
            words.choices,
            words.list_button,
            words.hint,
            speaker=speaker,
            key=words.key,
            file=words.file,
            status=status,  # type: ignore[arg-type]
            note=note,
            **(told if words.speech in ("follow-up", "staff") else {}),
            **_while_it_holds(words, conversation),
        )


def _while_it_holds(words: Words, conversation: Conversation) -> dict[str, Any]:
    """Who answers is worth saying as long as free words may leave: nobody has to telephone because it did not."""
    return {"expires_at": window_closes(conversation.last_inbound_at)} if words.speech == "introduction" else {}


def _told(event: Event) -> dict[str, Any]:
    """What a follow-up's or a receptionist's words carry: when they may leave, and the template they are outside the
    window."""
    if isinstance(event, StaffReplied):
        return {"due_at": event.due_at, "template": event.template, "variables": event.variables}
    if not isinstance(event, FollowUpFellDue):
        return {}
    kind = kind_of(event.kind)
    if kind is None or not kind.template:
        return {"expires_at": event.expires_at}
    # The moment a template speaks of is the one it is about: of an offer, the time that came free.
    variables = {**event.said, "when": event.said.get("offered") or event.said.get("when", "")}
    return {"expires_at": event.expires_at, "template": kind.template, "variables": variables}


def _keyed(said: Iterable[Say], event: Event) -> Iterator[Words]:
    """Every message that has to leave, no longer than WhatsApp allows; safety text has a key, so it is queued once."""
    count = 0
    for say in said:
        limit = INTERACTIVE_CHARACTERS_MAX if say.choices else TEXT_CHARACTERS_MAX
        *first, last = split(say.text, limit) or ("",)
        for text in first:
            count += 1
            yield Words(text, say.speech, key=_key(say, event, count))
        count += 1
        key = _key(say, event, count)
        yield Words(last, say.speech, say.choices, say.list_button, say.hint, key=key, file=say.file)


def _key(say: Say, event: Event, count: int) -> str:
    if say.speech == "follow-up" and isinstance(event, FollowUpFellDue):
        # Whoever claims it asks about the follow-up once more, by the number its key ends with.
        return f"follow-up:{event.id}" if count == 1 else f"follow-up:{count}:{event.id}"
    if say.speech == "safety" and isinstance(event, Message):
        return f"safety:{event.sid}:{count}"
    if say.speech == "staff" and isinstance(event, StaffReplied) and event.token:
        return staff_key(event.token, count)
    return ""


def staff_key(token: str, part: int) -> str:
    """The key of a part of a receptionist's message: one click queues it once."""
    return f"staff:{token}:{part}"
