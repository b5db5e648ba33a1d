"""The outside that tests share: a real Redis and a real PostgreSQL, started once, with nothing left behind."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path
from urllib.parse import quote

import hypothesis
import pytest

from bot.adapters import redis_server
from tests import needs, once

START_SECONDS_MAX = 30
ANSWER_SECONDS_MAX = 20
MEMORY = Path("/dev/shm")
MEMORY_BYTES_MIN = 4 * 2**30
IN_MEMORY = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES_MIN
"""Whether databases are kept where writing waits for no disk: no test cuts the power."""

# A busy machine is no bug: hypothesis judges what is true, never how long it took.
hypothesis.settings.register_profile("house", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    if IN_MEMORY:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    once.compile_once()


@pytest.fixture(scope="session")
def redis_server_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One real Redis for the whole run, on a socket of its own."""
    program = needs.redis_program()
    with tempfile.TemporaryDirectory(prefix="redis-") as short:
        path = Path(short, "redis.sock")
        process = subprocess.Popen(redis_server.command(program, tmp_path_factory.mktemp("redis"), path))
        try:
            _wait_until(lambda: _listens(path), process)
            yield f"unix://{quote(str(path))}"
        finally:
            process.terminate()
            process.wait()


@pytest.fixture
def redis_url(redis_server_url: str) -> str:
    """A real Redis with nothing in it, which on a busy machine may take longer to answer than a turn would wait."""
    import redis

    with closing(redis.Redis.from_url(redis_server_url)) as client:
        client.flushall()
    return f"{redis_server_url}?socket_timeout={ANSWER_SECONDS_MAX}&socket_connect_timeout={ANSWER_SECONDS_MAX}"


class Postgres:
    """A running server. Databases are copies of a template, which takes some hundredths of a second each."""

    def __init__(self, sockets: Path, port: int) -> None:
        import psycopg

        self.sockets = sockets
        self.port = port
        self._numbers = count(1)
        self._connection = psycopg.connect(
            host=str(sockets), port=port, user="postgres", dbname="postgres", autocommit=True
        )

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        self._connection.execute(statement)  # type: ignore[call-overload]

    def close(self) -> None:
        self._connection.close()

    def create(self, template: str = "template0") -> str:
        name = f"clinic_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY {'file_copy' if IN_MEMORY else 'wal_log'}")
        return name

    def drop(self, database: str) -> None:
        self.execute(f"DROP DATABASE {database} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One real PostgreSQL for the whole run, which does not wait for the disk."""
    programs = needs.postgres_programs()
    # PostgreSQL refuses to run as root, and pytest's own folders are closed to anybody else.
    somebody = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    home = Path(tempfile.mkdtemp(prefix="postgres-", dir=MEMORY if IN_MEMORY else "/tmp"))
    data, port = home / "data", _free_port()
    if somebody:
        shutil.chown(home, "postgres", "postgres")
    init = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
    subprocess.run(
        [programs / "initdb", "-D", data, *init], check=True, stdout=subprocess.DEVNULL, cwd=home, **somebody
    )
    options = (
        f"unix_socket_directories={home}",
        "listen_addresses=127.0.0.1",
        f"port={port}",
        "max_connections=200",
        "fsync=off",
    )
    with open(home / "log", "w") as log:
        arguments = [argument for option in options for argument in ("-c", option)]
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *arguments], stdout=log, stderr=log, cwd=home, **somebody
        )
    try:
        _wait_until(lambda: "ready to accept connections" in (home / "log").read_text(), process)
        with closing(Postgres(home, port)) as server:
            yield server
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with today's schema and no rows."""
    name = postgres.create()
    _migrate(postgres.url(name), tmp_path_factory.mktemp("migrate"))
    return name


@pytest.fixture
def postgres_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """A fresh PostgreSQL database with today's schema."""
    name = postgres.create(postgres_template)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture
def empty_postgres_url(postgres: Postgres) -> Iterator[str]:
    """A PostgreSQL database with nothing in it, for migrations."""
    name = postgres.create()
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with today's schema and no rows."""
    folder = tmp_path_factory.mktemp("migrate")
    _migrate(f"sqlite:///{folder / 'clinic.sqlite'}", folder)
    return folder / "clinic.sqlite"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with today's schema."""
    return f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'clinic.sqlite')}"


@pytest.fixture(params=["sqlite_url", "postgres_url"], ids=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database with today's schema, once in each of the two that we promise to run on."""
    return str(request.getfixturevalue(request.param))


def _migrate(database_url: str, data_dir: Path) -> None:
    environ = {**os.environ, "DATABASE_URL": database_url, "DATA_DIR": str(data_dir)}
    subprocess.run([sys.executable, "-m", "bot", "migrate"], check=True, env=environ)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _listens(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    give_up = time.monotonic() + START_SECONDS_MAX
    while not ready():
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        assert time.monotonic() < give_up, f"{process.args} did not start"
        time.sleep(0.02)
