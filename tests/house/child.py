"""One of the supervisor's children, ``child.py FOLDER NAME``: it needs nothing of ours, and is there at once.

A child is named for what it does: "deaf" ignores SIGTERM, "parent" has a child that left its process group, "base" is
stopped last. Each leaves a file NAME.PID in FOLDER while starting, and NAME.ended when it ends by itself.
"""

import os
import signal
import sys
from pathlib import Path
from typing import NoReturn


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
    be(Path(sys.argv[1]), sys.argv[2])
