"""Twilio and the patients' phones, both on this machine, for trying the front desk without an account.

A message of the clinic is stored as `queued`; one thread takes it on to `sent`, `delivered` and, once the phone has
shown it, `read`, and tells the clinic's status callback at each step. A patient's message is stored as `receiving`,
posted to the clinic's webhook, and becomes `received` or `failed`. Nothing is ever posted anywhere but to the clinic.
"""

import atexit
import hmac
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.adapters.simulator_phone import (
    FAILURES,
    LOCATION,
    MEDIA_TYPES,
    NOT_FETCHED,
    fetched,
    inbound_form,
    post_signed,
    spoken_in,
    status_form,
)
from bot.adapters.simulator_rows import Json, Rows, Search

log = logging.getLogger(__name__)

CAST = {"+6581234501": "Mei Ling Tan", "+6581234502": "Ravi", "+6581234503": "Siti"}
PATIENTS_MAX = 12
WINDOW_SECONDS = 24 * 3600
"""How long after the patient's last message the clinic may write freely (WhatsApp's rule)."""
WEBHOOK_SECONDS_MAX = 15.0
CALLBACK_SECONDS_MAX = 5.0
CALLBACKS_WAITING_MAX = 10_000
CALLBACK_ATTEMPTS = 2
STOP_SECONDS_MAX = 1.0
ASKED_WITH = {"button": "buttons", "list": "list"}
"""The patient's answer and the kind of message that asks for it."""
NEXT_STATUS = {"queued": "sent", "sent": "delivered", "delivered": "read"}


@dataclass(eq=False, repr=False)
class Simulator:
    """One Twilio account with one WhatsApp sender, and the phones of the patients who write to it.

    `webhook_url` is where the clinic's webhook listens, without a path; `public_url` is the address it believes to
    have, for which everything is signed. `clock` gives epoch seconds. Starts its thread on first need, so that it may
    be made before a fork.
    """

    path: Path
    account_sid: str
    auth_token: str
    clinic_address: str
    webhook_url: str
    public_url: str
    time_zone: str
    clinic_name: str
    clock: Callable[[], float] = time.time
    api_keys: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rows = Rows(self.path)
        self._jobs: queue.Queue[str | None] = queue.Queue(CALLBACKS_WAITING_MAX)
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        if self._rows.is_new:
            for number, name in CAST.items():
                self._rows.add_patient(f"whatsapp:{number}", name, self._now())

    def close(self) -> None:
        """Stop the thread and close the file; callbacks that are still to be made are taken up at the next start."""
        self._stop()
        self._rows.close()

    # Twilio's side

    def admits(self, user: str, password: str) -> bool:
        """Whether these are the account's own credentials or one of its API keys."""
        known = self.auth_token if user == self.account_sid else self.api_keys.get(user, "")
        return bool(known) and hmac.compare_digest(known.encode(), password.encode())

    def create(self, to: str, words: Json, callback: str) -> Json:
        """Take a message of the clinic and start it on its way.

        `words` holds `body` and `shown` (its kind, buttons, list or media), `approved` where WhatsApp lets it start a
        conversation, and `error_code` where it breaks one of WhatsApp's limits (None otherwise).
        """
        error = words["error_code"]
        if error is None and not words["approved"] and self._window_is_shut(to):
            error = 63016
        columns = {"status": "queued", "callback": callback, "form": {"From": self.clinic_address}}
        columns |= {"body": words["body"], "shown": words["shown"], "error_code": error}
        if words["shown"]["kind"] == "file":
            # Before the message is there at all: what is said after it comes after it, on the phone too.
            columns |= self._with_file(words["shown"]["urls"][0], error)
        stored = self._add("outbound-api", to, columns)
        self._carry([stored["sid"]])
        return stored

    def message(self, sid: str) -> Json | None:
        """A message by its sid, unless it was deleted."""
        found = self._rows.message(sid)
        return None if found is None or found["deleted"] else found

    def messages(self, limit: int, **search: Any) -> list[Json]:
        """At most `limit` messages, newest first: `to`, `sender`, `since`, `until` (epoch seconds), `before_sid`."""
        return self._rows.search(Search(**search), limit)

    def redact(self, sid: str) -> None:
        """Forget the words at Twilio; the patient's phone keeps what it was shown, as it would."""
        self._rows.update_message(sid, self._now(), {"redacted": 1})

    def delete(self, sid: str) -> None:
        """Remove the message at Twilio; the patient's phone keeps it."""
        self._rows.update_message(sid, self._now(), {"deleted": 1})

    def put_content(self, content: Json) -> Json:
        """Store a content template; one without a sid is new and gets it, with `made_at` in epoch seconds."""
        stored = {"sid": _sid("HX"), "made_at": self._now(), **content}
        self._rows.put_content(stored)
        return stored

    def contents(self) -> list[Json]:
        """All content templates, oldest first."""
        return self._rows.contents()

    def content(self, sid: str) -> Json | None:
        return self._rows.content(sid)

    def delete_content(self, sid: str) -> None:
        self._rows.delete_content(sid)

    # The phones' side

    def events(self, after: int, wait_seconds: float) -> Json:
        """What changed after a change number, waiting for it; all there is where the number is 0 or not one of ours."""
        news = self._rows.news(after, wait_seconds)
        return {**news, "messages": [_as_seen(message) for message in news["messages"]]}

    def add_patient(self, name: str, number: str) -> Json | None:
        """A new phone; without a number the patient is known by a WhatsApp user id. None when there is no room."""
        patients = self._rows.patients()
        address = f"whatsapp:{number}" if number else "whatsapp:SG." + secrets.token_hex(8).upper()
        if len(patients) >= PATIENTS_MAX or address in {patient["address"] for patient in patients}:
            return None
        self._rows.add_patient(address, name, self._now())
        return self._rows.patient(address)

    def remove_patient(self, address: str) -> None:
        self._rows.remove_patient(address)

    def send(self, address: str, kind: str, text: str, answers: tuple[str, str] = ("", "")) -> Json | None:
        """Send a patient's message and wait for what the clinic's webhook says; None for an unknown patient or option.

        `kind` is one of text, button, list, photo, voice, location, contact; `answers` is the sid of the message whose
        button or row was tapped, and the id of that option.
        """
        patient = self._rows.patient(address)
        shown = self._tapped(address, kind, *answers) if kind in ASKED_WITH else _shown(kind)
        if patient is None or shown is None:
            return None
        body = shown["title"] if kind in ASKED_WITH else text
        message = {"sid": _sid("MM" if kind in MEDIA_TYPES else "SM"), "body": body, "shown": shown}
        form = inbound_form(message, patient, self.account_sid, self.clinic_address)
        stored = self._add("inbound", address, {**message, "status": "receiving", "callback": "", "form": form})
        return self._post_inbound(stored)

    def retry(self, sid: str) -> Json | None:
        """Send a message that failed once more, exactly as it was; None where there is none such."""
        message = self._rows.message(sid)
        if message is None or message["direction"] != "inbound" or message["status"] != "failed":
            return None
        self._rows.update_message(sid, self._now(), {"status": "receiving"})
        return self._post_inbound(message)

    def see(self, address: str, last_id: int) -> None:
        """The patient has the clinic's messages up to `last_id` before her eyes."""
        self._carry(self._rows.see(address, last_id))

    def file(self, sid: str) -> tuple[str, bytes] | None:
        """What the phone has of a clinic message's file, as (content type, bytes)."""
        return self._rows.file(sid)

    # Underneath

    def _now(self) -> int:
        return int(self.clock())

    def _add(self, direction: str, patient: str, columns: Json) -> Json:
        now = self._now()
        stamped = {"sid": _sid("SM"), "direction": direction, "patient": patient, "made_at": now, "updated_at": now}
        return self._rows.add_message(stamped | columns)

    def _window_is_shut(self, address: str) -> bool:
        # An address that has no phone here writes from elsewhere, and only its own world knows when it last did.
        if self._rows.patient(address) is None:
            return False
        last = self._rows.last_inbound_at(address)
        return last is None or self._now() - last >= WINDOW_SECONDS

    def _tapped(self, address: str, kind: str, sid: str, option_id: str) -> Json | None:
        asked = self._rows.message(sid)
        if asked is None or asked["patient"] != address:
            return None
        options = asked["shown"].get("options", []) if asked["shown"]["kind"] == ASKED_WITH[kind] else []
        option = next((option for option in options if option["id"] == option_id), None)
        return option and {**option, "kind": kind, "answers": sid, "answered": asked["body"]}

    def _post_inbound(self, message: Json) -> Json:
        path = "/twilio/inbound"
        status, answer = post_signed(
            self.webhook_url.rstrip("/") + path,
            (self.public_url.rstrip("/") + path, self.auth_token),
            message["form"],
            WEBHOOK_SECONDS_MAX,
        )
        received = 200 <= status < 300
        self._rows.update_message(message["sid"], self._now(), {"status": "received" if received else "failed"})
        if received:
            self._say_back(message["patient"], answer)
        else:
            log.warning("webhook refused %s with status %s", message["sid"], status)
        return _as_seen(self._rows.message(message["sid"]) or message)

    def _say_back(self, patient: str, answer: str) -> None:
        """Deliver the words that the webhook put into its answer."""
        columns = {"status": "queued", "callback": "", "form": {"From": self.clinic_address}}
        for words in spoken_in(answer):
            stored = self._add("outbound-reply", patient, {"body": words, "shown": {"kind": "text"}, **columns})
            self._carry([stored["sid"]])

    def _carry(self, sids: list[str]) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._carry_all, name="simulator-callbacks", daemon=True)
                self._thread.start()
                atexit.register(self._stop)
                sids = self._rows.unfinished()
        for sid in sids:
            try:
                self._jobs.put_nowait(sid)
            except queue.Full:
                log.warning("too many callbacks are waiting: %s is taken on at the next start", sid)

    def _stop(self) -> None:
        if self._thread is not None and self._thread.is_alive():
            with self._jobs.mutex:
                self._jobs.queue.clear()
            self._jobs.put(None)
            self._thread.join(STOP_SECONDS_MAX)

    def _carry_all(self) -> None:
        while (sid := self._jobs.get()) is not None:
            while (message := self._rows.message(sid)) and (status := _next_status(message)):
                self._rows.update_message(sid, self._now(), {"status": status})
                if message["callback"]:
                    self._call_back({**message, "status": status})

    def _with_file(self, url: str, error: int | None) -> Json:
        """What a message is with the file at an address: fetched from the clinic and from nobody else, or failing."""
        sid, public = _sid("MM"), self.public_url.rstrip("/")
        ours = url.startswith(f"{public}/")
        file = fetched(self.webhook_url.rstrip("/") + url.removeprefix(public)) if ours else NOT_FETCHED
        if isinstance(file, int):
            return {"sid": sid, "shown": {"kind": "file"}, "error_code": error or file}
        self._rows.keep_file(sid, file)
        return {"sid": sid, "shown": {"kind": "file", "type": file[0], "size": len(file[1])}}

    def _call_back(self, message: Json) -> None:
        url, public = message["callback"], self.public_url.rstrip("/")
        if not url.startswith(f"{public}/"):
            log.warning("status of %s not sent: the callback is not the clinic's", message["sid"])
            return
        target = self.webhook_url.rstrip("/") + url.removeprefix(public)
        form = status_form(message, self.account_sid)
        for _ in range(CALLBACK_ATTEMPTS):
            status, _answer = post_signed(target, (url, self.auth_token), form, CALLBACK_SECONDS_MAX)
            if 200 <= status < 300:
                return
        log.warning("status of %s not taken: the clinic answered %s", message["sid"], status)


def _sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)


def _shown(kind: str) -> Json:
    return {"kind": kind, **({name.lower(): value for name, value in LOCATION.items()} if kind == "location" else {})}


def _next_status(message: Json) -> str | None:
    if message["error_code"]:
        return "failed" if message["status"] == "queued" else None
    status = NEXT_STATUS.get(message["status"])
    return None if status == "read" and not message["seen"] else status


def _as_seen(message: Json) -> Json:
    """A message as the page knows it: no form, no callback."""
    names = ("id", "sid", "patient", "status", "body", "shown", "error_code", "seen")
    clinic = message["direction"] != "inbound"
    failure = FAILURES.get(message["error_code"], "")
    return {name: message[name] for name in names} | {"clinic": clinic, "at": message["made_at"], "failure": failure}
