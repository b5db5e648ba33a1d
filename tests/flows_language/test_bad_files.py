"""Files that are no files of a clinic: each is refused with a sentence, none is ever run, none brings the desk down.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.adapters.flows_nodes import Entries, Scalar, parse
from bot.adapters.flows_transcripts import read_transcripts
from bot.adapters.flows_yaml import checked, load, load_files
from tests.flows_language.small import SMALL, clinic_with, visit

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"

REFUSED = [
    pytest.param(b"a: !!python/object/apply:os.system [ls]", "is a tag", id="case-53 a command to run"),
    pytest.param(b"a: !!binary aGVsbG8=", "is a tag", id="case-54 binary"),
    pytest.param(b"a: !!set {x, y}", "is a tag", id="case-54 a set"),
    pytest.param(b"a: !mine x", "is a tag", id="case-54 a tag of one's own"),
    pytest.param(BOMB, "is an anchor", id="case-55 an alias bomb"),
    pytest.param(b"&a [*a]", "is an anchor", id="case-56 a list inside itself"),
    pytest.param(b"a: *b", "stands for something written elsewhere", id="case-55 an alias"),
    pytest.param(b"a: x\n<<: {b: y}", "copies other keys in", id="case-57 a merge key"),
    pytest.param(b"[" * 500, "nested more than 20 deep", id="case-58 500 brackets"),
    pytest.param(b"{a: " * 500, "nested more than 20 deep", id="case-58 500 braces"),
    pytest.param(b"a: " + b"x" * 1_000_000, "larger than 1 MB", id="case-59 a text of 1 MB"),
    pytest.param(b"[" + b"x," * 100_000 + b"x]", "more than 50000 values", id="case-60 100,000 values"),
    pytest.param(b"a:\tb", "there is a tab", id="case-67 a tab"),
    pytest.param("a: b".encode("utf-16"), "not plain UTF-8", id="case-68 UTF-16"),
    pytest.param(b"a: caf\xe9", "not UTF-8", id="case-68 Latin-1"),
    pytest.param(b"a: x\0y", "not plain UTF-8", id="case-69 NUL"),
    pytest.param("a: {label: \u202eyes}".encode(), "turns the direction", id="case-70 a label that reads backwards"),
    pytest.param("a: \u2066yes".encode(), "turns the direction", id="case-70 a text turned by an isolate"),
    pytest.param(b"a: \x1b[31m", "control character", id="a terminal escape"),
    pytest.param(b"%YAML 1.1\n---\na: b", "% line", id="a directive"),
    pytest.param(b"? [a]\n: b", "a key must be a word", id="a list as a key"),
    pytest.param(b"a: b: c", "second colon", id="two colons"),
    pytest.param(b"a: 'b", "a quote is opened here and not closed", id="an open quote"),
    pytest.param(b"a: [b, c", '"[" is opened in this line', id="an open bracket"),
    pytest.param(b"a: @b", 'a text begins with "@"', id="a text that starts with @"),
]


@pytest.mark.parametrize(("content", "sentence"), REFUSED)
def test_a_file_that_is_not_strict_yaml_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    documents, faults = parse(content, "visit.yaml")
    assert documents == []
    assert [fault.code for fault in faults] == ["E01"]
    assert sentence in faults[0].message
    assert faults[0].remedy
    assert faults[0].line >= 1


def test_an_alias_bomb_costs_no_memory() -> None:
    tracemalloc.start()
    parse(BOMB * 50, "visit.yaml")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.parametrize(
    "word",
    ["yes", "no", "on", "off", "~", "null", "true", "10:30", "09:00", "1e3", "0o17", "010101", "1_000", "+6591234567",
     "2026-11-22", ".inf", "0x1F", "9" * 5_000],
)  # fmt: skip
def test_every_value_stays_the_text_that_was_written(word: str) -> None:  # case-62, case-63, case-64
    [document], faults = parse(f"a: {word}".encode(), "visit.yaml")
    assert isinstance(document, Entries)
    assert document.values["a"] == Scalar(word, 1, 4)
    assert faults == []


@pytest.mark.parametrize("word", ["yes", "off", "~", "10:30", "1e3", "010101", "1_000", "+6591234567"])
def test_a_text_that_other_programs_would_change_is_a_warning(word: str) -> None:  # case-62, case-63
    flow = visit(f"hello:\n  say: {word}\n  end: done")
    assert "W07" in [fault.code for fault in clinic_with({"visit.yaml": flow}).faults]
    quoted = visit(f'hello:\n  say: "{word}"\n  end: done')
    assert "W07" not in [fault.code for fault in clinic_with({"visit.yaml": quoted}).faults]


def test_a_key_written_twice_keeps_the_first_and_is_told() -> None:  # case-61
    [document], [fault] = parse(b"a: first\na: second\n", "visit.yaml")
    assert isinstance(document, Entries)
    assert document.values["a"] == Scalar("first", 1, 4)
    assert (fault.code, fault.line) == ("E02", 2)


@pytest.mark.parametrize("content", ["", "# only a comment\n", "just words", "- a list", "null"])
def test_a_file_that_says_nothing_is_told(content: str) -> None:  # case-66
    loaded = clinic_with({"visit.yaml": content})
    assert [fault.code for fault in loaded.faults if fault.file == "visit.yaml"] == ["E04"]


def test_two_flows_in_one_file_are_told() -> None:  # case-65
    both = visit("hello:\n  say: Hello\n  end: done") + "---\n" + visit("bye:\n  say: Bye\n  end: done")
    told = [fault for fault in clinic_with({"visit.yaml": both}).faults if fault.file == "visit.yaml"]
    assert [(fault.code, fault.line) for fault in told] == [("E01", 9)]


@pytest.mark.parametrize("encode", [lambda text: b"\xef\xbb\xbf" + text, lambda text: text.replace(b"\n", b"\r\n")])
def test_files_from_windows_are_read_like_any_other(encode) -> None:  # type: ignore[no-untyped-def] # case-68
    plain = load_files({name: text.encode() for name, text in SMALL.items()})
    windows = load_files({name: encode(text.encode()) for name, text in SMALL.items()})
    assert plain.clinic is not None
    assert windows.clinic is not None
    assert windows.clinic.flows == plain.clinic.flows
    assert windows.faults == plain.faults


def test_a_name_with_letters_that_only_look_alike_is_told() -> None:  # case-71
    flow = visit("h\u0435llo:\n  say: Hello\n  end: done")
    assert "E05" in [fault.code for fault in clinic_with({"visit.yaml": flow}).faults]


def test_an_empty_directory_says_which_files_are_missing(tmp_path: Path) -> None:
    loaded = load(tmp_path)
    assert loaded.clinic is None
    assert {fault.file for fault in loaded.faults} == {"_clinic.yaml", "clinic.yaml"}
    assert not loaded.sound


def test_the_version_names_the_content() -> None:
    first, again = clinic_with(), clinic_with()
    other = clinic_with({"visit.yaml": visit("hello:\n  say: Hello\n  end: done")})
    assert first.clinic is not None
    assert again.clinic is not None
    assert other.clinic is not None
    assert first.clinic.version == again.clinic.version != other.clinic.version


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_at_all_bring_the_desk_down(content: bytes) -> None:
    load_files({"_clinic.yaml": content, "clinic.yaml": content, "visit.yaml": content})
    read_transcripts(content, "tests/visit.yaml")


KEYS = """
    languages start defaults anywhere texts words name hours closed services practitioners minutes topics questions
    ask say do check run type with outcomes end otherwise silent after if tries label options given talk expect bot
""".split()
KEYS += ["options from", "more options", "hand over", "go to", "at most", "after that", "save as", "first contact"]
WORDS = ["", "x", "next", "visit", "hello", "{name}", "3", "-1", "15 minutes", "name = x", "calendar.hold", "9-17"]
VALUES = st.recursive(
    st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


def as_yaml(value: object) -> str:
    """The value in YAML's own brackets."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}": {as_yaml(part)}' for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    return f'"{value}"'


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(SMALL)), st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=5), VALUES)
def test_no_shape_at_all_brings_the_desk_down(file: str, whole: dict[str, object], step: object) -> None:
    flow = f"flow: visit\ntitle: A visit\nsteps:\n  hello: {as_yaml(step)}\n  bye: {as_yaml(whole)}\n"
    files = {name: text.encode() for name, text in SMALL.items()}
    checked(load_files({**files, "visit.yaml": flow.encode()}))
    checked(load_files({**files, file: as_yaml(whole).encode()}))
    read_transcripts(as_yaml(whole).encode(), "tests/visit.yaml")


def test_a_folder_that_is_not_there_is_one_fault_and_not_a_file_missing_in_it(tmp_path: Path) -> None:
    (fault,) = load(tmp_path / "flow").faults
    assert fault.told.startswith(f"{tmp_path}/flow: there is no such folder.")
