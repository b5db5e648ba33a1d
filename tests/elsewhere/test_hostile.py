"""Files that were made to do harm, or by somebody's mistake: each is refused with words, or comes in harmless."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from bot.adapters.elsewhere import Refused, export_flows, import_flows
from bot.adapters.elsewhere.opened import FILE_BYTES_MAX
from bot.adapters.flows_yaml import ENGINE_FILE, load, load_checked
from tests.elsewhere.spoiling import spoilt
from tests.elsewhere.test_import import SAMPLES


def bring(content: bytes | str | object, base: Path, to: str = "new") -> Path:
    """Import something into a new folder."""
    file = base.parent / "brought.json"
    data = (
        content
        if isinstance(content, bytes)
        else content.encode()
        if isinstance(content, str)
        else json.dumps(content).encode()
    )
    file.write_bytes(data)
    import_flows(file, base.parent / to, base)
    return base.parent / to


REFUSED = [
    pytest.param(b"", "no JSON", id="nothing"),
    pytest.param(b"flow: visit", "no JSON", id="a flow file of ours"),
    pytest.param(b"[]", "not an object", id="a list"),
    pytest.param(b"{}", "neither an export of RapidPro", id="an empty object"),
    pytest.param(b'{"a": \xff}', "not UTF-8", id="Latin-1"),
    pytest.param('{"flows": []}'.encode("utf-16"), "not UTF-8", id="UTF-16"),
    pytest.param(b'{"flows":' + b"[" * 100_000, "nested more than 40 deep", id="100,000 brackets"),
    pytest.param(b'{"flows":' + b"[" * 60 + b"]" * 60 + b"}", "nested more than 40 deep", id="60 brackets"),
    pytest.param(b'{"flows": [' + b"1," * 400_000 + b"1]}", "more than 300000 values", id="400,000 values"),
    pytest.param(b'{"flows": [' + b"9" * 5_000 + b"]}", "number of 5000 digits", id="a number of 5,000 digits"),
    pytest.param(b'{"flows": [NaN]}', "no number in JSON", id="NaN"),
    pytest.param(b'{"flows": 1, "flows": 2}', '"flows" is there twice', id="a key twice"),
    pytest.param(b'{"flows": []}', "no flow in the file", id="no flows"),
    pytest.param(b'{"flows": [{"nodes": []}]}', "no flow in the file", id="no nodes"),
    pytest.param(b'{"flows": [{"action_sets": [], "rule_sets": []}]}', "old format", id="RapidPro before 13"),
    pytest.param(b'{"states": []}', "answers no messages", id="no states"),
    pytest.param(b'{"frontdesk flows": "2"}', "newer Frontdesk", id="a bundle of tomorrow"),
    pytest.param(b'{"frontdesk flows": "1"}', "no files", id="a bundle without files"),
    pytest.param(b'{"frontdesk flows": "1", "files": {"a.yaml": []}}', "no text", id="a bundle of lists"),
    pytest.param(b'{"frontdesk flows": "1", "files": {"a.yaml": "x"}}', "no _clinic.yaml", id="half a bundle"),
    pytest.param(b'{"frontdesk flows": "1", "files": {"a.yaml": "\\ud800"}}', "half a character", id="half an emoji"),
    pytest.param(
        {"flows": [{"nodes": [{"uuid": str(i)} for i in range(3_000)]}]}, "more than 2000 nodes", id="3,000 nodes"
    ),
    pytest.param({"flows": [{"nodes": [{"uuid": "a"}]}] * 300}, "more than 200 flows", id="300 flows"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_a_file_that_is_no_flow_is_refused_with_words(content: bytes | object, sentence: str, base: Path) -> None:
    with pytest.raises(Refused, match=re.escape(sentence)):
        bring(content, base)
    assert not (base.parent / "new").exists()


def test_a_file_that_is_too_large_is_not_even_read(base: Path) -> None:
    with pytest.raises(Refused, match="larger than 10 MB"):
        bring(b" " * (FILE_BYTES_MAX + 1), base)


@pytest.mark.parametrize(
    "name",
    ["../evil.yaml", "/etc/cron.d/evil.yaml", "translations/../../evil.yaml", "a/b.yaml", "evil.sh", ".yaml", "A.yaml",
     "translations/ms/../x.yaml", "a\\..\\evil.yaml", "evil.yaml\0.txt", "C:evil.yaml", "\u202eevil.yaml",
     "x" * 90 + ".yaml", "tests/../evil.yaml", "evil.yaml/", "con\n.yaml"],
)  # fmt: skip
def test_a_bundle_writes_nowhere_but_in_its_folder(name: str, base: Path) -> None:
    with pytest.raises(Refused, match="Nothing was written"):
        bring({"frontdesk flows": "1", "files": {"fine.yaml": "flow: fine", name: "x"}}, base)
    assert not (base.parent / "new").exists()


def test_nothing_is_written_through_a_link(base: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (base / "translations").symlink_to(elsewhere)
    (base / "loose.yaml").symlink_to(tmp_path / "not_there")
    for name in ("translations/ms/visit.yaml", "loose.yaml"):
        with pytest.raises(Refused, match="behind a link"):
            bring({"frontdesk flows": "1", "files": {name: "x"}}, base, "flows")
    assert list(elsewhere.iterdir()) == []


def test_what_is_linked_is_not_exported(base: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.yaml"
    secret.write_text("flow: secret\n")
    (base / "linked.yaml").symlink_to(secret)
    with pytest.raises(Refused, match="is a link"):
        export_flows(base)


def test_a_folder_of_something_else_is_left_alone(base: Path, tmp_path: Path) -> None:
    other = tmp_path / "photos"
    other.mkdir()
    (other / "mei.jpg").write_bytes(b"x")
    with pytest.raises(Refused, match="neither empty nor a folder of flows"):
        import_flows(SAMPLES / "studio_menu.json", other, base)
    assert [path.name for path in other.iterdir()] == ["mei.jpg"]


def test_flows_that_go_round_for_ever_are_bounded(base: Path) -> None:
    def node(name: str, to: str, *actions: dict[str, Any]) -> dict[str, Any]:
        return {"uuid": name, "actions": actions, "exits": [{"uuid": f"{name}-", "destination_uuid": to}]}

    say = {"type": "send_msg", "text": "Round", "uuid": "1"}
    run = {"type": "enter_flow", "flow": {"name": "Round"}, "uuid": "2"}
    flow = {"name": "Round", "nodes": [node("a", "b", say), node("b", "c"), node("c", "a", say), node("d", "d", run)]}
    other = {"name": "Runs", "nodes": [node("a", "a", run), node("b", "b")]}
    folder = bring({"flows": [flow, other]}, base)
    assert load_checked(folder).sound


def test_names_in_answers_and_texts_are_never_run(base: Path) -> None:
    text = "{0.__class__} {{7*7}} @(contact.__class__) %s ${x} {% include '/etc/passwd' %} @results.__class__.x"
    flow = {"name": text, "nodes": [{"uuid": "a", "actions": [{"type": "send_msg", "text": text}], "exits": []}]}
    folder = bring({"flows": [flow]}, base)
    loaded = load_checked(folder)
    assert loaded.sound, [str(fault) for fault in loaded.faults]


def test_a_long_flow_comes_in_whole(base: Path) -> None:
    def node(at: int) -> dict[str, Any]:
        says = {"type": "send_msg", "text": f"Line {at}"}
        return {"uuid": str(at), "actions": [says], "exits": [{"uuid": f"e{at}", "destination_uuid": str(at + 1)}]}

    folder = bring({"flows": [{"name": "Long", "nodes": list(map(node, range(300)))}]}, base)
    clinic = load(folder).clinic
    assert clinic is not None
    assert len(clinic.flows["long"].steps) == 300


@pytest.mark.parametrize("sample", sorted(path.name for path in SAMPLES.glob("*.json")))
def test_whatever_shape_a_file_has_it_is_refused_or_becomes_files_that_can_be_read(sample: str, base: Path) -> None:
    whole = json.loads((SAMPLES / sample).read_text())
    for seed in range(12):
        chance = random.Random(seed)  # noqa: S311 - found again by its seed
        try:
            folder = bring(spoilt(whole, chance, 0.003 * (1 + seed)), base, f"new_{seed}")
        except Refused:
            continue
        unreadable = [fault for fault in load(folder).faults if fault.code in ("E01", "E02", "E03", "E04", "E05")]
        assert unreadable == [], (seed, [str(fault) for fault in unreadable])
        assert (folder / ENGINE_FILE).is_file()
