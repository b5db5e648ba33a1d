"""A full disk: patients are told to try again, those in danger are answered, and nobody dies of counting.

Files may grow no further for the length of a block, which to whoever writes looks as a disk without room does.
"""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from bot import wiring
from bot.adapters.spool import FileSpool
from bot.adapters.sql import SqlBook
from bot.adapters.sql import book as books
from bot.adapters.sql.engine import in_our_words, open_engine
from bot.settings import Settings, read

SHARED = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def full_disk(left: int = 4096) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (left, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv(SHARED, "")
    return read({"DATA_DIR": str(tmp_path)})


def counts(settings: Settings) -> Path:
    return settings.data_dir / "metrics" / f"histogram_{os.getpid()}.db"


def test_counts_have_their_room_before_anything_is_counted(settings: Settings) -> None:
    """The client maps its file into memory: the kernel would end whoever writes where the disk has no block for it."""
    wiring.share_metrics(settings, counts=True)
    assert os.environ[SHARED] == str(settings.data_dir / "metrics")
    assert counts(settings).stat().st_blocks * 512 >= wiring.COUNTS_BYTES


def test_counts_that_are_there_go_on(settings: Settings) -> None:
    counts(settings).parent.mkdir()
    counts(settings).write_bytes(b"counted")
    wiring.share_metrics(settings, counts=True)
    assert counts(settings).read_bytes() == b"counted"


def test_without_room_a_process_counts_for_itself(settings: Settings) -> None:
    with full_disk():
        wiring.share_metrics(settings, counts=True)
    assert os.environ[SHARED] == ""
    assert not counts(settings).exists()


def test_a_message_that_cannot_be_kept_leaves_nothing_half_written(tmp_path: Path) -> None:
    spool = FileSpool(tmp_path)
    with full_disk(), pytest.raises(OSError, match="too large"):
        spool.keep("SM" + "a" * 32, {"text": "x" * 9000})
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_room_says_so(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'clinic.sqlite'}")
    with closing(sqlite3.connect(tmp_path / "clinic.sqlite")) as connection:
        connection.execute("CREATE TABLE rows (row)")
        connection.execute("PRAGMA max_page_count = 2")
        with pytest.raises(sqlite3.OperationalError) as full:
            connection.execute("INSERT INTO rows VALUES (zeroblob(9000))")
    assert str(in_our_words(engine.dialect, full.value)) == "its disk is full"


def test_whoever_watches_is_told_that_sqlite_has_no_room(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    book = SqlBook(sqlite_url)
    assert book.healthy()
    monkeypatch.setattr(books, "ROOM_BYTES_MIN", 2**60)
    assert not book.healthy()
    book.dispose()
