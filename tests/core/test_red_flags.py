"""What patients write when it may be an emergency is recognised, and ordinary messages are left alone."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bot.core.red_flags import find_red_flags
from bot.core.safety_lexicon import LEXICONS, URGENCY
from tests.universe import SHIPPED

PHRASES: dict[str, list[str]] = yaml.load(
    Path(__file__).parents[1].joinpath("data/red_flags.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506 - it makes nothing but texts
)
FAMILIES = [name for name in PHRASES if name not in ("ordinary", "denied")]


@pytest.mark.parametrize("family", FAMILIES)
def test_every_written_down_phrase_raises_its_family(family: str) -> None:
    missed = [phrase for phrase in PHRASES[family] if family not in find_red_flags(phrase)]
    assert not missed


def test_the_families_that_cannot_wait_have_sixty_phrases_each() -> None:
    assert all(len(PHRASES[family]) >= 60 for family in ("saddle", "bladder", "bowel", "both_legs"))
    assert set(FAMILIES) == set(URGENCY)


@pytest.mark.parametrize("kind", ["ordinary", "denied"])
def test_ordinary_and_denying_messages_raise_nothing(kind: str) -> None:
    raised = {phrase: found for phrase in PHRASES[kind] if (found := find_red_flags(phrase))}
    assert not raised


def test_a_question_about_the_condition_raises_nothing() -> None:
    faq = yaml.load((SHIPPED / "faq.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)  # noqa: S506
    asked = [
        words
        for row in faq["questions"].values()
        for words in (row["question"], *row["also"], *row["also zh"], *row["also ms"], *row["also ta"])
    ]
    assert not {words: found for words in asked if (found := find_red_flags(words))}


@pytest.mark.parametrize("phrase", [
    "Can’t pee since this morning!!",
    "CANNOT PEE",
    "can not pee",
    "i cannottt peeee",
    "ｃａｎｎｏｔ　ｐｅｅ",
    "can\u200bnot pee",
    "cant\npee",
    "Hi doctor, can I book for Tuesday? Also I cannot pee since last night",
    "我的 bladder cannot control",
])  # fmt: skip
def test_however_it_is_typed(phrase: str) -> None:
    assert "bladder" in find_red_flags(phrase)


@pytest.mark.parametrize(("phrase", "family"), [
    ("no fever, cannot pee", "bladder"),
    ("no fever cannot pee", "bladder"),
    ("no idea why I am numb down there", "saddle"),
    ("no, numb down there", "saddle"),
    ("not just numb down there", "saddle"),
    ("no chest pain but both legs numb", "both_legs"),
    ("no numbness before, now numb between my legs", "saddle"),
    ("没有发烧，但是尿不出来", "bladder"),
    ("不知道为什么下体麻木", "saddle"),
])  # fmt: skip
def test_a_denial_of_one_thing_hides_nothing_else(phrase: str, family: str) -> None:
    assert family in find_red_flags(phrase)


def test_words_of_different_sentences_do_not_meet() -> None:
    assert find_red_flags("My left toe is numb. Where is the toilet paper in your clinic?") == ()


def test_the_most_urgent_family_comes_first() -> None:
    assert find_red_flags("both legs numb and I want to die") == ("self_harm", "both_legs")
    assert find_red_flags("fever and back pain, cannot breathe") == ("breath", "fever")


def test_every_rule_is_made_of_words_that_exist() -> None:
    for lexicon in LEXICONS.values():
        assert set(lexicon.rules) == set(URGENCY)
        assert lexicon.deniable <= lexicon.concepts.keys()


@given(st.text(max_size=2_000))
def test_any_text_at_all_is_read(text: str) -> None:
    assert set(find_red_flags(text)) <= set(URGENCY)


@pytest.mark.parametrize("hostile", ["cannot no not feel ", "a", "no or ", "没有感觉不能小便", "aaab", "*+(", "மரத்து "])
def test_a_hostile_message_of_any_length_is_read_to_its_limit(hostile: str) -> None:
    assert set(find_red_flags(hostile * 20_000)) <= set(URGENCY)
