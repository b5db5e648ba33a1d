"""Holds, states and the wake list: the same sentences are true of Redis and of its fake."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from bot.adapters.redis_live import RedisLive
from bot.ports import Live, LiveAway, Taken
from tests.chaos.house import wait_until
from tests.fakes import FakeClock, FakeLive

NOBODY = "unix:///nowhere/redis.sock"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["fake", "redis"])
def live(request: pytest.FixtureRequest, clock: FakeClock) -> Iterator[Live]:
    if request.param == "fake":
        yield FakeLive(clock)
        return
    with closing(RedisLive(request.getfixturevalue("redis_url"), clock.monotonic)) as real:
        yield real


@pytest.fixture
def real(redis_url: str, clock: FakeClock) -> Iterator[RedisLive]:
    with closing(RedisLive(redis_url, clock.monotonic)) as live:
        yield live


@pytest.fixture
def inside(redis_url: str) -> Iterator[redis.Redis]:
    """A look into the same Redis from outside."""
    with closing(redis.Redis.from_url(redis_url, decode_responses=True)) as client:
        yield client


def test_only_one_holds_a_conversation(live: Live) -> None:
    assert live.take("mei", "first").held
    assert not live.take("mei", "second").held
    assert live.take("ravi", "third").held


def test_what_was_given_back_is_found_by_the_next_holder(live: Live) -> None:
    live.take("mei", "first")
    assert not live.give_back("mei", "first", 7, 9, '{"words": "two\\nlines, 你好"}', wake=False)
    assert live.take("mei", "second") == Taken(True, 7, 9, '{"words": "two\\nlines, 你好"}')


def test_the_state_can_be_read_while_somebody_else_holds_it(live: Live) -> None:
    live.take("mei", "first")
    live.give_back("mei", "first", 1, 1, "state", wake=False)
    live.take("mei", "second")
    assert live.take("mei", "third") == Taken(False, 1, 1, "state")


def test_a_message_parked_meanwhile_keeps_the_hold_for_one_more_round(live: Live) -> None:
    live.take("mei", "holder")
    assert live.note_more("mei", "other") == Taken(False)
    assert live.note_more("mei", "other") == Taken(False)
    assert live.give_back("mei", "holder", 1, 2, "one", wake=False)
    assert not live.take("mei", "other").held
    assert not live.give_back("mei", "holder", 2, 2, "two", wake=False)
    assert live.take("mei", "other") == Taken(True, 2, 2, "two")


def test_whoever_goes_on_no_longer_lets_go_of_the_hold_whatever_was_parked(live: Live) -> None:
    live.take("mei", "holder")
    live.note_more("mei", "other")
    assert live.give_back("mei", "holder", 1, 2, "one", wake=False, goes_on=False)
    assert live.take("mei", "other") == Taken(True, 1, 2, "one")


def test_noting_more_takes_a_hold_that_has_come_free(live: Live) -> None:
    live.take("mei", "first")
    live.give_back("mei", "first", 3, 4, "state", wake=False)
    assert live.note_more("mei", "second") == Taken(True, 3, 4, "state")


def test_an_older_state_never_replaces_a_newer_one(live: Live) -> None:
    live.take("mei", "late")
    live.give_back("mei", "somebody", 12, 12, "newer", wake=False)
    live.give_back("mei", "late", 9, 11, "older", wake=False)
    assert live.take("mei", "next") == Taken(True, 12, 12, "newer")


def test_nobody_gives_back_a_hold_of_another(live: Live) -> None:
    live.take("mei", "holder")
    assert not live.give_back("mei", "stranger", -1, -1, "", wake=False)
    assert not live.take("mei", "third").held


def test_a_failed_turn_gives_its_hold_back_and_stores_nothing(live: Live) -> None:
    live.take("mei", "first")
    live.give_back("mei", "first", -1, -1, "", wake=False)
    assert live.take("mei", "second") == Taken(True)


def test_a_forgotten_conversation_is_read_from_the_database_next_time(live: Live) -> None:
    live.take("mei", "first")
    live.give_back("mei", "first", 1, 1, "state", wake=False)
    live.forget("mei")
    assert live.take("mei", "second") == Taken(True)


def test_senders_find_each_conversation_once_in_the_order_of_waking(live: Live) -> None:
    live.take("mei", "first")
    live.give_back("mei", "first", 1, 1, "state", wake=True)
    live.wake(("ravi", "mei", "siti"))
    assert live.next_awake(1, 10) == ("mei", "ravi", "siti")
    assert live.next_awake(0.01, 10) == ()


def test_a_sender_takes_no_more_than_it_can_carry(live: Live) -> None:
    live.wake(("mei", "ravi", "siti"))
    assert live.next_awake(1, 1) == ("mei",)
    assert live.next_awake(1, 2) == ("ravi", "siti")


def test_waking_nobody_is_nothing(live: Live) -> None:
    live.wake(())
    assert live.next_awake(0.01, 10) == ()


def test_redis_emptied_in_the_middle_of_a_turn_loses_nothing_but_time(real: RedisLive, inside: redis.Redis) -> None:
    real.take("mei", "first")
    inside.flushall()
    inside.script_flush()
    assert not real.give_back("mei", "first", 5, 5, "state", wake=True)
    assert real.take("mei", "second") == Taken(True, 5, 5, "state")


def test_a_hold_ends_by_itself_and_a_state_is_kept_for_a_month(real: RedisLive, inside: redis.Redis) -> None:
    real.take("mei", "first")
    assert 3_000 < inside.pttl("frontdesk:{mei}:hold") <= 4_000
    real.note_more("mei", "second")
    assert 3_000 < inside.pttl("frontdesk:{mei}:hold") <= 4_000
    real.give_back("mei", "first", 1, 1, "state", wake=False)
    assert 3_000 < inside.pttl("frontdesk:{mei}:hold") <= 4_000
    assert 29 * 86_400 < inside.ttl("frontdesk:{mei}:state") <= 30 * 86_400


def test_each_step_of_a_turn_is_one_round_trip(real: RedisLive, inside: redis.Redis) -> None:
    def calls() -> int:
        return sum(row["calls"] for name, row in inside.info("commandstats").items() if name == "cmdstat_evalsha")

    for token in ("once", "again"):  # The first time each script is brought along.
        before = calls()
        real.take("mei", token)
        real.note_more("mei", "other")
        real.give_back("mei", token, 1, 1, "state", wake=True)
        assert calls() - before == 3
        inside.delete("frontdesk:{mei}:hold")


def test_a_wake_list_that_nobody_drains_stops_growing(real: RedisLive, inside: redis.Redis) -> None:
    real.wake([str(number) for number in range(10_050)])
    assert inside.llen("frontdesk:awake") == 10_000
    assert real.next_awake(1, 1) == ("50",)


def test_redis_away_is_one_kind_of_trouble_for_every_call() -> None:
    live = RedisLive(NOBODY, FakeClock().monotonic)
    calls = (
        lambda: live.take("mei", "token"),
        lambda: live.note_more("mei", "token"),
        lambda: live.give_back("mei", "token", 1, 1, "", wake=True),
        lambda: live.wake(["mei"]),
        lambda: live.forget("mei"),
        lambda: live.next_awake(1, 1),
    )
    for call in calls:
        with pytest.raises(LiveAway):
            call()
    assert not live.healthy()


def test_after_a_failure_redis_is_left_alone_for_a_second(
    real: RedisLive, clock: FakeClock, inside: redis.Redis
) -> None:
    inside.set("frontdesk:awake", "not a list")
    with pytest.raises(LiveAway):
        real.wake(["mei"])
    inside.delete("frontdesk:awake")
    with pytest.raises(LiveAway):
        real.take("mei", "token")
    clock.pass_seconds(1)
    assert real.take("mei", "token").held


def test_a_redis_that_was_restarted_is_used_again_at_once(real: RedisLive, inside: redis.Redis) -> None:
    real.take("mei", "first")
    inside.client_kill_filter(_type="normal", skipme=True)
    assert not real.take("mei", "second").held


# ---- the pace of what leaves


def test_after_a_burst_messages_leave_one_by_one(live: Live) -> None:
    began = time.monotonic()
    waits = [live.pace("mei", 600.0, 3, 6000.0) for _ in range(5)]
    # What has passed meanwhile is waited no more.
    assert waits == pytest.approx([0, 0, 0, 600, 1200], abs=time.monotonic() - began)


def test_a_place_that_is_too_far_away_is_not_taken(live: Live) -> None:
    began = time.monotonic()
    waits = [live.pace("mei", 600.0, 1, 1.0) for _ in range(3)]
    assert waits == pytest.approx([0, 600, 600], abs=time.monotonic() - began)


def test_lanes_do_not_wait_for_each_other(live: Live) -> None:
    assert [live.pace(lane, 6.0, 1, 60.0) for lane in ("mei", "ravi", "sender")] == [0, 0, 0]


def test_an_empty_lane_leaves_nothing_in_redis_for_long(real: RedisLive, inside: redis.Redis) -> None:
    real.pace("mei", 600.0, 1, 6000.0)
    assert 0 < inside.pttl("frontdesk:{mei}:pace") <= 600_002


def test_what_was_forgotten_can_be_taken_out_of_rediss_own_file(real: RedisLive, inside: redis.Redis) -> None:
    def kept() -> bool:
        folder = Path(str(inside.config_get("dir")["dir"]))
        return any(b"kopitiam" in file.read_bytes() for file in folder.rglob("*.aof"))

    real.take("mei", "token")
    real.give_back("mei", "token", 1, 1, "kopitiam", wake=False)
    wait_until(kept, 15, "the state never came into the file")
    real.forget("mei")
    real.scrub()
    wait_until(lambda: not kept(), 15, "the file still has it")
