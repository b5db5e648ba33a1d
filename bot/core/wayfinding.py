"""Words that lead somewhere: those that work anywhere, those a flow starts with, those that ask for a person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.core.answers import fold
from bot.core.asking_faq import sure_question
from bot.core.conversation import Shown
from bot.core.events import Message
from bot.core.flow import Anywhere, Question
from bot.core.phrases import Phrasebook, has_several_words, led_to, phrasebook
from bot.core.walk import Walk
from bot.core.wishes import wish_of

PERSON, LEAVE = "", "."
"""Where phrases lead that ask for a person, or that leave what runs; others lead to a flow."""
FLOWS_CHOICES_MAX = 3
UNDERSTOOD_WHOLE_CHARACTERS_MAX = 60
"""A longer sentence was not understood whole because of the words in it that lead somewhere."""


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
    return bool(led_to(_person_phrases(walk, _phrasebook(walk).within(folded)), folded)) and _call_person(walk, message)


def _phrasebook(walk: Walk) -> Phrasebook:
    return phrasebook((*walk.clinic.start_words, *walk.clinic.anywhere_words))


def _person_phrases(walk: Walk, said: Sequence[str]) -> dict[str, str]:
    """Those that ask for a person. One word alone ("staff") may stand in any sentence and asks for nobody."""
    anywhere = walk.clinic.anywhere_words
    return {
        words: PERSON
        for words in said
        if words in anywhere
        and anywhere[words].act == "hand over"
        and (" " in words or (not words.isascii() and len(words) > 2))
    }


def _call_person(walk: Walk, message: Message) -> bool:
    found = next(one for one in walk.clinic.anywhere if one.act == "hand over")
    walk.trod(f"anywhere {found.name}")
    _safety_line(walk, message)
    _do_anywhere(walk, found)
    return True


def _safety_line(walk: Walk, message: Message) -> None:
    """What is long may say more than the few words that were understood: the safety line once a day."""
    if len(message.text) > UNDERSTOOD_WHOLE_CHARACTERS_MAX:
        walk.say(walk.with_footer(""), "notice")


def flow_named(walk: Walk, message: Message) -> bool:
    """A sentence with the words that flows start with, or that ask for a person. Several are asked back.

    In the middle of a flow only phrases of several words count, and the flow is offered again afterwards.
    """
    ask = walk.asking
    if not walk.at_menu and (ask is None or ask.type == "text"):
        return False
    book = _phrasebook(walk)
    folded = book.mended(fold(message.text))
    led = led_to(_phrases(walk, message, book.within(folded)), folded)
    if PERSON in led:
        return _call_person(walk, message)
    found = [flow for flow in led if flow != LEAVE][:FLOWS_CHOICES_MAX]
    if not led:
        return False
    _safety_line(walk, message)
    if not found:
        _do_anywhere(walk, next(one for one in walk.clinic.anywhere if _leaves(one)))
        return True
    if len(found) == 1 or not walk.at_menu:
        walk.digress(found[0], "go on" if walk.at_menu else "ask")
        return True
    _ask_which(walk, found)
    return True


def _phrases(walk: Walk, message: Message, said: Sequence[str]) -> dict[str, str]:
    """Those that lead somewhere from here, and where to.

    A greeting only greets: "hello, can I book" is no greeting. One common word ("appointment") does not
    outweigh a question that the FAQ surely answers, and neither do words with which that question is asked.
    """
    sure = sure_question(walk, message)
    asked = walk.clinic.questions[sure] if sure is not None else None
    only_several = not walk.at_menu or asked is not None
    running = {frame.flow for frame in walk.conversation.stack} | {walk.clinic.otherwise}
    flows = {
        words: flow
        for words in said
        if (flow := walk.clinic.start_words.get(words, "")) not in running
        and flow
        and (not only_several or has_several_words(words))
        and (asked is None or not _part_of(asked, words, flow))
    }
    leaving = {
        words: LEAVE
        for words in said
        if (rule := walk.clinic.anywhere_words.get(words)) and _leaves(rule) and has_several_words(words)
    }
    return {**flows, **leaving, **_person_phrases(walk, said)}


def _part_of(question: Question, words: str, flow: str) -> bool:
    """Whether words that start a flow are the question's own ("when should I see a doctor"), and it leads elsewhere."""
    return question.run != flow and any(words in fold(way) for ways in question.also.values() for way in ways)


def _leaves(rule: Anywhere) -> bool:
    """Whether a rule leaves what runs for a few words, and is none of those that are obeyed whoever has the talk."""
    return rule.then == "end" and rule.name != "stop"


def has_words(message: Message) -> bool:
    """Whether there is a letter or digit in a message: a heart or "???" is none to apologise for not understanding."""
    return any(map(str.isalnum, message.text))


def day_at_menu(walk: Walk, message: Message) -> bool:
    """A day or time while nothing runs ("Saturday can?"). Whether for a new appointment or one there is, is asked."""
    if not walk.at_menu or wish_of(message, walk.now) is None:
        return False
    entries = (walk.clinic.follow_ups.get(kind) for kind in ("book", "move"))
    flows = dict.fromkeys(entry.flow for entry in entries if entry is not None)
    if not flows:
        return False
    _ask_which(walk, flows)
    return True


def greeting(walk: Walk, message: Message) -> bool:
    """A sentence that says no more than the menu's own words ("good morning doctor"): the menu, without an apology."""
    if not walk.at_menu:
        return False
    folded, flows = fold(message.text), walk.clinic.start_words
    said = _phrasebook(walk).within(folded)
    if not led_to({words: flows[words] for words in said if flows.get(words) == walk.clinic.otherwise}, folded):
        return False
    walk.digress(walk.clinic.otherwise, "go on")
    return True


def acknowledged(walk: Walk, message: Message) -> bool:
    """ "Ok", a thumb, a "no" while nothing is asked: it is answered without an apology, and without the menu."""
    if not walk.at_menu:
        return False
    words = fold(message.text).split() if has_words(message) else []
    if not (_ACKNOWLEDGING.issuperset(words) if words else _SIGNS.issuperset(message.text) and message.text.strip()):
        return False
    walk.trod("acknowledged")
    if walk.conversation.turn == 1:
        # A heart as the very first thing asks what there is.
        walk.start(walk.clinic.otherwise)
        return True
    walk.say_text("anything else" if _DECLINING.isdisjoint(words) else "no thanks")
    return True


_DECLINING = frozenset("no nope nah tak tidak 不 不用 没有 不用了 没有了 இல்லை வேண்டாம்".split())
_ACKNOWLEDGING = _DECLINING | frozenset(
    """ok okay okie okies k kk yes yep yup ya yeah sure alright fine good great can nice lah lor ah thanks
    thank you u thx tq ty so very much a lot see then later bye goodbye night goodnight
    好 好的 好吧 收到 行 是 是的 知道了 baik boleh okey faham சரி ஆம்""".split()
)
_SIGNS = frozenset("👍👌✅🙏🙂😊😀😄😃☺❤🤝💪\ufe0f \n🏻🏼🏽🏾🏿")


def _ask_which(walk: Walk, flows: Iterable[str]) -> None:
    language = walk.conversation.language
    shown = [Shown(flow, walk.clinic.flows[flow].title.in_language(language), "flow") for flow in flows]
    walk.drop_all("left")
    walk.trod("which flow")
    walk.offer_to_choose(walk.text("which question"), shown)
