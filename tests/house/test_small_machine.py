"""The house where little is left to it: few open files, little memory, for each of its processes."""

from __future__ import annotations

import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.bench.house import ACCOUNT, CLINIC, TOKEN
from tests.bench.load import Job, post
from tests.bench.reply import Endpoint
from tests.house.test_run import PATIENCE_SECONDS, environ
from tests.house.test_supervisor import wait_until

SMALL = 'ulimit -n 64 && ulimit -d 131072 && ulimit -s 1024 && exec "$0" "$@"'
"""Files, and kilobytes of data. The stack of each thread counts among them, used or not: 8 MB unless told otherwise."""
PATIENTS, AT_ONCE = 150, 100


@pytest.fixture
def twilio() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield endpoint
    endpoint.shutdown()
    thread.join()
    endpoint.server_close()


def test_a_hundred_patients_at_once_are_answered_with_64_files_and_128_megabytes_a_process(
    tmp_path: Path, twilio: Endpoint
) -> None:  # case-128
    needs.redis_program()
    place = environ(tmp_path)
    place |= {
        "PUBLIC_URL": f"http://127.0.0.1:{place['PORT']}",
        "SECRET_KEY": secrets.token_hex(32),
        "TWILIO_ACCOUNT_SID": ACCOUNT,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_FROM": CLINIC,
        "TWILIO_API_URL": twilio.url,
    }
    with (
        open(tmp_path / "log", "w+") as log,
        subprocess.Popen(
            ["sh", "-c", SMALL, sys.executable, "-m", "bot", "run"], env=place, stdout=subprocess.PIPE, stderr=log
        ) as house,
    ):
        try:
            assert house.stdout is not None
            assert house.stdout.readline().startswith(b"Frontdesk is ready")
            taken = post(Job(int(place["PORT"]), TOKEN, "hello", PATIENTS, PATIENTS, AT_ONCE))
            wait_until(lambda: len(twilio.arrived) == PATIENTS)
        finally:
            house.terminate()
            house.communicate(timeout=PATIENCE_SECONDS)
        log.seek(0)
        logged = log.read()
    assert taken.refused == 0
    assert "Traceback" not in logged
    assert "starting it again" not in logged
