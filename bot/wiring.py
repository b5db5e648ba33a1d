"""The only place where real things are put together. Nothing is opened before a function here is called."""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from bot.adapters import backup
from bot.adapters.clock import SystemChance, SystemClock
from bot.adapters.flows_transcripts import load_transcripts
from bot.adapters.flows_yaml import Loaded, load_checked
from bot.adapters.redis_live import RedisLive
from bot.adapters.rq_queue import RqQueue
from bot.adapters.simulator_store import Simulator
from bot.adapters.spool import FileSpool
from bot.adapters.sql import SqlBook, migrate
from bot.core.fault import Fault
from bot.core.transcript import Transcript
from bot.desk.reading import reader
from bot.ports import Carrier, Desk
from bot.ports.staff import Locks
from bot.settings import Settings, read

log = logging.getLogger("frontdesk")

BackupRefused = backup.Refused


class BrokenFlows(Exception):
    """The flow files cannot be used. ``faults`` says everything that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


def look_at_flows(directory: Path, years: tuple[int, ...] = ()) -> tuple[Loaded, tuple[Fault, ...]]:
    """Load a directory of flows and check it: what was read, and every fault at once, errors and warnings.

    The clinic is closed on the public holidays of ``years``.
    """
    loaded = load_checked(directory, years)
    return loaded, loaded.faults


def transcripts(directory: Path) -> tuple[tuple[Transcript, ...], tuple[Fault, ...]]:
    """The conversations written down as tests of a directory of flows, and what is wrong with their files."""
    return load_transcripts(directory)


def open_desk(settings: Settings) -> Desk:
    """The desk of one process. Raises BrokenFlows, or BookAway when the database is away."""
    clock = SystemClock()
    year = clock.now().year
    loaded, faults = look_at_flows(settings.flows_dir, (year, year + 1))
    errors = tuple(fault for fault in faults if fault.level == "error")
    if errors or loaded.clinic is None or loaded.diary is None:
        raise BrokenFlows(errors)
    book = SqlBook(settings.database_url)

    @cache
    def carrier() -> Carrier:
        return open_carrier(settings)

    return Desk(
        clinic=loaded.clinic,
        diary=loaded.diary,
        clock=clock,
        chance=SystemChance(),
        live=RedisLive(settings.redis_url, clock.monotonic),
        book=book,
        queue=RqQueue(settings.redis_url),
        carrier=carrier,
        read=reader(loaded.clinic, loaded.diary.zone),
        spool=FileSpool(settings.data_dir / "spool"),
        conversation_key=book.conversation_key(),
        callback_base=settings.public_url,
        report=_report,
    )


def open_locks(settings: Settings) -> Locks:
    """What keeps staff's passwords and second factors. Imported here: the webhook needs neither argon2 nor pictures."""
    from bot.adapters.staff_locks import StaffLocks

    return StaffLocks(settings.secret_key)


def open_carrier(settings: Settings) -> Carrier:
    """The Twilio client. Imported here: it costs 100 ms and 20 MiB that a webhook process never needs."""
    from bot.adapters.twilio_carrier import TwilioCarrier

    sid, secret = settings.twilio_api_key_sid, settings.twilio_api_key_secret
    key = (sid, secret) if sid and secret else None
    return TwilioCarrier(
        settings.twilio_account_sid,
        settings.twilio_auth_tokens[0],
        key,
        settings.twilio_from,
        settings.twilio_api_url,
    )


def open_simulator(settings: Settings, desk: Desk) -> Simulator:
    """The patients' phones and the Twilio-shaped endpoint, for simulator mode only."""
    return Simulator(
        path=settings.data_dir / "simulator.sqlite",
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_tokens[0],
        clinic_address=settings.twilio_from,
        webhook_url=settings.local_url,
        public_url=settings.public_url,
        time_zone=str(desk.diary.zone),
        clinic_name=str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "Clinic"),
    )


def _report(event: str, ids: Mapping[str, object]) -> None:
    log.warning("%s %s", event, " ".join(f"{name}={value}" for name, value in ids.items()))


def log_to_stderr() -> None:
    """Logs of this process, one line each, with ids only."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for noisy in ("twilio.http_client", "rq.worker", "alembic", "urllib3"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def migrate_book(settings: Settings) -> None:
    """Bring the database to the shape this version needs. Safe to call from several processes at once."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    migrate(settings.database_url)


def back_up(settings: Settings, file: Path) -> None:
    """Write everything that must not be lost to one file, while Frontdesk runs. Raises BackupRefused."""
    loaded, _ = look_at_flows(settings.flows_dir)
    flows = loaded.clinic.version if loaded.clinic else "cannot be read"
    backup.back_up(_place(settings), file, flows, int(SystemClock().now().timestamp()))


def restore(settings: Settings, file: Path, over_newer: bool) -> None:
    """Put a backup in the place of what is there; nobody else may be at work. Raises BackupRefused or BookAway."""
    backup.restore(_place(settings), file, int(SystemClock().now().timestamp()), over_newer)


def _place(settings: Settings) -> backup.Place:
    def forget_live() -> None:
        if settings.redis_socket is not None:
            # Our own Redis is stopped: what it would come back with are these files.
            shutil.rmtree(settings.data_dir / "redis", ignore_errors=True)
        else:
            RedisLive(settings.redis_url, SystemClock().monotonic).forget_all()

    return backup.Place(settings.database_url, settings.data_dir, settings.secret_key, forget_live)


def open_alone(directory: Path, room: Path) -> Desk:
    """A desk in one process without a server, on a fresh SQLite database in ``room``. Raises BrokenFlows."""
    settings = read({"DATA_DIR": str(room), "FLOWS_DIR": str(directory), "REDIS_URL": f"unix://{room}/none.sock"})
    migrate_book(settings)
    return open_desk(settings)
