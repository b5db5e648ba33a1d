"""Twilio's two webhooks: messages of patients, and what became of ours.

Nothing is believed before the signature over the configured public URL is right, and little afterwards: the signature
covers neither parameter boundaries nor duplicates, so every known field must have its own shape. Parameters Twilio adds
one day are accepted. The answer is an empty TwiML response after the commit; words leave through the outbox.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from urllib.parse import urlsplit

from flask import Blueprint, Response, request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import MultiDict

from bot.core import fallback
from bot.core.delivery import FROM_TWILIO
from bot.core.events import MessageKind
from bot.core.location import Location, read_location
from bot.core.safety import words_for
from bot.core.twilio_signature import expected_signature
from bot.desk.speaking import status
from bot.desk.turns import Arrived, as_kept, receive
from bot.ports import Attachment, BookAway, Desk

BODY_BYTES_MAX = 64 * 1024
TEXT_CHARACTERS_MAX = 4096
"""WhatsApp's own limit for one message; what is longer is cut."""
BUTTON_CHARACTERS_MAX = 256
URL_CHARACTERS_MAX = 2048
TYPE_CHARACTERS_MAX = 100

_SHAPES = {
    "MessageSid": re.compile(r"(?:SM|MM)[0-9a-f]{32}", re.ASCII),
    "AccountSid": re.compile(r"AC[0-9a-f]{32}", re.ASCII),
    "From": re.compile(r"whatsapp:(?:\+[1-9][0-9]{5,14}|[A-Z]{2}(?:\.ENT)?\.[A-Za-z0-9]{1,128})", re.ASCII),
    "To": re.compile(r"whatsapp:\+[1-9][0-9]{5,14}", re.ASCII),
    "NumMedia": re.compile(r"[0-9]|10", re.ASCII),
    "MessageStatus": re.compile(r"[a-z_-]{1,32}", re.ASCII),
    "ErrorCode": re.compile(r"[0-9]{1,6}", re.ASCII),
    "m": re.compile(r"[0-9a-f]{32}", re.ASCII),
}
_SINGLE = frozenset(_SHAPES) | set(
    "Body ButtonPayload ButtonText ListId ListTitle Latitude Longitude Label Address MessageType "
    "OriginalRepliedMessageSid".split()
)


class Malformed(Exception):
    """A signed request whose fields are not what Twilio sends. Answered 400; nothing is stored."""


@dataclass(frozen=True, slots=True)
class Door:
    """What a request is checked against. ``tokens`` are all accepted while one is being rotated."""

    public_url: str
    tokens: tuple[str, ...]
    account_sid: str
    address: str


def webhook_room(desk: Desk, door: Door) -> Blueprint:
    """The routes under ``/twilio``."""
    room = Blueprint("twilio", __name__, url_prefix="/twilio")

    @room.before_request
    def guard() -> Response | None:
        if request.mimetype != "application/x-www-form-urlencoded":
            return Response("Only signed forms are taken here.\n", 415, mimetype="text/plain")
        signature = request.headers.get("X-Twilio-Signature", "")
        if not is_signed(door, request.full_path.rstrip("?"), signature, _whole_form()):
            return Response("The signature is not right.\n", 403, mimetype="text/plain")
        _refuse_doubled(request.form)
        return None

    @room.errorhandler(Malformed)
    def malformed(error: Malformed) -> Response:
        return Response(f"{error}\n", 400, mimetype="text/plain")

    @room.errorhandler(BookAway)
    def away(error: BookAway) -> Response:
        desk.report("book_away", {"path": request.path, "why": str(error)})
        return Response("Try again.\n", 503, {"Retry-After": "2"}, mimetype="text/plain")

    @room.post("/inbound")
    def inbound() -> Response:
        arrived = read_inbound(request.form, door)
        try:
            receive(desk, arrived)
        except BookAway as error:
            return _red_flag_without_book(desk, arrived) or away(error)
        return _says()

    @room.post("/fallback")
    def last() -> Response:
        """What Twilio asks when the way above failed: it is tried once more, and kept on disk if need be."""
        arrived = read_inbound(request.form, door)
        try:
            receive(desk, arrived)
        except BookAway:
            return _kept_on_disk(desk, arrived)
        return _says()

    _add_status(room, desk)
    return room


def _whole_form() -> MultiDict[str, str]:
    """The form, read to its end. The server reads a body only now, so it is here that a broken one comes to light."""
    try:
        return request.form
    except ParseException as error:
        raise Malformed("The body did not come whole.") from error


def _refuse_doubled(form: MultiDict[str, str]) -> None:
    for name, values in form.lists():
        if len(values) > 1 and name in _SINGLE:
            raise Malformed(f"{name} is there more than once.")


def _add_status(room: Blueprint, desk: Desk) -> None:
    @room.post("/status")
    def delivery() -> Response:
        form = request.form
        sid, word = _field(form, "MessageSid"), _field(form, "MessageStatus", form.get("SmsStatus", ""))
        code = _field(form, "ErrorCode", "")
        attempt = request.args.get("m", "")
        if attempt and not _SHAPES["m"].fullmatch(attempt):
            raise Malformed("The attempt is not one of ours.")
        known = FROM_TWILIO.get(word)
        if known is not None:
            status(desk, attempt, sid, known, int(code) if code else None)
        return Response("", 204)


def is_signed(door: Door, path: str, signature: str, form: MultiDict[str, str]) -> bool:
    """Whether Twilio made this request. The public URL is tried as configured and with its port said or left out."""
    if not signature or not signature.isascii():
        return False
    pairs = list(form.items(multi=True))
    for base in _spellings(door.public_url):
        for token in door.tokens:
            if hmac.compare_digest(expected_signature(token, base + path, pairs), signature):
                return True
    return False


@cache
def _spellings(url: str) -> Sequence[str]:
    # Twilio signs the URL with or without the default port, depending on the product (twilio-python #392, #402).
    parts = urlsplit(url)
    port = {"https": 443, "http": 80}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    if parts.port is None:
        return (url, f"{parts.scheme}://{host}:{port}{parts.path}")
    return (url, f"{parts.scheme}://{host}{parts.path}")


def read_inbound(form: MultiDict[str, str], door: Door) -> Arrived:
    """A patient's message from Twilio's form. Raises Malformed, naming the field and never its value."""
    if _field(form, "AccountSid") != door.account_sid:
        raise Malformed("AccountSid is another account's.")
    if _field(form, "To") != door.address:
        raise Malformed("To is not our address.")
    media = int(_field(form, "NumMedia", "0"))
    text = _words(form, "Body", "ButtonText", "ListTitle")
    button = _words(form, "ButtonPayload", "ListId")[:BUTTON_CHARACTERS_MAX]
    return Arrived(
        sid=_field(form, "MessageSid"),
        address=_field(form, "From"),
        kind=_kind(form, media, text, button),
        text=text,
        button=button,
        attachments=_attachments(form, media),
        location=_location(form),
        quotes="" if button else _quoted(form),
    )


def _attachments(form: MultiDict[str, str], media: int) -> tuple[Attachment, ...]:
    """The files of a message. Whether an address is Twilio's is looked at where it is used."""
    said = ((form.get(f"MediaUrl{n}", ""), form.get(f"MediaContentType{n}", "")) for n in range(media))
    return tuple(Attachment(url[:URL_CHARACTERS_MAX], declared[:TYPE_CHARACTERS_MAX]) for url, declared in said if url)


def _location(form: MultiDict[str, str]) -> Location | None:
    if "Latitude" not in form:
        return None
    latitude, longitude, label, address = (form.get(name, "") for name in ("Latitude", "Longitude", "Label", "Address"))
    return read_location(latitude, longitude, label, address)


def _quoted(form: MultiDict[str, str]) -> str:
    """What she replied to. A tap names it too, where it says nothing: the button's id does."""
    sid = form.get("OriginalRepliedMessageSid", "")
    return sid if _SHAPES["MessageSid"].fullmatch(sid) else ""


def _kind(form: MultiDict[str, str], media: int, text: str, button: str) -> MessageKind:
    """What arrived, by its parts: MessageType is an open set that grows without notice."""
    if button:
        return "tap"
    if "Latitude" in form:
        return "location"
    if media:
        types = form.get("MediaContentType0", "")
        return "contact" if "vcard" in types or form.get("MessageType") == "contacts" else "media"
    if form.get("MessageType") == "contacts":
        return "contact"
    return "text" if text.strip() else "unknown"


def _words(form: MultiDict[str, str], *names: str) -> str:
    """The first of these fields that says something, without NUL: PostgreSQL cannot keep one, and nobody means it."""
    words = next(filter(None, (form.get(name) for name in names)), "")
    return words.replace("\x00", "")[:TEXT_CHARACTERS_MAX]


def _field(form: MultiDict[str, str], name: str, default: str | None = None) -> str:
    value = form.get(name, default)
    if value is None or (value != default and not _SHAPES[name].fullmatch(value)):
        raise Malformed(f"{name} is missing or has a wrong shape.")
    return value


def _red_flag_without_book(desk: Desk, arrived: Arrived) -> Response | None:
    """The database is away. A red flag is answered now, without a store; anything else (None) Twilio tries again.

    Always 200: Twilio says the words of no other answer.
    """
    reading = desk.read(arrived.text, desk.clock.now())
    if not reading.red_flags:
        return None
    desk.report("red_flag_without_book", {"sid": arrived.sid})
    _keep(desk, arrived, "red_flag_not_kept")
    return _says(*words_for(reading.red_flags, reading.language or "en"))


def _kept_on_disk(desk: Desk, arrived: Arrived) -> Response:
    """The database is away and Twilio will not ask again: the words for emergencies, whatever the message says."""
    reading = desk.read(arrived.text, desk.clock.now())
    desk.report("answered_by_fallback", {"sid": arrived.sid})
    _keep(desk, arrived, "message_not_kept")
    texts = words_for(reading.red_flags, reading.language or "en")
    return _says(*(texts or fallback.words(str(desk.clinic.facts.get("phone") or ""))))


def _keep(desk: Desk, arrived: Arrived, otherwise: str) -> None:
    """Keep a message on disk until it can be written down; the operator is told when that fails too."""
    try:
        desk.spool.keep(arrived.sid, as_kept(arrived))
    except OSError as error:
        # Neither database nor disk. Twilio's own list still has the message, under this sid.
        desk.report(otherwise, {"sid": arrived.sid, "error": type(error).__name__})


def _says(*texts: str) -> Response:
    return Response(fallback.twiml(texts), mimetype="text/xml")
