"""The outside that other tests stand on is itself in order."""

import redis


def test_each_test_finds_an_empty_redis(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("mei-ling", "was here")


def test_the_next_test_finds_an_empty_redis_too(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("ravi", "was here")
