"""``make prove``: the short form of everything that may never happen. Fails on counts, prints times."""

from __future__ import annotations

import subprocess
import sys

PROOFS = (
    ("no two appointments overlap", ["tests.races", "--attempts", "2000", "--turns", "200", "--kills", "10"]),
    ("nobody speaks without control", ["tests.races.control", "--runs", "300", "--claims", "200"]),
    ("desk pages: all can be read, nothing anybody wrote runs", ["tests.pages", "--short"]),
    ("every message is on every one of forty screens", ["tests.desks", "--short"]),
    ("ten thousand are shown as ten are", ["tests.desks.paint"]),
    (
        "every promise is kept in bad weather, and a journal gives every turn again",
        ["tests.simulation", "--seeds", "1000", "--go-on"],
    ),
    ("nobody is left alone in any state", ["bot", "check", "--walk", "--states", "8000"]),
    ("an edit strands nobody and loses no answer", ["tests.publishing", "--triples", "10000"]),
    ("mistakes in the flows are found", ["tests.defects", "--sample", "150"]),
    ("no file and no reply makes it fail", ["tests.fuzz", "--seconds", "60"]),
    ("nothing is said twice", ["tests.sends", "--sends", "1000"]),
    ("nothing is lost when Redis is emptied", ["tests.chaos.flushes", "--times", "100"]),
    ("nothing is lost or doubled whatever dies", ["tests.chaos", "--deliveries", "1000", "--kills", "8"]),
    ("nor on PostgreSQL", ["tests.chaos", "--deliveries", "500", "--kills", "5", "--postgresql"]),
    (
        "no reminder is lost, said twice or said of an old time",
        ["tests.reminders", "--reminders", "100", "--kills", "30", "--seconds", "45"],
    ),
    ("every message is answered", ["tests.bench", "--short"]),
)
MEANWHILE = ("nothing grows", ["tests.soak", "--minutes", "3"])
"""Takes its minutes whatever the machine, and little of it."""


LAST_LINES = 40
"""Of a proof that failed, said again at the end: of a long record often only the end is seen."""


def main() -> int:
    """Run every proof to its end; 1 when one failed."""
    failed: dict[str, str] = {}
    what_else, arguments = MEANWHILE
    with _started(arguments) as meanwhile:
        for what, arguments in PROOFS:
            print(f"-- {what}", flush=True)
            told = ""
            with _started(arguments) as proof:
                for line in proof.stdout or ():
                    print(line, end="", flush=True)
                    told += line
            if proof.returncode != 0:
                failed[what] = told
        told, _ = meanwhile.communicate()
    print(f"-- {what_else}\n{told}", end="", flush=True)
    if meanwhile.returncode != 0:
        failed[what_else] = told
    for what, told in failed.items():
        print(f"-- FAILED: {what}", *told.splitlines()[-LAST_LINES:], sep="\n")
    print(f"{len(PROOFS) + 1 - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _started(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


if __name__ == "__main__":
    sys.exit(main())
