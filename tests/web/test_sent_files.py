"""The one door of the webhook that asks for no signature: files that staff send, for Twilio to fetch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from flask.testing import FlaskClient

from bot.desk import replying, sent_files
from bot.desk.replying import Reply
from bot.desk.speaking import send, status
from bot.ports import Desk
from bot.web import UNSIGNED, create_webhook
from tests.desk.test_turns import Patient
from tests.fakes import FakeCarrier, FakeClock, Posted
from tests.universe import ANA, open_desk
from tests.web.away import AwayBook
from tests.web.signed import DOOR

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")
PDF = b"%PDF-1.7 how to prepare"


@dataclass
class Sent:
    """A document that Ana sent to Mei Ling a moment ago, the attempt, and the address that Twilio was given."""

    desk: Desk
    posted: Posted
    client: FlaskClient

    @property
    def path(self) -> str:
        return self.posted.outgoing.media.removeprefix(self.desk.callback_base)


@pytest.fixture
def sent(sqlite_url: str) -> Iterator[Sent]:
    carrier = FakeCarrier(FakeClock())
    with open_desk(sqlite_url, clock=carrier.clock, carrier=lambda: carrier) as desk:
        mei_ling = Patient(desk)
        mei_ling.says("human")
        file = sent_files.choose(desk, mei_ling.conversation, ANA, "Mei Ling's “letter”\r\nX: y.pdf", PDF).id
        replying.send_reply(desk, mei_ling.conversation, ANA, Reply("", "click-0001", undo_seconds=0, file=file))
        send(desk, (mei_ling.conversation,), "sender")
        yield Sent(desk, carrier.posted[-1], create_webhook(desk, DOOR, 8001).test_client())


def test_twilio_gets_the_file_as_what_it_is_and_nobody_keeps_it(sent: Sent) -> None:
    answer = sent.client.get(sent.path)
    assert (answer.status_code, answer.data, answer.mimetype) == (200, PDF, "application/pdf")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Security-Policy"].endswith("sandbox")
    assert "X" not in answer.headers
    head = sent.client.head(sent.path)
    assert (head.status_code, head.mimetype, head.data) == (200, "application/pdf", b"")


def test_whatever_is_wrong_with_an_address_is_answered_alike(sent: Sent) -> None:
    attempt, proof = sent.posted.outgoing.attempt, sent.path.partition("&k=")[2]
    wrong = (
        "",
        f"?m={attempt}",
        f"?k={proof}",
        f"?m={attempt}&k={'0' * 32}",
        f"?m={'0' * 32}&k={proof}",
        f"?m={attempt}&k={proof[:-1]}",
        f"?m={attempt.upper()}&k={proof.upper()}",
        f"?m={attempt}%00&k={proof}",
        f"?m=../../etc/passwd&k={proof}",
    )
    answers = {
        (answer.status_code, answer.text) for answer in map(sent.client.get, map("/twilio/file{}".format, wrong))
    }
    assert answers == {(404, "There is nothing here (any more).\n")}
    assert sent.client.get(sent.path).status_code == 200
    status(sent.desk, attempt, sent.posted.sid, "delivered", None)
    gone = sent.client.get(sent.path)
    assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "no-store")


def test_nothing_is_changed_through_it(sent: Sent) -> None:
    for ask in (sent.client.post, sent.client.put, sent.client.delete):
        assert ask(sent.path).status_code == 405


def test_without_the_database_twilio_is_told_so_and_the_address_is_not_reported(sent: Sent) -> None:
    reports: list[str] = []
    desk = replace(
        sent.desk, book=AwayBook(sent.desk), report=lambda event, ids: reports.append(f"{event} {dict(ids)}")
    )
    answer = create_webhook(desk, DOOR, 8001).test_client().get(sent.path)
    assert answer.status_code == 503
    assert reports == ["book_away {'path': '/twilio/file'}"]


def test_every_route_of_the_webhook_asks_for_a_signature_or_says_why_not(sent: Sent) -> None:
    signed = 0
    for rule in sent.client.application.url_map.iter_rules():
        if re.split(r"[./]", rule.endpoint)[0] not in UNSIGNED:
            assert sent.client.post(rule.rule, data={"Body": "hello"}).status_code == 403, rule
            signed += 1
    assert signed == 3
