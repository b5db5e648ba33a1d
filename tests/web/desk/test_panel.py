"""The patient beside the thread: asked for as a part of the page, changed in its place, refused in its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from html import unescape

import pytest

from bot.desk import patients, replying
from bot.ports.reception import Patient as Person
from tests.desk.test_turns import Patient
from tests.web.desk_pages import ADA, ANA, ROS, Front, Visitor, open_front
from tests.web.diary_scene import at, booked, words_of

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def mei_ling(front: Front) -> Patient:
    """She and her father write from one phone; she comes next Monday."""
    mei_ling = Patient(front.desk)
    mei_ling.says("human")
    for name in ("Mei Ling Tan", "Tan Ah Kow"):
        patients.add(front.desk, mei_ling.conversation, front.ids[ANA], Person(0, name, "+6591234567", "", ""))
    booked(front, "Mei Ling Tan", at(11, day=date(2026, 3, 9)), mei_ling.conversation)
    return mei_ling


@pytest.fixture
def ana(front: Front) -> Visitor:
    return front.at_desk(ANA)


def panel_of(patient: Patient, action: str = "") -> str:
    return f"/desk/patients/in/{patient.conversation}" + (f"/{action}" if action else "")


def test_beside_the_thread_stands_who_it_is_and_what_is_to_come(front: Front, ana: Visitor, mei_ling: Patient) -> None:
    replying.put_label(front.desk, mei_ling.conversation, front.ids[ANA], "insurance")
    assert f'data-live="{panel_of(mei_ling)}"' in ana.gets(f"/desk/inbox/{mei_ling.conversation}").text
    part = ana.gets(panel_of(mei_ling), **PART).text
    assert "<main" not in part
    for words in (
        "Several patients write from here", "Tan Ah Kow", "Mon 9 Mar 2026, 11:00", "Reminder, 24 hours before",
        "Will not go out as long as a person has the conversation", "May be sent", "insurance", "Merge two records",
    ):  # fmt: skip
        assert words in words_of(part), words


def test_a_follow_up_that_will_not_go_out_says_why(ana: Visitor, mei_ling: Patient) -> None:
    mei_ling.says("STOP")
    text = words_of(ana.gets(panel_of(mei_ling), **PART).text)
    assert "Will not go out, because the patient does not want follow-ups" in text
    assert "Wants none: wrote STOP" in text


def test_what_is_changed_there_comes_back_in_its_place(front: Front, ana: Visitor, mei_ling: Patient) -> None:
    panel = patients.panel(front.desk, mei_ling.conversation)
    assert panel is not None
    father = next(one for one in panel.patients if one.name == "Tan Ah Kow")
    part = ana.posts(panel_of(mei_ling, "about"), {"patient": str(father.id)}, **PART)
    assert (part.status_code, "Several patients" in part.text) == (200, False)
    assert "new" in ana.posts(panel_of(mei_ling, "label"), {"put": "New"}, **PART).text
    refused = ana.posts(panel_of(mei_ling, "add"), {"name": " "}, **PART)
    assert (refused.status_code, "A patient has a name" in refused.text) == (422, True)
    assert ana.posts(panel_of(mei_ling, "label"), {"put": "later"}).status_code == 303


def test_who_only_reads_finds_nothing_to_change_there(front: Front, mei_ling: Patient) -> None:
    ros = front.at_desk(ROS)
    assert "<form" not in ros.gets(panel_of(mei_ling), **PART).text
    assert ros.posts(panel_of(mei_ling, "about"), {"patient": "0"}).status_code == 403


def test_what_a_page_asks_for_again_is_a_part_of_it_and_never_a_whole_page(front: Front, mei_ling: Patient) -> None:
    ada = front.at_desk(ADA)
    asked = set()
    for path in (
        "/desk/inbox", f"/desk/inbox/{mei_ling.conversation}", panel_of(mei_ling), "/desk/patients/1",
        "/desk/patients/opted-out", "/desk/numbers", "/desk/numbers?from=2020-01-01", "/desk/diary",
    ):  # fmt: skip
        asked |= {unescape(one) for one in re.findall(r'data-live="([^"]+)"', ada.gets(path).text)}
    assert len(asked) >= 8
    for address in asked:
        part = ada.gets(address, **PART)
        assert part.status_code in (200, 422), address
        assert "<main" not in part.text, address
