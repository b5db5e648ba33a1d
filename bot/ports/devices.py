"""Telling staff on their own devices, through the push service of their browser's maker (Web Push)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from bot.core.alerts import Wants


class PushAway(Exception):
    """A device cannot be told now: try again with the same notice. The message says why, in words that name nobody."""


class PushGone(Exception):
    """The browser took its leave of us: this device will never be told by what we know of it."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser that is told. ``id`` is a digest of ``endpoint``, where it is told; ``key`` and ``secret`` are what
    only it can read with, as the browser gave them (base64url). ``told_at`` is when it was told last."""

    id: str
    staff: str
    name: str
    wants: Wants
    endpoint: str = field(repr=False)
    key: str = field(repr=False)
    secret: str = field(repr=False)
    made_at: int = 0
    told_at: int = 0
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """What a device shows: words that name nobody, and the page of the desk it leads to.

    ``id`` is the same at every try, so that a device shows it once.
    """

    id: str
    title: str
    text: str
    path: str


class Push(Protocol):
    """Our way out to devices."""

    @property
    def public_key(self) -> str:
        """What a browser has to know of us before it lets itself be told (base64url)."""

    def takes(self, device: Device) -> bool:
        """Whether a push service that we know tells it, under keys that can be used. It may be hostile input."""

    def send(self, device: Device, notice: Notice) -> None:
        """Tell a device. Raises PushAway or PushGone."""


class DevicesPart(Protocol):
    """The book of record's part."""

    def devices(self) -> tuple[Device, ...]:
        """All devices of accounts that are in use, the oldest first."""

    def device(self, id: str) -> Device | None:
        """One device."""

    def keep_device(self, device: Device) -> None:
        """Tell this device from now on; whose it was before does not count."""

    def drop_device(self, id: str) -> None:
        """Tell it nothing more."""

    def rename_device(self, id: str, name: str) -> None:
        """It is called so from now on."""

    def device_told(self, id: str, trouble: str, now: int) -> None:
        """It was told now; or, with ``trouble``, could not be."""

    def letter_told(self, letter: str) -> frozenset[str]:
        """By which ways the alerts of a letter were told: ids of devices, and ``mail``."""

    def note_told(self, letter: str, ways: Iterable[str]) -> None:
        """They were told by these ways too: the next try leaves them out."""

    def letter_over(self, letter: str) -> None:
        """Nothing is left to be told of it."""
