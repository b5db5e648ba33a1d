"""A day or a time that a patient names where it is not among what is offered.

While she chooses a day she may name one that is not free: she is told why, and what is free is offered again. No try
is counted: she was understood. Before days are asked for, what she names is kept. Later in the same flow it is another
mind ("no wait, Friday"): what was chosen is given back, and the question that it answers is the open one again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.core.actions import ACTIONS, DAY_NAMED
from bot.core.conversation import Passed, Wish
from bot.core.effects import DoAction
from bot.core.events import Message, Outcome
from bot.core.flow import Ask, Do, Text, Value
from bot.core.names import Names
from bot.core.walk import Walk
from bot.core.wishes import Values, decides, fitting, is_another_mind, joined, wish_of

_SAID_OF: Mapping[str, str] = {
    "closed": "day closed",
    "too_far": "day too far",
    "not_free": "day not free",
    "none_free": "days not free",
}


def instead(walk: Walk, message: Message) -> bool:
    """What is not meant for the options that are shown, although a word of it may be: another day while times of a day
    are offered ("Friday at ten"), or another mind later ("no, 11am")."""
    ask = _open_step(walk)
    wish = wish_of(message, walk.now) if ask else None
    asks_for = _asks_for(walk, ask) if ask else ""
    if ask is None or wish is None or asks_for == "date" or ask.type == "text":
        return False
    if not asks_for:
        return is_another_mind(message) and _another(walk, wish, "date" if wish.dates else "time")
    chosen = (one.get("date") for one in walk.frame.saved.values() if isinstance(one, Mapping) and decides(one))
    return bool(wish.dates) and wish.dates != tuple(chosen) and _another(walk, wish, "date")


def named(walk: Walk, message: Message) -> bool:
    """A day or time that the open question does not offer."""
    ask = _open_step(walk)
    if ask is None:
        return False
    asks_for = _asks_for(walk, ask)
    if message.reading.no_such_day and (asks_for or ask.type == "date"):
        return _no_such_day(walk, message)
    wish = wish_of(message, walk.now)
    # Where something is typed, days may belong to it: April is a name, too.
    if wish is None or ask.type is not None:
        return False
    if asks_for:
        return asks_for == "date" and _not_offered(walk, ask, wish)
    return _another(walk, wish, "date" if wish.dates else "time") or _kept(walk, wish)


def _open_step(walk: Walk) -> Ask | None:
    """The step whose question is open, if it is one of a flow."""
    question = walk.conversation.open
    return walk.asking if question is not None and question.about == "step" else None


def _asks_for(walk: Walk, ask: Ask) -> str:
    return next(filter(None, map(decides, walk.option_values(ask).values())), "")


def _no_such_day(walk: Walk, message: Message) -> bool:
    words = walk.clinic.texts.get("no such day")
    if words is None:
        return False
    walk.trod("no such day")
    _say(walk, words, {"day": message.reading.no_such_day})
    walk.ask_again()
    return True


def _not_offered(walk: Walk, ask: Ask, wish: Wish) -> bool:
    """While days are offered: a day that is not among them is looked up, a time alone is kept until times are."""
    walk.set(wish=joined(walk.frame.wish, wish))
    if wish.dates and not fitting(wish, walk.option_values(ask)):
        _look_up(walk, wish)
        return True
    if wish.dates:
        walk.trod("said otherwise")
        walk.change(open=None, silence_due=0)
        walk.walk()
    else:
        walk.trod("said ahead")
        _say(walk, walk.clinic.texts.get("said ahead"), {})
        walk.ask_again()
    return True


def _another(walk: Walk, wish: Wish, kind: str) -> bool:
    """Go back to the question of this flow that a day, or a time, answers. What is not free there changes nothing: the
    time that is kept for her stays hers."""
    passed = walk.frame.passed
    for index in reversed(range(len(passed))):
        values = _offered_then(walk, passed[index])
        if kind not in map(decides, values.values()):
            continue
        if fitting(wish, values):
            _go_back(walk, index, wish)
            return True
        if kind == "date":
            _look_up(walk, wish)
        return kind == "date"
    return False


def _offered_then(walk: Walk, passed: Passed) -> Values:
    """What an earlier question of this flow offered, by id."""
    step = walk.flow.steps.get(passed.step)
    found = passed.saved.get(step.body.options_from or "") if step and isinstance(step.body, Ask) else None
    listed = found if isinstance(found, tuple | list) else ()
    return {str(one.get("id")): one for one in listed if isinstance(one, Mapping)}


def _go_back(walk: Walk, index: int, wish: Wish) -> None:
    passed = walk.frame.passed
    before = passed[index]
    walk.trod("said otherwise")
    walk.undo(before.opened)
    walk.set(step=before.step, saved=before.saved, passed=passed[:index], tries=0, page=0, asked=0, wish=wish)
    walk.change(open=None, silence_due=0)
    walk.walk()


def _kept(walk: Walk, wish: Wish) -> bool:
    """Keep it, in a flow that will ask for days or times, and ask again what is open."""
    asked_for = (step.body.action for step in walk.flow.steps.values() if isinstance(step.body, Do))
    if not any(ACTIONS[action].of in ("day", "slot") for action in asked_for if action in ACTIONS):
        return False
    if joined(walk.frame.wish, wish) == walk.frame.wish:
        return False
    walk.trod("said ahead")
    walk.set(wish=joined(walk.frame.wish, wish))
    _say(walk, walk.clinic.texts.get("said ahead"), {})
    walk.ask_again()
    return True


def _look_up(walk: Walk, wish: Wish) -> None:
    walk.trod("day named")
    walk.set(wish=replace(wish, dates=()))
    walk.asked = DoAction(DAY_NAMED, {"days": " ".join(wish.dates)})
    walk.effects.append(walk.asked)


def came_out(walk: Walk, outcome: Outcome) -> None:
    """Tell why a day is not offered, and offer again what is."""
    told: Mapping[str, Value] = outcome.value if isinstance(outcome.value, Mapping) else {}
    texts = walk.clinic.texts
    _say(walk, texts.get(_SAID_OF.get(outcome.name, "")) or texts["not understood"], told)
    walk.ask_again()


def _say(walk: Walk, words: Text | None, told: Mapping[str, Value]) -> None:
    language = walk.conversation.language
    walk.say(Names(walk.clinic, walk.conversation, told).render(words.in_language(language)) if words else "")
