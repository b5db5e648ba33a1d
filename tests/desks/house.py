"""A whole clinic as ``make run`` starts it, with staff who have signed in already."""

from __future__ import annotations

import os
import secrets
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot import settings as environment
from bot import wiring
from bot.desk import staff
from bot.desk.sessions import Browser
from bot.ports import Desk
from bot.ports.staff import Locks
from bot.web.desk.cookies import SESSION
from tests.bench.house import free_port
from tests.bench.reply import ACCOUNT, CLINIC, TOKEN, Endpoint

PASSWORD = "four unrelated words"
START_SECONDS_MAX = 30.0


@dataclass(frozen=True)
class House:
    """Where patients' messages go, where the pages are, the cookie of everybody at a desk, and the key of its ids."""

    url: str
    desk_url: str
    cookies: list[str]
    conversation_key: bytes


def login_of(number: int) -> str:
    """With which somebody signs in by hand."""
    return f"desk{number:02}"


@contextmanager
def house(endpoint: Endpoint, folder: Path, people: int, database_url: str = "") -> Iterator[House]:
    """Everything runs while the block lasts, in processes of its own. Raises TimeoutError when it does not start."""
    port, desk_port = free_port(), free_port()
    environ = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")},
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "DESK_PORT": str(desk_port),
        "DATA_DIR": str(folder),
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'frontdesk.sqlite'}",
        "REDIS_URL": "",
        "SECRET_KEY": secrets.token_hex(32),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
        "TWILIO_API_URL": endpoint.url,
    }
    subprocess.run([sys.executable, "-m", "bot", "migrate"], env=environ, check=True)
    settings = environment.read(environ)
    desk, locks = wiring.open_desk(settings), wiring.open_locks(settings)
    cookies = [f"{SESSION}={token}" for token in _sign_in(desk, locks, people)]
    command = [sys.executable, "-m", "bot", "run"]
    with open(folder / "log", "w") as log:
        process = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout is not None
        if not select.select([process.stdout], [], [], START_SECONDS_MAX)[0]:
            raise TimeoutError("the house did not start")
        process.stdout.readline()
        yield House(environ["PUBLIC_URL"], f"http://127.0.0.1:{desk_port}", cookies, desk.conversation_key)
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=START_SECONDS_MAX)


def _sign_in(desk: Desk, locks: Locks, people: int) -> Iterator[str]:
    """The session of each, as an invitation starts it."""
    for number in range(people):
        made = staff.invite(desk, locks, staff.TERMINAL, f"Desk {number:02}", login_of(number), "reception")
        joining = staff.Joining(PASSWORD)
        yield staff.join(desk, locks, made.token, joining, Browser("", "127.0.0.1")).token
