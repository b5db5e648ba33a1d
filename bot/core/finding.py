"""What an examination of the installation finds, and the addresses that belong into Twilio's console."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "fault"]

OVERRIDES = "#rc=3&rp=all&ct=2000&rt=4000"
"""Behind an address these make Twilio try three times more, whatever went wrong, and wait 2 s for a connection and 4 s
for an answer. They are no part of the signature. https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``where`` and ``do`` are empty when it is in order.

    ``Finding("fault", "Redis", "It does not answer.", "REDIS_URL", "Start it, or correct the address.")``
    """

    level: Level
    part: str
    what: str
    where: str = ""
    do: str = ""


def addresses(public_url: str) -> tuple[tuple[str, str], ...]:
    """What to enter at Twilio for the WhatsApp sender, as (its field there, the address); all with method POST."""
    return (
        ("When a message comes in", f"{public_url}/twilio/inbound{OVERRIDES}"),
        ("Fallback, if that fails", f"{public_url}/twilio/fallback{OVERRIDES}"),
        ("Status callback", f"{public_url}/twilio/status{OVERRIDES}"),
    )
