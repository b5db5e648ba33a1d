"""Patients ask in their own words and their own language, and are answered in it or not at all: never with another's
answer."""

from __future__ import annotations

from functools import cache

import pytest

from bot.core import safety
from bot.core.answers import fold
from tests.flows.asked import ASKED, asked, became
from tests.universe import Talk, shipped_clinic

OTHERS = ("zh", "ms", "ta")
RIGHT_MIN = {"en": 3, "zh": 15, "ms": 25, "ta": 21}
"""So many of the questions in ``tests/data/asked.yaml`` are answered at once; whoever makes it more, raises it."""
FOUND_MIN = {"en": 24, "zh": 52, "ms": 58, "ta": 58}
"""So many are answered, or asked back with the right one among the choices."""


@cache
def outcomes(language: str) -> tuple[tuple[str, str, bool], ...]:
    """What became of each question in a language, the language it was heard in, and whether it has an answer."""
    return tuple((*became(question, means), bool(means)) for question, means in asked(language))


@pytest.mark.parametrize("language", ASKED)
def test_no_patient_gets_the_answer_to_another_question(language: str) -> None:
    assert [outcome for outcome, *_ in outcomes(language) if outcome == "wrong"] == []


@pytest.mark.parametrize("language", ASKED)
def test_most_questions_find_their_answer_in_words_nobody_wrote_down(language: str) -> None:
    found = [outcome for outcome, _, answerable in outcomes(language) if answerable]
    assert found.count("right") >= RIGHT_MIN[language]
    assert found.count("right") + found.count("asked back") >= FOUND_MIN[language]


@pytest.mark.parametrize("language", ASKED)
def test_a_question_is_answered_in_the_language_it_was_asked_in(language: str) -> None:
    assert {heard for _, heard, answerable in outcomes(language) if answerable} == {language}


@pytest.mark.parametrize("language", ["en", *OTHERS])
def test_every_way_a_question_is_known_by_gets_its_answer_in_that_language(language: str) -> None:
    clinic = shipped_clinic()
    wrong = [
        (id, way) for id, question in clinic.questions.items() for way in question.also[language]
        if became(way, (id,)) != ("right", language)
    ]  # fmt: skip
    assert wrong == []


def test_what_is_measured_is_not_what_was_written_down() -> None:
    known = {fold(way) for one in shipped_clinic().questions.values() for ways in one.also.values() for way in ways}
    held_out = [question for language in ASKED for question, _ in asked(language)]
    assert [question for question in held_out if fold(question) in known] == []
    assert all(sum(1 for _ in asked(language)) >= 25 for language in ASKED)


@pytest.mark.parametrize(
    ("words", "language", "question"),
    [
        ("MRI要做吗", "zh", "FAQ-17"),
        ("MRI 要做吗", "zh", "FAQ-17"),
        ("请问 slip disc 是什么", "zh", "FAQ-10"),
        ("hai, nerve block tu apa ya", "ms", "FAQ-23"),
        ("MRI tunjuk apa", "ms", "FAQ-17"),
        ("வணக்கம் RF ablation என்றால் என்ன", "ta", "FAQ-24"),
    ],
)
def test_english_words_in_a_sentence_change_neither_the_answer_nor_its_language(
    words: str, language: str, question: str
) -> None:
    talk = Talk(shipped_clinic())
    answer = safety.faq_answer(talk.clinic.questions[question], language)
    assert talk.says(words)[0] == answer != safety.faq_answer(talk.clinic.questions[question], "en")


@pytest.mark.parametrize(
    "words",
    [
        "请问坐骨神经痛会自己好吗，我从早上就尿不出来",
        "sciatica boleh sembuh sendiri ke, saya tak boleh kencing",
        "சியாட்டிகா தானாகச் சரியாகுமா, சிறுநீர் வரவில்லை",
    ],
)
def test_a_red_flag_beside_a_question_is_answered_first_and_alone(words: str) -> None:
    talk = Talk(shipped_clinic())
    talk.says(words)
    assert {say.speech for say in talk.said} == {"safety"}
    assert talk.conversation.urgent
    assert not [trod for trod in talk.turns[0].trace if trod.way.startswith("faq ")]


@pytest.mark.parametrize(
    "words", ["when should i see a doctor", "什么时候应该看医生", "bila patut jumpa doktor", "坐骨神经在哪里"]
)
def test_a_question_with_the_words_of_a_flow_in_it_is_no_wish(words: str) -> None:
    talk = Talk(shipped_clinic())
    talk.says(words)
    assert [trod.way for trod in talk.turns[0].trace if trod.way.startswith("faq ")]
    assert not talk.did


@pytest.mark.parametrize(
    "words",
    [
        "is slip disc a disease", "is epidural a sickness or not",
        "椎间盘突出算不算一种病", "椎管狭窄是诊断还是症状",
        "adakah slip disc sejenis penyakit", "nerve block tu nama penyakit ke",
        "ஸ்லிப் டிஸ்க் என்பது நோயின் பெயரா",
    ],
)  # fmt: skip
def test_what_is_asked_of_another_thing_is_asked_back_however_like_it_sounds(words: str) -> None:
    talk = Talk(shipped_clinic())
    talk.says(words)
    assert not [trod for trod in talk.turns[0].trace if trod.way.startswith("faq ")]


def test_a_wish_beside_a_question_is_still_a_wish() -> None:
    talk = Talk(shipped_clinic())
    talk.says("i want to see a doctor about my fees, how much")
    assert not [trod for trod in talk.turns[0].trace if trod.way.startswith("faq ")]
