"""The senders' own process, told to stop while Twilio has not answered yet.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.adapters.clock import SystemClock
from bot.adapters.sql import SqlBook, schema
from bot.core.conversation import Conversation
from bot.ports import Words
from tests.bench.house import environment
from tests.bench.reply import Endpoint, Handler
from tests.house.test_supervisor import wait_until
from tests.universe import MEI_LING
from worker import how_many_senders

PATIENCE_SECONDS = 30


class Thoughtful(Endpoint):
    """Says when it was asked, and answers when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.RequestHandlerClass = Asked
        self.asked, self.may_answer, self.posts = threading.Event(), threading.Event(), 0


class Asked(Handler):
    server: Thoughtful

    def _answer(self, data: dict[str, object], status: int = 201) -> None:
        self.server.posts += 1
        self.server.asked.set()
        self.server.may_answer.wait(PATIENCE_SECONDS)
        super()._answer(data, status)


@pytest.fixture
def twilio() -> Iterator[Thoughtful]:
    endpoint = Thoughtful()
    thread = threading.Thread(target=endpoint.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield endpoint
    endpoint.may_answer.set()
    endpoint.shutdown()
    thread.join()
    endpoint.server_close()


@pytest.fixture
def book(sqlite_url: str) -> Iterator[SqlBook]:
    """Two words wait for Mei Ling."""
    book, now = SqlBook(sqlite_url), int(SystemClock().now().timestamp())
    with book.begin() as ledger:
        ledger.create(Conversation("mei", MEI_LING), now)
        ledger.save(Conversation("mei", MEI_LING, last_inbound_at=now), 1, 1, now)
        ledger.queue("mei", [Words("One", "reply"), Words("Two", "reply")], now)
    yield book
    book.dispose()


def statuses(book: SqlBook) -> list[str]:
    with book.look() as ledger:
        return list(ledger._connection.scalars(select(schema.outbox.c.status).order_by(schema.outbox.c.id)))


@contextmanager
def senders(folder: Path, database_url: str, redis_url: str, twilio: Endpoint) -> Iterator[subprocess.Popen[bytes]]:
    environ = environment(folder, 8000, database_url, redis_url, twilio.url)
    with subprocess.Popen([sys.executable, "worker.py", "senders"], env=environ, stderr=subprocess.DEVNULL) as process:
        yield process
        process.kill()


def test_what_was_posted_before_the_senders_were_told_to_stop_is_written_down(
    tmp_path: Path, book: SqlBook, sqlite_url: str, redis_url: str, twilio: Thoughtful
) -> None:  # case-121
    with senders(tmp_path, sqlite_url, redis_url, twilio) as process:
        assert twilio.asked.wait(PATIENCE_SECONDS)
        process.terminate()
        twilio.may_answer.set()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert statuses(book)[0] == "sent"


def test_senders_wait_for_no_answer_that_does_not_come_and_the_next_post_nothing_blindly(
    tmp_path: Path, book: SqlBook, sqlite_url: str, redis_url: str, twilio: Thoughtful
) -> None:  # case-121
    with senders(tmp_path, sqlite_url, redis_url, twilio) as process:
        assert twilio.asked.wait(PATIENCE_SECONDS)
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) == 0
    assert statuses(book) == ["sending", "queued"]
    with senders(tmp_path, sqlite_url, redis_url, twilio):
        wait_until(lambda: statuses(book) == ["unknown", "queued"])
    assert twilio.posts == 1


@pytest.mark.parametrize(
    ("files", "senders"), [(16, 1), (64, 2), (84, 3), (256, 4), (1_048_576, 4), (resource.RLIM_INFINITY, 4)]
)
def test_where_few_files_may_be_open_there_are_fewer_senders_and_never_none(
    monkeypatch: pytest.MonkeyPatch, files: int, senders: int
) -> None:  # case-128
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert how_many_senders() == senders
