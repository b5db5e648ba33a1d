"""The census: who is in the middle of which flow, and what would become of each if something were published now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from bot.core.editions import Edition, Fate, Passage
from bot.core.fault import Fault
from bot.ports import Desk

FACTS_FILE = "clinic.yaml"


@dataclass(frozen=True, slots=True)
class Group:
    """Conversations that stand at the same step, and what becomes of all of them: they go on, finish the flow in the
    edition they began it in, move to the step ``to``, begin anew, or would be stranded. ``why`` they cannot move."""

    flow: str
    step: str
    fate: Fate
    count: int
    to: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Census:
    """``conversations`` are in the middle of something; one may stand in several flows, one inside the other."""

    conversations: int
    groups: tuple[Group, ...]

    def as_data(self) -> dict[str, Any]:
        """For other programs."""
        return {"conversations": self.conversations, "groups": [asdict(one) for one in self.groups]}


def take(desk: Desk, coming: Edition) -> Census:
    """Count everybody in the middle of a flow, and tell what ``coming`` would mean for them. Changes nothing."""
    shelf = desk.shelf

    def find(number: int) -> Edition | None:
        if shelf.lacks((number,)):
            shelf.fetch((number,))
        return shelf.edition(number)

    passage, counted, conversations = Passage(find, coming), Counter[Group](), 0
    with desk.book.look() as ledger:
        for one in ledger.running():
            conversations += 1
            for frame, fated in zip(one.stack, passage.fates(one), strict=True):
                step = fated.frame.step if fated.frame else ""
                to = step if step != frame.step else ""
                counted[Group(frame.flow, frame.step, fated.fate, 0, to, fated.why)] += 1
    groups = [Group(one.flow, one.step, one.fate, count, one.to, one.why) for one, count in counted.items()]
    return Census(conversations, tuple(sorted(groups, key=lambda one: (one.flow, one.step, one.fate, one.to, one.why))))


def left_behind(census: Census, coming: Edition) -> Iterator[Fault]:
    """E100: people stand where the coming edition leads nobody on. With ``moves``, also whoever cannot be moved."""
    for one in census.groups:
        if one.fate != "stranded" and not (coming.moves and one.fate == "finishes"):
            continue
        flow = coming.clinic.flows.get(one.flow)
        step = flow.steps.get(one.step) if flow else None
        file = flow.file if flow else f"{one.flow}.yaml"
        people = "1 person stands" if one.count == 1 else f"{one.count} people stand"
        remedy = f'Say "renamed from: {one.step}" at the step that takes its place, or publish without moving people.'
        if one.fate == "stranded":
            remedy = "Bring the step back, or take these conversations over first."
        message = f"{people} here and cannot be moved: {one.why}."
        yield Fault("E100", file, step.line if step else 0, 0, one.step, message, remedy)


def promised(desk: Desk, coming: Edition) -> Iterator[Fault]:
    """E101: a service or practitioner goes, and appointments that are still to come were promised with it."""
    with desk.book.look() as ledger:
        to_come = tuple(ledger.appointments_to_come(int(desk.clock.now().timestamp())))
    now, then = desk.diary, coming.diary
    for what, known, kept, position in (
        ("service", now.services, then.services, 0),
        ("practitioner", now.practitioners, then.practitioners, 1),
    ):
        count: Counter[str] = Counter()
        for row in to_come:
            count[str(row[position])] += row[2]
        for id in sorted(known.keys() - kept.keys()):
            if count[id]:
                appointments = "1 appointment" if count[id] == 1 else f"{count[id]} appointments"
                message = f'the {what} "{id}" is gone, and {appointments} to come need it.'
                remedy = "Keep it until then, or move those appointments first."
                yield Fault("E101", FACTS_FILE, 0, 0, "", message, remedy)
