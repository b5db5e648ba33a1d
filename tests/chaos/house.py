"""The clinic's house: its processes, its Redis, its database and its clock, and what can be done to each."""

from __future__ import annotations

import os
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.tend import FAKETIME, clear_away
from tests.chaos.twilio import ACCOUNT, CLINIC, TOKEN

START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 10.0
LOOK_SECONDS = 0.02
ROLES = ("web worker", "web master", "sender", "rq", "redis")
WEB_WORKERS, SENDERS = 2, 2


@dataclass
class House:
    """A running house. `url` is its public address, `database_url` where its book is, `log` what it said."""

    url: str
    database_url: str
    redis_url: str
    log: Path
    tender: subprocess.Popen[bytes]
    clock: Path | None

    def processes(self) -> dict[str, list[int]]:
        """The processes that live, by what they do."""
        found: dict[str, list[int]] = defaultdict(list)
        lives = dict(_lives())
        for pid, (parent, line) in lives.items():
            if parent == self.tender.pid:
                found[_role(line)].append(pid)
        masters = set(found["web master"])
        found["web worker"] = [pid for pid, (parent, _) in lives.items() if parent in masters]
        return found

    def kill(self, role: str, chance: random.Random | None = None) -> list[int]:
        """Kill one process of a role, picked by chance, or all of them; which."""
        found = self.processes()[role]
        killed = [chance.choice(found)] if chance and found else found
        for pid in killed:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return killed

    def flush(self) -> bool:
        """Empty Redis; whether it was there to be emptied."""
        with suppress(RedisError), Redis.from_url(self.redis_url, socket_timeout=1) as redis:
            return bool(redis.flushall())
        return False

    def step_clock(self, hours: int) -> None:
        """The house's clock is wrong by so many hours from now on, and within a second everybody in it knows."""
        assert self.clock is not None
        draft = self.clock.with_suffix(".draft")
        draft.write_text(f"{hours * 3600:+d}\n")
        draft.replace(self.clock)


def _role(line: str) -> str:
    marks = {"gunicorn": "web master", "senders": "sender", "worker.py rq": "rq", "redis-server": "redis"}
    return next((role for mark, role in marks.items() if mark in line), "other")


def _lives() -> Iterator[tuple[int, tuple[int, str]]]:
    """Every process, zombies left out: its parent and its command line."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            state, parent = Path("/proc", entry, "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                line = Path("/proc", entry, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                yield int(entry), (int(parent), line)


@contextmanager
def house(twilio_url: str, database_url: str, room: Path, may_step: bool = True) -> Iterator[House]:
    """A house in `room`, ready for patients, with SQLite unless told of another database."""
    port = free_port()
    clock = room / "clock" if FAKETIME and may_step else None
    if clock:
        clock.write_text("+0\n")
    data = room / "data"
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")},
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DATA_DIR": str(data),
        "DATABASE_URL": database_url or f"sqlite:///{data / 'frontdesk.sqlite'}",
        "REDIS_URL": "",
        "SECRET_KEY": secrets.token_hex(32),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
        "TWILIO_API_URL": twilio_url,
        "FALSE_CLOCK": str(clock or ""),
    }
    subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environ, check=True)
    with open(room / "log", "wb") as log:
        tender = subprocess.Popen([sys.executable, "-m", "tests.chaos.tend"], env=environ, stdout=log, stderr=log)
        redis_url = f"unix://{data / 'redis' / 'redis.sock'}"
        one = House(environ["PUBLIC_URL"], environ["DATABASE_URL"], redis_url, room / "log", tender, clock)
        try:
            wait_until(lambda: is_whole(one), START_SECONDS_MAX, "the house did not start")
            yield one
        finally:
            tender.terminate()
            tender.wait(STOP_SECONDS_MAX)
            if clock:
                clear_away(clock)


def is_whole(one: House) -> bool:
    """Whether every process is there and the webhook listens."""
    found = one.processes()
    counts = (len(found["web worker"]), len(found["sender"]), len(found["rq"]), len(found["redis"]))
    return counts == (WEB_WORKERS, SENDERS, 1, 1) and listens(one.url)


def listens(url: str) -> bool:
    with socket.socket() as asking:
        asking.settimeout(1)
        return asking.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def wait_until(holds: Callable[[], bool], seconds: float, otherwise: str) -> float:
    """How many seconds it took until something held. Raises TimeoutError."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise TimeoutError(otherwise)
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Postgres:
    """A PostgreSQL of our own that waits for the disk, and can be crashed. Runs while the `with` block lasts."""

    def __init__(self) -> None:
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        initdb = debian[-1] if debian else shutil.which("initdb")
        if initdb is None:
            raise FileNotFoundError("PostgreSQL is not installed (Debian: apt-get install postgresql)")
        self._programs = Path(initdb).resolve().parent
        # PostgreSQL refuses to run as root.
        self._as: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        )
        self._port = free_port()
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Postgres:
        self._home = Path(tempfile.mkdtemp(prefix="chaos-postgres-", dir="/tmp"))
        if self._as:
            shutil.chown(self._home, "postgres", "postgres")
        init = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8")
        self._run("initdb", *init)
        self._start()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(STOP_SECONDS_MAX)
        shutil.rmtree(self._home)

    def crash(self) -> None:
        """Stop it at once, as a crash would, and start it again."""
        self._process.send_signal(signal.SIGQUIT)
        self._process.wait(STOP_SECONDS_MAX)
        self._start()

    def _start(self) -> None:
        options = (f"unix_socket_directories={self._home}", "listen_addresses=127.0.0.1", f"port={self._port}")
        with open(self._home / "log", "ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._home / "data", *(f"--{option}" for option in options)],
                **{"stdout": log, "stderr": log, "cwd": self._home, **self._as},
            )
        wait_until(self._answers, START_SECONDS_MAX, "PostgreSQL did not start")

    def _answers(self) -> bool:
        import psycopg

        with suppress(psycopg.OperationalError), psycopg.connect(self.url.replace("+psycopg", ""), connect_timeout=1):
            return True
        return False

    def _run(self, program: str, *arguments: str) -> None:
        command: list[str | Path] = [self._programs / program, "-D", self._home / "data", *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=self._home, **self._as)
