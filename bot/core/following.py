"""Follow-ups inside a conversation: how one is said, and what an answer to it means, whatever flow is open.

Theory of operation
-------------------
A follow-up is an event. Its question stands beside the open one (``Conversation.followed``): flows, tries and silences
know nothing of it. A button carries the follow-up, its appointment and that one's version, so a tap counts however old
it is, and never for a time the appointment has left. Words count only as the next thing said after the follow-up.

What an answer does to an appointment is an action of the engine's own, ``follow_up.answer``; its outcome says what the
appointment is now, and the words follow from that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from bot.core import safety
from bot.core.actions import FOLLOW_UP_ANSWER, FOLLOW_UP_NUDGE
from bot.core.asking_faq import sure_question
from bot.core.conversation import Followed
from bot.core.effects import Choice, DoAction, Note, Say, Speech
from bot.core.events import FollowUpFellDue, Message, Outcome
from bot.core.flow import Value
from bot.core.follow_up import KINDS, kind_of
from bot.core.follow_up_words import NOT_ME, answers_meant
from bot.core.names import Names
from bot.core.place import Stranded
from bot.core.walk import Walk

_BUTTON = re.compile(r"f(\d{1,18})a(\d{1,18})v(\d{1,9})\.([a-z ]{1,20})")
_OF_THE_APPOINTMENT = frozenset({"confirm", "move", "cancel", "take", "keep", NOT_ME})
"""Answers that change the appointment or need to know what it is now."""
_SAID_OF: Mapping[str, str] = {
    "confirmed": "confirmed",
    "moved": "moved to",
    "taken": "offer gone",
    "kept": "kept",
    "gone": "not booked",
    "not_theirs": "not theirs",
}
"""The sentence that answers each outcome which leads nowhere further."""
WRITTEN = "Wrote after the visit: please read"


def say(walk: Walk, due: FollowUpFellDue) -> None:
    """Say a follow-up that fell due. The open question stays open."""
    kind = kind_of(due.kind)
    if kind is None:
        raise Stranded(f"no kind of follow-up {due.kind}")
    walk.trod(f"follow-up {due.kind}")
    words = Names(walk.clinic, walk.conversation, due.said).render(walk.text(kind.text))
    if kind.options:
        asked = Followed(walk.conversation.turn, due.id, due.kind, due.appointment, due.version)
        _offer(walk, asked, words, kind.options, "follow-up")
        return
    walk.effects.append(Say(words, "follow-up"))
    before = _just_asked(walk)
    if before is not None:
        # Notes ask nothing: the question before them is still the last one.
        walk.change(followed=replace(before, turn=walk.conversation.turn))


def tap(walk: Walk, message: Message) -> bool:
    """A button of a follow-up, however old."""
    owner, _, rest = message.button.partition(".")
    button = _BUTTON.fullmatch(rest)
    if button is None or owner != walk.conversation.id[:8]:
        return False
    id, appointment, version, option = button.groups()
    _answer(walk, Followed(0, int(id), "", int(appointment), int(version)), option)
    return True


def in_words(walk: Walk, message: Message) -> bool:
    """Words that answer the follow-up which was the last thing said. What may mean two answers is asked back."""
    asked = _just_asked(walk)
    kind = kind_of(asked.kind) if asked else None
    if asked is None or kind is None:
        return False
    labels = {option: _labels(walk, f"{kind.text} {option}") for option in kind.options}
    found = answers_meant(message, labels, surely_a_question=sure_question(walk, message) is not None)
    if not found:
        return False
    if len(found) == 1:
        _answer(walk, asked, found[0])
        return True
    first, second = (walk.text(f"{kind.text} {option}") for option in found[:2])
    walk.trod("which answer")
    words = walk.text("which one").replace("{first}", first).replace("{second}", second)
    _offer(walk, asked, words, found)
    return True


def told(walk: Walk, message: Message) -> bool:
    """Any other words after a check-in are for staff: they are shown to them, and nothing is concluded from them."""
    asked = _just_asked(walk)
    if asked is None or not asked.kind.startswith("check-in") or not message.text.strip():
        return False
    _leave_for_staff(walk)
    return True


def came_out(walk: Walk, outcome: Outcome) -> None:
    """Take up what came of an answer."""
    appointment = outcome.value if isinstance(outcome.value, Mapping) else {}
    walk.trod(f"outcome {outcome.name}")
    match outcome.name:
        case "move" | "cancel":
            _enter(walk, outcome.name, appointment)
        case "changed":
            _tell_what_it_is_now(walk, appointment)
        case "failed":
            walk.hand_over("An answer to a follow-up could not be written down")
        case name:
            words = Names(walk.clinic, walk.conversation, appointment).render(walk.text(_SAID_OF[name]))
            walk.say(words)


def nudge_later(walk: Walk) -> None:
    """Nobody finished a booking: the clinic may ask once whether to go on."""
    entry = walk.clinic.follow_ups.get("book")
    if entry is not None and walk.conversation.stack and walk.frame.flow == entry.flow:
        walk.effects.append(DoAction(FOLLOW_UP_NUDGE, quiet=True))


# ---- asking


def _offer(walk: Walk, asked: Followed, words: str, options: Iterable[str], speech: Speech = "reply") -> None:
    kind = kind_of(asked.kind)
    text = kind.text if kind else ""
    owner, about = walk.conversation.id[:8], f"f{asked.id}a{asked.appointment}v{asked.version}"
    choices = tuple(Choice(f"{owner}.{about}.{option}", walk.text(f"{text} {option}")) for option in options)
    walk.effects.append(Say(words, speech, choices, walk.text("list button"), walk.text("numbered")))
    walk.change(followed=replace(asked, turn=walk.conversation.turn))


def _tell_what_it_is_now(walk: Walk, appointment: Mapping[str, Value]) -> None:
    """An answer to a time that has changed: the time it has now, with buttons that are about that one."""
    id, version = (int(str(appointment.get(name) or 0)) for name in ("id", "version"))
    words = Names(walk.clinic, walk.conversation, appointment).render(walk.text("changed since"))
    asked = Followed(walk.conversation.turn, 0, "reminder", id, version)
    _offer(walk, asked, words, KINDS["reminder"].options)


# ---- answers


def _just_asked(walk: Walk) -> Followed | None:
    asked = walk.conversation.followed
    return asked if asked is not None and asked.turn == walk.conversation.turn - 1 else None


def _labels(walk: Walk, name: str) -> tuple[str, ...]:
    text = walk.clinic.texts[name]
    return (text.source, *text.translations.values())


def _answer(walk: Walk, asked: Followed, option: str) -> None:
    walk.trod(f"answered {option}")
    if option in _OF_THE_APPOINTMENT:
        inputs: dict[str, Value] = {
            "follow_up": asked.id,
            "appointment": asked.appointment,
            "version": asked.version,
            "answer": option,
        }
        walk.asked = DoAction(FOLLOW_UP_ANSWER, inputs)
        walk.effects.append(walk.asked)
    elif option == "book":
        _enter(walk, "book", {})
    elif option == "call":
        walk.hand_over("Asked to be written to after the visit")
    elif option == "well":
        _leave_for_staff(walk, look=False)
    else:
        walk.say_text("no thanks")


def _enter(walk: Walk, way: str, appointment: Mapping[str, Value]) -> None:
    """Go into the clinic's own flow for this, for that very appointment; without one a person is called."""
    entry = walk.clinic.follow_ups.get(way)
    if entry is None or entry.flow not in walk.clinic.flows:
        walk.hand_over(f"Wants to {way} after a follow-up")
        return
    if walk.at_menu or any(frame.flow == entry.flow for frame in walk.conversation.stack):
        walk.drop_all("left")
    inputs: dict[str, Value] = {"appointment": appointment} if appointment else {}
    walk.start(entry.flow, "ask" if walk.conversation.stack else "go on", inputs, entry.step)


def _leave_for_staff(walk: Walk, look: bool = True) -> None:
    walk.effects.append(Note("answered_the_check_in"))
    if look:
        walk.change(look=True, reason=WRITTEN)
    walk.say(walk.names.render(walk.text("left for staff")) + "\n\n" + safety.footer(walk.conversation.language))
    walk.change(footer_at=walk.now)
