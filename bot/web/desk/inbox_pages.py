"""The inbox: the folders of conversations, and who is on shift. What happens in one conversation is in
:mod:`bot.web.desk.conversation_pages`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import inbox
from bot.desk.inbox import Card, FolderName
from bot.ports import Desk
from bot.ports.reception import Place
from bot.web.desk.guard import current_staff, local_path, page
from bot.web.desk.inbox_board import Draw, board, put_up
from bot.web.desk.showing import phone, show
from bot.web.desk.thread_words import KINDS, name_of, span

SAY_SHIFT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder as the page names it, and what it says when nothing is in it."""

    name: FolderName
    title: str
    empty: str
    hint: str


FOLDERS: Mapping[str, Folder] = {
    "needs": Folder("needs us", "Needs us", "Nobody is waiting", "Whoever needs a person appears here at once."),
    "mine": Folder("mine", "Mine", "You hold no conversation", "Take one over, and it is here until you let it go."),
    "mentions": Folder(
        "mentions", "Mentions", "No note waits for you", "A note with @ and your name brings its conversation here."
    ),
    "others": Folder("others", "Others", "Colleagues hold none", "What a colleague answers is here to be seen by all."),
    "bot": Folder(
        "with the bot",
        "Assistant",
        "Nobody is with the assistant",
        "Whoever wrote in the last day and needs none of you is here.",
    ),
    "failed": Folder("failed", "Failed", "Everything arrived", "What could not be delivered waits here to be seen to."),
    "later": Folder("later", "Later", "Nothing is put off", "What you put off comes back by itself when it is time."),
    "done": Folder("done", "Done", "Nothing is done yet", "Closed conversations are here; a new message reopens them."),
}


def inbox_room(desk: Desk) -> Blueprint:
    """``/desk/inbox``, without the conversations themselves."""
    room = Blueprint("inbox", __name__, url_prefix="/desk/inbox")

    @room.get("", endpoint="show")
    @page("inbox.read")
    def show_list() -> Response:
        closed = inbox.card(desk, request.args["done"]) if "done" in request.args else None
        just_done = closed if closed and closed.control == "closed" else None
        done_as = desk.clinic.closed_as.get(request.args.get("closed_as", ""), "")
        said = {"just_done": just_done, "done_as": done_as}
        return show("desk/inbox.html", fragment="list", called=called, **{**said, **listed(desk)})

    @room.get("/count", endpoint="count")
    @page("inbox.read", quiet=True)
    def count() -> Response:
        line = board().line()
        return jsonify(needs=line.waiting, urgent=line.urgent, alarm=line.alarm)

    @room.post("/shift", endpoint="shift")
    @page("inbox.work")
    def shift() -> AnyResponse:
        inbox.on_shift(desk, current_staff().id, request.form.get("on") == "1")
        if request.headers.get("X-Quiet"):
            return Response(status=204)
        return redirect(local_path(request.form.get("back", "")), 303)

    @room.app_context_processor
    def on_shift() -> dict[str, Any]:
        return {"is_on_shift": lambda: current_staff().id in board().watchers()}

    room.add_app_template_filter(span, "span")
    room.record_once(put_up(desk))
    return room


def listed(desk: Desk) -> dict[str, Any]:
    """What the list of a folder shows, as the address asks for it."""
    key = request.args.get("folder", "needs")
    if key not in FOLDERS:
        abort(404)
    her, after = current_staff().id, _place(request.args.get("after", ""))
    now = int(desk.clock.now().timestamp())
    found = board().page(FOLDERS[key].name, her, after, lambda people: _row_drawer(key, people, now))
    people, counts, line = found.people, board().counts().of(her), board().line()
    return {
        "folders": FOLDERS,
        "folder": key,
        "counts": {name: counts[one.name] for name, one in FOLDERS.items()},
        "cards": found.cards,
        "more": url_for("inbox.show", folder=key, after=_written(found.after)) if found.after else "",
        "later_page": after is not None,
        "here": url_for("inbox.show", folder=key, after=request.args["after"]) if after else "",
        "watchers": sorted(name_of(one, people) for one in board().watchers()),
        "alarm": line.alarm,
        "urgent": line.urgent,
        "house": _house_words(desk, now),
        "row_of": lambda card, open_id: found.row(card, her, open_id),
    }


def _house_words(desk: Desk, now: int) -> list[tuple[str, str]]:
    """What holds for every conversation, as kinds of a notice and words."""
    found, said = board().house(), []
    if found.trouble:
        since = _since(desk, found.trouble.since, now)
        said.append(("trouble", f"Nothing reaches patients since {since}: {found.trouble.why}. It is tried on and on."))
    if found.orders.silenced:
        since = _since(desk, found.orders.silenced_since, now)
        said.append(("warn", f"The assistant is silent since {since}. Whoever writes waits for one of you."))
    if notice := found.orders.notice_now(now):
        until = _since(desk, found.orders.notice_until, now)
        said.append(("info", f"Told to everybody who writes, until {until}: {notice}"))
    return said


def _since(desk: Desk, instant: int, now: int) -> str:
    then, today = (datetime.fromtimestamp(one, desk.diary.zone) for one in (instant, now))
    return then.strftime("%H:%M" if then.date() == today.date() else "%a %-d %b, %H:%M")


def _row_drawer(folder: str, people: Mapping[str, str], now: int) -> Draw:
    row: Draw = current_app.jinja_env.get_template("desk/_card.html").module.row  # type: ignore[attr-defined]

    def draw(card: Card, her: str, open_id: str) -> Markup:
        return row(card, folder, people, now, called, lambda one: why_here(one, people), KINDS, open_id, her)

    return draw


def called(card: Card) -> str:
    """What a conversation is called: its patient, else its number, else the end of its address."""
    if card.names:
        return card.names[0]
    return phone(card.phone) or (f"WhatsApp …{card.address[-4:]}" if card.address else "Erased")


def why_here(card: Card, people: Mapping[str, str]) -> str:
    """Why a conversation lies where it does, in a few words."""
    if card.failed:
        return f"Not delivered: {card.failed}"
    if card.holder_silent:
        return f"{name_of(card.holder, people)} silent for {span(card.silent_seconds)}"
    if card.look:
        return "Sent something the assistant cannot read"
    if card.control in ("waiting", "held") and card.reason:
        return card.reason
    if card.control == "bot" and card.where:
        return f"{card.where.title}: {card.where.step}" + (
            f" ({card.where.number} of {card.where.of})" if card.where.number else ""
        )
    return ""


def _written(place: Place | None) -> str:
    return f"{place[0]}.{place[1]}.{place[2]}" if place else ""


def _place(text: str) -> Place | None:
    rank, _, rest = text.partition(".")
    at, _, id = rest.partition(".")
    if not text:
        return None
    if not (rank.isdecimal() and at.isdecimal() and len(rank) < 4 and len(at) < 16):
        abort(400)
    return int(rank), int(at), id[:64]
