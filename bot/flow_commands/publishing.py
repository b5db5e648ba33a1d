"""``python -m bot flows history | publish | diff | census | rollback | get``: what is published, and by whom."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from bot import settings as environment
from bot import wiring
from bot.core.difference import Difference
from bot.core.fault import Fault
from bot.desk import publishing
from bot.desk.census import Census, Group
from bot.ports import BookAway, Desk, Published

FATES: Mapping[str, str] = {
    "goes on": "go on, and read what is new at once",
    "finishes": "finish it as they began it",
    "moves": "are moved",
    "begins anew": "see the menu anew",
    "stranded": "would be STRANDED",
}


class Unclear(Exception):
    """What was asked for cannot be done as it was said; the words say how to say it."""


Act = Callable[[Desk, argparse.Namespace], int]


def history(options: argparse.Namespace) -> int:
    """``flows history``."""
    return _at_desk(_history, options)


def publish(options: argparse.Namespace) -> int:
    """``flows publish``."""
    return _at_desk(_publish, options)


def roll_back(options: argparse.Namespace) -> int:
    """``flows rollback REVISION``."""
    return _at_desk(_roll_back, options)


def diff(options: argparse.Namespace) -> int:
    """``flows diff [REVISION [REVISION]]``."""
    return _at_desk(_diff, options)


def census(options: argparse.Namespace) -> int:
    """``flows census``."""
    return _at_desk(_census, options)


def get(options: argparse.Namespace) -> int:
    """``flows get FOLDER [REVISION]``."""
    return _at_desk(_get, options)


def _at_desk(act: Act, options: argparse.Namespace) -> int:
    try:
        return act(wiring.open_desk(environment.read(os.environ)), options)
    except publishing.NoSuchRevision as unknown:
        print(f'No revision is called "{unknown}". See: python -m bot flows history', file=sys.stderr)
    except (environment.Unsafe, wiring.BrokenFlows, Unclear) as refusal:
        print(refusal, file=sys.stderr)
    except BookAway as away:
        print(wiring.without_database(away), file=sys.stderr)
    return 1


# ---- what is published


def _history(desk: Desk, options: argparse.Namespace) -> int:
    rows = publishing.history(desk)
    if options.json:
        return _json([asdict(one) for one in rows])
    for one in rows:
        print(_line(desk, one))
    return 0


def _line(desk: Desk, one: Published) -> str:
    at = datetime.fromtimestamp(one.at, desk.diary.zone)
    moved = ", people moved" if one.moves else ""
    note = f"  {one.note}" if one.note else ""
    return f"{one.number:>4}  {one.revision}  {at:%d %b %Y %H:%M}  {one.by}{moved}{note}"


def _diff(desk: Desk, options: argparse.Namespace) -> int:
    newest = publishing.newest_published(desk).revision
    named = [publishing.revision_called(desk, one) for one in options.revisions]
    talks: tuple[Fault, ...] = ()
    match named:
        case [before, after]:
            found = publishing.compare(desk, before, after)
        case [before]:
            found = publishing.compare(desk, before, newest)
        case _:
            proposal = publishing.propose(desk, wiring.draft_in(_folder()))
            found, talks = proposal.difference, tuple(one for one in proposal.faults if one.code in ("W102", "E110"))
    if options.json:
        return _json({**found.as_data(), "talks": [one.as_data() for one in talks]})
    print("\n".join([*_told(found), *map(str, talks)]) or "No difference.")
    return 0


def _census(desk: Desk, options: argparse.Namespace) -> int:
    draft = replace(wiring.draft_in(_folder()), transcripts=())
    proposal = publishing.propose(desk, draft, options.move)
    if options.json:
        return _json({"census": proposal.census.as_data(), "faults": [one.as_data() for one in proposal.faults]})
    if draft.sound:
        print("\n".join(_counted(proposal.census)))
    for fault in proposal.errors:
        print(fault.told, file=sys.stderr)
    return 1 if proposal.errors else 0


def _get(desk: Desk, options: argparse.Namespace) -> int:
    newest = publishing.newest_published(desk).revision
    revision = publishing.revision_called(desk, options.revision) if options.revision else newest
    draft = desk.shelf.draft(revision)
    if draft is None:
        raise publishing.NoSuchRevision(revision)
    try:
        wiring.write_folder(options.folder, draft.files)
        wiring.began_from(options.folder, revision)
    except OSError as error:
        raise Unclear(f"{options.folder} cannot be written: {error.strerror or error}.") from None
    print(f"{len(draft.files)} files of revision {revision} are in {options.folder}.")
    return 0


# ---- publishing


def _publish(desk: Desk, options: argparse.Namespace) -> int:
    folder = _folder()
    draft = wiring.draft_in(folder)
    base = _base(desk, options.base, folder)
    done = _ordered(desk, options, base, lambda order: publishing.publish(desk, draft, order))
    if done is not None:
        _remember(folder, done.revision)
    return 0 if done is not None else 1


def _roll_back(desk: Desk, options: argparse.Namespace) -> int:
    revision = publishing.revision_called(desk, options.revision)
    newest = publishing.newest_published(desk).revision
    base = publishing.revision_called(desk, options.base) if options.base else newest
    done = _ordered(desk, options, base, lambda order: publishing.roll_back(desk, revision, order))
    if done is not None and not options.json:
        print("The folder is as it was. To edit what is published now: python -m bot flows get FOLDER")
    return 0 if done is not None else 1


def _ordered(
    desk: Desk, options: argparse.Namespace, base: str, act: Callable[[publishing.Order], publishing.Done]
) -> Published | None:
    """Publish by an order, and tell what came of it; what is published then, or None when it was refused."""
    order = publishing.Order(options.by, base, options.note, options.move)
    try:
        done = act(order)
    except publishing.Already:
        _json({"published": None, "why": "already"}) if options.json else print("This is what is published already.")
        return publishing.newest_published(desk)
    except publishing.Overtaken as overtaken:
        told: Any = {"published": None, "why": "overtaken", "newest": asdict(overtaken.newest)}
        told["difference"] = overtaken.difference.as_data()
        words = "\n".join(_overtaken(desk, overtaken))
    except publishing.Refused as refused:
        told = {"published": None, "why": "refused", "faults": [one.as_data() for one in refused.proposal.faults]}
        told["census"] = refused.proposal.census.as_data()
        words = "\n".join([*(fault.told for fault in refused.proposal.errors), "Nothing was published."])
    else:
        _tell(desk, options, done)
        return done.published
    if options.json:
        _json(told)
    else:
        print(words, file=sys.stderr)
    return None


def _tell(desk: Desk, options: argparse.Namespace, done: publishing.Done) -> None:
    counted, talks = done.proposal.census, [one for one in done.proposal.faults if one.code == "W102"]
    if options.json:
        told = {"published": asdict(done.published), "census": counted.as_data()}
        _json({**told, "faults": [one.as_data() for one in done.proposal.faults]})
        return
    print(f"Published:{_line(desk, done.published)[4:]}")
    for talk in talks:
        print(talk.told)
    if counted.conversations:
        print("\n".join(_counted(counted)))


def _base(desk: Desk, said: str, folder: Path) -> str:
    """The revision that an edit began from: said, remembered by the folder, or the only one there ever was."""
    if said:
        return publishing.revision_called(desk, said)
    remembered = wiring.base_of(folder)
    if remembered:
        return remembered
    newest = publishing.newest_published(desk)
    if newest.number == 1:
        return newest.revision
    raise Unclear(
        f"Nobody knows which revision the edit in {folder} began from. Compare it with what is published\n"
        f"(python -m bot flows diff), and if nothing of it gets lost: --base {newest.revision}"
    )


def _remember(folder: Path, revision: str) -> None:
    try:
        wiring.began_from(folder, revision)
    except OSError as error:
        print(f"{folder} cannot be written ({error.strerror}): name --base {revision} the next time.", file=sys.stderr)


def _folder() -> Path:
    return Path(os.environ.get("FLOWS_DIR") or "flows")


# ---- words


def _told(found: Difference) -> Iterator[str]:
    for flow in found.flows:
        yield f"{flow.flow} {flow.change}" if flow.change in ("new", "gone") else f"{flow.flow}: {flow.change}"
        for step in flow.steps:
            yield f"  {step}"
    if found.flows:
        yield ""
    yield from found.lines


def _overtaken(desk: Desk, overtaken: publishing.Overtaken) -> Iterator[str]:
    newest = overtaken.newest
    yield f"Somebody published since this edit began:{_line(desk, newest)[4:]}"
    yield "What they changed:"
    yield ""
    yield from _told(overtaken.difference)
    yield ""
    yield f"Nothing was published. Take their changes into the folder, then: --base {newest.revision}"


def _counted(found: Census) -> Iterator[str]:
    if not found.conversations:
        yield "Nobody is in the middle of anything."
        return
    people = "1 person is" if found.conversations == 1 else f"{found.conversations} people are"
    yield f"{people} in the middle of something. Who stands where, and what becomes of them:"
    flow = ""
    for one in found.groups:
        if one.flow != flow:
            flow = one.flow
            yield f"{flow}"
        yield f"  {one.step:<24}{one.count:>5}  {_fate(one)}"


def _fate(one: Group) -> str:
    to = f" to {one.to}" if one.to else ""
    why = f" ({one.why})" if one.why else ""
    return f"{FATES[one.fate]}{to}{why}"


def _json(told: Any) -> int:
    print(json.dumps(told, ensure_ascii=False, indent=2))
    return 0
