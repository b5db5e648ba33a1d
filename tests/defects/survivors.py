"""Mistakes that nothing finds, and why that is so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NO_REASON = "nobody knows why yet"
_USUAL = "the usual sentence of _clinic.yaml is said instead: other words, and nobody is stranded"
_ANYBODY = "the action may do without: every practitioner who offers the service is looked up"

SURVIVORS: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        ("booking.yaml", 'ask_name: "not understood" deleted'): _USUAL,
        ("booking_request.yaml", 'ask_name: "not understood" deleted'): _USUAL,
        ("booking_request.yaml", 'ask_phone: "not understood" deleted'): _USUAL,
        ("my_appointments.yaml", 'choose_day: "not understood" deleted'): _USUAL,
        ("my_appointments.yaml", 'choose_time: "not understood" deleted'): _USUAL,
        ("my_appointments.yaml", "find_days: input practitioner deleted"): _ANYBODY,
        ("my_appointments.yaml", "find_slots: input practitioner deleted"): _ANYBODY,
        ("booking.yaml", "choose_practitioner: option any leads to find_days"): "it leads there anyway",
        ("main_menu.yaml", 'choose: "end" deleted'): "a menu ends under the name of the flow that it ran",
    }
)
"""By file and mistake."""
