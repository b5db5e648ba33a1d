"""What ``python -m bot export`` and ``forget`` do: all that is kept about somebody taken out, or erased.

Whom it is about is never needed on the command line, where a shell keeps it: without it, it is asked for. Nothing here
is logged but ids; what is done is audited as the desk's own buttons are.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bot import settings as environment
from bot import wiring
from bot.desk import erasure, patients
from bot.desk.dossier import dossier
from bot.desk.reception import Refused
from bot.desk.staff import TERMINAL
from bot.desk.turns import conversation_id
from bot.ports import BookAway, Desk

ASKED = "Whose? A number in international form, the id of a conversation, or patient:42: "
IN_HISTORY = "A number on the command line stays in your shell's history. Left out, it is asked for."


class Unknown(Exception):
    """Nobody, or more than one, goes by what was said. The message says what to do."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is: a patient's, or (0) a conversation's that nobody has given a name."""

    patient: int
    conversations: tuple[str, ...]


def export(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot export``: a zip with everything kept about somebody."""
    return _done(environ, options, lambda desk, subject: _take_out(desk, subject, options.to))


def forget(environ: Mapping[str, str], options: argparse.Namespace) -> int:
    """``python -m bot forget``: erase everything kept about somebody, once it is confirmed."""
    return _done(environ, options, _erase)


def _done(environ: Mapping[str, str], options: argparse.Namespace, act: Callable[[Desk, Subject], int]) -> int:
    try:
        desk = wiring.open_desk(environment.read(environ))
        said = (options.whose or _asked(ASKED)).strip()
        if options.whose and _is_number(said):
            print(IN_HISTORY, file=sys.stderr)
        found = meant(desk, said)
        return act(desk, Subject(found.patient, (*found.conversations, *options.including)))
    except (environment.Unsafe, wiring.BrokenFlows, Refused, Unknown) as refusal:
        print(refusal, file=sys.stderr)
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
    except OSError as error:
        print(f"The file cannot be written: {error.strerror} ({error.filename}).", file=sys.stderr)
    return 1


def meant(desk: Desk, said: str) -> Subject:
    """Whom a number, an address, a conversation's id or ``patient:42`` stands for. Raises Unknown."""
    if named := re.fullmatch(r"patient:([0-9]{1,18})", said):
        return Subject(int(named[1]), ())
    if not _is_number(said):
        return _of_conversation(desk, said)
    plain = re.sub(r"[\s().-]", "", said)
    address = plain if plain.startswith("whatsapp:") else f"whatsapp:{plain}"
    if not re.fullmatch(r"whatsapp:(\+[1-9][0-9]{6,14}|[A-Z]{2}\.\w+)", address):
        raise Unknown("Write the number in international form: +6591234567.")
    conversation = conversation_id(desk.conversation_key, address)
    if erasure.plan(desk, 0, (conversation,)) is not None:
        return _of_conversation(desk, conversation)
    phone = address.removeprefix("whatsapp:")
    hers = [one.id for one in patients.find(desk, phone) if one.phone == phone and not one.merged_into]
    return _one_of(desk, hers) if hers else _nobody()


def _of_conversation(desk: Desk, conversation: str) -> Subject:
    if erasure.plan(desk, 0, (conversation,)) is None:
        return _nobody()
    with desk.book.look() as ledger:
        people = [one.id for one in ledger.patients_of(conversation) if not one.merged_into]
    return _one_of(desk, people) if people else Subject(0, (conversation,))


def _one_of(desk: Desk, ids: list[int]) -> Subject:
    if len(ids) == 1:
        return Subject(ids[0], ())
    named = [f"  patient:{id}  {one.name}" for id in ids if (one := patients.patient(desk, id))]
    raise Unknown("\n".join(["Several are spoken of there. Say which:", *named]))


def _nobody() -> Subject:
    raise Unknown("Nothing is kept under that.")


def _take_out(desk: Desk, subject: Subject, file: Path) -> int:
    # Its owner alone may read it, and what is there already is somebody's.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        try:
            out.write(dossier(desk, TERMINAL, subject.patient, subject.conversations))
        except BaseException:
            file.unlink()
            raise
    print(f"Written to {file}. It holds a patient's words: hand it over, then delete it.")
    plan = erasure.plan(desk, subject.patient, subject.conversations)
    for line in _left_alone(plan) if plan else ():
        print(line)
    return 0


def _erase(desk: Desk, subject: Subject) -> int:
    plan = erasure.plan(desk, subject.patient, subject.conversations)
    if plan is None:
        raise Unknown("There is nobody of that id any more.")
    if plan.why_not:
        raise Unknown(plan.why_not)
    extent = plan.extent
    counts = {"message": extent.messages, "answer": extent.words, "file": extent.files, "note": extent.notes}
    goes = ", ".join(_counted(count, noun) for noun, count in counts.items())
    print(f"Would go for good, in {_counted(len(plan.chosen), 'conversation')}: {goes}.")
    if extent.visits:
        print(f"{_counted(extent.visits, 'appointment')} would stay without a name.")
    for line in _left_alone(plan):
        print(line)
    typed = _asked(f"Type “{plan.typed}” to erase it, or nothing to leave it: ")
    if not typed.strip():
        print("Nothing was changed.")
        return 1
    id = erasure.erase(desk, TERMINAL, subject.patient, subject.conversations, typed)
    print(
        f"Erased here: erasure {id}. Copies in Redis, on disk and at Twilio follow within minutes while Frontdesk runs."
    )
    return 0


def _left_alone(plan: erasure.Plan) -> list[str]:
    return [
        f"Left alone, because others are spoken of in it: conversation {one.conversation} "
        f"(with it: --with {one.conversation})"
        for one in plan.places
        if one.conversation not in plan.chosen
    ]


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _is_number(said: str) -> bool:
    return bool(re.match(r"whatsapp:|[+(]?[0-9]", said)) and not re.fullmatch(r"[a-z2-7]{20}", said)


def _asked(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().rstrip("\r\n")
