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
from bot.desk import reception, replying
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
    """No conversation, or more than one, goes by what was typed."""


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
