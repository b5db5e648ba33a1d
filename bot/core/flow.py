"""What the clinic's files say, compiled: flows, their steps, the rules that hold everywhere, questions and facts.

Everything here is frozen and complete: a loader resolves "the next step is the next one in the file" into names, so
that the engine (:mod:`bot.core.turn`) only follows them. Texts stay templates (``{name}``) and are looked up by
language through :meth:`Text.in_language`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

Value: TypeAlias = "str | int | bool | Mapping[str, Value] | tuple[Value, ...] | None"
"""What a conversation can save: plain data that survives JSON. An option is a mapping with ``id`` and ``label``."""

NEXT = "next"
NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Text:
    """One text of the clinic in the language it was written in, and its translations by language code."""

    source: str
    translations: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, language: str) -> str:
        """The text in ``language``, or as it was written when nobody translated it."""
        return self.translations.get(language, self.source)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a conversation goes: a step of the same flow, or the end of the flow under a name.

    Exactly one of the two is set. ``Target(step="confirm")`` or ``Target(end="booked")``.
    """

    step: str | None = None
    end: str | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One answer a question offers. ``goes`` None means the step's own next; ``run`` starts a flow first."""

    id: str
    label: Text
    also: tuple[str, ...] = ()
    description: Text | None = None
    goes: Target | None = None
    run: str | None = None
    line: int = 0


@dataclass(frozen=True, slots=True)
class SilenceRule:
    """What happens when nobody answers for ``after_seconds`` since the question was asked."""

    after_seconds: int
    say: Text | None = None
    goes: Target | None = None
    line: int = 0


AnswerType = Literal["text", "person name", "phone", "date", "time", "number", "email", "yes or no"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. Offers ``options``, or the options found under ``options_from``, or takes a typed answer."""

    text: Text
    options: tuple[Option, ...] = ()
    options_from: str | None = None
    more_options: tuple[Option, ...] = ()
    type: AnswerType | None = None
    save_as: str | None = None
    tries: int = 3
    not_understood: Text | None = None
    after_last_try: Target | None = None
    """None hands the conversation to a person."""
    silent: tuple[SilenceRule, ...] = ()


@dataclass(frozen=True, slots=True)
class Say:
    """Words without a question."""

    text: Text


@dataclass(frozen=True, slots=True)
class Do:
    """An action of the clinic's system. ``inputs`` maps an input to a saved name or, quoted, a literal."""

    action: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    save_as: str | None = None
    outcomes: Mapping[str, Target] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison: ``name operator value``. Operators: ``=  is not  <  >  <=  >=  is empty  is set``."""

    name: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """Branches on what is known: the first condition that holds, otherwise ``otherwise``."""

    ways: tuple[tuple[Condition, Target], ...]
    otherwise: Target


@dataclass(frozen=True, slots=True)
class Run:
    """Runs another flow and comes back. ``inputs`` are copied into it."""

    flow: str
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HandOver:
    """Passes the conversation to a person, with the reason staff will read, after saying ``say``."""

    reason: str
    say: Text | None = None


@dataclass(frozen=True, slots=True)
class Stop:
    """A step that only ends its flow."""


Body: TypeAlias = Ask | Say | Do | Check | Run | HandOver | Stop


@dataclass(frozen=True, slots=True)
class Step:
    """A named step. ``goes`` is where the conversation goes after it when its body does not say so itself."""

    name: str
    body: Body
    goes: Target
    at_most: int | None = None
    after_that: Target | None = None
    line: int = 0
    renamed_from: str = ""
    """What this step was called before: conversations that stand there may be moved here."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One file: a named sequence of steps. The first one is where it starts."""

    name: str
    title: Text
    steps: Mapping[str, Step]
    starts_with: tuple[str, ...] = ()
    file: str = ""

    @property
    def first(self) -> Step:
        """The step a conversation enters first."""
        return next(iter(self.steps.values()))


AnywhereAct = Literal["step back", "run", "answers", "hand over"]
AnywhereThen = Literal["return", "end", "ask which to continue"]


@dataclass(frozen=True, slots=True)
class Anywhere:
    """Words that work at any question, in every language of the clinic, and what they do."""

    name: str
    act: AnywhereAct
    words: tuple[str, ...] = ()
    run: str | None = None
    reason: str = ""
    then: AnywhereThen = "return"
    line: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the FAQ. ``also`` holds the ways patients ask it, by language code."""

    id: str
    topic: str
    question: Text
    short: Text
    answer: Text
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""
    run: str | None = None
    """A flow that follows the answer (booking, after "how do I make an appointment?")."""
    line: int = 0


@dataclass(frozen=True, slots=True)
class MessageTemplate:
    """Words that may start a conversation (:mod:`bot.core.template`), as the clinic wrote them.

    ``samples`` holds what WhatsApp's reviewers see for each name in the body, in order.
    """

    name: str
    body: Text
    samples: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[Text, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A way into a flow from outside: at its first step, or at a named one with the appointment it is about."""

    flow: str
    step: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Clinic:
    """Everything the clinic's files say, as one value that is swapped whole.

    ``texts`` are the engine's own sentences (``which one``, ``apology`` ...). ``facts`` is what ``{clinic.…}`` reads:
    plain data. ``lists`` are the clinic's own lists of options (``services``, ``languages`` ...), each option a mapping
    with ``id``, ``label`` and, where translated, ``labels`` by language code. ``version`` names the content.
    """

    version: str
    languages: tuple[str, ...]
    flows: Mapping[str, Flow]
    anywhere: tuple[Anywhere, ...]
    texts: Mapping[str, Text]
    questions: Mapping[str, Question]
    first_contact: str
    otherwise: str
    facts: Mapping[str, Value] = field(default_factory=dict)
    lists: Mapping[str, tuple[Mapping[str, Value], ...]] = field(default_factory=dict)
    start_words: Mapping[str, str] = field(default_factory=dict)
    """Folded start word in any language -> flow."""
    anywhere_words: Mapping[str, Anywhere] = field(default_factory=dict)
    """Folded word in any language -> what it does."""
    templates: Mapping[str, MessageTemplate] = field(default_factory=dict)
    """Words that may start a conversation, by name."""
    follow_ups: Mapping[str, Entry] = field(default_factory=dict)
    """Where answers to follow-ups lead: ``book``, ``move`` and ``cancel``."""
    older: Mapping[int, Mapping[str, Flow]] = field(default_factory=dict)
    """Flows of older editions, by their number, that one conversation finishes on (:mod:`bot.core.editions`)."""

    @property
    def says_who_answers(self) -> bool:
        """Whether patients are told the name of whoever takes their conversation."""
        return self.facts.get("say who answers") == "yes"

    @property
    def closed_as(self) -> Mapping[str, str]:
        """What staff may close a conversation as: the clinic's own words by id, in the clinic's order."""
        listed = self.facts.get("closed as")
        return {id: str(words) for id, words in listed.items()} if isinstance(listed, Mapping) else {}

    def flow(self, name: str, edition: int = 0) -> Flow | None:
        """A flow as it is now, or as it was in an older edition; None when it is not there."""
        return (self.older.get(edition, {}) if edition else self.flows).get(name)
