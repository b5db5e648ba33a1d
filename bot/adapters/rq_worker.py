"""The worker of the queue. It runs jobs in its own process, and only those it was told of.

It does not fork: our jobs are few, short and known, everything they wait for has a time limit, and what one leaves
undone the tick finds again. So the database and Twilio's client stay open between jobs, and no thread or connection is
ever carried through a fork. A job that takes the worker down costs a restart of a second.

A name in Redis is never imported: whoever can write there could otherwise have anything called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import DeserializationError, NoSuchJobError
from rq.job import Job
from rq.serializers import JSONSerializer

from bot.adapters.rq_queue import QUEUE, QUEUE_OF_SLOW
from bot.ports import LiveAway

Report = Callable[[str, Mapping[str, object]], None]

WORKER_TTL_SECONDS = 20
LOOK_AFTER_SECONDS = 5
"""With RQ's own settings a job of a killed worker is found after minutes."""


class JobRefused(Exception):
    """A job that this worker was not told of. It is not imported, not run, and kept as failed."""


def work(url: str, jobs: frozenset[str], report: Report, burst: bool = False) -> None:
    """Run the queue's jobs until told to stop by SIGTERM, or with ``burst`` until none is left.

    ``jobs`` are the dotted names that may be called. Raises LiveAway when Redis is away; what was under way is found
    by the tick.
    """
    try:
        _work(url, jobs, report, burst)
    except RedisError as error:
        raise LiveAway(type(error).__name__) from None


def _work(url: str, jobs: frozenset[str], report: Report, burst: bool) -> None:
    worker = _worker_class(jobs, report)(
        [QUEUE, QUEUE_OF_SLOW],
        connection=Redis.from_url(url),
        serializer=JSONSerializer,
        job_class=job_class(jobs, report),
        queue_class=_queue_class(report),
        worker_ttl=WORKER_TTL_SECONDS,
        maintenance_interval=LOOK_AFTER_SECONDS,
        job_monitoring_interval=LOOK_AFTER_SECONDS,
        log_job_description=False,
    )
    # What RQ has to say is told by its exceptions too; its own log would show them with their whole trace.
    worker.work(burst=burst, logging_level="CRITICAL")


def job_class(jobs: frozenset[str], report: Report = lambda event, ids: None) -> type[Job]:
    """The only kind of job the worker takes from Redis."""

    class KnownJob(Job):
        """A job that is looked up among the known ones, and has nothing else that RQ would call by name or URL."""

        @property
        def func(self) -> Callable[..., Any]:
            if self.func_name not in jobs or self.instance is not None:
                raise JobRefused(self.id)
            found: Callable[..., Any] = super().func
            return found

        def restore(self, raw_data: Any) -> Any:
            try:
                restored = super().restore(raw_data)
            except Exception as error:  # noqa: BLE001 - RQ's worker would end here, without a word
                # What it is told is not there it leaves alone.
                report("job_refused", {"job": self.id, "error": type(error).__name__})
                raise NoSuchJobError(self.id) from None
            self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
            self.webhooks = []
            return restored

    return KnownJob


def _queue_class(report: Report) -> type[Queue]:
    class KnownQueue(Queue):
        """A queue that passes over an id that is no text: RQ's worker would end at it, with its bytes on the screen."""

        @classmethod
        def dequeue_any(cls, *where: Any, **how: Any) -> tuple[Job, Queue] | None:
            while True:
                try:
                    return super().dequeue_any(*where, **how)
                except UnicodeDecodeError as error:
                    # It has left the queue by now.
                    report("job_refused", {"error": type(error).__name__})

    return KnownQueue


def _worker_class(jobs: frozenset[str], report: Report) -> type[SimpleWorker]:
    class KnownJobsWorker(SimpleWorker):
        """RQ's worker, which tells the operator what failed by id: its own log would show a job's data."""

        max_connection_wait_time = 2.0

        def subscribe(self) -> None:
            """Signals stop it. It listens to no commands from Redis, whose thread would take seconds to end."""

        def handle_exception(self, job: Job, *exc_info: Any) -> None:
            kind = exc_info[0]
            refused = kind in (JobRefused, DeserializationError)
            report("job_refused" if refused else "job_failed", {"job": job.id, "error": kind.__name__})

    return KnownJobsWorker
