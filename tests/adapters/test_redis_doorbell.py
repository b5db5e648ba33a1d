"""What pages tell each other: rings, and who looks until she has gone. On Redis and on its fake."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from threading import Event, Thread

import pytest

from bot.adapters.redis_live import RedisLive
from bot.ports import LiveAway
from bot.ports.reception import Doorbell
from tests.fakes import FakeClock, FakeLive

NOW = 1772413200


@pytest.fixture(params=["redis", "fake"])
def bell(request: pytest.FixtureRequest) -> Iterator[Doorbell]:
    if request.param == "fake":
        yield FakeLive(FakeClock())
        return
    with closing(RedisLive(request.getfixturevalue("redis_url"), FakeClock().monotonic)) as live:
        yield live


def test_who_looks_is_known_until_she_has_gone(bell: Doorbell) -> None:
    bell.look("mei", "ana", "reading", NOW)
    bell.look("mei", "ana", "typing", NOW)
    bell.look("mei", "ben", "reading", NOW + 10)
    assert bell.looking(["mei", "ravi"], NOW + 20) == {"mei": {"ana": "typing", "ben": "reading"}}
    assert bell.looking(["mei"], NOW + 35) == {"mei": {"ben": "reading"}}
    bell.look_away("mei", "ben")
    assert bell.looking(["mei"], NOW + 35) == {}
    assert bell.looking([], NOW) == {}


def test_who_is_on_shift_is_known_until_she_leaves_or_falls_silent(bell: Doorbell) -> None:
    bell.on_shift("ana", NOW)
    bell.on_shift("ben", NOW + 60)
    assert bell.watchers(NOW + 80) == {"ana", "ben"}
    assert bell.watchers(NOW + 120) == {"ben"}
    bell.off_shift("ben")
    assert bell.watchers(NOW + 120) == frozenset()


def test_a_ring_is_heard_and_a_turn_rings_by_itself(redis_url: str) -> None:
    heard: list[tuple[str, str]] = []
    listens, enough = Event(), Event()
    with (
        closing(RedisLive(redis_url, FakeClock().monotonic)) as live,
        closing(RedisLive(redis_url, FakeClock().monotonic)) as other,
    ):

        def listen() -> None:
            for ring in live.heard(enough.is_set):
                listens.set()
                if ring != ("", ""):
                    heard.append(ring)
                if len(heard) == 2:
                    return

        thread = Thread(target=listen)
        thread.start()
        # The first sign of life comes within a second of listening.
        assert listens.wait(10)
        other.ring("cal", "2026-03-03")
        other.take("mei", "token")
        other.give_back("mei", "token", 1, 1, "{}", False)
        thread.join(10)
        enough.set()
    assert heard == [("cal", "2026-03-03"), ("conv", "mei")]


def test_without_redis_it_is_away(redis_url: str) -> None:
    with closing(RedisLive("unix:///nowhere/redis.sock", FakeClock().monotonic)) as live, pytest.raises(LiveAway):
        live.ring("queue", "")
