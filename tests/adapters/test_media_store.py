"""Patients' files lie encrypted where nobody else reads, and only the row's key opens them."""

import stat
from pathlib import Path

import pytest

from bot.adapters.media_store import FileMedia
from bot.ports import MediaLost, MediaStore
from tests.fakes import FakeMediaStore

ID, OTHER = "a" * 32, "b" * 32
KEY, WRONG = b"k" * 32, b"w" * 32
LETTER = b"%PDF-1.7 Mei Ling Tan"


@pytest.fixture(params=["real", "fake"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    return FileMedia(tmp_path / "media") if request.param == "real" else FakeMediaStore()


def test_a_file_is_read_back_as_it_was_kept(store: MediaStore) -> None:
    store.keep(ID, KEY, LETTER)
    assert store.read(ID, KEY) == LETTER


def test_keeping_it_again_replaces_it(store: MediaStore) -> None:
    store.keep(ID, KEY, b"half")
    store.keep(ID, KEY, LETTER)
    assert store.read(ID, KEY) == LETTER


def test_a_forgotten_key_is_a_forgotten_file(store: MediaStore) -> None:
    store.keep(ID, KEY, LETTER)
    for key in (WRONG, b""):
        with pytest.raises(MediaLost):
            store.read(ID, key)


def test_a_file_that_is_dropped_is_lost_and_dropping_twice_is_fine(store: MediaStore) -> None:
    store.keep(ID, KEY, LETTER)
    store.drop(ID)
    store.drop(ID)
    with pytest.raises(MediaLost):
        store.read(ID, KEY)


def test_the_disk_shows_nothing_of_a_file(tmp_path: Path) -> None:
    FileMedia(tmp_path / "media").keep(ID, KEY, LETTER)
    (kept,) = (tmp_path / "media").iterdir()
    assert kept.name == ID
    assert b"Mei Ling" not in kept.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700


def test_one_file_cannot_stand_in_for_another(tmp_path: Path) -> None:
    store = FileMedia(tmp_path)
    store.keep(ID, KEY, LETTER)
    (tmp_path / ID).rename(tmp_path / OTHER)
    with pytest.raises(MediaLost, match="damaged"):
        store.read(OTHER, KEY)


def test_a_single_changed_byte_is_noticed(tmp_path: Path) -> None:
    store = FileMedia(tmp_path)
    store.keep(ID, KEY, LETTER)
    kept = bytearray((tmp_path / ID).read_bytes())
    kept[20] ^= 1
    (tmp_path / ID).write_bytes(kept)
    with pytest.raises(MediaLost, match="damaged"):
        store.read(ID, KEY)
