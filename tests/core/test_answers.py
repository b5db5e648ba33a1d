"""Which option a reply means, and what counts as a typed answer."""

from __future__ import annotations

import pytest

from bot.core.answers import Offered, fold, options_meant, person_name, typed_answer
from bot.core.events import Message, Reading

CONFIRM = (
    Offered("book", ("Yes, book it", "yes", "ok", "sure", "confirm")),
    Offered("change", ("Another time", "change", "change time")),
    Offered("leave", ("Do not book", "no", "cancel")),
)
TIMES = (
    Offered("a", ("10:00",), time="10:00"),
    Offered("b", ("10:30",), time="10:30"),
    Offered("c", ("14:00",), time="14:00"),
)
DAYS = (Offered("tue", ("Tue 3 Mar",), date="2026-03-03"), Offered("next", ("Tue 10 Mar",), date="2026-03-10"))
NOTHING = Reading()


@pytest.mark.parametrize(
    ("reply", "meant"),
    [
        ("1", ("book",)),
        ("option 2", ("change",)),
        ("#3", ("leave",)),
        ("4", ()),
        ("0", ()),
        ("yes", ("book",)),
        ("OK!", ("book",)),
        ("yes please", ("book",)),
        ("Yes, book it 👍", ("book",)),
        ("another", ("change",)),
        ("confrm", ("book",)),
        ("no", ("leave",)),
        ("do not book", ("leave",)),
        ("not ok", ()),
        ("I cannot confirm", ()),
        ("not sure", ()),
        ("no wait change time", ("leave", "change")),
        ("yes no", ("leave", "book")),
        ("", ()),
        ("🙂", ()),
        ("book", ("book", "leave")),
    ],
)
def test_a_reply_means_what_it_says_and_is_never_guessed(reply: str, meant: tuple[str, ...]) -> None:
    assert set(options_meant(reply, NOTHING, CONFIRM)) == set(meant)


def test_ten_may_be_a_number_or_an_hour() -> None:
    assert options_meant("10", NOTHING, TIMES) == ("a",)
    assert set(options_meant("2", NOTHING, TIMES)) == {"b", "c"}


def test_a_time_one_character_off_is_not_corrected() -> None:
    assert options_meant("11:00", Reading(times=("11:00",)), TIMES) == ()


def test_a_day_without_an_agreed_meaning_is_asked_back() -> None:
    assert options_meant("next tuesday", Reading(dates=("2026-03-03", "2026-03-10")), DAYS) == ("tue", "next")


@pytest.mark.parametrize("words", ["not tomorrow", "any day except tuesday", "esok tak boleh", "星期二不行"])
def test_a_day_that_is_denied_is_not_chosen(words: str) -> None:
    assert options_meant(words, Reading(dates=("2026-03-03",)), DAYS) == ()


@pytest.mark.parametrize(
    "words", ["tues can or not", "why not tuesday", "明天可不可以", "esok boleh tak?", "好不好 星期二"]
)
def test_a_no_that_only_asks_denies_nothing(words: str) -> None:
    assert options_meant(words, Reading(dates=("2026-03-03",)), DAYS) == ("tue",)


def test_of_two_days_one_may_be_denied_so_both_are_asked_back() -> None:
    reading = Reading(dates=("2026-03-03", "2026-03-10"))
    assert options_meant("not this tues, the next", reading, DAYS) == ("tue", "next")


def test_a_part_of_the_day_means_every_time_in_it() -> None:
    assert options_meant("before noon", Reading(part_of_day=("00:00", "12:00")), TIMES) == ("a", "b")
    assert options_meant("after 2pm", Reading(times=("14:00",), part_of_day=("14:00", "24:00")), TIMES) == ("c",)


@pytest.mark.parametrize("words", ["the earliest please", "any time", "anytime can", "最早的", "asap"])
def test_whoever_takes_any_gets_the_first(words: str) -> None:
    assert options_meant(words, NOTHING, TIMES) == ("a",)
    assert options_meant(words, NOTHING, DAYS) == ("tue",)
    assert options_meant(words, NOTHING, CONFIRM) == ()


def test_not_any_time_is_no_choice() -> None:
    assert options_meant("not any time", NOTHING, TIMES) == ()


def test_a_bare_number_may_be_a_day_of_the_month() -> None:
    assert options_meant("10", NOTHING, DAYS) == ("next",)
    assert options_meant("3", NOTHING, DAYS) == ("tue",)


def test_only_what_the_patient_sees_has_a_number() -> None:
    assert options_meant("2", NOTHING, CONFIRM, shown=1) == ()
    assert options_meant("2", NOTHING, CONFIRM, shown=2) == ("change",)


@pytest.mark.parametrize("words", ["the second one", "i want number 2 please", "第二个", "yang kedua", "second"])
def test_a_place_in_the_list_is_an_answer(words: str) -> None:
    assert options_meant(words, NOTHING, CONFIRM) == ("change",)


def test_the_words_of_an_option_come_before_its_place() -> None:
    offered = [Offered("scan", ("Review of a scan",)), Offered("first", ("First consultation",))]
    assert options_meant("first", NOTHING, offered) == ("first",)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("my name is Tan Ah Kow", "Tan Ah Kow"),
        ("Tan Mei Ling, thanks", "Tan Mei Ling"),
        ("The patient is Lim Ah Seng.", "Lim Ah Seng"),
        ("nama saya Siti Aminah", "Siti Aminah"),
        ("我叫陈美玲", "陈美玲"),
        ("Im Soo Jin", "Im Soo Jin"),
        ("Can Yilmaz", "Can Yilmaz"),
        ("My Linh Nguyen", "My Linh Nguyen"),
    ],
)
def test_a_name_is_kept_without_the_words_around_it(words: str, name: str) -> None:
    assert person_name(words, strict=True) == name


@pytest.mark.parametrize(
    "words",
    ["how much does it cost", "i want to change the time", "never mind", "ok can", "my mother", "cancel", "我想改时间",
     "saya nak tukar masa"],
)  # fmt: skip
def test_a_sentence_is_not_booked_as_a_name(words: str) -> None:
    assert person_name(words, strict=False) is None


@pytest.mark.parametrize(
    "name", ["Mei Ling Tan", "Anne-Marie O'Neill", "陈美玲", "மெய் லிங்", "S. Rajaratnam", "José María"]
)
def test_names_of_all_kinds_are_names(name: str) -> None:
    assert person_name(name, strict=True) == name


@pytest.mark.parametrize(
    "words", ["x", "what is it?", "12 34", "see https://evil.example", "", "a" * 90, "<b>Tan Ah</b>"]
)
def test_what_is_no_name_is_not_taken_for_one(words: str) -> None:
    assert person_name(words, strict=False) is None


def test_typed_answers_come_from_the_reading() -> None:
    message = Message(
        "SM1", text="x", reading=Reading(dates=("2026-03-03",), number="4", phone="+6591234567", yes_no=True)
    )
    assert typed_answer("date", message, 0) == "2026-03-03"
    assert typed_answer("number", message, 0) == "4"
    assert typed_answer("phone", message, 0) == "+6591234567"
    assert typed_answer("yes or no", message, 0) == "yes"
    assert typed_answer("time", message, 0) is None


def test_folding_makes_one_of_what_reads_alike() -> None:
    assert fold("  Ｙｅｓ，  BOOK  it!! ") == "yes book it"


@pytest.mark.parametrize(
    ("refusal", "label"),
    [("不要预约时间", "预约时间"), ("别取消预约", "取消预约"), ("不是我自己", "是我自己"), ("jangan batal", "Batal"),
     ("don't cancel it", "Cancel it"), ("cannot confirm", "Confirm"), ("வேண்டாம் ரத்து", "ரத்து")],
)  # fmt: skip
def test_a_no_to_an_option_never_chooses_it(refusal: str, label: str) -> None:
    offered = [Offered("it", (label,)), Offered("other", ("Something else",))]
    assert options_meant(refusal, Reading(), offered) == ()
