"""A patient's data as a whole: taking all of it out for her, and erasing it. For admins; what was done is audited."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import dossier, erasure
from bot.desk.reception import Refused
from bot.desk.sessions import viewed
from bot.desk.staff import names
from bot.ports import Desk
from bot.web.desk.asked import number, typed
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

CHOSEN_MAX = 200


def add_patient_data(room: Blueprint, desk: Desk) -> None:
    """``/desk/patients/…/data`` and what it leads to. Without a record it is a conversation's: ``/in/<id>/data``."""

    @room.get("/<patient>/data", endpoint="data")
    @room.get("/in/<conversation>/data", endpoint="data")
    @page("patients.erase")
    def show_data(patient: str = "", conversation: str = "") -> Response:
        return _page(desk, _subject(patient, conversation))

    @room.post("/<patient>/export", endpoint="export_data")
    @room.post("/in/<conversation>/export", endpoint="export_data")
    @page("patients.export")
    def export(patient: str = "", conversation: str = "") -> Response:
        of = _subject(patient, conversation)
        try:
            content = dossier.dossier(desk, current_staff().id, of.patient, of.conversations)
        except Refused:
            abort(404)
        response = Response(content, mimetype="application/zip")
        # Named by id: what lies in a folder of downloads is read by others.
        response.headers["Content-Disposition"] = f'attachment; filename="data-{of.patient or "conversation"}.zip"'
        return response

    @room.post("/<patient>/erase", endpoint="erase_data")
    @room.post("/in/<conversation>/erase", endpoint="erase_data")
    @page("patients.erase")
    def erase(patient: str = "", conversation: str = "") -> AnyResponse:
        of = _subject(patient, conversation)
        try:
            id = erasure.erase(desk, current_staff().id, of.patient, of.conversations, typed("typed")["typed"])
        except Refused as refused:
            return _page(desk, of, 422, str(refused))
        flash("Erased here. Copies outside follow within minutes.", "done")
        return redirect(url_for("patients.erasure", erasure=id), 303)

    _add_erasures(room, desk)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose data it is: a patient's, or (0) a conversation's. ``conversations`` are the one of the address, and those
    that others share and that were ticked."""

    patient: int
    conversations: tuple[str, ...]

    @property
    def here(self) -> dict[str, str | int]:
        """What names it in an address."""
        return {"patient": self.patient} if self.patient else {"conversation": self.conversations[0]}


def _subject(patient: str, conversation: str) -> Subject:
    ticked = request.values.getlist("conversation")[:CHOSEN_MAX]
    conversations = tuple(one[:100] for one in (conversation, *ticked) if one)
    return Subject(number(patient) if patient else 0, conversations)


def _page(desk: Desk, of: Subject, status: int = 200, trouble: str = "") -> Response:
    plan = erasure.plan(desk, of.patient, of.conversations) or abort(404)
    subject, id = next(iter(of.here.items()))
    viewed(desk, current_staff().id, f"{subject}:{id}")
    return show("desk/patient_data.html", status=status, plan=plan, here=of.here, trouble=trouble)


def _add_erasures(room: Blueprint, desk: Desk) -> None:
    @room.get("/erasures", endpoint="erasures")
    @page("patients.erase")
    def show_all() -> Response:
        return show("desk/erasures.html", erasures=erasure.erasures(desk), one=None, staff_names=names(desk))

    @room.get("/erasures/<erasure>", endpoint="erasure")
    @page("patients.erase")
    def show_one(erasure: str) -> Response:
        return _erasure(desk, number(erasure))


def _erasure(desk: Desk, id: int) -> Response:
    one = erasure.erasure(desk, id) or abort(404)
    return show("desk/erasures.html", erasures=(one,), one=one, staff_names=names(desk))
