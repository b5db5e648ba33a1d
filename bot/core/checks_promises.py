"""Checks that the bot keeps its word: what it tells the patient to write is understood, what it asks is used."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core import safety
from bot.core.answers import fold
from bot.core.checks_words import Spot, engine_spots, flow_spots, ways_to_say
from bot.core.fault import At, Fault
from bot.core.flow import Ask, Check, Clinic, Flow, HandOver, Say, Step
from bot.core.names import clinic_fact, names_in
from bot.core.ways import Way, ways_of

_SENTENCE = re.compile(r"[.!?。！？\n]")
_TELLS = re.compile(
    r"\b(?:write|reply|type|send|tulis|taip|balas|hantar)\b|写|寫|输入|輸入|回复|回覆|发送", re.IGNORECASE
)
_WORDS = r"[\"“「]([^\"”」]{1,40})[\"”」]|([A-Z]{2,}(?: [A-Z]{2,})+|[A-Z]{3,})\b"
_FIRST = re.compile(rf"\s*(?:with |dengan )?(?:{_WORDS})")
_FURTHER = re.compile(rf"(?:\bor|\batau|或|或者|,|，|、) ?(?:[a-z]+ )?(?:{_WORDS})")


def promised_words(text: str) -> Iterator[str]:
    """The words a text tells the patient to write: in capitals or quotes, behind "write", "reply" and the like.

    >>> list(promised_words("Write MENU to see what I can do, or HUMAN for our staff."))
    ['MENU', 'HUMAN']
    """
    for sentence in _SENTENCE.split(text):
        told = _TELLS.search(sentence)
        if told is not None:
            rest = sentence[told.end() :]
            first = _FIRST.match(rest)
            for found in (*([first] if first else ()), *_FURTHER.finditer(rest)):
                yield found.group(1) or found.group(2)


def broken_promises(clinic: Clinic) -> Iterator[Fault]:
    """E38: a text tells the patient to write something that is not understood there, in some language."""
    everywhere = clinic.anywhere_words.keys() | clinic.start_words.keys() | safety.LIST_WORDS
    for spot, here in _spots_with_answers(clinic):
        for language in clinic.languages:
            for words in dict.fromkeys(promised_words(spot.text.in_language(language))):
                if fold(words) not in everywhere | here:
                    where = f" in {language}" if len(clinic.languages) > 1 else ""
                    yield spot.fault(
                        "E38",
                        f'tells the patient to write "{words}"{where}, which is not understood.',
                        'Add it to "starts with", to "anywhere" or to an option, or write it in small letters.',
                    )


def _spots_with_answers(clinic: Clinic) -> Iterator[tuple[Spot, set[str]]]:
    """Every text, with the folded words that are understood at its own question."""
    for flow in clinic.flows.values():
        for spot in flow_spots(flow):
            step = flow.steps.get(spot.step)
            ask = step.body if step is not None and isinstance(step.body, Ask) else None
            options = (*ask.options, *ask.more_options) if ask else ()
            yield spot, {fold(words) for option in options for words in ways_to_say(option)}
    for spot in engine_spots(clinic):
        yield spot, set()


def unused_answers(clinic: Clinic) -> Iterator[Fault]:
    """W39: the patient is asked something, and nothing comes of the answer."""
    for flow, step, ask in _asks(clinic):
        if (ask.type or ask.options_from) and not ask.save_as:
            yield At(flow, step).fault("W39", "the answer is kept nowhere.", 'Add "save as", or do not ask.')


def empty_values(clinic: Clinic) -> Iterator[Fault]:
    """E43: a text names something that may be empty when it is sent."""
    for spot, _ in _spots_with_answers(clinic):
        for name in names_in(spot.text.source):
            if name.startswith("clinic.") and clinic_fact(clinic.facts, name) == "":
                yield spot.fault("E43", f'names "{name}", which is empty.', "Fill it in, or leave it out.")
    for flow in clinic.flows.values():
        unknown = _reached_without_a_phone(flow)
        for spot in flow_spots(flow):
            if spot.step in unknown and "contact.phone" in names_in(spot.text.source):
                yield spot.fault(
                    "E43",
                    'names "contact.phone", which is empty when the patient shows no number.',
                    'Check it before: "if: contact.phone is empty".',
                )


def _reached_without_a_phone(flow: Flow) -> set[str]:
    """Steps that a patient without a known number can come to."""
    found: set[str] = set()
    waiting = [flow.first.name]
    while waiting:
        name = waiting.pop()
        if name in found or name not in flow.steps:
            continue
        found.add(name)
        ways = ways_of(flow.steps[name])
        waiting += [
            way.target.step for way in ways if way.target and way.target.step and not _has_phone(flow.steps[name], way)
        ]
    return found


def _has_phone(step: Step, way: Way) -> bool:
    """Whether a condition lets only patients with a known number go this way."""
    if not isinstance(step.body, Check):
        return False
    conditions = [condition for condition, _ in step.body.ways if condition.name == "contact.phone"]
    if way.name == "otherwise":
        return any(condition.operator == "is empty" for condition in conditions)
    condition, _ = step.body.ways[int(way.name.removeprefix("way ")) - 1]
    return condition.name == "contact.phone" and condition.operator in ("is set", "=")


def values_that_get_out(clinic: Clinic) -> Iterator[Fault]:
    """E45: something a patient said would stand in a link, or in the reason that staff are notified with."""
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, HandOver) and names_in(step.body.reason):
                yield At(flow, step).fault(
                    "E45",
                    "the reason names a saved value, and reasons are counted and sent as notices.",
                    'Say only why. Staff see the answers beside it. Words to the patient belong under "say".',
                )
        for spot in flow_spots(flow):
            for link in re.findall(r"https?://\S+", spot.text.source):
                if any(not name.startswith("clinic.") for name in names_in(link)):
                    yield spot.fault("E45", "puts a saved value into a link.", "Take it out of the link.")


def messages_in_a_row(clinic: Clinic) -> Iterator[Fault]:
    """W64: two messages that always follow one another."""
    for flow in clinic.flows.values():
        into: dict[str, int] = {}
        for step in flow.steps.values():
            for way in ways_of(step):
                if way.target is not None and way.target.step is not None:
                    into[way.target.step] = into.get(way.target.step, 0) + 1
        for step in flow.steps.values():
            after = flow.steps.get(step.goes.step or "")
            if after is None or after is flow.first or into.get(after.name) != 1:
                continue
            if isinstance(step.body, Say) and isinstance(after.body, Say):
                yield At(flow, after).fault("W64", f"this always follows {step.name}.", "Make one message of both.")


def _asks(clinic: Clinic) -> Iterator[tuple[Flow, Step, Ask]]:
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Ask):
                yield flow, step, step.body
