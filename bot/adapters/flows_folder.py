"""A folder of flow files: what is in it, whether it was saved since, and which revision its edit began from."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from bot.adapters.flows_nodes import FILE_BYTES_MAX
from bot.ports.revisions import Files

FILES_MAX = 1_000
STRAYS_MAX = 20
BASE_FILE = ".published"
"""Remembers, in the folder itself, the revision that its files were when they were last published or got."""
Stamp = tuple[tuple[str, int, int], ...]
"""Which files a folder has, when each was last written (nanoseconds), and how long it is."""


def read_folder(directory: Path) -> dict[str, bytes]:
    """The flow files of a folder by their path in it; its tests are none of them."""
    return {path.relative_to(directory).as_posix(): _content(path) for path in _paths(directory)}


def stamp_of(directory: Path) -> Stamp:
    """What changes whenever a flow file of a folder is saved."""
    found = [(path.as_posix(), path.stat()) for path in sorted(_paths(directory))]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in found)


def base_of(directory: Path) -> str:
    """The revision that a folder's edit began from; empty when nobody knows."""
    try:
        return (directory / BASE_FILE).read_text(encoding="utf-8").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return ""


def began_from(directory: Path, revision: str) -> None:
    """Remember which revision a folder's files are. Raises OSError when nothing can be written there."""
    (directory / BASE_FILE).write_text(revision + "\n", encoding="utf-8")


def write_folder(directory: Path, files: Files) -> None:
    """Write a revision's files into a folder that is empty or new. Raises OSError; FileExistsError when it is not."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty")
    add_files(directory, files)


def add_files(directory: Path, files: Files) -> None:
    """Write files into a folder, new or not, in which they are new. Raises OSError; before any is written
    FileExistsError for one that is there or behind a link, and ValueError for one that leads out of the folder."""
    for name in files:
        inside = PurePosixPath(name)
        if inside.is_absolute() or ".." in inside.parts:
            raise ValueError(f"{name} leads out of the folder")
        if os.path.lexists(directory / inside) or any((directory / one).is_symlink() for one in inside.parents[:-1]):
            raise FileExistsError(f"{directory / inside} is there already, or behind a link. Nothing was written")
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644), "wb") as file:
            file.write(content)


def strays(directory: Path) -> tuple[str, ...]:
    """YAML files in a folder that are read neither as flows nor as tests, by their path in it."""
    read = {*_paths(directory), *directory.glob("tests/*.yaml")}
    found = (path for pattern in ("*", "*/*", "*/*/*") for path in directory.glob(f"{pattern}.y*ml"))
    own = (path for path in found if path not in read and path.is_file() and path.suffix in (".yaml", ".yml"))
    return tuple(
        sorted(path.relative_to(directory).as_posix() for path in own if not path.name.startswith("."))[:STRAYS_MAX]
    )


def _paths(directory: Path) -> list[Path]:
    paths = [*directory.glob("*.yaml"), *directory.glob("translations/*/*.yaml")]
    return [path for path in paths[:FILES_MAX] if path.is_file()]


def _content(path: Path) -> bytes:
    """What is in a file, and no more than it takes to see that it is too large."""
    with path.open("rb") as file:
        return file.read(FILE_BYTES_MAX + 1)
