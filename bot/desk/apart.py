"""Work on many rows, each apart: one that cannot be dealt with is told to the operator and never stops the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bot.ports import Desk


@contextmanager
def apart(desk: Desk, event: str, **ids: object) -> Iterator[None]:
    """What fails inside is reported as ``event`` with these ids and the kind of error, and goes no further."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever it is, the next row must have its turn
        desk.report(event, {**ids, "error": type(error).__name__})
