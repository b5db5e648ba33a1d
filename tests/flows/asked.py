"""What becomes of questions that patients ask in their own words: ``python -m tests.flows.asked`` prints a table.

The questions stand in ``tests/data/asked.yaml``, by language. Each is the first thing a patient writes, at the menu.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from bot.core.turn import Turn
from tests.universe import Talk, shipped_clinic

ASKED: Mapping[str, Mapping[str, list[str]]] = yaml.load(
    Path(__file__).parents[1].joinpath("data/asked.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 - it makes nothing but texts
)
BECAME = ("right", "asked back", "in vain", "wrong", "elsewhere", "person", "not found")
"""What may become of a question: answered; asked back with the right one among the choices, or without it; answered
with something else; taken for a wish ("book") or for words that a person answers; or "I did not understand that"."""


def asked(language: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each question with the ids of those that answer it; none of them for what no answer is for."""
    for means, questions in ASKED[language].items():
        ids = tuple(means.split(", ")) if means != "none" else ()
        yield from ((question, ids) for question in questions)


def became(question: str, means: tuple[str, ...]) -> tuple[str, str]:
    """What became of a question, one of BECAME, and the language it was answered in."""
    talk = Talk(shipped_clinic())
    talk.says(question)
    return _outcome(talk, talk.turns[0], means), talk.conversation.language


def _outcome(talk: Talk, turn: Turn, means: tuple[str, ...]) -> str:
    trod = [trod.way for trod in turn.trace]
    answered = [way.removeprefix("faq ") for way in trod if way.startswith("faq ")]
    if answered:
        return "right" if answered[0] in means else "wrong"
    if "which question" in trod:
        question = talk.conversation.open
        offered = {shown.id for shown in question.options} if question is not None else set()
        return "asked back" if offered.intersection(means) else "in vain"
    if talk.conversation.control != "bot":
        return "person"
    flows = {trod.flow for trod in turn.trace} - {"", "main_menu"}
    if flows:
        runs = {talk.clinic.questions[id].run for id in means}
        return "right" if flows & runs else "elsewhere"
    return "not found"


def table() -> Iterator[str]:
    """How many of each language's questions came to what: those with an answer, then those without."""
    for language in ASKED:
        for answerable in (True, False):
            found = [became(question, means) for question, means in asked(language) if bool(means) == answerable]
            count = Counter(outcome for outcome, _ in found)
            told = ", ".join(f"{count[one]} {one}" for one in BECAME if count[one])
            said = sum(spoken == language for _, spoken in found)
            kind = "with an answer" if answerable else "without one"
            yield f"{language}, {kind}: {told}; {said} of {len(found)} heard as {language}"


if __name__ == "__main__":
    print(*table(), sep="\n")
