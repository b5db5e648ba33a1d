"""Publishing: who may, what is refused, and that nobody's edit is lost."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from bot.adapters.flows_transcripts import read_transcripts
from bot.core.calendar import Busy, Slot
from bot.core.fault import Fault
from bot.desk import publishing
from bot.desk.publishing import Already, Order, Overtaken, Refused, Unusable
from bot.desk.shelf import EDITIONS_MAX
from bot.ports import Booking, Desk, Draft, Published
from bot.ports.staff import AuditSearch
from tests.publishing.house import FILES, House, Patient, draft_of, files_with

WORDS = files_with(FILES, ("Which day shall {name} come?", "When shall {name} come?"))
OTHER_WORDS = files_with(FILES, ("Who is coming?", "Who will come?"))
BROKEN = files_with(FILES, ("go to: left", "go to: nowhere"))


@pytest.fixture
def house(database_url: str) -> Iterator[House]:
    house = House(database_url)
    yield house
    house.close()


def published(house: House) -> list[Published]:
    return list(publishing.history(house.desk))


def test_the_first_start_publishes_what_is_in_the_folder(house: House) -> None:
    (first,) = published(house)
    assert (first.number, first.base, first.by) == (1, "", "start")
    assert house.desk.clinic.version == first.revision


def test_a_later_start_says_what_is_published_whatever_is_in_the_folder(house: House) -> None:
    later = house.open(WORDS)
    assert later.clinic.version == published(house)[0].revision
    assert len(published(house)) == 1


def test_broken_files_do_not_start(database_url: str) -> None:
    with pytest.raises(Unusable) as unusable:
        House(database_url, files=BROKEN)
    assert [fault.code for fault in unusable.value.faults] == ["E10", "E11"]


def test_what_this_program_cannot_use_any_more_gives_way_to_the_folder(house: House) -> None:
    broken = draft_of(BROKEN)
    with house.desk.book.begin() as ledger:
        ledger.publish(Published(2, broken.revision, "", "an older version", 0), broken.files)
    later = house.open(WORDS)
    assert later.clinic.version == draft_of(WORDS).revision
    newest = published(house)[0]
    assert (newest.number, newest.by, newest.base) == (3, "start", broken.revision)


def test_a_process_that_cannot_read_an_edition_keeps_the_last_good_one_and_says_so(house: House) -> None:
    mei_ling = Patient(house.desk)
    mei_ling.says("hi", "visit", "Mei Ling Tan")
    broken = draft_of(BROKEN)
    with house.desk.book.begin() as ledger:
        ledger.publish(Published(2, broken.revision, "", "a newer version", 0), broken.files)
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    assert mei_ling.says("qwrtz")[-1] == "Mei Ling Tan comes Today. Shall I tell our staff?"
    assert house.reports == [("edition_unreadable", {"edition": 2, "revision": broken.revision, "kept": 1})]


def test_who_publishes_is_written_down_twice(house: House) -> None:
    house.publish(WORDS)
    newest = published(house)[0]
    assert (newest.number, newest.by, newest.base) == (2, "ana", draft_of(FILES).revision)
    with house.desk.book.look() as ledger:
        lines = ledger.audited(AuditSearch(), 10)
    line = lines[0]
    assert (line.staff, line.action, line.subject) == (
        "ana",
        "published",
        f"flows:{newest.revision}",
    )


def test_mistakes_are_not_published(house: House) -> None:
    with pytest.raises(Refused) as refused:
        house.publish(BROKEN)
    assert [fault.code for fault in refused.value.proposal.errors] == ["E10", "E11"]
    assert len(published(house)) == 1


def test_the_same_again_is_nothing_to_publish(house: House) -> None:
    with pytest.raises(Already):
        house.publish({name: text.replace("\n", "\r\n") for name, text in FILES.items()})


def test_who_began_from_an_older_revision_is_refused_and_reads_what_the_other_changed(house: House) -> None:
    ana, siti = house.open(), house.open()
    base = publishing.newest_published(ana).revision
    publishing.publish(ana, draft_of(WORDS), Order("ana", base))
    with pytest.raises(Overtaken) as overtaken:
        publishing.publish(siti, draft_of(OTHER_WORDS), Order("siti", base))
    assert overtaken.value.newest.by == "ana"
    changed = overtaken.value.difference
    assert [(flow.flow, flow.change) for flow in changed.flows] == [("visit", "says something else")]
    assert [str(step) for flow in changed.flows for step in flow.steps] == ["ask_day: says something else"]
    assert "+    ask: When shall {name} come?" in changed.lines
    assert len(published(house)) == 2


def test_of_many_who_publish_at_once_one_does_and_nobodys_edit_is_lost(house: House) -> None:
    admins = [house.open() for _ in range(4)]
    drafts = [draft_of(files_with(FILES, ("Who is coming?", f"Who is coming? {number}"))) for number in range(4)]
    base, together = publishing.newest_published(admins[0]).revision, Barrier(len(admins))

    def publish(number: int) -> str:
        together.wait()
        try:
            publishing.publish(admins[number], drafts[number], Order(f"admin {number}", base))
        except Overtaken as overtaken:
            return overtaken.newest.by
        return "published"

    with ThreadPoolExecutor(len(admins)) as pool:
        came = list(pool.map(publish, range(len(admins))))
    newest = published(house)[0]
    assert (newest.number, newest.base) == (2, base)
    assert came.count("published") == 1
    assert set(came) == {"published", newest.by}
    assert newest.revision == drafts[came.index("published")].revision


def test_processes_that_start_at_once_publish_one_first_edition(database_url: str) -> None:
    first = House(database_url)
    with first.desk.book.begin() as ledger:
        # As if nobody had started yet.
        for table in ("published", "revision", "flow_file"):
            ledger._connection.exec_driver_sql(f"DELETE FROM {table}")  # type: ignore[attr-defined]
    with ThreadPoolExecutor(4) as pool:
        desks = list(pool.map(lambda _: first.open(), range(4)))
    assert {desk.shelf.now.number for desk in desks} == {1}
    assert len(published(first)) == 1
    first.close()


def test_a_process_that_started_while_another_published_says_what_is_new_with_its_first_turn(house: House) -> None:
    starting = house.open()
    house.publish(WORDS)
    mei_ling = Patient(starting)
    assert mei_ling.says("hi", "visit", "Mei Ling Tan") == ["When shall Mei Ling Tan come?"]


def test_a_process_that_takes_no_turns_hears_of_it_within_seconds(house: House) -> None:
    pages = house.open()
    pages.shelf.look()
    house.publish(WORDS)
    pages.shelf.look()
    assert pages.shelf.now.number == 1
    house.clock.pass_seconds(2)
    pages.shelf.look()
    assert pages.shelf.now.number == 2


def test_a_test_of_the_folder_that_fails_keeps_it_from_being_published(house: House) -> None:
    talk = "test: she is asked for a day\nflow: visit\ntalk:\n  - patient: visit\n  - bot: Who is coming?\n"
    found, faults = read_transcripts(talk.encode(), "tests/visit.yaml")
    assert faults == ()
    admin, base = house.open(), publishing.newest_published(house.desk).revision
    with pytest.raises(Refused) as refused:
        publishing.publish(admin, replace(draft_of(OTHER_WORDS), transcripts=found), Order("ana", base))
    assert [fault.code for fault in refused.value.proposal.errors] == ["E110"]
    told = talk.replace("Who is coming?", "Who will come?")
    changed, _ = read_transcripts(told.encode(), "tests/visit.yaml")
    proposal = publishing.propose(admin, replace(draft_of(OTHER_WORDS), transcripts=changed))
    assert codes(proposal.faults) == ["W102"]


def codes(faults: tuple[Fault, ...]) -> list[str]:
    return [fault.code for fault in faults if fault.code[1:].startswith("1") and len(fault.code) == 4]


def test_a_service_with_appointments_to_come_cannot_be_taken_away(house: House) -> None:
    draft = draft_of(
        files_with(FILES, ("services: {first:", "services: {second:"), file="clinic.yaml"),
    )
    admin, base = house.open(), publishing.newest_published(house.desk).revision
    assert publishing.propose(admin, draft).errors == ()
    _book(house.desk)
    with pytest.raises(Refused) as refused:
        publishing.publish(admin, draft, Order("ana", base))
    (fault,) = refused.value.proposal.errors
    assert (fault.code, fault.message) == ("E101", 'the service "first" is gone, and 1 appointment to come need it.')


def _book(desk: Desk) -> None:
    patient = Patient(desk)
    patient.says("hi")
    start = int(desk.clock.now().timestamp()) + 24 * 3600
    slot = Slot("nolan", start, start + 1800)
    booking = Booking(
        number="K7QF2X-M",
        conversation=patient.id,
        patient="Mei Ling Tan",
        phone="",
        whom="",
        service="first",
        slot=slot,
        busy=Busy("nolan", slot.start, slot.end),
        local_start="2026-03-03T09:00",
        zone="Asia/Singapore",
    )
    with desk.book.begin() as ledger:
        ledger.book(booking, start - 24 * 3600)


def test_a_process_keeps_so_many_editions_and_reads_an_older_one_again(house: House) -> None:
    mei_ling = Patient(house.desk)
    mei_ling.says("hi", "visit", "Mei Ling Tan")
    admin = house.open()
    for number in range(EDITIONS_MAX + 1):
        edit = ("  confirm:\n", f"  pause:\n    say: One moment ({number}).\n  confirm:\n")
        house.publish(files_with(FILES, edit), desk=admin)
    assert mei_ling.says("qwrtz")[-1] == "Which day shall Mei Ling Tan come?"
    assert mei_ling.says("Today") == ["Mei Ling Tan comes Today. Shall I tell our staff?"]
    assert admin.shelf.edition(2) is None
    assert admin.shelf.lacks((2,))
    admin.shelf.fetch((2,))
    again = admin.shelf.edition(2)
    assert again is not None
    assert "pause" in again.clinic.flows["visit"].steps


def test_every_code_of_publishing_is_explained() -> None:
    page = Path("docs/flows.md").read_text()
    assert all(f"\n| {code} | " in page for code in ("E100", "E101", "W102", "E110"))


def test_what_is_saved_in_the_folder_of_a_trial_is_published_by_that(house: House) -> None:
    saved: list[Draft] = []
    desk = replace(house.open(), working_copy=lambda: saved.pop() if saved else None)
    assert publishing.follow_working_copy(desk) is None
    saved.append(draft_of(FILES))
    assert publishing.follow_working_copy(desk) is None
    saved.append(draft_of(WORDS))
    done = publishing.follow_working_copy(desk)
    assert done is not None
    assert (done.number, done.by) == (2, "working copy")
    saved.append(draft_of(BROKEN))
    assert publishing.follow_working_copy(desk) is None
    assert house.reports == [("flows_not_published", {"mistakes": 2, "file": "visit.yaml", "line": 19, "code": "E10"})]
    assert desk.shelf.now.number == 2
