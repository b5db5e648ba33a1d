"""What Twilio would post to the clinic, in Twilio's words, and the posting itself.

The shapes follow recorded webhooks of WhatsApp senders. Nothing here remembers anything.
"""

import http.client
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from bot.core.twilio_signature import expected_signature

Json = dict[str, Any]
Form = dict[str, str]

log = logging.getLogger(__name__)

API_VERSION = "2010-04-01"
ANSWER_BYTES_MAX = 64 * 1024
MEDIA_TYPES = {"photo": "image/jpeg", "voice": "audio/ogg", "contact": "text/vcard"}
MESSAGE_TYPES = {
    "text": "text",
    "button": "interactive",
    "list": "interactive",
    "photo": "image",
    "voice": "audio",
    "location": "location",
    "contact": "contacts",
}
LOCATION = {
    "Latitude": "1.3048",
    "Longitude": "103.8318",
    "Label": "Orchard MRT",
    "Address": "437 Orchard Road, Singapore 238878",
}
FETCH_SECONDS_MAX = 5.0
FILE_TYPES = ("image/jpeg", "image/png", "application/pdf")
FILE_BYTES_MAX = 16 * 1024 * 1024
NOT_FETCHED, NOT_TAKEN = 63019, 12300
FAILURES = {
    NOT_TAKEN: "Invalid Content-Type.",
    63013: "This message was blocked: it breaks a limit of WhatsApp.",
    63016: "Failed to send freeform message because you are outside the allowed window.",
    NOT_FETCHED: "Media failed to download.",
}


def inbound_form(message: Json, patient: Json, account_sid: str, clinic_address: str) -> Form:
    """The form of a patient's message. `message` has sid, body and shown; `patient` has address and name."""
    sid, shown = message["sid"], message["shown"]
    kind = shown["kind"]
    whose = {"ProfileName": patient["name"]}
    if patient["address"].startswith("whatsapp:+"):
        whose["WaId"] = patient["address"].removeprefix("whatsapp:+")
    else:
        whose["ExternalUserId"] = patient["address"]
    own = _own_fields(kind, shown, f"/{API_VERSION}/Accounts/{account_sid}/Messages/{sid}/Media/ME{sid[2:]}")
    if kind in ("button", "list"):
        own |= {"OriginalRepliedMessageSid": shown["answers"], "OriginalRepliedMessageSender": clinic_address}
    context = whose | {name: value for name, value in own.items() if name.startswith("Button")}
    return {
        "SmsMessageSid": sid,
        "NumMedia": "1" if kind in MEDIA_TYPES else "0",
        **whose,
        "MessageType": MESSAGE_TYPES[kind],
        "SmsSid": sid,
        "SmsStatus": "received",
        "Body": message["body"],
        "To": clinic_address,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": account_sid,
        "ChannelMetadata": json.dumps({"type": "whatsapp", "data": {"context": context}}, separators=(",", ":")),
        "From": patient["address"],
        "ApiVersion": API_VERSION,
        **own,
    }


def _own_fields(kind: str, shown: Json, media_path: str) -> Form:
    match kind:
        case "button":
            return {"ButtonText": shown["title"], "ButtonPayload": shown["id"]}
        case "list":
            return {"ListId": shown["id"], "ListTitle": shown["title"]}
        case "location":
            return LOCATION
        case "photo" | "voice" | "contact":
            return {"MediaContentType0": MEDIA_TYPES[kind], "MediaUrl0": f"https://api.twilio.com{media_path}"}
    return {}


def status_form(message: Json, account_sid: str) -> Form:
    """The form of a status callback for a clinic message as it stands."""
    sid, status, address = message["sid"], message["status"], message["patient"].removeprefix("whatsapp:")
    form = {
        "SmsSid": sid,
        "SmsStatus": status,
        "MessageStatus": status,
        "ChannelToAddress": address[:-4] + "XXXX",
        "To": message["patient"],
        "ChannelPrefix": "whatsapp",
        "MessageSid": sid,
        "AccountSid": account_sid,
        "StructuredMessage": "false",
        "From": message["form"]["From"],
        "ApiVersion": API_VERSION,
        "ChannelInstallSid": "XE" + account_sid[2:],
    }
    if status in ("delivered", "read"):
        form["EventType"] = status.upper()
    if message["error_code"]:
        failure = FAILURES[message["error_code"]]
        form |= {"ErrorCode": str(message["error_code"]), "ErrorMessage": f"Twilio Error: {failure}"}
    return form


def post_signed(target: str, signed: tuple[str, str], form: Mapping[str, str], seconds: float) -> tuple[int, str]:
    """Post a form to `target`, `signed` for a URL with a token; gives the answer's status and text, 0 for no answer."""
    url = urlsplit(target)
    made = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = made(url.netloc, timeout=seconds)
    headers = {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "Accept": "*/*",
        "User-Agent": "TwilioProxy/1.1",
        "I-Twilio-Idempotency-Token": str(uuid4()),
        "X-Twilio-Signature": expected_signature(signed[1], signed[0], form),
    }
    try:
        connection.request("POST", f"{url.path}?{url.query}" if url.query else url.path, urlencode(form), headers)
        answer = connection.getresponse()
        return answer.status, answer.read(ANSWER_BYTES_MAX).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as failure:
        log.warning("webhook gave no answer: %s", type(failure).__name__)
        return 0, ""
    finally:
        connection.close()


def fetched(target: str) -> tuple[str, bytes] | int:
    """The file at an address, as (content type, bytes), or the error that Twilio would fail its message with."""
    url = urlsplit(target)
    made = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = made(url.netloc, timeout=FETCH_SECONDS_MAX)
    try:
        connection.request("GET", f"{url.path}?{url.query}", headers={"User-Agent": "TwilioProxy/1.1"})
        answer = connection.getresponse()
        content = answer.read(FILE_BYTES_MAX + 1)
    except (OSError, http.client.HTTPException) as failure:
        log.warning("a file could not be fetched: %s", type(failure).__name__)
        return NOT_FETCHED
    finally:
        connection.close()
    if answer.status != 200 or not 0 < len(content) <= FILE_BYTES_MAX:
        return NOT_FETCHED
    kind = answer.headers.get_content_type()
    return (kind, content) if kind in FILE_TYPES else NOT_TAKEN


def spoken_in(answer: str) -> list[str]:
    """The words of each `<Message>` in a TwiML answer; none where the answer is no TwiML."""
    try:
        root = ElementTree.fromstring(answer)  # noqa: S314 - the answer of our own webhook, and a short one
    except ElementTree.ParseError:
        return []
    said = ("".join(message.itertext()).strip() for message in root.iter("Message"))
    return [words for words in said if words]
