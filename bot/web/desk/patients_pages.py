"""Patients: finding one, what is known of her, two records that are one person, and who a conversation is about.

Names and numbers that are looked for travel in forms, never in addresses: those end up in logs and histories.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import consents, diary, inbox, mentions, patients, replying
from bot.desk.patients import Coming
from bot.desk.reception import Refused
from bot.desk.sessions import viewed
from bot.desk.staff import names
from bot.ports import Desk
from bot.ports.reception import Patient
from bot.web.desk.asked import number, number_or_nothing, typed
from bot.web.desk.consent_pages import CONSENT_WORDS, add_consents
from bot.web.desk.diary_view import GONE, STATUS
from bot.web.desk.guard import current_staff, is_fragment, page
from bot.web.desk.patient_data_pages import add_patient_data
from bot.web.desk.showing import LANGUAGES, show

FIELDS = ("name", "phone", "born", "remarks")


def patients_room(desk: Desk) -> Blueprint:
    """``/desk/patients``."""
    room = Blueprint("patients", __name__, url_prefix="/desk/patients")

    @room.context_processor
    def words() -> dict[str, Any]:
        return {
            "status_words": STATUS,
            "gone": GONE,
            "services": desk.diary.services,
            "practitioners": desk.diary.practitioners,
            "staff_names": names(desk),
            "on_day": lambda at: datetime.fromtimestamp(at, desk.diary.zone).date().isoformat(),
            "outlook": outlook,
        }

    @room.get("", endpoint="show")
    @page("patients.read")
    def ask() -> Response:
        return show("desk/patients.html", fragment="found", q="", found=())

    @room.post("", endpoint="find")
    @page("patients.read")
    def find() -> Response:
        q = typed("q")["q"][:100]
        return show("desk/patients.html", fragment="found", q=q, found=patients.find(desk, q) if q else ())

    @room.get("/opted-out", endpoint="opted_out")
    @page("patients.read")
    def show_opted_out() -> Response:
        ids = patients.opted_out(desk, request.args.get("after", "")[:40])
        cards = [card for id in ids if (card := inbox.card(desk, id)) and card.address.startswith("whatsapp:")]
        return show(
            "desk/patients_opted_out.html", fragment="cards", cards=cards, after=ids[-1] if len(ids) == 100 else ""
        )

    _add_one(room, desk)
    _add_merging(room, desk)
    _add_panel(room, desk)
    add_consents(room, desk)
    add_patient_data(room, desk)
    return room


def outlook(one: Coming) -> tuple[str, str]:
    """Whether a follow-up will go out, in words, and the kind of its badge."""
    if one.answer == "yes" or (one.answer == "later" and one.why == "it is not due yet"):
        return "Will go out", "good"
    if one.answer == "later":
        return f"Will not go out as long as {one.why}", "warn"
    return f"Will not go out, because {one.why}", "alert" if one.answer == "person" else "plain"


def _add_one(room: Blueprint, desk: Desk) -> None:
    @room.get("/<patient>", endpoint="one")
    @page("patients.read")
    def show_one(patient: str) -> Response:
        return _one(desk, number(patient))

    @room.post("/<patient>", endpoint="change")
    @page("patients.change")
    def change(patient: str) -> AnyResponse:
        id, form = number(patient), typed(*FIELDS)
        phone = form["phone"].replace(" ", "")
        try:
            patients.change(desk, Patient(id, form["name"], phone, form["born"], form["remarks"]), current_staff().id)
        except Refused as refused:
            return _one(desk, id, 422, form, str(refused))
        flash("Saved.", "done")
        return redirect(url_for("patients.one", patient=id), 303)


def _one(desk: Desk, id: int, status: int = 200, form: dict[str, str] | None = None, trouble: str = "") -> Response:
    record = patients.record(desk, id) or abort(404)
    viewed(desk, current_staff().id, f"patient:{id}")
    known = record.patient
    return show(
        "desk/patient.html",
        fragment="record",
        status=status,
        record=record,
        form=form or {"name": known.name, "phone": known.phone, "born": known.born, "remarks": known.remarks},
        trouble=trouble,
        merged=number_or_nothing(request.args.get("merged", "")),
        kept=patients.patient(desk, known.merged_into) if known.merged_into else None,
        consents=consents.of(desk, [card.id for card in record.cards]) if current_staff().may("consents.read") else (),
        consent_words=CONSENT_WORDS,
        now=int(desk.clock.now().timestamp()),
    )


def _add_merging(room: Blueprint, desk: Desk) -> None:
    @room.get("/<patient>/merge", endpoint="choose_merge")
    @page("patients.merge")
    def choose(patient: str) -> Response:
        return _merging(desk, number(patient))

    @room.post("/<patient>/merge/find", endpoint="find_merge")
    @page("patients.merge")
    def find(patient: str) -> Response:
        return _merging(desk, number(patient), q=typed("q")["q"][:100])

    @room.post("/<patient>/merge", endpoint="merge")
    @page("patients.merge")
    def merge(patient: str) -> AnyResponse:
        one, other = number(patient), number_or_nothing(request.form.get("other", ""))
        kept = number_or_nothing(request.form.get("keep", ""))
        if kept not in (one, other):
            abort(422)
        try:
            made = patients.merge(desk, current_staff().id, kept, one if kept == other else other)
        except Refused as refused:
            flash(str(refused), "trouble")
            return redirect(url_for("patients.choose_merge", patient=one), 303)
        return redirect(url_for("patients.one", patient=kept, merged=made), 303)

    @room.post("/merges/<merge>/undo", endpoint="undo_merge")
    @page("patients.merge")
    def undo(merge: str) -> AnyResponse:
        try:
            patients.undo_merge(desk, number(merge), current_staff().id)
            flash("They are two records again.", "done")
        except Refused as refused:
            flash(str(refused), "trouble")
        return redirect(url_for("patients.one", patient=number_or_nothing(request.form.get("patient", ""))), 303)


def _merging(desk: Desk, id: int, q: str = "") -> Response:
    one = patients.record(desk, id) or abort(404)
    chosen = number_or_nothing(request.args.get("with", ""))
    other = patients.record(desk, chosen) if chosen and chosen != id else None
    found = patients.find(desk, q or one.patient.name)
    others = [found_one for found_one in found if found_one.id != id]
    return show("desk/patient_merge.html", one=one, other=other, q=q, others=others)


def _panel(desk: Desk, conversation: str, status: int = 200, trouble: str = "") -> Response:
    found = patients.panel(desk, conversation[:100]) or abort(404)
    viewed(desk, current_staff().id, f"conversation:{conversation}")
    return show(
        "desk/patient_panel.html",
        fragment="panel",
        status=status,
        panel=found,
        languages=LANGUAGES,
        conversation=conversation,
        wishes=diary.wishes(desk, conversation),
        can_be_named=mentions.can_be_named(desk, current_staff().id),
        trouble=trouble,
    )


def _changed(desk: Desk, conversation: str, act: Callable[[str], object], notice: str) -> AnyResponse:
    """Do something to what a panel shows: beside a thread the panel comes back, else the page of it."""
    if patients.panel(desk, conversation[:100]) is None:
        abort(404)
    trouble = ""
    try:
        act(current_staff().id)
    except Refused as refused:
        trouble = str(refused)
    if is_fragment():
        return _panel(desk, conversation, 422 if trouble else 200, trouble)
    flash(trouble or notice, "trouble" if trouble else "done")
    return redirect(url_for("patients.panel", conversation=conversation), 303)


def _add_panel(room: Blueprint, desk: Desk) -> None:
    @room.get("/in/<conversation>", endpoint="panel")
    @page("patients.read")
    def show_panel(conversation: str) -> Response:
        return _panel(desk, conversation)

    @room.post("/in/<conversation>/about", endpoint="about")
    @page("patients.change")
    def about(conversation: str) -> AnyResponse:
        whom = number_or_nothing(request.form.get("patient", ""))
        return _changed(desk, conversation, lambda staff: patients.set_about(desk, conversation, staff, whom), "Noted.")

    @room.post("/in/<conversation>/add", endpoint="add")
    @page("patients.change")
    def add(conversation: str) -> AnyResponse:
        form = typed("name", "phone", "born")
        new = Patient(0, form["name"], form["phone"].replace(" ", ""), form["born"], "")
        return _changed(desk, conversation, lambda staff: patients.add(desk, conversation, staff, new), "Added.")

    _add_marks(room, desk)


def _add_marks(room: Blueprint, desk: Desk) -> None:
    @room.post("/in/<conversation>/label", endpoint="label")
    @page("inbox.work")
    def label(conversation: str) -> AnyResponse:
        form = typed("put", "drop")
        if form["drop"]:
            dropped = form["drop"]
            return _changed(
                desk, conversation, lambda staff: replying.drop_label(desk, conversation, staff, dropped), "Gone."
            )
        put = form["put"]
        return _changed(
            desk, conversation, lambda staff: replying.put_label(desk, conversation, staff, put), "Labelled."
        )

    @room.post("/in/<conversation>/note", endpoint="note")
    @page("inbox.work")
    def note(conversation: str) -> AnyResponse:
        text = typed("text")["text"]
        return _changed(desk, conversation, lambda staff: replying.add_note(desk, conversation, staff, text), "Noted.")
