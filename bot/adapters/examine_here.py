"""Looks at what the installation stands on: database, Redis, processes, disk. It changes nothing."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError
from sqlalchemy import Connection

from bot.adapters.redis_live import RedisLive
from bot.adapters.rq_queue import RqQueue
from bot.adapters.spool import FileSpool
from bot.adapters.sql import SqlBook
from bot.adapters.sql.engine import open_engine
from bot.adapters.sql.migrations import revisions
from bot.core.finding import Finding
from bot.ports import BookAway, BookRefused, LiveAway

REDIS_OLDEST = (6, 2)
REDIS_SECONDS_MAX = 3
FREE_BYTES_LOW = 2 * 1024**3
FREE_BYTES_MIN = 200 * 1024**2
WAITING_SECONDS_MAX = 60
WITHOUT_REDIS = "Patients are served without it, slower."
LOOK_AT_SERVER = "Look whether the server runs and can be reached from here, and at {}."
START = "Start Frontdesk: make run, or the processes that docs/operating.md names."


def look_at_database(url: str) -> Iterator[Finding]:
    """Whether it answers, has today's tables and takes what is written."""
    kind = "SQLite" if url.startswith("sqlite") else "PostgreSQL"
    try:
        (now, newest), (writable, how) = _asked(url, kind)
    except BookRefused as refused:
        yield Finding("fault", "Database", f"{kind} refuses, and will go on refusing.", "DATABASE_URL", str(refused))
        return
    except BookAway as away:
        do = START if kind == "SQLite" else LOOK_AT_SERVER.format("DATABASE_URL")
        yield Finding("fault", "Database", f"{kind} cannot be used ({away}).", "DATABASE_URL", do)
        return
    if now != newest:
        has = f"has the tables of version {now}, and this program needs {newest}" if now else "has no tables yet"
        what = f"{kind} {has}."
        yield Finding("fault", "Database", what, "DATABASE_URL", "Run: python -m bot migrate")
    elif not writable:
        what, do = f"{kind} takes no writing ({how}).", "Name the server that does: this one is a copy, or read-only."
        yield Finding("fault", "Database", what, "DATABASE_URL", do)
    else:
        yield Finding("ok", "Database", f"{kind}, {how}, tables of version {now}")


def _asked(url: str, kind: str) -> tuple[tuple[str, str], tuple[bool, str]]:
    """Which tables it has and which it should, whether it may be written, and how. Raises BookAway or BookRefused."""
    engine = open_engine(url)
    if kind == "SQLite" and not Path(engine.url.database or "").exists():
        raise BookAway("there is none yet")
    try:
        with engine.begin() as connection:
            return revisions(connection), _sqlite(connection) if kind == "SQLite" else _postgresql(connection)
    finally:
        engine.dispose()


def _sqlite(connection: Connection) -> tuple[bool, str]:
    # The transaction has begun with the lock for writing: that it is open says that it may write.
    mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
    return mode == "wal", f"journal {mode}"


def _postgresql(connection: Connection) -> tuple[bool, str]:
    version = connection.exec_driver_sql("SHOW server_version").scalar()
    read_only = connection.exec_driver_sql("SHOW transaction_read_only").scalar()
    return read_only == "off", f"server {version}"


def look_at_redis(url: str) -> Iterator[Finding]:
    """Whether it answers, is new enough, keeps what it has and throws nothing away."""
    client = Redis.from_url(url, socket_timeout=REDIS_SECONDS_MAX, socket_connect_timeout=REDIS_SECONDS_MAX)
    try:
        told: dict[str, Any] = client.info()
    except AuthenticationError:
        do = "Put the password there: redis://:PASSWORD@HOST:PORT/0, with / written as %2F and # as %23."
        yield Finding("fault", "Redis", f"It wants another password. {WITHOUT_REDIS}", "REDIS_URL", do)
        return
    except RedisError as error:
        what = f"It does not answer ({type(error).__name__}). {WITHOUT_REDIS}"
        do = START if url.startswith("unix:") else LOOK_AT_SERVER.format("REDIS_URL")
        yield Finding("fault", "Redis", what, "REDIS_URL", do)
        return
    finally:
        client.close()
    version = str(told.get("valkey_version") or told["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < REDIS_OLDEST:
        what = f"Version {version} is too old."
        yield Finding("fault", "Redis", what, "REDIS_URL", "Use Redis 6.2 or newer, or Valkey.")
        return
    policy, appends = told.get("maxmemory_policy", "noeviction"), bool(told.get("aof_enabled"))
    if policy != "noeviction":
        do = "Set maxmemory-policy to noeviction: what it throws away has to be read from the database again."
        yield Finding("warning", "Redis", f"It throws things away when it is full ({policy}).", "redis.conf", do)
    if not appends:
        do = "Set appendonly to yes: then jobs survive a restart, and nothing has to be found again."
        yield Finding("warning", "Redis", "It forgets everything when it restarts.", "redis.conf", do)
    if policy == "noeviction" and appends:
        yield Finding("ok", "Redis", f"version {version}, keeps what it has")


def look_at_processes(live: RedisLive, url: str) -> Iterator[Finding]:
    """Whether somebody sends, and somebody does the queue's jobs."""
    try:
        senders, jobs = live.alive().get("senders", 0), RqQueue(url).workers()
    except LiveAway:
        yield Finding("warning", "Processes", "Nobody can be asked while Redis is away.", "REDIS_URL", "See Redis.")
        return
    if not senders:
        what = "Nobody sends: patients get no answers, and nothing that was forgotten is found."
        yield Finding("fault", "Senders", what, "python worker.py senders", START)
    else:
        yield Finding("ok", "Senders", f"{senders} at work")
    if not jobs:
        what = "Nobody does the queue's jobs: reminders and patients' files wait."
        yield Finding("fault", "Jobs", what, "python worker.py rq", START)
    else:
        yield Finding("ok", "Jobs", f"{jobs} at work")


def look_at_channel(book: SqlBook, now: int) -> Iterator[Finding]:
    """Whether patients can be written to at all, as the last message showed."""
    with book.look() as ledger:
        trouble = ledger.channel()
    if trouble is None:
        return
    what = f"Nobody can be written to for {_ago(now - trouble.since)}: {trouble.why} (error {trouble.code})."
    do = "Put it right there: docs/operating.md says what each error needs. Sending is tried again by itself."
    yield Finding("fault", "Sending", what, "Twilio's console", do)


def look_at_templates(wanted: int, lacking: int) -> Iterator[Finding]:
    """Whether WhatsApp has approved what is to be said after the 24 hours."""
    if lacking:
        what = f"{lacking} of {wanted} are not approved: what needs them after 24 hours is left to staff."
        do = (
            "See which, and how they stand: python -m bot templates. Make and submit them: python -m bot templates sync"
        )
        yield Finding("warning", "Templates", what, "templates.yaml", do)
    else:
        yield Finding("ok", "Templates", f"all {wanted} are approved")


def look_at_backlog(book: SqlBook, now: int) -> Iterator[Finding]:
    """Whether words and messages get where they should, in a database that was found in order."""
    with book.begin() as ledger:
        pulse = ledger.pulse(now)
    waits = (
        ("Words to patients wait to leave", pulse.unsent, "See Senders, and Twilio's account."),
        (
            "Reminders and other follow-ups are due and not said",
            pulse.follow_ups,
            "See Jobs; the log says what failed.",
        ),
        ("Messages of patients wait for their turn", pulse.parked, "See Senders; the log says what failed."),
        ("Alerts to staff wait to leave", pulse.alerts, "See Mail, and Jobs."),
        ("Words may or may not have arrived", pulse.unclear, "See Twilio: they are looked for in its list."),
    )
    late = [one for one in waits if one[1].oldest_seconds > WAITING_SECONDS_MAX]
    for what, backlog, do in late:
        told = f"{what}: {backlog.count}, the oldest for {_ago(backlog.oldest_seconds)}."
        yield Finding("warning", "Backlog", told, "/metrics", do)
    if not late:
        yield Finding("ok", "Backlog", "nothing waits that should not")


def _ago(seconds: int) -> str:
    return f"{seconds // 60} min" if seconds < 2 * 3600 else f"{seconds // 3600} h"


def look_at_disk(data_dir: Path) -> Iterator[Finding]:
    """Whether there is room, nobody else reads along, and nothing waits for the database."""
    if not data_dir.is_dir():
        yield Finding("warning", "Disk", f"{data_dir} is not there yet.", "DATA_DIR", START)
        return
    free = shutil.disk_usage(data_dir).free
    room = f"{free / 1024**3:.1f} GB free" if free >= FREE_BYTES_LOW else f"{free // 1024**2} MB free"
    if free < FREE_BYTES_LOW:
        level, do = ("fault" if free < FREE_BYTES_MIN else "warning"), "Make room: without it nothing can be written."
        yield Finding(level, "Disk", f"Only {room}.", str(data_dir), do)  # type: ignore[arg-type]
    if data_dir.stat().st_mode & 0o077:
        do = f"Run: chmod 700 {shlex.quote(str(data_dir))}"
        yield Finding("warning", "Disk", "Others on this machine may look into it.", str(data_dir), do)
    kept = len(FileSpool(data_dir / "spool").kept())
    if kept:
        do = "They are taken up when the database is back; see Database and Senders."
        yield Finding("warning", "Disk", f"Messages wait for the database: {kept}.", str(data_dir / "spool"), do)
    if free >= FREE_BYTES_LOW:
        yield Finding("ok", "Disk", room)
