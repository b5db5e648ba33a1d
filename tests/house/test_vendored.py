"""What is not ours is what it says it is."""

import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "bot" / "web" / "static"


def test_vendored_files_are_what_was_published() -> None:
    """The digests are of ``dist/htmx.min.js`` in the package htmx.org of that version."""
    listed = dict(
        reversed(line.split(maxsplit=1)) for line in (STATIC / "desk" / "SHA256SUMS").read_text().splitlines()
    )
    found = {path.name for path in STATIC.rglob("*.js") if re.search(r"\d\.\d|\.min\.", path.name)}
    assert found == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((STATIC / "desk" / name).read_bytes()).hexdigest() == digest
