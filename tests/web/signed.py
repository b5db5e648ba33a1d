"""What Twilio posts to the webhook: a patient's form, truly signed unless a test makes it wrong."""

from __future__ import annotations

from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from bot.core.twilio_signature import expected_signature
from bot.desk.turns import conversation_id
from bot.ports import Desk
from bot.web import Door
from tests.universe import MEI_LING, Sayings

TOKEN, OLD_TOKEN = "new-token-of-the-clinic", "old-token-of-the-clinic"
ACCOUNT = "AC" + "1" * 32
CLINIC = "whatsapp:+6560000000"
URL = "https://desk.clinic.example"
SID = "SM" + "a" * 32
TEXT = {
    "MessageSid": SID,
    "SmsMessageSid": SID,
    "AccountSid": ACCOUNT,
    "From": MEI_LING,
    "To": CLINIC,
    "Body": "hello",
    "NumMedia": "0",
    "NumSegments": "1",
    "ProfileName": "Mei Ling",
    "WaId": "6591234567",
    "MessageType": "text",
    "SmsStatus": "received",
    "ApiVersion": "2010-04-01",
}
DOOR = Door(URL, (TOKEN, OLD_TOKEN), ACCOUNT, CLINIC)
RED_FLAG = "I cannot pee and I am numb down there"

PRIVATE = frozenset(
    "Body ButtonText ListTitle ProfileName From WaId Label Address Latitude Longitude MediaUrl0".split()
)

posted: list[str] = []
"""Everything private that was posted, for the watch over the logs."""


def post(client: FlaskClient, form: Any, path: str = "/twilio/inbound", **changed: Any) -> TestResponse:
    """Post a form as Twilio does; ``token``, ``url`` and ``headers`` may be made wrong."""
    pairs = list(form.items()) if isinstance(form, dict) else form
    posted.extend(value for name, value in pairs if name in PRIVATE)
    signature = expected_signature(changed.get("token", TOKEN), changed.get("url", URL) + path, pairs)
    headers = {"X-Twilio-Signature": signature, **changed.get("headers", {})}
    return client.post(path, data=MultiDict(pairs), headers=headers)


def said(desk: Desk, address: str = MEI_LING) -> list[str]:
    return Sayings(desk, conversation_id(desk.conversation_key, address)).lines()
