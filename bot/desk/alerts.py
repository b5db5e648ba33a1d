"""Telling staff off the screen, by e-mail and on their devices: sending what :mod:`bot.desk.alarms` wrote down.

A worker takes what is due as one letter, whose id stays the same at every try: so nothing is lost when it dies, and a
mailbox or a device that gets a letter twice shows it once. A letter is over when all who are to be told have it; those
who have it are left out of the next try.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.core.alerts import (
    ADDRESS,
    ADDRESSES_MAX,
    MINUTES_MAX,
    Alarming,
    Told,
    Wants,
    alarming_from,
    alarming_to,
    is_urgent,
    letter,
)
from bot.desk import devices
from bot.desk.reception import NotPossible
from bot.ports import Desk, Ledger
from bot.ports.alerts import Alert, AlertStatus, Letter, MailAway, MailTrouble
from bot.ports.devices import Device
from bot.ports.staff import Audited

LETTER_ROWS_MAX = 100
GIVEN_UP_SECONDS = 24 * 3600
"""An alert that could not leave for so long is given up; one that nobody ever tried is over."""
TROUBLE_SECONDS = 24 * 3600
NOBODY_TOLD = "nobody is told: no address and no device is set"
NOBODY_LEFT = "nobody is told: the devices that were to be told let themselves be told no more"
MAIL = "mail"
"""The way of telling that is no device."""


# ---- sending


def send_alerts(desk: Desk) -> int:
    """Send every letter that is due; how many left. For the queue."""
    if desk.mail is None and desk.push is None:
        return 0
    sent = 0
    while True:
        now = _stamp(desk)
        with desk.book.begin() as ledger:
            taken = ledger.take_alerts(desk.chance.token(), LETTER_ROWS_MAX, now)
            still = [one for one in taken if _still_so(ledger, one, now)]
            gone = [one.id for one in taken if one not in still]
            ledger.alerts_over(gone, "over", now)
            whom = _whom(desk, ledger, still)
            if taken and not still:
                ledger.letter_over(taken[0].mail)
        if not taken:
            return sent
        if still:
            sent += _send(desk, still, whom, now)


def _still_so(ledger: Ledger, one: Alert, now: int) -> bool:
    """Whether it still has to be told: somebody may have taken the patient meanwhile."""
    if one.tries == 1 and now - one.made_at > GIVEN_UP_SECONDS:
        return False
    if one.kind == "mention":
        return ledger.is_mentioned(one.staff, one.conversation)
    if one.kind != "waiting":
        return True
    state = ledger.read(one.conversation)
    return state is not None and state.control == "waiting" and state.waiting_since == one.since


@dataclass(frozen=True, slots=True)
class _Whom:
    """Who has not been told of a letter yet; ``anybody`` is false when there is nobody to be told at all."""

    anybody: bool
    to: tuple[str, ...]
    devices: tuple[Device, ...]


def _whom(desk: Desk, ledger: Ledger, alerts: Sequence[Alert]) -> _Whom:
    urgent = any(is_urgent(one.kind) for one in alerts)
    alone = alerts[0].staff if alerts else ""
    told = ledger.letter_told(alerts[0].mail) if alerts else frozenset()
    to: tuple[str, ...] = ()
    if desk.mail is not None:
        everybody = () if alone else alarming_from(ledger.alarming()).addresses
        theirs = ledger.alert_addresses().items()
        hers = (to for staff, (to, wants) in theirs if alone in ("", staff) and (wants == "all" or urgent))
        to = tuple(dict.fromkeys((*everybody, *hers)))
    known = ledger.devices() if desk.push is not None else ()
    here = [one for one in known if alone in ("", one.staff) and (one.wants == "all" or urgent)]
    still = tuple(one for one in here if one.id not in told)
    return _Whom(bool(to or here), () if MAIL in told else to, still)


def _send(desk: Desk, alerts: Sequence[Alert], whom: _Whom, now: int) -> int:
    if not whom.anybody and (desk.mail is None or alerts[0].staff):
        # The screen tells whoever asked for no more; whoever did, and was not reached, is told so there.
        return _over(desk, alerts, "given_up" if alerts[0].trouble else "over", now)
    if not whom.anybody:
        return _not_sent(desk, alerts, NOBODY_TOLD, now)
    id = alerts[0].mail
    things = [Told(one.kind, one.conversation, _when(desk, one.since)) for one in alerts]
    subject, text = letter(things, desk.desk_url, _clinic(desk))
    by_mail = _mailed(desk, Letter(id, whom.to, subject, text, now)) if whom.to else ""
    by_push = devices.tell(desk, devices.notice_of(desk, id, things), whom.devices) if whom.devices else ""
    trouble = "; ".join(one for one in (by_mail, by_push) if one) or _nobody_reached(desk, id)
    return _not_sent(desk, alerts, trouble, now) if trouble else _over(desk, alerts, "sent", now)


def _nobody_reached(desk: Desk, letter: str) -> str:
    """Why a letter is not over although nothing failed: every device it was for has been removed meanwhile."""
    with desk.book.look() as ledger:
        return "" if ledger.letter_told(letter) else NOBODY_LEFT


def _mailed(desk: Desk, written: Letter) -> str:
    """Send a letter; why it could not leave, or nothing."""
    assert desk.mail is not None
    try:
        refused = desk.mail().send(written)
    except MailAway as away:
        return str(away)
    if refused:
        desk.report("alert_partly_refused", {"letter": written.id, "refused": refused})
    with desk.book.begin() as ledger:
        ledger.note_told(written.id, [MAIL])
    return ""


def _over(desk: Desk, alerts: Sequence[Alert], how: AlertStatus, now: int) -> int:
    with desk.book.begin() as ledger:
        ledger.alerts_over([one.id for one in alerts], how, now)
        ledger.letter_over(alerts[0].mail)
    return int(how == "sent")


def _not_sent(desk: Desk, alerts: Sequence[Alert], why: str, now: int) -> int:
    old = [one.id for one in alerts if now - one.made_at > GIVEN_UP_SECONDS]
    desk.report("alert_not_sent", {"alert": alerts[0].id, "tries": alerts[0].tries, "why": why, "given_up": len(old)})
    with desk.book.begin() as ledger:
        ledger.alerts_wait([one.id for one in alerts], why)
        ledger.alerts_over(old, "given_up", now)
        if len(old) == len(alerts):
            ledger.letter_over(alerts[0].mail)
    return 0


# ---- who is told, and of what


def alarming(desk: Desk) -> Alarming:
    """When and where the whole clinic is told."""
    with desk.book.look() as ledger:
        return alarming_from(ledger.alarming())


def set_alarming(desk: Desk, staff: str, wanted: Alarming) -> None:
    """Tell the clinic so from now on. Raises NotPossible."""
    if not all(5 <= minutes <= MINUTES_MAX for minutes in (wanted.wait_minutes, wanted.silenced_minutes)):
        raise NotPossible(f"Choose between 5 and {MINUTES_MAX} minutes.")
    if len(wanted.addresses) > ADDRESSES_MAX:
        raise NotPossible(f"At most {ADDRESSES_MAX} addresses are told.")
    for address in wanted.addresses:
        _checked(address)
    with desk.book.begin() as ledger:
        ledger.set_alarming(alarming_to(wanted), staff, _stamp(desk))
        ledger.audit(Audited(_stamp(desk), staff, "changed", "alerts", f"{len(wanted.addresses)} addresses"))


def addresses(desk: Desk) -> Mapping[str, tuple[str, Wants]]:
    """Where each account is told, and of what."""
    with desk.book.look() as ledger:
        return ledger.alert_addresses()


def set_address(desk: Desk, staff: str, address: str, wants: Wants) -> None:
    """Tell a member of staff there; nothing with an empty address. Raises NotPossible."""
    if address:
        _checked(address)
    with desk.book.begin() as ledger:
        ledger.set_alert_address(staff, address, wants, _stamp(desk))
        ledger.audit(Audited(_stamp(desk), staff, "changed", f"staff:{staff}", f"alerts: {wants or 'none'}"))


def send_trial(desk: Desk, staff: str) -> None:
    """Tell everybody that alerts arrive. Raises NotPossible when no mail server is set up."""
    now = _stamp(desk)
    with desk.book.begin() as ledger:
        if desk.mail is None and not ledger.devices():
            raise NotPossible("No mail server is set up (see SMTP_URL in the manual), and no device is told.")
        ledger.raise_alert(Alert(f"trial:{desk.chance.token()}", "trial", since=now), now)
        ledger.audit(Audited(now, staff, "sent", "alerts", "trial"))


def newest(desk: Desk, limit: int = 20) -> tuple[Alert, ...]:
    """What staff were told of late, the newest first."""
    with desk.book.look() as ledger:
        return ledger.newest_alerts(limit)


def mail_trouble(desk: Desk) -> MailTrouble | None:
    """What could not leave of late; None when all is well."""
    with desk.book.look() as ledger:
        return ledger.mail_trouble(_stamp(desk) - TROUBLE_SECONDS)


def _checked(address: str) -> None:
    if len(address) > 254 or not re.fullmatch(ADDRESS, address):
        raise NotPossible("Write an e-mail address such as desk@clinic.example.")


def _when(desk: Desk, at: int) -> str:
    return f"{datetime.fromtimestamp(at, desk.diary.zone):%a %-d %b, %H:%M}"


def _clinic(desk: Desk) -> str:
    return str(desk.clinic.facts.get("short name") or desk.clinic.facts.get("name") or "")


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
