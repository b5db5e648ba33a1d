"""What the files say of follow-ups: when they fall due, for all services or one, and where answers lead."""

from __future__ import annotations

import pytest

from bot.core.calendar import Plan
from tests.flows_language.small import CLINIC, ENGINE, clinic_with

HOUR = 3600
ENTRIES = "follow ups: {book: main_menu, move: main_menu.pass_on}\n"


def codes(files: dict[str, str]) -> list[tuple[str, str]]:
    return [(fault.code, fault.message) for fault in clinic_with(files).faults if fault.level == "error"]


def test_a_clinic_that_says_nothing_reminds_twice_and_asks_nothing_after_a_visit() -> None:
    diary = clinic_with().diary
    assert diary is not None
    assert diary.reminders == (72 * HOUR, 24 * HOUR)
    assert (diary.plan.check_in, diary.plan.rebook, diary.plan.nudge) == (0, 0, 0)


def test_each_is_read_and_never_turns_one_off() -> None:
    said = (
        "reminders: {before: [2 hours]}\nfollow ups: {check in after: 2 days, offer for: never, nudge after: 1 hour}\n"
    )
    diary = clinic_with({"clinic.yaml": CLINIC + said}).diary
    assert diary is not None
    assert diary.reminders == (2 * HOUR,)
    assert diary.plan == Plan(check_in=48 * HOUR, offer=0, nudge=HOUR)


def test_a_service_says_only_what_is_different() -> None:
    own = "practitioners: [nolan], reminders: {before: [24 hours]}, preparation: Fast."
    own += ", follow ups: {check in after: never}"
    said = "follow ups: {check in after: 24 hours, missed after: 1 hour}\n"
    diary = clinic_with({"clinic.yaml": CLINIC.replace("practitioners: [nolan]", own) + said}).diary
    assert diary is not None
    first = diary.services["first"]
    assert diary.reminders_of(first) == (24 * HOUR,)
    assert (diary.plan_of(first).check_in, diary.plan_of(first).rebook) == (0, HOUR)
    assert first.preparation == {"en": "Fast."}


def test_notes_may_be_written_in_each_language() -> None:
    own = "practitioners: [nolan], preparation: {en: Fast., ms: Berpuasa.}"
    diary = clinic_with({"clinic.yaml": CLINIC.replace("practitioners: [nolan]", own)}).diary
    assert diary is not None
    assert diary.services["first"].preparation == {"en": "Fast.", "ms": "Berpuasa."}


@pytest.mark.parametrize(
    ("said", "code", "message"),
    [
        ("follow ups: {check in: 1 day}", "E03", '"follow ups" has no key "check in".'),
        ("follow ups: {check in after: soon}", "E04", '"check in after" "soon" is no length of time.'),
        ("follow ups: {check in after: [1 day]}", "E04", '"check in after" is a list.'),
        ("reminders: {before: [soon]}", "E04", '"before" "soon" is no length of time.'),
    ],
)
def test_a_mistake_is_told_with_what_it_is(said: str, code: str, message: str) -> None:
    assert (code, message) in codes({"clinic.yaml": f"{CLINIC}{said}\n"})


def test_notes_longer_than_a_message_are_told() -> None:
    own = f"practitioners: [nolan], preparation: {'x' * 801}"
    assert ("E60", "the notes have 801 characters in en.") in codes(
        {"clinic.yaml": CLINIC.replace("practitioners: [nolan]", own)}
    )


def test_answers_lead_to_a_flow_or_one_of_its_steps() -> None:
    loaded = clinic_with({"_clinic.yaml": ENGINE + ENTRIES})
    assert loaded.clinic is not None
    assert {name: (one.flow, one.step) for name, one in loaded.clinic.follow_ups.items()} == {
        "book": ("main_menu", ""),
        "move": ("main_menu", "pass_on"),
    }


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("nowhere", '"move" leads to "nowhere" - no such flow.'),
        ("main_menu.passon", '"move" leads to "main_menu.passon" - no such step.'),
    ],
)
def test_an_answer_that_leads_nowhere_is_told(where: str, message: str) -> None:
    assert ("E10", message) in codes({"_clinic.yaml": f"{ENGINE}follow ups: {{move: {where}}}\n"})


def test_a_button_of_a_follow_up_that_is_too_long_is_told() -> None:
    engine = ENGINE.replace('reminder confirm: "reminder confirm"', 'reminder confirm: "Yes, of course I am coming"')
    assert "E60" in [code for code, _ in codes({"_clinic.yaml": engine})]
