"""A place that a patient sent: what it is called, where it is, and its coordinates, as text to read and to copy."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.core.one_line import one_line

LABEL_CHARACTERS_MAX = 200
ADDRESS_CHARACTERS_MAX = 300
_DEGREES = re.compile(r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Location:
    """``{"latitude": "1.3048", "longitude": "103.8318", "label": "Orchard MRT", "address": "437 Orchard Road"}``

    Coordinates are degrees of WGS 84 as decimal numbers, both or neither; a place may have nothing else, or no more
    than a name.
    """

    latitude: str = ""
    longitude: str = ""
    label: str = ""
    address: str = ""

    @property
    def coordinates(self) -> str:
        """As maps take them: ``1.3048, 103.8318``; empty when there are none."""
        return f"{self.latitude}, {self.longitude}" if self.latitude else ""

    @property
    def words(self) -> str:
        """The whole place in one line."""
        return ", ".join(filter(None, (self.label, self.address, self.coordinates)))


def read_location(latitude: str, longitude: str, label: str = "", address: str = "") -> Location | None:
    """A place from what came in, believing none of it; None when nothing is left of it."""
    north, east = _degrees(latitude, 90), _degrees(longitude, 180)
    if not (north and east):
        north = east = ""
    found = Location(north, east, one_line(label, LABEL_CHARACTERS_MAX), one_line(address, ADDRESS_CHARACTERS_MAX))
    return None if found == Location() else found


def _degrees(text: str, most: int) -> str:
    """The number, to a tenth of a metre; empty when it is none or nowhere on earth."""
    if not _DEGREES.fullmatch(text.strip(" ")) or abs(float(text)) > most:
        return ""
    # Adding nothing makes of minus zero a zero.
    return f"{round(float(text), 6) + 0.0:.6f}".rstrip("0").rstrip(".")
