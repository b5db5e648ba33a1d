"""Long words leave in parts that read well, and nothing of them is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.effects import Choice
from bot.core.wording import TEXT_CHARACTERS_MAX, numbered, split

FAMILY = "👨‍👩‍👧‍👦"
SCOTLAND = "🏴󠁧󠁢󠁳󠁣󠁴󠁿"


def test_a_short_text_is_one_message_and_no_text_is_none() -> None:
    assert split("  Hello Mei Ling.\n", 100) == ("Hello Mei Ling.",)
    assert split(" \n ", 100) == ()


@pytest.mark.parametrize(
    ("text", "limit", "parts"),
    [
        ("We open at nine.\n\nCome early. Bring your card.", 35, ("We open at nine.", "Come early. Bring your card.")),
        ("We open at nine\nCome early, bring your card", 30, ("We open at nine", "Come early, bring your card")),
        ("We open at nine. Come early, bring it.", 30, ("We open at nine.", "Come early, bring it.")),
        ("Are you sure? (Really!) Then come.", 24, ("Are you sure? (Really!)", "Then come.")),
        ("我们九点开门。请早点来，带上证件。", 12, ("我们九点开门。", "请早点来，带上证件。")),
        ("Come early and bring your card", 17, ("Come early and", "bring your card")),
        ("Come early", 10, ("Come early",)),
        ("abcdefghij", 4, ("abcd", "efgh", "ij")),
        ("No. " + "a" * 30, 20, ("No. " + "a" * 16, "a" * 14)),
    ],
)
def test_a_long_text_is_cut_where_a_reader_would_pause(text: str, limit: int, parts: tuple[str, ...]) -> None:
    assert split(text, limit) == parts


@pytest.mark.parametrize(
    ("one", "limit"),
    [
        (FAMILY, 10),
        (SCOTLAND, 10),
        ("🇸🇬", 5),
        ("👍🏽", 5),
        ("é", 5),
        ("❤️", 5),
        ("க்", 5),
    ],
)
def test_no_character_is_torn(one: str, limit: int) -> None:
    parts = split(one * 9, limit)
    assert len(parts) > 1
    assert all(set(part.replace(one, "|")) == {"|"} for part in parts)


def test_accents_piled_up_without_end_are_cut_all_the_same() -> None:
    assert "".join(split("e" + "\u0301" * 50, 10)) == "e" + "\u0301" * 50


@given(st.text(alphabet="ab .\n。!é\u0301👍🏽\u200d🇸🇬", max_size=200), st.integers(1, 40))
def test_nothing_but_space_is_lost_and_every_part_fits(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert re.sub(r"\s", "", "".join(parts)) == re.sub(r"\s", "", text)
    assert all(0 < len(part) <= limit and part == part.strip() for part in parts)


YES, NO = Choice("1.yes", "Yes, book it", "Tomorrow at ten"), Choice("1.no", "No")


def test_choices_are_numbered_as_they_are_answered() -> None:
    assert numbered("Shall I book it?", (YES, NO), "Reply with a number.") == (
        "Shall I book it?\n\n1. Yes, book it – Tomorrow at ten\n2. No\n\nReply with a number."
    )


def test_a_question_without_choices_or_hint_is_itself() -> None:
    assert numbered("Shall I book it?", (), "") == "Shall I book it?"


def test_descriptions_are_left_out_where_they_would_make_the_message_too_long() -> None:
    ten = tuple(Choice(str(number), f"Day {number}", "d" * 72) for number in range(10))
    text = numbered("q" * 1024, ten, "Reply with a number.")
    assert len(text) <= TEXT_CHARACTERS_MAX
    assert "10. Day 9" in text
    assert "ddd" not in text
