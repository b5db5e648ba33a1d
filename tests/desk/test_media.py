"""What patients send besides words: never lost with its message, tried again, kept, shown, forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from bot.adapters.sql import SqlBook
from bot.core.location import Location
from bot.core.media import TRIES_MAX, TWILIO_COPY_SECONDS
from bot.desk import inbox, turns
from bot.desk.media import NOT_REACHED, forget_media, forget_old_files, show_media, tend_media
from bot.desk.tick import Seen, tick
from bot.desk.turns import Arrived, conversation_id, receive, take_from_spool, take_up_waiting
from bot.ports import Attachment, Desk, Fetched, MediaAway, MediaLost, MediaRefused, MediaRow
from tests.fakes import FakeClock, FakeLive, FakeMediaSource, FakeMediaStore, FakeQueue
from tests.universe import MEI_LING, desk_on

URL = "https://api.twilio.com/2010-04-01/Accounts/AC" + "1" * 32 + "/Messages/MM" + "2" * 32 + "/Media/ME" + "3" * 32
PHOTO = Fetched(b"\xff\xd8\xff a photo", "image/jpeg")
DAY = 24 * 3600


@dataclass
class Room:
    """A front desk to which Mei Ling sends files, and Twilio's side of them."""

    database_url: str
    clock: FakeClock = field(default_factory=FakeClock)
    source: FakeMediaSource = field(default_factory=lambda: FakeMediaSource({URL: PHOTO}))
    store: FakeMediaStore = field(default_factory=FakeMediaStore)
    queue: FakeQueue = field(default_factory=FakeQueue)
    reports: list[str] = field(default_factory=list)
    sent: int = 0

    def __post_init__(self) -> None:
        self.live = FakeLive(self.clock)
        self.desk: Desk = desk_on(
            self.database_url,
            clock=self.clock,
            live=self.live,
            queue=self.queue,
            media_source=lambda: self.source,
            media_store=self.store,
            report=lambda event, ids: self.reports.append(event),
        )

    @property
    def mei(self) -> str:
        return conversation_id(self.desk.conversation_key, MEI_LING)

    def sends(self, *urls: str, text: str = "") -> str:
        """Mei Ling sends a message with files; what became of the message."""
        self.sent += 1
        files = tuple(Attachment(url, "image/jpeg") for url in urls)
        return receive(self.desk, Arrived(f"MM{self.sent:032x}", MEI_LING, "media", text, attachments=files))

    def rows(self) -> tuple[MediaRow, ...]:
        with self.desk.book.begin() as ledger:
            return ledger.media_of(self.mei, 20)

    def works(self) -> int:
        """The tick looks once, and the queue does what it was told; how many jobs."""
        self.queue.jobs.clear()
        tick(self.desk, Seen(), turns)
        jobs = [ids for job, ids in self.queue.jobs if job == "tend_media"]
        for (id,) in jobs:
            tend_media(self.desk, str(id))
        return len(jobs)

    def later(self, seconds: int) -> int:
        self.clock.pass_seconds(seconds)
        return self.works()


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    room = Room(database_url)
    yield room
    assert isinstance(room.desk.book, SqlBook)
    room.desk.book.dispose()


def test_a_photo_is_fetched_kept_and_shown(room: Room) -> None:
    room.sends(URL)
    assert room.works() == 1
    (row,) = room.rows()
    assert (row.status, row.content_type, row.size) == ("kept", "image/jpeg", len(PHOTO.content))
    shown = show_media(room.desk, row.id)
    assert (shown.content, shown.content_type, shown.inline) == (PHOTO.content, "image/jpeg", True)
    assert shown.name == f"photo-{row.id[:8]}.jpg"
    assert room.works() == 0


def test_a_letter_is_for_saving_and_not_for_showing_within_a_page(room: Room) -> None:
    room.source.files[URL] = Fetched(b"%PDF-1.7", "application/pdf")
    room.sends(URL)
    room.works()
    assert not show_media(room.desk, room.rows()[0].id).inline


def test_several_files_of_a_message_keep_their_order(room: Room) -> None:
    room.sends(URL, "https://api.twilio.com/2")
    assert [row.url for row in room.rows()] == [URL, "https://api.twilio.com/2"]
    assert len({row.key for row in room.rows()}) == 2


def test_a_message_that_comes_twice_has_its_files_once(room: Room) -> None:
    room.sends(URL)
    room.sent = 0
    assert room.sends(URL) == "known"
    assert len(room.rows()) == 1


def test_a_message_parked_for_another_keeps_its_files(room: Room) -> None:
    room.sends(text="hello")
    room.live.take(room.mei, "somebody else")
    assert room.sends(URL) == "parked"
    assert len(room.rows()) == 1
    take_up_waiting(room.desk, room.mei)
    assert len(room.rows()) == 1


def test_a_red_flag_kept_on_disk_keeps_its_files(room: Room) -> None:
    arrived = Arrived("MM" + "d" * 32, MEI_LING, "media", "I can't pee", attachments=(Attachment(URL, "image/jpeg"),))
    room.desk.spool.keep(arrived.sid, turns.as_kept(arrived))
    assert take_from_spool(room.desk) == 1
    assert [row.url for row in room.rows()] == [URL]


def test_a_place_kept_on_disk_while_the_database_was_away_comes_with_where_it_is(room: Room) -> None:
    orchard = Location("1.3048", "103.8318", "Orchard MRT")
    room.desk.spool.keep("SM1", turns.as_kept(Arrived("SM1", MEI_LING, "location", location=orchard)))
    assert take_from_spool(room.desk) == 1
    (line,) = [line for line in inbox.thread(room.desk, room.mei).lines if line.kind == "patient"]
    assert (line.media, line.location) == ("location", orchard)


def test_a_download_that_fails_is_tried_again_ever_later(room: Room) -> None:
    room.source.troubles = [MediaAway("HTTP 404"), MediaAway("reset")]
    room.sends(URL)
    assert room.works() == 1
    assert room.rows()[0].status == "pending"
    assert room.later(29) == 0
    assert room.later(1) == 1
    assert room.later(59) == 0
    assert room.later(1) == 1
    assert room.rows()[0].status == "kept"


def test_a_file_that_never_comes_is_given_up_and_the_message_stays(room: Room) -> None:
    room.source.files.clear()
    room.sends(URL, text="my scan")
    for _ in range(TRIES_MAX + 2):
        room.later(3600)
    (row,) = room.rows()
    assert (row.status, row.note) == ("failed", NOT_REACHED)
    assert room.reports.count("media_failed") == 1
    with pytest.raises(MediaLost, match="could not be fetched"):
        show_media(room.desk, row.id)
    with room.desk.book.begin() as ledger:
        assert ledger.inbound_status("MM" + "1".rjust(32, "0")) == "done"


def test_a_file_that_takes_the_worker_down_is_given_up_too(room: Room) -> None:
    room.sends(URL)
    with room.desk.book.begin() as ledger:
        (id,) = ledger.media_due(room.clock.epoch, 1)
    for _ in range(TRIES_MAX):
        with room.desk.book.begin() as ledger:
            assert ledger.take_media(id, room.clock.epoch)
        room.clock.pass_seconds(3600)
    asked = room.source.asked
    assert room.works() == 1
    assert room.rows()[0].status == "failed"
    assert room.source.asked == asked


def test_a_file_that_is_refused_says_why_to_staff(room: Room) -> None:
    room.source.troubles = [MediaRefused("it is larger than 16 MB")]
    room.sends(URL)
    room.works()
    with pytest.raises(MediaLost, match="larger than 16 MB"):
        show_media(room.desk, room.rows()[0].id)
    assert "media_refused" in room.reports


def test_two_workers_with_one_job_fetch_once(room: Room) -> None:
    room.sends(URL)
    (row,) = room.rows()
    tend_media(room.desk, row.id)
    tend_media(room.desk, row.id)
    assert room.source.asked == 1


def test_without_redis_a_file_waits(room: Room) -> None:
    room.queue.away = True
    room.sends(URL)
    assert room.works() == 0
    assert "tick_failed" not in room.reports
    room.queue.away = False
    assert room.works() == 1


def test_twilios_copy_goes_once_a_backup_had_time_to_hold_ours(room: Room) -> None:
    room.sends(URL)
    room.works()
    assert room.later(TWILIO_COPY_SECONDS - 1) == 0
    assert URL in room.source.files
    room.source.troubles = [MediaAway("HTTP 500")]
    assert room.later(1) == 1
    assert room.later(30) == 1
    assert URL not in room.source.files
    assert room.later(DAY) == 0
    assert show_media(room.desk, room.rows()[0].id).content == PHOTO.content


def test_a_copy_that_twilio_does_not_delete_is_told_to_the_operator(room: Room) -> None:
    room.sends(URL)
    room.works()
    room.clock.pass_seconds(TWILIO_COPY_SECONDS)
    room.source.troubles = [MediaAway("HTTP 500")] * TRIES_MAX
    for _ in range(TRIES_MAX):
        room.later(3600)
    assert room.reports.count("media_left_at_twilio") == 1
    assert room.later(DAY) == 0


def test_a_forgotten_file_is_gone_here_at_once_and_at_twilio_next(room: Room) -> None:
    room.sends(URL)
    room.works()
    (row,) = room.rows()
    assert forget_media(room.desk, room.mei) == 1
    assert room.store.files == {}
    with pytest.raises(MediaLost, match="time for keeping"):
        show_media(room.desk, row.id)
    with room.desk.book.begin() as ledger:
        forgotten = ledger.media(row.id)
    assert forgotten is not None
    assert forgotten.key == b""
    assert room.works() == 1
    assert room.source.files == {}
    assert forget_media(room.desk, room.mei) == 0


def test_only_what_is_old_enough_is_forgotten(room: Room) -> None:
    room.sends(URL)
    room.later(DAY)
    room.sends(URL)
    assert forget_media(room.desk, before=room.clock.epoch) == 1
    assert [row.status for row in room.rows()] == ["forgotten", "pending"]


def test_files_are_kept_as_long_as_the_clinic_says_and_no_longer(room: Room) -> None:
    room.sends(URL)
    room.works()
    room.desk = replace(room.desk, keep_files_days=30)
    room.clock.pass_seconds(29 * 24 * 3600)
    room.works()
    assert ("forget_old_files", ()) in room.queue.jobs
    assert forget_old_files(room.desk) == 0
    room.clock.pass_seconds(2 * 24 * 3600)
    assert forget_old_files(room.desk) == 1
    assert room.store.files == {}
    assert forget_old_files(replace(room.desk, keep_files_days=0)) == 0


def test_a_file_forgotten_on_its_way_is_not_kept_after_all(room: Room) -> None:
    room.sends(URL)
    (row,) = room.rows()

    class Slow(FakeMediaSource):
        def fetch(self, url: str) -> Fetched:
            forget_media(room.desk, room.mei)
            return PHOTO

    room.source = Slow()
    tend_media(room.desk, row.id)
    assert room.store.files == {}
    assert room.rows()[0].status == "forgotten"
