"""What an edit would change is told by step and count, and never with a patient's word."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import pytest

from bot.adapters.flows_yaml import load_files
from bot.core.flow import Clinic
from bot.desk.changes import NOWHERE, Changes, what_would_change
from bot.desk.replaying import conversations
from bot.desk.turns import Arrived, receive
from bot.ports import Desk
from tests.universe import MEI_LING, NOW, RAVI, SHIPPED, SITI, open_desk, shipped_clinic

AT = int(NOW.timestamp())
FILES = {
    path.relative_to(SHIPPED).as_posix(): path.read_bytes()
    for path in (*SHIPPED.glob("*.yaml"), *SHIPPED.glob("translations/*/*.yaml"))
}


def edited(**edits: tuple[str, str]) -> Clinic:
    """The shipped files with one piece of text replaced in each file named."""
    files: dict[str, bytes] = dict(FILES)
    for name, (old, new) in edits.items():
        text = files[f"{name}.yaml"].decode()
        assert old in text
        files[f"{name}.yaml"] = text.replace(old, new).encode()
    clinic = load_files(files).clinic
    assert clinic is not None
    return clinic


@pytest.fixture
def desk(sqlite_url: str) -> Iterator[Desk]:
    """Three patients wrote this morning; two began to book, and one of them did."""
    with open_desk(sqlite_url) as made:
        talk(made, MEI_LING, "hello", "book", "first consultation", "tomorrow", "10:00", "1", "Mei Ling Tan", "yes")
        talk(made, RAVI, "book", "not sure")
        talk(made, SITI, "hello", "can wait and see or not")
        yield made


def talk(desk: Desk, address: str, *texts: str) -> None:
    for text in texts:
        receive(desk, Arrived(f"SM{desk.chance.token()}", address, "text", text))


def changes(desk: Desk, edit: Clinic, since: int = AT, turns_max: int = 1000) -> Changes:
    return what_would_change(desk, edit, conversations(desk.book, since), since, turns_max)


def told(found: Changes) -> Mapping[tuple[str, str], int]:
    return {(one.step, one.what): one.conversations for one in found.changes}


def test_no_edit_changes_nothing(desk: Desk) -> None:
    found = changes(desk, shipped_clinic())
    assert (found.changes, found.undecided, found.whole) == ((), {}, True)
    assert (found.conversations, found.turns) == (3, 12)


def test_other_words_are_told_where_they_are_heard_and_by_how_many(desk: Desk) -> None:
    found = changes(desk, edited(booking=("What would you like to come for?", "What for?")))
    assert told(found) == {("main_menu.choose", "words"): 1, (NOWHERE, "words"): 1}


def test_an_option_that_leads_elsewhere_is_another_answer_at_its_step(desk: Desk) -> None:
    found = changes(desk, edited(booking=("also: [not sure, dont know], go to: call_staff", "go to: tell_not_booked")))
    [change] = found.changes
    assert str(change) == (
        "booking.choose_service: 1 conversation would get another answer; for example other words (option unsure) "
        "led to a person, would lead to booking end not_booked."
    )


def test_one_edit_is_told_once_and_not_at_all_that_follows(desk: Desk) -> None:
    """A question that comes in between is another answer to the one before it, and to nobody after it."""
    found = changes(
        desk, edited(booking=("  need_phone:", "  ask_age:\n    ask: How old?\n    type: number\n\n  need_phone:"))
    )
    assert told(found) == {("booking.ask_name", "answer"): 1}


def test_an_answer_of_the_faq_is_looked_up_in_the_edited_questions(desk: Desk) -> None:
    found = changes(desk, edited(faq=("can wait and see or not", "how much is parking")))
    assert {step for step, _ in told(found)} == {"main_menu.choose"}


def test_what_was_not_asked_then_is_not_guessed(desk: Desk) -> None:
    edit = edited(booking=("with: {service: service, practitioner: practitioner}\n    save as: days",
                           "with: {service: service}\n    save as: days"))  # fmt: skip
    assert changes(desk, edit).undecided == {"action": 1}


def test_what_the_clinics_system_is_asked_for_counts_although_nobody_reads_it(desk: Desk) -> None:
    """The time that was kept would not be given back."""
    talk(desk, RAVI, "hello")
    talk(desk, "whatsapp:+6590001111", "book", "first consultation", "tomorrow", "11:00", "1", "Ana Lim", "change time")
    found = changes(desk, edited(booking=("go to: release_and_search}", "go to: find_days}")))
    assert told(found) == {("booking.confirm", "answer"): 1}


def test_a_step_that_is_gone_is_told_apart(desk: Desk) -> None:
    gone = "  ask_whom:", "  for_whom:"
    found = changes(desk, edited(booking=gone))
    assert found.undecided == {"gone": 1}


def test_only_turns_since_then_count_and_no_more_than_so_many(desk: Desk) -> None:
    edit = edited(booking=("What would you like to come for?", "What for?"))
    assert changes(desk, edit, since=AT + 1).turns == 0
    few = changes(desk, edit, turns_max=5)
    assert (few.turns, few.whole) == (5, False)


def test_no_word_name_or_number_of_a_patient_is_in_it(desk: Desk) -> None:
    edit = edited(
        booking=("What is the patient's full name?", "Name?"), faq=("can wait and see or not", "how much is parking")
    )
    data = json.dumps(changes(desk, edit).as_data())
    for word in ("Mei", "Ling", "Tan", "9123", "hello", "can wait and see", "not sure"):
        assert word not in data
