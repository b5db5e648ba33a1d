"""``python -m bot flows ACTION``: what can be done with the flow files. An action is a line here and a function in a
module of its own, which is imported when it is asked for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

Command = Callable[[argparse.Namespace], int]


def add_actions(flows: argparse.ArgumentParser) -> None:
    """Every action of ``python -m bot flows``. Without one, what there is."""
    actions = flows.add_subparsers(metavar="ACTION")

    def tell(options: argparse.Namespace) -> int:
        flows.print_help()
        return 0

    flows.set_defaults(command=tell)

    def add(name: str, command: Command, sentence: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=sentence, description=sentence)
        one.add_argument("--json", action="store_true", help="for programs: one object")
        one.set_defaults(command=command)
        return one

    imports = add("import", _import, "Take in flows of RapidPro, TextIt or Twilio Studio, or a file of another clinic.")
    imports.add_argument("file", type=Path)
    imports.add_argument("--to", type=Path, default=Path("flows-imported"), help="a folder of flows, or a new one")
    exports = add("export", _export, "Write the flows to one file that another clinic can load.")
    exports.add_argument("directory", nargs="?", type=Path, default=Path(os.environ.get("FLOWS_DIR", "flows")))
    exports.add_argument("--to", type=Path, help="the file; without it, it is printed")
    exports.add_argument("--with-tests", action="store_true", help="the flows' tests too: read them first")


def _import(options: argparse.Namespace) -> int:
    from bot.flow_commands import carrying

    return carrying.bring(options.file, options.to, os.environ, options.json)


def _export(options: argparse.Namespace) -> int:
    from bot.flow_commands import carrying

    return carrying.take_away(options.directory, options.to, options.with_tests)
