"""A patient who wants to be forgotten is: here, in Redis, on disk, at Twilio, and in a backup of before."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import select

from bot.adapters.backup import Place, back_up, restore
from bot.adapters.clock import SystemChance
from bot.adapters.erased_list import FileErasedList
from bot.adapters.sql.erasure import GONE, SHELLS
from bot.adapters.sql.schema import inbound, metadata
from bot.core.contact_card import ContactCard, written
from bot.core.location import Location
from bot.desk import diary, erasure, patients, reception, replying, turns
from bot.desk.dossier import dossier
from bot.desk.media import tend_media
from bot.desk.missed import look_for_missed
from bot.desk.reception import NotPossible
from bot.desk.speaking import send
from bot.desk.tick import Seen, tick
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Attachment, CarrierAway, Desk, Fetched, Listed, ListedInbound
from bot.ports.erasure import ERASED
from bot.ports.reception import Patient
from bot.ports.staff import AuditSearch
from tests.fakes import FakeCarrier, FakeClock, FakeLive, FakeMediaSource, FakeMediaStore, FakeQueue
from tests.universe import ANA, MEI_LING, RAVI, SINGAPORE, Sayings, desk_on

PHOTO_AT = f"https://api.twilio.com/2010-04-01/Accounts/AC{'1' * 32}/Messages/MM{'2' * 32}/Media/ME{'3' * 32}"
PHOTO = Fetched(b"photo", "image/jpeg")
TOLD = ("Mei Ling", "mei ling", "91234567", "kopitiam", "wheelchair", "insurance", "sciatica")
"""What only Mei Ling, or somebody writing of her, has said."""


@dataclass
class Clinic:
    """A desk whose outside can be looked into. Mei Ling has written, been answered, booked and photographed."""

    database_url: str
    folder: Path
    clock: FakeClock = field(default_factory=FakeClock)
    queue: FakeQueue = field(default_factory=FakeQueue)
    source: FakeMediaSource = field(default_factory=lambda: FakeMediaSource({PHOTO_AT: PHOTO}))
    store: FakeMediaStore = field(default_factory=FakeMediaStore)
    reports: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.live = FakeLive(self.clock)
        self.carrier = FakeCarrier(self.clock)
        self.listed = FileErasedList(self.folder / "data" / "erased")
        self.opens()
        self.sids = 0

    def opens(self) -> None:
        self.desk: Desk = desk_on(
            self.database_url,
            clock=self.clock,
            chance=SystemChance(),
            live=self.live,
            queue=self.queue,
            carrier=lambda: self.carrier,
            media_source=lambda: self.source,
            media_store=self.store,
            erased_list=self.listed,
            report=lambda event, ids: self.reports.append(event),
        )

    @property
    def mei(self) -> str:
        return conversation_id(self.desk.conversation_key, MEI_LING)

    def writes(self, text: str, address: str = MEI_LING, files: tuple[str, ...] = ()) -> str:
        """A patient writes, and Twilio has it too."""
        self.sids += 1
        sid = f"SMa{self.sids:031x}"
        self.carrier.from_patients.append(ListedInbound(sid, address, text, len(files), self.clock.epoch))
        attached = tuple(Attachment(one, "image/jpeg") for one in files)
        receive(self.desk, Arrived(sid, address, "media" if files else "text", text, attachments=attached))
        return sid

    def sends_along(self, location: Location) -> None:
        """A patient sends a place."""
        self.sids += 1
        receive(self.desk, Arrived(f"SMa{self.sids:031x}", MEI_LING, "location", location=location))

    def senders_work(self) -> None:
        with self.desk.book.begin() as ledger:
            waiting = ledger.with_unsent(self.clock.epoch, 50)
        send(self.desk, waiting, "sender")

    def works(self, seconds: float = 0) -> None:
        """Time passes, the tick looks, and the queue does all it was told."""
        self.clock.pass_seconds(seconds)
        tick(self.desk, Seen(), turns)
        while self.queue.jobs:
            job, ids = self.queue.jobs.pop(0)
            if job == "tend_media":
                tend_media(self.desk, str(ids[0]))
            elif job == "go_on_erasing":
                erasure.go_on(self.desk)

    def story(self) -> int:
        """Everything that may be kept of Mei Ling comes to be; her record's id. Her appointment is over."""
        self.writes("hello, I am Mei Ling and sit in the kopitiam")
        self.writes("it is sciatica", files=(PHOTO_AT,))
        self.works()
        self.senders_work()
        reception.take_over(self.desk, self.mei, ANA)
        id = patients.add(
            self.desk, self.mei, ANA, Patient(0, "Mei Ling Tan", "+6591234567", "1958-03-21", "wheelchair")
        )
        patients.set_about(self.desk, self.mei, ANA, id)
        replying.add_note(self.desk, self.mei, ANA, "wheelchair, kopitiam")
        replying.put_label(self.desk, self.mei, ANA, "insurance")
        replying.reply(self.desk, self.mei, ANA, "Dear Mei Ling, about your sciatica")
        replying.save_draft(self.desk, self.mei, ANA, "reply", "and the kopitiam")
        self.clock.pass_seconds(10)
        self.senders_work()
        ten = int(datetime(2026, 3, 3, 10, tzinfo=SINGAPORE).timestamp())
        diary.book(self.desk, ANA, diary.New("first", "nolan", ten, "Mei Ling Tan", "+6591234567", self.mei))
        reception.release(self.desk, self.mei, ANA, "Mei Ling asked about insurance")
        self.clock.pass_seconds(3 * 24 * 3600)
        self.senders_work()
        return id

    def kept(self) -> str:
        """All that any table says, as one text."""
        with self.desk.book.begin() as ledger:
            run = ledger._connection.execute  # type: ignore[attr-defined]
            return "\n".join(str(row) for table in metadata.sorted_tables for row in run(select(table)))

    def erases(self, patient: int, typed: str = "mei ling tan", conversations: tuple[str, ...] = ()) -> int:
        return erasure.erase(self.desk, ANA, patient, conversations, typed)

    def finished(self, id: int) -> bool:
        found = erasure.erasure(self.desk, id)
        assert found is not None
        return bool(found.finished_at) and found.left == 0


@pytest.fixture
def clinic(sqlite_url: str, tmp_path: Path) -> Iterator[Clinic]:
    clinic = Clinic(sqlite_url, tmp_path)
    yield clinic
    clinic.desk.book.dispose()  # type: ignore[attr-defined]


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Clinic]:
    """The same on each of the two databases."""
    clinic = Clinic(database_url, tmp_path)
    yield clinic
    clinic.desk.book.dispose()  # type: ignore[attr-defined]


def test_nothing_that_was_hers_is_kept_and_what_is_counted_still_counts(either: Clinic) -> None:
    id = either.story()
    assert all(word in either.kept() for word in TOLD)
    made = either.erases(id)
    assert [word for word in TOLD if word in either.kept().replace(MEI_LING, "")] == []
    either.works(60)
    either.works(900)
    either.works(60)
    assert either.finished(made)
    assert [word for word in TOLD if word in either.kept()] == []
    (visit,) = patients.record(either.desk, id).entries  # type: ignore[union-attr]
    assert (visit.patient, visit.phone, visit.practitioner) == (ERASED, "", "nolan")
    with either.desk.book.look() as ledger:
        assert [line.kind for line in ledger.lines_before(either.mei, None, 50)] == ["event"]


def test_her_files_are_gone_from_disk_and_her_messages_from_twilio(clinic: Clinic) -> None:
    id = clinic.story()
    assert clinic.store.files
    clinic.erases(id)
    clinic.works()
    clinic.works(60)
    assert clinic.store.files == {}
    assert clinic.source.files == {}
    assert clinic.carrier.from_patients == []
    assert clinic.carrier.on_list == []


def test_a_place_and_a_contact_card_go_with_her_words(either: Clinic) -> None:
    either.source.files[PHOTO_AT] = Fetched(written((ContactCard("Dr Lim Wei", ("995",)),)), "text/vcard")
    either.sends_along(Location("1.3048", "103.8318", "kopitiam", "437 Orchard Road"))
    id = either.story()
    told = ("1.3048", "103.8318", "Orchard")
    assert all(word in either.kept() for word in told)
    assert list(either.store.files.values()) != []
    either.erases(id)
    either.works()
    assert [word for word in told if word in either.kept()] == []
    assert either.store.files == {}


def test_not_even_the_bytes_of_the_files_have_her_words(clinic: Clinic) -> None:
    id = clinic.story()
    files = list(clinic.folder.glob("clinic.sqlite*"))
    assert any(b"kopitiam" in file.read_bytes() for file in files)
    clinic.erases(id)
    clinic.works(91)
    assert clinic.live.scrubbed == 1
    told = [word.encode() for word in TOLD if word not in MEI_LING]
    assert [word for word in told for file in files if file.exists() and word in file.read_bytes()] == []


def test_words_that_were_just_leaving_are_found_at_twilio_afterwards(clinic: Clinic) -> None:
    id = clinic.story()
    made = clinic.erases(id)
    clinic.works()
    clinic.carrier.on_list.append(_sent_late(clinic))
    clinic.works(60)
    assert clinic.carrier.on_list == []
    assert not clinic.finished(made)
    clinic.works(900)
    clinic.works(60)
    assert clinic.finished(made)


def _sent_late(clinic: Clinic) -> Listed:
    return Listed("SM" + "f" * 32, MEI_LING, "Dear Mei Ling", clinic.clock.epoch + 5, "sent")


def test_a_message_that_twilio_never_brought_does_not_come_back_after_the_erasure(clinic: Clinic) -> None:
    id = clinic.story()
    look_for_missed(clinic.desk)
    clinic.carrier.from_patients.append(ListedInbound("SM" + "e" * 32, MEI_LING, "kopitiam", 0, clinic.clock.epoch))
    clinic.erases(id)
    clinic.clock.pass_seconds(300)
    look_for_missed(clinic.desk)
    assert "kopitiam" not in clinic.kept()
    clinic.works()
    assert clinic.carrier.from_patients == []


def test_who_writes_again_is_somebody_new_and_is_answered(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.erases(id)
    clinic.clock.pass_seconds(60)
    clinic.writes("hello")
    clinic.senders_work()
    assert clinic.carrier.posted[-1].outgoing.address == MEI_LING
    clinic.works(900)
    clinic.works(900)
    assert "hello" in clinic.kept()
    with clinic.desk.book.begin() as ledger:
        state = ledger.read(clinic.mei)
    assert state is not None
    assert (state.address, state.control, state.unreachable) == (MEI_LING, "bot", "")


def test_a_turn_that_began_with_the_old_state_goes_on_with_the_empty_one(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.writes("are you there?")
    assert "insurance" in str(clinic.live._states)
    clinic.erases(id)
    clinic.writes("tomorrow")
    assert [word for word in TOLD if word in clinic.kept().replace(MEI_LING, "")] == []


def test_a_state_that_comes_back_to_redis_late_is_forgotten_once_more(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.writes("are you there?")
    before = clinic.live.take(clinic.mei, "a turn that has begun")
    clinic.erases(id)
    clinic.works()
    clinic.live.give_back(clinic.mei, "a turn that has begun", before.seq, before.arrived, before.state, wake=False)
    assert "insurance" in str(clinic.live._states)
    clinic.works(61)
    assert "insurance" not in str(clinic.live._states)


def test_who_writes_at_the_same_moment_is_erased_before_it_and_answered_after_it(either: Clinic) -> None:
    id = either.story()
    erased = Event()

    def write() -> None:
        for number in range(60):
            if number == 10:
                erased.set()
            either.writes(f"kopitiam {number}")

    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write)
        erased.wait()
        either.erases(id)
        writing.result()
    with either.desk.book.begin() as ledger:
        run = ledger._connection.execute  # type: ignore[attr-defined]
        rows = run(select(inbound.c.line, inbound.c.event).order_by(inbound.c.arrival)).all()
        state = ledger.read(either.mei)
    shells = [row.line == 0 for row in rows]
    assert len(rows) == 62
    assert shells == sorted(shells, reverse=True)
    assert all(("kopitiam" in row.event) == (row.line > 0) for row in rows)
    assert shells[2:12] == [True] * 10
    assert state is not None
    assert (state.address != "") == (not all(shells))


def test_staff_may_write_first_to_a_number_that_was_erased(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.erases(id)
    found = replying.write_first(
        clinic.desk, ANA, "+6591234567", replying.Reply("Hello", "click-0001", template="first")
    )
    with clinic.desk.book.begin() as ledger:
        state = ledger.read(found)
    assert state is not None
    assert (found, state.address, state.unreachable) == (clinic.mei, MEI_LING, "")


def test_whoever_wanted_no_messages_gets_none_after_it_either(clinic: Clinic) -> None:
    id = clinic.story()
    reception.hand_back(clinic.desk, clinic.mei, ANA, "silent")
    clinic.writes("STOP")
    clinic.erases(id)
    with clinic.desk.book.begin() as ledger:
        state = ledger.read(clinic.mei)
    assert state is not None
    assert state.opted_out


def test_killed_after_any_piece_it_goes_on_where_it_was(either: Clinic) -> None:
    id = either.story()
    with either.desk.book.begin() as ledger:
        ledger.begin_erasure(id, (either.mei,), ANA, either.clock.epoch)
        ledger.leave(1, "look", (either.mei,), either.clock.epoch)
    pieces = 0
    while True:
        with either.desk.book.begin() as ledger:
            if not ledger.erase_some(1, either.clock.epoch):
                break
        pieces += 1
    assert pieces > 10
    either.carrier.troubles += [CarrierAway()] * 3
    for _ in range(8):
        either.works(900)
    assert either.finished(1)
    assert [word for word in TOLD if word in either.kept()] == []
    assert either.carrier.on_list == []


def test_twilio_away_for_long_is_told_to_the_operator_and_tried_on(clinic: Clinic) -> None:
    made = clinic.erases(clinic.story())
    clinic.carrier.lists = False
    clinic.carrier.troubles += [CarrierAway()] * 200
    for _ in range(8):
        clinic.works(3600)
    assert "erasure_waits_for_twilio" in clinic.reports
    assert not clinic.finished(made)
    clinic.carrier.lists, clinic.carrier.troubles = True, []
    for _ in range(4):
        clinic.works(3600)
    assert clinic.finished(made)


def test_a_message_that_twilio_will_not_delete_is_told_to_the_operator(clinic: Clinic) -> None:
    made = clinic.erases(clinic.story())
    clinic.carrier.keeps = True
    for _ in range(12):
        clinic.works(900)
    assert "erasure_waits_for_twilio" in clinic.reports
    assert not clinic.finished(made)
    clinic.carrier.keeps = False
    for _ in range(8):
        clinic.works(3600)
    assert clinic.finished(made)


def test_erased_twice_in_a_row_she_is_gone_from_twilio_all_the_same(clinic: Clinic) -> None:
    clinic.writes("the kopitiam")
    once = erasure.erase(clinic.desk, ANA, 0, (clinic.mei,), "erase")
    twice = erasure.erase(clinic.desk, ANA, 0, (clinic.mei,), "erase")
    for _ in range(4):
        clinic.works(900)
    assert clinic.finished(once)
    assert clinic.finished(twice)
    assert clinic.carrier.from_patients == []
    assert MEI_LING not in clinic.kept()


def test_an_appointment_to_come_stands_in_the_way(clinic: Clinic) -> None:
    id = clinic.story()
    next_week = int(datetime(2026, 3, 10, 10, tzinfo=SINGAPORE).timestamp())
    diary.book(clinic.desk, ANA, diary.New("first", "nolan", next_week, "Mei Ling Tan", "", clinic.mei))
    with pytest.raises(NotPossible, match="still to come"):
        clinic.erases(id)
    assert "kopitiam" in clinic.kept()


def test_another_name_typed_erases_nobody(clinic: Clinic) -> None:
    id = clinic.story()
    with pytest.raises(NotPossible, match="Mei Ling Tan"):
        clinic.erases(id, typed="Ravi")
    assert "kopitiam" in clinic.kept()


def test_a_conversation_that_others_share_stays_unless_it_is_chosen(clinic: Clinic) -> None:
    id = clinic.story()
    patients.add(clinic.desk, clinic.mei, ANA, Patient(0, "Her son", "", "", ""))
    found = erasure.plan(clinic.desk, id)
    assert found is not None
    assert [place.others for place in found.places] == [("Her son",)]
    assert found.chosen == ()
    clinic.erases(id)
    kept = clinic.kept()
    assert "kopitiam" in kept
    assert "1958-03-21" not in kept
    assert patients.record(clinic.desk, id).patient.name == ERASED  # type: ignore[union-attr]


def test_a_shared_conversation_that_is_chosen_goes_and_the_others_record_stays(clinic: Clinic) -> None:
    id = clinic.story()
    son = patients.add(clinic.desk, clinic.mei, ANA, Patient(0, "Her son", "", "", ""))
    clinic.erases(id, conversations=(clinic.mei,))
    assert "kopitiam" not in clinic.kept()
    assert patients.patient(clinic.desk, son).name == "Her son"  # type: ignore[union-attr]


def test_another_patient_loses_nothing(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.writes("I am Ravi, where do I park?", RAVI)
    ravi = Sayings(clinic.desk, conversation_id(clinic.desk.conversation_key, RAVI))
    before = ravi.lines()
    clinic.erases(id)
    clinic.works(60)
    assert ravi.lines() == before
    assert "where do I park?" in clinic.kept()
    assert [one.address for one in clinic.carrier.from_patients] == [RAVI]


def test_a_record_that_was_merged_goes_with_the_one_it_became(clinic: Clinic) -> None:
    id = clinic.story()
    other = patients.add(clinic.desk, clinic.mei, ANA, Patient(0, "Tan Mei Ling (old)", "+6599999999", "", ""))
    made = patients.merge(clinic.desk, ANA, id, other)
    clinic.erases(id)
    assert "99999999" not in clinic.kept()
    with pytest.raises(NotPossible):
        patients.undo_merge(clinic.desk, made)


def test_an_erased_record_is_not_filled_again(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.erases(id)
    with pytest.raises(NotPossible):
        patients.change(clinic.desk, Patient(id, "Mei Ling Tan", "", "", ""), ANA)
    with pytest.raises(NotPossible, match="erased already"):
        clinic.erases(id, typed=ERASED)


def test_somebody_without_a_record_is_erased_by_her_conversation(clinic: Clinic) -> None:
    clinic.writes("the kopitiam")
    made = erasure.erase(clinic.desk, ANA, 0, (clinic.mei,), "erase")
    assert "kopitiam" not in clinic.kept()
    assert erasure.erasure(clinic.desk, made).conversations == (clinic.mei,)  # type: ignore[union-attr]


def test_what_was_erased_stays_erased_in_a_backup_of_before(either: Clinic) -> None:  # case-131
    """The database is lost after the erasure; only a backup from before it is left."""
    id = either.story()
    place = Place(either.database_url, either.folder / "data", "k9" * 32, lambda: None)
    back_up(place, either.folder / "old.tar", "flows-1", either.clock.epoch)
    either.clock.pass_seconds(3600)
    either.erases(id)
    either.works(900)
    either.desk.book.dispose()  # type: ignore[attr-defined]
    restore(place, either.folder / "old.tar", either.clock.epoch, over_newer=True)
    assert [word for word in TOLD if word in either.kept().replace(MEI_LING, "")] == []
    for _ in range(4):
        either.works(900)
    assert [word for word in TOLD if word in either.kept()] == []
    with either.desk.book.look() as ledger:
        assert all(one.finished_at for one in ledger.erasures(9))


def test_with_the_database_gone_too_the_list_beside_it_is_enough(tmp_path: Path, sqlite_url: str) -> None:
    clinic = Clinic(sqlite_url, tmp_path)
    id = clinic.story()
    place = Place(clinic.database_url, clinic.folder / "data", "k9" * 32, lambda: None)
    back_up(place, clinic.folder / "old.tar", "flows-1", clinic.clock.epoch)
    clinic.clock.pass_seconds(3600)
    clinic.erases(id)
    clinic.works()
    clinic.desk.book.dispose()  # type: ignore[attr-defined]
    for file in tmp_path.glob("clinic.sqlite*"):
        file.unlink()
    restore(place, clinic.folder / "old.tar", clinic.clock.epoch, over_newer=True)
    assert [word for word in TOLD if word in clinic.kept().replace(MEI_LING, "")] == []
    clinic.desk.book.dispose()  # type: ignore[attr-defined]


def test_who_wrote_again_keeps_it_through_a_restore(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.erases(id)
    clinic.works(60)
    clinic.writes("I would like to come again")
    place = Place(clinic.database_url, clinic.folder / "data", "k9" * 32, lambda: None)
    back_up(place, clinic.folder / "new.tar", "flows-1", clinic.clock.epoch)
    clinic.desk.book.dispose()  # type: ignore[attr-defined]
    restore(place, clinic.folder / "new.tar", clinic.clock.epoch, over_newer=True)
    assert "I would like to come again" in clinic.kept()


def test_the_list_beside_the_database_names_nobody(clinic: Clinic) -> None:
    id = clinic.story()
    clinic.erases(id)
    clinic.works()
    names = [path.name for path in (clinic.folder / "data" / "erased").iterdir()]
    assert len(names) == 2
    assert clinic.mei not in "".join(names)


def test_everything_kept_about_her_is_taken_out_in_one_file(either: Clinic) -> None:
    id = either.story()
    archive = zipfile.ZipFile(io.BytesIO(dossier(either.desk, ANA, id, ())))
    data = json.loads(archive.read("data.json"))
    assert all(word in archive.read("data.json").decode() for word in TOLD)
    assert data["patient"][0]["born"] == "1958-03-21"
    assert "patient: hello, I am Mei Ling" in archive.read("conversations.txt").decode()
    (file,) = [name for name in archive.namelist() if name.startswith("files/")]
    assert archive.read(file) == b"photo"
    with either.desk.book.look() as ledger:
        (line,) = ledger.audited(AuditSearch(action="exported"), 5)
    assert (line.staff, line.subject) == (ANA, f"patient:{id}")


def test_what_is_taken_out_holds_nothing_of_others(clinic: Clinic) -> None:
    id = clinic.story()
    patients.add(clinic.desk, clinic.mei, ANA, Patient(0, "Her son", "", "", ""))
    archive = zipfile.ZipFile(io.BytesIO(dossier(clinic.desk, ANA, id, ())))
    data = json.loads(archive.read("data.json"))
    assert "Her son" not in archive.read("data.json").decode()
    assert data["left_out"][0]["conversation"] == clinic.mei
    whole = zipfile.ZipFile(io.BytesIO(dossier(clinic.desk, ANA, id, (clinic.mei,))))
    assert "kopitiam" in whole.read("conversations.txt").decode()


ABOUT_NOBODY = {"alert", "conversation", "erasure_of", "follow_up", "appointment", "media", "occupancy"}
"""Tables of a conversation that erasing deals with by name (their words are ids, times and reasons of our own)."""


def test_every_table_of_a_conversation_says_what_erasing_does_to_it() -> None:
    """A new one belongs into SHELLS or GONE of the erasures, or above when it holds nothing that anybody said."""
    said = {table.name for table in (*SHELLS, *GONE)} | ABOUT_NOBODY | {"patient_of_conversation"}
    assert {table.name for table in metadata.sorted_tables if "conversation" in table.c} - said == set()
