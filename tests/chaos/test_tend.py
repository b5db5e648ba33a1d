"""The false clock, where there is one: it leaves nothing behind, however its processes end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import needs
from tests.chaos.tend import FAKETIME, SHARED, by_the_false_clock, clear_away

READY = "print('ready', flush=True); input()"


def test_a_process_that_is_killed_leaves_nothing_of_its_false_clock(tmp_path: Path) -> None:
    needs.require(FAKETIME, "libfaketime is not installed (Debian: apt-get install faketime)")
    clock = tmp_path / "clock"
    clock.write_text("+3600\n")
    command = (*by_the_false_clock(clock), sys.executable, "-c", READY)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        left = [SHARED / f"faketime_shm_{process.pid}", SHARED / f"sem.faketime_sem_{process.pid}"]
        assert all(file.exists() for file in left)
        process.kill()
    clear_away(clock)
    assert not any(file.exists() for file in left)
