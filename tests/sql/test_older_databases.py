"""A database from before the reception desk: what it holds gets its place in threads and folders."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from bot.adapters.sql import SqlBook, migrate
from bot.adapters.sql.engine import open_engine
from bot.core.conversation import Conversation
from bot.ports import SlotTaken
from bot.ports.reception import Shelf

BEFORE = (
    "INSERT INTO conversation (id, address, control, urgent, look, opted_out, waiting_since, state)"
    " VALUES ('mei', 'whatsapp:+65', 'waiting', {yes}, {no}, {no}, 90,"
    """ '{{"id":"mei","address":"whatsapp:+65","control":"waiting"}}')""",
    "INSERT INTO inbound (sid, conversation, arrival, event, received_at, status)"
    """ VALUES ('SM1', 'mei', 1, '{{"event":"Message","kind":"text","text":"human"}}', 100, 'done')""",
    "INSERT INTO journal (conversation, seq, at, event, trace)"
    """ VALUES ('mei', 1, 100, '{{"event":"Message"}}', '[{{"note":"passed_to_person","detail":"asked"}}]')""",
    "INSERT INTO journal (conversation, seq, at, event, trace)"
    """ VALUES ('mei', 2, 100, '{{"event":"Message"}}', '[]')""",
    "INSERT INTO outbox (conversation, speech, speaker, text, created_at) VALUES ('mei', 'notice', 'bot', 'soon', 100)",
    "INSERT INTO resource (id, key) VALUES (7, 'lim')",
    "INSERT INTO occupancy (resource_id, busy_from, busy_to, state, conversation, hold_expires_at)"
    " VALUES (7, 1000, 2000, 'held', 'mei', 5000)",
)
OVERLAPPING = (
    "INSERT INTO occupancy (resource_id, busy_from, busy_to, state, conversation, hold_expires_at)"
    " VALUES (7, 1500, 2500, 'held', 'ravi', 5000)"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'old.sqlite'}"
    return str(request.getfixturevalue("empty_postgres_url"))


def test_what_was_there_keeps_its_order_its_folder_and_its_times(url: str) -> None:
    _as_it_was(url)
    migrate(url)
    book = SqlBook(url)
    with book.begin() as ledger:
        thread = [(line.line, line.kind, line.text) for line in ledger.lines_before("mei", None, 10)]
        assert thread == [(1, "patient", "human"), (2, "event", "passed_to_person"), (3, "bot", "soon")]
        assert ledger.add_note("mei", "ana", "new", 200) == 4
        (filing,) = ledger.folder(Shelf("needs"), 5)
        assert filing.place == (0, 90, "mei")
        ledger.create(Conversation("ravi", "whatsapp:+66"), 200)
    with pytest.raises(SlotTaken), book.begin() as ledger:
        ledger._connection.execute(text(OVERLAPPING))
    book.dispose()


def _as_it_was(url: str) -> None:
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", "bot.adapters.sql:migrations")
    config.set_main_option("path_separator", "os")
    yes, no = ("1", "0") if engine.dialect.name == "sqlite" else ("true", "false")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in BEFORE:
            connection.exec_driver_sql(statement.format(yes=yes, no=no))
    engine.dispose()
