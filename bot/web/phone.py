"""The patients' phones in a browser: `/phone`, for trying the front desk without Twilio.

The page sends what a patient would and shows what she would see; everything in between is the real way through the
clinic's webhook. Only a page of this very origin may post.
"""

import re
import threading
from ipaddress import ip_address
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, make_response, render_template, request

Json = dict[str, Any]

LOOK_SECONDS_MAX = 20.0
LOOKING_PAGES_MAX = 12
"""Pages that may wait for news at a time: each holds a thread. One too many is told to ask again."""
TEXT_MAX = 1_600
NAME_MAX = 40
KINDS = ("text", "button", "list", "photo", "voice", "location", "contact")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class PhoneSide(Protocol):
    """What the page asks of the simulator. Messages and patients are plain mappings, times epoch seconds."""

    clinic_name: str
    time_zone: str
    public_url: str

    def events(self, after: int, wait_seconds: float) -> Json: ...
    def add_patient(self, name: str, number: str) -> Json | None: ...
    def remove_patient(self, address: str) -> None: ...
    def send(self, address: str, kind: str, text: str, answers: tuple[str, str] = ...) -> Json | None: ...
    def retry(self, sid: str) -> Json | None: ...
    def see(self, address: str, last_id: int) -> None: ...
    def file(self, sid: str) -> tuple[str, bytes] | None: ...


def phone_room(simulator: PhoneSide) -> Blueprint:
    """The page and its routes, all under `/phone`."""
    room = Blueprint("phone", __name__, url_prefix="/phone")
    looking = threading.BoundedSemaphore(LOOKING_PAGES_MAX)

    @room.before_request
    def keep_others_out() -> None:
        if request.method == "POST" and not _is_own_page(simulator.public_url):
            abort(403)

    @room.after_request
    def add_policy(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    @room.get("")
    def show() -> str:
        return render_template("phone.html", clinic_name=simulator.clinic_name, time_zone=simulator.time_zone)

    @room.get("/events")
    def events() -> Response:
        after = request.args.get("after", 0, int)
        if not looking.acquire(blocking=False):
            return jsonify({**simulator.events(after, 0), "busy": True})
        try:
            return jsonify(simulator.events(after, LOOK_SECONDS_MAX))
        finally:
            looking.release()

    @room.get("/files/<sid>")
    def show_file(sid: str) -> Response:
        if (found := simulator.file(sid)) is None:
            abort(404)
        kind, content = found
        where = "inline" if kind.startswith("image/") else "attachment"
        headers = {"Content-Disposition": where, "X-Content-Type-Options": "nosniff"}
        return Response(content, mimetype=kind, headers=headers)

    _add_sending(room, simulator)
    _add_patients(room, simulator)
    return room


def _add_sending(room: Blueprint, simulator: PhoneSide) -> None:
    @room.post("/send")
    def send() -> Response:
        asked = _asked()
        kind, text = asked.get("kind", ""), _text(asked, "text")
        if kind not in KINDS or len(text) > TEXT_MAX or (kind == "text" and not text.strip()):
            abort(400)
        answers = (_text(asked, "message"), _text(asked, "option"))
        return _answer(simulator.send(_text(asked, "patient"), kind, text, answers))

    @room.post("/retry")
    def retry() -> Response:
        return _answer(simulator.retry(_text(_asked(), "message")))

    @room.post("/seen")
    def see() -> tuple[str, int]:
        asked = _asked()
        if not isinstance(asked.get("last"), int):
            abort(400)
        simulator.see(_text(asked, "patient"), asked["last"])
        return "", 204


def _add_patients(room: Blueprint, simulator: PhoneSide) -> None:
    @room.post("/patients")
    def add() -> Response:
        asked = _asked()
        name, number = _text(asked, "name").strip(), re.sub(r"[\s().-]", "", _text(asked, "number"))
        if not name or len(name) > NAME_MAX or (number and not NUMBER.fullmatch(number)):
            abort(400)
        if (patient := simulator.add_patient(name, number)) is None:
            abort(409)
        return jsonify(patient)

    @room.post("/patients/remove")
    def remove() -> tuple[str, int]:
        simulator.remove_patient(_text(_asked(), "patient"))
        return "", 204


def _is_own_page(public_url: str) -> bool:
    """Whether a request comes from our own page: its header needs a script, and its origin must be this host.

    The host must be an address, localhost or the public one, so that a foreign name led to this machine is no way in.
    """
    origin = urlsplit(request.headers.get("Origin", ""))
    if "X-Frontdesk-Phone" not in request.headers or origin.netloc not in (request.host, urlsplit(public_url).netloc):
        return False
    name = origin.hostname or ""
    return name in ("localhost", urlsplit(public_url).hostname) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _asked() -> Json:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        abort(400)
    return asked


def _text(asked: Json, name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        abort(400)
    return value


def _answer(message: Json | None) -> Response:
    return make_response(("", 404)) if message is None else jsonify(message)
