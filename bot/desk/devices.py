"""Staff's own devices: which are told of alerts, and telling them.

A browser that lets itself be told gives an address at the push service of its maker and keys that only it reads with.
A device that its push service does not know any more is told nothing more; any other failure is tried again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from bot.core.alerts import Told, shown
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.ports.devices import Device, Notice, Push, PushAway, PushGone
from bot.ports.staff import Audited

DEVICES_MAX = 10
"""Of one account."""
NAME_CHARACTERS_MAX = 60
TELL_SECONDS_MAX = 30.0
"""A try to tell devices goes on for so long; who was not told by then is told at the next."""
NOT_USABLE = "This browser gave nothing that it could be told by. Reload the page and try again."
NOT_YOURS = "This device is on the list no more."


def tell(desk: Desk, notice: Notice, devices: Sequence[Device]) -> str:
    """Tell devices of a letter, and write down which of them have it; why some have not, or nothing."""
    give_up = desk.clock.monotonic() + TELL_SECONDS_MAX
    troubles: list[str] = []
    # What did not answer the last time is not waited for by the others.
    for one in sorted(devices, key=lambda one: bool(one.trouble)):
        trouble = "there was no time left" if desk.clock.monotonic() > give_up else _told(desk, one, notice)
        troubles += [trouble] if trouble else []
    if not troubles:
        return ""
    return f"{len(troubles)} device{'' if len(troubles) == 1 else 's'} not told ({troubles[0]})"


def _told(desk: Desk, one: Device, notice: Notice) -> str:
    try:
        _push(desk).send(one, notice)
    except PushGone:
        desk.report("device_gone", {"device": one.id, "staff": one.staff})
        with desk.book.begin() as ledger:
            ledger.drop_device(one.id)
        return ""
    except PushAway as away:
        with desk.book.begin() as ledger:
            ledger.device_told(one.id, str(away), _stamp(desk))
        return str(away)
    with desk.book.begin() as ledger:
        ledger.device_told(one.id, "", _stamp(desk))
        ledger.note_told(notice.id, [one.id])
    return ""


def public_key(desk: Desk) -> str:
    """What a browser has to know of us; empty where there is no way to devices."""
    return _push(desk).public_key if desk.push is not None else ""


def of_all(desk: Desk, staff: str = "") -> tuple[Device, ...]:
    """The devices that are told, of one account or of all."""
    with desk.book.look() as ledger:
        return tuple(one for one in ledger.devices() if staff in ("", one.staff))


def add(desk: Desk, asked: Device) -> None:
    """Tell a browser from now on. ``asked`` is as it came; its id and times are made here. Raises NotPossible."""
    now = _stamp(desk)
    fresh = replace(asked, id=id_of(asked.endpoint), name=asked.name[:NAME_CHARACTERS_MAX], made_at=now)
    if not _push(desk).takes(fresh):
        raise NotPossible(NOT_USABLE)
    with desk.book.begin() as ledger:
        others = [one for one in ledger.devices() if one.staff == asked.staff and one.id != fresh.id]
        if len(others) >= DEVICES_MAX:
            raise NotPossible(f"At most {DEVICES_MAX} devices are told. Remove one first.")
        ledger.keep_device(fresh)
        told = f"device {fresh.id} added: {fresh.wants}"
        ledger.audit(Audited(now, asked.staff, "changed", f"staff:{asked.staff}", told))


def remove(desk: Desk, by: str, id: str, whose: str = "") -> None:
    """Tell a device nothing more; only if it is of ``whose``, when that is given. Raises NotPossible."""
    with desk.book.begin() as ledger:
        one = ledger.device(id)
        if one is None or whose not in ("", one.staff):
            raise NotPossible(NOT_YOURS)
        ledger.drop_device(id)
        ledger.audit(Audited(_stamp(desk), by, "changed", f"staff:{one.staff}", f"device {id} removed"))


def rename(desk: Desk, staff: str, id: str, name: str) -> None:
    """Call one's own device so, however it calls itself. Raises NotPossible."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_CHARACTERS_MAX:
        raise NotPossible(f"A name has 1 to {NAME_CHARACTERS_MAX} characters.")
    with desk.book.begin() as ledger:
        one = ledger.device(id)
        if one is None or one.staff != staff:
            raise NotPossible(NOT_YOURS)
        ledger.rename_device(id, name)
        ledger.audit(Audited(_stamp(desk), staff, "changed", f"staff:{staff}", f"device {id} renamed"))


def try_out(desk: Desk, staff: str, id: str) -> None:
    """Tell one's own device now that alerts arrive. Raises NotPossible, saying why it cannot be told."""
    with desk.book.look() as ledger:
        one = ledger.device(id)
    if one is None or one.staff != staff:
        raise NotPossible(NOT_YOURS)
    notice = notice_of(desk, desk.chance.token(), (Told("trial", "", ""),))
    if trouble := _told(desk, one, notice):
        raise NotPossible(f"It could not be told: {trouble}.")
    with desk.book.begin() as ledger:
        ledger.letter_over(notice.id)
        if ledger.device(id) is None:
            raise NotPossible("The browser does not let itself be told any more. Switch alerts on there again.")


def notice_of(desk: Desk, letter: str, things: Sequence[Told]) -> Notice:
    """What devices show of the things in a letter."""
    clinic = str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "")
    return Notice(letter, *shown(things, clinic))


def id_of(endpoint: str) -> str:
    """A device's id: a digest, so that it says nothing of where it is told."""
    return sha256(endpoint.encode()).hexdigest()[:32]


def _push(desk: Desk) -> Push:
    if desk.push is None:
        raise NotPossible("No device can be told here.")
    return desk.push()


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
