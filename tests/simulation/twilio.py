"""Twilio, and the phones behind it: takes what is posted, lists it a little late, reports back late, twice, out of
order or never; delivers what patients write more than once, in any order, until it is acknowledged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask

from bot.core.twilio_signature import expected_signature
from bot.core.wording import numbered
from bot.ports import CarrierAway, Listed, ListedInbound, Outgoing
from bot.web import Door
from tests.simulation.baton import Stage

ACCOUNT = "AC" + "1" * 32
CLINIC = "whatsapp:+6560000000"
URL = "https://desk.clinic.example"
TOKEN = "the-clinics-token"
DOOR = Door(URL, (TOKEN,), ACCOUNT, CLINIC)

LIST_LATE_SECONDS_MAX = 6.0
"""A message is listed so long after it was taken; the first look comes after ten."""
CALLBACK_LATE_SECONDS_MAX = 90.0
TWICE, LOST, UNDELIVERED = 0.2, 0.3, 0.05
WHY_UNDELIVERED = ("63009", "63024", "30008", "63016")


@dataclass
class Letter:
    """A request on its way to our webhook, tried again until it is answered 2xx."""

    path: str
    form: dict[str, str]
    due: float
    tries: int = 0


@dataclass
class Accepted:
    """A message that Twilio took from us."""

    sid: str
    outgoing: Outgoing
    at: int
    shown_from: float
    status: str = "sent"


@dataclass
class Twilio:
    """Both sides of Twilio. ``posted`` hears of every message taken, ``acknowledged`` of every letter answered 2xx."""

    stage: Stage
    chance: Random
    posted: Callable[[Accepted], None]
    acknowledged: Callable[[str, str, str], None]
    letters: list[Letter] = field(default_factory=list)
    accepted: list[Accepted] = field(default_factory=list)
    phones: dict[str, list[Outgoing]] = field(default_factory=lambda: defaultdict(list))
    away_until: float = 0.0
    calm: bool = False
    written: list[ListedInbound] = field(default_factory=list)
    _written: int = 0

    # what the desk sees

    def post(self, outgoing: Outgoing, callback_url: str) -> str:
        self._answers()
        now = self.stage.clock.monotonic()
        sid = f"SM{len(self.accepted) + 1:032x}"
        shown_from = now + self.chance.random() * LIST_LATE_SECONDS_MAX
        # Twilio's clock is right, whatever becomes of ours.
        message = Accepted(sid, outgoing, int(self.stage.clock.right().timestamp()), shown_from)
        self.accepted.append(message)
        self.phones[outgoing.address].append(outgoing)
        self.posted(message)
        parts = urlsplit(callback_url)
        self._call_back(message, f"{parts.path}?{parts.query}")
        return sid

    def listed(self, to: str, since: int) -> tuple[Listed, ...]:
        self._answers()
        now = self.stage.clock.monotonic()
        return tuple(
            Listed(one.sid, to, self.words_of(one.outgoing), one.at, one.status)
            for one in self.accepted
            if one.outgoing.address == to and one.at >= since and one.shown_from <= now
        )

    def inbound(self, since: int, limit: int) -> tuple[ListedInbound, ...]:
        self._answers()
        return tuple(one for one in self.written if one.sent_at >= since)[-limit:]

    def words_of(self, outgoing: Outgoing) -> str:
        if len(outgoing.choices) > 10:
            return numbered(outgoing.text, outgoing.choices, outgoing.hint)
        return outgoing.text

    # what reaches the desk

    def write(self, address: str, text: str, button: str = "") -> str:
        """A patient writes; Twilio will deliver it, perhaps more than once."""
        self._written += 1
        sid = f"SM{self._written:031x}f"
        form = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": address, "To": CLINIC, "NumMedia": "0", "Body": text}
        if button:
            form["ButtonPayload"] = button
        self.written.append(ListedInbound(sid, address, text, 0, int(self.stage.clock.right().timestamp())))
        for _ in range(2 if self.chance.random() < TWICE else 1):
            self._send("/twilio/inbound", form, 1.5)
        return sid

    def due(self) -> bool:
        """Whether a letter waits at our door."""
        now = self.stage.clock.monotonic()
        return any(letter.due <= now for letter in self.letters)

    def deliver(self, application: Flask) -> float:
        """Bring one letter that is due to the webhook, and see what it answers."""
        now = self.stage.clock.monotonic()
        letter = self.chance.choice([one for one in self.letters if one.due <= now])
        self.letters.remove(letter)
        letter.tries += 1
        letter.due = now + 1 + self.chance.random() * 4
        status, words = 0, ""
        try:
            status, words = _ask(application, letter)
        finally:
            # A status callback is not repeated for ever; a patient's message is, as far as we are concerned.
            if not 200 <= status < 300 and (letter.path == "/twilio/inbound" or letter.tries < 2):
                self.letters.append(letter)
        self.stage.note(f"answered {status}")
        if status == 200 and "MessageStatus" not in letter.form:
            self.acknowledged(letter.form["MessageSid"], letter.form["From"], words)
        return 0.0

    def _answers(self) -> None:
        if self.stage.clock.monotonic() < self.away_until:
            raise CarrierAway("Twilio is away")

    def _call_back(self, message: Accepted, path: str) -> None:
        failed = not self.calm and self.chance.random() < UNDELIVERED
        message.status = "undelivered" if failed else "sent"
        words = ["sent", "undelivered"] if failed else ["sent", "delivered", "read"][: self.chance.randint(1, 3)]
        for word in words:
            form = {"MessageSid": message.sid, "AccountSid": ACCOUNT, "MessageStatus": word}
            if word == "undelivered":
                form["ErrorCode"] = self.chance.choice(WHY_UNDELIVERED)
            if self.chance.random() >= LOST:
                late = CALLBACK_LATE_SECONDS_MAX if self.chance.random() < 0.2 else 3.0
                for _ in range(2 if self.chance.random() < TWICE else 1):
                    self._send(path, form, late)

    def _send(self, path: str, form: dict[str, str], late: float) -> None:
        self.letters.append(Letter(path, form, self.stage.clock.monotonic() + self.chance.random() * late))


def _ask(application: Flask, letter: Letter) -> tuple[int, str]:
    """Post a letter as a signed form. Straight through WSGI: a test client costs more than the webhook itself."""
    path, _, query = letter.path.partition("?")
    body = urlencode(letter.form).encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SCRIPT_NAME": "",
        "SERVER_NAME": "desk.clinic.example",
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_X_TWILIO_SIGNATURE": expected_signature(TOKEN, URL + letter.path, letter.form),
        "wsgi.url_scheme": "https",
        "wsgi.input": BytesIO(body),
    }
    status: list[str] = []

    def start_response(line: str, *_: object) -> Callable[[bytes], None]:
        status.append(line)
        return lambda data: None

    words = application(environ, start_response)
    return int(status[0].split()[0]), b"".join(words).decode()
