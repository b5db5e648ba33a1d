"""``python -m bot flows import`` and ``export``: flows that come from elsewhere, and flows for another clinic."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from bot import wiring


def bring(file: Path, folder: Path, environ: Mapping[str, str], as_json: bool) -> int:
    """Translate a file into flows of ``folder`` and tell what needs a person. 1 when nothing was written."""
    try:
        arrived = wiring.import_flows(file, folder, Path(environ.get("FLOWS_DIR") or "flows"))
    except wiring.FlowsRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    if as_json:
        told = {
            "source": arrived.source,
            "files": sorted(arrived.files),
            "flows": arrived.flows,
            "kept": arrived.kept,
            "needs a person": [asdict(one) for one in arrived.untranslated],
            "faults": [one.as_data() for one in arrived.faults],
        }
        print(json.dumps(told, ensure_ascii=False, indent=2))
        return 0
    print(f"From {arrived.source}: {', '.join(arrived.flows) or 'nothing new'}.")
    for name in sorted(arrived.files):
        print(f"  {folder / name}")
    for name in arrived.kept:
        print(f"  {folder / name} was there already and was left as it is.")
    _tell_what_is_left(arrived)
    print(f"\nLook at it: python -m bot check {folder}    Talk to it: python -m bot chat {folder}")
    return 0


def _tell_what_is_left(arrived: wiring.FlowsArrived) -> None:
    if arrived.untranslated:
        print(f"\n{len(arrived.untranslated)} to look at:")
    for one in arrived.untranslated:
        print(f"  {one}")
    errors = [one for one in arrived.faults if one.level == "error"]
    if errors:
        print(f"\n{len(errors)} to put right before it can be used:")
    for fault in errors:
        print(f"  {fault.told}")


def take_away(folder: Path, file: Path | None, with_tests: bool) -> int:
    """Write the flows of a folder to one file. 1 when they must not, or cannot, be used elsewhere."""
    try:
        packed = wiring.export_flows(folder, with_tests)
        if file is None:
            sys.stdout.write(packed.decode())
            return 0
        with file.open("xb") as written:
            written.write(packed)
    except wiring.FlowsRefused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"{file} cannot be written: {error.strerror}.", file=sys.stderr)
        return 1
    print(f"Written to {file}. Names, numbers and addresses of clinic.yaml are examples in it; texts are as they are.")
    print("Read them before you give it away: python -m bot flows import FILE --to FOLDER puts them into files.")
    return 0
