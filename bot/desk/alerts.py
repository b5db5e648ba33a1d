"""Telling staff off the screen, by e-mail: sending what :mod:`bot.desk.alarms` wrote down, and who is told.

A worker takes what is due as one letter, whose id stays the same at every try: so nothing is lost when it dies, and a
mailbox that gets a letter twice shows it once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
from bot.desk.reception import NotPossible
from bot.ports import Desk, Ledger
from bot.ports.alerts import Alert, Letter, MailAway, MailTrouble
from bot.ports.staff import Audited

LETTER_ROWS_MAX = 100
GIVEN_UP_SECONDS = 24 * 3600
"""An alert that could not leave for so long is given up; one that nobody ever tried is over."""
TROUBLE_SECONDS = 24 * 3600
NOBODY_TOLD = "nobody is told: no address is set"


# ---- sending


def send_alerts(desk: Desk) -> int:
    """Send every letter that is due; how many left. For the queue."""
    if desk.mail is None:
        return 0
    sent = 0
    while True:
        now = _stamp(desk)
        with desk.book.begin() as ledger:
            taken = ledger.take_alerts(desk.chance.token(), LETTER_ROWS_MAX, now)
            still = [one for one in taken if _still_so(ledger, one, now)]
            gone = [one.id for one in taken if one not in still]
            ledger.alerts_over(gone, "over", now)
            to = _told_whom(ledger, still)
        if not taken:
            return sent
        if still:
            sent += _send(desk, still, to, now)


def _still_so(ledger: Ledger, one: Alert, now: int) -> bool:
    """Whether it still has to be told: somebody may have taken the patient meanwhile."""
    if one.tries == 1 and now - one.made_at > GIVEN_UP_SECONDS:
        return False
    if one.kind != "waiting":
        return True
    state = ledger.read(one.conversation)
    return state is not None and state.control == "waiting" and state.waiting_since == one.since


def _told_whom(ledger: Ledger, alerts: Sequence[Alert]) -> tuple[str, ...]:
    everybody = alarming_from(ledger.alarming()).addresses
    urgent = any(is_urgent(one.kind) for one in alerts)
    hers = (address for address, wants in ledger.alert_addresses().values() if wants == "all" or urgent)
    return tuple(dict.fromkeys((*everybody, *hers)))


def _send(desk: Desk, alerts: Sequence[Alert], to: tuple[str, ...], now: int) -> int:
    ids = [one.id for one in alerts]
    things = [Told(one.kind, one.conversation, _when(desk, one.since)) for one in alerts]
    subject, text = letter(things, desk.desk_url, _clinic(desk))
    try:
        if not to:
            raise MailAway(NOBODY_TOLD)
        assert desk.mail is not None
        refused = desk.mail().send(Letter(alerts[0].mail, to, subject, text, now))
    except MailAway as away:
        return _not_sent(desk, alerts, str(away), now)
    if refused:
        desk.report("alert_partly_refused", {"alert": ids[0], "refused": refused})
    with desk.book.begin() as ledger:
        ledger.alerts_over(ids, "sent", now)
    return 1


def _not_sent(desk: Desk, alerts: Sequence[Alert], why: str, now: int) -> int:
    old = [one.id for one in alerts if now - one.made_at > GIVEN_UP_SECONDS]
    desk.report("alert_not_sent", {"alert": alerts[0].id, "tries": alerts[0].tries, "why": why, "given_up": len(old)})
    with desk.book.begin() as ledger:
        ledger.alerts_wait([one.id for one in alerts], why)
        ledger.alerts_over(old, "given_up", now)
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
    if desk.mail is None:
        raise NotPossible("No mail server is set up: see SMTP_URL in the manual.")
    now = _stamp(desk)
    with desk.book.begin() as ledger:
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
