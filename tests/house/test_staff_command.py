"""Whoever has the clinic's own terminal can always let somebody in."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from bot import __main__ as commands
from bot import settings

Run = Callable[..., tuple[str, int]]
ENVIRON = ("PUBLIC_URL", "PORT", "DESK_PORT", "TWILIO_ACCOUNT_SID", "DATABASE_URL", "REDIS_URL")


@pytest.fixture
def run(tmp_path: Path, sqlite_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run ``python -m bot staff …`` on a clinic of its own; what it printed, and its exit code."""
    for name in ENVIRON:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", sqlite_url)

    def staff(*arguments: str) -> tuple[str, int]:
        code = commands.main(["staff", *arguments])
        said = capsys.readouterr()
        return said.out + said.err, code

    return staff


def test_the_first_link_is_made_as_long_as_there_is_nobody(run: Run) -> None:
    assert "Nobody yet" in run()[0]
    said, code = run("first")
    assert code == 0
    assert re.search(r"once: http://127\.0\.0\.1:8001/desk/join/[0-9a-f]{32}\n", said)
    run("invite", "ana", "--name", "Ana")
    assert run("first") == ("", 0)


def test_somebody_is_invited_disabled_enabled_and_let_in_again(run: Run) -> None:
    assert "Ana comes in here, once: http" in run("invite", "ana", "--name", "Ana", "--role", "lead")[0]
    assert re.search(r"ana +lead +invited +Ana", run("list")[0])
    assert run("disable", "ANA")[1] == 0
    said, code = run("reset", "ana")
    assert code == 1
    assert "Enable the account first" in said
    assert run("enable", "ana")[1] == 0
    assert "once: http" in run("reset", "ana")[0]


@pytest.mark.parametrize("arguments", [("reset", "nobody"), ("invite", "a b"), ("disable", "nobody")])
def test_what_cannot_be_done_is_said_in_a_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    said, code = run(*arguments)
    assert code == 1
    assert said.endswith(".\n") or "python -m bot staff" in said
    assert "Traceback" not in said


def test_links_lead_to_the_public_address_where_there_is_one(tmp_path: Path) -> None:
    here = settings.read({"DATA_DIR": str(tmp_path)})
    assert here.desk_url == here.local_desk_url == "http://127.0.0.1:8001"
    public = settings.read({"DATA_DIR": str(tmp_path), "PUBLIC_URL": "https://desk.example.org"})
    assert public.desk_url == "https://desk.example.org"
