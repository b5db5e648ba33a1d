"""Commands that read what was recorded: replay it, lay an edit beside it, make a test of it. They print ids, steps and
counts, never a patient's words."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Concatenate, ParamSpec

from bot import settings as environment
from bot import wiring
from bot.core.conversation import Conversation
from bot.desk import replaying, saving
from bot.desk.changed_times import changed_times
from bot.desk.changes import Changes, what_would_change
from bot.ports import BookAway, Desk, JournalEntry

DAY_SECONDS = 86_400
P = ParamSpec("P")
Talks = Iterable[tuple[Conversation, tuple[JournalEntry, ...]]]


class Unknown(Exception):
    """What was asked for is not there. The message says what to do."""


def _at_the_desk(do: Callable[Concatenate[Desk, P], int]) -> Callable[Concatenate[Mapping[str, str], P], int]:
    """A command on this installation's own database; whatever keeps it from there is said in a sentence."""

    def command(environ: Mapping[str, str], /, *arguments: P.args, **named: P.kwargs) -> int:
        try:
            return do(wiring.open_desk(environment.read(environ)), *arguments, **named)
        except (environment.Unsafe, wiring.BrokenFlows, Unknown) as refusal:
            print(refusal, file=sys.stderr)
        except BookAway as away:
            print(wiring.without_database(away), file=sys.stderr)
        return 1

    return command


@_at_the_desk
def replay(desk: Desk, conversation: str, days: int) -> int:
    """``python -m bot replay``: 0 when every turn that can be decided again came to the same."""
    clinics = replaying.every_edition(desk)
    same = unknown = different = 0
    versions: set[str] = set()
    for start, entries in _talks(desk, conversation, days):
        came = replaying.replay(start, entries, clinics)
        same, unknown, different = same + came.same, unknown + came.unknown, different + len(came.different)
        versions |= came.versions
        for seq in came.different:
            print(f"{came.conversation} turn {seq}: comes to something else now")
    print(f"{same} turns come to the same, {different} to something else; {unknown} cannot be decided again.")
    if versions:
        print(f"They were decided by other files: {', '.join(sorted(versions))}. Here are {desk.clinic.version}.")
    return 1 if different else 0


def _talks(desk: Desk, conversation: str, days: int) -> Talks:
    if not conversation:
        return replaying.conversations(desk.book, _days_ago(desk, days))
    found = replaying.find(desk.book, conversation)
    if found is None:
        raise Unknown(f"No conversation, or more than one, begins with {conversation}. See: python -m bot desk list")
    return (found,)


def _days_ago(desk: Desk, days: int) -> int:
    return int(desk.clock.now().timestamp()) - days * DAY_SECONDS


@_at_the_desk
def changes(desk: Desk, options: argparse.Namespace) -> int:
    """``python -m bot flows changes``: what the files in a folder would change beside those that run here."""
    edit = wiring.draft_in(Path(options.directory))
    if edit.clinic is None or edit.diary is None or not edit.sound:
        raise wiring.BrokenFlows(tuple(fault for fault in edit.faults if fault.level == "error"))
    since = _days_ago(desk, options.days)
    talks = replaying.conversations(desk.book, since)
    found = what_would_change(desk, edit.clinic, talks, since, options.turns)
    times = changed_times(desk, edit.diary)
    if options.json:
        print(json.dumps({**found.as_data(), "times": times.as_data()}, ensure_ascii=False, indent=2))
    else:
        _tell(found, options.days)
        print(times)
    return 0


@_at_the_desk
def save(desk: Desk, options: argparse.Namespace) -> int:
    """``python -m bot transcripts save``: a recorded talk as a test, with nothing in it that is the patient's."""
    [(start, entries)] = _talks(desk, options.conversation, 0)
    found = saving.talks(desk.clinic, start, entries)
    if not 0 < options.talk <= len(found):
        raise Unknown(f"There are {len(found)} talks that can be saved in this conversation.")
    try:
        saved = saving.save(desk.clinic, desk.read, found[-options.talk], options.name)
        wiring.add_transcript(options.file, saved.transcript, saved.about)
    except (saving.NothingToSave, OSError) as refusal:
        raise Unknown(str(refusal)) from refusal
    print(f"Saved in {options.file}, with names, numbers and days replaced. Read it before you show it to anybody.")
    if saved.otherwise:
        print(f"In {saved.otherwise} places the made-up talk goes another way than the real one did.")
    return 0


UNDECIDED = {
    "action": "ask the clinic's system for something that was not asked then",
    "gone": "stood at a step that is gone",
    "unknown": "were recorded before, or by files with which they cannot be decided again",
}


def _tell(found: Changes, days: int) -> None:
    for change in found.changes:
        print(change)
    if not found.changes:
        print("Nobody would notice anything.")
    more = "" if found.whole else ", and there was more: --turns looks further"
    print(f"{found.turns} turns in {found.conversations} conversations of the last {days} days were looked at{more}.")
    for why, turns in found.undecided.items():
        print(f"{turns} turns cannot be judged: they {UNDECIDED[why]}.")
