"""What ``clinic.yaml`` says becomes facts for texts, lists for questions, and hours for the diary."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.adapters.flows_yaml import Loaded, load_files
from bot.core.calendar import Opening
from tests.flows_language.small import CLINIC, ENGINE, MENU


def loaded_with(clinic: str, years: tuple[int, ...] = ()) -> Loaded:
    files = {"_clinic.yaml": ENGINE, "clinic.yaml": clinic, "main_menu.yaml": MENU}
    return load_files({name: text.encode() for name, text in files.items()}, years)


def test_hours_become_openings_of_each_weekday() -> None:
    loaded = loaded_with(CLINIC.replace('{mon: "09:00-17:00"}', '{mon: ["09:00-12:30", "14:00-17:00"], sun: closed}'))
    assert loaded.faults == ()
    assert loaded.diary is not None
    assert loaded.diary.zone == ZoneInfo("Asia/Singapore")
    assert loaded.diary.practitioners["nolan"].hours == {0: (Opening(540, 750), Opening(840, 1020))}


def test_a_stretch_of_closed_days_closes_each_of_them() -> None:
    loaded = loaded_with(CLINIC + "closed: [{on: 2026-12-24}, {from: 2026-08-03, to: 2026-08-05, reason: Moving}]\n")
    assert loaded.diary is not None
    moving = {date(2026, 8, day): "Moving" for day in (3, 4, 5)}
    assert loaded.diary.closed == {date(2026, 12, 24): "", **moving}


def test_public_holidays_are_closed_days_and_so_is_the_monday_after_a_sunday() -> None:
    loaded = loaded_with(CLINIC, years=(2026,))
    assert loaded.diary is not None
    assert {date(2026, 8, 9), date(2026, 8, 10), date(2026, 12, 25)} <= loaded.diary.closed.keys()
    assert loaded.diary.closed[date(2026, 11, 8)] == "Deepavali"


@pytest.mark.parametrize("country", ["Singapore", "ZZ"])
def test_a_country_that_is_none_is_told(country: str) -> None:
    told = loaded_with(CLINIC.replace("country: SG", f"country: {country}"), years=(2026,)).faults
    assert [(fault.code, fault.line) for fault in told] == [("E04", 3)]


def test_the_clinics_own_facts_can_be_named_in_texts() -> None:
    clinic = loaded_with(CLINIC + "parking note: Car park B2\n").clinic
    assert clinic is not None
    assert clinic.facts["parking note"] == "Car park B2"


def test_services_and_practitioners_are_lists_of_options() -> None:
    named = CLINIC.replace(
        "name: First visit,", "name: First consultation, short name: First visit, names: {ms: Pertama},"
    )
    clinic = loaded_with(named).clinic
    assert clinic is not None
    assert clinic.lists["services"] == (
        {
            "id": "first",
            "label": "First visit",
            "name": "First consultation",
            "minutes": 30,
            "labels": {"ms": "Pertama"},
        },
    )
    assert [one["label"] for one in clinic.lists["practitioners"]] == ["Dr Nolan"]
    assert [one["id"] for one in clinic.lists["languages"]] == ["en", "ms"]


def test_what_staff_may_close_a_conversation_as_is_the_clinics_own_list() -> None:
    clinic = loaded_with(CLINIC + "closed as: {booked: Booked, to_doctor: Passed to the doctor}\n").clinic
    assert clinic is not None
    assert dict(clinic.closed_as) == {"booked": "Booked", "to_doctor": "Passed to the doctor"}
    assert list(clinic.closed_as) == ["booked", "to_doctor"], "in the clinic's order"


def test_a_clinic_without_a_list_closes_as_nothing_and_tells_nobody_who_answers() -> None:
    clinic = loaded_with(CLINIC).clinic
    assert clinic is not None
    assert (dict(clinic.closed_as), clinic.says_who_answers) == ({}, False)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ("say who answers: always", "E04", '"say who answers: always"'),
        ("closed as: [Booked, Answered]", "E04", '"closed as" is a list'),
        ("closed as: {Wrong number: Wrong number}", "E05", "other characters"),
        ("closed as: {booked: Booked, again: booked}", "E05", '"again" reads like "booked"'),
        (f"closed as: {{booked: {'B' * 41}}}", "E04", "1 to 40 characters"),
        ("closed as: {booked: [Booked]}", "E04", '"booked" is a list'),
        (f"closed as: {{{', '.join(f'a{one}: A {one}' for one in range(13))}}}", "E04", "13 rows"),
    ],
)
def test_a_slip_in_who_answers_or_closed_as_is_told_at_its_line(words: str, code: str, told: str) -> None:
    (fault,) = loaded_with(f"{CLINIC}{words}\n").faults
    assert (fault.code, fault.line) == (code, CLINIC.count("\n") + 1)
    assert told in fault.message


def test_the_words_for_who_answers_are_needed_only_where_it_is_said() -> None:
    silent = ENGINE.replace('  who answers: "who answers"\n', "")
    assert silent != ENGINE

    def faults(answer: str) -> list[str]:
        files = {
            "_clinic.yaml": silent,
            "clinic.yaml": f"{CLINIC}say who answers: '{answer}'\n",
            "main_menu.yaml": MENU,
        }
        return [fault.message for fault in load_files({name: text.encode() for name, text in files.items()}).faults]

    assert faults("no") == [], "what was published before the sentence was known goes on"
    assert faults("yes") == ['"texts" has no "who answers", and "say who answers" in clinic.yaml is yes.']
