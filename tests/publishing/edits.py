"""Edits that an admin could make, at random: words, waiting times, names, steps, options, ways, questions, flows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from bot.core.checks_names import given_names, saved_before
from bot.core.flow import Ask, Check, Clinic, Do, Flow, HandOver, Option, Run, Say, Step, Target, Text

MARK = "(mended)"
"""What an edit of words adds to a text."""

Edit = Callable[[Random, Clinic], "Clinic | None"]
"""A clinic with an edit, or None where there is nothing of the kind to edit."""


def edited(chance: Random, clinic: Clinic) -> tuple[Clinic, str]:
    """A clinic after one to three edits, and what they were."""
    done = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        edit = chance.choice(EDITS)
        changed = edit(chance, clinic)
        if changed is not None:
            clinic = changed
            done.append(edit.__name__)
    return replace(clinic, version=f"{chance.getrandbits(48):012x}"), ", ".join(done)


# ---- words


def _other_words(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask, Say)
    body: Any = step.body
    return _with_step(clinic, flow, replace(step, body=replace(body, text=_mended(body.text))))


def _another_wait(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    ask: Any = step.body
    silent = tuple(replace(rule, after_seconds=rule.after_seconds + 60) for rule in ask.silent)
    return _with_step(clinic, flow, replace(step, body=replace(ask, silent=silent)))


def _options_in_another_order(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    ask: Any = step.body
    options = list(ask.options)
    chance.shuffle(options)
    return _with_step(clinic, flow, replace(step, body=replace(ask, options=tuple(options))))


def _another_translation(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask, Say)
    body: Any = step.body
    text = replace(body.text, translations={**body.text.translations, clinic.languages[-1]: body.text.source + MARK})
    return _with_step(clinic, flow, replace(step, body=replace(body, text=text)))


def _mended(text: Text) -> Text:
    return Text(f"{text.source} {MARK}", {language: f"{one} {MARK}" for language, one in text.translations.items()})


# ---- names


def _renamed(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic)
    return _with_step_called(clinic, flow, step, f"{step.name}_new", says_so=True)


def _renamed_without_a_word(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic)
    return _with_step_called(clinic, flow, step, f"{step.name}_other", says_so=False)


def _saved_under_another_name(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    old: str | None = step.body.save_as  # type: ignore[union-attr]
    if old is None:
        return None
    steps = {name: _saving(one, old, f"{old}_new") for name, one in flow.steps.items()}
    return _with_flow(clinic, replace(flow, steps=steps))


def _with_step_called(clinic: Clinic, flow: Flow, step: Step, new: str, says_so: bool) -> Clinic | None:
    if new in flow.steps or step.renamed_from:
        return None
    called = {step.name: new}
    steps = {called.get(name, name): _leading(one, called) for name, one in flow.steps.items()}
    renamed = replace(steps[new], name=new, renamed_from=step.name if says_so else "")
    entries = {
        answer: replace(entry, step=called.get(entry.step, entry.step)) if entry.flow == flow.name else entry
        for answer, entry in clinic.follow_ups.items()
    }
    return replace(_with_flow(clinic, replace(flow, steps={**steps, new: renamed})), follow_ups=entries)


# ---- what a flow does


def _a_question_more(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask, Do)
    asks_later = [one for one in flow.steps.values() if isinstance(one.body, Say | Ask)]
    if f"asked_{step.name}" in flow.steps or step is flow.first:
        return None
    saved = f"more_{step.name}"
    silent = next((one.body.silent for one in flow.steps.values() if isinstance(one.body, Ask)), ())
    ask = Ask(Text("And one thing more?"), type="text", save_as=saved, silent=silent)
    question = Step(f"asked_{step.name}", ask, Target(step=step.name))
    steps = {name: _leading(one, {step.name: question.name}) for name, one in flow.steps.items()}
    named = chance.choice([one for one in (step, *asks_later) if isinstance(one.body, Say | Ask)] or [None])
    if named is not None:
        body: Any = steps[named.name].body
        text = replace(body.text, source=f"{body.text.source} {{{saved}}}", translations={})
        steps[named.name] = replace(steps[named.name], body=replace(body, text=text))
    return _with_flow(clinic, replace(flow, steps={**steps, question.name: question}))


def _a_word_more(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask, Do)
    if f"before_{step.name}" in flow.steps or step is flow.first:
        return None
    word = Step(f"before_{step.name}", Say(Text("One moment.")), Target(step=step.name))
    steps = {name: _leading(one, {step.name: word.name}) for name, one in flow.steps.items()}
    return _with_flow(clinic, replace(flow, steps={**steps, word.name: word}))


def _an_option_less(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    ask: Any = step.body
    if len(ask.options) < 2:
        return None
    gone = chance.choice(ask.options)
    left = tuple(one for one in ask.options if one is not gone)
    return _with_step(clinic, flow, replace(step, body=replace(ask, options=left)))


def _an_option_more(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    ask: Any = step.body
    if not 0 < len(ask.options) < 9 or any(one.id == "extra" for one in ask.options):
        return None
    extra = Option("extra", Text("Quite another"), goes=Target(step=chance.choice(list(flow.steps))))
    return _with_step(clinic, flow, replace(step, body=replace(ask, options=(*ask.options, extra))))


def _another_way(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic)
    to = {chance.choice(list(flow.steps)): chance.choice(list(flow.steps))}
    return _with_step(clinic, flow, _leading(step, to))


def _another_kind_of_answer(chance: Random, clinic: Clinic) -> Clinic | None:
    flow, step = _some_step(chance, clinic, Ask)
    ask: Any = step.body
    if ask.type is None:
        return None
    other = chance.choice(("text", "person name", "phone", "date", "number"))
    return _with_step(clinic, flow, replace(step, body=replace(ask, type=other)))


def _something_more_passed_on(chance: Random, clinic: Clinic) -> Clinic | None:
    runs = [
        (flow, step, step.body)
        for flow in clinic.flows.values()
        for step in flow.steps.values()
        if isinstance(step.body, Run) and step.body.flow in clinic.flows
    ]
    if not runs:
        return None
    flow, step, run = chance.choice(runs)
    known = sorted(saved_before(flow, given_names(clinic, flow)).get(step.name, ()))
    speaking = [one for one in clinic.flows[run.flow].steps.values() if isinstance(one.body, Say | Ask)]
    if not known or not speaking or "passed_on" in run.inputs:
        return None
    clinic = _with_step(
        clinic, flow, replace(step, body=Run(run.flow, {**run.inputs, "passed_on": chance.choice(known)}))
    )
    said = chance.choice(speaking)
    body: Any = said.body
    text = replace(body.text, source=f"{body.text.source} {{passed_on}}", translations={})
    return _with_step(clinic, clinic.flows[run.flow], replace(said, body=replace(body, text=text)))


def _a_flow_of_another_name(chance: Random, clinic: Clinic) -> Clinic | None:
    run = {
        step.body.flow for flow in clinic.flows.values() for step in flow.steps.values() if isinstance(step.body, Run)
    }
    entered = {entry.flow for entry in clinic.follow_ups.values()}
    named = {clinic.first_contact, clinic.otherwise, *run, *entered, *(one.run for one in clinic.anywhere)}
    named |= {one.run for one in clinic.questions.values()}
    named |= {option.run for flow in clinic.flows.values() for option in _options_of(flow)}
    free = [flow for flow in clinic.flows.values() if flow.name not in named]
    if not free:
        return None
    old = chance.choice(free)
    new = replace(old, name=f"{old.name}_new")
    flows = {
        new.name if name == old.name else name: new if name == old.name else one for name, one in clinic.flows.items()
    }
    words = {word: new.name if flow == old.name else flow for word, flow in clinic.start_words.items()}
    return replace(clinic, flows=flows, start_words=words)


EDITS: tuple[Edit, ...] = (
    _other_words,
    _other_words,
    _another_wait,
    _options_in_another_order,
    _another_translation,
    _renamed,
    _renamed,
    _renamed_without_a_word,
    _saved_under_another_name,
    _a_question_more,
    _a_question_more,
    _a_word_more,
    _an_option_less,
    _an_option_more,
    _another_way,
    _another_kind_of_answer,
    _a_flow_of_another_name,
    _something_more_passed_on,
)


# ---- how


def _some_step(chance: Random, clinic: Clinic, *kinds: type) -> tuple[Flow, Step]:
    """Longer flows are edited more often, as they are."""
    steps = [
        (flow, step)
        for flow in clinic.flows.values()
        for step in flow.steps.values()
        if not kinds or isinstance(step.body, kinds)
    ]
    return chance.choice(steps)


def _with_flow(clinic: Clinic, flow: Flow) -> Clinic:
    return replace(clinic, flows={**clinic.flows, flow.name: flow})


def _with_step(clinic: Clinic, flow: Flow, step: Step) -> Clinic:
    return _with_flow(clinic, replace(flow, steps={**flow.steps, step.name: step}))


def _options_of(flow: Flow) -> list[Option]:
    asks = [step.body for step in flow.steps.values() if isinstance(step.body, Ask)]
    return [option for ask in asks for option in (*ask.options, *ask.more_options)]


def _leading(step: Step, to: Mapping[str, str]) -> Step:
    """The step with every way to some steps leading to others."""

    def way(target: Any) -> Any:
        return Target(step=to[target.step]) if target is not None and target.step in to else target

    body: Any = step.body
    match body:
        case Ask():
            body = replace(
                body,
                options=tuple(replace(one, goes=way(one.goes)) for one in body.options),
                more_options=tuple(replace(one, goes=way(one.goes)) for one in body.more_options),
                after_last_try=way(body.after_last_try),
                silent=tuple(replace(rule, goes=way(rule.goes)) for rule in body.silent),
            )
        case Do():
            body = replace(body, outcomes={name: way(target) for name, target in body.outcomes.items()})
        case Check():
            ways = tuple((condition, way(target)) for condition, target in body.ways)
            body = replace(body, ways=ways, otherwise=way(body.otherwise))
    return replace(step, body=body, goes=way(step.goes), after_that=way(step.after_that))


def _saving(step: Step, old: str, new: str) -> Step:
    """The step with one saved name written otherwise, wherever it stands."""

    def named(text: Any) -> Any:
        if not isinstance(text, Text):
            return text
        words = {language: one.replace(f"{{{old}", f"{{{new}") for language, one in text.translations.items()}
        return Text(text.source.replace(f"{{{old}", f"{{{new}"), words)

    def source(name: str) -> str:
        head, dot, rest = name.partition(".")
        return f"{new}{dot}{rest}" if head == old else name

    body: Any = step.body
    match body:
        case Ask():
            body = replace(
                body,
                text=named(body.text),
                save_as=new if body.save_as == old else body.save_as,
                options_from=new if body.options_from == old else body.options_from,
                not_understood=named(body.not_understood),
                silent=tuple(replace(rule, say=named(rule.say)) for rule in body.silent),
            )
        case Do():
            inputs = {name: source(one) for name, one in body.inputs.items()}
            body = replace(body, inputs=inputs, save_as=new if body.save_as == old else body.save_as)
        case Run():
            body = replace(body, inputs={name: source(one) for name, one in body.inputs.items()})
        case Check():
            ways = tuple((replace(one, name=source(one.name)), target) for one, target in body.ways)
            body = replace(body, ways=ways)
        case Say():
            body = replace(body, text=named(body.text))
        case HandOver():
            body = replace(body, say=named(body.say))
    return replace(step, body=body)
