"""A supervisor for test_supervisor: ``python -m tests.house.tended FOLDER CHILD...`` tends children named so."""

import os
import sys
from dataclasses import replace
from pathlib import Path

from bot.supervisor import Child, Patience, Supervisor

CHILD = Path(__file__).with_name("child.py")
RESTART_SECONDS, DEAF_SECONDS = 0.2, 0.5
"""Whoever is deaf is not waited for: he ends in no time that one could give him."""


def tend(folder: str, names: list[str]) -> None:
    patience = Patience(RESTART_SECONDS)
    if any("deaf" in name for name in names):
        patience = replace(patience, stop=DEAF_SECONDS)
    with Supervisor(os.environ, patience) as supervisor:
        supervisor.start(Child(name, (sys.executable, str(CHILD), folder, name), base=name == "base") for name in names)
        supervisor.wait_until(lambda: False)


if __name__ == "__main__":
    tend(sys.argv[1], sys.argv[2:])
