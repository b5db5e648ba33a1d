"""Who may speak to the patient, as a table.

``control`` says who has the conversation: the bot, nobody yet (it waits for a person), a receptionist who holds it, or
nobody because it is closed. Each kind of words may leave only under some of them. The table is asked twice: in the
transaction that queues the words, and again when a sender claims them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from bot.core.conversation import Control
from bot.core.effects import Speech

Verdict = Literal["speak", "suppress", "keep", "refuse"]
"""``suppress``: recorded and shown to staff, never sent. ``keep``: stays due until it expires. ``refuse``: back to the
draft of whoever wrote it."""

_EVERYONE: Mapping[Control, Verdict] = {"bot": "speak", "waiting": "speak", "held": "speak", "closed": "speak"}

WHO_MAY_SPEAK: Mapping[Speech, Mapping[Control, Verdict]] = MappingProxyType(
    {
        "reply": {"bot": "speak", "waiting": "suppress", "held": "suppress", "closed": "suppress"},
        "follow-up": {"bot": "speak", "waiting": "keep", "held": "keep", "closed": "speak"},
        "notice": _EVERYONE,
        "staff": {"bot": "refuse", "waiting": "refuse", "held": "speak", "closed": "refuse"},
        "safety": _EVERYONE,
        "introduction": {"bot": "suppress", "waiting": "suppress", "held": "speak", "closed": "suppress"},
    }
)

IN_HER_NAME: frozenset[Speech] = frozenset({"staff", "introduction"})
"""Words that are a receptionist's: her own, and those that say that she answers."""


def may_speak(speech: Speech, control: Control, holder: str = "", speaker: str = "") -> Verdict:
    """What becomes of words of this kind now. What is said in a receptionist's name leaves only while she is the
    holder: once a colleague is, it fares as if nobody had the conversation."""
    passed_on = control == "held" and speech in IN_HER_NAME and speaker != holder
    return WHO_MAY_SPEAK[speech]["waiting" if passed_on else control]
