"""A database as it was a while ago: whoever was erased since is erased from it again, before anybody looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Connection, inspect, select

from bot.adapters.sql.book import SqlBook, SqlLedger
from bot.adapters.sql.engine import open_engine
from bot.adapters.sql.schema import conversation, erasure, erasure_of, installation, patient
from bot.core.erasure import erased_digest
from bot.ports import BookAway
from bot.ports.erasure import AGE, ERASED
from bot.ports.staff import Audited

ROWS_MAX = 500
TERMINAL = "terminal"


def erased_in(url: str) -> Mapping[str, int]:
    """What a database knows to be erased, by digest. Empty when it is new, older than erasures, or cannot be read."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table(erasure.name):
                return {}
            key = connection.scalar(select(installation.c.value).where(installation.c.name == "conversation_key"))
            return {erased_digest(bytes(key), mark): at for mark, at in _erased(connection)} if key else {}
    except BookAway:
        return {}
    finally:
        engine.dispose()


def _erased(connection: Connection) -> Iterator[tuple[str, int]]:
    # Words that were too old are too old in any backup: they are forgotten there by themselves.
    asked_for = erasure_of.c.erasure.in_(select(erasure.c.id).where(erasure.c.staff != AGE))
    places = select(erasure_of.c.conversation, erasure_of.c.asked_at).where(asked_for).order_by(erasure_of.c.asked_at)
    for id, at in connection.execute(places):
        yield f"conversation:{id}", at
    records = select(patient.c.id, patient.c.created_at).where(patient.c.name == ERASED)
    for id, made_at in connection.execute(records):
        yield f"patient:{id}:{made_at}", made_at


def erase_again(url: str, erased: Mapping[str, int], now: int) -> int:
    """Erase what was erased since a database was backed up; how many conversations and patients. What is to be done
    outside of it is left to the processes that are started next."""
    if not erased:
        return 0
    book = SqlBook(url)
    try:
        key = book.conversation_key()
        with book.begin() as ledger:
            places = [id for id in _places(ledger) if erased_digest(key, f"conversation:{id}") in erased]
            stale = [id for id in places if _is_older(ledger, id, erased[erased_digest(key, f"conversation:{id}")])]
            people = [id for id, mark in _people(ledger) if erased_digest(key, mark) in erased]
            for id in people:
                _again(ledger, key, id, (), now)
            if stale:
                _again(ledger, key, 0, stale, now)
        more = True
        while more:
            with book.begin() as ledger:
                more = ledger.erase_some(ROWS_MAX, now)
    finally:
        book.dispose()
    return len(stale) + len(people)


def _again(ledger: SqlLedger, key: bytes, patient_id: int, conversations: Sequence[str], now: int) -> None:
    digests = [erased_digest(key, mark) for mark in ledger.marks(patient_id, conversations)]
    id = ledger.begin_erasure(patient_id, conversations, TERMINAL, now)
    ledger.leave(id, "listed", digests, now)
    ledger.leave(id, "look", conversations, now)
    ledger.leave(id, "scrub", [str(id)], now)
    subjects = [f"conversation:{one}" for one in conversations] or [f"patient:{patient_id}"]
    for subject in subjects:
        ledger.audit(Audited(now, TERMINAL, "erased", subject, "again, after a restore"))


def _places(ledger: SqlLedger) -> list[str]:
    known = select(conversation.c.id).where(conversation.c.address != "")
    return list(ledger._connection.scalars(known))


def _is_older(ledger: SqlLedger, id: str, at: int) -> bool:
    """Whether all of a conversation is from before its erasure: who wrote again after it is somebody new."""
    changed_at = ledger._connection.scalar(select(conversation.c.changed_at).where(conversation.c.id == id))
    return int(changed_at or 0) <= at


def _people(ledger: SqlLedger) -> list[tuple[int, str]]:
    known = select(patient.c.id, patient.c.created_at).where(patient.c.name != ERASED)
    return [(id, f"patient:{id}:{made_at}") for id, made_at in ledger._connection.execute(known)]
