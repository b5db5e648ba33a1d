"""A mistake found in the clinic's files, in words an admin can act on."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bot.core.flow import Flow, Step

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, where, and what to do about it. An ``error`` keeps the files from being published.

    ``str()`` gives the line an admin reads:
    ``booking.yaml:42 choose_slot: the option "Later" goes to "no_slot" - no such step. Did you mean "no_slots"?``
    """

    code: str
    file: str
    line: int
    column: int = 0
    """Lines and columns count from 1; 0 is not known."""
    step: str = ""
    message: str = ""
    remedy: str = ""
    level: Level = "error"

    def as_data(self) -> dict[str, str | int]:
        """The fault for other programs: every field under its name."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def told(self) -> str:
        """The line with the column, as editors jump to it, and with the code that the pages explain."""
        where = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        code = self.code if self.level == "error" else f"{self.code}, warning"
        return f"{where} {self.step}".rstrip() + f": {self.message} {self.remedy}".rstrip() + f" ({code})"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        words = f"{self.message} {self.remedy}".strip()
        return f"{where} {self.step}: {words}" if self.step else f"{where}: {words}"


@dataclass(frozen=True, slots=True)
class At:
    """Where in a flow something is wrong: the flow itself, one of its steps, or a line of that step."""

    flow: Flow
    step: Step | None = None
    line: int = 0

    def fault(self, code: str, message: str, remedy: str) -> Fault:
        """A fault here. Codes that start with W are warnings."""
        line = self.line or (self.step.line if self.step else 1)
        return Fault(
            code, self.flow.file, line, 0, self.step.name if self.step else "", message, remedy, level_of(code)
        )


def level_of(code: str) -> Level:
    """What the letter of a code says."""
    return "warning" if code.startswith("W") else "error"


def in_reading_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Faults file by file, from the top of each; a fault found twice is given once."""
    return tuple(sorted(set(faults), key=lambda fault: (fault.file, fault.line, fault.column, fault.code, str(fault))))


def did_you_mean(written: str, known: Iterable[str], otherwise: str = "") -> str:
    """``Did you mean "no_slots"?``, or ``otherwise`` when nothing known comes close."""
    close = difflib.get_close_matches(written, sorted(known), n=1, cutoff=0.6)
    return f'Did you mean "{close[0]}"?' if close else otherwise
