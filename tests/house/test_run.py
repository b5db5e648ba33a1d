"""One command starts the whole house and prints one URL; Ctrl-C ends it."""

import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bot import supervisor
from tests import needs
from tests.house.test_supervisor import wait_until

PATIENCE_SECONDS = 60
FIRST_ADMIN = r"(No staff yet\. .*, once: http://127\.0\.0\.1:\d+/desk/join/[0-9a-f]{32}\n)?"
"""Printed a moment after the URL, if the run lasts that long."""


def environ(data_dir: Path) -> dict[str, str]:
    """What a machine without any set-up has, but for ports that nobody else uses."""
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = {"PORT": str(one.getsockname()[1]), "DESK_PORT": str(two.getsockname()[1])}
    return {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), **ports}


def children(pid: int) -> set[int]:
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["stopped", "killed"])
def test_one_url_leads_to_the_phone_and_nothing_is_left_in_the_end(tmp_path: Path, number: signal.Signals) -> None:
    needs.redis_program()
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "run"], env=environ(tmp_path), stdout=subprocess.PIPE, text=True
    ) as house:
        assert house.stdout is not None
        line = house.stdout.readline() if select.select([house.stdout], [], [], PATIENCE_SECONDS)[0] else "too late"
        sessions = children(house.pid)
        try:
            ready = re.fullmatch(r"Frontdesk is ready: (http://127\.0\.0\.1:\d+/phone)\n", line)
            assert ready is not None, line
            with urllib.request.urlopen(ready[1], timeout=PATIENCE_SECONDS) as page:
                assert page.status == 200
        finally:
            house.send_signal(number)
        # The guard holds the other end until the last process is gone.
        assert re.fullmatch(FIRST_ADMIN, house.stdout.read())
    # A process lets go of its files a moment before it is gone.
    wait_until(lambda: not supervisor.members(sessions))
    assert house.returncode == (0 if number is signal.SIGINT else -number)


def test_a_database_that_comes_up_later_is_waited_for(tmp_path: Path) -> None:
    disk = tmp_path / "mounted later"
    environment = {**environ(tmp_path), "DATABASE_URL": f"sqlite:///{disk}/frontdesk.sqlite"}
    migrate = [sys.executable, "-m", "bot", "migrate"]
    with subprocess.Popen(migrate, env=environment, stderr=subprocess.PIPE, text=True) as migrating:
        assert migrating.stderr is not None
        said = migrating.stderr.readline()
        disk.mkdir()
        _, more = migrating.communicate(timeout=PATIENCE_SECONDS)
    assert said == (
        "The database cannot be used (OperationalError): look whether it runs, and at DATABASE_URL. Waiting for it.\n"
    )
    assert (more, migrating.returncode) == ("", 0)


def test_broken_flows_are_told_before_anything_starts(tmp_path: Path) -> None:
    flows = tmp_path / "flows"
    shutil.copytree("flows", flows)
    booking = flows / "booking.yaml"
    booking.write_text(booking.read_text().replace("go to: no_times", "go to: no_time", 1))
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "run"],
        env={**environ(tmp_path / "data"), "FLOWS_DIR": str(flows)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 1
    assert re.search(r'booking\.yaml:\d+:\d+ choose_day: .*Did you mean "no_times"\?', ended.stderr)
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "data" / "redis").exists()


def test_a_python_without_frontdesks_packages_is_told_which_one_has_them() -> None:
    ended = subprocess.run([sys.executable, "-S", "-m", "bot", "check"], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ".venv/bin/python -m bot" in ended.stderr
    assert "Traceback" not in ended.stderr
