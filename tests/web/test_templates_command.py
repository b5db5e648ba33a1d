"""``python -m bot templates`` with Twilio's own client against our endpoint, where WhatsApp approves at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import main
from tests.web.simulated import ACCOUNT, CLINIC, PUBLIC_URL, TOKEN, World, simulated


@pytest.fixture
def clinic(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A clinic with an account at our endpoint."""
    with simulated(tmp_path) as world:
        for name, value in {
            "DATABASE_URL": sqlite_url,
            "DATA_DIR": str(tmp_path),
            "PUBLIC_URL": PUBLIC_URL,
            "SECRET_KEY": "c2f0b1f94a7d4be8a5d3e1907a6f5b3c",
            "TWILIO_ACCOUNT_SID": ACCOUNT,
            "TWILIO_AUTH_TOKEN": TOKEN,
            "TWILIO_FROM": CLINIC,
            "TWILIO_API_URL": f"{world.pages_url}/simulator",
        }.items():
            monkeypatch.setenv(name, value)
        yield world


def test_the_shipped_templates_are_made_and_approved_once_and_a_paused_one_is_told(
    clinic: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["templates"]) == 1
    said = capsys.readouterr().out
    assert "reminder       not made yet: en, zh, ms, ta\n" in said
    assert said.endswith("Make and submit them: python -m bot templates sync\n")
    assert main(["templates", "sync"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == f"All {len(lines) - 1} are approved."
    assert sum(line.startswith("reminder") and "approved" in line for line in lines) == 4
    contents = clinic.simulator.contents()
    assert main(["templates", "sync"]) == 0
    assert clinic.simulator.contents() == contents

    content = next(one for one in contents if "_reminder_en" in one["friendly_name"])
    clinic.simulator.put_content({**content, "approval": {**content["approval"], "status": "paused"}})
    assert main(["templates", "status"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("reminder       en     paused") for line in lines)
    assert lines[-2].startswith("1 of ")
    assert "a pause ends by itself" in lines[-1]


@pytest.mark.parametrize(
    ("status", "remedy"),
    [("rejected", "other words are another template"), ("unusable", "the reason stands beside it")],
)
def test_each_way_a_template_stands_has_its_remedy(
    clinic: World, capsys: pytest.CaptureFixture[str], status: str, remedy: str
) -> None:
    assert main(["templates", "sync"]) == 0
    for content in clinic.simulator.contents():
        if "_reminder_" in content["friendly_name"]:
            clinic.simulator.put_content({**content, "approval": {**content["approval"], "status": status}})
    assert main(["templates", "status"]) == 1
    said = capsys.readouterr()
    assert remedy in said.out
    assert said.err == ""


def test_a_twilio_that_refuses_is_said_in_a_sentence(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "another")
    assert main(["templates", "sync"]) == 1
    assert capsys.readouterr().err.startswith("Twilio refuses it (HTTP 401")


def test_a_twilio_that_is_away_is_said_in_a_sentence(
    clinic: World, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TWILIO_API_URL", "http://127.0.0.1:9")
    assert main(["templates", "sync"]) == 1
    assert capsys.readouterr().err.startswith("Twilio cannot be reached")
