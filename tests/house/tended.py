"""A supervisor for test_supervisor: ``python -m tests.house.tended FOLDER CHILD...`` tends children named so."""

import os
import sys
from pathlib import Path

from bot.supervisor import Child, Supervisor

CHILD = Path(__file__).with_name("child.py")


def tend(folder: str, names: list[str]) -> None:
    with Supervisor(os.environ) as supervisor:
        supervisor.start(Child(name, (sys.executable, str(CHILD), folder, name), base=name == "base") for name in names)
        supervisor.wait_until(lambda: False)


if __name__ == "__main__":
    tend(sys.argv[1], sys.argv[2:])
