"""Finishing a booking that a patient had begun: what she said as a form, with the times that are free now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.calendar import ANY, Slot, Wanted
from bot.desk import diary, inbox, patients, reception, unfinished
from bot.desk.diary import Clash
from bot.desk.reception import Refused
from bot.desk.unfinished import Finished, Unfinished
from bot.ports import Desk
from bot.web.desk.asked import day_or, number_or_nothing, today, typed
from bot.web.desk.conversation_pages import said
from bot.web.desk.diary_view import stretch
from bot.web.desk.guard import current_staff, page
from bot.web.desk.inbox_pages import called
from bot.web.desk.showing import show

FIELDS = ("service", "practitioner", "day", "slot", "name", "phone", "then", "seen")
AFTERWARDS: Mapping[str, str] = {
    "keep": "Keep the conversation",
    "menu": "Give it back to the assistant",
    "silent": "Close it: done",
}


def add_finishing(room: Blueprint, desk: Desk) -> None:
    """Add ``/desk/inbox/<conversation>/book``."""

    @room.get("/<conversation>/book", endpoint="finish")
    @page("diary.change")
    def ask(conversation: str) -> AnyResponse:
        card = inbox.card(desk, conversation) or abort(404)
        begun = unfinished.unfinished(desk, conversation)
        if begun is None:
            return redirect(url_for("diary.new", conversation=conversation, patient_id=card.about or None), 303)
        form = {**_as_said(desk, begun), "seen": str(inbox.thread(desk, conversation, lines_max=1).newest)}
        if not form["name"] and (card.about or len(card.names) == 1):
            form["name"] = card.names[0]
        return _form(desk, conversation, form)

    @room.post("/<conversation>/book/times", endpoint="finish_times")
    @page("diary.change")
    def find(conversation: str) -> Response:
        return _form(desk, conversation, typed(*FIELDS))

    @room.post("/<conversation>/book", endpoint="finished")
    @page("diary.change")
    def book(conversation: str) -> AnyResponse:
        form, her = typed(*FIELDS, "take"), current_staff().id
        if "find" in request.form:
            return _form(desk, conversation, form)
        form = {**form, "slot": form["take"] or form["slot"]}
        finished = Finished(form["service"], form["slot"], form["name"], form["phone"].replace(" ", ""))
        try:
            if (card := inbox.card(desk, conversation) or abort(404)).control == "waiting":
                reception.take_over(desk, conversation, her, card.holder)
            number = unfinished.book_this(desk, conversation, her, finished)
        except Clash as clash:
            return _form(desk, conversation, form, 409, clash=clash)
        except Refused as refused:
            return _form(desk, conversation, form, 422, said(desk, refused))
        return _booked(desk, conversation, number, form)


def _booked(desk: Desk, conversation: str, number: str, form: Mapping[str, str]) -> AnyResponse:
    words = f"Booked, number {number}. The patient is told."
    match form["then"]:
        case "menu" | "silent" as mode:
            try:
                reception.hand_back(desk, conversation, current_staff().id, mode, number_or_nothing(form["seen"]))
            except Refused as refused:
                # Booked it is all the same.
                words = f"{words} It is still yours: {said(desk, refused)}"
            flash(words, "done")
            return redirect(url_for("inbox.one", conversation=conversation), 303)
        case _:
            flash(words, "done")
            return redirect(url_for("inbox.one", conversation=conversation, folder="mine"), 303)


def _as_said(desk: Desk, begun: Unfinished) -> dict[str, str]:
    """The form as the patient's answers fill it."""
    slot, day = begun.said("slot").id, begun.said("day").id
    practitioner, _, start = slot.rpartition("@")
    if start.isdigit():
        day = datetime.fromtimestamp(int(start), desk.diary.zone).date().isoformat()
    return {
        "service": begun.said("service").id,
        "practitioner": practitioner or begun.said("practitioner").id,
        "day": day,
        "slot": slot,
        "name": begun.said("name").label,
        "phone": begun.said("phone").label,
        "then": "keep",
    }


def _form(  # noqa: PLR0913 - what was typed, and everything that can be said about it
    desk: Desk,
    conversation: str,
    form: Mapping[str, str],
    status: int = 200,
    trouble: str = "",
    clash: Clash | None = None,
) -> Response:
    card = inbox.card(desk, conversation) or abort(404)
    wanted = _wanted(desk, form)
    day = day_or(form["day"], today(desk))
    if not form["day"]:
        day = next((slot.local(desk.diary.zone).date() for slot in _near(desk, wanted, "")), day)
    free = unfinished.times(desk, conversation, wanted, day)
    panel = patients.panel(desk, conversation)
    context: dict[str, Any] = {
        "card": card,
        "called": called,
        "begun": unfinished.unfinished(desk, conversation),
        "form": {**form, "day": day.isoformat(), "practitioner": wanted.practitioner},
        "free": free,
        "known": tuple(one.name for one in panel.patients) if panel else (),
        "services": desk.diary.services,
        "stretch": lambda block: stretch(desk.diary.zone, block.starts_at, block.ends_at),
        "practitioners": {ANY: _Anybody(), **desk.diary.practitioners},
        "afterwards": AFTERWARDS,
        "trouble": trouble,
        "clash": clash,
        "others": _near(desk, wanted, form["slot"]) if clash else (),
    }
    return show("desk/finish.html", fragment="times", status=status, **context)


class _Anybody:
    """Stands in the list of practitioners for whoever is free."""

    name = "Whoever is free"
    minutes = 0


def _wanted(desk: Desk, form: Mapping[str, str]) -> Wanted:
    service = desk.diary.services.get(form["service"])
    offered = service is not None and form["practitioner"] in service.practitioners
    return Wanted(form["service"], form["practitioner"] if offered else ANY)


def _near(desk: Desk, wanted: Wanted, slot: str) -> tuple[Slot, ...]:
    """The free times nearest to one that was wanted (``practitioner@start``; empty: the next ones)."""
    practitioner = "" if wanted.practitioner == ANY else wanted.practitioner
    return diary.free_near(desk, wanted.service, practitioner, number_or_nothing(slot.rpartition("@")[2]))
