"""Ten thousand conversations and messages, made of one: written into the tables as they are, without a turn each."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, text, update

from bot.adapters.sql.schema import conversation, inbound, note

DAY_SECONDS = 86_400
WORDS = "Good morning, I would like to move my appointment to next week if that is possible. Message"


def add_conversations(engine: Engine, like: str, count: int, called: str = "c") -> None:
    """As many conversations that stand where ``like`` does, each a day before the other, with its last message.
    Their ids begin with ``called``."""
    with engine.begin() as connection:
        row, message = _row(connection, conversation, like), _last_message(connection, like)
        ids = [f"{called}{number:019}" for number in range(count)]
        connection.execute(insert(conversation), [_copy(row, id, number) for number, id in enumerate(ids)])
        said = [{**message, "sid": f"SM{id}", "conversation": id, "event": _says(message, id)} for id in ids]
        connection.execute(insert(inbound), said)


def add_messages(engine: Engine, to: str, count: int) -> None:
    """As many messages of the patient in a conversation, with a note of staff after every tenth."""
    with engine.begin() as connection:
        row, message = _row(connection, conversation, to), _last_message(connection, to)
        lines = range(row["lines"] + 1, row["lines"] + count + 1)
        said = [
            {**message, "sid": f"SM{line:032}", "line": line, "event": _says(message, str(line))}
            for line in lines
            if line % 10
        ]
        told = [
            {"conversation": to, "line": line, "staff": "ana", "text": f"Note {line}", "at": message["received_at"]}
            for line in lines
            if not line % 10
        ]
        connection.execute(insert(inbound), said)
        connection.execute(insert(note), told)
        connection.execute(update(conversation).where(conversation.c.id == to).values(lines=lines[-1]))


def look_around(engine: Engine) -> None:
    """Let PostgreSQL know how much there is by now, as it finds out by itself in time. (SQLite never asks.)"""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            connection.execute(text("ANALYZE"))


def _row(connection: Connection, table: Any, id: str) -> dict[str, Any]:
    return dict(connection.execute(select(table).where(table.c.id == id)).one()._mapping)


def _last_message(connection: Connection, id: str) -> dict[str, Any]:
    newest = select(inbound).where(inbound.c.conversation == id).order_by(inbound.c.line.desc()).limit(1)
    return dict(connection.execute(newest).one()._mapping)


def _copy(row: dict[str, Any], id: str, number: int) -> dict[str, Any]:
    address = f"whatsapp:+659{number:07}"
    state = json.loads(row["state"]) | {"id": id, "address": address, "phone": address[9:]}
    return {
        **row,
        "id": id,
        "address": address,
        "state": json.dumps(state),
        "sort_at": row["sort_at"] - number * DAY_SECONDS,
    }


def _says(message: dict[str, Any], what: str) -> str:
    return json.dumps(json.loads(message["event"]) | {"text": f"{WORDS} {what}"})
