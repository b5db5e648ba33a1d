"""Options that were shown: taps, and typed answers that mean one of them or are a value the question asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from bot.core import asking_faq
from bot.core.answers import Offered, options_meant, typed_answer
from bot.core.conversation import Open, Shown
from bot.core.events import Message
from bot.core.flow import Ask, Option, Value
from bot.core.questions import read_button
from bot.core.walk import Walk
from bot.core.wishes import joined, wish_of

MEANT_MAX = 9
"""Options a reply may mean that are asked back at most: as many as a page of a list has."""


def tap(walk: Walk, message: Message) -> bool:
    """A button or list row of ours; on an old one the patient is told so, and the open question is asked again."""
    if not message.button:
        return False
    tapped = read_button(walk.conversation, message.button)
    if tapped is None:
        return False
    turn, id = tapped
    question = walk.conversation.open
    tapped_option = _still_open(walk, turn, id)
    if question is not None and tapped_option is not None:
        _choose(walk, question, tapped_option)
        return True
    walk.trod("old button")
    walk.say_text("old button")
    if question is not None:
        walk.ask_again()
    else:
        walk.start(walk.clinic.otherwise)
    return True


def _still_open(walk: Walk, turn: int, id: str) -> Shown | None:
    """The option a tap means, if its question is the open one: asked in that turn, or only repeated since."""
    question, ask = walk.conversation.open, walk.asking
    if question is None:
        return None
    if turn == question.turn:
        return next((one for one in question.options if one.id == id), None)
    if question.about != "step" or ask is None or turn < walk.frame.asked:
        return None
    return next((one for one in walk.offered(ask) if one.id == id), None)


def shown_option(walk: Walk, message: Message) -> bool:
    """Words that mean an option of the open question; several are asked back, never guessed.

    What is shown comes first. A long list has other pages, or is narrowed to "did you mean": words that mean nothing
    shown, or several of it, may mean any of the rest.
    """
    question = walk.conversation.open
    if question is None:
        return False
    meant = _meant(walk, message, question.options, len(question.options))
    ask = walk.asking if question.about == "step" else None
    if len(meant) != 1 and ask is not None:
        rest = walk.offered(ask, besides={one.id for one in question.options})
        if rest:
            meant = _meant(walk, message, (*question.options, *rest), len(question.options))
    if not meant:
        return False
    meant = [*_same_weekday(walk, message, question, meant), *meant]
    if len(meant) == 1:
        _also_said(walk, message, meant[0])
        _choose(walk, question, meant[0])
        return True
    words = walk.text("which one").replace("{first}", meant[0].label).replace("{second}", meant[1].label)
    if len(meant) > 2 and ask is not None:
        # "Next week": the question itself, with those days alone.
        words = walk.names.render(ask.text.in_language(walk.conversation.language))
    walk.trod("which one")
    walk.offer_again(words, meant[:MEANT_MAX])
    return True


def _same_weekday(walk: Walk, message: Message, question: Open, meant: Sequence[Shown]) -> list[Shown]:
    """After "the week after" its days alone are shown, and "Wednesday" may be the one of that week."""
    ask = walk.asking
    if ask is None or len(meant) != 1 or meant[0] in question.options or any(map(str.isdigit, message.text)):
        return []
    values = walk.option_values(ask)

    def weekday(one: Shown) -> int | None:
        day = str(values.get(one.id, {}).get("date") or "")
        return date.fromisoformat(day).weekday() if day else None

    return [one for one in question.options if weekday(one) is not None and weekday(one) == weekday(meant[0])]


def _also_said(walk: Walk, message: Message, chosen: Shown) -> None:
    """Keep what a reply says besides: of "tomorrow evening" the evening, of "move it to Friday" the Friday. The day and
    time of an appointment only say which one is meant."""
    ask = walk.asking
    value = walk.option_values(ask).get(chosen.id, {}) if ask else {}
    if ask is not None and not value.get("number"):
        walk.set(wish=joined(walk.frame.wish, wish_of(message, walk.now)))


def _meant(walk: Walk, message: Message, options: Sequence[Shown], shown: int) -> list[Shown]:
    """The options that a reply may mean, of which the patient sees the first ``shown``."""
    ask = walk.asking if walk.conversation.open and walk.conversation.open.about == "step" else None
    own = _own_options(ask)
    found = options_meant(message.text, message.reading, [_ways_to_say(walk, ask, own, one) for one in options], shown)
    return [one for one in options if one.id in found]


def _own_options(ask: Ask | None) -> Mapping[str, Option]:
    """The options a step itself has, by id."""
    return {one.id: one for one in (*ask.options, *ask.more_options)} if ask else {}


def _ways_to_say(walk: Walk, ask: Ask | None, own: Mapping[str, Option], shown: Shown) -> Offered:
    """``ask`` is the step that is asked; None when the open question is about something else."""
    option = own.get(shown.id)
    words = [shown.label]
    value: Mapping[str, Value] = {}
    if option is not None:
        words += [option.label.source, *option.label.translations.values(), *option.also]
    elif ask is not None:
        value = walk.option_values(ask).get(shown.id, {})
        words += [str(value.get("label", "")), str(value.get("name", ""))]
    elif shown.role == "faq":
        words.append(walk.clinic.questions[shown.id].question.in_language(walk.conversation.language))
    return Offered(shown.id, tuple(filter(None, words)), str(value.get("date", "")), str(value.get("time", "")))


def _choose(walk: Walk, question: Open, shown: Shown) -> None:
    match shown.role:
        case "more":
            walk.set(page=walk.frame.page + 1)
            walk.ask()
        case "continue":
            walk.trod("continued")
            walk.ask_again()
        case "drop":
            walk.undo(())
            walk.trod("dropped")
            walk.drop_all("dropped")
            walk.start(walk.clinic.otherwise)
        case "faq":
            walk.change(open=None)
            asking_faq.answer(walk, shown.id)
        case "flow":
            walk.change(open=None)
            walk.digress(shown.id, "go on")
        case "none":
            walk.change(open=None)
            walk.start(walk.clinic.otherwise)
        case "option":
            ask = walk.asking
            option = _own_options(ask).get(shown.id)
            found = walk.option_values(ask).get(shown.id) if ask else None
            value: Value = found or {"id": shown.id, "label": shown.label}
            walk.answered(option, value, f"option {shown.id}" if option else "option")


def typed(walk: Walk, message: Message) -> bool:
    """A value of the type the open question asks for."""
    ask, question = walk.asking, walk.conversation.open
    if ask is None or ask.type is None or question is None or question.about != "step":
        return False
    value = typed_answer(ask.type, message, walk.frame.tries)
    if value is None or (ask.options_from and ask.type in ("date", "time")):
        # A day or time that is not among the free ones cannot be chosen by writing it.
        return False
    walk.answered(None, value, "typed")
    return True
