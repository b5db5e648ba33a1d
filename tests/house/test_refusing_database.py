"""A database that refuses for good is told with what to do about it, and not waited for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bot.adapters.sql import SqlBook, migrate
from bot.ports import BookRefused
from tests.chaos.house import free_port
from tests.conftest import Postgres
from tests.house.test_run import PATIENCE_SECONDS, environ

PASSWORD = "kept to ourselves"


def migrates(database_url: str, data_dir: Path, command: str = "migrate") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", command],
        env={**environ(data_dir), "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def walled(postgres: Postgres) -> Iterator[Postgres]:
    """A server on which Ana needs a password and may make nothing, and Siti is let in from nowhere."""
    file = postgres.sockets / "data" / "pg_hba.conf"
    before = file.read_text()
    walls = ("host all ana 127.0.0.1/32 scram-sha-256", "host all siti 127.0.0.1/32 reject")
    file.write_text("\n".join((*walls, before)))
    postgres.execute(f"CREATE ROLE ana LOGIN PASSWORD '{PASSWORD}'")
    postgres.execute("CREATE ROLE siti LOGIN")
    postgres.execute("CREATE ROLE ravi NOLOGIN")
    postgres.execute("SELECT pg_reload_conf()")
    yield postgres
    file.write_text(before)
    for role in ("ana", "siti", "ravi"):
        postgres.execute(f"DROP ROLE {role}")
    postgres.execute("SELECT pg_reload_conf()")


def at(server: Postgres, who: str, database: str = "postgres") -> str:
    return f"postgresql+psycopg://{who}@127.0.0.1:{server.port}/{database}"


@pytest.mark.parametrize(
    ("who", "database", "told"),
    [
        ("ana:wrong", "postgres", "The user or the password in DATABASE_URL is wrong."),
        ("ana", "postgres", "The user or the password in DATABASE_URL is wrong."),
        ("nobody", "postgres", "The user in DATABASE_URL is not there, or may not log in: createuser"),
        ("ravi", "postgres", "The user in DATABASE_URL is not there, or may not log in: createuser"),
        ("siti", "postgres", "The server lets this user in from elsewhere only"),
        ("postgres", "nowhere", "The database in DATABASE_URL is not there. Make it, empty: createdb"),
        ("postgres", "postgres?sslmode=require", "The server and sslmode in DATABASE_URL do not agree."),
        ("postgres", "postgres?colour=blue", "DATABASE_URL has an option that there is not."),
        (f"ana:{PASSWORD.replace(' ', '%20')}", "postgres", "The user in DATABASE_URL may not make tables"),
    ],
)
def test_what_postgresql_refuses_for_good_is_said_with_what_to_do(
    walled: Postgres, who: str, database: str, told: str
) -> None:
    with pytest.raises(BookRefused) as refused:
        migrate(at(walled, who, database))
    assert str(refused.value).startswith(told)


def test_migrating_ends_at_a_refusal_and_shows_no_password(walled: Postgres, tmp_path: Path) -> None:
    ended = migrates(at(walled, "ana:a-wrong-one"), tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The user or the password in DATABASE_URL is wrong.")
    assert len(ended.stderr.splitlines()) == 1
    assert "a-wrong-one" not in ended.stderr


def test_the_house_does_not_start_on_a_database_that_is_not_there(postgres: Postgres, tmp_path: Path) -> None:
    from tests import needs

    needs.redis_program()
    ended = migrates(at(postgres, "postgres", "nowhere"), tmp_path, "run")
    assert ended.returncode == 1
    first, last = ended.stderr.splitlines()[0], ended.stderr.splitlines()[-1]
    assert first.startswith("The database in DATABASE_URL is not there.")
    assert last == "migrate failed with exit code 1: the reason is above."
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("database_url", "told"),
    [
        ("mysql://clinic@127.0.0.1/clinic", "DATABASE_URL"),
        ("postgresql+psycopg://ana:a-secret@127.0.0.1:port/clinic", "DATABASE_URL cannot be read"),
        ("sqlite:///README.md", "The file in DATABASE_URL is no SQLite database:"),
    ],
    ids=["another kind", "no port", "no database"],
)
def test_a_url_that_leads_nowhere_is_refused(database_url: str, told: str, tmp_path: Path) -> None:
    ended = migrates(database_url, tmp_path)
    assert ended.returncode == 1
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "a-secret" not in ended.stderr


def test_the_tables_of_a_newer_frontdesk_are_left_alone(database_url: str) -> None:  # case-132
    book = SqlBook(database_url)
    with book._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    book.dispose()
    with pytest.raises(BookRefused, match="tables of a newer Frontdesk"):
        migrate(database_url)


def test_a_command_on_a_database_without_our_tables_says_what_makes_them(
    empty_postgres_url: str, tmp_path: Path
) -> None:
    for url in (empty_postgres_url, f"sqlite:///{tmp_path / 'empty.sqlite'}"):
        ended = migrates(url, tmp_path, "desk")
        assert ended.returncode == 1
        assert ended.stderr == "The database does not have the tables of this version. Run: python -m bot migrate\n"


def test_what_an_older_frontdesk_did_not_have_is_told_the_same(database_url: str) -> None:
    book = SqlBook(database_url)
    with pytest.raises(BookRefused, match="python -m bot migrate"), book.begin() as ledger:
        ledger._connection.exec_driver_sql("INSERT INTO conversation (star_sign) VALUES ('leo')")
    book.dispose()


def test_a_worker_says_the_same_and_ends(walled: Postgres, tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "worker.py", "senders"],
        env={**environ(tmp_path), "DATABASE_URL": at(walled, "ana:wrong")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 3
    assert "The user or the password in DATABASE_URL is wrong." in ended.stderr


def test_a_server_that_is_not_up_yet_is_waited_for(tmp_path: Path) -> None:
    with waiting(f"postgresql+psycopg://postgres@127.0.0.1:{free_port()}/clinic", tmp_path) as migrating:
        assert migrating.stderr is not None
        assert "Waiting for it." in migrating.stderr.readline()
        assert migrating.poll() is None


def test_a_server_that_is_full_is_waited_for(postgres: Postgres, empty_postgres_url: str, tmp_path: Path) -> None:
    name = empty_postgres_url.rpartition("/")[2]
    postgres.execute("CREATE ROLE mei LOGIN")
    postgres.execute(f"ALTER DATABASE {name} OWNER TO mei")
    postgres.execute("ALTER ROLE mei CONNECTION LIMIT 0")
    with waiting(at(postgres, "mei", name), tmp_path) as migrating:
        assert migrating.stderr is not None
        assert "Waiting for it." in migrating.stderr.readline()
        postgres.execute("ALTER ROLE mei CONNECTION LIMIT -1")
        assert migrating.wait(PATIENCE_SECONDS) == 0
    postgres.execute(f"ALTER DATABASE {name} OWNER TO postgres")


@contextmanager
def waiting(database_url: str, data_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """A migration that is under way."""
    command = [sys.executable, "-m", "bot", "migrate"]
    where = {**environ(data_dir), "DATABASE_URL": database_url}
    with subprocess.Popen(command, env=where, stderr=subprocess.PIPE, text=True) as migrating:
        yield migrating
        migrating.kill()
