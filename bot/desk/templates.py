"""Keeping Twilio's content templates in step with ``templates.yaml``: made once, approved by WhatsApp, looked at often.

A template's name at Twilio says which words it has. So other words are another template, what exists is found again by
its name, and doing any of this twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.core.flow import Clinic
from bot.core.template import Wording, wordings
from bot.ports import CarrierRefused, Desk, Standing

NOT_SUBMITTED = frozenset({"made", "unsubmitted"})
GOES_WELL = frozenset({"made", "unsubmitted", "received", "pending", "approved"})
LOOK_SECONDS = 15 * 60
"""WhatsApp approves, pauses and rejects when it likes: so often its word is asked for."""


def create(desk: Desk) -> int:
    """Make every template that Twilio does not have yet, those of our questions too; how many.

    Raises CarrierRefused, CarrierAway or CarrierUnclear; what was made until then is kept.
    """
    carrier = desk.carrier()
    there, made = dict(carrier.contents()), 0
    for key, wording in wanted(desk.clinic).items():
        if key not in there:
            there[key], made = carrier.make_content(wording), made + 1
        with desk.book.begin() as ledger:
            ledger.template_made(wording, there[key], _stamp(desk))
    return made + carrier.make_question_contents()


def submit(desk: Desk) -> int:
    """Ask WhatsApp to approve what it was not asked for yet; how many. Raises as :func:`create`."""
    look(desk)
    all_wanted, asked = wanted(desk.clinic), 0
    for one in standings(desk):
        if one.key not in all_wanted or one.status not in NOT_SUBMITTED:
            continue
        try:
            desk.carrier().submit_content(one.sid, all_wanted[one.key])
            said, asked = ("received", ""), asked + 1
        except CarrierRefused as refused:
            if refused.status in (401, 429):
                raise
            said = ("unusable", f"it could not be submitted: Twilio error {refused.code or refused.status}")
        _keep(desk, one, *said)
    return asked


def look(desk: Desk) -> None:
    """Ask WhatsApp's word on every template, and keep it. Raises as :func:`create`."""
    for one in standings(desk):
        try:
            said = desk.carrier().content_status(one.sid)
        except CarrierRefused as refused:
            if refused.status != 404:
                raise
            said = ("unusable", "it is not in the Twilio account any more")
        _keep(desk, one, *said)


def sync(desk: Desk) -> tuple[Standing, ...]:
    """Create, submit and look: how every template stands afterwards. Raises as :func:`create`."""
    create(desk)
    submit(desk)
    look(desk)
    return standings(desk)


def standings(desk: Desk) -> tuple[Standing, ...]:
    """How every template stands as far as we know."""
    with desk.book.begin() as ledger:
        return ledger.templates()


def lacking(desk: Desk) -> tuple[Wording, ...]:
    """What ``templates.yaml`` says and Twilio does not have, or WhatsApp has not approved, as far as we know."""
    return not_approved(wanted(desk.clinic), standings(desk))


def not_approved(wanted: Mapping[str, Wording], known: Iterable[Standing]) -> tuple[Wording, ...]:
    """What of it WhatsApp has not approved, as far as is known."""
    approved = {one.key for one in known if one.status == "approved"}
    return tuple(wording for key, wording in wanted.items() if key not in approved)


def wanted(clinic: Clinic) -> Mapping[str, Wording]:
    """What a clinic's ``templates.yaml`` says, in each of its languages, by the name it has at Twilio."""
    every = (wording for template in clinic.templates.values() for wording in wordings(template, clinic.languages))
    return {wording.key: wording for wording in every}


def _keep(desk: Desk, before: Standing, status: str, reason: str) -> None:
    with desk.book.begin() as ledger:
        ledger.template_status(before.sid, status, reason, _stamp(desk))
    if status != before.status:
        tell = desk.note if status in GOES_WELL else desk.report
        tell("template_stands", {"template": before.key, "status": status})


def _stamp(desk: Desk) -> int:
    return int(desk.clock.now().timestamp())
