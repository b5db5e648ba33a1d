"""How the front desk is doing, for whoever operates it: counts and seconds, no names and no numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits for something: how many, and for how many seconds the longest."""

    count: int = 0
    oldest_seconds: int = 0


@dataclass(frozen=True, slots=True)
class Pulse:
    """What waits now, and what became of the last hour's work."""

    unsent: Backlog
    """Words that could leave now, follow-ups apart: those wait for a receptionist to be done."""
    unclear: Backlog
    """Words of which nobody knows whether Twilio took them."""
    parked: Backlog
    """Messages behind somebody else's turn."""
    people: Backlog
    """Patients who wait for a person."""
    follow_ups: Backlog
    """Follow-ups that are due, and of which it is not known that they may not leave yet."""
    media: Backlog
    """Files that are to be fetched."""
    sends: Mapping[str, int]
    """Words of the last hour by the status they have now."""
    window_missed: int
    """Words of the last hour that came too late for the 24-hour window."""
    lateness_seconds: int
    """How late the latest follow-up of the last hour was."""
    alerts: Backlog
    """What staff are to be told off the screen and could not be told yet."""
    erasures: Backlog
    """Erasures that are not finished outside of the database."""
    turns: int
    """Turns of the last hour; like ``sends``, counted among the newest 5,000."""


class PulsePart(Protocol):
    """The book of record's part."""

    def pulse(self, now: int) -> Pulse:
        """How it is doing at an instant. Costs the same however much there is."""
