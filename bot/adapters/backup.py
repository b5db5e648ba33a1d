"""Backups: one tar file with everything that must not be lost, taken while Frontdesk runs.

``backup.json``      what this is: when it was made, from which database, how far it was, with which flows
``database``         SQLite's own online copy, or PostgreSQL's custom dump
``secret_key``       the key that signs sessions and links
``media/``, ``spool/`` files that patients sent, and red flags that are not written down yet

Redis holds nothing that the database does not. The words of the bot are the clinic's own files; their version is noted.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from sqlalchemy import URL, make_url

from bot.adapters.erased_list import FileErasedList
from bot.adapters.sql import migrate
from bot.adapters.sql.erased_again import erase_again, erased_in
from bot.adapters.sql.restored import mark, nothing_twice, others_connected

FORMAT = 1
FOLDERS = ("media", "spool")
_NOTE, _DATABASE, _KEY = "backup.json", "database", "secret_key"


class Refused(Exception):
    """A backup or a restore is not possible. The message says in a sentence why, and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """What is backed up, or restored into."""

    database_url: str
    data_dir: Path
    secret_key: str
    forget_live: Callable[[], None]
    """Empties Redis of states that belong to another database. Raises LiveAway, having changed nothing."""
    leave_seconds: float = 5.0
    """How long programs that were stopped have to leave PostgreSQL before a restore says that they are there."""


def back_up(place: Place, file: Path, flows: str, now: int) -> None:
    """Write a backup to ``file``, readable by its owner alone; whole or not at all. Raises Refused."""
    with tempfile.TemporaryDirectory(prefix=".backup-", dir=_folder_of(file)) as room:
        copy, draft = Path(room, _DATABASE), Path(room, "draft")
        how_far = _copied(place.database_url, copy)
        note = {
            "format": FORMAT,
            "made_at": now,
            "database": make_url(place.database_url).get_backend_name(),
            "mark": dict(how_far),
            "flows": flows,
        }
        with open(draft, "xb", opener=_private) as out, tarfile.open(fileobj=out, mode="w") as tar:
            _add(tar, _NOTE, json.dumps(note, indent=2).encode())
            tar.add(copy, _DATABASE)
            _add(tar, _KEY, place.secret_key.encode())
            for name in FOLDERS:
                _add_folder(tar, place.data_dir / name)
        with open(draft, "rb") as written:
            os.fsync(written.fileno())
        draft.replace(file)


def restore(place: Place, file: Path, now: int, over_newer: bool) -> None:
    """Put a backup in the place of what is there, so that nothing it would do is done twice. Nobody may be at work.

    Raises Refused, having changed nothing, when the backup cannot be used, the database is of another kind or in use,
    or it holds what is newer than the backup and ``over_newer`` does not allow that to be lost.
    """
    with _opened(file) as (tar, note):
        _check(place, note, over_newer)
        sqlite = _is_sqlite(place.database_url)
        beside = _sqlite_file(place.database_url).parent if sqlite else place.data_dir
        with tempfile.TemporaryDirectory(prefix=".restore-", dir=_made(beside)) as room:
            copy = Path(room, _DATABASE)
            _extract(tar, tar.getmember(_DATABASE), copy)
            if sqlite:
                _check_whole(copy, file)
            erased = _erased_since(place)
            place.forget_live()
            if sqlite:
                _prepare(f"sqlite:///{copy}", now, erased)
                _put_sqlite(copy, _sqlite_file(place.database_url))
            else:
                _put_postgresql(copy, make_url(place.database_url))
                # Should this fail, the restore has failed: until it is repeated nothing may be started.
                _prepare(place.database_url, now, erased)
        for member in tar:
            name = PurePosixPath(member.name)
            if member.isfile() and (name == PurePosixPath(_KEY) or _is_ours(name)):
                target = place.data_dir / name
                draft = _made(target.parent) / f".{target.name}.restored"
                draft.unlink(missing_ok=True)
                _extract(tar, member, draft)
                draft.replace(target)


def _prepare(url: str, now: int, erased: Mapping[str, int]) -> None:
    migrate(url)
    nothing_twice(url, now)
    erase_again(url, erased, now)


def _erased_since(place: Place) -> Mapping[str, int]:
    """What was erased by now, as far as this machine knows: a backup of earlier still has it all."""
    noted = FileErasedList(place.data_dir / "erased").noted()
    sqlite = _is_sqlite(place.database_url)
    there = not sqlite or _sqlite_file(place.database_url).exists()
    found = erased_in(place.database_url) if there else {}
    return {digest: max(noted.get(digest, 0), found.get(digest, 0)) for digest in {*noted, *found}}


def _check(place: Place, note: Mapping[str, Any], over_newer: bool) -> None:
    kind = make_url(place.database_url).get_backend_name()
    if note["database"] != kind:
        raise Refused(f"This is a backup of {note['database']}, and DATABASE_URL names {kind}.")
    if kind == "postgresql" and others_connected(place.database_url, place.leave_seconds):
        raise Refused("Others are connected to the database: stop every process of Frontdesk first.")
    there = kind == "postgresql" or _sqlite_file(place.database_url).exists()
    now = mark(place.database_url) if there else {}
    newer = any(value > note["mark"].get(name, 0) for name, value in now.items())
    if newer and not over_newer:
        raise Refused("The database holds what is newer than this backup, and would lose it. To go on, add --yes.")


@contextmanager
def _opened(file: Path) -> Iterator[tuple[tarfile.TarFile, Mapping[str, Any]]]:
    with ExitStack() as until:
        try:
            tar = until.enter_context(tarfile.open(file))
        except OSError as error:
            raise Refused(f"{file} cannot be read: {error.strerror}.") from error
        except tarfile.TarError as error:
            raise Refused(f"{file} is not a backup of Frontdesk, or it is damaged.") from error
        try:
            note = json.load(_open(tar, tar.getmember(_NOTE)))
            complete = {_DATABASE, _KEY} <= set(tar.getnames()) and note["format"] == FORMAT
        except (KeyError, ValueError, tarfile.TarError) as error:
            raise Refused(f"{file} is not a backup of Frontdesk, or it is damaged.") from error
        if not complete:
            raise Refused(f"{file} is not a backup that this version understands.")
        yield tar, note


# ---- files


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _folder_of(file: Path) -> Path:
    if not file.parent.is_dir():
        raise Refused(f"{file.parent} is no folder.")
    return file.parent


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    tar.addfile(member, io.BytesIO(content))


def _add_folder(tar: tarfile.TarFile, folder: Path) -> None:
    """Add the files of a folder in which others write and delete: drafts are left out, and what goes meanwhile."""
    for file in sorted(folder.glob("[!.]*")) if folder.is_dir() else ():
        with suppress(FileNotFoundError):
            tar.add(file, f"{folder.name}/{file.name}")


def _open(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    content = tar.extractfile(member)
    if content is None:
        raise KeyError(member.name)
    return content


def _extract(tar: tarfile.TarFile, member: tarfile.TarInfo, to: Path) -> None:
    with _open(tar, member) as content, open(to, "xb", opener=_private) as out:
        shutil.copyfileobj(content, out)
        out.flush()
        os.fsync(out.fileno())


def _is_ours(name: PurePosixPath) -> bool:
    return len(name.parts) > 1 and name.parts[0] in FOLDERS and ".." not in name.parts


# ---- databases


def _is_sqlite(url: str) -> bool:
    return make_url(url).get_backend_name() == "sqlite"


def _sqlite_file(url: str) -> Path:
    return Path(make_url(url).database or "")


def _copied(database_url: str, to: Path) -> Mapping[str, int]:
    """Copy a database; how far it was. Raises Refused for one with nothing in it: nobody would find out before the day
    the backup is needed."""
    sqlite = _is_sqlite(database_url)
    # PostgreSQL's dump cannot be asked: what arrives while it is made counts as newer than the backup.
    before = {} if sqlite else mark(database_url)
    _copy_database(make_url(database_url), to)
    how_far = mark(f"sqlite:///{to}") if sqlite else before
    if not how_far:
        raise Refused("The database has nothing in it. Back up with the settings that Frontdesk runs with.")
    return how_far


def _copy_database(url: URL, to: Path) -> None:
    if url.get_backend_name() == "sqlite":
        if not Path(url.database or "").exists():
            raise Refused(
                f"There is no database at {url.database}. Back up with the settings that Frontdesk runs with."
            )
        try:
            with closing(sqlite3.connect(url.database or "")) as source, closing(sqlite3.connect(to)) as copy:
                source.backup(copy)
        except sqlite3.DatabaseError as error:
            raise Refused(f"{url.database} cannot be copied: {error}.") from error
        return
    _run_program("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", "--file", str(to))


def _check_whole(copy: Path, file: Path) -> None:
    """PostgreSQL's dump is put back whole or not at all; what SQLite copied has to be looked through."""
    with closing(sqlite3.connect(copy)) as connection:
        try:
            found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.DatabaseError as error:
            found = str(error)
    if found != "ok":
        raise Refused(f"The database in {file} is damaged: take another backup. Nothing was changed.")


def _put_sqlite(copy: Path, to: Path) -> None:
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    _made(to.parent)
    # What stands beside the old file belongs to it alone.
    for beside in ("-wal", "-shm"):
        to.with_name(to.name + beside).unlink(missing_ok=True)
    copy.replace(to)


def _put_postgresql(copy: Path, url: URL) -> None:
    how = ("--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error")
    _run_program("pg_restore", url, *how, str(copy))


def _run_program(name: str, url: URL, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs on a database. The password is not for the list of processes."""
    target = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environ = {**os.environ, **({"PGPASSWORD": str(url.password)} if url.password else {})}
    command = [_program(name), "--dbname", target, *arguments]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Refused(f"{name} failed: {done.stderr.strip()}")


def _program(name: str) -> str:
    """The newest one that Debian has, else the one on PATH: an older one refuses a newer server."""
    installed = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    found = str(installed[-1]) if installed else shutil.which(name)
    if found is None:
        raise Refused(f"{name} is needed and not installed (Debian: apt-get install postgresql-client).")
    return found
