"""A backup is taken while patients write; after a restore nothing acknowledged before it is lost, and nothing is said
twice."""

import fcntl
import os
import stat
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import Column, insert, select, update

from bot.adapters.backup import Place, Refused, back_up, restore
from bot.adapters.redis_live import RedisLive
from bot.adapters.sql import SqlBook, schema
from bot.core.events import Message, event_to_data
from bot.desk.settling import settle
from bot.desk.turns import Arrived, receive
from bot.ports import Inbound, Taken
from tests.desk.front import Front
from tests.fakes import FakeClock
from tests.universe import MEI_LING, RAVI, desk_on

KEY = "k9" * 32


@dataclass
class Clinic:
    """A front desk whose Twilio remembers everything, and a place for backups beside it."""

    front: Front
    folder: Path
    forgotten: list[bool] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "monday.tar"

    @property
    def place(self) -> Place:
        return Place(self.front.database_url, self.folder / "data", KEY, lambda: self.forgotten.append(True))

    def backs_up(self) -> None:
        back_up(self.place, self.file, "flows-1", self.front.clock.epoch)

    def restores(self, over_newer: bool = True) -> None:
        """Everything stops, the backup is put back, and everything starts again; Twilio never forgot anything."""
        self.front.desk.book.dispose()  # type: ignore[attr-defined]
        restore(self.place, self.file, self.front.clock.epoch, over_newer)
        self.front.live.empty()

    def goes_on(self) -> None:
        """Two minutes of the tick and a sender."""
        for _ in range(12):
            settle(self.front.desk)
            self.front.sends("mei", "ravi", "siti", *self.front.live.next_awake(0, 10))
            self.front.later(seconds=10)

    def writes(self, number: int, address: str, words: str) -> str:
        return receive(self.front.desk, Arrived(f"SM{number:032x}", address, "text", words))

    def messages(self) -> set[str]:
        return {sid[-1] for sid in self._column(schema.inbound.c.sid)}

    def _column(self, column: Column[str]) -> list[str]:
        with self.front.desk.book.begin() as ledger:
            return list(ledger._connection.scalars(select(column)))  # type: ignore[attr-defined]


@pytest.fixture
def clinic(database_url: str, tmp_path: Path) -> Iterator[Clinic]:
    front = Front(database_url)
    yield Clinic(front, tmp_path)
    front.desk.book.dispose()  # type: ignore[attr-defined]


def test_what_was_acknowledged_before_the_backup_is_there_after_a_restore(clinic: Clinic) -> None:
    clinic.writes(1, MEI_LING, "hello")
    clinic.backs_up()
    clinic.writes(2, RAVI, "hello")
    clinic.restores()
    assert clinic.messages() == {"1"}
    assert clinic.writes(1, MEI_LING, "hello") == "known"
    assert clinic.writes(2, RAVI, "hello") == "taken"
    assert clinic.forgotten == [True]


def test_words_that_left_after_the_backup_do_not_leave_again(clinic: Clinic) -> None:
    clinic.front.says("Hello", "How can we help you?")
    clinic.backs_up()
    clinic.front.sends()
    clinic.front.later(seconds=600)
    clinic.restores()
    clinic.goes_on()
    assert clinic.front.carrier.words == ["Hello", "How can we help you?"]
    assert clinic.front.statuses() == ["sent", "sent"]


def test_words_that_never_left_are_looked_for_and_then_sent_once(clinic: Clinic) -> None:
    clinic.front.says("Hello")
    clinic.backs_up()
    clinic.front.later(seconds=600)
    clinic.restores()
    assert clinic.front.statuses() == ["unknown"]
    clinic.goes_on()
    assert clinic.front.carrier.words == ["Hello"]
    assert clinic.front.statuses() == ["sent"]


def test_words_under_way_during_the_backup_are_not_repeated_blindly(clinic: Clinic) -> None:
    clinic.front.says("Hello")
    with clinic.front.desk.book.begin() as ledger:
        (row,) = ledger.claim(("mei",), "sender", ["a" * 32], clinic.front.clock.epoch)
    clinic.backs_up()
    clinic.front.carrier.post(row, "")
    clinic.front.later(seconds=600)
    clinic.restores()
    clinic.goes_on()
    assert clinic.front.carrier.words == ["Hello"]
    assert clinic.front.statuses() == ["sent"]


def test_words_older_than_the_window_are_put_before_a_person(clinic: Clinic) -> None:
    clinic.front.says("Hello")
    clinic.backs_up()
    clinic.front.later(seconds=24 * 3600)
    clinic.restores()
    clinic.goes_on()
    assert clinic.front.statuses() == ["needs_person"]
    assert clinic.front.carrier.words == []


def test_a_message_whose_answer_was_never_decided_is_put_before_a_person(clinic: Clinic) -> None:
    event = event_to_data(Message("SM" + "7" * 32, text="hello"))
    with clinic.front.desk.book.begin() as ledger:
        ledger.record(Inbound("SM" + "7" * 32, "mei", 2, event, clinic.front.clock.epoch), "waiting")
    clinic.backs_up()
    clinic.restores()
    with clinic.front.desk.book.begin() as ledger:
        assert ledger.oldest_waiting("mei") is None
        assert ledger.inbound_status("SM" + "7" * 32) == "person"
        assert [one.conversation for one in ledger.needing_a_person()] == ["mei"]


def test_a_reminder_that_fell_due_meanwhile_is_put_before_a_person(clinic: Clinic) -> None:
    now = clinic.front.clock.epoch
    with clinic.front.desk.book.begin() as ledger:
        run = ledger._connection.execute  # type: ignore[attr-defined]
        run(insert(schema.patient).values(id=1, name="Mei Ling Tan"))
        booked = {"number": "A1", "conversation": "mei", "patient_id": 1, "starts_at": now + 7200}
        run(insert(schema.appointment).values(id=1, **booked))
        for id, due_at in ((1, now + 60), (2, now + 3600)):
            made = {"kind": f"reminder {id}", "made_for_version": 1, "due_at": due_at}
            run(insert(schema.follow_up).values(id=id, appointment_id=1, **made))
    clinic.backs_up()
    clinic.front.later(seconds=600)
    clinic.restores()
    with clinic.front.desk.book.begin() as ledger:
        assert ledger.follow_ups_due(now + 600, 10) == ()
        assert ledger.follow_ups_due(now + 3600, 10) == (2,)
    assert clinic.front.reasons() == ["it may have been sent before the database was restored"]


def test_a_silence_that_ran_out_meanwhile_stays_silent(clinic: Clinic) -> None:
    now = clinic.front.clock.epoch
    clinic.front.becomes(silence_due=now + 60)
    clinic.backs_up()
    clinic.front.later(seconds=600)
    clinic.restores()
    with clinic.front.desk.book.begin() as ledger:
        assert ledger.silences_due(now + 600, 10) == ()


def test_what_is_newer_than_the_backup_is_lost_only_when_told_so(clinic: Clinic) -> None:
    clinic.backs_up()
    clinic.restores(over_newer=False)
    clinic.writes(2, RAVI, "hello")
    with pytest.raises(Refused, match="add --yes"):
        clinic.restores(over_newer=False)
    assert clinic.messages() == {"2"}


def test_a_damaged_backup_changes_nothing(clinic: Clinic) -> None:
    clinic.writes(1, MEI_LING, "hello")
    clinic.backs_up()
    clinic.file.write_bytes(clinic.file.read_bytes()[:700])
    with pytest.raises(Refused):
        clinic.restores()
    assert clinic.messages() == {"1"}
    assert clinic.forgotten == []


def test_a_backup_in_which_the_database_is_damaged_changes_nothing(clinic: Clinic) -> None:
    clinic.writes(1, MEI_LING, "hello")
    clinic.backs_up()
    with tarfile.open(clinic.file) as tar:
        database = tar.getmember("database")
    with open(clinic.file, "r+b") as file:
        file.seek(database.offset_data + database.size // 2)
        file.write(b"\xff" * (database.size // 4))
    clinic.writes(2, MEI_LING, "book")
    with pytest.raises(Refused, match=r"damaged|pg_restore failed"):
        clinic.restores()
    assert clinic.messages() == {"1", "2"}


def test_nobody_else_may_be_connected_to_postgresql_while_it_is_restored(postgres_url: str, tmp_path: Path) -> None:
    clinic = Clinic(Front(postgres_url), tmp_path)
    clinic.backs_up()
    with clinic.front.desk.book.begin(), pytest.raises(Refused, match="stop every process"):
        restore(replace(clinic.place, leave_seconds=0), clinic.file, clinic.front.clock.epoch, over_newer=True)
    clinic.front.desk.book.dispose()  # type: ignore[attr-defined]


def test_a_backup_of_another_database_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    clinic = Clinic(Front(sqlite_url), tmp_path)
    clinic.backs_up()
    clinic.front.desk.book.dispose()  # type: ignore[attr-defined]
    other = replace(clinic.place, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(Refused, match="backup of sqlite"):
        restore(other, clinic.file, 0, over_newer=True)


def test_keys_and_files_are_in_the_backup_which_only_its_owner_can_read(sqlite_url: str, tmp_path: Path) -> None:
    clinic = Clinic(Front(sqlite_url), tmp_path)
    photo = tmp_path / "data" / "media" / "ab" / "photo.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"a scan")
    clinic.backs_up()
    assert stat.S_IMODE(clinic.file.stat().st_mode) == 0o600
    photo.write_bytes(b"another")
    clinic.restores()
    key = tmp_path / "data" / "secret_key"
    assert (key.read_text(), stat.S_IMODE(key.stat().st_mode)) == (KEY, 0o600)
    assert photo.read_bytes() == b"a scan"
    assert sorted(path.name for path in tmp_path.glob(".*")) == []
    clinic.front.desk.book.dispose()  # type: ignore[attr-defined]


def test_a_backup_cannot_write_outside_its_folders(sqlite_url: str, tmp_path: Path) -> None:
    clinic = Clinic(Front(sqlite_url), tmp_path)
    clinic.backs_up()
    with tarfile.open(clinic.file, "a") as tar:
        for name in ("media/../../escaped", "lock"):
            tar.add(__file__, name)
    clinic.restores()
    assert not (tmp_path / "escaped").exists()
    assert not (tmp_path / "data" / "lock").exists()
    clinic.front.desk.book.dispose()  # type: ignore[attr-defined]


def test_redis_forgets_every_conversation_of_the_database_that_was_there(redis_url: str) -> None:
    live = RedisLive(redis_url, FakeClock().monotonic)
    live.take("mei", "token")
    live.give_back("mei", "token", 9, 9, "{}", wake=True)
    live.forget_all()
    assert live.take("mei", "token") == Taken(held=True)
    assert live.next_awake(0.01, 10) == ()
    live.close()


def run(*arguments: object, data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **settings}
    command = [sys.executable, "-m", "bot", *map(str, arguments)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60, check=False)


def test_the_commands_back_up_while_frontdesk_runs_and_restore_only_when_it_is_stopped(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "monday.tar"
    assert run("migrate", data_dir=data).returncode == 0
    url = f"sqlite:///{data}/frontdesk.sqlite"
    desk = desk_on(url)
    receive(desk, Arrived("SM" + "1" * 32, MEI_LING, "text", "hello"))
    with open(data / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(str(os.getpid()))
        lock.flush()
        assert run("backup", file, data_dir=data).returncode == 0
        refused = run("restore", file, data_dir=data)
        assert (refused.returncode, "Frontdesk runs already" in refused.stderr) == (1, True)
    with desk.book.begin() as ledger:
        ledger._connection.execute(update(schema.inbound).values(received_at=0))  # type: ignore[attr-defined]
    desk.book.dispose()  # type: ignore[attr-defined]
    (data / "redis").mkdir()
    assert run("restore", file, data_dir=data).returncode == 0
    assert not (data / "redis").exists()
    book = SqlBook(url)
    with book.begin() as ledger:
        assert ledger.inbound_status("SM" + "1" * 32) == "done"
        assert ledger._connection.scalar(select(schema.inbound.c.received_at)) > 0
    book.dispose()


def test_a_backup_of_nothing_is_refused_and_says_where_nothing_is(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "monday.tar"
    nowhere = run("backup", file, data_dir=data)
    assert nowhere.returncode == 1
    assert nowhere.stderr.startswith(f"There is no database at {data}/frontdesk.sqlite.")
    (data / "frontdesk.sqlite").touch()
    empty = run("backup", file, data_dir=data)
    assert (empty.returncode, file.exists()) == (1, False)
    assert empty.stderr.startswith("The database has nothing in it.")


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_a_database_that_is_away_is_told_without_a_stack_trace(command: str, tmp_path: Path) -> None:
    environ = {"DATABASE_URL": "postgresql+psycopg://postgres@127.0.0.1:1/clinic"}
    if command == "restore":
        note = tmp_path / "backup.json"
        note.write_text('{"format": 1, "database": "postgresql", "mark": {}}')
        with tarfile.open(tmp_path / "monday.tar", "w") as tar:
            for name in ("backup.json", "database", "secret_key"):
                tar.add(note, name)
    ended = run(command, tmp_path / "monday.tar", data_dir=tmp_path / "data", **environ)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The database cannot be used")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(("content", "told"), [(None, "No such file"), (b"no tar", "is not a backup of Frontdesk")])
def test_a_file_that_is_no_backup_is_told_in_one_line(content: bytes | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "monday.tar"
    if content:
        file.write_bytes(content)
    ended = run("restore", file, data_dir=tmp_path / "data")
    assert ended.returncode == 1
    assert told in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
