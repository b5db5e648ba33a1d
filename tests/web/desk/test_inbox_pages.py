"""The inbox and its conversations as pages: what they show, what they refuse, and what no text can make them do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from bot.core.conversation import Conversation
from bot.desk import inbox, patients, reception, replying, staff, standing_orders
from bot.desk.replying import Reply
from bot.desk.speaking import send, status
from bot.desk.turns import receive
from bot.ports import ChannelTrouble
from bot.ports.reception import Patient as Person
from bot.ports.reception import ThreadLine
from bot.web.desk import Choice
from bot.web.desk.thread_words import KINDS, event_words, span
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock, FakeLive
from tests.universe import RAVI, shipped_clinic
from tests.web.desk_pages import ADA, ANA, LEE, ROS, Front, open_front
from tests.web.diary_scene import booked

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def front(sqlite_url: str) -> Iterator[Front]:
    with open_front(sqlite_url) as front:
        yield front


@pytest.fixture
def mei_ling(front: Front) -> Patient:
    """She waits for a person."""
    mei_ling = Patient(front.desk)
    mei_ling.says("human")
    return mei_ling


def there(patient: Patient, action: str = "") -> str:
    return f"/desk/inbox/{patient.conversation}" + (f"/{action}" if action else "")


def holder(front: Front, patient: Patient) -> str:
    card = inbox.card(front.desk, patient.conversation)
    assert card is not None
    return card.holder


@pytest.mark.parametrize("folder", ["needs", "mine", "mentions", "others", "bot", "failed", "later", "done"])
def test_an_empty_folder_says_what_that_means(front: Front, folder: str) -> None:
    text = front.at_desk().gets(f"/desk/inbox?folder={folder}").text
    assert 'class="empty-title"' in text.partition('class="rows-of"')[2]


def test_on_the_first_day_the_empty_inbox_says_how_to_try_it(front: Front) -> None:
    how = "write to the clinic&#39;s number and ask for a person"
    assert how in front.at_desk().gets("/desk/inbox").text
    Patient(front.desk).says("hello")
    assert how not in front.at_desk().gets("/desk/inbox").text


@pytest.mark.parametrize("asked", ["?folder=nobody", "?after=x", "?after=1.x.y", "?after=9999999.1.a", "/nobody"])
def test_what_is_not_there_is_said_and_breaks_nothing(front: Front, asked: str) -> None:
    assert front.at_desk().gets(f"/desk/inbox{asked}").status_code in (400, 404)


def test_a_row_tells_who_waits_how_long_and_why(front: Front, mei_ling: Patient) -> None:
    front.clock.pass_seconds(14 * 60)
    text = front.at_desk().gets("/desk/inbox").text
    for words in ("+65\xa09123\xa04567", "14 min", "The patient asked for a person", "everybody is told"):
        assert words in text


def row(front: Front, patient: Patient) -> str:
    """The patient's row in the list of those who need somebody."""
    found = re.search(
        rf'<li [^>]*id="row-{patient.conversation}".*?</li>', front.at_desk().gets("/desk/inbox").text, re.S
    )
    assert found
    return found[0]


def test_a_row_of_who_waits_quotes_her_and_not_the_sentence_that_passed_her_on(front: Front) -> None:
    ravi = Patient(front.desk, RAVI)
    ravi.says("severe chest pain, and may I speak to a human")
    quoted = row(front, ravi)
    assert "severe chest pain, and may I speak to a human" in quoted
    assert "Assistant:" not in quoted


def test_a_row_says_in_words_that_a_patient_sent_something_else_than_words(front: Front, mei_ling: Patient) -> None:
    for kind in ("media", "location", "contact"):
        receive(front.desk, mei_ling.message("", kind=kind))
        assert KINDS[kind] in row(front, mei_ling)
    receive(front.desk, mei_ling.message("My scan", kind="media"))
    assert "My scan" in row(front, mei_ling)


def test_a_patient_without_whatsapp_who_was_booked_at_the_desk_is_no_conversation_that_is_done(front: Front) -> None:
    booked(front, "Old Mr Goh")
    assert "Old Mr Goh" not in front.at_desk().gets("/desk/inbox?folder=done").text


def test_the_thread_and_its_paper_show_what_a_question_offered(front: Front, mei_ling: Patient) -> None:
    ravi, ana = Patient(front.desk, RAVI), front.at_desk()
    ravi.says("book")
    for page in (there(ravi), there(ravi, "print")):
        text = re.sub(r"</?span[^>]*>", "", ana.gets(page).text)
        assert "First consultation · Review of a scan · Follow-up visit" in text


def test_what_holds_for_every_conversation_stands_above_them_all(front: Front, mei_ling: Patient) -> None:
    ana, now = front.at_desk(), front.clock.epoch
    quiet = ana.gets("/desk/inbox").text
    with front.desk.book.begin() as ledger:
        ledger.stop_channel(ChannelTrouble(20003, "Twilio refuses our credentials", now, now + 60))
    standing_orders.silence_bot(front.desk, front.ids[LEE], True)
    standing_orders.give_notice(front.desk, front.ids[LEE], "We are closed today.", now + 3600)
    front.clock.pass_seconds(300)
    told = (
        "Nothing reaches patients since 09:00: Twilio refuses our credentials.",
        "The assistant is silent since 09:00.",
        "Told to everybody who writes, until 10:00: We are closed today.",
    )
    for page in ("/desk/inbox", there(mei_ling)):
        text = ana.gets(page).text
        assert [words for words in told if words not in text] == []
    assert [words for words in told if words in quiet] == []


def test_looking_at_a_conversation_is_written_into_the_audit(front: Front, mei_ling: Patient) -> None:
    front.at_desk().gets(there(mei_ling))
    (line,) = front.audit(action="viewed")
    assert (line.staff, line.subject) == (front.ids[ANA], f"conversation:{mei_ling.conversation}")


def test_the_whole_of_it_works_by_plain_forms(front: Front, mei_ling: Patient) -> None:
    ana, lee = front.at_desk(ANA), front.ids[LEE]
    assert ana.posts(there(mei_ling, "take")).status_code == 303
    assert holder(front, mei_ling) == front.ids[ANA]
    ana.posts(there(mei_ling, "reply"), {"text": "Hello", "token": "click-0001", "seen": "999"})
    ana.posts(there(mei_ling, "note"), {"note": "She is early"})
    ana.posts(there(mei_ling, "urgent"), {"urgent": "1"})
    text = ana.gets(there(mei_ling)).text
    for words in ("Hello", "She is early", "Ana took over", "Ana marked it urgent"):
        assert words in text
    ana.posts(there(mei_ling, "give"), {"to": lee})
    assert holder(front, mei_ling) == lee
    refused = ana.posts(there(mei_ling, "back"), {"mode": "silent"})
    assert refused.status_code == 303
    assert "Lee Lead has had this conversation since 09:00." in ana.gets(there(mei_ling)).text
    lees = front.at_desk(LEE)
    lees.posts(there(mei_ling, "release"), {"reason": "Off home"})
    assert "Off home" in lees.gets("/desk/inbox").text
    lees.posts(there(mei_ling, "take"))
    lees.posts(there(mei_ling, "later"), {"until": "2026-03-03T10:00"})
    assert "3 Mar 10:00" in lees.gets("/desk/inbox?folder=later").text
    lees.posts(there(mei_ling, "back"), {"mode": "menu"})
    assert mei_ling.conversation in lees.gets("/desk/inbox?folder=bot").text


def test_who_loses_the_race_is_told_who_won_and_keeps_her_words(front: Front, mei_ling: Patient) -> None:
    reception.take_over(front.desk, mei_ling.conversation, front.ids[LEE])
    ana = front.at_desk(ANA)
    answer = ana.posts(there(mei_ling, "reply"), {"text": "Hello", "token": "click-0001", "seen": "999"}, **PART)
    assert answer.status_code == 409
    assert "Lee Lead has had this conversation" in answer.text
    assert replying.drafts(front.desk, mei_ling.conversation, front.ids[ANA]) == {"reply": "Hello"}


def test_newer_lines_come_before_a_reply_and_send_anyway_names_them(front: Front, mei_ling: Patient) -> None:
    ana = front.at_desk(ANA)
    form = {"text": "Hello", "token": "click-0001", "seen": "1"}
    answer = ana.posts(there(mei_ling, "reply"), form, **PART)
    assert answer.status_code == 409
    seen = re.search(r'name="seen" value="(\d+)"', answer.text)
    assert seen
    assert ana.posts(there(mei_ling, "reply"), {**form, "seen": seen[1]}, **PART).status_code == 200


def test_a_moment_or_a_colleague_that_does_not_exist_is_refused(front: Front, mei_ling: Patient) -> None:
    ana = front.at_desk(ANA)
    wrong = [("later", {"until": "soon"}), ("give", {"to": front.ids[ROS]}), ("back", {"mode": "x"}), ("draft", {})]
    for action, form in wrong:
        assert ana.posts(there(mei_ling, action), form).status_code == 400, action
    assert ana.posts(there(mei_ling, "template"), {"template": "none"}).status_code == 400


def test_signing_out_gives_back_who_waits_for_her_and_disabling_gives_back_all(front: Front, mei_ling: Patient) -> None:
    ana, lee = front.at_desk(ANA), front.at_desk(LEE)
    ana.posts(there(mei_ling, "take"))
    ana.posts("/desk/inbox/shift", {"on": "1"})
    ana.posts("/desk/sign-out")
    assert holder(front, mei_ling) == ""
    assert inbox.watchers(front.desk) == frozenset()
    lee.posts(there(mei_ling, "take"))
    lee.posts(there(mei_ling, "reply"), {"text": "Hello", "token": "click-0001", "seen": "999"})
    front.at_desk(ADA).posts(f"/desk/staff/{front.ids[LEE]}/disable")
    assert holder(front, mei_ling) == ""


def test_after_a_day_an_approved_template_is_offered_and_sent(sqlite_url: str) -> None:
    ready = Choice("answer ready", "We have an answer for you, Mei Ling.", {"1": "Mei Ling"})
    with open_front(sqlite_url, templates=lambda card: (ready,)) as front:
        mei_ling = Patient(front.desk)
        mei_ling.says("human")
        front.clock.pass_seconds(24 * 3600)
        ana = front.at_desk()
        text = ana.gets(there(mei_ling)).text
        assert 'data-mode="template"' in text
        assert "window closed" in text
        assert ready.text in text
        ana.posts(there(mei_ling, "template"), {"template": "answer ready", "token": "click-0001", "seen": "99"})
        assert mei_ling.reads()[-1] == ready.text


def test_a_long_thread_is_shown_from_its_end_and_continued_towards_its_beginning(
    front: Front, mei_ling: Patient
) -> None:
    for number in range(80):
        replying.add_note(front.desk, mei_ling.conversation, ANA, f"note-{number:02}")
    ana = front.at_desk()
    newest = ana.gets(there(mei_ling)).text
    assert "note-79" in newest
    assert "note-20" not in newest
    earlier = re.search(r"earlier=(\d+)", newest)
    assert earlier
    both = ana.gets(f"{there(mei_ling)}?earlier={earlier[1]}").text
    assert "note-20" in both
    assert "note-79" in both
    first = re.search(r'data-since="(\d+)"', both)
    assert first
    assert "note-20" in ana.gets(f"{there(mei_ling)}?since={first[1]}", **PART).text


def test_a_patient_is_found_by_name_and_by_number(front: Front, mei_ling: Patient) -> None:
    person = Person(0, "Mei Ling Tan", "+6591234567", "", "")
    patients.add(front.desk, mei_ling.conversation, ANA, person)
    Patient(front.desk, RAVI).says("hello")
    ana = front.at_desk()
    assert mei_ling.conversation in ana.posts("/desk/search", {"q": "ling"}).text
    assert "+65\xa08123\xa04567" in ana.posts("/desk/search", {"q": "+65 8123-4567"}).text
    assert "Nothing was found" in ana.posts("/desk/search", {"q": "%"}).text


def test_the_stream_says_which_conversation_changed_and_nothing_of_anybody(front: Front) -> None:
    with front.at_desk().gets("/live") as stream:
        told = stream.iter_encoded()
        assert b"event: beat" in next(told)
        mei_ling = Patient(front.desk)
        mei_ling.says("human")
        everything = b"event: queue\ndata: everything\n\n"
        ring = next(one for one in told if one != everything)
        assert ring == f"event: conv\ndata: {mei_ling.conversation}\n\n".encode()
        assert stream.headers["Content-Type"].startswith("text/event-stream")


def test_a_stream_ends_after_a_while_so_that_nothing_lives_for_ever(front: Front) -> None:
    with front.at_desk().gets("/live") as stream:
        told = stream.iter_encoded()
        next(told)
        front.clock.pass_seconds(601)
        assert list(told) == []


HOSTILE = (
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>', "'><iframe src=javascript:alert(1)>", "<a href=javascript:alert(1)>x</a>",
    "{{ 7*7 }}", "{% include 'x' %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "{{constructor.constructor('alert(1)')()}}",
    "<style>body{display:none}</style>", "<base href=//evil.example>", "<meta http-equiv=refresh content=0>",
    "<form action=//evil.example><input>", "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>",
    "<!--", "]]>", "<template><script>alert(1)</script></template>",
    "<math><mtext></math><img src=x onerror=alert(1)>",
    "<b hx-get=/desk/sign-out hx-trigger=load>x</b>", "<b data-hx-post=/desk/inbox hx-trigger=load>x</b>",
    "\u202eevil\u202c", "a\u0300" * 300, "\u0000null", "x" * 3000, "😀" * 500, "&lt;script&gt;", "%3Cscript%3E",
    "=HYPERLINK(1)", "javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
    "<details open ontoggle=alert(1)>",
)  # fmt: skip
RAW = re.compile(
    r"<(?:script>alert|img src=x|svg onload|iframe|base |meta http-equiv=refresh|b (?:data-)?hx-|details open)"
)


def test_whatever_a_patient_or_a_colleague_writes_is_shown_as_words(front: Front) -> None:
    ana, lee = front.at_desk(ANA), front.ids[LEE]
    for number, hostile in enumerate(HOSTILE):
        patient = Patient(front.desk, "whatsapp:SG." + "A" * (number + 1))
        patient.says("human")
        patient.says(hostile)
        reception.take_over(front.desk, patient.conversation, lee)
        typed = hostile.replace("\u0000", "")
        name = " ".join(typed.split())[:200]
        patients.add(front.desk, patient.conversation, ANA, Person(0, name, "", "", ""))
        replying.add_note(front.desk, patient.conversation, ANA, typed)
        replying.save_draft(front.desk, patient.conversation, front.ids[ANA], "reply", typed)
        replying.save_quick_reply(front.desk, ANA, "hello", typed)
        replying.send_reply(front.desk, patient.conversation, lee, Reply(typed, "click-0001"))
        reception.release(front.desk, patient.conversation, lee, typed[:200])
        late = ana.posts(there(patient, "reply"), {"text": "x", "token": "click-0002", "seen": "1"}, **PART)
        assert late.status_code == 409
        pages = [ana.gets(there(patient)).text, ana.posts("/desk/search", {"q": name[:20]}).text]
        for text in (late.text, *pages):
            assert not RAW.search(text), hostile
            assert ">49<" not in text
    assert not RAW.search(ana.gets("/desk/inbox").text)


def test_every_event_reads_as_a_sentence_and_a_detail_fills_nothing_else() -> None:
    people = {"ana": "Ana"}
    line = ThreadLine(1, 0, "event", "staff_released", details={"by": "ana", "reason": "{by} {to}"})
    assert event_words(line, people, {}) == "Ana put it back into the queue: {by} {to}"
    unknown = ThreadLine(1, 0, "event", "scan_arrived", details={"detail": "42"})
    assert event_words(unknown, people, {}) == "Scan arrived: 42"


def test_how_long_is_said_as_one_says_it() -> None:
    assert [span(n) for n in (5, 60, 3599, 3600, 7500, 180_000)] == [
        "under 1 min", "1 min", "59 min", "1 h", "2 h 5 min", "2 days",
    ]  # fmt: skip


def test_the_count_looks_at_a_hundred_of_those_who_wait_and_no_more(front: Front) -> None:
    now = int(front.clock.now().timestamp())
    with front.desk.book.begin() as ledger:
        for number in range(120):
            patient = Conversation(f"c{number:03}", f"whatsapp:+65{number:08}", control="waiting", waiting_since=now)
            ledger.create(patient, now)
    assert front.at_desk().gets("/desk/inbox/count").get_json()["needs"] == 100
    assert len(inbox.in_line(front.desk)) == 100


def test_a_conversation_on_paper_has_notes_only_when_asked_for_and_is_in_the_audit(
    front: Front, mei_ling: Patient
) -> None:
    replying.add_note(front.desk, mei_ling.conversation, front.ids[ANA], "She is early")
    ros = front.at_desk(ROS)
    paper = ros.gets(there(mei_ling, "print")).text
    assert "Monday, 2 March 2026" in paper
    assert "printed 2 Mar 2026, 09:00 by Ros Reader" in paper
    assert "human" in paper
    assert "She is early" not in paper
    assert "She is early" in ros.gets(there(mei_ling, "print?notes=yes")).text
    lines = [(line.staff, line.subject, line.note) for line in front.audit(action="exported")]
    assert lines == [(front.ids[ROS], f"conversation:{mei_ling.conversation}", "on paper")] * 2


def test_how_words_fared_is_told_to_whoever_looks_and_to_nobody_else(sqlite_url: str) -> None:
    carrier = FakeCarrier(FakeClock())
    with open_front(sqlite_url, clock=carrier.clock, carrier=lambda: carrier) as front:
        live, mei_ling = front.desk.live, Patient(front.desk)
        assert isinstance(live, FakeLive)
        mei_ling.says("human")
        send(front.desk, (mei_ling.conversation,), "sender")
        sid = carrier.posted[0].sid
        status(front.desk, "", sid, "delivered", None)
        assert ("words", mei_ling.conversation) not in live.rung
        inbox.look(front.desk, mei_ling.conversation, front.ids[ANA], "reading")
        status(front.desk, "", sid, "read", None)
        assert ("words", mei_ling.conversation) in live.rung
        assert f"words:{mei_ling.conversation}" in front.at_desk().gets(there(mei_ling)).text


def test_done_is_offered_to_be_taken_back_where_she_comes_out(front: Front, mei_ling: Patient) -> None:
    ana = front.at_desk()
    ana.posts(there(mei_ling, "take"))
    after = ana.posts(there(mei_ling, "back"), {"mode": "silent", "folder": "mine"})
    listed = ana.gets(after.location).text
    assert "It is done. <span" in listed
    assert there(mei_ling, "undo-done") in listed
    ana.posts(there(mei_ling, "undo-done"))
    assert holder(front, mei_ling) == front.ids[ANA]
    assert "It is done. <span" not in ana.gets(after.location).text
    assert "Ana took “done” back" in ana.gets(there(mei_ling)).text


def test_done_says_what_it_was_where_she_comes_out_and_in_the_thread(front: Front, mei_ling: Patient) -> None:
    ana = front.at_desk()
    ana.posts(there(mei_ling, "take"))
    assert 'value="to_doctor" dir="auto">Passed to the doctor</button>' in ana.gets(there(mei_ling)).text
    after = ana.posts(there(mei_ling, "back"), {"mode": "silent", "folder": "mine", "closed_as": "to_doctor"})
    assert 'It is done: <span dir="auto">Passed to the doctor</span>.' in ana.gets(after.location).text
    assert "Ana closed it: Passed to the doctor" in ana.gets(there(mei_ling)).text


def test_what_the_list_has_no_more_is_refused_beside_the_composer(front: Front, mei_ling: Patient) -> None:
    refused = front.at_desk().posts(there(mei_ling, "back"), {"mode": "silent", "closed_as": "sold"}, **PART)
    assert refused.status_code == 409
    assert "does not have this any more" in refused.text
    assert inbox.folder(front.desk, front.ids[ANA], "done").cards == ()


def test_only_what_people_were_needed_for_asks_what_it_was(front: Front, mei_ling: Patient) -> None:
    receive(front.desk, Patient(front.desk, RAVI).message("", kind="media"))
    ana = front.at_desk()
    assert 'name="closed_as"' in ana.gets(there(mei_ling)).text
    with_the_bot = ana.gets(there(Patient(front.desk, RAVI))).text
    assert 'data-key="e"' in with_the_bot
    assert 'name="closed_as"' not in with_the_bot


def test_a_clinic_without_a_list_has_done_alone(sqlite_url: str) -> None:
    clinic = shipped_clinic()
    without = replace(clinic, facts={name: fact for name, fact in clinic.facts.items() if name != "closed as"})
    with open_front(sqlite_url, clinic=without) as front:
        mei_ling = Patient(front.desk)
        mei_ling.says("human")
        page = front.at_desk().gets(there(mei_ling)).text
        assert 'data-key="e"' in page
        assert 'name="closed_as"' not in page


def test_what_the_clinic_has_taken_off_its_list_is_still_told() -> None:
    ended = ThreadLine(
        1, 0, "event", "staff_handed_back", details={"by": "a", "mode": "silent", "closed_as": "no_show"}
    )
    assert event_words(ended, {"a": "Ana"}, {"booked": "Booked"}) == "Ana closed it: No show"


def test_a_note_brings_its_conversation_to_whoever_it_names_until_she_opens_it(front: Front, mei_ling: Patient) -> None:
    ana, lee = front.at_desk(ANA), front.at_desk(LEE)
    ana.posts(there(mei_ling, "note"), {"note": "@Lee Lead <b>please</b> call her"})
    listed = lee.gets("/desk/inbox?folder=mentions").text
    assert f'id="row-{mei_ling.conversation}"' in listed
    assert "@Lee Lead &lt;b&gt;please&lt;/b&gt; call her" in listed
    assert ' · for <span dir="auto">Lee Lead</span></p>' in ana.gets(there(mei_ling)).text
    lee.gets(there(mei_ling), **PART)
    assert "row-" in lee.gets("/desk/inbox?folder=mentions").text, "a page that asks by itself has shown it to nobody"
    assert ' · for <span dir="auto">you</span></p>' in lee.gets(there(mei_ling)).text
    assert "row-" not in lee.gets("/desk/inbox?folder=mentions").text
    assert "has seen it" in ana.gets(there(mei_ling)).text


def test_a_note_from_beside_the_thread_names_as_well(front: Front, mei_ling: Patient) -> None:
    front.at_desk(ANA).posts(f"/desk/patients/in/{mei_ling.conversation}/note", {"text": "For @Lee"})
    assert "For @Lee" in front.at_desk(LEE).gets("/desk/inbox?folder=mentions").text


def test_those_who_work_here_can_be_named_and_nobody_names_herself(front: Front, mei_ling: Patient) -> None:
    staff.disable(front.desk, front.ids[ADA], front.ids[ROS])
    text = front.at_desk(ANA).gets(there(mei_ling)).text
    assert re.findall(r'data-name="([^"]+)"', text) == [ADA, LEE]


@pytest.mark.parametrize(("asked", "shown"), [("waiting=1", "1"), ("waiting=9&urgent", "9"), ("waiting=10", "9+")])
def test_the_icon_of_a_tab_counts_to_nine(front: Front, asked: str, shown: str) -> None:
    icon = front.visitor().gets(f"/desk/tab-icon.svg?{asked}")
    assert (icon.status_code, icon.mimetype) == (200, "image/svg+xml")
    assert f">{shown}</text>" in icon.text
    assert ("#b00c2a" in icon.text) == ("urgent" in asked)
    assert "style" not in icon.text


def test_what_is_no_number_is_drawn_on_no_icon(front: Front) -> None:
    assert ">0</text>" in front.visitor().gets("/desk/tab-icon.svg?waiting=<script>").text


def test_every_page_hears_whether_it_is_urgent(front: Front, mei_ling: Patient) -> None:
    ana = front.at_desk()
    assert ana.gets("/desk/inbox/count").get_json()["urgent"] is False
    assert "data-urgent" not in ana.gets("/desk/inbox").text
    reception.mark_urgent(front.desk, mei_ling.conversation, front.ids[ANA], True)
    assert ana.gets("/desk/inbox/count").get_json()["urgent"] is True
    assert "data-urgent" in ana.gets("/desk/inbox").text
