"""Redis in trouble while patients write, and the same work asked for twice: nobody notices but the operator.

``case-n`` is the number that a bad input has in the list of them which these tests go through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest
from redis import Redis

from bot.adapters.redis_live import RedisLive
from bot.adapters.rq_queue import RqQueue
from bot.desk import turns
from bot.desk.tick import Seen, tick
from bot.desk.turns import Arrived, conversation_id, receive
from bot.ports import LiveAway
from tests.fakes import FakeCarrier, FakeClock, FakeQueue
from tests.universe import MEI_LING, Sayings, open_desk, shipped_reader

SID = "SM" + "a" * 32


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A look into the real Redis, which is itself again afterwards."""
    with closing(Redis.from_url(redis_url)) as client:
        yield client
        client.replicaof("NO", "ONE")
        client.config_set("maxmemory", 0)


def full(redis: Redis) -> None:
    redis.config_set("maxmemory-policy", "noeviction")
    redis.config_set("maxmemory", 1)


def replica(redis: Redis) -> None:
    redis.replicaof("127.0.0.1", 1)


@pytest.fixture(params=["LOADING Redis is loading the dataset in memory", "MISCONF Errors writing to the disk", None])
def refusing_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis that answers everything with an error; or hangs up in the middle of what it was told to do at once."""

    class Refusing(StreamRequestHandler):
        def handle(self) -> None:
            while head := self.rfile.readline():
                # "*3" and then, for each of three words, its length and itself.
                words = [self.rfile.readline().strip() for _ in range(2 * int(head[1:]))][1::2]
                if request.param is None and words[0] in (b"EXEC", b"EVALSHA"):
                    return
                self.wfile.write(b"+OK\r\n" if request.param is None else f"-{request.param}\r\n".encode())

    with ThreadingTCPServer(("127.0.0.1", 0), Refusing) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}?protocol=2"
        server.shutdown()
        thread.join()


def a_patient_is_answered(redis_url: str, sqlite_url: str) -> None:
    clock = FakeClock()
    with (
        closing(RedisLive(redis_url, clock.monotonic)) as live,
        open_desk(sqlite_url, clock=clock, live=live, queue=RqQueue(redis_url)) as desk,
    ):
        assert receive(desk, Arrived(SID, MEI_LING, "text", "hello")) == "taken"
        assert Sayings(desk, conversation_id(desk.conversation_key, MEI_LING)).lines()


@pytest.mark.parametrize("trouble", [full, replica], ids=["case-117 full", "case-117 a replica"])
def test_a_redis_that_takes_no_writes_is_away_and_patients_are_answered(
    redis: Redis, redis_url: str, sqlite_url: str, trouble: Callable[[Redis], None]
) -> None:
    trouble(redis)
    a_patient_is_answered(redis_url, sqlite_url)
    with pytest.raises(LiveAway):
        RqQueue(redis_url).enqueue("settle")


def test_a_redis_that_answers_with_errors_or_hangs_up_is_away(
    refusing_url: str, sqlite_url: str
) -> None:  # case-117, case-118
    a_patient_is_answered(refusing_url, sqlite_url)
    with pytest.raises(LiveAway):
        RqQueue(refusing_url).enqueue("take_up_waiting", "meiling")


@pytest.mark.parametrize("state", ["", "no state", "1 1 {", "999999 1 {}", "-1 x y", "1 1 []"])
def test_whatever_stands_in_redis_for_a_conversation_the_database_is_believed(
    redis: Redis, redis_url: str, sqlite_url: str, state: str
) -> None:
    clock = FakeClock()
    with (
        closing(RedisLive(redis_url, clock.monotonic)) as live,
        open_desk(sqlite_url, clock=clock, live=live, queue=FakeQueue()) as desk,
    ):
        id = conversation_id(desk.conversation_key, MEI_LING)
        receive(desk, Arrived(SID, MEI_LING, "text", "book"))
        before = len(Sayings(desk, id).lines())
        redis.set(f"frontdesk:{{{id}}}:state", state)
        receive(desk, Arrived("SM" + "b" * 32, MEI_LING, "text", "First consultation"))
        assert "Which day suits you?" in Sayings(desk, id).lines()[before]


def test_two_that_tick_take_a_parked_message_up_once(database_url: str) -> None:  # case-126
    clock = FakeClock()
    with open_desk(database_url, clock=clock, queue=FakeQueue(), carrier=lambda: FakeCarrier(clock)) as desk:
        id = conversation_id(desk.conversation_key, MEI_LING)
        desk.live.take(id, "f" * 32)
        assert receive(desk, Arrived(SID, MEI_LING, "text", "hello")) == "parked"
        ticking = [Seen(), Seen()]
        for _ in range(2):
            together([lambda seen=seen: tick(desk, seen, turns) for seen in ticking])  # type: ignore[misc]
        once = Sayings(desk, id).lines()
        assert sum("automated assistant" in words for words in once) == 1
        with desk.book.begin() as ledger:
            assert ledger.inbound_status(SID) == "done"


def together(work: list[Callable[[], Any]]) -> None:
    """Have all of this done at once."""
    threads = [threading.Thread(target=one) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_by_an_hour_asks_a_silent_patient_only_once(
    database_url: str, hours: int
) -> None:  # case-125
    clock = FakeClock()
    with open_desk(database_url, clock=clock, queue=FakeQueue(), read=shipped_reader()) as desk:
        id = conversation_id(desk.conversation_key, MEI_LING)
        receive(desk, Arrived(SID, MEI_LING, "text", "book"))
        clock.step_to(clock.now() + timedelta(hours=hours))
        for seen in (Seen(), Seen()):
            tick(desk, seen, turns)
        clock.step_to(clock.now() - timedelta(hours=hours))
        tick(desk, Seen(), turns)
        assert sum("still there" in words for words in Sayings(desk, id).lines()) == (1 if hours > 0 else 0)
