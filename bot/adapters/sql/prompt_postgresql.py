"""A connection to PostgreSQL that nobody waits on for ever.

The server's own limits end a statement that is slow, not a server that stands still: when its machine is frozen or its
disk hangs, the connection stays as good as new, and a webhook that reads from it hears nothing until Twilio has long
given up.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, OperationalError
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

SILENCE_SECONDS_MAX = 3.5
"""A little longer than the server lets a statement take (``statement_timeout``)."""


class PromptConnection(Connection[Any]):
    """Ends itself, as if it had been cut off, when the server does not answer in time."""

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Wait for one answer. Raises OperationalError."""
        try:
            return super().wait(gen, interval, timeout or SILENCE_SECONDS_MAX)
        except OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # Nobody may wait for this answer again, not even to roll back.
                self.pgconn.finish()
            raise
