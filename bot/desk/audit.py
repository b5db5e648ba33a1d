"""Reading the audit. Writing it belongs to whatever is written down: ``ledger.audit(...)`` in the same transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bot.ports import Desk
from bot.ports.staff import Audited, AuditSearch

LINES_A_PAGE = 100
LINES_A_READ = 1_000
"""Lines read at a time for an export: it may be long, and nobody waits for it."""

ACTIONS: Mapping[str, str] = {
    "viewed": "Viewed",
    "sent": "Sent",
    "changed": "Changed",
    "exported": "Exported",
    "erased": "Erased",
    "published": "Published",
    "signed_in": "Signed in",
    "signed_out": "Signed out",
    "sign_in_refused": "Sign-in refused",
    "code_refused": "Second factor refused",
    "recovery_code_used": "Recovery code used",
    "invited": "Invited",
    "link_made": "Link made",
    "joined": "Joined",
    "rescued": "Rescued",
    "role_changed": "Role changed",
    "disabled": "Disabled",
    "enabled": "Enabled",
    "password_changed": "Password changed",
    "second_factor_on": "Second factor on",
    "second_factor_off": "Second factor off",
    "sessions_ended": "Sessions ended",
}
"""Every word the audit knows, as the desk shows it. What is not listed is shown as it is written."""


def page(desk: Desk, search: AuditSearch) -> tuple[tuple[Audited, ...], int]:
    """The newest lines that match, and the id to go on before for older ones (0: there are none)."""
    with desk.book.look() as ledger:
        lines = ledger.audited(search, LINES_A_PAGE + 1)
    return lines[:LINES_A_PAGE], lines[LINES_A_PAGE - 1].id if len(lines) > LINES_A_PAGE else 0


def printed(desk: Desk, staff: str, subject: str) -> None:
    """Write down that something is on paper from now on (``conversation:3f9a``), where no page can guard it."""
    with desk.book.begin() as ledger:
        ledger.audit(Audited(int(desk.clock.now().timestamp()), staff, "exported", subject, "on paper"))


def export(desk: Desk, staff: str, search: AuditSearch) -> Iterator[Audited]:
    """Every line that matches, newest first; that it was taken out is written down before the first one is."""
    now = int(desk.clock.now().timestamp())
    with desk.book.begin() as ledger:
        ledger.audit(Audited(now, staff, "exported", "audit"))
    return _all(desk, search)


def _all(desk: Desk, search: AuditSearch) -> Iterator[Audited]:
    while True:
        with desk.book.look() as ledger:
            lines = ledger.audited(search, LINES_A_READ)
        yield from lines
        if len(lines) < LINES_A_READ:
            return
        search = replace(search, before=lines[-1].id)
