"""``python -m tests.publishing --triples 10000``: conversations at random, an edit at random published under them."""

from __future__ import annotations

import argparse
import sys
import time

from tests.publishing.triples import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.publishing", description=__doc__)
    parser.add_argument("--triples", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.monotonic()
    count = run(options.triples, options.seed)
    for line in count.wrong[:20]:
        print(f"seed {options.seed}: {line}")
    fates = ", ".join(f"{number} {fate}" for fate, number in count.fates.most_common())
    print(f"flows in the middle: {fates}; {count.compared} turns had to walk the same way")
    seconds = time.monotonic() - began
    print(
        f"{count.triples} conversations, edits and ways of publishing ({count.edits} edits; {count.refused} more were "
        f"refused by the checks): {len(count.wrong)} went wrong ({seconds:.0f} s)"
    )
    return 1 if count.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
