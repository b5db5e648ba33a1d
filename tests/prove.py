"""``make prove``: the short form of everything that may never happen. Fails on counts, prints times."""

from __future__ import annotations

import subprocess
import sys

PROOFS = (
    ("no two appointments overlap", ["tests.races", "--attempts", "2000", "--turns", "200", "--kills", "10"]),
    ("every promise is kept in bad weather", ["tests.simulation", "--seeds", "300"]),
    ("nothing is said twice", ["tests.sends", "--sends", "1000"]),
    ("nothing is lost when Redis is emptied", ["tests.chaos.flushes", "--times", "100"]),
    ("nothing is lost or doubled whatever dies", ["tests.chaos", "--deliveries", "1000", "--kills", "8"]),
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
