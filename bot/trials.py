"""Commands that try the clinic's files out without a server: their own tests, and a conversation in the terminal."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bot import wiring
from bot.core.fault import Fault
from bot.core.flow import Clinic
from bot.core.transcript import Transcript
from bot.desk import replaying, saving
from bot.desk.proposing import propose
from bot.desk.reading import reader
from bot.desk.rehearsing import Read
from bot.desk.transcripts import Played, as_it_goes, coverage, judge, play
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import Desk, Outgoing, Result

PROPOSED = """\
Proposed by "python -m bot test --write": talks for ways that no test walked, as the bot speaks today.
Read each of them. What is right stays, under a name of your own; what is not is a mistake in the flows.
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What ``python -m bot test`` does besides: name what no test walks, tell another program, propose talks, or put
    what the bot says today into the tests that expect something else."""

    coverage: bool = False
    json: bool = False
    write: bool = False
    rewrite: bool = False


def test(directory: Path, wanted: Wanted) -> int:
    """``python -m bot test``: hold the conversations the clinic wrote down, with stand-ins for its system."""
    loaded, faults = wiring.look_at_flows(directory)
    transcripts, unreadable = wiring.transcripts(directory)
    errors = [fault for fault in (*faults, *unreadable) if fault.level == "error"]
    if errors or loaded.clinic is None or loaded.diary is None:
        _tell_faults(errors, wanted.json)
        return 1
    clinic, read = loaded.clinic, reader(loaded.clinic, loaded.diary.zone, loaded.diary.closed)
    if wanted.rewrite:
        transcripts = _rewrite(directory, clinic, read, transcripts)
    played = [play(clinic, one, read) for one in transcripts]
    failed = sum(bool(one.mismatches) for one in played)
    if wanted.json:
        _tell_faults(judge(clinic, played), wanted.json)
    else:
        _tell(clinic, played, wanted.coverage)
        if wanted.write and failed:
            print("Nothing is proposed while a test fails.")
        elif wanted.write:
            _write(directory, clinic, read, played)
        print(f"{len(played) - failed} passed, {failed} failed")
    return 1 if failed else 0


def _tell_faults(faults: list[Fault] | tuple[Fault, ...], as_json: bool) -> None:
    if as_json:
        print(json.dumps([fault.as_data() for fault in faults], ensure_ascii=False, indent=2))
    else:
        print("\n".join(fault.told for fault in faults))


def _tell(clinic: Clinic, played: list[Played], with_coverage: bool) -> None:
    for mismatch in (mismatch for one in played for mismatch in one.mismatches):
        print(mismatch)
    if with_coverage:
        for fault in judge(clinic, played):
            if fault.code == "W112":
                print(fault)
        print(coverage(clinic, played))


def _rewrite(
    directory: Path, clinic: Clinic, read: Read, transcripts: tuple[Transcript, ...]
) -> tuple[Transcript, ...]:
    """Put what the bot says today into the tests that expect something else; the tests as they are then."""
    for name in dict.fromkeys(one.file for one in transcripts):
        own = [one for one in transcripts if one.file == name]
        answers = {line: said for one in own for line, said in as_it_goes(clinic, one, read).items()}
        if answers:
            wiring.rewrite_transcripts(directory / name, own, answers)
            print(f"{name}: {len(answers)} answers rewritten. Look at what has changed before you keep it.")
    return wiring.transcripts(directory)[0]


def _write(directory: Path, clinic: Clinic, read: Read, played: list[Played]) -> None:
    """Propose talks for what no test walks, in a file that is not there yet."""
    proposed = propose(clinic, read, (trod for one in played for trod in one.trace))
    for flow, step, way in proposed.left:
        print(f"{clinic.flows[flow].file} {step}: no talk was found for {way}")
    if not proposed.transcripts:
        print("There is nothing to propose: every way that can be walked is.")
        return
    names = (directory / "tests" / f"proposed{number}.yaml" for number in ("", *range(2, 1_000)))
    file = next(name for name in names if not name.exists())
    file.parent.mkdir(exist_ok=True)
    file.write_text(wiring.written_transcripts(proposed.transcripts, PROPOSED), encoding="utf-8")
    print(f"{len(proposed.transcripts)} talks proposed in {file}. Read them before you keep them.")


CHAT_HELP = "Write as a patient would; a number chooses. /photo sends a photo, Ctrl-D ends."
CHAT_ADDRESS = "whatsapp:+6591234567"


def chat(directory: Path, save_as: Path | None = None) -> int:
    """``python -m bot chat``: a conversation on a database of its own that is thrown away afterwards, except what is
    saved of it as a test."""
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
        return _save(desk, save_as) if save_as else 0


def _save(desk: Desk, file: Path) -> int:
    """Keep what was talked as a test, word by word: nobody said it but whoever typed it."""
    found = replaying.find(desk.book, conversation_id(desk.conversation_key, CHAT_ADDRESS))
    talks = saving.talks(desk.clinic, *found) if found else ()
    if not talks:
        print("Nothing was said that can be saved.", file=sys.stderr)
        return 1
    try:
        saved = saving.save_as_it_was(desk.clinic, desk.read, talks[-1], file.stem, desk.diary.zone)
        wiring.add_transcript(file, saved.transcript, saved.about)
    except (saving.NothingToSave, OSError) as refusal:
        print(refusal, file=sys.stderr)
        return 1
    print(f"Saved in {file}.")
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
