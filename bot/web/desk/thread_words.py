"""What stands beside the words of a thread, in words: events, how a message fared, how long somebody waits.

Tables for a reader to scan. What a table does not know is shown by its name, never left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.ports.reception import ThreadLine

EVENTS: Mapping[str, str] = {
    "staff_took_over": "{by} took over",
    "staff_handed_on": "{by} gave it to {to}",
    "staff_released": "{by} put it back into the queue: {reason}",
    "staff_looked": "{by} has seen it",
    "staff_reopened": "{by} took “done” back",
    "silence_ran_out": "No answer to the open question",
    "passed_to_person": "Passed to people: {detail}",
    "left_for_staff": "For the desk to do: {detail}",
    "patient_gave_up": "The patient did not finish ({detail})",
    "patient_asked_to_stop": "The patient wants no more messages",
    "patient_asked_to_start": "The patient wants messages again",
    "attachment_unread": "The assistant cannot read this: {detail}",
    "turn_failed": "Something failed while answering; it was passed to people",
    "label_put": "{by} added the label {detail}",
    "label_dropped": "{by} took the label {detail} off",
    "appointment_booked": "{by} booked appointment {detail}",
    "booking_finished": "{by} finished the booking: appointment {detail}",
    "appointment_fell_through": "{by} told the patient that appointment {detail} cannot take place",
    "patient_arrived": "{by}: the patient of appointment {detail} has arrived",
    "patient_fulfilled": "{by}: appointment {detail} is over",
    "patient_noshow": "{by}: the patient of appointment {detail} did not come",
    "appointment_moved": "{by} moved appointment {detail}",
    "appointment_cancelled": "{by} cancelled appointment {detail}",
    "about_chosen": "{by} chose whom it is about",
    "patient_added": "{by} added a patient",
    "erased": "{by} erased everything before this",
    "forgotten": "What was written before this was forgotten: the clinic's time for keeping it is over",
}
BACK: Mapping[str, str] = {
    "menu": "{by} gave it back to the assistant",
    "continue": "{by} gave it back to the assistant, at its open question",
    "silent": "{by} closed it: {as}",
}
RETURNED: Mapping[str, str] = {
    "holder_silent": "Back in the queue: {holder} did not answer in time",
    "holder_left": "Back in the queue: {holder} has left",
    "no_answer": "Closed: the patient did not answer for a day",
    "later_over": "It was put off until now",
}
ESCALATIONS: Mapping[str, str] = {
    "urgent": "Everybody is told: it is urgent",
    "again": "Those on shift are told again: nobody has taken it yet",
    "everybody": "Everybody is told: nobody has taken it yet",
}
STATUSES: Mapping[str, tuple[str, str]] = {
    "queued": ("◷", "Waiting to leave"),
    "sending": ("◷", "Leaving"),
    "unknown": ("?", "Not known yet whether it left"),
    "sent": ("✓", "Sent"),
    "delivered": ("✓✓", "Delivered"),
    "read": ("✓✓", "Read"),
    "failed": ("!", "Not delivered"),
    "suppressed": ("", "Not sent"),
    "expired": ("!", "Not sent, it came too late"),
    "needs_person": ("!", "Not sent, a person has to"),
}
"""A sign for the eye, and its words, by :data:`bot.core.delivery.RowStatus`."""
UNHAPPY = frozenset({"failed", "expired", "needs_person"})
KINDS: Mapping[str, str] = {
    "media": "Sent a photo, a file or a voice message",
    "location": "Sent a place",
    "contact": "Sent a contact card",
    "file": "Sent a file",
}
SPEECH: Mapping[str, str] = {
    "safety": "Safety text",
    "follow-up": "Follow-up",
    "notice": "Notice",
    "introduction": "Who answers",
}


def event_words(line: ThreadLine, people: Mapping[str, str], closed_as: Mapping[str, str], clock: str = "") -> str:
    """An event as one sentence. ``people`` are names of staff by account, ``closed_as`` the clinic's list of what a
    conversation may be closed as; ``clock`` is what "put off until" reads."""
    details = dict(line.details or {})
    for who in ("by", "to", "holder", "taken_from"):
        details[who] = name_of(details.get(who, ""), people)
    details["as"] = closed_as_words(details.get("closed_as", ""), closed_as) or "done"
    pattern = EVENTS.get(line.text, "")
    match line.text:
        case "staff_took_over" if (line.details or {}).get("taken_from"):
            pattern = "{by} took it over from {taken_from}"
        case "staff_handed_back":
            pattern = BACK.get(details.get("mode", ""), BACK["menu"])
        case "returned":
            pattern = RETURNED.get(details.get("rule", ""), "Moved by a rule of the desk")
        case "escalated":
            pattern = ESCALATIONS.get(details.get("level", ""), "Somebody is told that it waits")
        case "staff_put_off":
            pattern = "{by} put it off until " + clock if clock else "{by} took it up again"
        case "staff_marked":
            pattern = "{by} marked it urgent" if details.get("urgent") == "True" else "{by}: not urgent any more"
        case "staff_blocked":
            pattern = "{by} blocked this address" if details.get("blocked") == "True" else "{by} unblocked it"
    if not pattern:
        pattern = line.text.replace("_", " ").capitalize() + (": {detail}" if details.get("detail") else "")
    return _filled(pattern, details)


def _filled(pattern: str, details: Mapping[str, str]) -> str:
    # Not str.format, and in one go: a detail may hold braces of its own.
    return re.sub(r"\{(\w+)\}", lambda name: details.get(name[1], ""), pattern)


def closed_as_words(chosen: str, closed_as: Mapping[str, str]) -> str:
    """What a conversation was closed as, as the clinic words it; by its id once the clinic's list has it no more."""
    return closed_as.get(chosen) or chosen.replace("_", " ").capitalize()


def name_of(staff: str, people: Mapping[str, str]) -> str:
    """A colleague by her account; whoever acts at the machine itself has none."""
    return people.get(staff, staff) if staff else "Nobody"


def span(seconds: int) -> str:
    """How long, as one says it: ``14 min``, ``2 h 5 min``, ``3 days``."""
    minutes = max(0, seconds) // 60
    if minutes < 1:
        return "under 1 min"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min" if minutes % 60 else f"{minutes // 60} h"
    return f"{minutes // (24 * 60)} days"
