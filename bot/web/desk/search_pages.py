"""Finding a conversation by its patient, her number, or an appointment's number."""

from __future__ import annotations

import re

from flask import Blueprint, Response

from bot.desk import inbox, patients, staff
from bot.desk.inbox import Card
from bot.desk.turns import conversation_id
from bot.ports import Desk
from bot.web.desk.asked import typed
from bot.web.desk.guard import page
from bot.web.desk.inbox_pages import called, why_here
from bot.web.desk.showing import show
from bot.web.desk.thread_words import KINDS

WORDS_CHARACTERS_MAX = 100
CARDS_MAX = 50


def search_room(desk: Desk) -> Blueprint:
    """``/desk/search``. It is asked by a form: a name or a number never stands in an address."""
    room = Blueprint("search", __name__, url_prefix="/desk/search")

    @room.get("", endpoint="show")
    @page("patients.read")
    def ask() -> Response:
        return shown("")

    @room.post("", endpoint="find")
    @page("patients.read")
    def find() -> Response:
        return shown(typed("q")["q"][:WORDS_CHARACTERS_MAX])

    def shown(words: str) -> Response:
        people = staff.names(desk)
        return show(
            "desk/search.html",
            words=words,
            cards=_found(desk, words) if words else [],
            now=int(desk.clock.now().timestamp()),
            called=called,
            people=people,
            why_here=lambda card: why_here(card, people),
            kinds=KINDS,
        )

    return room


def _found(desk: Desk, words: str) -> list[Card]:
    ids = [id for one in patients.find(desk, words) for id in patients.conversations_of(desk, one.id)]
    number = re.sub(r"[\s().-]", "", words)
    if re.fullmatch(r"\+[1-9][0-9]{6,14}", number):
        # A number that wrote and of which no patient is known yet.
        ids.insert(0, conversation_id(desk.conversation_key, f"whatsapp:{number}"))
    cards = (inbox.card(desk, id) for id in list(dict.fromkeys(ids))[:CARDS_MAX])
    return [card for card in cards if card is not None]
