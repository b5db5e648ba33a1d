"""Whoever has no Redis gets a real one, and it keeps what it was told."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import redis

from bot.adapters import redis_server
from bot.adapters.rq_worker import work
from bot.settings import read
from tests import needs


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(folder: Path, name: str, says: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def serve(command: tuple[str, ...], socket: Path) -> tuple[subprocess.Popen[bytes], redis.Redis]:
    process = subprocess.Popen(command)
    retry = redis.retry.Retry(redis.backoff.ConstantBackoff(0.05), 200)
    client = redis.Redis(unix_socket_path=str(socket), retry=retry, retry_on_error=[redis.ConnectionError])
    client.ping()
    return process, client


def test_redis_remembers_what_it_was_told_before_it_was_killed(tmp_path: Path) -> None:
    socket = tmp_path / "redis.sock"
    command = redis_server.command(needs.redis_program(), tmp_path / "redis", socket)
    process, client = serve(command, socket)
    client.set("conversation", "waiting for a date")
    process.kill()
    process.wait()
    client.close()
    process, client = serve(command, socket)
    assert client.get("conversation") == b"waiting for a date"
    client.close()
    process.terminate()
    assert process.wait() == 0


@pytest.mark.parametrize("name", ["front desk", "a=b"])
def test_the_queue_works_in_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    """Redis tells its clients the socket's path as it is, between blanks, and RQ asks before its first job."""
    settings = read({"DATA_DIR": str(tmp_path / name)})
    assert settings.redis_socket is not None
    process, client = serve(
        redis_server.command(needs.redis_program(), tmp_path / name / "redis", settings.redis_socket),
        settings.redis_socket,
    )
    try:
        work(settings.redis_url, frozenset(), lambda event, ids: None, burst=True)
    finally:
        client.close()
        process.terminate()
        process.wait()
        shutil.rmtree(settings.redis_socket.parent)


def test_redis_is_open_to_nobody_else(tmp_path: Path) -> None:
    socket = tmp_path / "short" / "redis.sock"
    process, client = serve(redis_server.command(needs.redis_program(), tmp_path / "redis", socket), socket)
    assert client.config_get("port") == {"port": "0"}
    assert socket.stat().st_mode & 0o077 == 0
    assert socket.parent.stat().st_mode & 0o077 == 0
    client.close()
    process.terminate()
    process.wait()


def test_an_old_redis_on_the_path_gives_way_to_a_newer_valkey(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home / "bin"), prepend=os.pathsep)
    program(home / "bin", "redis-server", "Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64")
    valkey = program(home / "bin", "valkey-server", "Valkey server v=8.0.1 sha=00000000:0 malloc=jemalloc bits=64")
    assert redis_server.find() == valkey


def test_a_machine_without_redis_is_told_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(home / "bin"))
    monkeypatch.setattr(redis_server, "find_spec", lambda _name: None)
    with pytest.raises(redis_server.NoRedis, match=r"install it .* or set REDIS_URL"):
        redis_server.find()


def test_a_folder_of_somebody_elses_is_not_used(home: Path) -> None:
    (home / "link").symlink_to(home / "bin")
    with pytest.raises(redis_server.NoRedis, match="somebody else"):
        redis_server.command(Path("redis-server"), home / "redis", home / "link" / "redis.sock")
