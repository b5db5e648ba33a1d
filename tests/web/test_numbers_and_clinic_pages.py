"""What leads see and order: the clinic's numbers, the assistant silenced, a notice with an end, words used often."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from bot.desk import reception, replying, standing_orders
from tests.desk.test_turns import Patient
from tests.universe import RAVI
from tests.web.desk_pages import ADA, ANA, LEE, Front, Visitor, open_front
from tests.web.diary_scene import booked, words_of

CLINIC = "/desk/admin/clinic"


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def lee(front: Front) -> Visitor:
    return front.at_desk(LEE)


def needs_a_person(front: Front, seconds: int) -> Patient:
    """Mei Ling asks for a person, and Ana answers after so many seconds."""
    mei_ling = Patient(front.desk)
    mei_ling.says("hello")
    mei_ling.says("human")
    front.clock.pass_seconds(seconds)
    replying.reply(front.desk, mei_ling.conversation, front.ids[ANA], "Good morning!")
    return mei_ling


def test_numbers_are_tables_with_their_sentences(front: Front) -> None:
    needs_a_person(front, 600)
    booked(front)
    text = words_of(front.at_desk(LEE).gets("/desk/numbers").text)
    assert "Half waited at most 10 min" in text
    assert "Needed a person 1 1 answered" in text
    assert "The assistant 0 People at the desk 1" in text
    assert "Everything arrived." in text


def test_a_clinic_without_any_number_is_told_so(lee: Visitor) -> None:
    text = words_of(lee.gets("/desk/numbers").text)
    assert "Nobody needed a person" in text
    assert "Half waited at most none yet" in text


def test_what_conversations_were_in_the_end_has_counts_shares_and_words_for_none(front: Front, lee: Visitor) -> None:
    assert "Staff closed no conversation of this time yet." in words_of(lee.gets("/desk/numbers").text)
    for number, closed_as in enumerate(("booked", "booked", "")):
        patient = Patient(front.desk, f"whatsapp:+658000000{number}")
        patient.says("human")
        reception.close(front.desk, patient.conversation, front.ids[ANA], closed_as)
    text = words_of(lee.gets("/desk/numbers").text)
    assert "Ended as Times Share Booked 2 67 % Not said 1 33 %" in text
    answer = lee.posts("/desk/numbers.csv", {"from": "2026-03-01", "to": "2026-03-02"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row for row in rows if row[0].startswith("ended as")] == [
        ["ended as", "Booked", "2"],
        ["ended as, per cent", "Booked", "67"],
        ["ended as", "not said", "1"],
        ["ended as, per cent", "not said", "33"],
    ]


def test_numbers_leave_as_a_file_and_that_is_written_down(front: Front) -> None:
    needs_a_person(front, 600)
    lee = front.at_desk(LEE)
    answer = lee.posts("/desk/numbers.csv", {"from": "2026-03-01", "to": "2026-03-02"})
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert ["waiting p50, seconds of opening hours", "", "600"] in rows
    assert ["needed in hour", "Monday 09:00", "1"] in rows
    assert front.audit(action="exported")[0].subject == "numbers"


@pytest.mark.parametrize("query", ["from=2020-01-01", "from=2026-03-02&to=2026-03-01"])
def test_a_period_that_is_no_period_is_refused_in_words(lee: Visitor, query: str) -> None:
    refused = lee.gets(f"/desk/numbers?{query}")
    assert refused.status_code == 422
    assert "Choose a period of at most a year." in refused.text


def test_numbers_are_not_for_everybody(front: Front) -> None:
    assert front.at_desk(ANA).gets("/desk/numbers").status_code == 403


def test_the_assistant_is_silenced_for_the_whole_clinic_and_speaks_again(front: Front, lee: Visitor) -> None:
    lee.posts(f"{CLINIC}/silence", {"silent": "yes"})
    assert "Let it speak again" in lee.gets(CLINIC).text
    assert not any("help" in line for line in Patient(front.desk).says("hello")[1:])
    assert standing_orders.orders(front.desk).silenced
    lee.posts(f"{CLINIC}/silence", {"silent": "no"})
    assert not standing_orders.orders(front.desk).silenced
    assert {line.staff for line in front.audit(subject="orders")} == {front.ids[LEE]}


def test_a_notice_is_told_to_whoever_writes_until_it_is_dropped(front: Front, lee: Visitor) -> None:
    form = {"text": "We are closed today.", "day": "2026-03-02", "time": "18:00"}
    assert lee.posts(f"{CLINIC}/notice", form).status_code == 303
    assert "We are closed today." in Patient(front.desk).says("hello")
    assert "Told until Mon 2 Mar, 18:00" in words_of(lee.gets(CLINIC).text)
    lee.posts(f"{CLINIC}/notice/drop")
    assert "We are closed today." not in Patient(front.desk, RAVI).says("hello")


@pytest.mark.parametrize(
    "wrong", [{"text": " "}, {"day": "2026-03-01"}, {"time": "soon"}, {"day": "2027-01-01"}, {"text": "x" * 601}]
)
def test_a_notice_that_makes_no_sense_is_refused_and_kept_in_the_form(
    front: Front, lee: Visitor, wrong: dict[str, str]
) -> None:
    form = {"text": "Closed </textarea><b>", "day": "2026-03-02", "time": "18:00", **wrong}
    refused = lee.posts(f"{CLINIC}/notice", form)
    assert refused.status_code == 422
    assert "</textarea><b>" not in refused.text
    assert standing_orders.orders(front.desk).notice == ""


def test_quick_replies_are_kept_and_dropped(front: Front) -> None:
    ada = front.at_desk(ADA)
    ada.posts(f"{CLINIC}/quick-replies", {"shortcut": "parking", "text": "Basement 2 & <free>"})
    assert "/parking Basement 2 &amp; &lt;free&gt;" in words_of(ada.gets(CLINIC).text)
    refused = ada.posts(f"{CLINIC}/quick-replies", {"shortcut": "Not one word", "text": "x"})
    assert "A shortcut is a short word" in ada.gets(refused.headers["Location"]).text
    ada.posts(f"{CLINIC}/quick-replies", {"drop": "parking"})
    assert replying.quick_replies(front.desk) == ()
