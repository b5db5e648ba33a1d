"""What the web process weighs: how long it takes to import, what it imports, and what it holds in memory."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from tests.bench import house

IMPORT_SECONDS_GOAL, MEMORY_MIB_GOAL, MODULES_GOAL = 0.8, 90, 450
_PROGRAM = """
import os, sys, time
began = time.perf_counter()
import wsgi
from bot import settings, web, wiring
imported = time.perf_counter()
app = wsgi.webhook()
ready = time.perf_counter()
from tests.bench.house import memory_mib
modules = len(sys.modules)
print(imported - began, ready - began, modules, memory_mib(os.getpid()))
"""


def measure(runs: int) -> None:
    """Print the medians of some starts."""
    found = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, house.redis(Path(folder, "redis")) as redis_url:
        environ = house.environment(
            Path(folder), 8000, f"sqlite:///{folder}/frontdesk.sqlite", redis_url, "http://127.0.0.1:1"
        )
        house.migrate(environ)
        for _ in range(runs):
            done = subprocess.run(
                [sys.executable, "-c", _PROGRAM], env=environ, capture_output=True, text=True, check=True
            )
            found.append([float(word) for word in done.stdout.split()])
    imported, ready, modules, memory = (median(values) for values in zip(*found, strict=True))
    print(
        f"web process: imported in {imported:.2f} s (goal {IMPORT_SECONDS_GOAL}), with its flows {ready:.2f} s, "
        f"{modules:.0f} modules (goal {MODULES_GOAL}), {memory:.0f} MiB (goal {MEMORY_MIB_GOAL})"
    )
