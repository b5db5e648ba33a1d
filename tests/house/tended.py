"""Programs for test_supervisor: `tend FOLDER CHILD...` is a supervisor, `be FOLDER CHILD` one of its children.

A child is named for what it does: "deaf" ignores SIGTERM, "parent" has a child that left its process group, "base" is
stopped last. Each leaves a file NAME.PID in FOLDER while starting, and NAME.ended when it ends by itself.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from bot.supervisor import Child, Supervisor


def tend(folder: str, names: list[str]) -> None:
    be = (sys.executable, "-m", "tests.house.tended", "be", folder)
    with Supervisor(os.environ) as supervisor:
        supervisor.start(Child(name, (*be, name), base=name == "base") for name in names)
        supervisor.wait_until(lambda: False)


def be(folder: Path, name: str) -> NoReturn:
    def end(*_: object) -> None:
        left = ",".join(sorted(path.name.partition(".")[0] for path in folder.glob("*.ended")))
        (folder / f"{name}.ended").write_text(left)
        sys.exit()

    signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in name else end)
    if "parent" in name and os.fork() == 0:
        os.setpgrp()
        name = f"{name}s-child"
    (folder / f"{name}.{os.getpid()}").touch()
    while True:
        signal.pause()


if __name__ == "__main__":
    if sys.argv[1] == "tend":
        tend(sys.argv[2], sys.argv[3:])
    else:
        be(Path(sys.argv[2]), sys.argv[3])
