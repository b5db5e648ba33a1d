"""A Twilio-shaped endpoint of our own: the part of the Messages and Content APIs that a front desk uses.

The real Twilio client, pointed here, sends to the phones of the simulator. What WhatsApp would refuse only later
(outside its window, over its limits) is taken here and fails later, by status callback.
"""

from typing import Any, Protocol

from flask import Blueprint, Response, current_app, jsonify, request

from bot.web.twilio_shapes import (
    CONTENT_HOST,
    Json,
    Refused,
    approval,
    check_addresses,
    checked_content,
    content_resource,
    has_media,
    media_resource,
    message_resource,
    page,
    plain_words,
    sent_between,
    template_words,
)

MESSAGES = "/2010-04-01/Accounts/<account>/Messages"
CONTENT = "/v1/Content"
PAGE_SIZE, PAGE_SIZE_MAX = 50, 1_000
MEDIA_FILES = {"photo": "phone-photo.jpg", "voice": "phone-voice.ogg", "contact": "phone-contact.vcf"}


class TwilioSide(Protocol):
    """What the endpoint asks of the simulator. Rows are plain mappings, times epoch seconds."""

    account_sid: str
    clinic_address: str

    def admits(self, user: str, password: str) -> bool: ...
    def create(self, to: str, words: Json, callback: str) -> Json: ...
    def message(self, sid: str) -> Json | None: ...
    def messages(self, limit: int, **search: Any) -> list[Json]: ...
    def redact(self, sid: str) -> None: ...
    def delete(self, sid: str) -> None: ...
    def put_content(self, content: Json) -> Json: ...
    def contents(self) -> list[Json]: ...
    def content(self, sid: str) -> Json | None: ...
    def delete_content(self, sid: str) -> None: ...


def simulator_room(simulator: TwilioSide) -> Blueprint:
    """The endpoint, to be mounted where `TWILIO_API_URL` points; all of it needs the account's credentials."""
    room = Blueprint("simulator", __name__)

    @room.before_request
    def admit() -> None:
        given = request.authorization
        account = (request.view_args or {}).pop("account", simulator.account_sid)
        known = given is not None and simulator.admits(given.username or "", given.password or "")
        if not known or account != simulator.account_sid:
            raise Refused(20003)

    @room.errorhandler(Refused)
    def refuse(refused: Refused) -> tuple[Response, int]:
        return jsonify(refused.body), refused.status

    _add_messages(room, simulator)
    _add_media(room, simulator)
    _add_contents(room, simulator)
    _add_approvals(room, simulator)
    return room


def _add_messages(room: Blueprint, simulator: TwilioSide) -> None:
    def resource(message: Json) -> Json:
        return message_resource(message, simulator.account_sid, simulator.clinic_address)

    @room.post(f"{MESSAGES}.json")
    def create_message() -> tuple[Response, int]:
        form = request.form
        check_addresses(form, simulator.clinic_address)
        if content_sid := form.get("ContentSid"):
            if (content := simulator.content(content_sid)) is None:
                raise Refused(21655, content_sid)
            words = template_words(content, form.get("ContentVariables", ""))
        else:
            words = plain_words(form.get("Body", ""), form.getlist("MediaUrl"))
        return jsonify(resource(simulator.create(form["To"], words, form.get("StatusCallback", "")))), 201

    @room.get(f"{MESSAGES}.json")
    def list_messages() -> Response:
        size, asked = _page_size(), request.args
        since, until = sent_between(asked)
        whose = {"to": asked.get("To", ""), "sender": asked.get("From", "")}
        before = asked.get("PageToken", "").removeprefix("PA")
        found = simulator.messages(size + 1, since=since, until=until, before_sid=before, **whose)
        token = "PA" + found[size - 1]["sid"] if len(found) > size else ""
        path = f"/2010-04-01/Accounts/{simulator.account_sid}/Messages.json"
        shown = [resource(message) for message in found[:size]]
        return jsonify({**page(path, asked, size, len(shown), token), "messages": shown})

    @room.get(f"{MESSAGES}/<sid>.json")
    def fetch_message(sid: str) -> Response:
        return jsonify(resource(_found(simulator.message(sid))))

    @room.post(f"{MESSAGES}/<sid>.json")
    def redact_message(sid: str) -> Response:
        _found(simulator.message(sid))
        if request.form.get("Body") != "":
            raise Refused(20001, "Body")
        simulator.redact(sid)
        return jsonify(resource(_found(simulator.message(sid))))

    @room.delete(f"{MESSAGES}/<sid>.json")
    def delete_message(sid: str) -> tuple[str, int]:
        _found(simulator.message(sid))
        simulator.delete(sid)
        return "", 204


def _add_media(room: Blueprint, simulator: TwilioSide) -> None:
    @room.get(f"{MESSAGES}/<sid>/Media.json")
    def list_media(sid: str) -> Response:
        message = _found(simulator.message(sid))
        path = f"/2010-04-01/Accounts/{simulator.account_sid}/Messages/{sid}/Media"
        found = [media_resource(message, simulator.account_sid, path)] if has_media(message) else []
        size = _page_size()
        return jsonify({**page(f"{path}.json", request.args, size, len(found), ""), "media_list": found})

    @room.get(f"{MESSAGES}/<sid>/Media/<media_sid>")
    def fetch_media(sid: str, media_sid: str) -> Response:
        message = _found(simulator.message(sid))
        name = MEDIA_FILES.get(message["shown"]["kind"])
        if name is None or media_sid[2:] != sid[2:]:
            raise Refused(20404, request.path)
        return current_app.send_static_file(name)

    @room.delete(f"{MESSAGES}/<sid>/Media/<media_sid>.json")
    def delete_media(sid: str, media_sid: str) -> tuple[str, int]:
        # Every phone's photo is the same file of ours: there is nothing to delete but the message it came with.
        _found(simulator.message(sid))
        return "", 204


def _add_contents(room: Blueprint, simulator: TwilioSide) -> None:
    def resource(content: Json) -> Json:
        return content_resource(content, simulator.account_sid)

    @room.post(CONTENT)
    def create_content() -> tuple[Response, int]:
        return jsonify(resource(simulator.put_content(checked_content(_json_object())))), 201

    @room.get(CONTENT)
    def list_contents() -> Response:
        size, number = _page_size(), request.args.get("Page", 0, int)
        contents = simulator.contents()
        shown = [resource(content) for content in contents[number * size : (number + 1) * size]]

        def url(at: int) -> str:
            return f"{CONTENT_HOST}{CONTENT}?PageSize={size}&Page={at}"

        meta = {
            "key": "contents",
            "page": number,
            "page_size": size,
            "url": url(number),
            "first_page_url": url(0),
            "previous_page_url": url(number - 1) if number else None,
            "next_page_url": url(number + 1) if len(contents) > (number + 1) * size else None,
        }
        return jsonify({"contents": shown, "meta": meta})

    @room.get(f"{CONTENT}/<sid>")
    def fetch_content(sid: str) -> Response:
        return jsonify(resource(_found(simulator.content(sid))))

    @room.delete(f"{CONTENT}/<sid>")
    def delete_content(sid: str) -> tuple[str, int]:
        simulator.delete_content(_found(simulator.content(sid))["sid"])
        return "", 204


def _add_approvals(room: Blueprint, simulator: TwilioSide) -> None:
    @room.post(f"{CONTENT}/<sid>/ApprovalRequests/whatsapp")
    def request_approval(sid: str) -> tuple[Response, int]:
        content = _found(simulator.content(sid))
        decided = approval(content, _json_object())
        simulator.put_content({**content, "approval": decided})
        # Like Twilio, the request is only received; what was decided is there to be fetched.
        return jsonify({**decided, "status": "received", "rejection_reason": ""}), 201

    @room.get(f"{CONTENT}/<sid>/ApprovalRequests")
    def fetch_approval(sid: str) -> Response:
        decided = _found(simulator.content(sid)).get("approval", {"status": "unsubmitted"})
        url = f"{CONTENT_HOST}{CONTENT}/{sid}/ApprovalRequests"
        whatsapp = {"type": "whatsapp", **decided}
        return jsonify({"sid": sid, "account_sid": simulator.account_sid, "whatsapp": whatsapp, "url": url})


def _found(row: Json | None) -> Json:
    if row is None:
        raise Refused(20404, request.path)
    return row


def _page_size() -> int:
    return max(1, min(request.args.get("PageSize", PAGE_SIZE, int), PAGE_SIZE_MAX))


def _json_object() -> Json:
    asked = request.get_json(silent=True)
    if not isinstance(asked, dict):
        raise Refused(20001, "body")
    return asked
