"""``python -m bot flows``: as an admin types it, on a clinic of her own."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot import __main__ as commands
from tests.publishing.house import FILES

Run = Callable[..., tuple[str, int]]
ENVIRON = ("PUBLIC_URL", "PORT", "DESK_PORT", "TWILIO_ACCOUNT_SID", "REDIS_URL")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "flows"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def run(
    tmp_path: Path,
    folder: Path,
    sqlite_url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """Run ``python -m bot flows …`` where it was started once; what it printed, and its exit code."""
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("FLOWS_DIR", str(folder))
    monkeypatch.setenv("USER", "ana")

    def flows(*arguments: str) -> tuple[str, int]:
        code = commands.main(["flows", *arguments])
        said = capsys.readouterr()
        return said.out + said.err, code

    assert flows("history")[1] == 0
    return flows


def edit(folder: Path, before: str, after: str) -> None:
    file = folder / "visit.yaml"
    assert before in file.read_text()
    file.write_text(file.read_text().replace(before, after))


def newest(run: Run) -> dict[str, Any]:
    found: list[dict[str, Any]] = json.loads(run("history", "--json")[0])
    return found[0]


def test_an_edit_is_shown_published_and_found_in_the_history(run: Run, folder: Path) -> None:
    assert run("diff") == ("No difference.\n", 0)
    edit(folder, "Who is coming?", "Who will come?")
    shown, code = run("diff")
    assert code == 0
    assert shown.startswith("visit: says something else\n  ask_name: says something else\n\n--- visit.yaml\n")
    assert "+    ask: Who will come?\n" in shown
    said, code = run("publish", "--note", "kinder words")
    assert (code, "ana" in said, "kinder words" in said) == (0, True, True)
    assert (newest(run)["number"], newest(run)["by"]) == (2, "ana")
    assert run("publish") == ("This is what is published already.\n", 0)


def test_mistakes_are_told_and_nothing_is_published(run: Run, folder: Path) -> None:
    edit(folder, "go to: left", "go to: nowhere")
    said, code = run("publish")
    assert code == 1
    assert said.startswith('visit.yaml:19:23 confirm: the option "No, thanks" goes to "nowhere" - no such step.')
    assert said.endswith("Nothing was published.\n")
    told, code = run("publish", "--json")
    assert (code, json.loads(told)["why"]) == (1, "refused")
    assert newest(run)["number"] == 1


@pytest.mark.parametrize("action", ["diff", "publish", "census", "changes"])
def test_a_folder_that_is_not_there_is_told_as_that(run: Run, folder: Path, action: str) -> None:
    shutil.rmtree(folder)
    said, code = run(action, *([str(folder)] if action == "changes" else []))
    assert said.startswith(f"{folder}: there is no such folder.")
    assert code == 1
    assert newest(run)["number"] == 1


def test_a_folder_remembers_what_its_edit_began_from(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(folder, "Who is coming?", "Who will come?")
    run("publish")
    sitis = folder.parent / "sitis"
    shutil.copytree(folder, sitis)
    edit(folder, "Who will come?", "Who comes?")
    assert run("publish")[1] == 0
    monkeypatch.setenv("FLOWS_DIR", str(sitis))
    edit(sitis, "Nothing was told.", "Nobody was told.")
    said, code = run("publish", "--as", "siti")
    assert code == 1
    assert "Somebody published since this edit began:" in said
    assert "+    ask: Who comes?" in said
    edit(sitis, "Who will come?", "Who comes?")
    revision = newest(run)["revision"]
    assert f"--base {revision}" in said
    assert run("publish", "--as", "siti", "--base", revision)[1] == 0
    assert newest(run)["by"] == "siti"


def test_a_folder_that_knows_nothing_of_its_beginning_has_to_be_told(run: Run, folder: Path) -> None:
    edit(folder, "Who is coming?", "Who will come?")
    run("publish")
    (folder / ".published").unlink()
    edit(folder, "Who will come?", "Who comes?")
    said, code = run("publish")
    assert (code, f"--base {newest(run)['revision']}" in said) == (1, True)


def test_an_older_revision_is_published_again_and_got(run: Run, folder: Path) -> None:
    first = newest(run)["revision"]
    edit(folder, "Who is coming?", "Who will come?")
    run("publish")
    assert run("rollback", first[:5])[1] == 0
    assert (newest(run)["number"], newest(run)["revision"]) == (3, first)
    got = folder.parent / "got"
    assert run("get", str(got)) == (f"4 files of revision {first} are in {got}.\n", 0)
    assert (got / "visit.yaml").read_text() == FILES["visit.yaml"]
    said, code = run("get", str(got))
    assert (code, "not empty" in said) == (1, True)
    assert run("rollback", "nothing") == (
        'No revision is called "nothing". See: python -m bot flows history\n',
        1,
    )


def test_the_census_tells_what_would_become_of_everybody(run: Run, folder: Path) -> None:
    assert run("census") == ("Nobody is in the middle of anything.\n", 0)
    told = json.loads(run("census", "--json")[0])
    assert told["census"] == {"conversations": 0, "groups": []}
