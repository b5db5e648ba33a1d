"""One conversation: its thread, who has it, and passing it on. Writing into it is in :mod:`bot.web.desk.composing`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.core.sent_file import BYTES_MAX, UPLOAD_BYTES_MAX
from bot.desk import audit, inbox, media, mentions, reception, replying, sent_files, sessions, staff, unfinished
from bot.desk.inbox import Card, ThreadPage
from bot.ports import Desk
from bot.ports.reception import Doing, ThreadLine
from bot.web.desk.asked import number_or_nothing
from bot.web.desk.guard import current_staff, is_fragment, page
from bot.web.desk.inbox_pages import called, listed
from bot.web.desk.showing import show
from bot.web.desk.thread_view import asked_for, by_day, whole
from bot.web.desk.thread_words import KINDS, SPEECH, STATUSES, UNHAPPY, event_words, name_of

Mode = Literal["reply", "template", "bot", "other", "call", "read"]
"""What can be written now: words; a template alone; nothing before taking over (from the bot, from a colleague);
nothing, because there is no WhatsApp or no permission."""


def add_conversations(room: Blueprint, desk: Desk, templates: Callable[[Card], tuple[Any, ...]]) -> None:
    """Add ``/desk/inbox/<conversation>`` to the inbox. ``templates`` are those approved for a conversation."""

    @room.get("/<conversation>", endpoint="one")
    @page("inbox.read")
    def show_one(conversation: str) -> Response:
        context, her = pictured(desk, conversation), current_staff().id
        sessions.viewed(desk, her, f"conversation:{conversation}")
        if is_fragment():
            return show("desk/conversation.html", fragment="talk", **context)
        # What a page asks for by itself nobody may be looking at.
        mentions.seen(desk, her, conversation, context["thread"].newest)
        composer = {
            "drafts": replying.drafts(desk, conversation, her),
            "chosen": sent_files.chosen(desk, conversation, her),
            "file_types": tuple(BYTES_MAX),
            "file_bytes_max": UPLOAD_BYTES_MAX,
            "token": desk.chance.token(),
            "quick_replies": replying.quick_replies(desk),
            "templates": templates(context["card"]),
            "can_be_named": mentions.can_be_named(desk, her),
        }
        return show("desk/conversation.html", **{**listed(desk), **composer, **context})

    @room.get("/<conversation>/print", endpoint="paper")
    @page("inbox.read")
    def show_paper(conversation: str) -> Response:
        context = pictured(desk, conversation, whole(desk, conversation))
        audit.printed(desk, current_staff().id, f"conversation:{conversation}")
        return show("desk/conversation_paper.html", notes="notes" in request.args, **context)

    @room.post("/<conversation>/look", endpoint="look")
    @page("inbox.read", quiet=True)
    def look(conversation: str) -> Response:
        doing: Doing = "typing" if request.form.get("doing") == "typing" else "reading"
        if request.form.get("doing") == "away":
            inbox.look_away(desk, conversation, current_staff().id)
        else:
            inbox.look(desk, conversation, current_staff().id, doing)
        return Response(status=204)

    _add_taking(room, desk)
    _add_giving(room, desk)


def _add_taking(room: Blueprint, desk: Desk) -> None:
    @room.post("/<conversation>/take", endpoint="take")
    @page("inbox.work")
    def take(conversation: str) -> AnyResponse:
        holder = request.form.get("from_holder", "")[:64]
        return done(desk, conversation, lambda her: reception.take_over(desk, conversation, her, holder))

    @room.post("/<conversation>/urgent", endpoint="urgent")
    @page("inbox.work")
    def urgent(conversation: str) -> AnyResponse:
        wanted = request.form.get("urgent") == "1"
        return done(desk, conversation, lambda her: reception.mark_urgent(desk, conversation, her, wanted))

    @room.post("/<conversation>/seen", endpoint="seen")
    @page("inbox.work")
    def seen(conversation: str) -> AnyResponse:
        return done(desk, conversation, lambda her: reception.looked(desk, conversation, her))


def _add_giving(room: Blueprint, desk: Desk) -> None:
    @room.post("/<conversation>/back", endpoint="back")
    @page("inbox.work")
    def back(conversation: str) -> AnyResponse:
        mode = request.form.get("mode", "")
        match mode:
            case "silent":
                return closed(desk, conversation, _seen(), request.form.get("closed_as", "")[:64])
            case "menu" | "continue":
                ended = "The assistant has it again."
                seen = _seen()
                return done(
                    desk,
                    conversation,
                    lambda her: reception.hand_back(desk, conversation, her, mode, seen),
                    leave=ended,
                )
            case _:
                return abort(400)

    @room.post("/<conversation>/undo-done", endpoint="undo_done")
    @page("inbox.work")
    def undo_done(conversation: str) -> AnyResponse:
        return done(desk, conversation, lambda her: reception.undo_done(desk, conversation, her))

    @room.post("/<conversation>/give", endpoint="give")
    @page("inbox.work")
    def give(conversation: str) -> AnyResponse:
        to = request.form.get("to", "")
        if to not in colleagues(desk):
            abort(400)
        return done(desk, conversation, lambda her: reception.hand_on(desk, conversation, her, to))

    @room.post("/<conversation>/release", endpoint="release")
    @page("inbox.work")
    def release(conversation: str) -> AnyResponse:
        why = request.form.get("reason", "")[:200]
        return done(desk, conversation, lambda her: reception.release(desk, conversation, her, why))

    @room.post("/<conversation>/later", endpoint="later")
    @page("inbox.work")
    def later(conversation: str) -> AnyResponse:
        until = _moment(desk, request.form.get("until", ""))
        ended = "It comes back when it is time." if until else ""
        seen = _seen()
        return done(
            desk, conversation, lambda her: reception.put_off(desk, conversation, her, until, seen), leave=ended
        )


# ---- what it shows


def pictured(desk: Desk, conversation: str, told: ThreadPage | None = None) -> dict[str, Any]:
    """Everything of a conversation that changes while one looks at it, with the lines that the page asks for unless
    others are given. Aborts when there is no such conversation."""
    card = inbox.card(desk, conversation)
    if card is None:
        abort(404)
    her, people, now = current_staff(), staff.names(desk), int(desk.clock.now().timestamp())
    told = told or asked_for(desk, conversation)
    mode = mode_of(card, her.id, her.may("inbox.work"), now)
    return {
        "card": card,
        "mode": mode,
        "mine": card.control == "held" and card.holder == her.id,
        "thread": told,
        "days": by_day(desk, told.lines),
        "named": mentions.named_in(desk, conversation, told.lines),
        "files": media.files_with(desk, [line.sid for line in told.lines if line.media]),
        "sent_files": sent_files.files_of(desk, [line.file for line in told.lines if line.file]),
        "holder": name_of(card.holder, people),
        "lookers": [name_of(one, people) + (" is writing" if doing == "typing" else " is looking")
                    for one, doing in card.lookers.items() if one != her.id],
        "ways_back": reception.ways_back(desk, conversation) if mode != "read" else None,
        "begun": unfinished.unfinished(desk, conversation) if card.control in ("waiting", "held") else None,
        "colleagues": {id: name for id, name in colleagues(desk).items() if id != card.holder},
        "moments": _moments(desk),
        "closed_as": desk.clinic.closed_as,
        "people": people,
        "now": now,
        "called": called,
        "event": lambda line: event_words(line, people, desk.clinic.closed_as, _until(desk, line)),
        "name_of": lambda id: name_of(id, people),
        "statuses": STATUSES,
        "unhappy": UNHAPPY,
        "kinds": KINDS,
        "speeches": SPEECH,
    }  # fmt: skip


def mode_of(card: Card, her: str, may_work: bool, now: int) -> Mode:
    """What she can write into a conversation now."""
    if not may_work:
        return "read"
    if card.control == "held" and card.holder != her:
        return "other"
    if card.control == "bot":
        return "bot"
    if not card.address.startswith("whatsapp:"):
        return "call"
    return "reply" if now + replying.UNDO_SECONDS < card.window_closes else "template"


def colleagues(desk: Desk) -> dict[str, str]:
    """Who can be given a conversation, by id."""
    return {
        one.id: one.name
        for one in staff.everybody(desk)
        if one.status == "active" and one.role in ("reception", "lead", "admin")
    }


def _seen() -> int | None:
    return number_or_nothing(request.form["seen"]) if "seen" in request.form else None


def _until(desk: Desk, line: ThreadLine) -> str:
    until = (line.details or {}).get("until", "0")
    if not until.isdecimal() or until == "0":
        return ""
    return datetime.fromtimestamp(int(until), desk.diary.zone).strftime("%A %-d %b, %H:%M")


def _moments(desk: Desk) -> list[tuple[str, int]]:
    """When one may want to see a conversation again, as said and in epoch seconds."""
    local = desk.clock.now().astimezone(desk.diary.zone)
    morning = local.replace(hour=8, minute=30, second=0, microsecond=0)
    monday = morning + timedelta(days=7 - local.weekday())
    named = [
        ("In an hour", local + timedelta(hours=1)),
        ("In three hours", local + timedelta(hours=3)),
        ("Tomorrow, 8:30", morning + timedelta(days=1)),
        (f"Monday {monday:%-d %b}, 8:30", monday),
    ]
    return [(words, int(moment.timestamp())) for words, moment in named]


def _moment(desk: Desk, typed: str) -> int:
    """A moment as a button (epoch seconds) or a date field (clinic time) sends it; 0 is now."""
    if typed.isdecimal() and len(typed) < 12:
        return int(typed)
    try:
        return int(datetime.fromisoformat(typed).replace(tzinfo=desk.diary.zone).timestamp())
    except ValueError:
        abort(400)


# ---- what came of it


def done(desk: Desk, conversation: str, act: Callable[[str], None], leave: str = "") -> AnyResponse:
    """Do something to a conversation. A page that asked by itself refetches; a form leads back to the conversation, or
    with ``leave`` to the list, saying that."""
    try:
        act(current_staff().id)
    except reception.Refused as refused:
        return refusal(desk, conversation, refused)
    if is_fragment() and not leave:
        return Response(status=204)
    folder = request.form.get("folder", "needs")
    if leave:
        flash(leave, "done")
        return redirect(url_for("inbox.show", folder=folder), 303)
    return redirect(url_for("inbox.one", conversation=conversation, folder=folder), 303)


def closed(desk: Desk, conversation: str, seen: int | None = None, closed_as: str = "") -> AnyResponse:
    """Close a conversation of which she has ``seen`` the lines up to that, as something of the clinic's list or as
    nothing; the list that one comes back to offers to take it back."""
    try:
        reception.close(desk, conversation, current_staff().id, closed_as, seen)
    except reception.Refused as refused:
        return refusal(desk, conversation, refused)
    folder = request.form.get("folder", "needs")
    return redirect(url_for("inbox.show", folder=folder, done=conversation, closed_as=closed_as or None), 303)


def refusal(desk: Desk, conversation: str, refused: reception.Refused) -> AnyResponse:
    """What was not done, and why: beside the composer, or as a notice on the page one comes back to."""
    words = said(desk, refused)
    if not is_fragment():
        flash(words, "warn")
        return redirect(url_for("inbox.one", conversation=conversation), 303)
    people = staff.names(desk)
    newer = refused.newer if isinstance(refused, replying.Stale) else ()
    body = render_template(
        "desk/_refused.html", words=words, newer=newer, taken=isinstance(refused, reception.NotYours),
        name_of=lambda id: name_of(id, people), kinds=KINDS,
        next=desk.chance.token() if isinstance(refused, replying.SaidOtherwise) else "",
    )  # fmt: skip
    return Response(body, 409, mimetype="text/html")


def said(desk: Desk, refused: reception.Refused) -> str:
    """A refusal in words, with a colleague's name instead of her account."""
    if isinstance(refused, reception.NotYours) and refused.holder:
        since = datetime.fromtimestamp(refused.since, desk.diary.zone)
        return f"{name_of(refused.holder, staff.names(desk))} has had this conversation since {since:%H:%M}."
    return str(refused)
