"""Ten thousand conversations, ten thousand messages in one of them: a page reads what it shows, and no more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from bot.desk import reception
from tests.desk.test_turns import Patient
from tests.desks.crowd import add_conversations, add_messages, look_around
from tests.universe import RAVI
from tests.web.desk_pages import ANA, Front, open_front

COUNT = 10_000
SHOWN = 50
LARGE = r"(conversation|inbound|note)"
WHOLE = {"sqlite": re.compile(rf"\bSCAN {LARGE}(?! USING)"), "postgresql": re.compile(rf"Seq Scan on {LARGE}\b")}


@pytest.fixture
def front(database_url: str) -> Iterator[Front]:
    with open_front(database_url) as front:
        yield front


@contextmanager
def heard(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Every statement that reads, with its values, while the block lasts."""
    statements: list[tuple[str, Any]] = []

    def listen(_c: object, _cursor: object, statement: str, values: Any, _x: object, _many: bool) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, values))

    event.listen(engine, "before_cursor_execute", listen)
    yield statements
    event.remove(engine, "before_cursor_execute", listen)


def plan(engine: Engine, statement: str, values: Any) -> str:
    """How the database would carry a statement out."""
    how = "EXPLAIN QUERY PLAN" if engine.dialect.name == "sqlite" else "EXPLAIN"
    with engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        rows = connection.exec_driver_sql(f"{how} {statement}", values).all()
    return "\n".join(str(row[-1]) for row in rows)


def test_of_ten_thousand_conversations_and_messages_fifty_are_read(front: Front) -> None:  # case-95, case-96
    engine: Engine = front.desk.book._engine  # type: ignore[attr-defined]
    mei_ling, ravi = Patient(front.desk), Patient(front.desk, RAVI)
    for one in (mei_ling, ravi):
        one.says("human")
    reception.take_over(front.desk, ravi.conversation, front.ids[ANA])
    reception.hand_back(front.desk, ravi.conversation, front.ids[ANA], "silent")
    front.clock.pass_seconds(3600)
    ana, there = front.at_desk(ANA), f"/desk/inbox/{mei_ling.conversation}"
    pages = ("/desk/inbox?folder=done", there)
    for page in pages:
        ana.gets(page)
    with heard(engine) as few:
        for page in pages:
            ana.gets(page)
    add_conversations(engine, ravi.conversation, COUNT)
    add_messages(engine, mei_ling.conversation, COUNT)
    look_around(engine)
    with heard(engine) as many:
        inbox, thread = (ana.gets(page).text for page in pages)
    assert len(many) == len(few)
    assert inbox.count("data-row") == SHOWN
    assert ">More</a>" in inbox
    assert thread.count('class="line ') == SHOWN
    assert "Show earlier" in thread
    plans = [(statement, plan(engine, statement, values)) for statement, values in many]
    whole = [(statement, how) for statement, how in plans if WHOLE[engine.dialect.name].search(how)]
    assert whole == []
