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

    add("history", _history, "Who published what, and when; the newest first.")
    publish = add("publish", _publish, "Check the flow files and make them what the bot says.")
    _add_order(publish)
    diff = add("diff", _diff, "What the folder changes; or what changed since a revision, or between two.")
    diff.add_argument("revisions", nargs="*", metavar="REVISION", help="the beginning of its id")
    census = add("census", _census, "Who is in the middle of what, and what would become of them.")
    census.add_argument("--move", action="store_true", help=MOVE)
    changes = add("changes", _changes, "What an edit would change for the patients who wrote lately, step by step.")
    changes.add_argument("directory", nargs="?", default=os.environ.get("FLOWS_DIR", "flows"), help="the edited files")
    changes.add_argument("--days", type=int, default=30)
    changes.add_argument("--turns", type=int, default=50_000, help="look at no more than so many")
    rollback = add("rollback", _rollback, "Publish an older revision again.")
    rollback.add_argument("revision", metavar="REVISION", help="the beginning of its id")
    _add_order(rollback)
    get = add("get", _get, "Write what is published, or an older revision, into an empty folder.")
    get.add_argument("folder", type=Path)
    get.add_argument("revision", nargs="?", default="", metavar="REVISION", help="the beginning of its id")
    imports = add("import", _import, "Take in flows of RapidPro, TextIt or Twilio Studio, or a file of another clinic.")
    imports.add_argument("file", type=Path)
    imports.add_argument("--to", type=Path, default=Path("flows-imported"), help="a folder of flows, or a new one")
    exports = add("export", _export, "Write the flows to one file that another clinic can load.")
    exports.add_argument("directory", nargs="?", type=Path, default=Path(os.environ.get("FLOWS_DIR", "flows")))
    exports.add_argument("--to", type=Path, help="the file; without it, it is printed")
    exports.add_argument("--with-tests", action="store_true", help="the flows' tests too: read them first")


MOVE = "move people who are in the middle of something into it; without it they finish what they began"


def _add_order(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--note", default="", help="what it is about, for colleagues")
    parser.add_argument("--base", default="", metavar="REVISION", help="the revision the edit began from")
    parser.add_argument("--move", action="store_true", help=MOVE)
    parser.add_argument("--as", dest="by", default=os.environ.get("USER", "terminal"), help="your name")


def _history(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.history(options)


def _publish(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.publish(options)


def _diff(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.diff(options)


def _census(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.census(options)


def _changes(options: argparse.Namespace) -> int:
    from bot import recordings

    return recordings.changes(os.environ, options)


def _rollback(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.roll_back(options)


def _get(options: argparse.Namespace) -> int:
    from bot.flow_commands import publishing

    return publishing.get(options)


def _import(options: argparse.Namespace) -> int:
    from bot.flow_commands import carrying

    return carrying.bring(options.file, options.to, os.environ, options.json)


def _export(options: argparse.Namespace) -> int:
    from bot.flow_commands import carrying

    return carrying.take_away(options.directory, options.to, options.with_tests)
