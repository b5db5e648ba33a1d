"""Whoever has the clinic's own terminal takes out or erases what is kept about somebody; no number is left lying."""

from __future__ import annotations

import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot import __main__ as commands
from bot.desk import patients
from bot.desk.turns import conversation_id
from bot.ports import Desk
from bot.ports.erasure import ERASED
from bot.ports.reception import Patient
from bot.ports.staff import AuditSearch
from tests.desk.test_turns import Patient as Writer
from tests.house.test_staff_command import ENVIRON
from tests.universe import MEI_LING, RAVI, open_desk

NUMBER = MEI_LING.removeprefix("whatsapp:")


@dataclass
class Terminal:
    """The terminal of a clinic to which Mei Ling and Ravi wrote; Mei Ling has a record."""

    desk: Desk
    run: Callable[..., tuple[str, int]]
    record: int

    @property
    def mei(self) -> str:
        return conversation_id(self.desk.conversation_key, MEI_LING)

    def audited(self, action: str) -> list[tuple[str, str]]:
        with self.desk.book.look() as ledger:
            return [(one.staff, one.subject) for one in ledger.audited(AuditSearch(action=action), 10)]


@pytest.fixture
def terminal(
    tmp_path: Path, sqlite_url: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)

    def run(*arguments: str, types: str = "") -> tuple[str, int]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(types))
        code = commands.main(arguments)
        said = capfd.readouterr()
        return said.out + said.err, code

    with open_desk(sqlite_url) as desk:
        for address in (MEI_LING, RAVI):
            Writer(desk, address).says("hello from the kopitiam")
        mei = conversation_id(desk.conversation_key, MEI_LING)
        record = patients.add(desk, mei, "", Patient(0, "Mei Ling Tan", NUMBER, "1958-03-21", ""))
        yield Terminal(desk, run, record)


@pytest.mark.parametrize("by", ["number asked for", "number given", "conversation", "patient"])
def test_everything_kept_is_taken_out_to_a_file_that_only_its_owner_reads(
    terminal: Terminal, tmp_path: Path, by: str
) -> None:
    file = tmp_path / "hers.zip"
    whose, types = {
        "number asked for": ((), f"{NUMBER[:3]} {NUMBER[3:7]} {NUMBER[7:]}\n"),
        "number given": ((NUMBER,), ""),
        "conversation": ((terminal.mei,), ""),
        "patient": ((f"patient:{terminal.record}",), ""),
    }[by]
    said, code = terminal.run("export", *whose, "--to", str(file), types=types)
    assert (code, file.stat().st_mode & 0o777) == (0, 0o600)
    assert ("history" in said) is (by == "number given")
    data = json.loads(zipfile.ZipFile(file).read("data.json"))
    assert data["patient"][0]["name"] == "Mei Ling Tan"
    assert "kopitiam" in json.dumps(data)
    assert NUMBER not in said
    assert terminal.audited("exported") == [("terminal", f"patient:{terminal.record}")]


def test_a_file_that_is_there_is_never_overwritten(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "hers.zip"
    file.write_text("something else")
    said, code = terminal.run("export", terminal.mei, "--to", str(file))
    assert code == 1
    assert "cannot be written" in said
    assert file.read_text() == "something else"
    assert terminal.audited("exported") == []


def test_erasing_says_what_would_go_and_is_done_once_the_name_is_typed(terminal: Terminal) -> None:
    said, code = terminal.run("forget", types=f"{NUMBER}\n\n")
    assert code == 1
    assert "Nothing was changed" in said
    assert "in 1 conversation: 1 message" in said
    said, code = terminal.run("forget", terminal.mei, types="Ravi\n")
    assert code == 1
    assert "Type “Mei Ling Tan” to confirm" in said
    said, code = terminal.run("forget", terminal.mei, types="mei ling tan\n")
    assert code == 0
    assert "Erased here: erasure 1." in said
    with terminal.desk.book.look() as ledger:
        record, state = ledger.patient(terminal.record), ledger.read(terminal.mei)
    assert record is not None
    assert state is not None
    assert (record.name, state.address) == (ERASED, "")
    assert set(terminal.audited("erased")) == {
        ("terminal", f"patient:{terminal.record}"),
        ("terminal", f"conversation:{terminal.mei}"),
    }


def test_a_conversation_of_nobody_by_name_is_erased_by_its_number(terminal: Terminal) -> None:
    said, code = terminal.run("forget", types=f"{RAVI}\nERASE\n")
    assert code == 0
    ravi = conversation_id(terminal.desk.conversation_key, RAVI)
    assert terminal.audited("erased") == [("terminal", f"conversation:{ravi}")]
    assert "Ravi" not in said


def test_where_several_share_a_phone_it_is_asked_who_is_meant(terminal: Terminal) -> None:
    other = patients.add(terminal.desk, terminal.mei, "", Patient(0, "Tan Ah Kow", "", "", ""))
    said, code = terminal.run("forget", types=f"{NUMBER}\n")
    assert code == 1
    assert f"patient:{terminal.record}  Mei Ling Tan" in said
    assert f"patient:{other}  Tan Ah Kow" in said
    said, code = terminal.run("forget", f"patient:{other}", types="\n")
    assert f"--with {terminal.mei}" in said
    said, code = terminal.run("forget", f"patient:{other}", "--with", terminal.mei, types="tan ah kow\n")
    assert code == 0
    assert ("terminal", f"conversation:{terminal.mei}") in terminal.audited("erased")


@pytest.mark.parametrize(
    ("whose", "says"),
    [
        ("+6599999999", "Nothing is kept"),
        ("91234567", "international form"),
        ("nobody", "Nothing is kept"),
        ("patient:999", "nobody of that id"),
        ("whatsapp:+65' OR 1=1", "international form"),
        ("", "Nothing is kept"),
    ],
)
def test_what_stands_for_nobody_is_said_in_a_sentence_and_changes_nothing(
    terminal: Terminal, tmp_path: Path, whose: str, says: str
) -> None:
    for command in (("forget",), ("export", "--to", str(tmp_path / "out.zip"))):
        said, code = terminal.run(*command, types=f"{whose}\n")
        assert (code, says in said) == (1, True), said
    assert not (tmp_path / "out.zip").exists()
    assert terminal.audited("erased") == []
