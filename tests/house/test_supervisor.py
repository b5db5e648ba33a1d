"""Everything that `make run` starts stays up while it should, and nothing stays when it should not."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot import supervisor
from bot.settings import Settings, read

PATIENCE_SECONDS = 20


class House:
    """A supervisor in a process of its own, and what is known of its children."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def open(self, *names: str) -> None:
        self.process = subprocess.Popen([sys.executable, "-m", "tests.house.tended", str(self.folder), *names])
        for name in names:
            self.pid(name)

    def pids(self, name: str) -> set[int]:
        return {int(path.suffix[1:]) for path in self.folder.glob(f"{name}.[0-9]*")}

    def pid(self, name: str, *, after: int = 0) -> int:
        """The process that serves as `name`; `after` one that has ended, its successor."""
        wait_until(lambda: self.pids(name) - {after})
        return max(self.pids(name) - {after})

    def signal(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def guard(self, *, after: int = 0) -> int:
        """The guard; `after` one that has ended, its successor."""
        wait_until(lambda: len(self._unnamed() - {after}) == 1)
        (guard,) = self._unnamed() - {after}
        return guard

    def _unnamed(self) -> set[int]:
        """The supervisor's children that have written no file: the guard, and who has only just started."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return set(map(int, children)) - {int(path.suffix[1:]) for path in self.folder.glob("*.[0-9]*")}

    def left(self) -> dict[int, int]:
        return supervisor.members({int(path.suffix[1:]) for path in self.folder.glob("*.[0-9]*")})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    if house.process is not None and house.process.poll() is None:
        house.signal(signal.SIGTERM)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        ports = {"PORT": str(one.getsockname()[1]), "DESK_PORT": str(two.getsockname()[1])}
    return read({"DATA_DIR": str(tmp_path), **ports})


def wait_until(condition: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.02)


def test_a_process_that_dies_is_back_each_time(house: House) -> None:
    house.open("sender")
    pid = house.pid("sender")
    for _ in range(3):
        os.kill(pid, signal.SIGKILL)
        (house.folder / f"sender.{pid}").unlink()
        pid = house.pid("sender", after=pid)


def test_it_is_back_within_a_second() -> None:
    assert supervisor.PATIENCE.restart + supervisor.LOOK_SECONDS < 1


def test_what_a_dead_process_had_forked_goes_before_it_comes_back(house: House) -> None:
    house.open("parent")
    pid, child = house.pid("parent"), house.pid("parents-child")
    os.kill(pid, signal.SIGKILL)
    house.pid("parent", after=pid)
    assert child not in supervisor.members({pid})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_leaves_no_process(house: House, number: signal.Signals) -> None:
    house.open("sender", "parent")
    house.pid("parents-child")
    assert house.signal(number) == 0
    assert not house.left()


def test_a_process_that_will_not_end_is_killed_with_its_children(house: House) -> None:
    house.open("deaf-parent")
    house.pid("deaf-parents-child")
    assert house.signal(signal.SIGINT) == 0
    assert not house.left()


def test_stopping_takes_less_than_six_seconds() -> None:
    assert supervisor.PATIENCE.stop + supervisor.PATIENCE.base_stop + supervisor.KILL_SECONDS_MAX < 6


def test_the_killed_supervisor_leaves_no_process(house: House) -> None:
    house.open("sender", "deaf-parent")
    house.pid("deaf-parents-child")
    house.signal(signal.SIGKILL)
    wait_until(lambda: not house.left())


def test_a_killed_guard_is_replaced_and_does_its_work(house: House) -> None:
    house.open("sender")
    first = house.guard()
    os.kill(first, signal.SIGKILL)
    house.guard(after=first)
    house.signal(signal.SIGKILL)
    wait_until(lambda: not house.left())


def test_redis_is_stopped_after_those_who_need_it(house: House) -> None:
    house.open("base", "sender")
    house.signal(signal.SIGTERM)
    assert (house.folder / "base.ended").read_text() == "sender"


def test_a_taken_port_is_named_with_what_to_do(settings: Settings) -> None:
    with (
        socket.create_server(("127.0.0.1", settings.port)),
        socket.create_server(("127.0.0.1", settings.desk_port)),
        pytest.raises(supervisor.CannotStart) as refusal,
    ):
        supervisor.check_ports(settings)
    first, second = str(refusal.value).splitlines()
    assert re.match(rf"Port {settings.port} .* PORT=\d+", first)
    assert re.match(rf"Port {settings.desk_port} .* DESK_PORT=\d+", second)


def test_a_port_that_is_roots_is_not_answered_with_another_of_roots(settings: Settings) -> None:
    with pytest.raises(supervisor.CannotStart, match="PORT=8443 make run"):
        supervisor.check_ports(replace(settings, host="192.0.2.1", port=443))


def test_a_data_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(supervisor.CannotStart, match="DATA_DIR cannot be written: Not a directory"),
        supervisor.only_one(tmp_path / "file" / "var"),
    ):
        pytest.fail("it was let in")


def test_free_ports_are_left_free(settings: Settings) -> None:
    supervisor.check_ports(settings)
    supervisor.check_ports(settings)


def test_two_frontdesks_never_share_their_data(tmp_path: Path) -> None:
    with (
        supervisor.only_one(tmp_path),
        pytest.raises(supervisor.CannotStart, match=f"process {os.getpid()}"),
        supervisor.only_one(tmp_path),
    ):
        pytest.fail("both were let in")


def test_a_second_run_finds_the_data_free_again(tmp_path: Path) -> None:
    with supervisor.only_one(tmp_path):
        pass
    with supervisor.only_one(tmp_path):
        assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_what_is_wrong_with_the_settings_is_printed_and_nothing_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert supervisor.run({"DATA_DIR": str(tmp_path / "var"), "PORT": "none", "SIMULATOR": "perhaps"}) == 1
    assert capsys.readouterr().err.splitlines() == [
        "PORT must be a port from 1 to 65535.",
        "SIMULATOR must be on or off.",
    ]
    assert not (tmp_path / "var").exists()
