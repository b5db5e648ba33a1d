"""A clinic's flows go to another clinic as one file: the same structure and words, and nothing of its own people."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.__main__ import main
from bot.adapters.elsewhere import Refused, export_flows, import_flows
from bot.adapters.flows_yaml import load, load_checked
from tests.universe import SHIPPED


@pytest.fixture(scope="module")
def carried(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped flows, exported and taken in by another clinic."""
    room = tmp_path_factory.mktemp("carried")
    (room / "flows.json").write_bytes(export_flows(SHIPPED))
    import_flows(room / "flows.json", room / "other", room / "no base is needed")
    return room / "other"


def test_another_clinic_gets_the_same_structure_and_words(carried: Path) -> None:
    ours, theirs = load_checked(SHIPPED), load_checked(carried)
    assert theirs.sound, [str(fault) for fault in theirs.faults if fault.level == "error"]
    assert ours.clinic is not None
    assert theirs.clinic is not None
    for what in ("languages", "flows", "anywhere", "texts", "questions", "follow_ups", "start_words"):
        assert getattr(theirs.clinic, what) == getattr(ours.clinic, what), what
    assert (carried / "templates.yaml").read_bytes() == (SHIPPED / "templates.yaml").read_bytes()
    assert [one["id"] for one in theirs.clinic.lists["services"]] == [
        one["id"] for one in ours.clinic.lists["services"]
    ]


def test_the_people_and_addresses_of_the_first_clinic_stay_at_home(carried: Path) -> None:
    facts = (carried / "clinic.yaml").read_text()
    for own in ("Oxford", "Nolan", "nurse (example)", "Example Road", "hello@clinic.example\n#", "2026-12-24"):
        assert own not in facts
    assert "Practitioner A" in facts
    assert "W05" in {fault.code for fault in load(carried).faults}, "the other clinic is told to put its own in"


def test_tests_stay_at_home_unless_they_are_asked_for() -> None:
    alone, whole = (json.loads(export_flows(SHIPPED, with_tests))["files"] for with_tests in (False, True))
    assert not any(name.startswith("tests/") for name in alone)
    assert {name for name in whole if name.startswith("tests/")} >= {"tests/booking.yaml"}


def test_a_second_clinic_keeps_what_it_has(base: Path, tmp_path: Path) -> None:
    (tmp_path / "flows.json").write_bytes(export_flows(SHIPPED))
    before = {path.name: path.read_bytes() for path in base.iterdir()}
    arrived = import_flows(tmp_path / "flows.json", base, base)
    assert arrived.kept == ("_clinic.yaml", "clinic.yaml", "main_menu.yaml")
    assert {name: (base / name).read_bytes() for name in before} == before
    assert (base / "opt_out.yaml").read_bytes() == (SHIPPED / "opt_out.yaml").read_bytes()


@pytest.mark.parametrize(
    "line",
    ["# the account: AC0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a", "# password: hunter2", "# API key = abc"],
)  # fmt: skip
def test_a_secret_never_leaves_not_even_in_a_remark(line: str, base: Path) -> None:
    file = base / "main_menu.yaml"
    file.write_text(file.read_text() + line + "\n")
    lines = file.read_text().count("\n")
    with pytest.raises(Refused, match=rf"main_menu\.yaml:{lines}: this looks like a key or a secret"):
        export_flows(base)


def test_flows_with_mistakes_are_not_given_away(base: Path) -> None:
    (base / "main_menu.yaml").write_text("flow: main_menu\n")
    with pytest.raises(Refused, match="mistakes"):
        export_flows(base)


def test_the_commands_carry_flows_from_one_folder_to_another(
    base: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, other = tmp_path / "flows.json", tmp_path / "other"
    assert main(["flows", "export", str(base), "--to", str(file)]) == 0
    assert main(["flows", "export", str(base), "--to", str(file)]) == 1, "a file that is there is not overwritten"
    capsys.readouterr()
    assert main(["flows", "import", str(file), "--to", str(other), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["source"] == "Frontdesk"
    assert told["files"] == ["_clinic.yaml", "clinic.yaml", "main_menu.yaml"]
    shutil.rmtree(other)
    assert main(["flows", "import", str(file), "--to", str(other)]) == 0
    assert "python -m bot chat" in capsys.readouterr().out
    assert main(["flows", "import", str(tmp_path / "nothing.json")]) == 1
    assert "is no file" in capsys.readouterr().err
