"""A connection to PostgreSQL that nobody waits on for ever, and that takes many statements in one round trip.

The server's own limits end a statement that is slow, not a server that stands still: when its machine is frozen or its
disk hangs, the connection stays as good as new, and a webhook that reads from it hears nothing until Twilio has long
given up.

psycopg's own pipeline hands each statement to the wire as it is executed: the server wakes for every one of them, and
so do we. A turn knows what it wants to send before it sends it, so here it is put together first: libpq writes it once,
and all answers are read once. Values go as text; PostgreSQL knows from the statement what they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

from psycopg import Connection, DataError, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

SILENCE_SECONDS_MAX = 3.5
"""A little longer than the server lets a statement take (``statement_timeout``)."""

Value: TypeAlias = str | int | bool | None
Sent: TypeAlias = tuple[str, Sequence[Value]]
"""A statement with ``$1``, ``$2`` … in it, and its values."""

_BEGIN = {None: b"BEGIN", False: b"BEGIN READ WRITE", True: b"BEGIN READ ONLY"}
_INTEGERS = frozenset({20, 21, 23})
"""Oids of bigint, smallint and integer: https://www.postgresql.org/docs/current/datatype-oid.html"""


class PromptConnection(Connection[Any]):
    """Ends itself, as if it had been cut off, when the server does not answer in time."""

    def __init__(self, pgconn: PGconn) -> None:
        super().__init__(pgconn)
        self._named: dict[str, bytes] = {}
        self._numbers = count()

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for one answer. Raises OperationalError."""
        try:
            return super().wait(gen, interval, timeout or SILENCE_SECONDS_MAX)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # Nobody may wait for this answer again, not even to roll back.
                self.pgconn.finish()
            raise

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        # After a rollback psycopg has the server forget everything that was prepared, ours included.
        if name is None:
            self._named.clear()
        yield from super()._deallocate(name)

    def together(self, statements: Sequence[Sent], and_commit: bool = False) -> list[tuple[Any, ...]]:
        """Run statements in one round trip, in a transaction that is begun if none is open: the rows of the last one,
        which may hold text, integers and NULL. Raises psycopg's errors; the transaction is then good for nothing but
        its end."""
        fresh: dict[str, bytes] = {}
        sent = [(words, [_as_text(value) for value in values]) for words, values in statements]
        with self.lock:
            try:
                answers = self.wait(self._together(sent, fresh, and_commit))
            except BaseException:
                # Whatever it was, answers may be on their way that the next statement would take for its own.
                self.pgconn.finish()
                raise
        for answer in answers:
            if answer.status == ExecStatus.FATAL_ERROR:
                raise error_from_result(answer)
        self._named |= fresh
        return _rows(answers[-2 if and_commit else -1])

    def _together(
        self, sent: Sequence[tuple[str, list[bytes | None]]], fresh: dict[str, bytes], and_commit: bool
    ) -> PQGen[list[PGresult]]:
        pgconn = self.pgconn
        begins = pgconn.transaction_status == TransactionStatus.IDLE
        pgconn.enter_pipeline_mode()
        if begins:
            pgconn.send_query_params(_BEGIN[self.read_only], None)
        for words, values in sent:
            name = self._named.get(words) or fresh.get(words)
            if name is None:
                # A name is never given twice: what failed on its way may have left it with the server.
                name = fresh[words] = b"turn_%d" % next(self._numbers)
                pgconn.send_prepare(name, words.encode())
            pgconn.send_query_prepared(name, values)
        if and_commit:
            pgconn.send_query_params(b"COMMIT", None)
        pgconn.pipeline_sync()
        yield from send(pgconn)
        answers: list[PGresult] = []
        for _ in range(begins + len(fresh) + len(sent) + and_commit):
            answers += yield from fetch_many(pgconn)
        end = yield from fetch_many(pgconn)
        if not end or end[0].status != ExecStatus.PIPELINE_SYNC:
            raise OperationalError("the connection was lost in the middle of an answer")
        pgconn.exit_pipeline_mode()
        return answers


def _as_text(value: Value) -> bytes | None:
    if isinstance(value, str):
        if "\0" in value:
            raise DataError("PostgreSQL keeps no NUL")
        return value.encode()
    if value is None:
        return None
    return b"%d" % value


def _rows(answer: PGresult) -> list[tuple[Any, ...]]:
    integers = [answer.ftype(column) in _INTEGERS for column in range(answer.nfields)]
    return [
        tuple([_read(answer.get_value(row, column), integer) for column, integer in enumerate(integers)])
        for row in range(answer.ntuples)
    ]


def _read(value: bytes | None, integer: bool) -> str | int | None:
    if value is None:
        return None
    return int(value) if integer else value.decode()
