"""New times for an appointment that fell through: buttons under its bad news, each of which books one of them.

They stand beside the open question, like a follow-up's: flows, tries and silences know nothing of them. A button
carries the appointment it makes up for, so it counts however old it is; whether its time is still free is asked when it
is tapped, and if it is not, those that are free then are offered.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.core.actions import NEW_TIME
from bot.core.effects import Choice, DoAction, Say
from bot.core.events import Message, Outcome
from bot.core.flow import Value
from bot.core.names import Names
from bot.core.walk import Walk

_BUTTON = re.compile(r"n(\d{1,18})\.(more|[^\s@]{1,60}@\d{1,10})")
MORE = "more"
_SAID_OF: Mapping[str, str] = {"booked": "desk booked", "kept": "kept", "gone": "not booked"}
"""The sentence that answers each outcome which offers nothing further."""


def choices(conversation: str, appointment: int, times: Sequence[tuple[str, str]]) -> tuple[Choice, ...]:
    """Buttons for times, each ``practitioner@start`` (or :data:`MORE`: ask which are free then) with what it reads."""
    return tuple(Choice(f"{conversation[:8]}.n{appointment}.{id}", label) for id, label in times)


def tap(walk: Walk, message: Message) -> bool:
    """A button under the news that an appointment fell through, however old."""
    owner, _, rest = message.button.partition(".")
    button = _BUTTON.fullmatch(rest)
    if button is None or owner != walk.conversation.id[:8]:
        return False
    appointment, time = button.groups()
    walk.trod("new time" if time != MORE else "new times")
    walk.asked = DoAction(NEW_TIME, {"appointment": appointment, "slot": "" if time == MORE else time})
    walk.effects.append(walk.asked)
    return True


def came_out(walk: Walk, outcome: Outcome) -> None:
    """Take up what came of it."""
    walk.trod(f"outcome {outcome.name}")
    told: Mapping[str, Value] = outcome.value if isinstance(outcome.value, Mapping) else {}
    match outcome.name:
        case "found" | "taken":
            _offer(walk, told, gone=outcome.name == "taken")
        case "none" | "failed":
            walk.hand_over("An appointment fell through, and no new time was found")
        case name:
            walk.say(Names(walk.clinic, walk.conversation, told).render(walk.text(_SAID_OF[name])))


def _offer(walk: Walk, told: Mapping[str, Value], gone: bool) -> None:
    appointment, free = told.get("appointment"), told.get("times")
    times = [(str(id), str(label)) for id, label in free.items()] if isinstance(free, Mapping) else []
    offered = choices(walk.conversation.id, int(str(appointment)), times)
    words = walk.names.render(walk.text("new time gone" if gone else "new times"))
    walk.effects.append(Say(words, choices=offered, list_button=walk.text("list button")))
