"""Booking, moving, cancelling and marking in the diary. A clash names who has the time and keeps what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import cast

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.calendar import Slot
from bot.desk import diary, inbox, patients
from bot.desk.diary import Changed, Clash, New, Outcome, Seen, To
from bot.desk.diary_words import reachable_at
from bot.desk.reception import NotPossible
from bot.ports import Desk
from bot.ports.reception import Entry, Patient
from bot.web.desk.asked import day_or, moment, number, number_or_nothing, today, typed
from bot.web.desk.diary_view import STATUS
from bot.web.desk.guard import current_staff, page
from bot.web.desk.showing import show

FIELDS = ("practitioner", "service", "day", "time", "patient", "phone", "patient_id", "conversation", "wish")
OUTCOMES: Mapping[str, str] = {
    "arrived": "Marked as arrived.",
    "fulfilled": "Marked as seen.",
    "noshow": "Marked as not come.",
}


def add_booking(room: Blueprint, desk: Desk) -> None:
    """The pages that change appointments."""
    _add_new(room, desk)
    _add_changes(room, desk)
    _add_endings(room, desk)


def _add_new(room: Blueprint, desk: Desk) -> None:
    @room.get("/new", endpoint="new")
    @page("diary.change")
    def ask() -> Response:
        return _form(desk, typed(*FIELDS))

    @room.post("/new", endpoint="book")
    @page("diary.change")
    def book() -> AnyResponse:
        form = typed(*FIELDS, "take")
        if "find" in request.form:
            return _form(desk, form)
        if form["take"]:
            form = _taken(desk, form)
        faults, start = _faults(desk, form)
        if faults:
            return _form(desk, form, 422, faults)
        chosen = number_or_nothing(form["patient_id"])
        new = New(
            form["service"],
            form["practitioner"],
            start,
            form["patient"],
            form["phone"].replace(" ", ""),
            form["conversation"] or (_writes_at(desk, chosen) if chosen else ""),
            chosen,
            "tell" in request.form,
            number_or_nothing(form["wish"]),
        )
        try:
            made = diary.book(desk, current_staff().id, new)
        except Clash as clash:
            return _form(desk, form, 409, clash=clash)
        except NotPossible as not_possible:
            return _form(desk, form, 422, trouble=str(not_possible))
        flash(f"Booked: {made.patient}, {_when(desk, made.starts_at)}. Number {made.number}.", "done")
        return redirect(_at_day(desk, made.starts_at, made.id), 303)

    @room.post("/patients", endpoint="find")
    @page("diary.change")
    def find() -> Response:
        form = typed(*FIELDS)
        return show("desk/_diary_found.html", form=form, found=_found(desk, form))


def _add_changes(room: Blueprint, desk: Desk) -> None:
    @room.get("/<appointment>", endpoint="appointment")
    @page("diary.read")
    def show_one(appointment: str) -> Response:
        return _one(desk, number(appointment))

    @room.post("/<appointment>/move", endpoint="move")
    @page("diary.change")
    def move(appointment: str) -> AnyResponse:
        form = typed("version", "practitioner", "day", "time", "take")
        if form["take"]:
            form = _taken(desk, form)
        start = moment(desk, form["day"], form["time"])
        if start is None:
            return _one(desk, number(appointment), 422, "Choose a day and a time.", form)
        return _change(
            desk,
            appointment,
            form,
            lambda staff, seen: diary.move(desk, staff, seen, To(start, form["practitioner"], "tell" in request.form)),
            f"Moved to {_when(desk, start)}.",
        )


def _add_endings(room: Blueprint, desk: Desk) -> None:
    @room.post("/<appointment>/cancel", endpoint="cancel")
    @page("diary.change")
    def cancel(appointment: str) -> AnyResponse:
        aloud = "tell" in request.form
        return _change(
            desk,
            appointment,
            typed("version"),
            lambda staff, seen: diary.cancel(desk, staff, seen, aloud),
            "Cancelled.",
        )

    @room.post("/<appointment>/mark", endpoint="mark")
    @page("diary.change")
    def mark(appointment: str) -> AnyResponse:
        outcome = request.form.get("outcome", "")
        if outcome not in OUTCOMES:
            abort(422)
        done = cast(Outcome, outcome)
        notice = OUTCOMES[outcome]
        return _change(
            desk, appointment, typed("version"), lambda staff, seen: diary.mark(desk, staff, seen, done), notice
        )


def _change(
    desk: Desk, appointment: str, form: Mapping[str, str], act: Callable[[str, Seen], object], notice: str
) -> AnyResponse:
    id = number(appointment)
    try:
        act(current_staff().id, Seen(id, number_or_nothing(form["version"])))
    except Clash as clash:
        return _one(desk, id, 409, form=form, clash=clash)
    except Changed as changed:
        return _one(desk, id, 409, _how_it_is_now(desk, changed.entry))
    except NotPossible as not_possible:
        return _one(desk, id, 422, str(not_possible), form)
    flash(notice, "done")
    now = diary.appointment(desk, id)
    return redirect(_at_day(desk, now.starts_at, id) if now else url_for("diary.show"), 303)


# ---- the form for a new appointment


def _form(  # noqa: PLR0913 - what was typed, and everything that can be said about it
    desk: Desk,
    form: dict[str, str],
    status: int = 200,
    faults: Mapping[str, str] | None = None,
    clash: Clash | None = None,
    trouble: str = "",
) -> Response:
    form = {**form, "day": day_or(form["day"], today(desk)).isoformat()}
    if form["practitioner"] and not form["service"]:
        offered = (id for id, one in desk.diary.services.items() if form["practitioner"] in one.practitioners)
        form["service"] = next(offered, "")
    return show(
        "desk/diary_new.html",
        status=status,
        form=form,
        faults=faults or {},
        clash=clash,
        trouble=trouble,
        tell="tell" in request.form or request.method == "GET",
        found=_found(desk, form),
        others=diary.free_near(
            desk, form["service"], form["practitioner"], moment(desk, form["day"], form["time"]) or 0
        )
        if clash
        else (),
        free=_free_on(desk, form["practitioner"], form["day"]),
    )


def _faults(desk: Desk, form: Mapping[str, str]) -> tuple[dict[str, str], int]:
    """What is wrong with each field, and when the appointment starts."""
    faults = {}
    service = desk.diary.services.get(form["service"])
    if form["practitioner"] not in desk.diary.practitioners:
        faults["practitioner"] = "Choose who sees the patient."
    if service is None:
        faults["service"] = "Choose what it is for."
    elif "practitioner" not in faults and form["practitioner"] not in service.practitioners:
        faults["service"] = f"{desk.diary.practitioners[form['practitioner']].name} does not offer this."
    start = moment(desk, form["day"], form["time"])
    if start is None:
        faults["time"] = "Choose a time."
    chosen = number_or_nothing(form["patient_id"])
    if (patients.patient(desk, chosen) is None) if chosen else not form["patient"]:
        faults["patient"] = "Whose appointment is it?"
    phone = form["phone"].replace(" ", "")
    if phone and not (phone[0] == "+" and phone[1:].isascii() and phone[1:].isdigit() and 7 <= len(phone[1:]) <= 15):
        faults["phone"] = "Write it with + and the country code: +65 9123 4567."
    return faults, start or 0


def _found(desk: Desk, form: Mapping[str, str]) -> tuple[Patient, ...]:
    """Patients whom the typed name may mean; the one chosen before stays among them."""
    found = patients.find(desk, form["patient"]) if len(form["patient"]) > 1 else ()
    chosen = number_or_nothing(form["patient_id"])
    if chosen and chosen not in [one.id for one in found] and (known := patients.patient(desk, chosen)):
        found = (known, *found)
    return found


def _writes_at(desk: Desk, patient: int) -> str:
    """The conversation a patient can be told in, else any that she is spoken of in, else none."""
    cards = [card for id in patients.conversations_of(desk, patient) if (card := inbox.card(desk, id))]
    cards.sort(key=lambda card: (not reachable_at(card.address), -card.last_at))
    return cards[0].id if cards else ""


def _taken(desk: Desk, form: dict[str, str]) -> dict[str, str]:
    """The form with a time that was offered instead: ``practitioner@start``."""
    practitioner, _, start = form["take"].rpartition("@")
    local = datetime.fromtimestamp(number_or_nothing(start) % 2**32, desk.diary.zone)
    return {**form, "practitioner": practitioner, "day": local.date().isoformat(), "time": f"{local:%H:%M}"}


def _free_on(desk: Desk, practitioner: str, day: str) -> tuple[Slot, ...]:
    (shown,) = diary.days(desk, day_or(day, today(desk)), 1, practitioner)
    return shown.free.get(practitioner, ())


# ---- one appointment


def _one(  # noqa: PLR0913 - what was typed, and everything that can be said about it
    desk: Desk,
    id: int,
    status: int = 200,
    trouble: str = "",
    form: Mapping[str, str] | None = None,
    clash: Clash | None = None,
) -> Response:
    entry = diary.appointment(desk, id) or abort(404)
    card = inbox.card(desk, entry.conversation)
    form = form or {}
    others: tuple[Slot, ...] = ()
    if clash:
        wanted = moment(desk, form["day"], form["time"]) or 0
        others = diary.free_near(desk, entry.service, form["practitioner"] or entry.practitioner, wanted)
    return show(
        "desk/diary_appointment.html",
        status=status,
        entry=entry,
        trouble=trouble,
        clash=clash,
        form=form,
        can_tell=bool(card and reachable_at(card.address)),
        others=others,
        now=int(desk.clock.now().timestamp()),
    )


def _how_it_is_now(desk: Desk, entry: Entry | None) -> str:
    if entry is None:
        return "Somebody was faster. This is how the appointment is now; nothing of yours was changed."
    return (
        f"Somebody was faster: it is now {_when(desk, entry.starts_at)}, {STATUS[entry.status][0].lower()}. "
        "Nothing of yours was changed."
    )


def _when(desk: Desk, at: int) -> str:
    return f"{datetime.fromtimestamp(at, desk.diary.zone):%A %-d %B, %H:%M}"


def _at_day(desk: Desk, at: int, id: int) -> str:
    day: date = datetime.fromtimestamp(at, desk.diary.zone).date()
    return url_for("diary.show", day=day.isoformat(), _anchor=f"a{id}")
