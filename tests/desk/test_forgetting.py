"""Words are forgotten once the clinic's time for keeping them is over: here, in Redis, on disk and at Twilio. What is
open, what is a safety event and what the diary and the law need stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from bot.core.erasure import erased_digest
from bot.core.location import Location
from bot.desk import diary, erasure, inbox, reception, replaying, replying, turns
from bot.desk.forgetting import ROWS_MAX, SECONDS_MAX, forget_old_words
from bot.desk.tick import Seen, tick
from bot.ports import CarrierAway
from bot.ports.erasure import Older
from bot.ports.staff import AuditSearch
from tests.desk.test_erasure import PHOTO_AT, Clinic
from tests.universe import ANA, RAVI, SINGAPORE

DAY = 24 * 3600
DAYS, SAFETY_DAYS = 90, 2192
RED_FLAG = "I cannot pee and I am numb down there, says the kopitiam"


class Keeping(Clinic):
    """A clinic that keeps words for ninety days, and safety events for six years."""

    def opens(self) -> None:
        super().opens()
        self.desk = replace(self.desk, keep_words_days=DAYS, keep_safety_days=SAFETY_DAYS)

    def forgets(self, days: float = 0) -> int:
        """So many days pass, and the job of the night runs, with all that it leaves to do."""
        self.clock.pass_seconds(days * DAY)
        begun = forget_old_words(self.desk)
        self.works(120)
        self.works(120)
        return begun

    def thread(self) -> list[str]:
        """What a thread shows: words, or the name of what happened."""
        return [line.text for line in inbox.thread(self.desk, self.mei).lines]

    def remembered(self) -> object:
        """What Redis knows of the conversation."""
        return self.live._states.get(self.mei)

    def closes(self) -> None:
        """Whoever has it is done with it."""
        reception.take_over(self.desk, self.mei, ANA)
        reception.hand_back(self.desk, self.mei, ANA, "silent")
        self.senders_work()

    def says_something_old(self) -> None:
        self.writes("hello from the kopitiam")
        self.senders_work()


@pytest.fixture
def clinic(sqlite_url: str, tmp_path: Path) -> Keeping:
    return Keeping(sqlite_url, tmp_path)


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Keeping]:
    clinic = Keeping(str(request.getfixturevalue(request.param)), tmp_path)
    yield clinic
    clinic.desk.book.dispose()  # type: ignore[attr-defined]


def test_old_words_are_gone_everywhere_and_the_diary_and_who_she_is_stay(either: Keeping) -> None:
    id = either.story()
    either.closes()
    exchanged = {one.sid for one in (*either.carrier.from_patients, *either.carrier.on_list)}
    assert len(exchanged) > 3
    either.forgets(DAYS + 10)
    kept = either.kept()
    assert [word for word in ("kopitiam", "sciatica") if word in kept] == []
    with either.desk.book.look() as ledger:
        record = ledger.patient(id)
        visits = ledger.kept_about(id, ())["appointment"]
    assert record is not None
    assert (record.name, record.remarks) == ("Mei Ling Tan", "wheelchair")
    assert [visit["practitioner"] for visit in visits] == ["nolan"]
    assert either.store.files == {}
    assert (either.carrier.from_patients, either.carrier.on_list) == ([], [])
    assert either.remembered() is None
    assert either.thread() == ["forgotten"]


def test_an_old_place_is_forgotten_like_words(either: Keeping) -> None:
    either.sends_along(Location("1.3048", "103.8318", "Orchard MRT", "437 Orchard Road"))
    either.says_something_old()
    either.closes()
    assert "103.8318" in either.kept()
    assert either.forgets(DAYS + 1) == 1
    assert [word for word in ("103.8318", "Orchard") if word in either.kept()] == []


def test_what_is_younger_stays_to_the_day(either: Keeping) -> None:
    either.says_something_old()
    assert either.forgets(DAYS - 1) == 0
    assert "kopitiam" in either.kept()
    assert either.forgets(2) == 1
    assert "kopitiam" not in either.kept()


def test_who_is_in_the_middle_of_something_is_left_alone_and_keeps_her_newer_words(either: Keeping) -> None:
    either.says_something_old()
    either.clock.pass_seconds((DAYS + 5) * DAY)
    either.writes("hello again, this is new")
    either.senders_work()
    before = either.remembered()
    assert either.forgets() == 0
    assert "kopitiam" in either.kept()
    assert either.remembered() == before
    either.closes()
    assert either.forgets() == 1
    assert "kopitiam" not in either.kept()
    assert "hello again, this is new" in either.thread()


@pytest.mark.parametrize("open_in", ["held", "waiting", "later"])
def test_nothing_is_forgotten_of_what_is_open(clinic: Keeping, open_in: str) -> None:
    clinic.says_something_old()
    with clinic.desk.book.begin() as ledger:
        state = ledger.read(clinic.mei)
        assert state is not None
        now = clinic.clock.epoch
        how = {
            "held": replace(state, control="held", holder=ANA),
            "waiting": replace(state, control="waiting", waiting_since=now),
            "later": replace(state, control="closed", later_until=now + 400 * DAY),
        }
        ledger.save(how[open_in], state.turn + 1, 1, now)
    clinic.clock.pass_seconds((DAYS + 10) * DAY)
    assert forget_old_words(clinic.desk) == 0
    assert "kopitiam" in clinic.kept()


def test_words_stay_until_the_visit_they_led_to_is_as_old(clinic: Keeping) -> None:
    clinic.says_something_old()
    far = int(datetime(2026, 5, 19, 10, tzinfo=SINGAPORE).timestamp())
    diary.book(clinic.desk, ANA, diary.New("first", "nolan", far, "Mei Ling Tan", "+6591234567", clinic.mei))
    clinic.senders_work()
    assert clinic.forgets(DAYS + 10) == 0
    assert "kopitiam" in clinic.kept()
    assert clinic.forgets(DAYS) == 1
    assert "kopitiam" not in clinic.kept()


def test_a_safety_event_is_kept_whole_for_its_own_time(either: Keeping) -> None:
    either.says_something_old()
    either.writes(RED_FLAG)
    either.senders_work()
    either.closes()
    assert either.forgets(DAYS + 10) == 0
    assert RED_FLAG in either.kept()
    assert either.forgets(SAFETY_DAYS) == 1
    assert "kopitiam" not in either.kept()


def test_without_a_time_for_keeping_words_nothing_is_forgotten(clinic: Keeping) -> None:
    clinic.says_something_old()
    clinic.clock.pass_seconds(4000 * DAY)
    without = replace(clinic.desk, keep_words_days=0)
    assert forget_old_words(without) == 0
    tick(without, Seen(), turns)
    assert "forget_old_words" not in [job for job, _ in clinic.queue.jobs]
    tick(clinic.desk, Seen(), turns)
    assert "forget_old_words" in [job for job, _ in clinic.queue.jobs]


def test_one_patients_old_words_go_and_anothers_new_ones_stay(either: Keeping) -> None:
    either.says_something_old()
    either.clock.pass_seconds((DAYS + 1) * DAY)
    either.writes("Ravi writes today", RAVI)
    either.forgets()
    assert "Ravi writes today" in either.kept()
    assert "kopitiam" not in either.kept()


def test_notes_files_and_words_of_staff_go_and_labels_and_consents_stay(either: Keeping) -> None:
    either.writes("photo of the kopitiam", files=(PHOTO_AT,))
    either.works()
    reception.take_over(either.desk, either.mei, ANA)
    replying.add_note(either.desk, either.mei, ANA, "sits in the kopitiam")
    replying.put_label(either.desk, either.mei, ANA, "insurance")
    replying.reply(either.desk, either.mei, ANA, "About the kopitiam")
    either.clock.pass_seconds(10)
    either.senders_work()
    reception.hand_back(either.desk, either.mei, ANA, "silent")
    either.writes("STOP")
    either.senders_work()
    either.forgets(DAYS + 10)
    assert "kopitiam" not in either.kept()
    assert "insurance" in either.kept()
    with either.desk.book.look() as ledger:
        (said,) = ledger.consents(5, conversation=either.mei)
    assert said.words == "STOP"
    assert either.store.files == {}


def test_what_does_not_fit_into_one_job_is_begun_by_the_next(clinic: Keeping) -> None:
    for number in range(ROWS_MAX + 5):
        clinic.writes("hello from the kopitiam", f"whatsapp:+65910000{number:02}")
    clinic.senders_work()
    clinic.senders_work()
    clinic.clock.pass_seconds((DAYS + 1) * DAY)
    monotonic = iter((0.0, 1.0, SECONDS_MAX + 1)).__next__
    clinic.clock.monotonic = monotonic  # type: ignore[method-assign]
    assert forget_old_words(clinic.desk) == 1
    del clinic.clock.monotonic
    assert ("forget_old_words", ()) in clinic.queue.jobs
    assert forget_old_words(clinic.desk) == 1
    assert forget_old_words(clinic.desk) == 0


def test_it_goes_on_by_itself_while_twilio_is_away_and_after_it_was_killed(clinic: Keeping) -> None:
    clinic.says_something_old()
    clinic.clock.pass_seconds((DAYS + 1) * DAY)
    clinic.carrier.troubles = [CarrierAway("the test took Twilio away")] * 5
    with clinic.desk.book.begin() as ledger:
        older = Older(clinic.clock.epoch - DAYS * DAY, 0)
        assert ledger.begin_forgetting([clinic.mei], older, clinic.clock.epoch) == 1
    for _ in range(20):
        clinic.works(600)
    assert "kopitiam" not in clinic.kept()
    assert clinic.carrier.from_patients == []
    assert clinic.forgets() == 0


def test_who_comes_back_after_it_is_answered_as_anybody_and_turns_are_decided_again_as_before(clinic: Keeping) -> None:
    clinic.writes("book")
    clinic.senders_work()
    assert clinic.remembered() is not None
    clinic.forgets(DAYS + 1)
    assert clinic.remembered() is None
    clinic.writes("hello")
    clinic.senders_work()
    assert clinic.thread()[:2] == ["forgotten", "hello"]
    assert len(clinic.thread()) > 2
    for start, entries in replaying.conversations(clinic.desk.book, 0):
        assert replaying.replay(start, entries, replaying.every_edition(clinic.desk)).different == ()


def test_it_is_audited_and_stands_in_no_list_of_erasures_nor_beside_the_database(clinic: Keeping) -> None:
    clinic.says_something_old()
    clinic.forgets(DAYS + 1)
    with clinic.desk.book.look() as ledger:
        (line,) = ledger.audited(AuditSearch(action="erased"), 5)
    assert (line.staff, line.subject, line.note) == ("age", "words", f"older than {DAYS} days")
    assert erasure.erasures(clinic.desk) == ()
    digest = erased_digest(clinic.desk.conversation_key, f"conversation:{clinic.mei}")
    assert digest not in clinic.listed.noted()
