"""``python -m bot flows ACTION``: what can be done with the flow files. An action is a line here and a function in a
module of its own, which is imported when it is asked for."""

from __future__ import annotations

import argparse
from collections.abc import Callable

Command = Callable[[argparse.Namespace], int]


def add_actions(flows: argparse.ArgumentParser) -> None:
    """Every action of ``python -m bot flows``. Without one, what there is."""
    actions = flows.add_subparsers(metavar="ACTION")
    flows.set_defaults(command=lambda options: flows.print_help() or 0)

    def add(name: str, command: Command, sentence: str) -> argparse.ArgumentParser:
        one = actions.add_parser(name, help=sentence, description=sentence)
        one.add_argument("--json", action="store_true", help="for programs: one object")
        one.set_defaults(command=command)
        return one

    del add
