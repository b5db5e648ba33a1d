"""Frontdesk's commands: ``python -m bot COMMAND``. Each has a sentence in ``--help``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bot.flow_commands import add_actions as add_flow_actions

if TYPE_CHECKING:
    from bot.core.flow import Clinic

Command = Callable[[argparse.Namespace], int]
ANOTHER_PYTHON = """\
This Python has no package "{missing}". Use the one that make builds for Frontdesk: .venv/bin/python -m bot ...
or first, once in this terminal: . .venv/bin/activate"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. Everything a command needs is imported by it alone."""
    options = _parser().parse_args(argv)
    command: Command = options.command
    try:
        return command(options)
    except KeyboardInterrupt:
        return 130
    except ModuleNotFoundError as missing:
        if (missing.name or "").partition(".")[0] == "bot":
            raise
        print(ANOTHER_PYTHON.format(missing=missing.name), file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    about = "A WhatsApp front desk that a clinic runs itself."
    parser = argparse.ArgumentParser(prog="python -m bot", description=about)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, command: Command, sentence: str) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=sentence, description=sentence)
        one.set_defaults(command=command)
        return one

    add("run", _run, "Start everything and keep it running, until Ctrl-C.")
    add("migrate", _migrate, "Bring the database to the shape this version needs.")
    backups = add("backup", _backup, "Write everything that must not be lost to one file, while Frontdesk runs.")
    backups.add_argument("file", type=Path)
    restores = add("restore", _restore, "Put a backup in the place of what is here; Frontdesk must be stopped.")
    restores.add_argument("file", type=Path)
    restores.add_argument("--yes", action="store_true", help="lose what is newer than the backup")
    checks = add("check", _check, "Check the flow files and say everything that is wrong with them.")
    checks.add_argument("directory", nargs="?", default=os.environ.get("FLOWS_DIR", "flows"))
    checks.add_argument("--json", action="store_true", help="print the faults for another program")
    checks.add_argument("--walk", action="store_true", help="also walk every state a patient can come to (minutes)")
    checks.add_argument("--states", type=int, default=0, help="with --walk: no more than so many, the nearest first")
    tests = add("test", _test, "Hold the conversations written down in the flows' tests.")
    tests.add_argument("directory", nargs="?", default=os.environ.get("FLOWS_DIR", "flows"))
    tests.add_argument("--coverage", action="store_true", help="also print which steps and ways were walked")
    tests.add_argument("--json", action="store_true", help="print what the tests tell of the files for another program")
    tests.add_argument("--write", action="store_true", help="also propose talks for the ways no test walks, to be read")
    tests.add_argument("--rewrite", action="store_true", help="put what the bot says now into tests that expect else")
    replays = add("replay", _replay, "Decide recorded turns again, and say whether each comes to the same.")
    replays.add_argument("conversation", nargs="?", default="", help="its id, or the beginning of it; all if left out")
    replays.add_argument("--days", type=int, default=30, help="of all: those in which something happened since")
    _add_transcripts(add("transcripts", _transcripts, "Make tests of recorded conversations."))
    chat = add("chat", _chat, "Hold a conversation with the bot here in the terminal, without a server.")
    chat.add_argument("directory", nargs="?", default=os.environ.get("FLOWS_DIR", "flows"))
    chat.add_argument("--save", type=Path, metavar="FILE", help="afterwards, keep the talk as a test, word by word")
    _add_staff(add("staff", _staff, "See who may sign in at the desk, invite, disable, and let in who is locked out."))
    doctors = add("doctor", _doctor, "Examine this installation, and print the addresses to enter at Twilio.")
    doctors.add_argument("--json", action="store_true", help="for programs: one object")
    fallbacks = add("fallback", _fallback, "Write the emergency words as a file for Twilio, to be kept elsewhere.")
    fallbacks.add_argument("directory", type=Path)
    templates = add("templates", _templates, "Keep the message templates at Twilio in step with templates.yaml.")
    sentences = "list: what we know; create: make what is missing; submit: ask WhatsApp to approve; "
    sentences += "status: ask how they stand; sync: all of it"
    actions = ("list", "create", "submit", "status", "sync")
    templates.add_argument("action", nargs="?", choices=actions, default="list", help=sentences)
    flows = "Publish what the bot says, compare it, and go back to what it said before."
    add_flow_actions(commands.add_parser("flows", help=flows, description=flows))
    _add_patient_data(
        add("export", _export, "Take out everything kept about a patient, in one file."),
        add("forget", _forget, "Erase everything kept about a patient, once you have confirmed it."),
    )
    _add_desk(add("desk", _desk_list, "See who needs a person, read, take over, reply and hand back."))
    return parser


def _add_patient_data(exports: argparse.ArgumentParser, forgets: argparse.ArgumentParser) -> None:
    for one in (exports, forgets):
        about = "the id of a conversation, or patient:42; left out, it or a number is asked for"
        one.add_argument("whose", nargs="?", default="", help=about)
        also = "also a conversation of hers in which others are spoken of"
        one.add_argument("--with", dest="including", action="append", default=[], metavar="CONVERSATION", help=also)
    exports.add_argument("--to", type=Path, required=True, metavar="FILE", help="a zip, which must not be there yet")


def _add_transcripts(transcripts: argparse.ArgumentParser) -> None:
    actions = transcripts.add_subparsers(required=True, metavar="ACTION")
    sentence = "Save a talk as a test, with the patient's names, numbers and days replaced."
    save = actions.add_parser("save", help=sentence, description=sentence)
    save.add_argument("conversation", help="its id, or the beginning of it")
    save.add_argument("file", type=Path, help="where: flows/tests/NAME.yaml; a file that is there is added to")
    save.add_argument("--talk", type=int, default=1, help="1 is the latest (the default), 2 the one before ...")
    save.add_argument("--name", default="A conversation that was saved", help="what the test is called")


def _add_staff(staff: argparse.ArgumentParser) -> None:
    actions = staff.add_subparsers(metavar="ACTION")
    for action, sentence in (
        ("list", "Everybody, and what each may do (the default)."),
        ("first", "Print the link that makes the first admin, as long as there are no staff."),
        ("invite", "Print a link with which somebody new comes in."),
        ("disable", "Sign somebody out everywhere, and let her in no more."),
        ("enable", "Let somebody in again."),
        ("reset", "Print a link that sets a new password and switches the second factor off."),
    ):
        one = actions.add_parser(action, help=sentence, description=sentence)
        one.set_defaults(action=action)
        if action not in ("list", "first"):
            one.add_argument("login", help="the name to sign in with")
        if action == "invite":
            one.add_argument("--name", help="as colleagues know her; the sign-in name if left out")
            one.add_argument("--role", default="reception", choices=("reception", "lead", "admin", "read_only"))
    staff.set_defaults(action="list")


def _add_desk(desk: argparse.ArgumentParser) -> None:
    desk.add_argument("--as", dest="by", default=os.environ.get("USER", "reception"), help="your name")
    desks = desk.add_subparsers(metavar="ACTION")
    for name, action, sentence in (
        ("list", "list", "Who needs a person (the default)."),
        ("read", "read", "Read a conversation."),
        ("take", "take", "Take a conversation over; the bot is silent from then on."),
        ("reply", "reply", "Write to the patient."),
        ("back", "back", "Hand a conversation back."),
    ):
        one = desks.add_parser(name, help=sentence, description=sentence)
        one.set_defaults(action=action)
        if name != "list":
            one.add_argument("conversation", help="its id, or the beginning of it")
        if name == "reply":
            one.add_argument("words", nargs="+")
        if name == "back":
            one.add_argument("--to", choices=("menu", "continue", "silent"), default="menu")
    desk.set_defaults(action="list")


def _run(options: argparse.Namespace) -> int:
    from bot import supervisor

    return supervisor.run(os.environ)


def _migrate(options: argparse.Namespace) -> int:
    """After a power cut the database may come up later than we do: it is waited for, and said why. What will not go
    away by itself is not waited for."""
    from bot import settings, wiring
    from bot.ports import BookAway, BookRefused

    wiring.log_to_stderr()
    said = ""
    while True:
        try:
            wiring.migrate_book(settings.read(os.environ))
            return 0
        except (settings.Unsafe, BookRefused) as refusal:
            print(refusal, file=sys.stderr)
            return 1
        except BookAway as away:
            why = f"The database cannot be used ({away}): look whether it runs, and at DATABASE_URL. Waiting for it."
            if why != said:
                print(why, file=sys.stderr, flush=True)
            said = why
        time.sleep(1)


def _backup(options: argparse.Namespace) -> int:
    from bot import settings, wiring
    from bot.ports import BookAway

    wiring.log_to_stderr()
    try:
        wiring.back_up(settings.read(os.environ), options.file)
    except (settings.Unsafe, wiring.BackupRefused) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The backup cannot be written: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    print(f"Written to {options.file}. It holds patients' words and the secret key: keep it where nobody else reads.")
    return 0


def _restore(options: argparse.Namespace) -> int:
    from bot import settings, supervisor, wiring
    from bot.ports import BookAway, LiveAway

    wiring.log_to_stderr()
    try:
        read = settings.read(os.environ)
        with supervisor.only_one(read.data_dir):
            wiring.restore(read, options.file, options.yes)
    except (settings.Unsafe, supervisor.CannotStart, wiring.BackupRefused) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
        return 1
    except LiveAway:
        print("Redis cannot be reached: it must forget what it knows. Start it, and restore again.", file=sys.stderr)
        return 1
    print(
        "Restored; start Frontdesk again. What may have been sent since is looked up at Twilio before it is sent again."
    )
    return 0


def _check(options: argparse.Namespace) -> int:
    from bot import wiring

    loaded, faults = wiring.look_at_flows(Path(options.directory))
    errors = sum(fault.level == "error" for fault in faults)
    if options.json:
        print(json.dumps([fault.as_data() for fault in faults], ensure_ascii=False, indent=2))
        return 1 if errors else 0
    for fault in faults:
        print(fault.told)
    print(f"{errors} to put right, {len(faults) - errors} to look at." if faults else "Nothing to put right.")
    if loaded.unread:
        print("What the files lead to is judged as soon as each of them can be read.")
    if options.walk and loaded.clinic is not None and loaded.sound:
        return _walk(loaded.clinic, options.states)
    return 1 if errors else 0


def _walk(clinic: Clinic, states: int) -> int:
    from bot.core.explore import STATES_MAX, explore

    explored = explore(clinic, states or STATES_MAX)
    for one in explored.left_alone:
        print(one)
    whole = "" if explored.whole else ", and there was more to walk: this proves nothing about the rest"
    print(f"{explored.states} states and {explored.turns} turns walked{whole}.")
    print(f"{len(explored.left_alone)} ways to be left alone." if explored.left_alone else "Nobody is left alone.")
    return 1 if explored.left_alone or not (explored.whole or states) else 0


def _test(options: argparse.Namespace) -> int:
    from bot import trials

    wanted = trials.Wanted(options.coverage, options.json, options.write, options.rewrite)
    return trials.test(Path(options.directory), wanted)


def _replay(options: argparse.Namespace) -> int:
    from bot import recordings

    return recordings.replay(os.environ, options.conversation, options.days)


def _transcripts(options: argparse.Namespace) -> int:
    from bot import recordings

    return recordings.save(os.environ, options)


def _chat(options: argparse.Namespace) -> int:
    from bot import trials

    return trials.chat(Path(options.directory), options.save)


def _staff(options: argparse.Namespace) -> int:
    from bot import terminal

    return terminal.staff(os.environ, options)


def _doctor(options: argparse.Namespace) -> int:
    from bot import terminal

    return terminal.doctor(os.environ, options.json)


def _fallback(options: argparse.Namespace) -> int:
    from bot import terminal

    return terminal.fallback(os.environ, options.directory)


def _templates(options: argparse.Namespace) -> int:
    from bot import terminal

    return terminal.templates(os.environ, options.action)


def _export(options: argparse.Namespace) -> int:
    from bot import patient_data

    return patient_data.export(os.environ, options)


def _forget(options: argparse.Namespace) -> int:
    from bot import patient_data

    return patient_data.forget(os.environ, options)


def _desk_list(options: argparse.Namespace) -> int:
    from bot import terminal

    environ: Mapping[str, str] = os.environ
    return terminal.desk(environ, options)


if __name__ == "__main__":
    sys.exit(main())
