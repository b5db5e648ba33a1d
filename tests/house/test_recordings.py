"""What was recorded is replayed, laid beside an edit, and made a test of, from the clinic's own terminal."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree

import pytest
from sqlalchemy import create_engine, text

from bot import __main__ as commands
from bot.desk.turns import Arrived, conversation_id, receive
from tests.house.test_staff_command import ENVIRON
from tests.universe import MEI_LING, SHIPPED, open_desk

Run = Callable[..., tuple[str, int]]
LONG_AGO = "100000"
"""Days: the universe of the tests need not be near to today."""


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``python -m bot …`` where Mei Ling has just asked for a visit; what it printed, and its exit code."""
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    with open_desk(sqlite_url) as desk:
        for number, words in enumerate(("hello", "Grace here, can I book", "not sure")):
            receive(desk, Arrived(f"SM{number}", MEI_LING, "text", words))

    def command(*arguments: str) -> tuple[str, int]:
        code = commands.main(list(arguments))
        said = capsys.readouterr()
        return said.out + said.err, code

    return command


@pytest.fixture
def mei_ling(sqlite_url: str) -> str:
    """Her conversation's id."""
    with open_desk(sqlite_url) as desk:
        return conversation_id(desk.conversation_key, MEI_LING)


def test_everything_recorded_is_replayed(run: Run, mei_ling: str) -> None:
    same = "3 turns come to the same, 0 to something else; 0 cannot be decided again.\n"
    assert run("replay", "--days", LONG_AGO) == (same, 0)
    assert run("replay", mei_ling[:6]) == (same, 0)
    assert run("replay")[0].startswith("0 turns")


def test_a_turn_that_comes_to_something_else_is_named_and_no_word_is_shown(
    run: Run, mei_ling: str, sqlite_url: str
) -> None:
    engine = create_engine(sqlite_url)
    with engine.begin() as connection:
        connection.execute(text("""UPDATE journal SET event = replace(event, 'not sure', 'first one') WHERE seq = 3"""))
    engine.dispose()
    said, code = run("replay", mei_ling)
    assert code == 1
    assert f"{mei_ling} turn 3: comes to something else now" in said
    assert "Grace" not in said


def test_a_conversation_that_is_not_there_is_told(run: Run) -> None:
    said, code = run("replay", "nobody")
    assert (code, said[:16]) == (1, "No conversation,")


def test_an_edit_is_laid_beside_what_runs(run: Run, tmp_path: Path) -> None:
    edit = copytree(SHIPPED, tmp_path / "edit")
    booking = edit / "booking.yaml"
    booking.write_text(booking.read_text().replace("go to: call_staff}\n    save as: service", "go to: no_times}\n"
                                                   "    save as: service"))  # fmt: skip
    said, code = run("flows", "changes", str(edit), "--days", LONG_AGO)
    assert code == 0
    assert said.splitlines()[0] == (
        "booking.choose_service: 1 conversation would get another answer; for example other words (option unsure) "
        "led to a person, would lead to booking.no_times."
    )
    assert "3 turns in 1 conversations" in said
    data = json.loads(run("flows", "changes", str(edit), "--days", LONG_AGO, "--json")[0])
    assert (data["turns"], data["whole"], len(data["changes"])) == (3, True, 1)
    said, _ = run("flows", "changes", "--days", LONG_AGO)
    assert "Nobody would notice anything." in said
    assert "The times offered in the coming 30 days stay the same." in said


def test_an_edit_of_the_hours_tells_which_times_are_gone(run: Run, tmp_path: Path) -> None:
    edit = copytree(SHIPPED, tmp_path / "edit")
    facts = edit / "clinic.yaml"
    assert "horizon days: 30" in facts.read_text()
    facts.write_text(facts.read_text().replace("horizon days: 30", "horizon days: 7"))
    said, code = run("flows", "changes", str(edit), "--days", LONG_AGO)
    assert code == 0
    assert "Nobody would notice anything." in said
    assert "times are gone (the first: " in said
    times = json.loads(run("flows", "changes", str(edit), "--days", LONG_AGO, "--json")[0])["times"]
    assert times["changes"][0]["gone"] > times["changes"][0]["new"] == 0


def test_an_edit_that_cannot_be_used_is_refused_with_what_to_put_right(run: Run, tmp_path: Path) -> None:
    edit = copytree(SHIPPED, tmp_path / "edit")
    (edit / "thanks.yaml").write_text("flow: thanks\n")
    said, code = run("flows", "changes", str(edit))
    assert code == 1
    assert "thanks.yaml:1" in said


def test_a_talk_is_saved_as_a_test_and_added_to_a_file_that_is_there(run: Run, mei_ling: str, tmp_path: Path) -> None:
    file = tmp_path / "saved.yaml"
    said, code = run("transcripts", "save", mei_ling, str(file), "--name", "not sure what to come for")
    assert code == 0, said
    first = file.read_text()
    assert first.startswith("test: not sure what to come for\n")
    assert "Grace" not in first
    assert run("transcripts", "save", mei_ling, str(file))[1] == 0
    assert file.read_text().startswith(first.rstrip("\n") + "\n---\n")
    assert "There are 1 talks" in run("transcripts", "save", mei_ling, str(file), "--talk", "2")[0]


def test_a_conversation_held_in_the_terminal_is_kept_as_a_test_that_passes(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flows = copytree(SHIPPED, tmp_path / "flows")
    monkeypatch.setattr(sys, "stdin", io.StringIO("hello\n1\nfirst consultation\nthank you\n"))
    said, code = run("chat", str(flows), "--save", str(flows / "tests" / "mine.yaml"))
    assert code == 0, said
    assert (flows / "tests" / "mine.yaml").read_text().startswith("test: mine\nflow: booking\n")
    assert "0 failed" in run("test", str(flows))[0]
