"""Which of the clinic's phrases a patient's sentence contains."""

from __future__ import annotations

import pytest

from bot.core.phrases import Phrasebook, led_to

PHRASES = {
    "book": "booking",
    "appointment": "booking",
    "see the doctor": "booking",
    "my appointments": "mine",
    "cancel my appointment": "mine",
    "how much": "fees",
    "预约": "booking",
    "我的预约": "mine",
    "看医生": "booking",
    "多少钱": "fees",
}


@pytest.mark.parametrize(
    ("words", "leads"),
    [
        ("i want to book please", ("booking",)),
        ("你好 我想预约", ("booking",)),
        ("bookings", ()),
        ("", ()),
    ],
)
def test_a_phrase_within_a_sentence_leads_on(words: str, leads: tuple[str, ...]) -> None:
    assert led_to(PHRASES, words) == leads


@pytest.mark.parametrize(
    ("words", "leads"),
    [
        ("show my appointments in the book", ("mine",)),
        ("看看我的预约", ("mine",)),
        ("please cancel my appointment", ("mine",)),
        ("how much is one appointment", ("fees",)),
    ],
)
def test_the_longest_phrase_decides_over_a_single_word(words: str, leads: tuple[str, ...]) -> None:
    assert led_to(PHRASES, words) == leads


@pytest.mark.parametrize(
    ("words", "leads"),
    [
        ("how much is it to see the doctor", ("booking", "fees")),
        ("看医生多少钱", ("booking", "fees")),
        ("i want to book and also how much is it", ("fees", "booking")),
        ("can i cancel my appointment and book another one", ("mine", "booking")),
    ],
)
def test_two_wishes_in_one_sentence_are_both_heard(words: str, leads: tuple[str, ...]) -> None:
    assert led_to(PHRASES, words) == leads


@pytest.mark.parametrize("written", ["apointment", "appoinment", "appiontment", "appointmemt"])
def test_a_slip_of_the_finger_is_mended(written: str) -> None:
    assert Phrasebook(tuple(PHRASES)).mended(f"an {written} pls") == "an appointment pls"


@pytest.mark.parametrize("written", ["disappointment", "bok", "looking", "munch", "doktor"])
def test_another_word_is_left_as_it_is(written: str) -> None:
    assert Phrasebook(tuple(PHRASES)).mended(written) == written


@pytest.mark.parametrize(
    "words",
    ["i want to book and also how much is it", "看看我的预约", "我想 看医生 please", "cancel my appointments", ""],
)
def test_only_phrases_that_a_message_may_contain_are_compared_with_it(words: str) -> None:
    within = Phrasebook(tuple(PHRASES)).within(words)
    assert list(within) == [phrase for phrase in PHRASES if phrase in within]
    assert led_to({phrase: PHRASES[phrase] for phrase in within}, words) == led_to(PHRASES, words)
    assert len(within) < len(PHRASES) / 2
