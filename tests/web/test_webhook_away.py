"""The database away, for real and on both of them: nothing is half taken in, and a red flag is answered all the same.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, make_url

from bot.adapters.spool import FileSpool
from bot.desk import turns
from bot.desk.tick import Seen, tick
from bot.desk.turns import conversation_id
from bot.ports import BookAway, Desk
from bot.web import create_webhook
from bot.wiring import _report
from tests.universe import MEI_LING, open_desk
from tests.web.signed import DOOR, RED_FLAG, SID, TEXT, post, said

pytestmark = pytest.mark.usefixtures("nothing_private_is_logged")

OTHER_SID = "SM" + "b" * 32
LOCK = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('BEGIN EXCLUSIVE'); print(flush=True); input()"


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """A desk on each database, with the spool on a real disk."""
    with open_desk(database_url, report=_report, spool=FileSpool(tmp_path / "spool")) as desk:
        yield desk


@pytest.fixture
def away(request: pytest.FixtureRequest, database_url: str) -> Callable[[], AbstractContextManager[None]]:
    """Takes the database away for the length of a block: SQLite is locked by another process, PostgreSQL refuses."""
    name = make_url(database_url).database
    assert name is not None
    if database_url.startswith("sqlite"):
        return lambda: locked(name)
    return lambda: refusing(request.getfixturevalue("postgres"), name)


@contextmanager
def locked(file: str) -> Iterator[None]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", LOCK, file], stdin=pipe, stdout=pipe) as other:
        assert other.stdout is not None
        other.stdout.readline()
        yield
        other.communicate(b"\n")


@contextmanager
def refusing(postgres: Any, name: str) -> Iterator[None]:
    postgres.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false")
    postgres.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
    yield
    postgres.execute(f"ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true")


def recorded(desk: Desk, *sids: str) -> int:
    with desk.book.begin() as ledger:
        return sum(ledger.inbound_status(sid) is not None for sid in sids)


def test_ordinary_messages_are_left_with_twilio_and_taken_in_when_they_come_again(
    desk: Desk, client: FlaskClient, away: Callable[[], AbstractContextManager[None]]
) -> None:
    sids = [f"SM{number:032x}" for number in range(3)]
    with away():
        for sid in sids:
            assert post(client, {**TEXT, "MessageSid": sid}).status_code == 503
        assert post(client, {"MessageSid": SID, "MessageStatus": "read"}, "/twilio/status").status_code == 503
        assert client.get("/health/ready").status_code == 503
    assert recorded(desk, *sids) == 0
    assert desk.spool.kept() == ()
    assert [post(client, {**TEXT, "MessageSid": sid}).status_code for sid in sids] == [200] * 3
    assert recorded(desk, *sids) == 3


def test_a_red_flag_is_answered_at_once_and_recorded_once_the_database_is_back(
    desk: Desk, client: FlaskClient, away: Callable[[], AbstractContextManager[None]]
) -> None:
    with away():
        for _ in range(2):
            answer = post(client, {**TEXT, "Body": RED_FLAG})
            assert (answer.status_code, answer.mimetype) == (200, "text/xml")
            assert "A&amp;E" in answer.text
        with pytest.raises(BookAway):
            turns.take_from_spool(desk)
        assert [sid for sid, _ in desk.spool.kept()] == [SID]
    assert said(desk) == []
    tick(desk, Seen(), turns)
    assert desk.spool.kept() == ()
    assert recorded(desk, SID) == 1
    with desk.book.begin() as ledger:
        (waiting,) = ledger.needing_a_person()
    assert waiting.conversation == conversation_id(desk.conversation_key, MEI_LING)
    assert waiting.urgent
    lines = said(desk)
    assert lines
    # Twilio comes with it once more: it is known.
    assert post(client, {**TEXT, "Body": RED_FLAG}).status_code == 200
    tick(desk, Seen(), turns)
    assert said(desk) == lines


def test_what_cannot_be_read_in_the_spool_holds_back_no_other_red_flag(
    desk: Desk, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:  # case-127
    desk.spool.keep(OTHER_SID, {"address": MEI_LING, "kind": "text", "text": RED_FLAG})
    for name, content in ((SID, b'{"addr'), ("SM" + "0" * 32, b"[]"), ("SM" + "1" * 32, b"\xff\xfe")):
        (tmp_path / "spool" / f"{name}.json").write_bytes(content)
    tick(desk, Seen(), turns)
    assert recorded(desk, OTHER_SID) == 1
    # Nobody throws away what might be read by a person.
    assert len(desk.spool.kept()) == 3
    assert sum("red_flag_not_written" in line for line in caplog.messages) == 3


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("40P01", id="case-119 deadlock"),
        pytest.param("40001", id="case-119 serialization failure"),
        pytest.param("53100", id="case-119 disk full"),
        pytest.param("53200", id="case-119 out of memory"),
        pytest.param("53300", id="case-119 too many connections"),
        pytest.param("57P01", id="case-119 shut down"),
        pytest.param("57P03", id="case-119 starting up"),
        pytest.param("25006", id="case-119 a replica, which only reads"),
        pytest.param("58030", id="case-119 the disk cannot be read"),
        pytest.param("XX001", id="case-119 the data is damaged"),
    ],
)
def test_a_postgresql_that_is_out_of_order_is_away(postgres_url: str, code: str) -> None:
    with open_desk(postgres_url, report=_report) as desk:
        client = create_webhook(desk, DOOR, 8001).test_client()
        raises = f"BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END"
        ddl(desk, f"CREATE FUNCTION trouble() RETURNS trigger LANGUAGE plpgsql AS $${raises}$$")
        ddl(desk, "CREATE TRIGGER trouble BEFORE INSERT ON inbound FOR EACH ROW EXECUTE FUNCTION trouble()")
        assert post(client, TEXT).status_code == 503
        answer = post(client, {**TEXT, "MessageSid": OTHER_SID, "Body": RED_FLAG})
        assert "A&amp;E" in answer.text
        assert recorded(desk, SID, OTHER_SID) == 0
        ddl(desk, "DROP FUNCTION trouble CASCADE")
        assert post(client, TEXT).status_code == 200
        assert recorded(desk, SID) == 1


@contextmanager
def frozen(postgres: Any) -> Iterator[None]:
    """Every process of the server stands still; its connections stay."""
    postmaster = int((postgres.sockets / "data" / "postmaster.pid").read_text().split()[0])
    processes = [postmaster, *map(int, Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split())]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def test_a_postgresql_that_stands_still_is_away_and_loses_nothing(
    postgres: Any, postgres_url: str, tmp_path: Path
) -> None:  # case-119
    with open_desk(postgres_url, report=_report, spool=FileSpool(tmp_path / "spool")) as desk:
        client = create_webhook(desk, DOOR, 8001).test_client()
        assert post(client, {**TEXT, "MessageSid": "SM" + "0" * 32}).status_code == 200
        with frozen(postgres):
            assert post(client, TEXT).status_code == 503
            assert "A&amp;E" in post(client, {**TEXT, "MessageSid": OTHER_SID, "Body": RED_FLAG}).text
        assert recorded(desk, SID, OTHER_SID) == 0
        assert post(client, TEXT).status_code == 200
        tick(desk, Seen(), turns)
        assert recorded(desk, SID, OTHER_SID) == 2


def ddl(desk: Desk, statement: str) -> None:
    with desk.book._engine.begin() as connection:  # type: ignore[attr-defined]
        connection.exec_driver_sql(statement)


def test_a_sqlite_whose_disk_is_full_is_away(sqlite_url: str) -> None:  # case-119, case-127
    with open_desk(sqlite_url, report=_report) as desk:
        full = True

        def limit(connection: Any, *_: object) -> None:
            connection.execute(f"PRAGMA max_page_count={1 if full else 2**30}")

        event.listen(desk.book._engine, "checkout", limit)  # type: ignore[attr-defined]
        client = create_webhook(desk, DOOR, 8001).test_client()
        # Longer than what is left free in the pages there are.
        forms = [{**TEXT, "MessageSid": f"SM{number:032x}", "Body": "x" * 4096} for number in range(3)]
        sids = [form["MessageSid"] for form in forms]
        assert [post(client, form).status_code for form in forms] == [503] * 3
        assert "A&amp;E" in post(client, {**forms[0], "MessageSid": SID, "Body": f"{RED_FLAG}. {'x' * 4000}"}).text
        assert recorded(desk, SID, *sids) == 0
        full = False
        assert [post(client, form).status_code for form in forms] == [200] * 3
        assert recorded(desk, *sids) == 3
