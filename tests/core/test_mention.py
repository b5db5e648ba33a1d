"""Who is named in a note: the longest name, whole words, and nobody by an e-mail address."""

import pytest

from bot.core.mention import named

PEOPLE = {
    "1": "Ana",
    "2": "Ana Lim",
    "3": "Ben Tan",
    "4": "陈美",
    "5": "Zoë O'Neil-Khan",
    "6": "Lee Lead",
    "7": "Lee Wong",
}


@pytest.mark.parametrize(
    ("text", "who"),
    [
        ("@Ana please call", ["1"]),
        ("@Ana Lim please call", ["2"]),
        ("@Ana Limited edition", ["1"]),
        ("@ana  lim, @BEN\u00a0TAN: look", ["2", "3"]),
        ("@Ben knows, ask @Ben Tan", ["3"]),
        ("@Lee, who?", []),
        ("@Lee Wong.", ["7"]),
        ("@Anastasia is no colleague", []),
        ("Write to desk@ana.example", []),
        ("Ana and Ben Tan", []),
        ("@ Ana", []),
        ("请@陈美看看", ["4"]),
        ("＠Ana看看", ["1"]),
        ("(@Zoe\u0308 O'Neil-Khan)", ["5"]),
        ("@@Ana", ["1"]),
        ("@Ben Tan\n@Ana", ["3", "1"]),
        ("", []),
        ("@", []),
    ],
)
def test_a_colleague_is_named_by_her_name_after_the_sign(text: str, who: list[str]) -> None:
    assert list(named(text, PEOPLE)) == who


def test_two_of_the_same_name_are_both_meant() -> None:
    assert named("@Siti?", {"1": "Siti", "2": "siti"}) == ("1", "2")


def test_a_note_of_nothing_but_signs_is_read_through() -> None:
    assert named("@" * 10_000 + "Ana", {str(n): f"Colleague {n}" for n in range(50)} | {"a": "Ana"}) == ("a",)
