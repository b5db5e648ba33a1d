"""Editions of what the bot says, and what becomes of a conversation when a new one is published.

Theory of operation
-------------------
A *revision* is a set of flow files, named by its content. An *edition* is one publishing of a revision; editions are
counted. A conversation remembers the edition its last turn went by. When its next turn finds a newer one, each flow
that runs in it is looked at by itself:

- It does the same as before (its structure is the same): the conversation **goes on** in the new edition, and reads
  its words from the next message on.
- It does something else: the conversation **finishes** this flow in the edition it began it in, with whatever that
  flow runs; or, where the new edition was published to *move* people, it **moves** to the step that takes the place of
  its own, if there is one (:mod:`bot.core.moving`).
- A menu with nothing else open is never worth finishing: it is shown anew.

Everything else (questions and answers, words that work anywhere, hours, services) is always that of the newest
edition; facts that only the older one has stay known to the flows of the older one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from bot.core.calendar import Diary
from bot.core.conversation import Conversation, Frame
from bot.core.events import Reading
from bot.core.flow import Clinic
from bot.core.moving import Road, moved, road

Fate = Literal["goes on", "finishes", "moves", "begins anew", "stranded"]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition, compiled. ``number`` is 0 for files that were never published; ``moves`` says that it was
    published to move people; ``structures`` is what each flow does, as a digest (:mod:`bot.core.structure`)."""

    number: int
    revision: str
    clinic: Clinic
    diary: Diary
    read: Callable[[str, datetime], Reading]
    structures: Mapping[str, str]
    moves: bool = False


@dataclass(frozen=True, slots=True)
class Fated:
    """What becomes of one running flow: ``frame`` as it is afterwards, None when it is left; ``why`` it cannot move."""

    fate: Fate
    frame: Frame | None
    why: str = ""


Find = Callable[[int], Edition | None]
"""An edition by its number; None when it cannot be read."""


class Passage:
    """From older editions to one newer one. The roads between them are worked out once each."""

    def __init__(self, find: Find, new: Edition) -> None:
        self._find = find
        self._new = new
        self._roads: dict[tuple[int, str], Road | None] = {}

    def brought_up(self, conversation: Conversation) -> Conversation:
        """The conversation as it stands in the new edition. One that knows the edition already is left as it is."""
        if conversation.edition == self._new.number:
            return conversation
        stack = tuple(one.frame for one in self.fates(conversation) if one.frame is not None)
        changed = replace(conversation, stack=stack, edition=self._new.number)
        # The open question is the last flow's. It is gone with it.
        return changed if len(stack) == len(conversation.stack) else replace(changed, open=None, silence_due=0)

    def fates(self, conversation: Conversation) -> Iterator[Fated]:
        """What becomes of each flow that runs in a conversation, the outermost first."""
        alone = len(conversation.stack) == 1
        for frame in conversation.stack:
            shown = None
            if frame is conversation.running and conversation.open is not None and conversation.open.about == "step":
                shown = frozenset(one.id for one in conversation.open.options if one.role == "option")
            yield self._fate(frame, frame.edition or conversation.edition, shown, alone)

    def _fate(self, frame: Frame, edition: int, shown: frozenset[str] | None, alone: bool) -> Fated:
        new, old = self._new, self._find(edition) if edition else None
        flow = new.clinic.flows.get(frame.flow)
        if old is None:
            there = flow is not None and frame.step in flow.steps
            why = "" if there else f'nobody knows where "{frame.flow}.{frame.step}" leads now'
            return Fated("goes on" if there else "stranded", replace(frame, edition=0), why)
        if flow is not None and old.structures.get(frame.flow) == new.structures[frame.flow]:
            return Fated("goes on", replace(frame, edition=0))
        if alone and frame.flow in (old.clinic.otherwise, new.clinic.otherwise) and not frame.opened:
            after, why = self._moved(frame, edition, shown, loosely=True)
            return Fated("goes on" if after else "begins anew", after, why)
        if not new.moves:
            return Fated("finishes", replace(frame, edition=edition))
        after, why = self._moved(frame, edition, shown)
        return Fated("moves", after) if after else Fated("finishes", replace(frame, edition=edition), why)

    def _moved(
        self, frame: Frame, edition: int, shown: frozenset[str] | None, loosely: bool = False
    ) -> tuple[Frame | None, str]:
        key = (edition, frame.flow)
        old = self._find(edition)
        if key not in self._roads and old is not None:
            self._roads[key] = road(frame.flow, old.clinic, self._new.clinic)
        along = self._roads.get(key)
        if along is None:
            return None, f'there is no flow "{frame.flow}" any more'
        return moved(frame, along, shown, loosely)


def numbers_needed(conversation: Conversation) -> frozenset[int]:
    """The editions without which the next turn of a conversation cannot be taken."""
    if not conversation.stack:
        return frozenset()
    own = {frame.edition or conversation.edition for frame in conversation.stack}
    return frozenset(own - {0})


def with_older(clinic: Clinic, conversation: Conversation, find: Find) -> Clinic:
    """The newest clinic, with the flows of older editions that a conversation finishes on."""
    numbers = {frame.edition for frame in conversation.stack if frame.edition}
    older = {number: found.clinic for number in sorted(numbers) if (found := find(number)) is not None}
    if not older:
        return clinic
    facts = dict(clinic.facts)
    for one in older.values():
        facts = {**one.facts, **facts}
    return replace(clinic, older={number: one.flows for number, one in older.items()}, facts=facts)
