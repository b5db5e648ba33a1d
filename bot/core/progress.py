"""Where in its flow a conversation stands, as staff read it: ``booking, choose time, 4 of 7``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.core.conversation import Conversation, Frame
from bot.core.flow import Ask, Check, Clinic, Do, Flow, Target


@dataclass(frozen=True, slots=True)
class Standing:
    """``number`` of ``of`` questions on the flow's straight way; (0, 0) beside it. ``tries``: answers that were not
    understood."""

    flow: str
    title: str
    step: str
    number: int
    of: int
    tries: int


def standing(clinic: Clinic, conversation: Conversation) -> Standing | None:
    """Where the running flow stands, or None when nothing runs. A flow or step that is gone since is told by name."""
    frame = conversation.running
    if frame is None:
        return None
    flow = clinic.flows.get(frame.flow)
    if flow is None:
        return Standing(frame.flow, frame.flow, _plain(frame.step), 0, 0, frame.tries)
    questions = tuple(straight_questions(flow))
    number = _number(frame, questions)
    of = len(questions) if number else 0
    return Standing(flow.name, flow.title.source, _plain(frame.step), number, of, frame.tries)


def straight_questions(flow: Flow) -> Iterator[str]:
    """The questions a patient meets when nothing goes wrong: each step's own next, each action's first outcome."""
    target, been = Target(step=flow.first.name), set[str]()
    while target.step is not None and target.step not in been and target.step in flow.steps:
        been.add(target.step)
        step = flow.steps[target.step]
        match step.body:
            case Ask():
                yield step.name
                target = step.goes if step.goes.step else _first_way(step.body, step.goes)
            case Do(outcomes=outcomes):
                target = next(iter(outcomes.values()), step.goes)
            case Check(otherwise=otherwise):
                target = otherwise
            case _:
                target = step.goes


def _first_way(ask: Ask, goes: Target) -> Target:
    return next((option.goes for option in ask.options if option.goes is not None), goes)


def _number(frame: Frame, questions: tuple[str, ...]) -> int:
    if frame.step in questions:
        return questions.index(frame.step) + 1
    passed = [questions.index(one.step) + 1 for one in frame.passed if one.step in questions]
    return max(passed, default=0)


def _plain(name: str) -> str:
    return name.replace("_", " ")
