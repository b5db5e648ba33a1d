"""The diary's pages: what they show, what they let one do, and what they say when somebody was faster."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from bot.core.calendar import Busy
from bot.desk import blocking, diary
from bot.desk.diary import Seen, To
from bot.ports.reception import Blocking
from tests.universe import RAVI, Sayings
from tests.web.desk_pages import ADDRESS, ANA, ROS, Front, Visitor, open_front
from tests.web.diary_scene import DAY, at, booked, entry, words_of, writes

HOSTILE = ('"><img src=x onerror=alert(1)>', "<script>alert(1)</script>", "{{ 7*7 }}", "\u202eabc", "O'Brien & <b>")


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def ana(front: Front) -> Visitor:
    return front.at_desk(ANA)


FORM = {
    "practitioner": "nolan",
    "service": "first",
    "day": "2026-03-03",
    "time": "10:00",
    "patient": "Mei Ling Tan",
    "tell": "yes",
}


# ---- reading


def test_a_day_shows_who_comes_and_what_is_free(front: Front, ana: Visitor) -> None:
    booked(front)
    page = ana.gets(DAY).text
    text = words_of(page)
    assert "Tuesday 3 March 2026" in text
    assert "10:00 Mei Ling Tan Booked First consultation" in text
    assert "1 appointment, 27 free times" in text
    assert page.count('<th scope="col">Dr Colum Nolan</th>') == 1
    assert "/desk/diary/new?practitioner=nolan&amp;day=2026-03-03&amp;time=11:00" in page


def test_who_only_reads_finds_nothing_to_change(front: Front) -> None:
    made = booked(front)
    ros = front.at_desk(ROS)
    for path in (DAY, "/desk/diary/week?day=2026-03-03", f"/desk/diary/{made.id}"):
        text = ros.gets(path).text
        assert "Mei Ling Tan" in text
        assert "/desk/diary/new" not in text
        assert 'method="post" action="/desk/diary' not in text


def test_a_closed_day_says_why_and_when_it_opens(ana: Visitor) -> None:
    text = words_of(ana.gets("/desk/diary?day=2026-03-08").text)
    assert "Closed on Sundays" in text
    assert "Next open Mon 9 Mar, 09:00" in text


def test_a_cancelled_appointment_leaves_its_time_free_and_stays_findable(front: Front, ana: Visitor) -> None:
    made = booked(front)
    diary.cancel(front.desk, front.ids[ANA], Seen(made.id, made.version))
    text = words_of(ana.gets(DAY).text)
    assert "No appointments, 29 free times" in text
    assert "1 cancelled" in text
    assert "Mei Ling Tan" in text


def test_two_that_share_a_quarter_hour_stand_in_one_cell(front: Front, ana: Visitor) -> None:
    booked(front, "Old Mr Lim", at(10), practitioner="nurse", service="follow_up")
    booked(front, "Young Mr Lim", at(10, 20), practitioner="nurse", service="follow_up")
    cells = re.findall(r'<td rowspan="(\d+)" class="is-booked">(.*?)</td>', ana.gets(DAY).text, re.S)
    assert [rows for rows, _ in cells] == ["3"]
    assert "Old Mr Lim" in cells[0][1]
    assert "Young Mr Lim" in cells[0][1]


def test_every_row_of_the_table_has_a_cell_for_every_practitioner(front: Front, ana: Visitor) -> None:
    booked(front, start=at(10, 5))
    booked(front, "Ravi", at(14), practitioner="nurse", service="wound")
    table = re.search(r"<tbody>(.*?)</tbody>", ana.gets(DAY).text, re.S)
    assert table
    rows = table[1].count("<tr")
    spans = [int(span) for span in re.findall(r'rowspan="(\d+)"', table[1])]
    assert sum(spans) == 2 * rows


def test_a_week_leads_to_its_days_and_appointments(front: Front, ana: Visitor) -> None:
    made = booked(front)
    page = ana.gets("/desk/diary/week?day=2026-03-05").text
    assert "2 to 8 March 2026" in page
    assert f'href="/desk/diary/{made.id}"' in page
    assert "7 free" in words_of(page)


def test_the_list_on_paper_is_tomorrows_and_tells_no_whole_number(front: Front, ana: Visitor) -> None:
    booked(front, phone="+6561234567")
    text = words_of(ana.gets("/desk/diary/print").text)
    assert "Tuesday 3 March 2026" in text
    assert "10:00 to 10:30 Mei Ling Tan" in text
    assert "…4567" in text
    assert "6123" not in text


def test_each_practitioner_can_have_a_page_of_paper(front: Front, ana: Visitor) -> None:
    booked(front)
    booked(front, "Ravi", practitioner="nurse", service="wound")
    assert ana.gets("/desk/diary/print").text.count('class="card sheet"') == 1
    assert ana.gets("/desk/diary/print?apart=yes").text.count('class="card sheet"') == 2


@pytest.mark.parametrize("day", ["", "yesterday", "9999-99-99", "0001-01-01", "2026-02-30", "<b>"])
def test_a_day_that_cannot_be_read_is_today(ana: Visitor, day: str) -> None:
    found = ana.client.get("/desk/diary", query_string={"day": day}, base_url=ADDRESS)
    assert "Monday 2 March 2026" in found.text


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_name_is_words_wherever_it_is_shown(front: Front, ana: Visitor, hostile: str) -> None:
    made = booked(front, hostile)
    ill = blocking.block(front.desk, Blocking("nolan", at(9), at(12), hostile, front.ids[ANA]))
    block = f"/desk/diary/blocks/{ill.block}?day=2026-03-03"
    for path in (DAY, "/desk/diary/week?day=2026-03-03", "/desk/diary/print", f"/desk/diary/{made.id}", block):
        text = ana.gets(path).text
        assert "<script>alert" not in text
        assert "<img src" not in text
        assert "O'Brien & <b>" not in text
        assert ">49<" not in text
    clash = ana.posts("/desk/diary/new", FORM)
    assert clash.status_code == 409
    assert "<img src" not in clash.text


# ---- changing


def test_a_patient_without_whatsapp_is_booked_from_the_page(front: Front, ana: Visitor) -> None:
    answer = ana.posts("/desk/diary/new", {**FORM, "phone": "+65 6123 4567"})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/desk/diary?day=2026-03-03#a")
    assert "Booked: Mei Ling Tan, Tuesday 3 March, 10:00" in words_of(ana.gets(DAY).text)
    assert entry(front, 1).phone == "+6561234567"


def test_a_patient_who_was_found_is_told_where_she_writes(front: Front, ana: Visitor) -> None:
    conversation = writes(front)
    first = booked(front, conversation=conversation, start=at(9))
    chosen = str(entry(front, first.id).patient_id)
    found = ana.posts("/desk/diary/patients", {"patient": "mei"})
    assert f'value="{chosen}"' in found.text
    assert ana.posts("/desk/diary/new", {**FORM, "patient_id": chosen}).status_code == 303
    assert Sayings(front.desk, conversation).lines()[-1].startswith("Booked for you: Tuesday 3 March 2026, 10:00")
    assert entry(front, 2).patient_id == int(chosen)


def test_whom_not_to_tell_is_not_told(front: Front, ana: Visitor) -> None:
    conversation = writes(front)
    before = Sayings(front.desk, conversation).lines()
    quiet: dict[str, str] = {key: value for key, value in FORM.items() if key != "tell"}
    assert ana.posts("/desk/diary/new", {**quiet, "conversation": conversation}).status_code == 303
    assert Sayings(front.desk, conversation).lines() == before


def test_a_clash_names_the_winner_keeps_the_form_and_offers_other_times(front: Front, ana: Visitor) -> None:
    first = booked(front)
    refused = ana.posts("/desk/diary/new", {**FORM, "patient": "Ravi Chandran", "phone": "+6598765432"})
    assert refused.status_code == 409
    text = words_of(refused.text)
    assert f"Mei Ling Tan is booked from 10:00 to 10:30, number {first.number}" in text
    assert 'value="Ravi Chandran"' in refused.text
    assert 'value="+6598765432"' in refused.text
    other = re.search(r'name="take" value="([^"]+)"', refused.text)
    assert other
    taken = ana.posts("/desk/diary/new", {**FORM, "patient": "Ravi Chandran", "take": other[1]})
    assert taken.status_code == 303
    assert entry(front, 2).starts_at == int(other[1].partition("@")[2])


def test_a_time_blocked_meanwhile_is_refused_as_blocked(front: Front, ana: Visitor) -> None:
    blocking.block(front.desk, Blocking("nolan", at(9), at(12), "ill", front.ids[ANA]))
    assert "It is blocked: Tue 3 Mar, 09:00 to 12:00." in words_of(ana.posts("/desk/diary/new", FORM).text)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"patient": "  "}, "Whose appointment is it?"),
        ({"time": "25:00"}, "Choose a time."),
        ({"time": ""}, "Choose a time."),
        ({"service": "wound"}, "Dr Colum Nolan does not offer this."),
        ({"service": "nothing"}, "Choose what it is for."),
        ({"practitioner": "nobody"}, "Choose who sees the patient."),
        ({"phone": "91234567"}, "Write it with + and the country code"),
        ({"day": "2026-03-01"}, "This time has passed."),
        ({"conversation": "nobody"}, "There is no such conversation."),
        ({"patient_id": "999"}, "Whose appointment is it?"),
        ({"patient": "\x00"}, "Whose appointment is it?"),
    ],
)
def test_what_cannot_be_booked_is_said_and_nothing_typed_is_lost(
    front: Front, ana: Visitor, wrong: dict[str, str], sentence: str
) -> None:
    refused = ana.posts("/desk/diary/new", {**FORM, **wrong})
    assert refused.status_code == 422
    assert sentence in words_of(refused.text)
    assert diary.appointment(front.desk, 1) is None


def page_of(front: Front, ana: Visitor, id: int) -> dict[str, str]:
    version = re.search(r'name="version" value="(\d+)"', ana.gets(f"/desk/diary/{id}").text)
    assert version
    return {"version": version[1]}


def test_an_appointment_is_moved_and_the_patient_told(front: Front, ana: Visitor) -> None:
    conversation = writes(front)
    made = booked(front, conversation=conversation)
    form = {**page_of(front, ana, made.id), "day": "2026-03-05", "time": "11:00", "practitioner": "nolan"}
    assert ana.posts(f"/desk/diary/{made.id}/move", {**form, "tell": "yes"}).status_code == 303
    assert "is now on Thursday 5 March 2026, 11:00" in Sayings(front.desk, conversation).lines()[-1]


def test_a_move_onto_a_taken_time_leaves_it_where_it_was(front: Front, ana: Visitor) -> None:
    made = booked(front)
    booked(front, "Ravi Chandran", at(11))
    form = {**page_of(front, ana, made.id), "day": "2026-03-03", "time": "11:00", "practitioner": "nolan"}
    refused = ana.posts(f"/desk/diary/{made.id}/move", form)
    assert refused.status_code == 409
    assert "Ravi Chandran is booked from 11:00" in words_of(refused.text)
    assert 'value="11:00"' in refused.text
    assert entry(front, made.id).starts_at == at(10)


@pytest.mark.parametrize(
    ("path", "form"),
    [("cancel", {}), ("mark", {"outcome": "arrived"}), ("move", {"day": "2026-03-05", "time": "11:00"})],
)
def test_a_page_that_is_out_of_date_changes_nothing(
    front: Front, ana: Visitor, path: str, form: dict[str, str]
) -> None:
    made = booked(front)
    opened = page_of(front, ana, made.id)
    diary.move(front.desk, front.ids[ANA], Seen(made.id, made.version), To(at(15)))
    refused = ana.posts(f"/desk/diary/{made.id}/{path}", {**opened, **form})
    assert refused.status_code == 409
    assert "it is now Tuesday 3 March, 15:00, booked" in words_of(refused.text)
    assert (entry(front, made.id).status, entry(front, made.id).starts_at) == ("booked", at(15))


def test_whoever_came_and_whoever_did_not_is_marked(front: Front, ana: Visitor) -> None:
    came, missed = booked(front), booked(front, "Ravi Chandran", at(11))
    early = ana.posts(f"/desk/diary/{missed.id}/mark", {**page_of(front, ana, missed.id), "outcome": "noshow"})
    assert early.status_code == 422
    assert "It has not begun yet." in early.text
    front.clock.pass_seconds(27 * 3600)
    again = front.at_desk(ANA)
    for one, outcome in ((came, "arrived"), (missed, "noshow")):
        form = {**page_of(front, again, one.id), "outcome": outcome}
        assert again.posts(f"/desk/diary/{one.id}/mark", form).status_code == 303
        assert entry(front, one.id).status == outcome
    assert "Arrived" in again.gets(DAY).text
    assert "Did not come" in again.gets(DAY).text


def test_a_time_that_a_patient_is_choosing_is_refused_until_when(front: Front, ana: Visitor) -> None:
    conversation = writes(front)
    with front.desk.book.begin() as ledger:
        ledger.hold(conversation, Busy("nolan", at(10), at(10, 40)), front.clock.epoch + 900, front.clock.epoch)
    text = words_of(ana.posts("/desk/diary/new", FORM).text)
    assert "A patient is choosing it on WhatsApp right now. It is kept until 09:15" in text


def test_what_a_patient_asked_for_is_booked_and_seen_to(front: Front, ana: Visitor) -> None:
    conversation = writes(front)
    with front.desk.book.begin() as ledger:
        ledger.request("K7QF2X-M", conversation, {"service": "First consultation", "day": "any"}, front.clock.epoch)
    panel = f"/desk/patients/in/{conversation}"
    page = ana.gets(panel).text
    assert "Asked for an appointment K7QF2X-M" in words_of(page)
    link = re.search(r'href="(/desk/diary/new\?[^"]*wish=\d+[^"]*)"', page)
    assert link
    form = ana.gets(link[1].replace("&amp;", "&")).text
    wish = re.search(r'name="wish" value="(\d+)"', form)
    assert wish
    assert ana.posts("/desk/diary/new", {**FORM, "wish": wish[1], "conversation": conversation}).status_code == 303
    assert "Asked for an appointment" not in ana.gets(panel).text


def test_every_change_is_in_the_audit_by_its_id_alone(front: Front, ana: Visitor) -> None:
    ana.posts("/desk/diary/new", FORM)
    ana.posts("/desk/diary/1/cancel", page_of(front, ana, 1))
    lines = front.audit(action="changed")
    assert [(line.staff, line.subject, line.note) for line in lines] == [
        (front.ids[ANA], "appointment:1", "cancelled"),
        (front.ids[ANA], "appointment:1", "booked"),
    ]


# ---- the doctor is ill


def ill(front: Front, ana: Visitor, **form: Any) -> str:
    """Ana blocks Dr Nolan's Tuesday; the address of the block."""
    asked = {"practitioner": "nolan", "day": "2026-03-03", "until_day": "2026-03-03", "reason": "ill", **form}
    answer = ana.posts("/desk/diary/block", asked)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_the_day_the_doctor_is_ill_everybody_is_listed_previewed_and_told(front: Front, ana: Visitor) -> None:
    mei_ling, ravi = writes(front), writes(front, RAVI)
    booked(front, conversation=mei_ling)
    booked(front, "Ravi Chandran", at(14), ravi)
    booked(front, "Old Mr Lim", at(15), phone="+6561234567")
    block = ill(front, ana)
    page = ana.gets(block).text
    text = words_of(page)
    assert "3 appointments will be cancelled. 2 patients are told on WhatsApp" in text
    assert "with the next free times. <strong>1</strong> cannot be written to" in page
    preview = re.findall(r'class="bubble">(.*?)</p>', page, re.S)
    chosen = re.findall(r'name="appointment" value="([^"]+)"', page)
    assert [len(preview), len(chosen)] == [2, 3]
    done = ana.client.post(
        block.replace("?", "/tell?"),
        base_url=ADDRESS,
        data={"form_token": ana.token(), "appointment": chosen},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    text = words_of(done.text)
    assert text.count("Told, with new times") == 2
    assert "Old Mr Lim +65 6123 4567 Cancelled: please call" in text
    assert "Nobody is booked in this time" in text
    said = Sayings(front.desk, mei_ling).lines()[-1]
    assert "Dr Colum Nolan is away" in said
    assert said.split() == preview[0].split()


def test_whoever_is_not_ticked_stays_booked(front: Front, ana: Visitor) -> None:
    booked(front)
    block = ill(front, ana)
    assert "Mei Ling Tan" in ana.posts(block.replace("?", "/tell?")).text
    assert entry(front, 1).status == "booked"


@pytest.mark.parametrize(
    ("form", "when", "first", "second"),
    [
        ({}, "Tue 3 Mar, all day", "All day", ""),
        ({"from": "12:00"}, "Tue 3 Mar, 12:00 to end of day", "From 12:00", ""),
        ({"from": "09:00", "until": "12:00"}, "Tue 3 Mar, 09:00 to 12:00", "09:00 12:00", ""),
        ({"until_day": "2026-03-04"}, "Tue 3 Mar to Wed 4 Mar, all day", "All day", "All day"),
        (
            {"from": "12:00", "until_day": "2026-03-04", "until": "10:00"},
            "Tue 3 Mar, 12:00 to Wed 4 Mar, 10:00",
            "From 12:00",
            "Until 10:00",
        ),
    ],
)
def test_nobody_reads_that_a_block_ends_at_midnight_of_the_day_after(
    front: Front, ana: Visitor, form: dict[str, str], when: str, first: str, second: str
) -> None:
    assert f"When {when}" in words_of(ana.gets(ill(front, ana, **form)).text)
    for day, told in (("2026-03-03", first), ("2026-03-04", second)):
        text = words_of(ana.gets(f"/desk/diary?day={day}&view=list").text)
        assert (f"{told} ill Dr Colum Nolan" in text) == bool(told), text
        assert "00:00" not in text


def test_blocked_time_is_given_back(front: Front, ana: Visitor) -> None:
    block = ill(front, ana)
    assert "15 free times" in words_of(ana.gets(DAY).text)
    assert ana.posts(block.replace("?", "/lift?"), {"day": "2026-03-03"}).status_code == 303
    assert "29 free times" in words_of(ana.gets(DAY).text)
    assert ana.gets(block).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"practitioner": "nobody"},
        {"day": "soon"},
        {"from": "12:00", "until": "11:00"},
        {"until_day": "2026-03-02"},
        {"until_day": "2027-03-02"},
    ],
)
def test_a_block_that_makes_no_sense_is_refused(ana: Visitor, wrong: dict[str, str]) -> None:
    form = {"practitioner": "nolan", "day": "2026-03-03", "until_day": "2026-03-03", **wrong}
    assert ana.posts("/desk/diary/block", form).status_code == 422
