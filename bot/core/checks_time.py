"""Checks on what happens while nobody answers: before WhatsApp's window closes, and before a held time runs out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.core.calendar import HOLD_MINUTES
from bot.core.checks_actions import states
from bot.core.checks_graph import ENGINE_FILE
from bot.core.fault import At, Fault
from bot.core.flow import Ask, Clinic, Flow, Step
from bot.core.names import names_in

REMINDER_SECONDS_MAX = 23 * 3600
"""24 hours after the patient's last message WhatsApp takes nothing but templates; an hour is left for delays."""
HOURS = frozenset({"clinic.hours_text", "clinic.hours text"})


def late_reminders(clinic: Clinic) -> Iterator[Fault]:
    """E81: a reminder that would leave when WhatsApp takes only templates."""
    for flow, step, ask in _asks(clinic):
        for rule in ask.silent:
            if rule.say is not None and rule.after_seconds > REMINDER_SECONDS_MAX:
                yield At(flow, step, rule.line).fault(
                    "E81",
                    f"this reminder leaves after {rule.after_seconds // 3600} hours, when WhatsApp takes no words.",
                    "Send it within 23 hours.",
                )


def reminders_too_late_for_a_hold(clinic: Clinic) -> Iterator[Fault]:
    """E82: the patient is reminded of a time that is not kept for her any more."""
    written = str(clinic.facts.get("hold minutes", ""))
    # What is no number of minutes is told where it is read.
    kept = int(written) if re.fullmatch("[0-9]{1,5}", written) else HOLD_MINUTES
    for flow, step, ask in _asking_while_something_is_held(clinic):
        for rule in ask.silent:
            if rule.goes is not None and rule.after_seconds <= kept * 60:
                break
            if rule.line and rule.say is not None and rule.after_seconds >= kept * 60:
                yield At(flow, step, rule.line).fault(
                    "E82",
                    f"this reminder leaves after {rule.after_seconds // 60} minutes, and a time is kept for {kept}.",
                    'Remind earlier, or give the time back first ("go to").',
                )


def default_silence_while_something_is_held(clinic: Clinic) -> Iterator[Fault]:
    """W83: a time is held, and the question waits as long as any other."""
    for flow, step, ask in _asking_while_something_is_held(clinic):
        if not any(rule.line for rule in ask.silent):
            yield At(flow, step).fault(
                "W83",
                "a time is held while this question waits.",
                'Add its own "silent" rules, and give the time back.',
            )


def hand_over_without_hours(clinic: Clinic) -> Iterator[Fault]:
    """E93: whoever is passed on at night does not learn when somebody will be there."""
    text = clinic.texts.get("handed over")
    if text is not None and clinic.facts.get("hours text") and not HOURS & set(names_in(text.source)):
        yield Fault(
            "E93",
            ENGINE_FILE,
            0,
            message='the text "handed over" does not say when staff are there.',
            remedy="Add {clinic.hours text} to it.",
        )


def _asks(clinic: Clinic) -> Iterator[tuple[Flow, Step, Ask]]:
    for flow in clinic.flows.values():
        for step in flow.steps.values():
            if isinstance(step.body, Ask):
                yield flow, step, step.body


def _asking_while_something_is_held(clinic: Clinic) -> Iterator[tuple[Flow, Step, Ask]]:
    for flow in clinic.flows.values():
        held = {step.name for step, before, _, _ in states(flow) if before}
        for name in held:
            step = flow.steps[name]
            if isinstance(step.body, Ask):
                yield flow, step, step.body
