"""Files that staff send: as much a part of the reply as its words, and nobody's but the patient's."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from bot.adapters.media_redraw import redrawn
from bot.core.sent_file import OPEN_SECONDS
from bot.desk import erasure, inbox, reception, replying, sent_files
from bot.desk.dossier import dossier
from bot.desk.media import forget_old_files
from bot.desk.reception import NotPossible
from bot.desk.replying import Reply
from bot.desk.settling import settle
from bot.desk.speaking import send, status
from bot.ports import CarrierUnclear, Desk, MediaLost, MediaRefused
from bot.ports.staff import AuditSearch
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock, FakeMediaStore
from tests.universe import ANA, RAVI, open_desk

BEN = "Ben"
PDF = b"%PDF-1.7 how to prepare for your operation"
PNG = b"\x89PNG\r\n\x1a\n the way to the clinic"
DAY = 24 * 3600


@dataclass
class Room:
    """Ana's desk, and Mei Ling, who waits for a person."""

    desk: Desk
    carrier: FakeCarrier
    store: FakeMediaStore
    reports: list[tuple[str, Mapping[str, object]]]
    mei: Patient = field(init=False)

    def __post_init__(self) -> None:
        self.mei = Patient(self.desk)
        self.mei.says("human")
        self.leaves()
        self._said_before = len(self.carrier.posted)

    def chooses(self, content: bytes = PDF, called: str = "Before your operation.pdf", staff: str = ANA) -> str:
        return sent_files.choose(self.desk, self.mei.conversation, staff, called, content).id

    def sends(self, text: str = "", file: str = "", click: str = "click-0001", staff: str = ANA) -> None:
        replying.send_reply(self.desk, self.mei.conversation, staff, Reply(text, click, file=file))

    def leaves(self, seconds: int = 6) -> None:
        self.carrier.clock.pass_seconds(seconds)
        send(self.desk, (self.mei.conversation,), "sender")

    @property
    def posted(self) -> list[tuple[str, bool]]:
        """What reached Twilio: the words, and whether a file was with them."""
        posted = self.carrier.posted[self._said_before :]
        return [(one.outgoing.text, bool(one.outgoing.media)) for one in posted]

    def fetches(self, place: int = -1) -> sent_files.Shown | None:
        """What Twilio gets at the address that came with a message."""
        asked = parse_qs(
            urlsplit([one.outgoing.media for one in self.carrier.posted if one.outgoing.media][place]).query
        )
        return sent_files.fetched(self.desk, asked["m"][0], asked["k"][0])

    def draft(self, staff: str = ANA) -> tuple[str, str]:
        """What she has begun: words, and the name of the file with them."""
        chosen = sent_files.chosen(self.desk, self.mei.conversation, staff)
        words = replying.drafts(self.desk, self.mei.conversation, staff).get("reply", "")
        return words, chosen.name if chosen else ""


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    carrier, store = FakeCarrier(FakeClock()), FakeMediaStore()
    reports: list[tuple[str, Mapping[str, object]]] = []
    parts = {"media_store": store, "report": lambda event, ids: reports.append((event, ids)), "keep_files_days": 30}
    with open_desk(database_url, clock=carrier.clock, carrier=lambda: carrier, **parts) as desk:
        yield Room(desk, carrier, store, reports)


def test_the_words_stand_under_a_photo(room: Room) -> None:
    room.sends("We are here.", room.chooses(PNG, "map.png"))
    room.leaves()
    assert room.posted == [("We are here.", True)]
    file = room.fetches()
    assert file is not None
    assert (file.content, file.content_type, file.name, file.inline) == (PNG, "image/png", "map.png", False)


def test_the_words_follow_a_document_because_no_phone_shows_them_under_it(room: Room) -> None:
    room.sends("Please read this.", room.chooses())
    room.leaves()
    assert room.posted == [("", True), ("Please read this.", False)]


def test_words_that_are_too_long_for_a_photo_follow_it(room: Room) -> None:
    room.sends("Left, then right. " * 100, room.chooses(PNG))
    room.leaves()
    assert room.posted[0] == ("", True)
    assert [with_file for _, with_file in room.posted[1:]] == [False, False]


def test_a_file_needs_no_words(room: Room) -> None:
    room.sends("", room.chooses())
    room.leaves()
    assert room.posted == [("", True)]
    with pytest.raises(NotPossible):
        room.sends("", click="click-0002")


def test_a_double_click_is_one_file(room: Room) -> None:
    file = room.chooses()
    for _ in range(2):
        room.sends("", file)
    room.leaves()
    assert room.posted == [("", True)]


def test_a_click_that_comes_again_with_another_file_is_not_taken_for_the_same(room: Room) -> None:
    room.sends("Here it is", room.chooses())
    second = room.chooses(PNG, "map.png")
    with pytest.raises(replying.SaidOtherwise):
        room.sends("Here it is", second)
    assert room.draft() == ("Here it is", "map.png")


def test_what_is_taken_back_is_in_the_draft_again_with_its_file(room: Room) -> None:
    room.sends("Hello Ravi", room.chooses())
    assert room.draft() == ("", "")
    assert replying.undo(room.desk, room.mei.conversation, ANA, "click-0001") == "Hello Ravi"
    assert room.draft() == ("Hello Ravi", "Before your operation.pdf")
    room.leaves()
    assert room.posted == []


def test_a_file_alone_is_taken_back_as_well(room: Room) -> None:
    room.sends("", room.chooses())
    assert replying.undo(room.desk, room.mei.conversation, ANA, "click-0001") == ""
    assert room.draft() == ("", "Before your operation.pdf")


def test_a_file_that_waits_when_a_colleague_takes_over_does_not_leave_and_is_hers_again(room: Room) -> None:
    room.sends("Please read this", room.chooses())
    reception.take_over(room.desk, room.mei.conversation, BEN, from_holder=ANA)
    room.leaves()
    assert room.posted == []
    assert room.draft() == ("Please read this", "Before your operation.pdf")
    assert room.draft(BEN) == ("", "")


def test_nobody_sends_a_file_without_having_the_conversation(room: Room) -> None:
    reception.take_over(room.desk, room.mei.conversation, ANA)
    file = room.chooses(staff=BEN)
    with pytest.raises(reception.NotYours):
        room.sends("Mine", file, staff=BEN)
    assert room.draft(BEN) == ("Mine", "Before your operation.pdf")
    room.leaves()
    assert room.posted == []


def test_after_a_day_no_file_leaves_and_it_stays_in_the_draft(room: Room) -> None:
    file = room.chooses()
    room.carrier.clock.pass_seconds(DAY)
    with pytest.raises(replying.WindowClosed):
        room.sends("Hello", file)
    assert room.draft() == ("Hello", "Before your operation.pdf")


def test_words_of_hers_that_are_gone_leave_the_file_in_the_draft(room: Room) -> None:
    room.chooses()
    replying.save_draft(room.desk, room.mei.conversation, ANA, "reply", "Dear")
    replying.save_draft(room.desk, room.mei.conversation, ANA, "reply", " ")
    assert room.draft() == ("", "Before your operation.pdf")


def test_a_file_of_another_conversation_is_not_sent(room: Room) -> None:
    ravi = Patient(room.desk, RAVI)
    ravi.says("human")
    ravis = sent_files.choose(room.desk, ravi.conversation, ANA, "letter.pdf", PDF).id
    for file in (ravis, "no-such-file", "' OR 1=1 --"):
        with pytest.raises(NotPossible, match="Choose it again"):
            room.sends("Your letter", file)
    room.leaves()
    assert room.posted == []


def test_what_was_taken_away_before_it_left_is_forgotten(room: Room) -> None:
    file = room.chooses()
    assert file in room.store.files
    sent_files.take_away(room.desk, room.mei.conversation, ANA, file)
    assert (room.draft(), room.store.files) == (("", ""), {})


def test_another_choice_takes_the_place_of_the_first(room: Room) -> None:
    first, second = room.chooses(), room.chooses(PNG, "map.png")
    assert room.draft()[1] == "map.png"
    assert list(room.store.files) == [second]
    sent_files.take_away(room.desk, room.mei.conversation, ANA, first)
    assert room.draft()[1] == "map.png", "that is not the file she has"


def test_a_file_of_the_wrong_patient_that_was_taken_back_and_away_is_not_kept(room: Room) -> None:
    file = room.chooses()
    room.sends("", file)
    replying.undo(room.desk, room.mei.conversation, ANA, "click-0001")
    sent_files.take_away(room.desk, room.mei.conversation, ANA, file)
    assert room.store.files == {}
    assert sent_files.files_of(room.desk, [file])[file].why_not == sent_files.GONE


def test_what_has_left_is_not_forgotten_with_a_draft_that_has_it(room: Room) -> None:
    file = room.chooses()
    room.sends("", file)
    room.leaves()
    with room.desk.book.begin() as ledger:
        ledger.put_into_draft(room.mei.conversation, ANA, file, room.carrier.clock.epoch)
    sent_files.take_away(room.desk, room.mei.conversation, ANA, file)
    assert file in room.store.files


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "JPEG or PNG"),
        (b"<!doctype html><script>alert(1)</script>", "JPEG or PNG"),
        (b"GIF89a/*%PDF-1.7*/=alert(1)", "JPEG or PNG"),
        (b"MZ\x90 setup.exe", "JPEG or PNG"),
        (b"PK\x03\x04 a letter of a word processor", "JPEG or PNG"),
        (b"OggS a voice note", "JPEG or PNG"),
        (b"RIFF....WEBP a sticker", "JPEG or PNG"),
        (b"\n%PDF-1.7", "JPEG or PNG"),
        (b"%PDF-" + bytes(16_000_000), "up to 16 MB"),
    ],
)
def test_what_whatsapp_does_not_take_is_refused_when_it_is_chosen(room: Room, content: bytes, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        room.chooses(content, "letter.pdf")
    assert (room.draft(), room.store.files) == (("", ""), {})


def test_a_photo_is_drawn_anew_and_only_if_it_is_one(database_url: str) -> None:
    carrier, store = FakeCarrier(FakeClock()), FakeMediaStore()
    with open_desk(
        database_url, clock=carrier.clock, carrier=lambda: carrier, media_store=store, redraw=redrawn
    ) as desk:
        room = Room(desk, carrier, store, [])
        with pytest.raises(NotPossible, match="broken"):
            room.chooses(b"\xff\xd8\xff<script>alert(1)</script>", "photo.jpg")
        picture, out = Image.new("RGB", (40, 20), "green"), io.BytesIO()
        exif = Image.Exif()
        exif[0x010E] = "Mei Ling at the clinic"
        picture.save(out, "JPEG", exif=exif)
        room.sends("", room.chooses(out.getvalue() + b"<script>a tail</script>", "photo.jpg"))
        room.leaves()
        file = room.fetches()
        assert file is not None
        assert Image.open(io.BytesIO(file.content)).size == (40, 20)
        assert b"Mei Ling" not in file.content
        assert b"script" not in file.content


def test_a_photo_that_is_too_large_for_whatsapp_is_made_smaller() -> None:
    out = io.BytesIO()
    Image.effect_noise((900, 900), 90).convert("RGB").save(out, "JPEG", quality=95)
    assert len(out.getvalue()) > 300_000
    smaller = redrawn(out.getvalue(), "image/jpeg", 100_000)
    assert 0 < len(smaller) <= 100_000
    with pytest.raises(MediaRefused):
        redrawn(out.getvalue(), "image/jpeg", 100)


# ---- its address


def test_the_address_says_nothing_of_anybody_and_each_attempt_has_its_own(room: Room) -> None:
    file = room.chooses(called="Mei Ling Tan MRI.pdf")
    room.carrier.troubles = [CarrierUnclear("cut off")]
    room.sends("", file)
    room.leaves()
    (row,) = (line for line in inbox.thread(room.desk, room.mei.conversation).lines if line.file)
    assert row.status == "unknown"
    address = sent_files.address_of(room.desk, "a" * 32)
    assert address.startswith("http://127.0.0.1:8000/twilio/file?m=" + "a" * 32 + "&k=")
    assert address != sent_files.address_of(room.desk, "b" * 32)
    assert not any(said in address for said in (file, "Mei", "MRI", room.mei.conversation))


def test_an_attempts_id_alone_does_not_open_its_file(room: Room) -> None:
    room.sends("", room.chooses())
    room.leaves()
    attempt = room.carrier.posted[-1].outgoing.attempt
    for proof in ("", "0" * 32, attempt, "ä", sent_files.proof_of(b"another key", attempt)):
        assert sent_files.fetched(room.desk, attempt, proof) is None
    assert sent_files.fetched(room.desk, "c" * 32, sent_files.proof_of(room.desk.conversation_key, "c" * 32)) is None
    assert room.fetches() is not None


@pytest.mark.parametrize("fared", ["delivered", "read", "failed"])
def test_nobody_has_to_fetch_what_has_arrived_or_never_will(room: Room, fared: str) -> None:
    room.sends("", room.chooses())
    room.leaves()
    posted = room.carrier.posted[-1]
    status(room.desk, posted.outgoing.attempt, posted.sid, "sent", None)
    assert room.fetches() is not None
    status(room.desk, posted.outgoing.attempt, posted.sid, fared, 63019 if fared == "failed" else None)  # type: ignore[arg-type]
    assert room.fetches() is None


def test_an_address_closes_after_hours_whatever_twilio_says(room: Room) -> None:
    room.sends("", room.chooses())
    room.leaves()
    room.carrier.clock.pass_seconds(OPEN_SECONDS - 1)
    assert room.fetches() is not None
    room.carrier.clock.pass_seconds(1)
    assert room.fetches() is None


def test_a_file_that_is_lost_on_disk_is_told_to_the_operator(room: Room) -> None:
    file = room.chooses()
    room.sends("", file)
    room.leaves()
    room.store.files.clear()
    assert room.fetches() is None
    assert room.reports[-1] == ("sent_file_lost", {"file": file})


def test_that_whatsapp_could_not_fetch_it_is_said_in_words(room: Room) -> None:
    room.sends("", room.chooses())
    room.leaves()
    posted = room.carrier.posted[-1]
    status(room.desk, posted.outgoing.attempt, posted.sid, "failed", 63019)
    line = inbox.thread(room.desk, room.mei.conversation).lines[-1]
    assert (line.status, line.why) == ("failed", "WhatsApp could not fetch the file")


def test_nobody_knows_whether_it_left_and_it_is_settled_as_words_are(room: Room) -> None:
    room.carrier.troubles, room.carrier.takes_unclear = [CarrierUnclear("cut off")], True
    room.sends("See below", room.chooses(PNG))
    room.leaves()
    room.carrier.clock.pass_seconds(11)
    settle(room.desk)
    assert inbox.thread(room.desk, room.mei.conversation).lines[-1].status == "sent"
    assert room.posted == [("See below", True)]


# ---- kept and forgotten


def test_it_is_in_the_audit_that_a_file_was_sent(room: Room) -> None:
    file = room.chooses()
    room.sends("", file)
    with room.desk.book.look() as ledger:
        (line,) = ledger.audited(AuditSearch(action="sent"), 5)
    assert (line.staff, line.subject, line.note) == (ANA, f"conversation:{room.mei.conversation}", f"a file, {file}")


def test_files_are_forgotten_in_the_clinics_time(room: Room) -> None:
    file = room.chooses()
    room.sends("", file)
    room.leaves()
    room.carrier.clock.pass_seconds(30 * DAY - 7)
    forget_old_files(room.desk)
    assert file in room.store.files
    room.carrier.clock.pass_seconds(10)
    assert forget_old_files(room.desk) == 1
    assert room.store.files == {}
    assert sent_files.shown(room.desk, file) is None


def test_it_goes_with_everything_else_when_a_patient_is_erased(room: Room) -> None:
    room.sends("", room.chooses())
    room.leaves()
    room.chooses(PNG)
    archive = zipfile.ZipFile(io.BytesIO(dossier(room.desk, ANA, 0, (room.mei.conversation,))))
    assert {archive.read(name) for name in archive.namelist() if name.startswith("files/")} == {PDF, PNG}
    assert "[file]" in archive.read("conversations.txt").decode()
    erasure.erase(room.desk, ANA, 0, (room.mei.conversation,), "ERASE")
    assert room.fetches() is None
    erasure.go_on(room.desk)
    assert room.store.files == {}
    with room.desk.book.look() as ledger:
        assert ledger.sent_files_of(room.mei.conversation, 10) == ()


class FullDisk(FakeMediaStore):
    """A disk on which nothing more can be kept."""

    def keep(self, id: str, key: bytes, content: bytes) -> None:
        raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_is_told_to_her_and_to_the_operator(room: Room) -> None:
    room.desk = replace(room.desk, media_store=FullDisk())
    with pytest.raises(NotPossible, match="cannot be kept here now"):
        room.chooses()
    assert room.draft() == ("", "")
    assert room.reports[-1] == ("sent_file_not_kept", {"error": "OSError"})


def test_a_damaged_file_is_not_shown(room: Room) -> None:
    file = room.chooses()
    room.store.files[file] = (b"another key", PDF)
    with pytest.raises(MediaLost):
        sent_files.shown(room.desk, file)
