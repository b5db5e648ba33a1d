"""What a patient's words say, read once before the turn."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.answers import fold
from bot.core.asking_faq import FAQ_AHEAD, FAQ_SURE
from bot.desk.faq_index import FaqIndex
from bot.desk.reading import language_of, phone_in, yes_no
from tests.universe import NOW, shipped_clinic, shipped_reader


@pytest.mark.parametrize(
    ("words", "language"),
    [
        ("I want to book an appointment", "en"),
        ("saya nak buat temujanji", "ms"),
        ("我想预约", "zh"),
        ("சந்திப்பு வேண்டும்", "ta"),
        ("ok", None),
        ("Mei Ling Tan", None),
        ("10:00", None),
        ("陈", None),
        ("slip disc tu apa", "ms"),
        ("perlu ke buat MRI", "ms"),
        ("Yang Ni Ke", None),
        ("Dan di Tan", None),
    ],
)
def test_a_language_is_told_only_when_it_is_sure(words: str, language: str | None) -> None:
    assert language_of(words) == language


@pytest.mark.parametrize(
    ("words", "phone"),
    [
        ("9123 4567", "+6591234567"),
        ("my number is +65 9123-4567", "+6591234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("12345", None),
        ("my nric is S1234567A", None),
        ("no phone", None),
        ("9" * 50, None),
    ],
)
def test_a_phone_number_is_one_that_can_exist(words: str, phone: str | None) -> None:
    assert phone_in(words, "SG") == phone


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("yes", True),
        ("ok can", True),
        ("好的", True),
        ("no", False),
        ("不要", False),
        ("yes no", None),
        ("maybe", None),
    ],
)
def test_yes_and_no(words: str, says: bool | None) -> None:
    assert yes_no(fold(words)) is says


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("what is sciatica", "FAQ-04"),
        ("whats a slip disc", "FAQ-10"),
        ("will i need an mri scan", "FAQ-17"),
        ("what is nerve block", "FAQ-23"),
        ("坐骨神经痛是什么", "FAQ-04"),
    ],
)
def test_the_question_a_patient_means_comes_first(words: str, question: str) -> None:
    assert shipped_reader()(words, NOW).faq[0][0] == question


@pytest.mark.parametrize(
    "words", ["actually, what is sciatica?", "sorry may I ask what is sciatica ah", "wait so what is sciatica pls"]
)
def test_what_people_say_around_a_question_makes_it_no_less_sure(words: str) -> None:
    assert shipped_reader()(words, NOW).faq[0] == ("FAQ-04", 100)


def test_a_question_asked_word_for_word_tells_its_language_unless_it_is_the_first() -> None:
    read = shipped_reader()
    assert (language_of("MRI tunjuk apa"), read("MRI tunjuk apa", NOW).language) == (None, "ms")
    assert read("nerve block injection", NOW).language is None


def test_only_what_is_asked_word_for_word_is_wholly_alike() -> None:
    read = shipped_reader()
    for words in ("sciatica what is", "什么是是坐骨神经痛", "apa apa itu sciatica"):
        assert 70 <= read(words, NOW).faq[0][1] < 100


@pytest.mark.parametrize(
    "words",
    ["how come my migraine when the problem is my back", "can diabetes be treated without surgery", "中风会自己好吗"],
)
def test_a_question_about_another_illness_is_surely_none_of_ours(words: str) -> None:
    assert all(likeness < FAQ_SURE for _, likeness in shipped_reader()(words, NOW).faq)


@pytest.mark.parametrize(
    ("words", "question"),
    [
        ("how long does the sciatica last ah", "FAQ-31"),
        ("gp says i have a slip disk what is that ah", "FAQ-10"),
        ("my mother slip disc must operate or not", "FAQ-27"),
        ("where is the siatic nerve located", "FAQ-05"),
    ],
)
def test_a_question_as_patients_write_it_is_surely_meant(words: str, question: str) -> None:
    (first, likeness), *others = shipped_reader()(words, NOW).faq
    assert first == question
    assert likeness >= FAQ_SURE
    assert all(likeness - other >= FAQ_AHEAD for _, other in others)


def test_a_clinic_without_questions_finds_none() -> None:
    assert FaqIndex({}).candidates("what is sciatica") == ()


def test_every_question_finds_itself() -> None:
    read = shipped_reader()
    for id, question in shipped_clinic().questions.items():
        assert read(question.question.source, NOW).faq[0] == (id, 100)


def test_the_same_words_read_the_same() -> None:
    assert shipped_reader()("can I book for 3 March 10am?", NOW) == shipped_reader()(
        "can I book for 3 March 10am?", NOW
    )


def test_nothing_is_read_where_nothing_is_said() -> None:
    assert shipped_reader()("   ", NOW).faq == ()


@given(st.text(max_size=400))
def test_no_text_upsets_the_reader(text: str) -> None:
    shipped_reader()(text, NOW)
