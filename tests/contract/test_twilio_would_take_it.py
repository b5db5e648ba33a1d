"""Every call of ours to Twilio, and every answer of our endpoint, before Prism with Twilio's own description.

Prism stands between the two and refuses what the description does not allow, in either direction. It is installed by
``make contract``; where it is not, these tests are skipped.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.adapters.twilio_carrier import TwilioCarrier
from bot.core.effects import Choice
from bot.core.template import Content, Wording
from bot.ports import CarrierRefused, Outgoing
from tests.contract.description import description
from tests.web.simulated import ACCOUNT, CLINIC, MEI_LING, PUBLIC_URL, TOKEN, Here, World, simulated

INSTALLED = Path(__file__).parents[2] / "build" / "contract"
PRISM = INSTALLED / "node_modules" / "@stoplight" / "prism-cli" / "dist" / "index.js"
START_SECONDS_MAX = 60

pytestmark = pytest.mark.skipif(
    not PRISM.exists() or shutil.which("node") is None, reason="Prism is not installed here: make contract"
)

CALLBACK = f"{PUBLIC_URL}/twilio/status?m=" + "a" * 32
HELLO = Outgoing(1, "mei", MEI_LING, "a" * 32, 1, "reply", "Hello 你好", (), "", "")
YES, NO = Choice("7.1.yes", "Yes, book it"), Choice("7.1.no", "No")
QUESTION = replace(HELLO, text="Shall I book it?", choices=(YES, NO), list_button="Choose", hint="Reply with a number.")
DAYS = replace(QUESTION, choices=tuple(Choice(f"7.1.{n}", f"Day {n}", "Morning" if n else "") for n in range(7)))
REMINDER = Wording("reminder", "en", "See you {{1}} then.", ("when",), ("today",), ("I will come",))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with simulated(tmp_path_factory.mktemp("simulator")) as world:
        yield world


@pytest.fixture(scope="module")
def judged_url(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Our endpoint, with Prism in front of it."""
    folder = tmp_path_factory.mktemp("prism")
    (folder / "twilio.json").write_text(json.dumps(description(INSTALLED)))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    upstream = f"{world.pages_url}/simulator"
    arguments = ("proxy", "-h", "127.0.0.1", "-p", str(port), "--errors", str(folder / "twilio.json"), upstream)
    with open(folder / "log", "w") as log:
        prism = subprocess.Popen(["node", PRISM, *arguments], stdout=log, stderr=log)
    try:
        give_up = time.monotonic() + START_SECONDS_MAX
        while "listening" not in (folder / "log").read_text():
            assert prism.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < give_up, "Prism did not start"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        prism.terminate()
        prism.wait()


@pytest.fixture(scope="module")
def carrier(judged_url: str) -> Iterator[TwilioCarrier]:
    with closing(TwilioCarrier(ACCOUNT, TOKEN, None, CLINIC, judged_url)) as carrier:
        yield carrier


@pytest.mark.parametrize(
    "outgoing",
    [
        HELLO,
        QUESTION,
        DAYS,
        replace(HELLO, media="https://desk.example.org/map.png"),
        replace(HELLO, media="https://desk.example.org/map.png", text=""),
        replace(HELLO, address="whatsapp:SG.1A2B3C4D5E"),
        replace(HELLO, text="好" * 1600),
    ],
    ids=["text", "buttons", "list", "picture", "picture alone", "user id", "longest"],
)
def test_every_kind_of_message_is_taken(carrier: TwilioCarrier, outgoing: Outgoing) -> None:
    assert carrier.post(outgoing, CALLBACK).startswith("MM" if outgoing.media else "SM")


def test_a_template_is_made_submitted_looked_at_and_used(carrier: TwilioCarrier) -> None:
    sid = carrier.make_content(REMINDER)
    assert carrier.content_status(sid)[0] == "unsubmitted"
    carrier.submit_content(sid, REMINDER)
    assert carrier.content_status(sid) == ("approved", "")
    assert carrier.contents()[REMINDER.key] == sid
    content = Content(sid, "See you today then.", {"1": "today", "2": "7.yes"})
    assert carrier.post(replace(HELLO, content=content), CALLBACK).startswith("SM")


def test_what_every_question_needs_is_made(carrier: TwilioCarrier) -> None:
    made = carrier.make_question_contents()
    assert made >= 20
    assert carrier.make_question_contents() == 0


def test_messages_are_listed_both_ways(carrier: TwilioCarrier, world: World) -> None:
    carrier.post(HELLO, CALLBACK)
    world.simulator.send(MEI_LING, "text", "hello")
    assert HELLO.text in [one.body for one in carrier.listed(MEI_LING, 0)]
    assert [one.body for one in carrier.inbound(0, 1_000)] == ["hello"]


def test_a_message_can_be_fetched_its_words_taken_away_and_deleted(judged_url: str, world: World) -> None:
    twilio = world.twilio()
    twilio.http_client = Here(judged_url)
    sid = twilio.messages.create(to=MEI_LING, from_=CLINIC, body="Hello").sid
    assert twilio.messages(sid).fetch().body == "Hello"
    assert twilio.messages(sid).update(body="").body == ""
    assert twilio.messages(sid).delete()


@pytest.mark.parametrize(
    "wrong", [{"address": "+6591234567"}, {"text": "x" * 1601}], ids=["not on WhatsApp", "too long"]
)
def test_the_judge_refuses_what_twilio_would(carrier: TwilioCarrier, wrong: dict[str, str]) -> None:
    with pytest.raises(CarrierRefused) as caught:
        carrier.post(replace(HELLO, **wrong), CALLBACK)  # type: ignore[arg-type]
    assert caught.value.status == 422
