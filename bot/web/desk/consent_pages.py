"""Consents: what patients agreed to and took back, when, and by which words; to be read and taken out as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from flask import Blueprint, Response, request, stream_with_context

from bot.desk import consents, inbox
from bot.ports import Desk
from bot.ports.consents import Consent, Purpose
from bot.web.desk.asked import number_or_nothing
from bot.web.desk.audit_pages import csv_row
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

CONSENT_WORDS: Mapping[tuple[Purpose, bool], tuple[str, str]] = {
    ("promotion", True): ("Agreed to offers", "good"),
    ("promotion", False): ("No offers any more", "warn"),
    ("follow-ups", True): ("Wants reminders again", "good"),
    ("follow-ups", False): ("Wants no reminders", "warn"),
}
HEADINGS = ("when", "conversation", "patients", "phone", "what", "given", "words", "message")


def add_consents(room: Blueprint, desk: Desk) -> None:
    """``/desk/patients/consents`` and ``/desk/patients/consents.csv``."""

    @room.get("/consents", endpoint="consents")
    @page("consents.read")
    def show_consents() -> Response:
        found, older = consents.page(desk, number_or_nothing(request.args.get("before", "")))
        cards = {id: inbox.card(desk, id) for id in {one.conversation for one in found}}
        return show("desk/consents.html", found=found, older=older, cards=cards, what=CONSENT_WORDS)

    @room.post("/consents.csv", endpoint="export_consents")
    @page("consents.read")
    def export() -> Response:
        rows = consents.export(desk, current_staff().id)
        response = Response(stream_with_context(_csv(desk, rows)), mimetype="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = 'attachment; filename="consents.csv"'
        return response


def _csv(desk: Desk, rows: Iterator[Consent]) -> Iterator[str]:
    yield csv_row(HEADINGS)
    for one in rows:
        card = inbox.card(desk, one.conversation)
        at = datetime.fromtimestamp(one.at, desk.diary.zone).isoformat() if one.at else ""
        people, phone = (", ".join(card.names), card.phone) if card else ("", "")
        given = "yes" if one.given else "no"
        yield csv_row((at, one.conversation, people, phone, one.purpose, given, one.words, one.sid))
