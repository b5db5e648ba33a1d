"""The queue's own process, started as `make run` starts it, with whatever somebody may have written into Redis.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import pickle
import shutil
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer

from bot.adapters.rq_queue import RqQueue
from tests.bench.house import environment
from tests.chaos.house import wait_until

PATIENCE_SECONDS = 60
PRIVATE = "I cannot pee, call +6591234567"


@dataclass
class Room:
    """The process, the queue it works on, and what it logged."""

    process: subprocess.Popen[bytes]
    rq: Queue
    redis: Redis
    log: Path

    def put(self, name: str = "bot.jobs.settle", *args: object, **fields: Any) -> Job:
        """A job in the queue; ``fields`` of its hash are then written over, as somebody else might."""
        job = self.rq.create_job("bot.jobs.settle", result_ttl=0, failure_ttl=60)
        job.save()
        data = zlib.compress(JSONSerializer.dumps((name, None, list(args), {})))
        self.redis.hset(job.key, mapping={"data": data, **fields})
        self.redis.rpush(self.rq.key, job.id)
        return job

    def works_on(self) -> str:
        """Wait until a good job behind all others is done; what was logged until then."""
        good = self.rq.enqueue_call("bot.jobs.settle", result_ttl=0)
        wait_until(lambda: not self.redis.exists(good.key), PATIENCE_SECONDS, "the queue stands still")
        assert self.process.poll() is None
        return self.log.read_text()


@contextmanager
def working(room: Path, environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with open(room / "log", "ab") as log:
        process = subprocess.Popen([sys.executable, "worker.py", "rq"], env=environ, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, redis_server_url: str) -> dict[str, str]:
    room = tmp_path_factory.mktemp("queue")
    book = shutil.copy(sqlite_template, room / "clinic.sqlite")
    return environment(room, 8000, f"sqlite:///{book}", redis_server_url, "http://127.0.0.1:9")


@pytest.fixture(scope="module")
def room(place: dict[str, str]) -> Iterator[Room]:
    folder = Path(place["DATA_DIR"])
    with closing(Redis.from_url(place["REDIS_URL"])) as redis, working(folder, place) as process:
        redis.flushall()
        queue = Queue("frontdesk", connection=redis, serializer=JSONSerializer)
        yield Room(process, queue, redis, folder / "log")


@pytest.fixture(autouse=True)
def _nothing_private_is_logged(room: Room) -> Iterator[None]:
    yield
    logged = room.log.read_text()
    assert "Traceback" not in logged
    assert PRIVATE not in logged
    assert "91234567" not in logged


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("os.system", id="case-113"),
        pytest.param("builtins.open", id="case-113 a built-in"),
        pytest.param("bot.jobs.open_desk", id="case-113 a name in our own module"),
        pytest.param("bot.jobs.retired_job", id="case-132 a job of another version"),
        "",
    ],
)
def test_a_job_we_do_not_know_is_refused_by_its_id_and_never_called(room: Room, name: str, tmp_path: Path) -> None:
    trap = tmp_path / "called"
    job = room.put(name, f"touch {trap}" if name == "os.system" else str(trap), "w")
    assert f'"job_refused","job":"{job.id}"' in room.works_on()
    assert not trap.exists()


def test_a_pickled_job_is_refused_unread(room: Room, tmp_path: Path) -> None:  # case-114
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return open, (str(tmp_path / "called"), "w")

    job = room.put(data=zlib.compress(pickle.dumps(("bot.jobs.settle", None, (Trap(),), {}))))
    assert f'"job_refused","job":"{job.id}"' in room.works_on()
    assert not (tmp_path / "called").exists()


@pytest.mark.parametrize(
    "data",
    [b"", b"no zlib at all", zlib.compress(b"{}"), zlib.compress(b'["bot.jobs.settle"]'), zlib.compress(b"null")],
    ids=["nothing", "not packed", "an object", "too short", "null"],
)
def test_a_job_that_cannot_be_read_stops_no_other(room: Room, data: bytes) -> None:
    room.put(data=data)
    room.works_on()


@pytest.mark.parametrize(
    "args",
    [
        pytest.param(["x" * 10_000_000], id="case-115 ten megabytes"),
        pytest.param([PRIVATE], id="words for an id"),
        pytest.param([-1], id="no row's id"),
        pytest.param([2**70], id="more than a database counts to"),
        pytest.param([None], id="nothing for an id"),
        pytest.param([{"id": 1}], id="an object for an id"),
        pytest.param([1, 2, 3], id="case-132 arguments of another version"),
    ],
)
def test_a_job_with_arguments_that_are_no_id_harms_nothing(room: Room, args: list[Any]) -> None:
    room.put("bot.jobs.send_follow_up", *args)
    room.put("bot.jobs.take_up_waiting", *args)
    room.works_on()


@pytest.mark.parametrize(
    "fields",
    [
        {"enqueued_at": "2001-01-01T00:00:00.000000Z", "created_at": "2001-01-01T00:00:00.000000Z"},
        {"enqueued_at": "yesterday"},
        {"timeout": "soon"},
        {"status": "dancing"},
        {"meta": "no json"},
        {"origin": "elsewhere", "description": PRIVATE},
    ],
    ids=["very old", "no moment", "no timeout", "no status", "no meta", "from elsewhere"],
)
def test_a_job_with_a_strange_hash_stops_no_other(room: Room, fields: dict[str, str]) -> None:
    room.put(**fields)
    room.works_on()


def test_a_job_whose_hash_is_no_jobs_is_told_by_its_id(room: Room) -> None:
    job = room.put(enqueued_at="yesterday")
    assert f'"job_refused","job":"{job.id}","error":"ValueError"' in room.works_on()


def test_a_job_that_is_only_an_id_stops_no_other(room: Room) -> None:
    room.redis.rpush(room.rq.key, "no-such-job", "")
    room.works_on()


def test_a_jobs_id_that_is_no_text_stops_no_other(room: Room) -> None:
    room.redis.rpush(room.rq.key, b"\xff\xfe")
    assert '"job_refused","error":"UnicodeDecodeError"' in room.works_on()


def test_a_job_put_in_a_hundred_times_is_harmless(room: Room) -> None:
    job = room.put("bot.jobs.send_follow_up", 1)
    for _ in range(100):
        room.redis.rpush(room.rq.key, job.id)
    room.works_on()


def test_redis_emptied_while_it_works_stops_nothing(room: Room) -> None:  # case-116
    for _ in range(50):
        room.put("bot.jobs.send_follow_up", 1)
    room.redis.flushall()
    room.works_on()


def test_no_job_loads_what_was_not_there_when_the_process_was_ready(place: dict[str, str]) -> None:
    program = """if True:
        import sys
        from bot import jobs
        jobs.get_ready()
        there = set(sys.modules)
        jobs.look_for_missed(), jobs.settle(), jobs.take_up_waiting("abcdefgh"), jobs.forget_old_words()
        print(*sorted(name for name in set(sys.modules) - there if name.startswith(("twilio", "babel", "bot"))))
    """
    done = subprocess.run([sys.executable, "-c", program], env=place, capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_told_to_stop_it_stops_and_killed_it_leaves_nothing_that_hinders_the_next(
    room: Room, place: dict[str, str], tmp_path: Path
) -> None:  # case-120, case-121
    # RQ says that it is there before it listens to signals: told to stop in between, it just ends.
    for number, codes in ((signal.SIGTERM, (0, -signal.SIGTERM)), (signal.SIGKILL, (-signal.SIGKILL,))):
        before = room.redis.smembers("rq:workers")
        with working(tmp_path, place) as another:
            wait_until(
                lambda before=before: bool(room.redis.smembers("rq:workers") - before),
                PATIENCE_SECONDS,
                "it did not start",
            )
            another.send_signal(number)
            assert another.wait(PATIENCE_SECONDS) in codes
    assert "Traceback" not in (tmp_path / "log").read_text()
    room.works_on()


@pytest.mark.parametrize(
    ("command", "changed", "told"),
    [
        pytest.param("senders", {"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN is missing", id="case-129"),
        pytest.param("rq", {"SECRET_KEY": "changeme" * 5}, "SECRET_KEY contains a well-known word", id="case-130"),
        pytest.param("rq", {"DATABASE_URL": "sqlite:////nowhere/book"}, "The database cannot be used", id="no book"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_a_sentence(
    place: dict[str, str], command: str, changed: dict[str, str], told: str
) -> None:
    ended = subprocess.run(
        [sys.executable, "worker.py", command],
        env={**place, **changed},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert ended.returncode == 3
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_redis_it_says_so_once_and_goes_on_when_it_is_there(place: dict[str, str], tmp_path: Path) -> None:
    # case-117
    socket, real = tmp_path / "redis.sock", place["REDIS_URL"].removeprefix("unix://")
    log = tmp_path / "log"
    with working(tmp_path, {**place, "REDIS_URL": f"unix://{socket}"}) as process:
        wait_until(lambda: "queue_away" in log.read_text(), PATIENCE_SECONDS, "it says nothing")
        before = RqQueue(place["REDIS_URL"]).workers()
        socket.symlink_to(real)
        wait_until(lambda: RqQueue(place["REDIS_URL"]).workers() > before, PATIENCE_SECONDS, "it does not go on")
        process.terminate()
        assert process.wait(PATIENCE_SECONDS) in (0, -signal.SIGTERM)
    told = log.read_text()
    assert told.count("queue_away") == 1
    assert told.count("Redis does not answer: is it running, and is REDIS_URL its address and its password?") == 1
    assert "Traceback" not in told
