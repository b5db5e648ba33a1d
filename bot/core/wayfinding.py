"""Words that lead somewhere: those that work anywhere, those a flow starts with, those that ask for a person."""

from __future__ import annotations

from bot.core.answers import contained, fold
from bot.core.asking_faq import sure_question
from bot.core.events import Message
from bot.core.flow import Anywhere
from bot.core.walk import Walk


def anywhere(walk: Walk, message: Message) -> bool:
    """Exactly one of the words that work at any question."""
    found = walk.clinic.anywhere_words.get(fold(message.text))
    if found is None:
        return False
    walk.trod(f"anywhere {found.name}")
    _do_anywhere(walk, found)
    return True


def asks_for_person(walk: Walk, message: Message) -> bool:
    """Whether a message is one of the words that bring a person."""
    found = walk.clinic.anywhere_words.get(fold(message.text))
    return found is not None and found.act == "hand over"


def _do_anywhere(walk: Walk, found: Anywhere) -> None:
    match found.act:
        case "step back":
            if walk.conversation.stack:
                walk.step_back()
            else:
                walk.start(walk.clinic.otherwise)
        case "hand over":
            walk.hand_over(found.reason)
        case "run" if found.run:
            if found.then == "end" or (walk.conversation.stack and walk.frame.flow == found.run):
                walk.drop_all(f"anywhere {found.name}")
            walk.digress(found.run, "ask" if found.then == "ask which to continue" else "return")
        case _:
            walk.ask_again()


def start_word(walk: Walk, message: Message) -> bool:
    """Exactly the words a flow starts with."""
    flow = walk.clinic.start_words.get(fold(message.text))
    ask = walk.asking
    if flow is None or (ask is not None and ask.type == "text"):
        return False
    if walk.conversation.stack and walk.frame.flow == flow:
        if flow != walk.clinic.otherwise:
            return False
        walk.ask_again()
        return True
    walk.digress(flow, "ask")
    return True


def person_named(walk: Walk, message: Message) -> bool:
    """A sentence in which a person is asked for, in the middle of a flow. Whoever wants a person gets one."""
    ask = walk.asking
    if walk.at_menu or (ask is not None and ask.type == "text"):
        return False
    folded = fold(message.text)
    return bool(contained(_person_phrases(walk, folded), folded)) and _call_person(walk)


def _person_phrases(walk: Walk, folded: str) -> dict[str, str]:
    """Phrases in it that ask for a person. One word alone ("staff") may stand in any sentence and asks for nobody."""
    return {
        words: ""
        for words, found in walk.clinic.anywhere_words.items()
        if words in folded and found.act == "hand over" and (" " in words or (not words.isascii() and len(words) > 2))
    }


def _call_person(walk: Walk) -> bool:
    found = next(one for one in walk.clinic.anywhere if one.act == "hand over")
    walk.trod(f"anywhere {found.name}")
    _do_anywhere(walk, found)
    return True


def flow_named(walk: Walk, message: Message) -> bool:
    """A sentence that contains the words a flow starts with, or that ask for a person, while only the menu is open."""
    if not walk.at_menu:
        return False
    folded = fold(message.text)
    sure = sure_question(walk, message) is not None
    # A greeting only greets: "hello, can I book" is about booking.
    # One common word ("appointment") does not outweigh a question that the FAQ surely answers.
    phrases = {
        words: flow
        for words, flow in walk.clinic.start_words.items()
        if words in folded and flow != walk.clinic.otherwise and (not sure or " " in words or not words.isascii())
    }
    found = contained({**phrases, **_person_phrases(walk, folded)}, folded)
    if found == ("",):
        return _call_person(walk)
    if len(found) != 1:
        return False
    walk.digress(found[0], "go on")
    return True


def greeting(walk: Walk, message: Message) -> bool:
    """A sentence that says no more than the menu's own words ("good morning doctor"): the menu, without an apology."""
    if not walk.at_menu:
        return False
    greetings = {words: flow for words, flow in walk.clinic.start_words.items() if flow == walk.clinic.otherwise}
    if not contained(greetings, fold(message.text)):
        return False
    walk.digress(walk.clinic.otherwise, "go on")
    return True
