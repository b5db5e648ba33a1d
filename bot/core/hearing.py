"""What a patient's message means, in the fixed order of :mod:`bot.core.turn`. Each function says whether it took it."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core import safety
from bot.core.answers import Offered, contained, fold, options_meant, typed_answer
from bot.core.conversation import Open, Shown
from bot.core.effects import Note
from bot.core.events import Message
from bot.core.flow import Anywhere, Ask, Option, Value
from bot.core.walk import Walk, read_button

FAQ_SURE = 86
"""Score (0..100) from which a FAQ answer is given without asking."""
FAQ_MAYBE = 62
"""Score from which FAQ questions are offered to choose between."""
FAQ_CHOICES_MAX = 3
HOLDING_TEXTS_MAX = 2
HOLDING_TEXT_SECONDS = 30 * 60
"""While nobody has taken a waiting conversation, it is told so at most twice, half an hour apart."""


def hear(walk: Walk, message: Message) -> None:
    """Take up one message of a patient."""
    walk.change(last_inbound_at=walk.now)
    _language(walk, message)
    if _red_flag(walk, message) or _safety_list(walk, message) or _opting(walk, message) or _not_the_bots(walk):
        return
    if not walk.conversation.greeted:
        walk.change(greeted=True)
        walk.start(walk.clinic.first_contact)
        if walk.conversation.open is not None or walk.asked is not None or walk.conversation.control != "bot":
            return
    if message.kind in ("media", "location", "contact", "unknown") and not message.text.strip():
        _cannot_read(walk, message)
        return
    for meaning in (_tap, _shown_option, _anywhere, _start_word, _faq_before_text, _typed, _flow_named, _faq):
        if meaning(walk, message):
            return
    _not_understood(walk, message)


def _language(walk: Walk, message: Message) -> None:
    language = message.reading.language
    if language in walk.clinic.languages and not walk.conversation.language_chosen:
        walk.change(language=language)


def _red_flag(walk: Walk, message: Message) -> bool:
    families = message.reading.red_flags
    if not families:
        return False
    for words in safety.words_for(families, message.reading.language or walk.conversation.language):
        walk.say(words, "safety")
    walk.change(greeted=True, footer_at=walk.now)
    walk.hand_over(f"Red flag: {families[0].replace('_', ' ')}", words="", urgent=True)
    return True


def _safety_list(walk: Walk, message: Message) -> bool:
    if fold(message.text) not in safety.LIST_WORDS:
        return False
    for words in safety.full_list(walk.conversation.language):
        walk.say(words, "safety")
    walk.change(footer_at=walk.now)
    if walk.conversation.control == "bot":
        walk.ask_again()
    return True


def _opting(walk: Walk, message: Message) -> bool:
    """Stop and start are obeyed whoever has the conversation."""
    found = walk.clinic.anywhere_words.get(fold(message.text))
    if found is None or found.name not in ("stop", "start") or walk.conversation.control == "bot":
        return False
    walk.effects.append(Note("patient_asked_to_stop" if found.name == "stop" else "patient_asked_to_start"))
    walk.change(opted_out=found.name == "stop")
    walk.say_text("stopped" if found.name == "stop" else "started", "notice")
    return True


def _not_the_bots(walk: Walk) -> bool:
    conversation = walk.conversation
    match conversation.control:
        case "bot":
            return False
        case "closed":
            walk.raise_control()
            walk.change(control="bot", reason="", stack=(), open=None, waiting_since=0)
            return False
        case "held":
            return True
        case "waiting":
            rested = walk.now - conversation.holding_text_at >= HOLDING_TEXT_SECONDS
            if conversation.holding_texts < HOLDING_TEXTS_MAX and (rested or conversation.holding_texts == 0):
                walk.say_text("still waiting", "notice")
                walk.change(holding_texts=conversation.holding_texts + 1, holding_text_at=walk.now)
            return True


def _cannot_read(walk: Walk, message: Message) -> None:
    """A photo, a voice note or the like: nobody has read it, so staff are shown it and the safety line is given."""
    walk.say(walk.names.render(walk.text("cannot read")) + "\n\n" + safety.footer(walk.conversation.language))
    walk.change(footer_at=walk.now, look=True)
    walk.effects.append(Note("attachment_unread", message.kind))
    if walk.conversation.open is not None:
        walk.ask_again()
    else:
        walk.start(walk.clinic.otherwise)


# ---- buttons and options that were shown


def _tap(walk: Walk, message: Message) -> bool:
    if not message.button:
        return False
    tapped = read_button(walk.conversation, message.button)
    if tapped is None:
        return False
    turn, id = tapped
    question = walk.conversation.open
    if question is not None and turn == question.turn:
        for one in question.options:
            if one.id == id:
                _choose(walk, question, one)
                return True
    walk.trod("old button")
    walk.say_text("old button")
    if question is not None:
        walk.ask_again()
    else:
        walk.start(walk.clinic.otherwise)
    return True


def _shown_option(walk: Walk, message: Message) -> bool:
    question = walk.conversation.open
    if question is None:
        return False
    offered = [_ways_to_say(walk, question, one) for one in question.options]
    found = options_meant(message.text, message.reading, offered)
    if not found:
        return _option_on_another_page(walk, message, question)
    if len(found) == 1:
        _choose(walk, question, next(one for one in question.options if one.id == found[0]))
        return True
    meant = [one for one in question.options if one.id in found][:FAQ_CHOICES_MAX]
    words = walk.text("which one").replace("{first}", meant[0].label).replace("{second}", meant[1].label)
    walk.trod("which one")
    walk.offer_again(words, meant)
    return True


def _option_on_another_page(walk: Walk, message: Message, question: Open) -> bool:
    """A long list is shown in pages, or narrowed to "did you mean"; a typed answer may mean any of it."""
    ask = _asked(walk)
    if question.about != "step" or ask is None:
        return False
    shown = {one.id for one in question.options}
    others = [one for one in walk.offered(ask) if one.id not in shown]
    found = options_meant(message.text, message.reading, [_ways_to_say(walk, question, one) for one in others])
    if len(found) != 1:
        return False
    _choose(walk, question, next(one for one in others if one.id == found[0]))
    return True


def _asked(walk: Walk) -> Ask | None:
    body = walk.step.body if walk.conversation.stack else None
    return body if isinstance(body, Ask) else None


def _own_option(ask: Ask | None, id: str) -> Option | None:
    return next((one for one in (*ask.options, *ask.more_options) if one.id == id), None) if ask else None


def _ways_to_say(walk: Walk, question: Open, shown: Shown) -> Offered:
    ask = _asked(walk) if question.about == "step" else None
    option = _own_option(ask, shown.id)
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
            _answer(walk, shown.id)
        case "none":
            walk.change(open=None)
            walk.start(walk.clinic.otherwise)
        case "option":
            ask = _asked(walk)
            option = _own_option(ask, shown.id)
            found = walk.option_values(ask).get(shown.id) if ask else None
            value: Value = found or {"id": shown.id, "label": shown.label}
            walk.answered(option, value, f"option {shown.id}" if option else "option")


# ---- words


def _anywhere(walk: Walk, message: Message) -> bool:
    found = walk.clinic.anywhere_words.get(fold(message.text))
    if found is None:
        return False
    walk.trod(f"anywhere {found.name}")
    _do_anywhere(walk, found)
    return True


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
            _digress(walk, found.run, "ask" if found.then == "ask which to continue" else "return")
        case _:
            walk.ask_again()


def _digress(walk: Walk, flow: str, then: str) -> None:
    """Run a flow beside the open question. A bare menu below is not worth coming back to."""
    if walk.conversation.stack and walk.frame.flow == walk.clinic.otherwise:
        walk.drop_all("left")
    if any(frame.flow == flow for frame in walk.conversation.stack):
        walk.drop_all("started again")
    walk.start(flow, then=then if walk.conversation.stack else "go on")


def _start_word(walk: Walk, message: Message) -> bool:
    """Exactly the words a flow starts with."""
    flow = walk.clinic.start_words.get(fold(message.text))
    ask = _asked(walk)
    if flow is None or (ask is not None and ask.type == "text"):
        return False
    if walk.conversation.stack and walk.frame.flow == flow:
        if flow != walk.clinic.otherwise:
            return False
        walk.ask_again()
        return True
    _digress(walk, flow, "ask")
    return True


def _flow_named(walk: Walk, message: Message) -> bool:
    """A sentence that contains the words a flow starts with, while nothing more than the menu is open."""
    if walk.conversation.stack and walk.frame.flow != walk.clinic.otherwise:
        return False
    folded = fold(message.text)
    sure = message.reading.faq[0][1] >= FAQ_SURE if message.reading.faq else False
    # One common word ("appointment") does not outweigh a question that the FAQ surely answers.
    phrases = {
        words: flow
        for words, flow in walk.clinic.start_words.items()
        if not sure or " " in words or not words.isascii()
    }
    found = contained(phrases, folded)
    if len(found) != 1:
        return False
    _digress(walk, found[0], "go on")
    return True


def _typed(walk: Walk, message: Message) -> bool:
    ask, question = _asked(walk), walk.conversation.open
    if ask is None or ask.type is None or question is None or question.about != "step":
        return False
    value = typed_answer(ask.type, message, walk.frame.tries)
    if value is None or (ask.options_from and ask.type in ("date", "time")):
        # A day or time that is not among the free ones cannot be chosen by writing it.
        return False
    walk.answered(None, value, "typed")
    return True


# ---- questions of the FAQ


def _faq_before_text(walk: Walk, message: Message) -> bool:
    """A question that takes any words would swallow a FAQ question: a sure one goes first."""
    ask = _asked(walk)
    if ask is None or ask.type not in ("text", "person name"):
        return False
    return _faq_sure(walk, message)


def _faq_sure(walk: Walk, message: Message) -> bool:
    best = message.reading.faq[0] if message.reading.faq else None
    if best is None or best[1] < FAQ_SURE or best[0] not in walk.clinic.questions:
        return False
    _answer(walk, best[0])
    return True


def _faq(walk: Walk, message: Message) -> bool:
    if _faq_sure(walk, message):
        return True
    if walk.conversation.stack and walk.frame.flow != walk.clinic.otherwise:
        return False
    maybe = [id for id, score in message.reading.faq if score >= FAQ_MAYBE and id in walk.clinic.questions]
    if not maybe:
        return False
    language = walk.conversation.language
    shown = [Shown(id, walk.clinic.questions[id].short.in_language(language), "faq") for id in maybe[:FAQ_CHOICES_MAX]]
    walk.drop_all("left")
    walk.trod("which question")
    none = Shown("none", walk.text("none of these"), "none")
    walk.offer_faq(_with_footer(walk, walk.text("which question")), [*shown, none])
    return True


def _answer(walk: Walk, id: str) -> None:
    walk.trod(f"faq {id}")
    walk.say(safety.faq_answer(walk.clinic.questions[id], walk.conversation.language))
    if safety.has_footer(id):
        walk.change(footer_at=walk.now)
    follow = walk.clinic.questions[id].run
    if follow and not walk.conversation.stack:
        walk.start(follow)
    elif walk.conversation.stack:
        walk.ask_again()
    else:
        walk.say_text("anything else")


# ---- not understood


def _with_footer(walk: Walk, words: str) -> str:
    """The words, with the safety line if the patient has not read it for a day: no lexicon finds everything."""
    if walk.now - walk.conversation.footer_at < safety.FOOTER_EVERY_SECONDS:
        return words
    walk.change(footer_at=walk.now)
    return f"{words}\n\n{safety.footer(walk.conversation.language)}"


def _not_understood(walk: Walk, message: Message) -> None:
    question, ask = walk.conversation.open, _asked(walk)
    if question is None or not walk.conversation.stack:
        walk.change(open=None)
        walk.say(_with_footer(walk, walk.text("not understood")))
        walk.start(walk.clinic.otherwise)
        return
    tries = walk.frame.tries + 1
    walk.set(tries=tries)
    walk.trod("not understood")
    if ask is not None and tries >= ask.tries:
        walk.trod("last try")
        if ask.after_last_try is not None:
            walk.change(open=None)
            walk.follow(ask.after_last_try)
        else:
            walk.hand_over(f"Not understood {tries} times at {walk.frame.flow}.{walk.frame.step}")
        return
    words = ask.not_understood.in_language(walk.conversation.language) if ask and ask.not_understood else ""
    walk.say(_with_footer(walk, walk.names.render(words or walk.text("not understood"))))
    walk.ask_again()

