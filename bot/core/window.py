"""The 24-hour window: WhatsApp lets a business write freely for a day after the patient's last message."""

from __future__ import annotations

WINDOW_SECONDS = 24 * 3600
MARGIN_SECONDS = 10 * 60
"""Kept back for the way to Twilio: a message that leaves at the last moment arrives too late (error 63016)."""

WINDOW_CLOSED = "the 24-hour window is closed"


def window_closes(last_inbound_at: int) -> int:
    """Until when free words may be posted, in epoch seconds; 0 when the patient never wrote."""
    return last_inbound_at + WINDOW_SECONDS - MARGIN_SECONDS if last_inbound_at else 0


def window_open(last_inbound_at: int, now: int) -> bool:
    """Whether free words may be posted now. Epoch seconds."""
    return now < window_closes(last_inbound_at)
