"""The simulator's memory: patients, messages and content templates in one small SQLite file.

Every write raises one counter, `change`, and rings a bell. A reader says which change it saw last and gets what came
after; it waits on the bell, and looks at the counter often enough to notice a write by another process.
"""

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]

MESSAGES_PER_PATIENT_MAX = 2_000
HISTORY_PER_PATIENT_MAX = 300
"""How many messages a page that knows nothing yet is given for each phone."""
LOOK_SECONDS = 0.05

SCHEMA = """
create table if not exists patients (address text primary key, name text not null, added_at integer not null);
create table if not exists messages (
    id integer primary key autoincrement, sid text not null unique, patient text not null, direction text not null,
    status text not null, error_code integer, body text not null, shown text not null, form text not null,
    callback text not null, seen integer not null default 0, redacted integer not null default 0,
    deleted integer not null default 0, made_at integer not null, updated_at integer not null, change integer not null);
create index if not exists messages_of_patient on messages (patient, id);
create index if not exists messages_by_change on messages (change);
create table if not exists files (sid text primary key, type text not null, content blob not null);
create trigger if not exists files_go_with_messages after delete on messages
    begin delete from files where sid = old.sid; end;
create table if not exists contents (sid text primary key, content text not null);
create table if not exists changes (id integer primary key check (id = 1), latest integer not null);
insert or ignore into changes values (1, 0);
"""

# A patient's message that was on its way when the process died; the phone offers to send it again.
CUT_SHORT = """
update changes set latest = latest + 1;
update messages set status = 'failed', change = (select latest from changes) where status = 'receiving';
"""


@dataclass(frozen=True, slots=True)
class Search:
    """Which messages Twilio's list is asked for, newest first; dates in epoch seconds, both ends included."""

    to: str = ""
    sender: str = ""
    since: int | None = None
    until: int | None = None
    before_sid: str = ""


class Rows:
    """The tables, safe to use from several threads. `Rows(path)` makes the file, readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._bell = threading.Condition()
        self._waiting = 0
        self._closing = False
        self._db = sqlite3.connect(path, timeout=5, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("pragma journal_mode = wal")
        self._db.executescript(SCHEMA)
        self.is_new = self.latest() == 0
        self._db.executescript(CUT_SHORT)

    def close(self) -> None:
        """Send those who wait home with what there is, then close the file."""
        with self._bell:
            self._closing = True
            self._bell.notify_all()
            self._bell.wait_for(lambda: self._waiting == 0)
            self._db.close()

    # Reading

    def news(self, after: int, seconds: float) -> Json:
        """What changed after a change, as soon as something did, at most `seconds` later; of one moment throughout.

        After 0, or a change that is not one of ours, it is the `whole` that there is.
        """
        ends = time.monotonic() + seconds
        with self._bell:
            self._waiting += 1
            try:
                while (
                    (change := self.latest()) <= after and not self._closing and (left := ends - time.monotonic()) > 0
                ):
                    self._bell.wait(min(left, LOOK_SECONDS))
                whole = not 0 < after <= change
                messages = self._recent() if whole else self._changed(after)
                return {"change": change, "whole": whole, "patients": self.patients(), "messages": messages}
            finally:
                self._waiting -= 1
                self._bell.notify_all()

    def latest(self) -> int:
        return int(self._one("select latest from changes")["latest"])

    def patients(self) -> list[Json]:
        return [dict(row) for row in self._all("select * from patients order by added_at, rowid")]

    def patient(self, address: str) -> Json | None:
        found = self._all("select * from patients where address = ?", address)
        return dict(found[0]) if found else None

    def message(self, sid: str) -> Json | None:
        found = self._all("select * from messages where sid = ?", sid)
        return _message(found[0]) if found else None

    def _changed(self, after: int) -> list[Json]:
        wanted = "select * from messages where change > ? and patient in (select address from patients) order by id"
        return [_message(row) for row in self._all(wanted, after)]

    def _recent(self) -> list[Json]:
        wanted = """select * from (select *, row_number() over (partition by patient order by id desc) as age
            from messages where patient in (select address from patients)) where age <= ? order by id"""
        return [_message(row) for row in self._all(wanted, HISTORY_PER_PATIENT_MAX)]

    def search(self, search: Search, limit: int) -> list[Json]:
        clinic_to_patient = "direction != 'inbound'"
        wanted = {
            f"(case when {clinic_to_patient} then patient else json_extract(form, '$.To') end) = ?": search.to or None,
            f"(case when {clinic_to_patient} then json_extract(form, '$.From') else patient end) = ?": search.sender
            or None,
            "made_at >= ?": search.since,
            "made_at <= ?": search.until,
            "id < (select id from messages where sid = ?)": search.before_sid or None,
        }
        asked = {sql: value for sql, value in wanted.items() if value is not None}
        where = " and ".join(["deleted = 0", *asked])
        found = self._all(f"select * from messages where {where} order by id desc limit ?", *asked.values(), limit)
        return [_message(row) for row in found]

    def last_inbound_at(self, patient: str) -> int | None:
        newest = "select max(made_at) as at from messages where patient = ? and direction = 'inbound'"
        at: int | None = self._one(newest, patient)["at"]
        return at

    def unfinished(self) -> list[str]:
        """The sids of clinic messages whose way to the patient was cut short."""
        rows = self._all(
            "select sid from messages where direction != 'inbound' and (status in ('queued', 'sent') or "
            "(status = 'delivered' and seen)) order by id"
        )
        return [row["sid"] for row in rows]

    def contents(self) -> list[Json]:
        return [json.loads(row["content"]) for row in self._all("select content from contents order by rowid")]

    def content(self, sid: str) -> Json | None:
        found = self._all("select content from contents where sid = ?", sid)
        return json.loads(found[0]["content"]) if found else None

    # Writing

    def add_patient(self, address: str, name: str, now: int) -> None:
        with self._change():
            self._db.execute("insert or replace into patients values (?, ?, ?)", (address, name, now))

    def remove_patient(self, address: str) -> None:
        """The phone and everything on it."""
        with self._change():
            self._db.execute("delete from messages where patient = ?", (address,))
            self._db.execute("delete from patients where address = ?", (address,))

    def add_message(self, message: Json) -> Json:
        """Store a message; the oldest of the same patient make room. `message` holds the columns, shapes as values."""
        columns = {**message, "shown": json.dumps(message["shown"]), "form": json.dumps(message["form"])}
        with self._change() as change:
            names = ", ".join([*columns, "change"])
            marks = ", ".join("?" * (len(columns) + 1))
            self._db.execute(f"insert into messages ({names}) values ({marks})", (*columns.values(), change))
            self._db.execute(
                "delete from messages where patient = ? and id <= "
                "(select id from messages where patient = ? order by id desc limit 1 offset ?)",
                (message["patient"], message["patient"], MESSAGES_PER_PATIENT_MAX),
            )
        stored = self.message(message["sid"])
        assert stored is not None
        return stored

    def update_message(self, sid: str, now: int, columns: Mapping[str, object]) -> None:
        """Set columns of one message. The names come from this package, never from a request."""
        with self._change() as change:
            settings = ", ".join(f"{name} = ?" for name in columns)
            self._db.execute(
                f"update messages set {settings}, updated_at = ?, change = ? where sid = ?",
                (*columns.values(), now, change, sid),
            )

    def keep_file(self, sid: str, file: tuple[str, bytes]) -> None:
        """Keep the file of a clinic message that is just being stored, as (content type, bytes)."""
        with self._bell:
            self._db.execute("insert into files values (?, ?, ?)", (sid, *file))

    def file(self, sid: str) -> tuple[str, bytes] | None:
        """The file that came with a clinic message."""
        found = self._all("select type, content from files where sid = ?", sid)
        return (found[0]["type"], found[0]["content"]) if found else None

    def see(self, patient: str, last_id: int) -> list[str]:
        """Note that the patient saw the clinic's messages up to one; gives the sids that were new to her."""
        new = "patient = ? and id <= ? and seen = 0 and direction != 'inbound' and error_code is null"
        sids = [row["sid"] for row in self._all(f"select sid from messages where {new}", patient, last_id)]
        if sids:
            with self._change():
                self._db.execute(f"update messages set seen = 1 where {new}", (patient, last_id))
        return sids

    def put_content(self, content: Json) -> None:
        with self._change():
            put = "insert into contents values (?, ?) on conflict (sid) do update set content = excluded.content"
            self._db.execute(put, (content["sid"], json.dumps(content)))

    def delete_content(self, sid: str) -> None:
        with self._change():
            self._db.execute("delete from contents where sid = ?", (sid,))

    # Underneath

    @contextmanager
    def _change(self) -> Iterator[int]:
        with self._bell:
            self._db.execute("begin immediate")
            try:
                self._db.execute("update changes set latest = latest + 1")
                yield int(self._one("select latest from changes")["latest"])
            except BaseException:
                self._db.execute("rollback")
                raise
            self._db.execute("commit")
            self._bell.notify_all()

    def _all(self, sql: str, *values: object) -> list[sqlite3.Row]:
        with self._bell:
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, *values: object) -> sqlite3.Row:
        return self._all(sql, *values)[0]


def _message(row: sqlite3.Row) -> Json:
    return {**dict(row), "shown": json.loads(row["shown"]), "form": json.loads(row["form"])}
