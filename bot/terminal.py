"""What the commands print and ask: the desk in a terminal, a conversation without a server, the flows' own tests."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from bot import settings as environment
from bot import wiring
from bot.core.staff import fold_login
from bot.desk import reception, replying
from bot.desk import staff as accounts
from bot.desk.reading import reader
from bot.desk.transcripts import coverage, play
from bot.desk.turns import Arrived, receive
from bot.ports import BookAway, Desk, Outgoing, Result


def desk(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot desk``: who waits, what was said, take over, reply, hand back."""
    try:
        desk = wiring.open_desk(environment.read(environ))
        return _AT_DESK[options.action](desk, options)
    except (environment.Unsafe, wiring.BrokenFlows, reception.Refused, Unknown) as refusal:
        print(refusal, file=sys.stderr)
    except BookAway:
        print("The database cannot be reached. Is Frontdesk set up here? Try: make run", file=sys.stderr)
    return 1


class Unknown(Exception):
    """No conversation, or more than one, goes by what was typed; or nobody signs in with that name."""


def staff(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot staff``: who may sign in, and ways in for whoever cannot."""
    try:
        settings = environment.read(environ)
        print(_AT_STAFF[options.action](wiring.open_desk(settings), settings, options), end="")
    except (environment.Unsafe, wiring.BrokenFlows, accounts.Invalid, accounts.Impossible, Unknown) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except BookAway:
        print("The database cannot be reached. Is Frontdesk set up here? Try: make run", file=sys.stderr)
        return 1
    return 0


def _everybody(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    lines = [f"{one.login:20} {one.role:10} {one.status:9} {one.name}\n" for one in accounts.everybody(desk)]
    return "".join(lines) or "Nobody yet. The first admin comes in with: python -m bot staff first\n"


def _first(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    made = accounts.first_link(desk, wiring.open_locks(settings))
    return f"No staff yet. The first admin comes in here, once: {_address(settings, made)}\n" if made else ""


def _invite(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    name = options.name or options.login
    made = accounts.invite(desk, wiring.open_locks(settings), accounts.TERMINAL, name, options.login, options.role)
    return f"{name} comes in here, once: {_address(settings, made)}\n"


def _reset(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    account = _staff_called(desk, options.login)
    made = accounts.rescue(desk, wiring.open_locks(settings), accounts.TERMINAL, account)
    return f"A new password is set here, once: {_address(settings, made)}\n"


def _disable(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    accounts.disable(desk, accounts.TERMINAL, _staff_called(desk, options.login))
    return "Signed out everywhere, and let in no more.\n"


def _enable(desk: Desk, settings: environment.Settings, options: argparse.Namespace) -> str:
    accounts.enable(desk, accounts.TERMINAL, _staff_called(desk, options.login))
    return "Let in again.\n"


_AT_STAFF = {
    "list": _everybody,
    "first": _first,
    "invite": _invite,
    "reset": _reset,
    "disable": _disable,
    "enable": _enable,
}


def _staff_called(desk: Desk, login: str) -> str:
    for one in accounts.everybody(desk):
        if one.login == fold_login(login):
            return one.id
    raise Unknown(f"Nobody signs in as {login}. See: python -m bot staff")


def _address(settings: environment.Settings, made: accounts.Made) -> str:
    return f"{settings.desk_url}/desk/join/{made.token}"


def _list(desk: Desk, options: argparse.Namespace) -> int:
    waiting = reception.needing_a_person(desk)
    now = desk.clock.now().timestamp()
    for one in waiting:
        mark = "URGENT " if one.urgent else ""
        holder = f"with {one.holder}" if one.control == "held" else "waits"
        minutes = int((now - one.waiting_since) // 60) if one.waiting_since else 0
        print(f"{one.conversation[:10]}  {mark}{holder} {minutes} min  {one.reason or 'sent something to look at'}")
    print(f"{len(waiting)} conversation(s) need a person." if waiting else "Nobody is waiting.")
    return 0


def _read(desk: Desk, options: argparse.Namespace) -> int:
    for line in reception.thread(desk, _find(desk, options.conversation)):
        at = datetime.fromtimestamp(line.at, desk.diary.zone)
        who = line.speaker if line.who == "staff" else line.who
        status = f"  [{line.status}]" if line.status else ""
        print(f"{at:%d %b %H:%M} {who}: {line.text}{status}")
    return 0


def _take(desk: Desk, options: argparse.Namespace) -> int:
    reception.take_over(desk, _find(desk, options.conversation), options.by)
    print("It is yours. The assistant is silent until you hand it back.")
    return 0


def _reply(desk: Desk, options: argparse.Namespace) -> int:
    replying.reply(desk, _find(desk, options.conversation), options.by, " ".join(options.words))
    print("On its way.")
    return 0


def _back(desk: Desk, options: argparse.Namespace) -> int:
    reception.hand_back(desk, _find(desk, options.conversation), options.by, options.to)
    print("Closed without a word." if options.to == "silent" else "The assistant has it again.")
    return 0


_AT_DESK = {"list": _list, "read": _read, "take": _take, "reply": _reply, "back": _back}


def _find(desk: Desk, beginning: str) -> str:
    found = [one.conversation for one in reception.needing_a_person(desk) if one.conversation.startswith(beginning)]
    if len(found) == 1:
        return found[0]
    if len(found) > 1:
        raise Unknown(f"{len(found)} conversations begin with {beginning}. Type more of it.")
    if reception.thread(desk, beginning, 1):
        return beginning
    raise Unknown(f"No conversation begins with {beginning}. See: python -m bot desk list")


def test(directory: Path, with_coverage: bool) -> int:
    """``python -m bot test``: hold the conversations the clinic wrote down, with stand-ins for its system."""
    loaded, faults = wiring.look_at_flows(directory)
    transcripts, unreadable = wiring.transcripts(directory)
    errors = [fault for fault in (*faults, *unreadable) if fault.level == "error"]
    if errors or loaded.clinic is None or loaded.diary is None:
        print("\n".join(map(str, errors)))
        return 1
    read = reader(loaded.clinic, loaded.diary.zone)
    played = [play(loaded.clinic, one, read) for one in transcripts]
    for mismatch in (mismatch for one in played for mismatch in one.mismatches):
        print(mismatch)
    failed = sum(bool(one.mismatches) for one in played)
    if with_coverage:
        print(coverage(loaded.clinic, played))
    print(f"{len(played) - failed} passed, {failed} failed")
    return 1 if failed else 0


CHAT_HELP = "Write as a patient would; a number chooses. /photo sends a photo, Ctrl-D ends."
CHAT_ADDRESS = "whatsapp:+6591234567"


def chat(directory: Path) -> int:
    """``python -m bot chat``: a conversation on a database of its own that is thrown away afterwards."""
    with tempfile.TemporaryDirectory() as room:
        try:
            desk = wiring.open_alone(directory, Path(room))
        except wiring.BrokenFlows as broken:
            print(broken, file=sys.stderr)
            return 1
        print(CHAT_HELP)
        choices: tuple[str, ...] = ()
        for typed in iter(_typed, None):
            number = int(typed) if typed.isdecimal() else 0
            button = choices[number - 1] if 0 < number <= len(choices) else ""
            kind = "media" if typed == "/photo" else "tap" if button else "text"
            text = "" if kind == "media" else typed
            receive(desk, Arrived(f"SM{desk.chance.token()}", CHAT_ADDRESS, kind, text, button))  # type: ignore[arg-type]
            choices = _print_answers(desk)
    return 0


def _typed() -> str | None:
    try:
        return input("\033[1myou\033[0m  " if sys.stdout.isatty() else "you  ").strip()
    except EOFError:
        print()
        return None


def _print_answers(desk: Desk) -> tuple[str, ...]:
    """Print what waits in the outbox and count it as sent; the ids of the choices of the last message."""
    choices: tuple[str, ...] = ()
    for outgoing in _said(desk):
        print(f"bot  {outgoing.text}".replace("\n", "\n     "))
        choices = tuple(choice.id for choice in outgoing.choices)
        for number, choice in enumerate(outgoing.choices, 1):
            print(f"     {number}. {choice.label}" + (f" - {choice.description}" if choice.description else ""))
    return choices


def _said(desk: Desk) -> list[Outgoing]:
    said: list[Outgoing] = []
    now = int(desk.clock.now().timestamp())
    while True:
        with desk.book.begin() as ledger:
            conversations = ledger.with_unsent(now, 10)
            claimed = ledger.claim(conversations, "chat", [desk.chance.token() for _ in conversations], now)
            sent = [Result(one.id, one.attempt, "sent", sid=f"SM{desk.chance.token()}") for one in claimed]
            ledger.conclude(sent, now)
        if not claimed:
            return said
        said += claimed
