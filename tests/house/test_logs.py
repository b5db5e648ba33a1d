"""Logs, metrics and job arguments carry ids: no word, name or number of a patient is ever among them."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from bot import wiring
from bot.adapters.json_lines import JsonLines
from bot.adapters.staff_locks import StaffLocks
from bot.core.twilio_signature import expected_signature
from bot.desk import turns
from bot.desk.follow_ups import send_follow_up
from bot.desk.media import tend_media
from bot.desk.speaking import send
from bot.desk.tick import Seen, tick
from bot.desk.turns import conversation_id
from bot.ports import BookAway, CarrierRefused, CarrierUnclear, Desk, MediaAway
from bot.web import Door, create_pages, create_webhook
from bot.web.metrics import metrics_room, time_webhooks
from tests.fakes import FakeCarrier, FakeClock, FakeLive, FakeMediaSource, FakeQueue
from tests.universe import MEI_LING, open_desk

TOKEN, ACCOUNT, CLINIC, URL = "the-token", "AC" + "1" * 32, "whatsapp:+6560000000", "https://desk.clinic.example"
NUMBER = MEI_LING.removeprefix("whatsapp:+")
SAYS = [
    "hello, this is Mei Ling Tan",
    "What is sciatica?",
    "I want to book an appointment",
    "my back hurts since Tuesday, call me at 91234567",
    "mei.ling.tan@example.com",
    "I cannot pee and I am numb down there",
    "talk to a person",
]
SECRETS = [
    NUMBER,
    NUMBER[2:],
    "Mei Ling",
    "Tan",
    "sciatica",
    "hurts",
    "Tuesday",
    "example.com",
    "pee",
    "numb",
    "person,",
]


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the operator reads, as :func:`bot.wiring.log_to_stderr` writes it, of everybody who logs anything at all."""
    stream, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


class Failing:
    """A database that fails with a patient's words in its mouth, as often as it is told to."""

    def __init__(self, book: Any) -> None:
        self.book, self.failures = book, [BookAway(f"could not write {NUMBER}"), RuntimeError("Mei Ling Tan hurts")]

    def begin(self) -> Any:
        if self.failures:
            raise self.failures.pop()
        return self.book.begin()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.book, name)


class Clinic:
    """Every door of a front desk, with the log that production has."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        door = Door(URL, (TOKEN,), ACCOUNT, CLINIC)
        webhook = create_webhook(desk, door, 8001)
        pages = create_pages(desk, StaffLocks("a secret of tests"), rooms=(metrics_room(desk, None, True),))
        time_webhooks(webhook)
        self.webhook, self.pages = webhook.test_client(), pages.test_client()
        self.sids = 0

    def posts(self, path: str, **form: str) -> int:
        signature = expected_signature(TOKEN, f"{URL}{path}", form)
        return self.webhook.post(path, data=form, headers={"X-Twilio-Signature": signature}).status_code

    def hears(self, text: str, **more: str) -> int:
        self.sids += 1
        sent = {"MessageSid": f"SM{self.sids:032x}", "AccountSid": ACCOUNT, "From": MEI_LING, "To": CLINIC}
        return self.posts("/twilio/inbound", **sent, Body=text, ProfileName="Mei Ling Tan", WaId=NUMBER, **more)

    @property
    def mei(self) -> str:
        return conversation_id(self.desk.conversation_key, MEI_LING)


def test_a_whole_conversation_with_everything_that_fails_leaves_nothing_of_the_patient_behind(
    sqlite_url: str, log: io.StringIO
) -> None:
    clock, queue, source = FakeClock(), FakeQueue(), FakeMediaSource()
    carrier, live = FakeCarrier(clock), FakeLive(clock)
    parts = {"clock": clock, "queue": queue, "live": live, "carrier": lambda: carrier, "media_source": lambda: source}
    with open_desk(sqlite_url, **parts, report=wiring._report, note=wiring._note) as desk:
        clinic = Clinic(desk)
        for said in SAYS:
            assert clinic.hears(said) == 200
        assert clinic.hears("my scan", NumMedia="1", MediaUrl0="https://api.twilio.com/91234567") == 200
        # Twilio fails in each of its ways.
        carrier.troubles = [CarrierRefused(400, 63003), CarrierUnclear(f"timeout to {NUMBER}"), ValueError("Mei Ling")]
        send(desk, [clinic.mei], "a-sender")
        source.troubles = [MediaAway("HTTP 500")]
        # The tick finds what was forgotten, with a database that fails on the way.
        tick(replace(desk, book=Failing(desk.book)), Seen(), turns)
        tick(desk, Seen(), turns)
        for job, ids in queue.jobs:
            doing = {"tend_media": tend_media, "send_follow_up": send_follow_up}.get(job)
            if doing:
                doing(desk, *ids)  # type: ignore[operator]
        # So does the database while a message comes in, and while a page is asked for.
        failing = Clinic(replace(desk, book=Failing(desk.book)))
        failing.sids = 100
        assert failing.hears("I cannot pee, says Mei Ling Tan") == 200
        assert failing.posts(f"/twilio/{NUMBER}", Body="hurts") == 404
        failing.pages.get(f"/desk?q={NUMBER}")
        callback = {"MessageSid": "SM" + "f" * 32, "MessageStatus": "failed", "ErrorCode": "63003", "To": MEI_LING}
        assert clinic.posts("/twilio/status", **callback) == 204
        logging.getLogger("twilio.http_client").info("-- BEGIN -- To=%s Body=%s", NUMBER, "hurts")
        try:
            raise ValueError(f"Mei Ling Tan at {NUMBER}")
        except ValueError:
            logging.getLogger("sqlalchemy.pool").exception("Exception for Mei Ling Tan")
        scraped = clinic.pages.get("/metrics").text
    lines = log.getvalue()
    told = [json.loads(line) for line in lines.splitlines()]
    assert {"turn", "message_refused", "media_away", "library"} <= {one["event"] for one in told}
    for where, text in {"log": lines, "metrics": scraped, "jobs": json.dumps(queue.jobs)}.items():
        assert not [secret for secret in SECRETS if secret.lower() in text.lower()], where
        assert not re.search(r"\+\d{6,}", text), where


def test_every_turn_is_one_line(sqlite_url: str, log: io.StringIO) -> None:
    with open_desk(sqlite_url, note=wiring._note) as desk:
        clinic = Clinic(desk)
        clinic.hears("hello")
        clinic.hears("hello")
        mei = clinic.mei
    told = [json.loads(line) for line in log.getvalue().splitlines()]
    taken = [(one["conversation"], one["seq"], one["sid"][-1]) for one in told if one["event"] == "turn"]
    assert taken == [(mei, 1, "1"), (mei, 2, "2")]


def test_what_a_library_says_is_told_by_where_it_happened_and_not_in_its_words(log: io.StringIO) -> None:
    try:
        int("Mei Ling")
    except ValueError:
        logging.getLogger("some.library").exception("a job of %s failed", NUMBER)
    (told,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert (told["event"], told["logger"], told["error"]) == ("library", "some.library", "ValueError")
    assert told["way"][-1].startswith("test_logs.py:")
