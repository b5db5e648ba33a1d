"""What a turn is measured against, for gunicorn: the floor, and the simplest bot that a user would write instead."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from hmac import compare_digest
from typing import Any

from flask import Flask, Response, abort, request

from bot.core.twilio_signature import expected_signature

STATE_SECONDS = 30 * 24 * 3600

Row = Mapping[str, Any]


def floor() -> Flask:
    """The least that keeps a message durably: the signature, two round trips to Redis, and one commit of the very rows
    and bytes that a turn writes, through the bare database driver."""
    from redis import Redis

    live = Redis.from_url(os.environ["REDIS_URL"])
    kept: dict[str, list[Row]] = json.loads(os.environ["BENCH_ROWS"])
    state = kept["conversation"][0]["state"]
    token, base = os.environ["TWILIO_AUTH_TOKEN"], os.environ["PUBLIC_URL"]
    url = os.environ["DATABASE_URL"]
    write = (_sqlite if url.startswith("sqlite") else _postgresql)(url, kept)
    app = _app()

    @app.post("/twilio/inbound")
    def inbound() -> Response:
        form = list(request.form.items(multi=True))
        signature = expected_signature(token, base + request.path, form)
        if not compare_digest(signature, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        conversation = request.form["From"]
        live.get(f"floor:{conversation}")
        write(request.form["MessageSid"], conversation)
        live.set(f"floor:{conversation}", state, ex=STATE_SECONDS)
        return Response("<Response/>", mimetype="text/xml")

    return app


def simplest() -> Flask:
    """A bot as tutorials write it: Twilio's validator, the session as JSON in Redis, the answer as TwiML."""
    from redis import Redis
    from twilio.request_validator import RequestValidator
    from twilio.twiml.messaging_response import MessagingResponse

    sessions = Redis.from_url(os.environ["REDIS_URL"])
    validator, base = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"]), os.environ["PUBLIC_URL"]
    kept: dict[str, list[Row]] = json.loads(os.environ["BENCH_ROWS"])
    answers = [row["text"] for row in kept["outbox"]]
    app = _app()

    @app.post("/twilio/inbound")
    def inbound() -> Response:
        if not validator.validate(base + request.path, request.form, request.headers.get("X-Twilio-Signature", "")):
            abort(403)
        key = f"session:{request.form['From']}"
        known = sessions.get(key)
        session = json.loads(known) if isinstance(known, bytes) else {"step": "menu", "asked": 0}
        session["asked"] += 1
        answer = MessagingResponse()
        for text in answers if "sciatica" in request.form["Body"].lower() else ["What would you like to do?"]:
            answer.message(text)
        sessions.set(key, json.dumps(session), ex=STATE_SECONDS)
        return Response(str(answer), mimetype="text/xml")

    return app


def _app() -> Flask:
    app = Flask("bench", static_folder=None)

    @app.get("/health/live")
    def live() -> str:
        return "alive"

    return app


Write = Callable[[str, str], None]


def _sqlite(url: str, kept: Mapping[str, list[Row]]) -> Write:
    # As in bot.adapters.sql.engine: durable commits, one writer at a time.
    connection = sqlite3.connect(
        url.removeprefix("sqlite:///"), timeout=5, isolation_level=None, check_same_thread=False
    )
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")
    statements = _statements(kept, "?")
    line = threading.Lock()

    def write(sid: str, conversation: str) -> None:
        with line:
            connection.execute("BEGIN IMMEDIATE")
            for statement, rows in statements:
                connection.executemany(statement, [_values(row, sid, conversation) for row in rows])
            connection.execute("COMMIT")

    return write


def _postgresql(url: str, kept: Mapping[str, list[Row]]) -> Write:
    import psycopg

    statements = _statements(kept, "%s")
    own = threading.local()

    def write(sid: str, conversation: str) -> None:
        if not hasattr(own, "connection"):
            own.connection = psycopg.connect(url.replace("+psycopg", ""))
        with own.connection.cursor() as cursor:
            for statement, rows in statements:
                for row in rows:
                    cursor.execute(statement, _values(row, sid, conversation))
            own.connection.commit()

    return write


def _statements(kept: Mapping[str, list[Row]], mark: str) -> list[tuple[str, list[Row]]]:
    return [
        (_insert(table, kept[table][0], mark), kept[table])
        for table in ("conversation", "inbound", "journal", "outbox")
    ]


def _insert(table: str, row: Row, mark: str) -> str:
    names = [name for name in row if name != "id" or table == "conversation"]
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(mark for _ in names)})"
    if table == "conversation":
        anew = ", ".join(f"{name} = excluded.{name}" for name in names if name != "id")
        statement += f" ON CONFLICT (id) DO UPDATE SET {anew}"
    return statement


def _values(row: Row, sid: str, conversation: str) -> Sequence[Any]:
    own = {"sid": sid, "conversation": conversation}
    if "id" in row and "state" in row:
        own["id"] = conversation
    return [own.get(name, value) for name, value in row.items() if name != "id" or "state" in row]
