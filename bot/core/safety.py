"""Safety words and where they must appear. They are package data, never flow content: nobody can edit, delete or route
around them. The texts are drafts until the clinic's doctor signs them (:mod:`bot.core.safety_texts`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.core import safety_texts
from bot.core.flow import Question

FOOTER_EVERY_SECONDS = 24 * 3600
"""Free text that was not an answer gets the safety line at least this often."""

LIST_WORDS = frozenset({"safety", "安全", "keselamatan", "பாதுகாப்பு"})
"""Words that bring the full list at any moment, whoever has the conversation."""


def words_for(families: Sequence[str], language: str) -> tuple[str, ...]:
    """The safety texts for red flag families (most urgent first), each as one message.

    A translation nobody signed is followed by the English words.
    """
    texts: list[str] = []
    for family in families:
        by_language = safety_texts.BY_FAMILY.get(family, safety_texts.FULL)
        for one in _both(by_language, language):
            if one not in texts:
                texts.append(one)
    return tuple(texts)


def full_list(language: str) -> tuple[str, ...]:
    """The full list of warning signs, each language as one message."""
    return _both(safety_texts.FULL, language)


def _both(by_language: Mapping[str, str], language: str) -> tuple[str, ...]:
    if language == "en" or language not in by_language:
        return (by_language["en"],)
    return (by_language[language], by_language["en"])


def footer(language: str) -> str:
    """The line under answers that touch symptoms."""
    return safety_texts.FOOT.get(language, safety_texts.FOOT["en"])


def has_footer(question_id: str) -> bool:
    """Whether a FAQ answer carries the footer. Questions a clinic adds carry it: leaving it out is decided in code."""
    return question_id not in safety_texts.FOOTLESS


def faq_answer(question: Question, language: str) -> str:
    """A FAQ answer as it is said, with the footer where it belongs."""
    answer = question.answer.in_language(language)
    return f"{answer}\n\n{footer(language)}" if has_footer(question.id) else answer
