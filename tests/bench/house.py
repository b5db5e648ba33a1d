"""Where measurements take place: Redis, a database and web servers, ended with the block that needs them."""

from __future__ import annotations

import http.client
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.adapters import redis_server

ACCOUNT, TOKEN, CLINIC = "AC" + "1" * 32, secrets.token_hex(16), "whatsapp:+6560000000"
START_SECONDS_MAX = 30.0
WORKERS, THREADS = 2, 2
"""As `make run` starts the webhook; the floor and the simplest bot get the same."""
LOG_LINES_MAX = 20
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Served:
    """A web server under measurement."""

    port: int
    process: subprocess.Popen[bytes]

    @property
    def workers(self) -> list[int]:
        pid = self.process.pid
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def cpu_seconds(self) -> float:
        """Of all its processes so far, user and system."""
        return sum(map(cpu_seconds, [self.process.pid, *self.workers]))

    def memory_mib(self) -> float:
        """What its largest worker holds in memory."""
        return max(map(memory_mib, self.workers))


def cpu_seconds(pid: int) -> float:
    """Of a process so far, user and system."""
    # Fields 14 and 15 of proc(5), counted behind the name, which may hold spaces.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


@contextmanager
def running(
    *argv: object, environ: Mapping[str, str] | None = None, **how: object
) -> Iterator[subprocess.Popen[bytes]]:
    """A process for the length of the block. What it logs, a line for each turn, is shown only if the block fails."""
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(list(map(str, argv)), env=environ, **{"stderr": log, **how}) as process,  # type: ignore[call-overload]
    ):
        try:
            yield process
        except Exception:
            log.seek(0)
            sys.stderr.writelines(log.readlines()[-LOG_LINES_MAX:])
            raise
        finally:
            process.terminate()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    """A Redis as `make run` starts it; its URL."""
    folder.mkdir(parents=True, mode=0o700)
    path = folder / "redis.sock"
    with running(*redis_server.command(redis_server.find(), folder, path)):
        _wait(path.exists)
        yield f"unix://{path}"


def postgres_programs() -> Path | None:
    """The folder that holds PostgreSQL's programs, if it is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgres(programs: Path) -> Iterator[str]:
    """A PostgreSQL that keeps what it says it keeps; a URL with ``{}`` for the database's name."""
    # It refuses to run as root.
    somebody = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
    home, port = Path(tempfile.mkdtemp(prefix="bench-postgres-")), free_port()
    if somebody:
        shutil.chown(home, "postgres", "postgres")
    init = [programs / "initdb", "-D", home / "data", "--username=postgres", "--auth=trust", "--encoding=UTF8"]
    options = ["-c", f"unix_socket_directories={home}", "-c", "listen_addresses=127.0.0.1", "-c", f"port={port}"]
    try:
        subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=home, **somebody)
        command = [programs / "postgres", "-D", home / "data", *options]
        with running(*command, cwd=home, stderr=subprocess.DEVNULL, **somebody):
            _wait(lambda: _listens(port))
            time.sleep(0.5)
            yield f"postgresql+psycopg://postgres@127.0.0.1:{port}/{{}}"
    finally:
        shutil.rmtree(home, ignore_errors=True)


def create_database(url: str, name: str) -> str:
    """A fresh database in a PostgreSQL; its URL."""
    import psycopg

    with psycopg.connect(url.format("postgres").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
    return url.format(name)


def environment(folder: Path, port: int, database_url: str, redis_url: str, twilio_url: str) -> dict[str, str]:
    """What a process of the house is told."""
    return {
        **os.environ,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets.token_hex(32),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
        "TWILIO_API_URL": twilio_url,
    }


def migrate(environ: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environ, check=True)


def serve(until: ExitStack, application: str, environ: Mapping[str, str]) -> Served:
    """Start gunicorn as `make run` does, and wait until it answers."""
    port = int(environ["PORT"])
    server = [sys.executable, "-m", "gunicorn", application, "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread"]
    server += ["--workers", str(WORKERS), "--threads", str(THREADS), "--log-level", "warning", "--no-control-socket"]
    process = until.enter_context(running(*server, environ=environ))
    _wait(lambda: _answers(port))
    return Served(port, process)


def _wait(ready: object) -> None:
    until = time.monotonic() + START_SECONDS_MAX
    while not ready():  # type: ignore[operator]
        if time.monotonic() > until:
            raise TimeoutError("what is measured did not start")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _answers(port: int) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
        connection.request("GET", "/health/live")
        return connection.getresponse().status == 200
    except OSError:
        return False
