"""``make bench``: what it costs to answer a patient."""

from __future__ import annotations

import argparse
import sys

from tests.bench import reply

if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=200)
    options.add_argument("--a-second", type=float, default=10.0)
    given = options.parse_args()
    sys.exit(reply.measure(given.messages, given.a_second))
