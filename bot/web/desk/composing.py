"""Writing into a conversation: replies that can be taken back, templates, notes, drafts, quick replies.

Reply and note are two forms with two addresses: no slip of a key makes a patient read what was meant for a colleague.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from flask import Blueprint, Response, abort, flash, jsonify, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from bot.desk import approved, inbox, reception, replying, sent_files
from bot.desk.inbox import Card
from bot.desk.replying import Reply
from bot.ports import Desk
from bot.web.desk.asked import number_or_nothing
from bot.web.desk.conversation_pages import refusal
from bot.web.desk.guard import current_staff, is_fragment, page


@dataclass(frozen=True, slots=True)
class Choice:
    """An approved template, ready for one conversation: its name, and how it reads there with its variables."""

    name: str
    text: str
    variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[str, ...] = ()


Templates = Callable[[Card], tuple[Choice, ...]]


def approved_templates(desk: Desk) -> Templates:
    """Those that WhatsApp has approved, as far as we know."""

    def ready(card: Card) -> tuple[Choice, ...]:
        found = approved.ready_for(desk, card.id)
        return tuple(Choice(one.name, one.text, one.variables, one.buttons) for one in found)

    return ready


def add_composing(room: Blueprint, desk: Desk, templates: Templates) -> None:
    """Add what is written under ``/desk/inbox/<conversation>``."""
    _add_sending(room, desk, templates)
    _add_keeping(room, desk)


def _add_sending(room: Blueprint, desk: Desk, templates: Templates) -> None:
    @room.post("/<conversation>/reply", endpoint="reply")
    @page("inbox.work")
    def reply(conversation: str) -> AnyResponse:
        token, file = request.form.get("token", ""), request.form.get("file", "")[:64]
        return _sent(desk, conversation, Reply(_text("text"), token, _last_seen(), file=file))

    @room.post("/<conversation>/template", endpoint="template")
    @page("inbox.work")
    def template(conversation: str) -> AnyResponse:
        card = inbox.card(desk, conversation)
        wanted = request.form.get("template", "")
        choice = next((one for one in templates(card) if one.name == wanted), None) if card else None
        if choice is None:
            abort(404 if card is None else 400)
        token = request.form.get("token", "")
        return _sent(desk, conversation, replace(as_reply(choice, token), last_seen=_last_seen()))

    @room.post("/<conversation>/undo", endpoint="undo")
    @page("inbox.work")
    def undo(conversation: str) -> AnyResponse:
        her = current_staff().id
        text = replying.undo(desk, conversation, her, request.form.get("token", ""))
        words = "It has left already." if text is None else "Taken back. It is in the field again."
        if not is_fragment():
            flash(words, "warn" if text is None else "done")
            return _there(conversation)
        chosen = None if text is None else sent_files.chosen(desk, conversation, her)
        there = {"conversation": conversation}
        body = render_template("desk/_undone.html", text=text, words=words, chosen=chosen, there=there)
        return Response(body, 409 if text is None else 200, mimetype="text/html")


def as_reply(choice: Choice, token: str) -> Reply:
    """A template as what is sent."""
    return Reply(choice.text, token, template=choice.name, variables=choice.variables, buttons=choice.buttons)


def _add_keeping(room: Blueprint, desk: Desk) -> None:
    @room.post("/<conversation>/note", endpoint="note")
    @page("inbox.work")
    def note(conversation: str) -> AnyResponse:
        try:
            replying.add_note(desk, conversation, current_staff().id, _text("note"))
        except reception.Refused as refused:
            return refusal(desk, conversation, refused)
        return Response(status=204) if is_fragment() else _there(conversation)

    @room.post("/<conversation>/draft", endpoint="draft")
    @page("inbox.work")
    def draft(conversation: str) -> Response:
        mode = request.form.get("mode", "")
        if inbox.card(desk, conversation) is None:
            abort(404)
        match mode:
            case "reply" | "note":
                token = request.form.get("token", "")
                replying.save_draft(desk, conversation, current_staff().id, mode, _text("text"), token)
                return Response(status=204)
            case _:
                return abort(400)

    @room.post("/<conversation>/quick", endpoint="quick")
    @page("inbox.work")
    def quick(conversation: str) -> Response:
        try:
            text = replying.filled(desk, conversation, request.form.get("shortcut", ""), current_staff().name)
        except reception.Refused:
            abort(404)
        return jsonify(text=text)


def _sent(desk: Desk, conversation: str, words: Reply) -> AnyResponse:
    try:
        queued = replying.send_reply(desk, conversation, current_staff().id, words)
    except reception.Refused as refused:
        return refusal(desk, conversation, refused)
    if not is_fragment():
        return _there(conversation)
    left = max(0, queued.undo_until - int(desk.clock.now().timestamp()))
    body = render_template(
        "desk/_sent.html", conversation=conversation, token=words.token, next=desk.chance.token(), left=left
    )
    return Response(body, mimetype="text/html")


def _last_seen() -> int:
    # "Send anyway" names the newer lines that were shown beside it.
    return max(map(number_or_nothing, request.form.getlist("seen")), default=0)


def _text(name: str) -> str:
    # Browsers send a line break as two signs; a patient's phone would show an empty line.
    return request.form.get(name, "").replace("\r\n", "\n")


def _there(conversation: str) -> AnyResponse:
    return redirect(url_for("inbox.one", conversation=conversation), 303)
