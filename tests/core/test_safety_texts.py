"""The safety texts do not change by accident, and arrive whole in every language."""

import hashlib
import json

import pytest

from bot.core import safety_texts
from bot.core.safety_lexicon import URGENCY

LANGUAGES = {"en", "zh", "ms", "ta"}
TEXTS = {
    "full": safety_texts.FULL,
    "foot": safety_texts.FOOT,
    "self harm": safety_texts.SELF_HARM,
    "emergency": safety_texts.EMERGENCY,
}
PINNED = {1: "b34b3c1b1e4cb894"}
"""What each version says, by digest. A new text is a new version, and whoever makes it reads this line."""


def test_a_text_cannot_change_without_a_new_version() -> None:
    whole = {
        "texts": {name: dict(texts) for name, texts in TEXTS.items()},
        "families": {family: texts["en"] for family, texts in safety_texts.BY_FAMILY.items()},
        "footless": sorted(safety_texts.FOOTLESS),
    }
    digest = hashlib.sha256(json.dumps(whole, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]
    assert PINNED.get(safety_texts.VERSION) == digest, f"raise VERSION and pin it: {digest}"


def test_a_signed_text_has_a_signer_and_a_day() -> None:
    assert (safety_texts.SIGNED_BY is None) == (safety_texts.SIGNED_ON is None)


@pytest.mark.parametrize("name", TEXTS)
def test_every_safety_text_exists_in_every_language_and_arrives_whole(name: str) -> None:
    assert set(TEXTS[name]) == LANGUAGES
    assert all(0 < len(text) <= safety_texts.LENGTH_MAX for text in TEXTS[name].values())


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_the_texts_name_the_numbers_to_call(language: str) -> None:
    assert all("995" in texts[language] for texts in TEXTS.values())
    assert all(number in safety_texts.SELF_HARM[language] for number in ("1767", "1771"))


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_no_safety_text_lets_the_patient_wait_for_a_reply(language: str) -> None:
    waits = {
        "en": ("do not wait for a reply", "Do not wait for a reply", "do not wait here"),
        "zh": ("不要等待回复", "不要在这里等待回复"),
        "ms": ("jangan tunggu balasan", "Jangan tunggu balasan"),
        "ta": ("பதிலுக்குக் காத்திராமல்", "காத்திருக்க வேண்டாம்"),
    }
    for name in ("full", "self harm", "emergency"):
        assert any(words in TEXTS[name][language] for words in waits[language]), name


def test_every_family_with_a_text_of_its_own_is_one_that_can_be_found() -> None:
    assert safety_texts.BY_FAMILY.keys() <= set(URGENCY)


def test_the_answers_about_signs_carry_the_safety_line() -> None:
    all_ids = {f"FAQ-{number:02}" for number in range(1, 38)}
    assert all_ids - safety_texts.FOOTLESS == {
        "FAQ-02", "FAQ-07", "FAQ-11", "FAQ-12", "FAQ-15", "FAQ-31", "FAQ-32",
    }  # fmt: skip
    assert all_ids >= safety_texts.FOOTLESS
