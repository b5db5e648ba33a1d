"""Questions that the FAQ answers, asked at any moment."""

from __future__ import annotations

from bot.core import safety
from bot.core.conversation import Shown
from bot.core.events import Message
from bot.core.walk import Walk

FAQ_SURE = 64
FAQ_AHEAD = 12
"""A FAQ answer is given without asking from this score (0..100), if no other question comes as near as that. With one
way in six taken out of the shipped FAQ, in each language, 97 or 98 in 100 of such answers were the right one."""
FAQ_MAYBE = 42
"""Score from which FAQ questions are offered to choose between."""
FAQ_CHOICES_MAX = 3


def question_before_text(walk: Walk, message: Message) -> bool:
    """A question that takes any words would swallow a FAQ question: a sure one goes first."""
    ask = walk.asking
    if ask is None or ask.type not in ("text", "person name"):
        return False
    return _faq_sure(walk, message)


def sure_question(walk: Walk, message: Message) -> str | None:
    """The one FAQ question a message surely asks."""
    known = [(id, score) for id, score in message.reading.faq if id in walk.clinic.questions]
    if not known or known[0][1] < FAQ_SURE:
        return None
    alone = len(known) == 1 or known[0][1] == 100 or known[0][1] - known[1][1] >= FAQ_AHEAD
    return known[0][0] if alone else None


def _faq_sure(walk: Walk, message: Message) -> bool:
    question = sure_question(walk, message)
    if question is None:
        return False
    answer(walk, question)
    return True


def question(walk: Walk, message: Message) -> bool:
    """A question the FAQ surely answers; or, while only the menu is open, a few it may answer, to choose from."""
    if _faq_sure(walk, message):
        return True
    if not walk.at_menu:
        return False
    maybe = [id for id, score in message.reading.faq if score >= FAQ_MAYBE and id in walk.clinic.questions]
    if not maybe:
        return False
    language = walk.conversation.language
    shown = [Shown(id, walk.clinic.questions[id].short.in_language(language), "faq") for id in maybe[:FAQ_CHOICES_MAX]]
    walk.drop_all("left")
    walk.trod("which question")
    walk.offer_to_choose(walk.with_footer(walk.text("which question")), shown)
    return True


def answer(walk: Walk, id: str) -> None:
    """Answer a question of the FAQ, and go on where the patient was."""
    walk.trod(f"faq {id}")
    walk.say(safety.faq_answer(walk.clinic.questions[id], walk.conversation.language))
    if safety.has_footer(id):
        walk.change(footer_at=walk.now)
    follow = walk.clinic.questions[id].run
    if follow and walk.at_menu:
        walk.digress(follow, "go on")
    elif walk.at_menu:
        # The menu's own buttons still count; showing it again after each answer would only be in the way.
        walk.say_text("anything else")
    else:
        walk.ask_again()
