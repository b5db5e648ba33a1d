"""The queue port on RQ: jobs are names and ids, written as JSON, described by their name alone."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.ports import LiveAway

if TYPE_CHECKING:
    from rq import Queue

QUEUE = "frontdesk"
QUEUE_OF_SLOW = "frontdesk-slow"
WORKERS = f"rq:workers:{QUEUE}"
"""Where RQ has the keys of the workers of a queue. Each key lives as long as its worker says that it does."""
SLOW = frozenset({"tend_media", "go_on_erasing", "forget_old_files"})
"""Jobs that may take half a minute have a queue of their own: they begin only while nothing else waits."""
URGENT = frozenset({"settle", "send_alerts", "take_up_waiting"})
"""Jobs for which patients or staff are waiting go before what else is in line."""
ASKED_AGAIN = frozenset({"settle", "send_follow_up", "send_alerts", "tend_media"})
"""Jobs that the tick asks for until they are done, and several ticks at once. Each waits in line once, under a name
made of its ids: otherwise what is late would make everything behind it later. One that is asked for while it runs may
end together with it, so a job that nobody asks for again has a name of its own."""
SOCKET_SECONDS_MAX = 0.25
JOB_SECONDS_MAX = 120
FAILED_SECONDS_MAX = 7 * 24 * 3600


class RqQueue:
    """Puts jobs of :mod:`bot.jobs` into the queue. Connects, and imports RQ, when first used."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue(self, job: str, *ids: int | str) -> None:
        """Have a job run soon: ``enqueue("send_follow_up", 7)``. Raises LiveAway."""
        queue, name = self._queues[job in SLOW], "-".join(map(str, (job, *ids))) if job in ASKED_AGAIN else None
        try:
            if name and self._in_line(queue, name):
                return
            queue.enqueue_call(
                f"bot.jobs.{job}",
                args=ids,
                job_id=name,
                at_front=job in URGENT,
                timeout=JOB_SECONDS_MAX,
                result_ttl=0,
                failure_ttl=FAILED_SECONDS_MAX,
                description=job,
            )
        except RedisError as error:
            raise LiveAway(type(error).__name__) from error

    def workers(self) -> int:
        """How many processes do the queue's jobs now; one that was killed is believed for 20 s. Raises LiveAway."""
        # RQ forgets the dead only while somebody works: what has not said that it lives is not counted.
        try:
            known = self._connection.smembers(WORKERS)
            return int(self._connection.exists(*known)) if known else 0
        except RedisError as error:
            raise LiveAway(type(error).__name__) from error

    @staticmethod
    def _in_line(queue: Queue, name: str) -> bool:
        return queue.connection.lpos(queue.key, name) is not None

    @cached_property
    def _queues(self) -> tuple[Queue, Queue]:
        # RQ costs 0.1 s, which a process that only answers webhooks rarely needs to pay.
        from rq import Queue
        from rq.serializers import JSONSerializer

        names, connection = (QUEUE, QUEUE_OF_SLOW), self._connection
        quick, slow = (Queue(name, connection=connection, serializer=JSONSerializer) for name in names)
        return quick, slow

    @cached_property
    def _connection(self) -> Redis:
        return Redis.from_url(
            self._url,
            socket_timeout=SOCKET_SECONDS_MAX,
            socket_connect_timeout=SOCKET_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
