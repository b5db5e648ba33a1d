"""``make prove``: the short form of everything that may never happen. Fails on counts, prints times."""

from __future__ import annotations

import subprocess
import sys

PROOFS = (
    ("no two appointments overlap", ["tests.races.book", "--attempts", "2000", "--slots", "50", "--processes", "8"]),
    ("nobody speaks without control", ["tests.races.control", "--runs", "300", "--claims", "200"]),
    ("every promise is kept in bad weather", ["tests.simulation", "--seeds", "300"]),
    ("every message is answered", ["tests.bench", "--short"]),
)


def main() -> int:
    """Run every proof to its end; 1 when one failed."""
    failed = []
    for what, arguments in PROOFS:
        print(f"-- {what}", flush=True)
        if subprocess.run([sys.executable, "-m", *arguments], check=False).returncode != 0:
            failed.append(what)
    print(f"{len(PROOFS) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
