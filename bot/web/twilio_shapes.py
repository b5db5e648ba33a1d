"""Twilio's words: which requests it refuses, how it shows a message or a template, how a template becomes a message.

Shapes follow Twilio's OpenAPI description. Everything here is a function of its arguments.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

Json = dict[str, Any]

API_VERSION = "2010-04-01"
CONTENT_HOST = "https://content.twilio.com"
BODY_MAX = 1_600

# Code to HTTP status and words, as Twilio answers at once (https://www.twilio.com/docs/api/errors).
ERRORS = {
    20001: (400, "Invalid parameter: {0}"),
    20003: (401, "Authenticate"),
    20404: (404, "The requested resource {0} was not found"),
    21211: (400, "The 'To' number {0} is not a valid phone number."),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21609: (400, "The 'StatusCallback' URL {0} is not a valid URL."),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21655: (400, "The ContentSid {0} is invalid."),
    21656: (400, "The ContentVariables Parameter is invalid."),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
}

PATIENT = re.compile(r"whatsapp:(\+[1-9]\d{6,14}|[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128})")
KINDS = ["twilio/text", "twilio/quick-reply", "twilio/list-picker"]
CALLBACK = re.compile(r"https?://[!-~]+")
VARIABLE = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")

# WhatsApp's limits on a message with options, in characters and rows. Breaking one fails later, by status callback.
OVER_A_LIMIT = 63013
STOPPED = {"rejected": 63040, "paused": 63041}
"""What a message fails with whose template WhatsApp does not let through."""
BODY_WITH_OPTIONS_MAX = 1_024
OPTIONS_MAX = {"buttons": 3, "list": 10}
OPTION_MAX = {"buttons": {"id": 200, "title": 20}, "list": {"id": 200, "title": 24, "description": 72}}


class Refused(Exception):
    """A request that Twilio would refuse at once, with one of its codes."""

    def __init__(self, code: int, about: str = "") -> None:
        super().__init__(code)
        self.status, words = ERRORS[code]
        more_info = f"https://www.twilio.com/docs/errors/{code}"
        self.body = {"code": code, "message": words.format(about), "more_info": more_info, "status": self.status}


# A message to be


def check_addresses(form: Mapping[str, str], clinic_address: str) -> None:
    """Refuse a message to nobody, from nobody or from another number, or with a callback that leads nowhere."""
    to, sender, callback = (form.get(name, "") for name in ("To", "From", "StatusCallback"))
    if not to:
        raise Refused(21604)
    if not sender:
        raise Refused(21603)
    if not PATIENT.fullmatch(to):
        raise Refused(21211, to)
    if sender != clinic_address:
        raise Refused(63007)
    if callback and not CALLBACK.fullmatch(callback):
        raise Refused(21609, callback)


def plain_words(body: str, media_urls: list[str]) -> Json:
    """A message of text, media or both, as the simulator takes it."""
    if not body and not media_urls:
        raise Refused(21602)
    if len(body) > BODY_MAX:
        raise Refused(21617)
    shown = {"kind": "file", "urls": media_urls} if media_urls else {"kind": "text"}
    return {"body": body, "shown": shown, "approved": False, "error_code": None}


def template_words(content: Json, variables: str) -> Json:
    """A content template filled with its variables (a JSON object of strings), as the simulator takes it."""
    values = {**content["variables"], **_variables(variables)}
    kind = content_kind(content)
    filled = _filled(content["types"][kind], values)
    shown: Json = {"kind": "text"}
    if kind == "twilio/quick-reply":
        buttons = [{"id": action.get("id", action["title"]), "title": action["title"]} for action in filled["actions"]]
        shown = {"kind": "buttons", "options": buttons}
    elif kind == "twilio/list-picker":
        rows = [
            {"id": item["id"], "title": item["item"], "description": item.get("description", "")}
            for item in filled["items"]
        ]
        shown = {"kind": "list", "button": filled["button"], "options": rows}
    status = content.get("approval", {}).get("status")
    error = STOPPED.get(status) or (OVER_A_LIMIT if _is_over_a_limit(filled["body"], shown) else None)
    return {"body": filled["body"], "shown": shown, "approved": status == "approved", "error_code": error}


def _variables(text: str) -> dict[str, str]:
    try:
        values = json.loads(text or "{}")
    except ValueError:
        raise Refused(21656) from None
    if not isinstance(values, dict) or not all(isinstance(value, str) and value for value in values.values()):
        raise Refused(21656)
    return values


def _filled(part: Any, values: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _filled(inner, values) for name, inner in part.items()}
    if isinstance(part, list):
        return [_filled(inner, values) for inner in part]
    if not isinstance(part, str):
        return part
    try:
        return VARIABLE.sub(lambda found: values[found[1]], part)
    except KeyError:
        raise Refused(21656) from None


def _is_over_a_limit(body: str, shown: Json) -> bool:
    kind = shown["kind"]
    if kind == "text":
        return False
    options = shown["options"]
    too_long = any(len(option[name]) > most for option in options for name, most in OPTION_MAX[kind].items())
    return too_long or len(options) > OPTIONS_MAX[kind] or len(body) > BODY_WITH_OPTIONS_MAX


# A template


def checked_content(asked: Json) -> Json:
    """A content template as it was asked for, or refused where a part that WhatsApp needs is missing."""
    types = asked.get("types")
    if not (isinstance(asked.get("language"), str) and isinstance(types, dict) and types):
        raise Refused(20001, "language and types")
    needs = dict(zip(KINDS, (("body",), ("body", "actions"), ("body", "button", "items")), strict=True))
    for kind, part in types.items():
        if kind not in needs or not all(part.get(name) for name in needs[kind]):
            raise Refused(20001, kind)
    return {
        "friendly_name": asked.get("friendly_name") or "",
        "language": asked["language"],
        "variables": asked.get("variables") or {},
        "types": types,
    }


def content_kind(content: Json) -> str:
    """The richest of the template's types: that is the one WhatsApp shows."""
    types: dict[str, Json] = content["types"]
    return max(types, key=KINDS.index)


def content_resource(content: Json, account_sid: str) -> Json:
    url = f"{CONTENT_HOST}/v1/Content/{content['sid']}"
    made = datetime.fromtimestamp(content["made_at"], UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shared = {name: content[name] for name in ("sid", "friendly_name", "language", "variables", "types")}
    links = {"approval_create": f"{url}/ApprovalRequests/whatsapp", "approval_fetch": f"{url}/ApprovalRequests"}
    dates = {"date_created": made, "date_updated": made}
    return {**shared, **dates, "account_sid": account_sid, "url": url, "links": links}


def approval(content: Json, asked: Json) -> Json:
    """What WhatsApp decides about a template. A list can only answer: it never may start a conversation."""
    if not (isinstance(asked.get("name"), str) and asked.get("category") in ("UTILITY", "MARKETING")):
        raise Refused(20001, "name and category")
    kind = content_kind(content)
    rejected = kind == "twilio/list-picker"
    return {
        "name": asked["name"],
        "category": asked["category"],
        "content_type": kind,
        "status": "rejected" if rejected else "approved",
        "rejection_reason": "A list cannot start a conversation" if rejected else "",
        "allow_category_change": bool(asked.get("allow_category_change", True)),
    }


# A message that is


def message_resource(message: Json, account_sid: str, clinic_address: str) -> Json:
    """Twilio's Message resource; an inbound message is from the patient, any other to her."""
    inbound = message["direction"] == "inbound"
    uri = f"/{API_VERSION}/Accounts/{account_sid}/Messages/{message['sid']}"
    made, updated = (_rfc2822(message[name]) for name in ("made_at", "updated_at"))
    return {
        "account_sid": account_sid,
        "api_version": API_VERSION,
        "body": "" if message["redacted"] else message["body"],
        "date_created": made,
        "date_sent": made,
        "date_updated": updated,
        "direction": message["direction"],
        "error_code": message["error_code"] if message["status"] == "failed" and not inbound else None,
        "error_message": None,
        "from": message["patient"] if inbound else clinic_address,
        "messaging_service_sid": None,
        "num_media": str(int(has_media(message))),
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": message["sid"],
        # What became of the webhook is nothing that Twilio lists.
        "status": "received" if inbound else message["status"],
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": clinic_address if inbound else message["patient"],
        "uri": f"{uri}.json",
    }


def has_media(message: Json) -> bool:
    """Whether a file came, or left, with a message."""
    return message["shown"]["kind"] in ("photo", "voice", "contact", "file")


def media_resource(message: Json, account_sid: str, path: str) -> Json:
    """Twilio's Media resource: the one file of a message."""
    sid, made = "ME" + message["sid"][2:], _rfc2822(message["made_at"])
    return {
        "sid": sid,
        "account_sid": account_sid,
        "parent_sid": message["sid"],
        "content_type": message["shown"].get("type"),
        "date_created": made,
        "date_updated": made,
        "uri": f"{path}/{sid}.json",
    }


def page(path: str, args: Mapping[str, str], size: int, count: int, next_token: str) -> Json:
    """The frame of a page of messages; addresses are relative to Twilio's host, as Twilio gives them."""
    number = int(args.get("Page", "0"))
    search = {name: args[name] for name in ("To", "From", "DateSent", "DateSent<", "DateSent>") if name in args}

    def uri(at: int, token: str) -> str:
        query = {**search, "PageSize": size, "Page": at, **({"PageToken": token} if token else {})}
        return f"{path}?{urlencode(query)}"

    start = number * size
    return {
        "page": number,
        "page_size": size,
        "start": start,
        "end": max(start, start + count - 1),
        "uri": uri(number, args.get("PageToken", "")),
        "first_page_uri": uri(0, ""),
        "previous_page_uri": None,
        "next_page_uri": uri(number + 1, next_token) if next_token else None,
    }


def sent_between(args: Mapping[str, str]) -> tuple[int | None, int | None]:
    """The first and last second (epoch) that the DateSent filters of a list leave; None where it is open."""
    if "DateSent" in args:
        first = _instant(args["DateSent"]).replace(hour=0, minute=0, second=0)
        return int(first.timestamp()), int((first + timedelta(days=1)).timestamp()) - 1
    since, until = (
        int(_instant(args[name]).timestamp()) if name in args else None for name in ("DateSent>", "DateSent<")
    )
    return since, until


def _instant(text: str) -> datetime:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except ValueError:
            continue
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    raise Refused(20001, "DateSent")


def _rfc2822(epoch: int) -> str:
    return format_datetime(datetime.fromtimestamp(epoch, UTC))
