"""The queue on a real Redis: ids only, known jobs only, and whatever fails is told by id."""

from __future__ import annotations

import json
import pickle
import signal
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest
from redis import Redis
from rq.job import Job
from rq.queue import Queue as RqsOwnQueue
from rq.serializers import JSONSerializer
from rq.webhook import Webhook

from bot.adapters.rq_queue import RqQueue
from bot.adapters.rq_worker import job_class, work
from bot.ports import LiveAway, Queue
from tests.fakes import FakeQueue

ran: list[tuple[int | str, ...]] = []


def settle(*ids: int | str) -> None:
    """Stands in for a job of ours."""
    ran.append(ids)


def breaks() -> None:
    """A job with a bug."""
    raise ZeroDivisionError("words of a patient")


KNOWN = frozenset(f"{__name__}.{job}" for job in ("settle", "breaks"))


class Room:
    """A queue, a look inside it, and a worker that runs until it is empty."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.redis = Redis.from_url(url)
        self.rq = RqsOwnQueue("frontdesk", connection=self.redis, serializer=JSONSerializer)
        self.reports: list[tuple[str, Mapping[str, object]]] = []

    def works(self) -> None:
        work(self.url, KNOWN, lambda event, ids: self.reports.append((event, ids)), burst=True)

    def forge(self, name: str, **fields: object) -> None:
        """A job as somebody else might write it into Redis."""
        job = self.rq.enqueue_call(f"{__name__}.settle")
        data = JSONSerializer.dumps((name, None, [], {}))
        self.redis.hset(job.key, mapping={"data": zlib.compress(data), **fields})  # type: ignore[dict-item]


@pytest.fixture
def room(redis_url: str) -> Iterator[Room]:
    room = Room(redis_url)
    handlers = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    ran.clear()
    with closing(room.redis):
        yield room
    # A worker takes them over, and is not meant to end before its process.
    for one, handler in handlers.items():
        signal.signal(one, handler)


def test_a_job_is_a_name_and_ids_and_says_nothing_else(room: Room) -> None:
    RqQueue(room.url).enqueue("send_follow_up", 7)
    (job,) = room.rq.get_jobs()
    assert json.loads(job.data) == ["bot.jobs.send_follow_up", None, [7], {}]
    assert job.description == "send_follow_up"
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (120, 0, 7 * 24 * 3600)


def test_what_several_ticks_ask_for_waits_in_line_once(room: Room) -> None:
    for _ in range(2):
        RqQueue(room.url).enqueue("send_follow_up", 7)
        RqQueue(room.url).enqueue("send_follow_up", 8)
        RqQueue(room.url).enqueue("settle")
        RqQueue(room.url).enqueue("tend_media", "a-file")
    assert room.rq.get_job_ids() == ["settle", "send_follow_up-7", "send_follow_up-8"]
    assert RqsOwnQueue("frontdesk-slow", connection=room.redis).get_job_ids() == ["tend_media-a-file"]


def test_what_a_killed_worker_had_taken_is_put_in_line_again(room: Room) -> None:
    RqQueue(room.url).enqueue("settle")
    room.redis.lpop(room.rq.key)
    RqQueue(room.url).enqueue("settle")
    assert room.rq.get_job_ids() == ["settle"]


def test_what_is_asked_for_once_is_never_taken_for_what_waits_or_runs(room: Room) -> None:
    for _ in range(2):
        RqQueue(room.url).enqueue("take_up_waiting", "meiling")
    assert len(set(room.rq.get_job_ids())) == 2


@pytest.mark.parametrize("kind", ["fake", "rq"])
def test_a_queue_that_cannot_be_reached_says_so(kind: str) -> None:
    queue: Queue = RqQueue("unix:///nowhere/redis.sock")
    if kind == "fake":
        queue = fake = FakeQueue()
        fake.away = True
    with pytest.raises(LiveAway):
        queue.enqueue("settle")


def test_a_worker_without_redis_says_so_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(LiveAway):
        work("unix:///nowhere/redis.sock", KNOWN, lambda event, ids: None, burst=True)
    assert not caplog.records


def test_known_jobs_run_in_order_and_leave_nothing_behind(room: Room) -> None:
    for id in (1, 2, 3):
        room.rq.enqueue_call(f"{__name__}.settle", args=(id,), result_ttl=0)
    room.works()
    assert ran == [(1,), (2,), (3,)]
    assert room.reports == []
    assert not list(room.redis.scan_iter("rq:job:*"))


def test_a_file_is_fetched_only_while_nothing_else_waits(room: Room) -> None:
    asked: list[str] = []
    queue = RqQueue(room.url)
    queue.enqueue("tend_media", "a-file")
    queue.enqueue("settle")
    work(room.url, frozenset(), lambda event, ids: asked.append(str(ids["job"])), burst=True)
    names = [Job.fetch(id, room.redis, JSONSerializer).description for id in asked]
    assert names == ["settle", "tend_media"]


@pytest.mark.parametrize("name", ["os.system", "antigravity.webbrowser", "bot.jobs.desk", f"{__name__}.Room", "settle"])
def test_an_unknown_job_is_refused_and_its_module_never_imported(room: Room, name: str) -> None:
    room.forge(name)
    room.works()
    assert ran == []
    assert [event for event, _ in room.reports] == ["job_refused"]
    assert "antigravity" not in sys.modules


def test_a_pickled_job_is_refused_unread(room: Room) -> None:
    room.forge("settle", data=zlib.compress(pickle.dumps((f"{__name__}.settle", None, (1,), {}))))
    room.works()
    assert ran == []
    assert [event for event, _ in room.reports] == ["job_refused"]


@pytest.mark.parametrize("field", ["success_callback_name", "failure_callback_name", "stopped_callback_name"])
@pytest.mark.parametrize("name", ["settle", "breaks"])
def test_a_known_job_brings_nothing_else_along(room: Room, field: str, name: str) -> None:
    room.forge(f"{__name__}.{name}", **{field: "antigravity.geohash"})
    room.works()
    assert "antigravity" not in sys.modules
    assert len(ran) == (1 if name == "settle" else 0)


def test_a_known_job_calls_no_address_that_redis_names(room: Room) -> None:
    job = room.rq.enqueue_call(f"{__name__}.settle", webhooks=[Webhook("http://127.0.0.1:9/", "finished")])
    assert Job.fetch(job.id, room.redis, serializer=JSONSerializer).webhooks
    assert job_class(KNOWN).fetch(job.id, room.redis, serializer=JSONSerializer).webhooks == []


def test_a_job_that_fails_is_told_by_its_id_and_the_next_one_runs(
    room: Room, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    room.rq.enqueue_call(f"{__name__}.breaks")
    room.rq.enqueue_call(f"{__name__}.settle", args=(7,))
    room.works()
    assert ran == [(7,)]
    ((event, ids),) = room.reports
    assert (event, ids["error"]) == ("job_failed", "ZeroDivisionError")
    assert "words of a patient" not in caplog.text + "".join(capfd.readouterr())


def test_every_job_the_desk_asks_for_is_known_to_the_worker() -> None:
    from bot.desk.tick import _DIRECTLY
    from bot.jobs import JOBS

    by_name = {"go_on_erasing", "forget_old_files", "forget_old_words", "take_up_waiting", "tend_media"}
    asked_for = (*_DIRECTLY, *by_name, "look_for_missed", "look_at_templates")
    assert {f"bot.jobs.{name}" for name in asked_for} == JOBS
