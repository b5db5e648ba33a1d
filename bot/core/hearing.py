"""What a patient's message means, in the fixed order of :mod:`bot.core.turn`. Each function says whether it took it."""

from __future__ import annotations

from bot.core import asking_faq, choosing, following, new_times, other_days, safety, wayfinding
from bot.core.answers import fold
from bot.core.effects import Note
from bot.core.events import Message
from bot.core.walk import Walk

HOLDING_TEXTS_MAX = 2
HOLDING_TEXT_SECONDS = 30 * 60
"""While nobody has taken a waiting conversation, it is told so at most twice, half an hour apart."""

ANSWERED_SECONDS_MAX = 3600
"""A message that Twilio never brought is still answered as usual when it is found so soon after it was written."""
FOUND_LATE = "A message of the patient reached us late"


def hear(walk: Walk, message: Message) -> None:
    """Take up one message of a patient."""
    walk.heard = message
    heard_until, wrote_at = walk.conversation.last_inbound_at, message.sent_at or walk.now
    walk.change(last_inbound_at=max(heard_until, wrote_at), unreachable="")
    _language(walk, message)
    if message.sent_at:
        walk.effects.append(Note("message_found_late", f"{(walk.now - message.sent_at) // 60} minutes"))
    if _whoever_has_it(walk, message):
        return
    if message.sent_at and _too_late(walk, message, overtaken=wrote_at < heard_until):
        return
    if not walk.conversation.greeted:
        walk.change(greeted=True)
        walk.start(walk.clinic.first_contact)
        if walk.asked is not None or walk.conversation.control != "bot":
            return
        if walk.conversation.open is not None and not wayfinding.asks_for_person(walk, message):
            return
    if message.kind in ("media", "location", "contact", "unknown") and not message.text.strip():
        _cannot_read(walk, message)
        return
    for meaning in _MEANINGS:
        if meaning(walk, message):
            return
    _not_understood(walk, message)


def _whoever_has_it(walk: Walk, message: Message) -> bool:
    """What is heard whoever has the conversation; and what a person or nobody answers."""
    if _red_flag(walk, message) or _safety_list(walk, message) or _opting(walk, message):
        return True
    return walk.conversation.blocked or _not_the_bots(walk)


def _language(walk: Walk, message: Message) -> None:
    language = message.reading.language
    now = walk.conversation
    if language in walk.clinic.languages and language != now.language and not now.language_chosen:
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
    walk.change(opted_out=found.name == "stop", agreed_at=0 if found.name == "stop" else walk.conversation.agreed_at)
    walk.say_text("stopped" if found.name == "stop" else "started", "notice")
    return True


def _too_late(walk: Walk, message: Message, overtaken: bool) -> bool:
    """Whether words that Twilio never brought are a person's now: answered as if new, they would only confuse.

    Stop and start are obeyed however late they are. After what the patient wrote since, nothing is said.
    """
    found = walk.clinic.anywhere_words.get(fold(message.text))
    if found is not None and found.name in ("stop", "start"):
        return False
    if overtaken:
        walk.change(look=True, reason=FOUND_LATE)
    elif walk.now - message.sent_at > ANSWERED_SECONDS_MAX:
        walk.change(greeted=True)
        walk.hand_over(FOUND_LATE, words=walk.text("found late"))
    else:
        return False
    return True


def _not_the_bots(walk: Walk) -> bool:
    conversation = walk.conversation
    match conversation.control:
        case "bot":
            return False
        case "closed":
            walk.raise_control()
            walk.change(control="bot", reason="", stack=(), open=None, waiting_since=0, closed=None)
            return False
        case "held":
            walk.change(waiting_since=walk.conversation.waiting_since or walk.now, later_until=0)
            return True
        case "waiting":
            walk.change(later_until=0)
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
    if walk.conversation.open is not None and walk.conversation.stack:
        walk.ask_again()
    else:
        walk.digress(walk.clinic.otherwise, "go on")


def _not_understood(walk: Walk, message: Message) -> None:
    question, ask = walk.conversation.open, walk.asking
    if question is None or not walk.conversation.stack:
        walk.drop_all("left")
        walk.say(walk.with_footer(walk.text("not understood") if wayfinding.has_words(message) else ""))
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
    sorry = walk.names.render(words or walk.text("not understood"))
    walk.say(walk.with_footer(sorry if wayfinding.has_words(message) else ""))
    walk.ask_again()


_MEANINGS = (
    following.tap,
    new_times.tap,
    choosing.tap,
    following.in_words,
    other_days.instead,
    choosing.shown_option,
    wayfinding.anywhere,
    wayfinding.start_word,
    following.told,
    asking_faq.question_before_text,
    wayfinding.person_named,
    choosing.typed,
    wayfinding.flow_named,
    asking_faq.question,
    other_days.named,
    wayfinding.day_at_menu,
    wayfinding.greeting,
    wayfinding.acknowledged,
)
"""What a message may mean, in the order it is tried."""
