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
SLOW = frozenset({"tend_media", "go_on_erasing", "forget_old_files"})
"""Jobs that may take half a minute have a queue of their own: they begin only while nothing else waits."""
SOCKET_SECONDS_MAX = 0.25
JOB_SECONDS_MAX = 120
FAILED_SECONDS_MAX = 7 * 24 * 3600


class RqQueue:
    """Puts jobs of :mod:`bot.jobs` into the queue. Connects, and imports RQ, when first used."""

    def __init__(self, url: str) -> None:
        self._url = url

    def enqueue(self, job: str, *ids: int | str) -> None:
        """Have a job run soon: ``enqueue("send_follow_up", 7)``. Raises LiveAway."""
        try:
            self._queues[job in SLOW].enqueue_call(
                f"bot.jobs.{job}",
                args=ids,
                timeout=JOB_SECONDS_MAX,
                result_ttl=0,
                failure_ttl=FAILED_SECONDS_MAX,
                description=job,
            )
        except RedisError as error:
            raise LiveAway(type(error).__name__) from error

    @cached_property
    def _queues(self) -> tuple[Queue, Queue]:
        # RQ costs 0.1 s, which a process that only answers webhooks rarely needs to pay.
        from rq import Queue
        from rq.serializers import JSONSerializer

        connection = Redis.from_url(
            self._url,
            socket_timeout=SOCKET_SECONDS_MAX,
            socket_connect_timeout=SOCKET_SECONDS_MAX,
            retry=Retry(NoBackoff(), 0),
        )
        quick, slow = (Queue(name, connection=connection, serializer=JSONSerializer) for name in (QUEUE, QUEUE_OF_SLOW))
        return quick, slow
