"""What another program's flow says, in shapes of ours: what both translators give, and what steps are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.flow import AnswerType, Text


class Refused(Exception):
    """A file that cannot be taken in, with a sentence for whoever brought it."""


@dataclass(frozen=True, slots=True)
class Untranslated:
    """Something that needs a person: where it was, why it did not come along, and what to do.

    ``Untranslated("registration", "call_webhook", "A flow here calls no other computer.", "Leave it out, or ask ...")``
    """

    flow: str
    node: str
    why: str
    do: str = ""

    def __str__(self) -> str:
        return f"{self.flow} {self.node}: {self.why} {self.do}".strip()


@dataclass(frozen=True, slots=True)
class Case:
    """One answer that leads somewhere: certain words, an answer of a type, or a number within bounds.

    ``bounds`` all hold at once: ``((">=", "18"), ("<=", "65"))``. ``goes`` is a node's id; empty ends the flow.
    """

    goes: str
    name: Text
    words: tuple[str, ...] = ()
    words_in: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kind: AnswerType | None = None
    bounds: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class Node:
    """One place of a foreign flow. It says ``says``, and then does one thing: asks, decides, runs a flow, calls a
    person, or goes on to ``otherwise``.

    Asked without cases, any answer goes to ``otherwise``; with cases, what fits none of them.
    """

    id: str
    name: str = ""
    says: list[Text] = field(default_factory=list)
    replies: list[Text] = field(default_factory=list)
    asks: bool = False
    saves: str = ""
    decides: str = ""
    """The saved name that it decides by."""
    cases: list[Case] = field(default_factory=list)
    otherwise: str = ""
    not_understood: Text | None = None
    silent_seconds: int = 0
    silent: str = ""
    hands_over: str = ""
    """The reason staff will read."""
    runs: str = ""
    """The flow, as it is called there."""
    joined: str = ""
    """The question that all of it has become a part of."""

    @property
    def simple(self) -> bool:
        """Whether it only says something and goes on."""
        return not (self.asks or self.decides or self.hands_over or self.runs)

    @property
    def passes(self) -> bool:
        """Whether nothing is left of it but the way through it."""
        return self.simple and not self.says


@dataclass(slots=True)
class Foreign:
    """A flow of another program: its nodes by id, and what did not come along."""

    title: str
    first: str
    nodes: dict[str, Node]
    starts_with: tuple[str, ...] = ()
    language: str = ""
    """The language it is written in (``en``), empty when it does not say."""
    untranslated: list[Untranslated] = field(default_factory=list)

    def after(self, id: str) -> str:
        """The node that a way to ``id`` comes to, past those that say nothing; empty where the flow ends."""
        for _ in range(len(self.nodes)):
            node = self.nodes.get(id)
            if node is None or not node.passes:
                break
            id = node.otherwise
        return id if id in self.nodes else ""

    def left(self, node: str, why: str, do: str = "") -> None:
        """Note something that needs a person."""
        one = Untranslated(self.title, node, why, do)
        if one not in self.untranslated:
            self.untranslated.append(one)
